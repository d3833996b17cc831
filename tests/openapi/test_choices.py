"""Choices in the document: `enum`, `const` and `not` of what a client may really send."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, takes
from restkit.openapi import build

PARTS = ["", "a", "b", "ab"]


class Color(enum.Enum):
    RED = "r"
    BLUE = "b"


def documented(field: fields.Field[Any]) -> dict[str, Any]:
    """Return the document's schema of a field of a request's body."""
    app = App("Choices")
    schema = Schema.from_dict({"it": field}, name="ThingSchema")

    @app.post("/x")
    @takes(body=schema)
    def post(body: dict[str, Any]) -> None:
        """Take a thing."""

    schemas = build(app)["components"]["schemas"]
    found: dict[str, Any] = schemas.get("ThingInput", schemas.get("Thing"))["properties"]["it"]
    return found


def added(kind: Any, validators: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
    """Return what validators add to the schema of a kind of field."""
    plain = documented(kind(*arguments, **options))
    found = documented(kind(*arguments, validate=validators, **options))
    return {name: each for name, each in found.items() if plain.get(name) != each}


OneOf, NoneOf, Equal = validate.OneOf, validate.NoneOf, validate.Equal


@pytest.mark.parametrize(
    ("kind", "validators", "keywords"),
    [
        (fields.Str, OneOf(["a", "b"]), {"enum": ["a", "b"]}),
        (fields.Str, OneOf(["b", "a"]), {"enum": ["b", "a"]}),
        (fields.Str, OneOf([1, 2]), {"not": {}}),
        (fields.Int, OneOf(["1", 2]), {"enum": [2]}),
        (fields.Float, OneOf([1.5, 2]), {"enum": [1.5, 2.0]}),
        (fields.Bool, OneOf([True, False]), {"enum": [True, False]}),
        (fields.Date, OneOf([dt.date(2024, 1, 2)]), {"enum": ["2024-01-02"]}),
        (fields.Date, OneOf(["2024-01-02"]), {"not": {}}),
        (fields.TimeDelta, OneOf([dt.timedelta(seconds=3)]), {"enum": [3.0]}),
        (fields.Raw, OneOf([1, "a", None]), {"enum": [1, "a"]}),
        (fields.Str, NoneOf(["a", "b"]), {"not": {"enum": ["a", "b"]}}),
        (fields.Str, [NoneOf(["a"]), NoneOf(["b"])], {"not": {"enum": ["a", "b"]}}),
        (fields.Str, [OneOf([1]), NoneOf(["b"])], {"not": {}}),
        (fields.Str, NoneOf([1]), {"not": {"enum": [1]}}),
        (fields.Raw, NoneOf([1, None]), {"not": {"enum": [1]}}),
        (fields.Str, Equal("x"), {"const": "x"}),
        (fields.Str, Equal(5), {"not": {}}),
        (fields.Int, Equal(5), {"const": 5}),
        (fields.Bool, Equal(True), {"const": True}),
        (fields.Date, Equal(dt.date(2024, 1, 2)), {"const": "2024-01-02"}),
        (fields.Str, [OneOf(["a", "b", "c"]), OneOf(["c", "b"])], {"enum": ["b", "c"]}),
    ],
)
def test_choices_are_values_of_the_field(
    kind: Any, validators: Any, keywords: dict[str, Any]
) -> None:
    """A choice is the JSON value of which the field makes what the validator accepts."""
    assert added(kind, validators) == keywords


@pytest.mark.parametrize("options", [{}, {"as_string": True}], ids=["number", "string"])
def test_choices_of_numbers_are_numbers(options: dict[str, Any]) -> None:
    """`as_string` is how a response writes a number; a request has numbers."""
    assert added(fields.Int, OneOf([1, 2]), **options) == {"enum": [1, 2]}


@pytest.mark.parametrize(
    ("validators", "keywords"),
    [
        (OneOf([Color.RED]), {"enum": ["r"]}),
        (OneOf(["r"]), {"not": {}}),
        (NoneOf([Color.RED]), {"not": {"enum": ["r"]}}),
        (Equal(Color.BLUE), {"const": "b"}),
    ],
)
def test_choices_of_an_enumeration_are_members(validators: Any, keywords: dict[str, Any]) -> None:
    """The validator sees members, the client sends their values."""
    assert added(fields.Enum, validators, Color, by_value=True) == keywords


@pytest.mark.parametrize(
    ("validators", "words"),
    [
        (OneOf([Decimal("1.5"), Decimal(2)]), "One of: 1.5, 2."),
        (NoneOf([Decimal("1.5"), Decimal(2)]), "None of: 1.5, 2."),
        (Equal(Decimal("1.5")), "Equal to: 1.5."),
    ],
)
def test_amounts_are_described(validators: Any, words: str) -> None:
    """A decimal number has many texts, so its choices stand in the description alone."""
    assert added(fields.Decimal, validators) == {"description": words}


@pytest.mark.parametrize(
    ("kind", "keyword", "words"),
    [(OneOf, "enum", "Part of"), (NoneOf, "not", "No part of")],
)
def test_parts_of_a_text(kind: Any, keyword: str, words: str) -> None:
    """`in` of a text takes its parts: of a short text all are listed, of a longer one none."""
    found = added(fields.Str, kind("ab"))
    assert found.pop("description") == f"{words} 'ab'."
    assert found == {keyword: PARTS if keyword == "enum" else {"enum": PARTS}}
    longest, longer = "abcdefghij", "abcdefghijk"
    parts = {longest[low:high] for low, high in itertools.combinations(range(11), 2)}
    listed = added(fields.Str, kind(longest))[keyword]
    listed = listed if keyword == "enum" else listed["enum"]
    assert listed == sorted({"", *parts}, key=lambda part: (len(part), part))
    assert added(fields.Str, kind(longer)) == {"description": f"{words} 'abcdefghijk'."}


def test_words_come_after_the_description() -> None:
    """What a validator adds to a description is its last sentence."""
    field = fields.Str(metadata={"description": "A letter."}, validate=OneOf("ab"))
    assert documented(field)["description"] == "A letter. Part of 'ab'."


@pytest.mark.parametrize(
    ("validators", "keywords"),
    [
        (validate.ContainsOnly(["a", "b"]), {"enum": ["a", "b"]}),
        (validate.ContainsNoneOf(["a", "b"]), {"not": {"enum": ["a", "b"]}}),
    ],
)
def test_choices_of_items(validators: Any, keywords: dict[str, Any]) -> None:
    """The choices of a list's validator stand on the items."""
    found = documented(fields.List(fields.Str(), validate=validators))
    assert set(found) == {"type", "items"}
    plain = documented(fields.Str())
    assert {name: each for name, each in found["items"].items() if name not in plain} == keywords


