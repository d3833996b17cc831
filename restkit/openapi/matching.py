"""Whether a JSON value fits a JSON Schema: as far as a default or null has to be known to fit.

The document is made without a validator of JSON Schema, which is no dependency. Rules that are not
known here, such as formats and references, count as kept.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from ..schemas.json_values import JSON
from ..schemas.keyword_rules import is_among

__all__ = ["fits"]

Schema = Mapping[str, Any]


def fits(schema: object, value: object) -> bool:
    """Return whether a value fits a schema, save for rules that are not known here.

    Args:
        schema: A schema of JSON Schema 2020-12.
        value: A JSON value.
    """
    if not isinstance(schema, Mapping):
        return schema is not False
    return all(rule(schema, value) for rule in _RULES)


def _has_type(schema: Schema, value: object) -> bool:
    types = schema.get("type")
    if types is None:
        return True
    names = [types] if isinstance(types, str) else types
    return any(_is_of_type(name, value) for name in names)


_KINDS: dict[str, type | tuple[type, ...]] = {
    "null": type(None),
    "string": str,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def _is_of_type(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer":
        return isinstance(value, (int, float)) and value == int(value)
    return name in _KINDS and isinstance(value, _KINDS[name])


def _is_one(schema: Schema, value: object) -> bool:
    written = cast("JSON", value)
    if "const" in schema and not is_among(written, [schema["const"]]):
        return False
    return "enum" not in schema or is_among(written, schema["enum"])


def _is_in_range(schema: Schema, value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return True
    return (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
        and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        and ("multipleOf" not in schema or value % schema["multipleOf"] == 0)
    )


def _has_length(schema: Schema, value: object) -> bool:
    for kind, noun in ((str, "Length"), (list, "Items"), (dict, "Properties")):
        if isinstance(value, kind):
            low, high = schema.get(f"min{noun}", 0), schema.get(f"max{noun}")
            return low <= len(value) and (high is None or len(value) <= high)
    return True


def _has_pattern(schema: Schema, value: object) -> bool:
    if "pattern" not in schema or not isinstance(value, str):
        return True
    try:
        return re.search(schema["pattern"], value) is not None
    except re.error:
        return True


def _has_parts(schema: Schema, value: object) -> bool:
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        rest = schema.get("items", True)
        schemas = itertools.chain(first, itertools.repeat(rest))
        return all(map(fits, schemas, value))
    return not isinstance(value, dict) or _has_members(schema, value)


def _has_members(schema: Schema, value: dict[str, object]) -> bool:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties", True)
    if not all(name in value for name in schema.get("required", ())):
        return False
    return all(fits(known.get(name, others), each) for name, each in value.items())


def _combines(schema: Schema, value: object) -> bool:
    if "not" in schema and _denies(schema["not"], value):
        return False
    if not all(fits(each, value) for each in schema.get("allOf", ())):
        return False
    return _fits_any(schema.get("anyOf"), value) and _fits_any(schema.get("oneOf"), value)


def _fits_any(schemas: Sequence[object] | None, value: object) -> bool:
    return schemas is None or any(fits(each, value) for each in schemas)


def _denies(schema: object, value: object) -> bool:
    """Return whether a schema under ``not`` certainly holds."""
    known = {"enum", "const", "type"}
    return isinstance(schema, Mapping) and schema.keys() <= known and fits(schema, value)


_RULES: tuple[Callable[[Schema, object], bool], ...] = (
    _has_type,
    _is_one,
    _is_in_range,
    _has_length,
    _has_pattern,
    _has_parts,
    _combines,
)
