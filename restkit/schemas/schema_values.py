"""JSON Schemas that users declare, as JSON values: those of headers, parameters and fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from .json_values import JSON, MAX_DEPTH, json_value, member_name, text_value
from .keyword_rules import check_keyword, distinct, expected_of

__all__ = ["NUMBERS", "keyword_number", "map_subschemas", "schema_value"]

_ONE = frozenset(
    {
        *("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
        *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
    }
)
_SEVERAL = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_BY_NAME = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})

NUMBERS = frozenset({"exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"})
_TEXTS = frozenset({"description", "title"})


def keyword_number(value: object) -> int | float:
    """Return the value of a keyword that is a number; a Decimal is written as a number here.

    Raises:
        ValueError: The value is not a finite number.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f"an instance of {type(value).__qualname__} is not a number")  # noqa: TRY004  # the contract of this function
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not a JSON number")
    if isinstance(value, int):
        return int(value)
    number = float(value)
    return int(value) if isinstance(value, Decimal) and value == int(value) else number


def schema_value(value: object) -> JSON:
    """Return a declared JSON Schema as a JSON value that belongs to the caller.

    Raises:
        ValueError: A keyword has a value that it cannot have, or that JSON cannot hold.
    """
    return _schema_value(value, 0)


def _schema_value(value: object, depth: int) -> JSON:
    if isinstance(value, bool):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(  # noqa: TRY004  # the contract of this function
            f"an instance of {type(value).__qualname__} is not a JSON Schema"
        )
    if depth > MAX_DEPTH:
        raise ValueError(f"a schema contains itself or is nested more than {MAX_DEPTH} deep")
    for name, each in value.items():
        if not all(isinstance(part, (bool, Mapping)) for part in _subschemas(name, each)):
            raise ValueError(f"{name} must be {expected_of(name)}")
    schema = map_subschemas(value, lambda each: _schema_value(each, depth + 1))
    written: dict[str, JSON] = {}
    for name, each in schema.items():
        if name in _EXCLUSIVE and isinstance(each, bool):
            if each:
                written[name] = _number(_EXCLUSIVE[name], schema.get(_EXCLUSIVE[name]))
        else:
            key = member_name(name)
            written[key] = _keyword_value(key, each)
    return written


def _subschemas(name: object, value: object) -> Iterable[object]:
    """Return the schemas of a keyword: [None] for a malformed value, [] for other keywords."""
    if name in _SEVERAL and isinstance(value, (list, tuple)):
        return value
    if name in _BY_NAME:
        return value.values() if isinstance(value, Mapping) else [None]
    if name in _ONE:
        return [value]
    return [None] if name in _SEVERAL else []


# NOTE: in OpenAPI 3.0 they are booleans that make the other bound exclusive.
_EXCLUSIVE = {"exclusiveMaximum": "maximum", "exclusiveMinimum": "minimum"}


def _keyword_value(name: str, value: object) -> JSON:
    written: JSON
    if name in _TEXTS:
        written = text_value(value)
    elif name in NUMBERS:
        written = _number(name, value)
    elif name in _ONE or name in _SEVERAL or name in _BY_NAME:
        written = _container(value)
    else:
        written = json_value(value, nan_is_null=True)
    check_keyword(name, written)
    if name == "enum" and isinstance(written, list):
        return distinct(written)
    return written


def _number(name: str, value: object) -> int | float:
    try:
        return keyword_number(value)
    except ValueError as error:
        raise ValueError(f"{name} must be a number: {error}") from None


def _container(value: object) -> JSON:
    """Return converted subschemas: only the names of members are not checked yet."""
    if isinstance(value, dict):
        return {member_name(name): each for name, each in value.items()}
    written: JSON = value  # type: ignore[assignment]  # lists and schemas that are converted
    return written


def map_subschemas(schema: Mapping[str, Any], convert: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a copy of a schema in which each schema directly in it is converted.

    Values that only look like schemas, such as defaults and examples, stay as they are.
    """
    out: dict[str, Any] = {}
    for name, value in schema.items():
        if name in _ONE:
            out[name] = convert(value)
        elif name in _SEVERAL:
            out[name] = [convert(each) for each in value]
        elif name in _BY_NAME:
            out[name] = {key: convert(each) for key, each in value.items()}
        else:
            out[name] = value
    return out
