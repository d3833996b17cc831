"""The dialects of schemas: JSON Schema 2020-12 (OpenAPI 3.1, 3.2) and the subset of OpenAPI 3.0.

OpenAPI 3.0 has no type arrays and no null type, boolean exclusive bounds, no ``const``, no tuples
and no siblings of ``$ref`` (OpenAPI 3.0.4, section 4.7.24).
"""

from __future__ import annotations

from typing import Any

from ..schemas.schema_values import map_subschemas

__all__ = ["lower"]

Schema = dict[str, Any]

# The keywords of OpenAPI 3.0, and those that are lowered to them.
_KNOWN_3_0 = frozenset(
    {
        *("$ref", "additionalProperties", "allOf", "anyOf", "default", "deprecated", "description"),
        *("discriminator", "enum", "example", "exclusiveMaximum", "exclusiveMinimum"),
        *("externalDocs", "format", "items", "maxItems", "maxLength", "maxProperties", "maximum"),
        *("minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "nullable"),
        *("oneOf", "pattern", "properties", "readOnly", "required", "title", "type"),
        *("uniqueItems", "writeOnly", "xml"),
        *("const", "examples", "prefixItems"),
    }
)
_NULL: Schema = {"type": "object", "nullable": True, "enum": [None]}


def lower(schema: Any) -> Any:
    """Return a schema of JSON Schema 2020-12 in the dialect of OpenAPI 3.0.

    Keywords that 3.0 lacks are left out: the result accepts the same values, or more.
    """
    if schema is True:
        return {}
    if schema is False:
        return {"not": {}}
    if schema == {"type": "null"}:
        return dict(_NULL)
    known = {name: schema[name] for name in schema if name in _KNOWN_3_0 or name.startswith("x-")}
    if not _is_lossless(known.get("not", True)):
        del known["not"]
    _lower_items(known)
    out = map_subschemas(known, lower)
    if isinstance(known.get("additionalProperties"), bool):
        out["additionalProperties"] = known["additionalProperties"]
    if "patternProperties" in schema:
        out.pop("additionalProperties", None)  # it would refuse the names of the patterns
    _lower_bounds(out)
    _lower_values(out)
    _lower_type(out)
    if out.get("type") == "array":
        out.setdefault("items", {})
    return _lower_reference(out)


def _is_lossless(schema: Any) -> bool:
    """Return whether lowering keeps every keyword: a loss under ``not`` would accept less."""
    return isinstance(schema, bool) or schema.keys() <= _KNOWN_3_0 - {"prefixItems"}


def _lower_items(out: Schema) -> None:
    prefix = out.pop("prefixItems", None)
    if prefix:
        rest = out.get("items", {})
        if rest not in (False, {"not": {}}):
            prefix = [*prefix, rest]
        distinct = [each for at, each in enumerate(prefix) if each not in prefix[:at]]
        out["items"] = distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
    elif out.get("items") in (False, {"not": {}}):
        out["items"] = {}


def _lower_bounds(out: Schema) -> None:
    for bound, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if strict not in out or isinstance(out[strict], bool):
            continue
        value = out.pop(strict)
        wider = bound in out and (out[bound] > value if bound == "minimum" else out[bound] < value)
        if not wider:
            out[bound] = value
            out[strict] = True


def _lower_values(out: Schema) -> None:
    if "const" in out:
        out["enum"] = [out.pop("const")]
    if "examples" in out:
        examples = out.pop("examples")
        if examples:
            out.setdefault("example", examples[0])


def _lower_type(out: Schema) -> None:
    kinds = out.get("type")
    if kinds == "null":
        out.update(_NULL)
    if not isinstance(kinds, list):
        return
    others = [kind for kind in kinds if kind != "null"]
    if len(others) == 1:
        out["type"] = others[0]
        if "null" in kinds:
            out["nullable"] = True
        return
    del out["type"]
    choices: list[Schema] = [{"type": kind} for kind in others]
    if "array" in others:
        choices[others.index("array")]["items"] = out.pop("items", {})
    if "null" in kinds:
        choices.append(dict(_NULL))
    if "anyOf" in out:
        out["allOf"] = [*out.get("allOf", []), {"anyOf": out.pop("anyOf")}]
    out["anyOf"] = choices


def _lower_reference(out: Schema) -> Schema:
    if "$ref" not in out or len(out) == 1:
        return out
    return {"allOf": [{"$ref": out.pop("$ref")}, *out.pop("allOf", [])], **out}
