"""Fields that the compiler leaves to marshmallow in part: the results are the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate

from restkit.compiler import compile_schema

_HALF: Any = 1.5


class Own(fields.Str):
    def serialize(self, attr: str, obj: Any, accessor: Any = None, **options: Any) -> Any:
        return f"own {attr}"

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:
        return "value"


class Valued(fields.Str):
    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:
        return "value"


def _refuse_as_object(value: Any) -> None:
    raise ValidationError({"inner": ["no"]})


def _both(field: fields.Field[Any], data: Any) -> tuple[Any, Any]:
    """Return what marshmallow and the compiled schema make of data: a value, or messages."""
    schema = type("S", (Schema,), {"a": field})()
    results: list[Any] = []
    for load in (schema.load, compile_schema(type("S", (Schema,), {"a": field})()).load):
        try:
            results.append(load({"a": data}))
        except ValidationError as error:
            results.append((error.messages, error.valid_data))
    return results[0], results[1]


@pytest.mark.parametrize(
    ("field", "data"),
    [
        (lambda: fields.Str(validate=validate.Regexp(re.compile("a+"))), ["a", "b", ""]),
        (lambda: fields.Str(validate=validate.Length()), ["", "abc"]),
        (lambda: fields.Str(validate=validate.Length(min=_HALF)), ["a", "ab"]),
        (lambda: fields.Str(validate=validate.Length(max=_HALF)), ["a", "ab"]),
        (lambda: fields.Str(validate=validate.Length(equal=2)), ["a", "ab", "abc"]),
        (lambda: fields.Str(validate=validate.Length(1, 2)), ["", "a", "ab", "abc"]),
        (lambda: fields.Str(validate=validate.Length(min=2)), ["a", "ab"]),
        (lambda: fields.Str(validate=validate.Length(max=2)), ["ab", "abc"]),
        (lambda: fields.Int(validate=_refuse_as_object), [1]),
        (lambda: fields.Int(validate=[validate.Range(max=0), _refuse_as_object]), [1]),
        (lambda: fields.Int(validate=validate.Range(1, 3)), [0, 1, 3, 4]),
        (
            lambda: fields.Int(
                validate=validate.Range(1, 3, min_inclusive=False, max_inclusive=False)
            ),
            [1, 2, 3],
        ),
        (lambda: fields.List(fields.Str(validate=validate.OneOf(["a"]))), [["a"], ["a", "b"], []]),
        (
            lambda: fields.List(fields.List(fields.Int(validate=validate.Range(max=2)))),
            [[[1], [2, 3]], [[1, "x"], 5], [[]]],
        ),
        (
            lambda: fields.List(fields.Nested({"x": fields.Int(required=True)})),
            [[{"x": 1}, {}], [{"x": "y"}], [5]],
        ),
        (lambda: fields.List(fields.UUID()), [["00000000-0000-0000-0000-000000000001", "x"]]),
        (lambda: fields.DateTime(format="%Y"), ["2020", "x"]),
        (lambda: fields.Date(format="%d.%m.%Y"), ["01.02.2020", "2020-02-01"]),
        (lambda: fields.Time(format="%H"), ["12", "12:00"]),
        (lambda: fields.UUID(), ["{00000000-0000-0000-0000-000000000001}", "1", 5]),
    ],
)
def test_loaded_values_and_messages_are_marshmallows(field: Any, data: list[Any]) -> None:
    """Each value, message and partly valid list is the same."""
    pairs = [_both(field(), each) for each in data]
    assert [plain for plain, _ in pairs] == [compiled for _, compiled in pairs]


@pytest.mark.parametrize("kind", [Own, Valued])
def test_fields_that_read_by_themselves_do_so(kind: type[fields.Field[Any]]) -> None:
    """``serialize`` and ``get_value`` of a field class are called."""
    schema = type("S", (Schema,), {"a": kind(), "b": fields.Int()})()
    value = {"a": "given", "b": 1}
    assert compile_schema(schema).dump(value) == schema.dump(value)
    assert schema.dump(value)["a"] != "given"


def test_an_instance_with_its_own_method_is_asked() -> None:
    """Also if only the one field has it."""
    field = fields.Str()
    field.get_value = lambda obj, attr, accessor=None, default=None: "instance"  # type: ignore[method-assign]
    made = type("S", (Schema,), {"a": field})()
    assert compile_schema(made).dump({"a": "given"}) == made.dump({"a": "given"})
