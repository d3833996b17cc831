"""Declared JSON Schemas become JSON values, or are refused with the keyword's name."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from decimal import Decimal

import pytest

from restkit.schemas.schema_values import schema_value


@pytest.mark.parametrize(
    ("number", "written"),
    [(Decimal("2.0"), 2), (Decimal("2.5"), 2.5), (2.5, 2.5), (3, 3), (Decimal(-1), -1)],
)
def test_numbers_of_keywords(number: Decimal | float, written: float) -> None:
    """A whole Decimal is written as an integer, another one as a float."""
    found = schema_value({"maximum": number})
    assert found == {"maximum": written}
    assert isinstance(found, dict)
    assert type(found["maximum"]) is type(written)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("3", "an instance of str is not a number"),
        (True, "an instance of bool is not a number"),
        (float("nan"), "nan is not a JSON number"),
        (float("-inf"), "-inf is not a JSON number"),
    ],
)
def test_what_is_no_number_is_refused(value: object, reason: str) -> None:
    """The message names the keyword."""
    with pytest.raises(ValueError, match="maximum") as raised:
        schema_value({"maximum": value})
    assert str(raised.value) == f"maximum must be a number: {reason}"


NAN = float("nan")


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        (True, True),
        (False, False),
        ({}, {}),
        ({"exclusiveMaximum": True, "maximum": 5}, {"exclusiveMaximum": 5, "maximum": 5}),
        ({"exclusiveMinimum": True, "minimum": 5}, {"exclusiveMinimum": 5, "minimum": 5}),
        ({"exclusiveMaximum": False, "maximum": 5}, {"maximum": 5}),
        ({"exclusiveMinimum": Decimal(1), "title": "T"}, {"exclusiveMinimum": 1, "title": "T"}),
        ({"not": {"minimum": Decimal(1)}}, {"not": {"minimum": 1}}),
        ({"items": True}, {"items": True}),
        ({"allOf": ({"minimum": Decimal(1)}, True)}, {"allOf": [{"minimum": 1}, True]}),
        ({"anyOf": [{"default": NAN}]}, {"anyOf": [{"default": None}]}),
        (
            {"properties": {"a": {"maximum": Decimal("1.5")}, "b": False}},
            {"properties": {"a": {"maximum": 1.5}, "b": False}},
        ),
        ({"enum": [1, 1.0, True, "a", "a"]}, {"enum": [1, True, "a"]}),
        ({"examples": [1, 1]}, {"examples": [1, 1]}),
        ({"default": {"maximum": "x", "not": 1}}, {"default": {"maximum": "x", "not": 1}}),
        ({"default": (1, NAN)}, {"default": [1, None]}),
        ({"x-own": {"properties": 1}}, {"x-own": {"properties": 1}}),
    ],
)
def test_schemas_are_written_as_json(schema: object, written: object) -> None:
    """Keywords in subschemas are converted too, values that only look like schemas are not."""
    assert schema_value(schema) == written


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (1, "an instance of int is not a JSON Schema"),
        (None, "an instance of NoneType is not a JSON Schema"),
        ([{}], "an instance of list is not a JSON Schema"),
        ({"not": 1}, "not must be "),
        ({"not": {"not": None}}, "not must be "),
        ({"allOf": {}}, "allOf must be "),
        ({"allOf": [{}, 1]}, "allOf must be "),
        ({"prefixItems": "ab"}, "prefixItems must be "),
        ({"properties": [{}]}, "properties must be "),
        ({"properties": {"a": {}, "b": 1}}, "properties must be "),
        ({"$defs": {"a": {"items": [{}]}}}, "items must be "),
        ({"type": "text"}, "type must be "),
        ({"not": {"maxLength": -1}}, "maxLength must be "),
        ({"exclusiveMaximum": True}, "maximum must be a number: an instance of NoneType"),
        (
            {"exclusiveMinimum": True, "minimum": "1"},
            "minimum must be a number: an instance of str",
        ),
    ],
)
def test_what_is_no_schema_is_refused(schema: object, reason: str) -> None:
    """The message names the keyword, at any depth."""
    with pytest.raises(ValueError, match=f"^{reason}"):
        schema_value(schema)


def _nested(value: object, hold: Callable[[object], object], times: int) -> object:
    for _ in range(times):
        value = hold(value)
    return value


@pytest.mark.parametrize(
    ("start", "hold", "member", "most"),
    [
        ({}, lambda each: {"not": each}, "not", 64),
        ({}, lambda each: {"allOf": [each]}, "allOf", 64),
        ({}, lambda each: {"properties": {"a": each}}, "properties", 64),
        ([], lambda each: [each], "const", 64),
        ({}, lambda each: {"a": each}, "const", 64),
    ],
    ids=["not", "allOf", "properties", "list", "dict"],
)
def test_schemas_and_values_are_64_deep_at_the_most(
    start: object, hold: Callable[[object], object], member: str, most: int
) -> None:
    """One level more is refused, before a schema that contains itself is a RecursionError."""
    for times, is_refused in ((most, False), (most + 1, True)):
        value = _nested(start, hold, times)
        schema = {"const": value} if member == "const" else value
        with pytest.raises(ValueError, match="64 deep") if is_refused else nullcontext():
            assert schema_value(schema) == schema
