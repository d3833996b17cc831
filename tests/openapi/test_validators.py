"""Validators in the document: as keywords of JSON Schema where there are some, else in words."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, returns
from restkit.openapi.validators import json_types, to_json_value
from restkit.testing import Client


def documented(field: fields.Field[Any]) -> dict[str, Any]:
    """Return the document's schema of a field of a response."""
    app = App("Documented")
    app.get("/x")(returns(Schema.from_dict({"it": field}, name="ThingSchema"))(lambda: {}))
    document = Client(app).get("/openapi.json").json
    found: dict[str, Any] = document["components"]["schemas"]["Thing"]["properties"]["it"]
    return found


def test_types_of_values() -> None:
    """Values of one type have its name, of several a list;
    none, arrays and objects have no type.
    """
    assert json_types([]) is None
    assert json_types(["a", "b"]) == "string"
    assert json_types([1, "a", 2]) == ["integer", "string"]
    assert json_types([1, [2]]) is None


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan")])
def test_values_that_no_json_number_has(value: float) -> None:
    """Infinity and NaN are no JSON values, alone or within a list."""
    with pytest.raises(ValueError, match="not a JSON number"):
        to_json_value(fields.Raw(), value)
    with pytest.raises(ValueError, match="not a JSON number"):
        to_json_value(fields.Raw(), [1, value])


@pytest.mark.parametrize(
    ("range_", "words"),
    [
        (validate.Range(min=dt.date(2024, 1, 1)), "At least 2024-01-01."),
        (validate.Range(max=dt.date(2024, 1, 1)), "At most 2024-01-01."),
        (
            validate.Range(min=dt.date(2024, 1, 1), min_inclusive=False),
            "More than 2024-01-01.",
        ),
        (
            validate.Range(max=dt.date(2024, 1, 1), max_inclusive=False),
            "Less than 2024-01-01.",
        ),
    ],
)
def test_bounds_of_dates_are_said_in_words(range_: validate.Range, words: str) -> None:
    """JSON Schema has no keyword for the least and the greatest date."""
    assert documented(fields.Date(validate=range_))["description"] == words


def test_two_lists_of_choices_are_their_intersection() -> None:
    """A value has to be among the choices of every OneOf."""
    both = [validate.OneOf(["a", "b", "c"]), validate.OneOf(["c", "b", "d"])]
    assert documented(fields.Str(validate=both))["enum"] == ["b", "c"]


def test_choices_of_a_decimal_are_said_in_words() -> None:
    """A decimal number has many texts, so its choices are no enum."""
    found = documented(fields.Decimal(validate=validate.OneOf([Decimal("1.5"), Decimal(2)])))
    assert "enum" not in found
    assert "One of: 1.5, 2." in found["description"]


@pytest.mark.parametrize(
    ("validators", "keywords"),
    [
        ([validate.Range(3), validate.Range(5)], {"minimum": 5}),
        ([validate.Range(5), validate.Range(3)], {"minimum": 5}),
        ([validate.Range(max=3), validate.Range(max=5)], {"maximum": 3}),
        ([validate.Range(max=5), validate.Range(max=3)], {"maximum": 3}),
        (
            [validate.Range(3, min_inclusive=False), validate.Range(5, min_inclusive=False)],
            {"exclusiveMinimum": 5},
        ),
        (
            [validate.Range(max=5, max_inclusive=False), validate.Range(max=3)],
            {"maximum": 3},
        ),
        ([validate.Range(3), validate.Range(3, min_inclusive=False)], {"exclusiveMinimum": 3}),
        ([validate.Range(3, min_inclusive=False), validate.Range(3)], {"exclusiveMinimum": 3}),
        ([validate.Range(3, min_inclusive=False), validate.Range(4)], {"minimum": 4}),
        (
            [validate.Range(-4, min_inclusive=False), validate.Range(-5)],
            {"exclusiveMinimum": -4},
        ),
        ([validate.Range(float("-inf"), float("inf"))], {}),
    ],
)
def test_the_tightest_bound_of_several_ranges_stays(
    validators: list[validate.Range], keywords: dict[str, int]
) -> None:
    """Each value must be in all ranges, so that the document has one bound of each side."""
    found = documented(fields.Float(validate=validators))
    assert found == {"type": "number", **keywords}


@pytest.mark.parametrize("bounds", [{"min": float("inf")}, {"max": float("-inf")}])
def test_no_number_is_beyond_infinity(bounds: dict[str, float]) -> None:
    """A range that begins at infinity accepts nothing."""
    found = documented(fields.Float(validate=validate.Range(**bounds)))
    assert found == {"type": "number", "not": {}}


@pytest.mark.parametrize(
    ("validators", "keywords"),
    [
        ([validate.Length(1, 9), validate.Length(2, 8)], {"minLength": 2, "maxLength": 8}),
        ([validate.Length(2, 8), validate.Length(1, 9)], {"minLength": 2, "maxLength": 8}),
        ([validate.Length(equal=4)], {"minLength": 4, "maxLength": 4}),
        ([validate.Length(0, 0)], {"minLength": 0, "maxLength": 0}),
    ],
)
def test_the_tightest_length_stays(
    validators: list[validate.Length], keywords: dict[str, int]
) -> None:
    """Two lengths are the narrower of each bound."""
    found = documented(fields.Str(validate=validators))
    assert {name: found[name] for name in found.keys() & {"minLength", "maxLength"}} == keywords
