"""JSON Schemas that users declare, as JSON values: those of headers, parameters and fields."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from .json_values import JSON, json_value, text_value

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
    if isinstance(value, bool):
        return value
    if not isinstance(value, Mapping):
        raise ValueError(f"{value!r} is not a JSON Schema")  # noqa: TRY004  # the contract of this function
    try:
        schema = map_subschemas(value, schema_value)
    except (AttributeError, TypeError) as error:
        raise ValueError(f"a keyword has a value of another type: {error}") from error
    for name, each in schema.items():
        if name in _TEXTS:
            schema[name] = text_value(each)
        # NOTE: the exclusive bounds of OpenAPI 3.0 are booleans.
        elif name in NUMBERS and not isinstance(each, bool):
            schema[name] = keyword_number(each)
    return json_value(schema, nan_is_null=True)


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
