"""JSON Schemas of values that are texts: in parameters, and the names of an object's members."""

from __future__ import annotations

from .metadata import Keywords

__all__ = ["as_text", "without_null"]


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


def as_text(keywords: Keywords) -> Keywords:
    """Return the schema of the text of a value: the names of an object's members are strings."""
    kind = keywords.get("type")
    if kind == "integer":
        return {"type": "string", "pattern": "^-?[0-9]{1,18}$"}
    if kind == "number":
        return {"type": "string", "pattern": r"^-?(0|[1-9][0-9]{0,99})(\.[0-9]{1,99})?$"}
    if kind == "boolean":
        return {"type": "string", "enum": ["true", "false"]}
    if kind == ["string", "number"]:
        return {**keywords, "type": "string"}
    return keywords if kind == "string" else {}
