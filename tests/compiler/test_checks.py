"""Validators as inline code accept only what marshmallow's validators accept, and call users'."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from restkit.compiler import compile_schema
from restkit.schemas.bound import View, bind

_HOSTS = "aZ9.-:/?# \n@é"
_ENDS = (".com", ".c", ".museum", ".a-b", "\n", "", ":80", "/", "//", "?", "/a b", "#x", "/é")


def _both(field: Any, value: Any) -> tuple[Any, Any]:
    """Return what marshmallow and the compiled schema make of a value: a value, or messages."""
    results: list[Any] = []
    for working in (lambda schema: schema, compile_schema):
        schema: Any = working(Schema.from_dict({"a": field()})())
        try:
            results.append(schema.load({"a": value}))
        except ValidationError as error:
            results.append((error.messages, error.valid_data))
    return results[0], results[1]


def _drawn(random: Random, start: str, letters: str, most: int) -> str:
    text = "".join(random.choice(letters) for _ in range(random.randint(1, most)))
    return start + text + random.choice(_ENDS) + random.choice(("", "x", "/y?z", "\n"))


@pytest.mark.parametrize(
    ("validator", "starts", "letters"),
    [
        (validate.Email(), ("a@", "a.b@", "a..b@", ".a@", "@", "a b@", "ä@", "a+b@"), "aZ9.-"),
        (validate.URL(), ("http://", "https://", "HTTP://", "ftp://", "x://", ""), _HOSTS),
        (validate.URL(schemes=["https"]), ("http://", "https://"), _HOSTS),
        (validate.URL(relative=True), ("http://", "/", ""), _HOSTS),
        (validate.URL(require_tld=False), ("http://", "https://a@"), _HOSTS),
        (validate.URL(relative=True, absolute=False), ("http://", "/", ""), _HOSTS),
    ],
)
def test_addresses_are_those_of_marshmallow(
    validator: validate.Validator, starts: tuple[str, ...], letters: str
) -> None:
    """Thousands of drawn addresses are accepted and refused by both, some of each."""
    random = Random(7)
    compiled = compile_schema(Schema.from_dict({"a": fields.Str(validate=validator)})())
    accepted = 0
    for _ in range(4000):
        text = _drawn(random, random.choice(starts), letters, 6)
        messages: Any = None
        try:
            validator(text)
        except ValidationError as error:
            messages = {"a": error.messages}
        if messages is None:
            assert compiled.load({"a": text}) == {"a": text}
            accepted += 1
            continue
        with pytest.raises(ValidationError) as raised:
            compiled.load({"a": text})
        assert raised.value.messages == messages
    assert 20 < accepted < 3900


def test_a_function_is_called_once_as_by_marshmallow() -> None:
    """Also if it refuses, and if a validator of marshmallow before or behind it refuses."""
    seen: list[str] = []

    def own(value: str) -> None:
        seen.append(value)
        if value.startswith("no"):
            raise ValidationError({"own": ["refused"]})

    rules = [validate.Length(max=4), own, validate.Regexp("[a-z]*$")]
    for value in ("yes", "nope", "longer", "no1", "no123", "12"):
        plain, compiled = _both(lambda: fields.Str(validate=rules), value)
        assert compiled == plain
        assert seen == [value, value]
        seen.clear()


@pytest.mark.parametrize(
    "refusal", ["text", ["one", "two"], {"key": ["one"]}, [], ["a", {"key": "b"}]]
)
@pytest.mark.parametrize("further", [False, True])
def test_the_messages_of_a_function_are_those_of_marshmallow(refusal: Any, further: bool) -> None:
    """A text, a list, an object, and an empty list, which refuses nothing."""

    def own(value: object) -> None:
        raise ValidationError(refusal)

    rules = [own, own] if further else own
    for make, value in (
        (lambda: fields.Str(validate=rules), "text"),
        (lambda: fields.Decimal(validate=rules), "1.5"),
        (lambda: fields.List(fields.Int(validate=rules)), [1, 2]),
        (lambda: fields.List(fields.Int(), validate=rules), [1, 2]),
        (lambda: fields.Tuple([fields.Int(validate=rules)]), [1]),
        (lambda: fields.Dict(fields.Str(validate=rules), fields.Int()), {"a": 1}),
        (lambda: fields.Dict(values=fields.Int(validate=rules)), {"a": 1}),
    ):
        plain, compiled = _both(make, value)
        assert compiled == plain


def test_null_has_no_validators() -> None:
    """Also if it is the constant of a field, which restkit checks before it is loaded."""
    schema = Schema.from_dict({"a": fields.List(fields.Constant(None, validate=_refuse))})
    bound = bind(schema, View.REQUEST, declared_at="here")
    assert bound.load({"a": [None]}) == {"a": [None]}


def _refuse(value: object) -> None:
    raise ValidationError("refused")


class Shouted(str):
    """A text with a question of its own."""

    def is_shouted(self) -> bool:
        return self.isupper()


@pytest.mark.parametrize("method", ["isupper", "is_shouted", "upper", "is upper"])
def test_only_questions_of_texts_are_asked_in_line(method: str) -> None:
    """Other methods are those of the value itself, or marshmallow's validator says that none is."""
    schema = Schema.from_dict({"it": fields.Str(validate=validate.Predicate(method))})()
    for value in ("A", "a"):
        assert _outcome(compile_schema(schema).load, value) == _outcome(schema.load, value)
    source = compile_schema(schema).load_source
    assert (f".{method}()" in source) is (method == "isupper")


def _outcome(load: Any, value: str) -> object:
    try:
        return load({"it": value})
    except ValidationError as error:
        return error.messages
    except AttributeError:
        return AttributeError
