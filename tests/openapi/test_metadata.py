"""Metadata of fields in the document: examples in each of their forms, and extensions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, takes
from restkit.openapi import build


def documented(field: fields.Field[Any]) -> dict[str, Any]:
    """Return the document's schema of a field of a request's body."""
    app = App("Metadata")

    @app.post("/x")
    @takes(body=Schema.from_dict({"it": field}, name="ThingSchema"))
    def post(body: dict[str, Any]) -> None:
        """Take a thing."""

    schemas = build(app)["components"]["schemas"]
    found: dict[str, Any] = schemas.get("ThingInput", schemas.get("Thing"))["properties"]["it"]
    return found


@pytest.mark.parametrize(
    ("metadata", "examples"),
    [
        ({"example": 1}, [1]),
        ({"examples": [1, 2]}, [1, 2]),
        ({"examples": (1, 2)}, [1, 2]),
        ({"examples": {2, 1}}, [1, 2]),
        ({"examples": "text"}, ["text"]),
        ({"examples": [1], "example": 2}, [1]),
        ({"examples": []}, None),
        ({"examples": {"one": {"value": 1}, "two": {"summary": "S", "value": 2}}}, [1, 2]),
        ({"examples": {"one": {"dataValue": 1, "serializedValue": "1"}}}, [1]),
        ({"examples": {"one": {"externalValue": "http://x"}}}, None),
        ({"examples": {"one": {"serializedValue": "1"}}}, None),
        ({"examples": {"one": 5, "two": {"other": 1}, "none": {}}}, [5, {"other": 1}, {}]),
        ({"examples": {"one": {"summary": "S"}}}, [{"summary": "S"}]),
        ({"examples": [{"summary": "S", "value": 1}]}, [1]),
        ({"examples": [{"description": "S", "externalValue": "u"}]}, None),
        ({"examples": [{"value": 1}]}, [{"value": 1}]),
        (
            {"examples": [{"summary": "S", "value": 1, "more": 2}]},
            [{"summary": "S", "value": 1, "more": 2}],
        ),
        ({"examples": [{}]}, [{}]),
        ({"examples": [float("nan"), 1]}, [1]),
    ],
)
def test_examples_in_each_form(metadata: dict[str, Any], examples: list[Any] | None) -> None:
    """Examples are given one by one, by name, or as Example Objects of OpenAPI."""
    assert documented(fields.Raw(metadata=metadata)).get("examples") == examples


@pytest.mark.parametrize(
    ("field", "examples"),
    [
        (fields.Date(metadata={"example": dt.date(2024, 1, 2)}), ["2024-01-02"]),
        (fields.Decimal(metadata={"examples": [Decimal("1.50")]}), ["1.50"]),
        (fields.List(fields.Int(), metadata={"example": [1, 2]}), [[1, 2]]),
    ],
)
def test_examples_are_written_as_the_field_writes(
    field: fields.Field[Any], examples: list[Any]
) -> None:
    """A value of Python is in the document as in JSON."""
    assert documented(field)["examples"] == examples


def test_extensions_and_other_names() -> None:
    """`x_` is written `x-`; names that mean nothing to JSON Schema are left out."""
    found = documented(
        fields.Int(metadata={"x_a_b": 1, "x-c": [2], "unknown": 3, 5: 6, "title": "T"})
    )
    own = {name: each for name, each in found.items() if name.startswith("x")}
    assert own == {"x-a-b": 1, "x-c": [2]}
    assert "unknown" not in found
    assert found["title"] == "T"


def test_exclusive_bounds_of_older_drafts() -> None:
    """`exclusiveMinimum: True` makes the minimum exclusive, False says nothing."""
    found = documented(fields.Raw(metadata={"minimum": 1, "exclusiveMinimum": True}))
    assert found["exclusiveMinimum"] == 1
    assert documented(fields.Raw(metadata={"maximum": 1, "exclusiveMaximum": False})) == (
        documented(fields.Raw(metadata={"maximum": 1}))
    )


def test_a_value_that_is_no_json_is_refused() -> None:
    """The message names the field and the member of its metadata."""
    with pytest.raises(DeclarationError, match=r"ThingSchema\.it: metadata\['x-a'\] cannot be"):
        documented(fields.Int(metadata={"x-a": object()}))


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ({10, 9, 2.5, -1}, [-1, 2.5, 9, 10]),
        ({"b", "a", "10", "9"}, ["10", "9", "a", "b"]),
        ({3, 2**1001}, [2**1001, 3]),
        ({-(2**1000), 1, 2**999}, [-(2**1000), 1, 2**999]),
        ({True, "a", 5}, [True, 5, "a"]),
    ],
)
def test_sets_have_one_order(values: set[Any], written: list[Any]) -> None:
    """Numbers come in their order, texts in that of their characters, whatever the process."""
    assert documented(fields.Int(metadata={"x-a": values}))["x-a"] == written