@pytest.mark.parametrize(
    ("validators", "words"),
    [
        (validate.ContainsOnly(["a", "b"]), "Only of: a, b."),
        (validate.ContainsNoneOf(["a", "b"]), "None of: a, b."),
    ],
)
def test_choices_of_a_tuple_are_described(validators: Any, words: str) -> None:
    """The items of a tuple have a schema each, so the choices of all stand in the description."""
    found = documented(fields.Tuple((fields.Str(),), validate=validators))
    assert found["description"] == words


def test_the_pattern_against_nul_is_left_out_beside_choices() -> None:
    """A pattern that says less than `enum`, `const` or `format` is not written beside them."""
    assert "pattern" in documented(fields.Str())
    assert "pattern" not in documented(fields.Str(validate=OneOf(["a"])))
    assert "pattern" not in documented(fields.Str(validate=Equal("a")))
    assert "pattern" not in documented(fields.Date())
    items = documented(fields.List(fields.Str(), validate=validate.ContainsOnly(["a"])))["items"]
    assert items == {"type": "string", "enum": ["a"]}
    own = fields.Str(metadata={"pattern": "^[ab]$"}, validate=OneOf(["a"]))
    assert documented(own)["pattern"] == "^[ab]$"


def test_choices_of_an_unknown_function() -> None:
    """Where it is unknown what a field makes of a value, the choices are taken as they are."""
    found = documented(fields.Function(deserialize=lambda value: value, validate=OneOf([1, 2])))
    assert found["enum"] == [1, 2]
    part = Schema.from_dict({"a": fields.Int()})
    assert documented(fields.Nested(part, validate=OneOf([{"a": 1}])))["enum"] == [{"a": 1}]


@pytest.mark.parametrize(
    ("validators", "keywords"),
    [
        (OneOf(["a"]), {"enum": ["a", None]}),
        (Equal("a"), {"enum": ["a", None]}),
        (NoneOf(["a"]), {"not": {"enum": ["a"]}}),
    ],
)
def test_null_is_no_choice_but_taken(validators: Any, keywords: dict[str, Any]) -> None:
    """Validators do not see null, so a nullable field takes it beside the choices."""
    assert added(fields.Str, validators, allow_none=True) == keywords


def test_fields_that_may_be_null() -> None:
    """`allow_none` lets null be sent."""
    part = Schema.from_dict({"a": fields.Int()}, name="Part")
    found = documented(fields.Nested(part, allow_none=True, metadata={"description": "D"}))
    assert found == {
        "anyOf": [{"$ref": "#/components/schemas/Part"}, {"type": "null"}],
        "description": "D",
    }
    assert documented(fields.UUID(allow_none=True))["type"] == ["string", "null"]
    assert documented(fields.UUID())["type"] == "string"


def test_choices_of_a_field_without_a_type() -> None:
    """A field that takes any value, null too, has its choices, texts and numbers alike."""
    field = fields.Raw(allow_none=True, validate=OneOf(["a", 1, 1.5, True]))
    assert documented(field)["enum"] == ["a", 1, 1.5, True, None]
