"""Schemas in the dialect of OpenAPI 3.0."""

from __future__ import annotations

from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit.openapi.conversion import json_schema
from restkit.openapi.dialects import lower
from restkit.schemas.bound import View, bind

NULL: dict[str, Any] = {"type": "object", "nullable": True, "enum": [None]}
STRING: dict[str, Any] = {"type": "string"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        (
            {"type": "number", "exclusiveMinimum": 0},
            {"type": "number", "minimum": 0, "exclusiveMinimum": True},
        ),
        (
            {"type": "integer", "minimum": 5, "exclusiveMinimum": 0},
            {"type": "integer", "minimum": 5},
        ),
        ({"exclusiveMaximum": 3}, {"maximum": 3, "exclusiveMaximum": True}),
        ({"const": 1}, {"enum": [1]}),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        ({"$ref": "#/x", "description": "D"}, {"allOf": [{"$ref": "#/x"}], "description": "D"}),
        ({"type": ["string", "number"]}, {"anyOf": [{"type": "string"}, {"type": "number"}]}),
        (
            {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
            {"anyOf": [{"$ref": "#/x"}, {"type": "object", "nullable": True, "enum": [None]}]},
        ),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"const": 1}], "items": False},
            {"type": "array", "items": {"anyOf": [{"type": "string"}, {"enum": [1]}]}},
        ),
        ({"type": "object", "propertyNames": {"pattern": "a"}}, {"type": "object"}),
        (True, {}),
        (False, {"not": {}}),
        ({"type": "null"}, NULL),
        ({"type": "null", "title": "T"}, {**NULL, "title": "T"}),
        ({"const": 1, "x-a": [1], "if": True}, {"enum": [1], "x-a": [1]}),
        ({"examples": []}, {}),
        ({"examples": ["a"], "example": "b"}, {"example": "b"}),
        ({"not": {"const": 1}}, {"not": {"enum": [1]}}),
        ({"not": {"propertyNames": {"pattern": "a"}}}, {}),
        ({"not": {"prefixItems": [{"type": "string"}]}}, {}),
        ({"not": True}, {"not": {}}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": {"const": 1}}, {"additionalProperties": {"enum": [1]}}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        ({"type": "array", "items": False}, {"type": "array", "items": {}}),
        ({"type": "array", "items": {"not": {}}}, {"type": "array", "items": {}}),
        ({"type": "array", "prefixItems": []}, {"type": "array", "items": {}}),
        (
            {"type": "array", "prefixItems": [{"const": 1}, {"const": 1}], "items": {"not": {}}},
            {"type": "array", "items": {"enum": [1]}},
        ),
        (
            {"type": "array", "prefixItems": [{"const": 1}], "items": {"const": 2}},
            {"type": "array", "items": {"anyOf": [{"enum": [1]}, {"enum": [2]}]}},
        ),
        (
            {"minimum": 0, "exclusiveMinimum": 5},
            {"minimum": 5, "exclusiveMinimum": True},
        ),
        ({"minimum": 5, "exclusiveMinimum": 5}, {"minimum": 5, "exclusiveMinimum": True}),
        ({"maximum": 5, "exclusiveMaximum": 5}, {"maximum": 5, "exclusiveMaximum": True}),
        ({"maximum": 9, "exclusiveMaximum": 5}, {"maximum": 5, "exclusiveMaximum": True}),
        ({"maximum": 3, "exclusiveMaximum": 5}, {"maximum": 3}),
        ({"maximum": 3, "exclusiveMaximum": True}, {"maximum": 3, "exclusiveMaximum": True}),
        ({"type": ["string"]}, {"type": "string"}),
        (
            {"type": ["array", "string", "null"], "items": {"const": 1}},
            {"anyOf": [{"type": "array", "items": {"enum": [1]}}, {"type": "string"}, NULL]},
        ),
        ({"type": ["array", "string"]}, {"anyOf": [{"type": "array", "items": {}}, STRING]}),
        (
            {"type": ["string", "integer"], "anyOf": [{"const": 1}], "allOf": [{"const": 2}]},
            {
                "allOf": [{"enum": [2]}, {"anyOf": [{"enum": [1]}]}],
                "anyOf": [STRING, {"type": "integer"}],
            },
        ),
        ({"$ref": "#/x"}, {"$ref": "#/x"}),
        (
            {"$ref": "#/x", "allOf": [{"const": 1}], "title": "T"},
            {"allOf": [{"$ref": "#/x"}, {"enum": [1]}], "title": "T"},
        ),
    ],
)
def test_what_3_0_does_not_know_is_said_in_its_way(given: Any, expected: dict[str, Any]) -> None:
    """Null types, exclusive bounds, const, examples, siblings of $ref and tuples have another form,
    or none.
    """
    assert lower(given) == expected


def test_a_whole_schema_can_be_had_in_3_0() -> None:
    """The lowering goes all the way down."""

    class Inner(Schema):
        it = fields.Int(allow_none=True, validate=validate.Range(min=0, min_inclusive=False))

    class Outer(Schema):
        inner = fields.List(fields.Nested(Inner, allow_none=True))

    made = json_schema(bind(Outer, View.REQUEST, declared_at="test"), dialect="3.0")
    found = made["$defs"]["Inner"]["properties"]["it"]
    assert found["nullable"] is True
    assert found["exclusiveMinimum"] is True


def test_3_2_has_the_dialect_of_3_1() -> None:
    """Both are JSON Schema 2020-12."""
    bound = bind({"it": fields.Str(allow_none=True)}, View.REQUEST, declared_at="test")
    assert json_schema(bound, dialect="3.2") == json_schema(bound)
