"""Null beside other keywords: taken with each of them, in the shortest form that allows it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from restkit.openapi.nullability import nullable, or_constant

NULL: dict[str, Any] = {"type": "null"}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, {}),
        ({"type": "string"}, {"type": ["string", "null"]}),
        ({"type": ["string", "integer"]}, {"type": ["string", "integer", "null"]}),
        ({"type": ["string", "null"]}, {"type": ["string", "null"]}),
        ({"type": "string", "const": "a"}, {"type": ["string", "null"], "enum": ["a", None]}),
        ({"enum": ["a"], "title": "T"}, {"enum": ["a", None], "title": "T"}),
        ({"type": "string", "enum": [None]}, {"type": ["string", "null"], "enum": [None]}),
        ({"not": {"enum": [None, 1]}}, {"not": {"enum": [1]}}),
        ({"not": {"const": None}}, {"anyOf": [{"not": {"const": None}}, NULL]}),
        ({"not": {"type": "null"}}, {"anyOf": [{"not": {"type": "null"}}, NULL]}),
        ({"$ref": "#/x"}, {"anyOf": [{"$ref": "#/x"}, NULL]}),
        (
            {"$ref": "#/x", "title": "T", "description": "D"},
            {"anyOf": [{"$ref": "#/x"}, NULL], "title": "T", "description": "D"},
        ),
        (
            {"anyOf": [{"type": "string"}, {"type": "integer"}], "default": 1},
            {"anyOf": [{"type": "string"}, {"type": "integer"}, NULL], "default": 1},
        ),
        (
            {"type": "string", "anyOf": [{"pattern": "a"}, {"format": "date"}]},
            {"type": ["string", "null"], "anyOf": [{"pattern": "a"}, {"format": "date"}]},
        ),
        (
            {"type": "string", "allOf": [{"pattern": "a"}, {"type": "string"}]},
            {"anyOf": [{"type": "string", "allOf": [{"pattern": "a"}, {"type": "string"}]}, NULL]},
        ),
        (
            {"oneOf": [{"type": "string"}], "x-a": 1, "examples": ["a"]},
            {"anyOf": [{"oneOf": [{"type": "string"}], "x-a": 1}, NULL], "examples": ["a"]},
        ),
        (
            {"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "x-a": 1, "deprecated": True},
            {
                "type": ["integer", "null"],
                "minimum": 1,
                "exclusiveMaximum": 9,
                "x-a": 1,
                "deprecated": True,
            },
        ),
    ],
)
def test_null_is_taken_too(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    """Null gets a place among types and choices where it can, and an alternative elsewhere."""
    before = repr(schema)
    assert nullable(schema) == expected
    assert repr(schema) == before
    if "$ref" not in schema:
        assert Draft202012Validator(nullable(schema)).is_valid(None)


def test_a_schema_that_takes_null_stays() -> None:
    """What takes null already is the schema itself."""
    schema: dict[str, Any] = {"allOf": [{"pattern": "a"}, {"minLength": 1}]}
    assert nullable(schema) is schema


def test_one_more_constant() -> None:
    """Rules and the constant are alternatives; words stay beside them."""
    schema = {"type": "integer", "title": "T", "default": 1, "x-a": 1}
    assert or_constant(schema, "") == {
        "anyOf": [{"type": "integer", "x-a": 1}, {"enum": [""]}],
        "title": "T",
        "default": 1,
    }
