"""Null, and other single values, among the values that a JSON Schema accepts."""

from __future__ import annotations

from collections.abc import Mapping

from .matching import fits
from .metadata import Keywords

__all__ = ["nullable", "or_constant"]

# Keywords that describe a value and reject none.
ANNOTATIONS = {"title", "description", "deprecated", "examples", "default"}


def or_constant(schema: Keywords, value: object) -> Keywords:
    """Let one more value be taken."""
    annotations = {name: each for name, each in schema.items() if name in ANNOTATIONS}
    rules = {name: each for name, each in schema.items() if name not in ANNOTATIONS}
    return {"anyOf": [rules, {"enum": [value]}], **annotations}


# Of these keywords null passes all, or `_nullable` puts it among what they allow.
_SIMPLE = frozenset(
    {
        *("type", "format", "pattern", "items", "prefixItems", "properties", "required"),
        *(
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "uniqueItems",
            "contentEncoding",
        ),
        *(
            "contentMediaType",
            "enum",
            "const",
            "multipleOf",
            "readOnly",
            "writeOnly",
            "xml",
            "externalDocs",
        ),
        *(
            f"{end}{noun}"
            for end in ("min", "max")
            for noun in ("imum", "Length", "Items", "Properties")
        ),
        *("exclusiveMinimum", "exclusiveMaximum"),
    }
)
_OF_STRINGS = frozenset({"pattern", "format"})


def nullable(schema: Keywords) -> Keywords:
    """Let null be taken too."""
    if not schema.keys() & {"$ref", "not"} and fits(schema, None):
        return schema
    annotations = {name: each for name, each in schema.items() if name in ANNOTATIONS}
    rules = {name: each for name, each in schema.items() if name not in ANNOTATIONS}
    if all(_can_admit_null(name, each) for name, each in rules.items()):
        return _admitting_null(schema)
    if rules.keys() == {"anyOf"}:
        return {"anyOf": [*rules["anyOf"], {"type": "null"}], **annotations}
    return {"anyOf": [rules, {"type": "null"}], **annotations}


def _can_admit_null(name: str, value: object) -> bool:
    if name in ("allOf", "anyOf"):  # null passes what speaks of strings alone
        parts = value if isinstance(value, list) else [value]
        return all(isinstance(each, Mapping) and each.keys() <= _OF_STRINGS for each in parts)
    if name == "not":
        return isinstance(value, Mapping) and set(value) == {"enum"}
    return name in _SIMPLE or name.startswith("x-")


def _admitting_null(schema: Keywords) -> Keywords:
    out = dict(schema)
    if "const" in out:
        out["enum"] = [out.pop("const")]
    if "enum" in out and None not in out["enum"]:
        out["enum"] = [*out["enum"], None]
    if "not" in out:
        out["not"] = {"enum": [value for value in out["not"]["enum"] if value is not None]}
    if "type" in out:
        kinds = [out["type"]] if isinstance(out["type"], str) else list(out["type"])
        out["type"] = kinds if "null" in kinds else [*kinds, "null"]
    return out
