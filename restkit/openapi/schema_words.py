"""JSON Schemas in words: the type of a member, and the rules of its values, in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import cast

__all__ = ["anchor", "schema_link", "words_of"]

Node = Mapping[str, object]
_COMPONENT = "#/components/schemas/"
_DEEPEST = 4
_MOST_VALUES = 30
_BOUNDS = (
    ("minimum", "at least"),
    ("exclusiveMinimum", "more than"),
    ("maximum", "at most"),
    ("exclusiveMaximum", "less than"),
    ("multipleOf", "a multiple of"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("pattern", "matches"),
    ("default", "default"),
)
_NO_NUL = r"^[^\u0000]*$"  # what every string of restkit has
_EDGES = frozenset({-(2**63), 2**63 - 1})  # the integers of 64 bits


def anchor(title: str) -> str:
    """Return the fragment of a heading, as most renderers of Markdown make it."""
    kept = "".join(each for each in title.lower() if each.isalnum() or each in " -_")
    return kept.replace(" ", "-")


def schema_link(reference: str) -> str:
    """Return a link to the heading of a component."""
    name = reference.removeprefix(_COMPONENT)
    return f"[{name}](#{anchor(f'Schema {name}')})"


def words_of(schema: object, depth: int = 0) -> str:
    """Return a schema in words.

    Args:
        schema: The schema.
        depth: The number of schemas around it.
    """
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return "any value"
    node = cast("Node", schema)
    parts = [_kind(node, depth), *_bounds(node)]
    return ", ".join(each for each in parts if each) or "any value"


def _kind(node: Node, depth: int) -> str:
    reference = node.get("$ref")
    if isinstance(reference, str):
        return schema_link(reference)
    if "const" in node:
        return _value(node["const"])
    values = node.get("enum")
    if isinstance(values, list):
        listed = cast("list[object]", values)
        more = ["…"] if len(listed) > _MOST_VALUES else []
        return " \\| ".join([*map(_value, listed[:_MOST_VALUES]), *more])
    for name, between in (("anyOf", " or "), ("oneOf", " or "), ("allOf", " and ")):
        found = node.get(name)
        if isinstance(found, list):
            return between.join(words_of(each, depth + 1) for each in cast("list[object]", found))
    return _typed(node, depth)


def _typed(node: Node, depth: int) -> str:
    given = node.get("type")
    kinds = cast("list[object]", given) if isinstance(given, list) else [given]
    named = [_one_kind(str(kind), node, depth) for kind in kinds if kind is not None]
    return " or ".join(named)


def _one_kind(kind: str, node: Node, depth: int) -> str:
    if kind == "array":
        return f"list of {words_of(node.get('items'), depth + 1)}"
    if kind == "object" and isinstance(node.get("additionalProperties"), Mapping):
        return f"object of {words_of(node['additionalProperties'], depth + 1)}"
    form = node.get("format")
    is_plain = form is None or kind in ("null", "object") or form in ("int64", "double")
    return kind if is_plain else f"{kind} ({form})"


def _bounds(node: Node) -> Iterator[str]:
    for name, words in _BOUNDS:
        value = node.get(name)
        if value is None or value == _NO_NUL or (name != "default" and value in _EDGES):
            continue
        shown = _value(value)
        yield words.format(value) if "{}" in words else f"{words} {shown}"


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    mark = "``" if "`" in text else "`"
    return f"{mark}{text}{mark}"
