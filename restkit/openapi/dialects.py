"""The dialects of schemas: JSON Schema 2020-12 (OpenAPI 3.1, 3.2) lowered to the subset of OpenAPI 3.0.

OpenAPI 3.0 has no type arrays and no null type, boolean exclusive bounds, no ``const``, no tuples and no
siblings of ``$ref`` (OpenAPI 3.0.4, section 4.7.24).
"""

from __future__ import annotations

from typing import Any

__all__ = ["lower"]

_UNKNOWN = (
    "propertyNames",
    "patternProperties",
    "contentEncoding",
    "contentMediaType",
    "$defs",
    "$comment",
)
_NULL: dict[str, Any] = {"type": "object", "nullable": True, "enum": [None]}


def lower(schema: Any) -> Any:
    """Return a schema of JSON Schema 2020-12 in the dialect of OpenAPI 3.0.

    What 3.0 cannot say is left out; what is accepted only grows by that.
    """
    if not isinstance(schema, dict):
        return {} if schema is True else {"not": {}} if schema is False else schema
    out = {name: value for name, value in schema.items() if name not in _UNKNOWN}
    _lower_items(out)
    _lower_children(out)
    _lower_bounds(out)
    if "const" in out:
        out["enum"] = [out.pop("const")]
    if "examples" in out:
        examples = out.pop("examples")
        out.setdefault("example", examples[0] if examples else None)
    _lower_type(out)
    if "$ref" in out and len(out) > 1:
        out = {"allOf": [{"$ref": out.pop("$ref")}, *out.pop("allOf", [])], **out}
    return out


def _lower_items(out: dict[str, Any]) -> None:
    prefix = out.pop("prefixItems", None)
    if prefix is not None:
        distinct = [each for at, each in enumerate(prefix) if each not in prefix[:at]]
        out["items"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
    elif out.get("items") in (False, {"not": {}}):
        out["items"] = {}


def _lower_children(out: dict[str, Any]) -> None:
    if "properties" in out:
        out["properties"] = {name: lower(each) for name, each in out["properties"].items()}
    for name in ("items", "not"):
        if name in out:
            out[name] = lower(out[name])
    if isinstance(out.get("additionalProperties"), dict):
        out["additionalProperties"] = lower(out["additionalProperties"])
    for name in ("anyOf", "allOf", "oneOf"):
        if name in out:
            out[name] = [_NULL if each == {"type": "null"} else lower(each) for each in out[name]]


def _lower_bounds(out: dict[str, Any]) -> None:
    for bound, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if strict not in out:
            continue
        value = out.pop(strict)
        wider = bound in out and (out[bound] > value if bound == "minimum" else out[bound] < value)
        if not wider:
            out[bound] = value
            out[strict] = True


def _lower_type(out: dict[str, Any]) -> None:
    kinds = out.get("type")
    if kinds == "null":
        out.update(_NULL)
    if not isinstance(kinds, list):
        return
    others = [kind for kind in kinds if kind != "null"]
    nullable = "null" in kinds
    if len(others) == 1:
        out["type"] = others[0]
        if nullable:
            out["nullable"] = True
        return
    del out["type"]
    choices: list[dict[str, Any]] = [{"type": kind} for kind in others]
    out["anyOf"] = [*choices, _NULL] if nullable else choices
