"""JSON Schemas of values that are texts: in parameters, and the names of an object's members."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from decimal import Decimal

from marshmallow import fields

from ..schemas.wire_formats import INT64_MAX, INT64_MIN
from .decimals import at_least, at_most, equal_to
from .integer_texts import among, between
from .metadata import Field, Keywords

__all__ = ["as_text", "without_null"]

_PLAIN = r"-?(0|[1-9][0-9]{0,99})(\.[0-9]{1,99})?"
_SMALL = "([eE][+-]?[0-9]{1,2})?"
# The largest double is about 1.8e308.
_LARGE = r"-?[0-9](\.[0-9]{1,99})?[eE][+-]?([1-2]?[0-9]{1,2}|30[0-7])"


def without_null(schema: Keywords) -> Keywords:
    """Return a schema of texts: a query, header or cookie cannot say null."""
    out = dict(schema)
    if out.get("default", ...) is None:
        del out["default"]
    if isinstance(out.get("enum"), list):
        out["enum"] = [each for each in out["enum"] if each is not None]
    if isinstance(out.get("type"), list) and "null" in out["type"]:
        kinds = [each for each in out["type"] if each != "null"]
        out["type"] = kinds[0] if len(kinds) == 1 else kinds
    return out


def as_text(keywords: Keywords, field: Field) -> Keywords:
    """Return the schema of the text of a value: the names of an object's members are strings.

    Args:
        keywords: The schema of the value.
        field: The field that reads the text. An integer may begin with zeros, but a value of an
            enumeration has one text.
    """
    kind = keywords.get("type")
    if kind == "string":
        return keywords
    if kind == ["string", "number"]:
        bounds = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
        return {**{k: v for k, v in keywords.items() if k not in bounds}, "type": "string"}
    out: Keywords = {"type": "string"}
    if "description" in keywords:
        out["description"] = keywords["description"]
    if isinstance(field, (fields.Enum, fields.Constant)) and _choices(keywords) is not None:
        return {**out, **_among(keywords)}
    if kind == "integer":
        return {**out, **_integers(keywords)}
    if kind == "number":
        return {**out, **_numbers(keywords)}
    if kind == "boolean":
        return {**out, **_among(keywords)}
    return {}


def _choices(keywords: Keywords) -> list[object] | None:
    """Return the only values, None where there is no such list."""
    return [keywords["const"]] if "const" in keywords else keywords.get("enum")


def _denied(keywords: Keywords) -> list[object] | None:
    """Return the values that are forbidden, None where every value is."""
    denied = keywords.get("not", {"enum": []})
    return list(denied["enum"]) if "enum" in denied else None


def _among(keywords: Keywords) -> Keywords:
    """Return the texts of booleans and of choices, each of which has one text."""
    denied = _denied(keywords)
    if denied is None:
        return {"not": {}}
    values = _choices(keywords)
    if values is None:
        values = [True, False]
    texts = [_text_of(each) for each in values if not _has(denied, each)]
    return {"enum": texts} if texts else {"not": {}}


def _has(values: Iterable[object], value: object) -> bool:
    return any(each == value and type(each) is type(value) for each in values)


def _text_of(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _integers(keywords: Keywords) -> Keywords:
    denied, choices = _denied(keywords), _choices(keywords)
    if denied is None:
        return {"not": {}}
    low, high = _least(keywords), _most(keywords)
    if choices is None:
        out = between(low, high)
    else:
        taken = [each for each in choices if isinstance(each, int) and low <= each <= high]
        out = {"pattern": among(taken)} if taken else {"not": {}}
    excluded = [each for each in denied if isinstance(each, int)]
    return _without(out, among(excluded)) if excluded else out


def _without(out: Keywords, pattern: str) -> Keywords:
    if "not" not in out:
        return {**out, "not": {"pattern": pattern}}
    return {**out, "allOf": [{"not": {"pattern": pattern}}]}


def _least(keywords: Keywords) -> int:
    low: int = math.ceil(keywords.get("minimum", INT64_MIN))
    above: int = math.floor(keywords.get("exclusiveMinimum", INT64_MIN - 1))
    return max(low, above + 1, INT64_MIN)


def _most(keywords: Keywords) -> int:
    high: int = math.floor(keywords.get("maximum", INT64_MAX))
    below: int = math.ceil(keywords.get("exclusiveMaximum", INT64_MAX + 1))
    return min(high, below - 1, INT64_MAX)


def _numbers(keywords: Keywords) -> Keywords:
    """Return the texts of numbers; those without an exponent where numbers are compared."""
    denied, choices, bounds = _denied(keywords), _choices(keywords), _bounds(keywords)
    if denied is None:
        return {"not": {}}
    out: Keywords = {"pattern": f"^({_PLAIN}{_SMALL}|{_LARGE})$"}
    if choices is not None:
        out["pattern"] = _numbers_among(choices)
    elif bounds or denied:
        out["pattern"] = f"^{_PLAIN}$"
    if bounds:
        out["allOf"] = [{"pattern": each} for each in bounds]
    if denied:
        out["not"] = {"pattern": _numbers_among(denied)}
    return out


def _bounds(keywords: Keywords) -> list[str]:
    """Return the patterns of the bounds of numbers."""
    return [
        write(Decimal(str(keywords[name])), inclusive=not name.startswith("exclusive"))
        for name, write in _BOUNDS.items()
        if name in keywords
    ]


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numbers_among(values: Iterable[object]) -> str:
    found = [equal_to(Decimal(str(each))) for each in values if _is_number(each)]
    return f"^({'|'.join(found)})$" if found else "(?!)"


_BOUNDS = {
    "minimum": at_least,
    "exclusiveMinimum": at_least,
    "maximum": at_most,
    "exclusiveMaximum": at_most,
}
