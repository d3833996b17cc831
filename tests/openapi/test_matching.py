"""Whether values fit schemas, as a validator of JSON Schema says."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from restkit.openapi.matching import fits

SCHEMAS: list[Any] = [
    *(True, False, {}),
    *({"type": name} for name in ("null", "boolean", "integer", "number", "string", "array")),
    *({"type": "object"}, {"type": ["integer", "null"]}, {"type": ["string", "array"]}),
    *({"const": 1}, {"const": True}, {"const": "a"}, {"const": None}, {"enum": []}),
    *({"enum": [1, "a"]}, {"enum": [True, None]}, {"enum": [[1], {"a": 1}]}),
    *({"minimum": 1}, {"maximum": 1}, {"exclusiveMinimum": 1}, {"exclusiveMaximum": 1}),
    *({"multipleOf": 2}, {"minimum": 0, "maximum": 1}, {"minimum": 2, "exclusiveMaximum": 3}),
    *({"minLength": 1}, {"maxLength": 1}, {"minLength": 1, "maxLength": 1}),
    *({"minItems": 1}, {"maxItems": 1}, {"minProperties": 1}, {"maxProperties": 1}),
    *({"pattern": "a"}, {"pattern": "^a$"}, {"type": "string", "minLength": 2}),
    *({"items": {"type": "integer"}}, {"items": False}, {"prefixItems": [{"type": "string"}]}),
    {"prefixItems": [{"type": "integer"}], "items": {"type": "string"}},
    {"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
    *({"required": ["a"]}, {"required": ["a", "b"]}, {"additionalProperties": False}),
    {"properties": {"a": {"type": "string"}}},
    {"properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    {"properties": {"a": True}, "additionalProperties": {"type": "string"}},
    *({"not": {"type": "string"}}, {"not": {"enum": [1, None]}}, {"not": {"const": "a"}}),
    *({"not": {}}, {"not": {"type": "integer", "enum": [1]}}),
    *({"allOf": [{"type": "string"}, {"minLength": 2}]}, {"allOf": [False]}, {"allOf": []}),
    *({"anyOf": [{"type": "string"}, {"minimum": 2}]}, {"anyOf": [False, {"type": "null"}]}),
    {"oneOf": [{"type": "string"}, {"type": "integer"}]},
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, 3, -1, 1.0, 1.5, 2.5, "", "a", "b", "ab", "ba"),
    *([], [1], ["a"], [1, "a"], ["a", 1], [1, 1], [1, "a", 1], [True], [None]),
    *({}, {"a": 1}, {"a": "a"}, {"b": 1}, {"a": 1, "b": "b"}, {"a": None, "b": 1}),
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_rules_agree_with_json_schema(schema: Any) -> None:
    """Each value fits, or does not, as JSON Schema 2020-12 has it."""
    validator = Draft202012Validator(schema)
    assert [fits(schema, value) for value in VALUES] == [
        validator.is_valid(value) for value in VALUES
    ]


@pytest.mark.parametrize(
    "schema",
    [
        {"format": "date"},
        {"$ref": "#/components/schemas/Unknown"},
        {"pattern": "["},
        {"not": {"pattern": "a"}},
        {"not": {"type": "string", "minLength": 1}},
        {"not": True},
    ],
)
def test_unknown_rules_count_as_kept(schema: Any) -> None:
    """A rule of which nothing is known rejects no value."""
    assert all(fits(schema, value) for value in VALUES)


def test_booleans_are_no_numbers() -> None:
    """True is not 1, alone and in choices, and no bound applies to it."""
    assert not fits({"type": "integer"}, True)
    assert not fits({"enum": [1]}, True)
    assert not fits({"const": False}, 0)
    assert fits({"minimum": 5}, True)
