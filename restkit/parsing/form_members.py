"""Objects whose members a form sends one by one: ``address[street]``, ``items[0][title]``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from marshmallow import Schema, fields

from ..schemas.bound import Fault
from ..schemas.form_policy import takes_empty, unchecked
from ..schemas.wire_format import wire_name
from ..schemas.wire_formats import wire_of

__all__ = [
    "Tree",
    "is_blank",
    "member_path",
    "nested_schema_of",
    "rows_of",
    "tree_of",
]

_Field = fields.Field[object]
Tree = dict[str, "Tree | list[str]"]
"""Texts by the names in brackets, from the outside in."""

_PATH = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,12})")
_MAX_DIGITS = 6


def member_path(name: str) -> list[str] | None:
    """Return the names of ``items[0][title]`` from the outside in, None for a plain name."""
    found = _PATH.fullmatch(name) if name.endswith("]") else None
    return None if found is None else [found[1], *found[2][1:-1].split("][")]


def tree_of(pairs: Iterable[tuple[str, object]]) -> Tree:
    """Return the texts of a form by the names in brackets.

    A name that is both a text and an object is what came first.
    """
    out: Tree = {}
    for name, value in pairs:
        node: Tree | list[str] | None = out
        *outer, last = member_path(name) or [name]
        for each in outer:
            node = node.setdefault(each, {}) if isinstance(node, dict) else None
        leaf = node.setdefault(last, []) if isinstance(node, dict) else None
        if isinstance(leaf, list):
            # NOTE: a browser sends each line break of a textarea as CR LF.
            leaf.append(str(value).replace("\r\n", "\n"))
    return out


def is_blank(node: Tree | list[str]) -> bool:
    """Return whether nobody filled in anything."""
    if isinstance(node, list):
        return not any(node)
    return all(is_blank(each) for each in node.values())


def rows_of(tree: Tree) -> list[Tree]:
    """Return the rows of a list that somebody filled in, by their numbers."""
    numbers = sorted((each for each in tree if _is_number(each)), key=int)
    rows = [tree[each] for each in numbers]
    return [each for each in rows if isinstance(each, dict) and not is_blank(each)]


def nested_schema_of(field: _Field) -> tuple[Schema, bool] | None:
    """Return the schema of a field of objects, and whether it is a list of them."""
    item = field.inner if isinstance(field, fields.List) else field
    if not isinstance(item, fields.Nested) or isinstance(item, fields.Pluck):
        return None
    return item.schema, item is not field or bool(item.many or item.schema.many)


def add_objects(
    out: dict[str, object],
    name: str,
    field: _Field,
    tree: Tree,
    faults: list[Fault],
    *,
    partial: bool,
) -> None:
    """Add what a field of objects loads of the members that were sent.

    An object that need not be there and of which nobody filled in anything is null if it may be
    null, and else absent.

    Args:
        out: Takes the value, by the name of the field.
        name: The name of the field.
        field: The field.
        tree: Its texts.
        faults: Takes what is wrong with the names.
        partial: Whether an absent checkbox is absent.
    """
    nested = nested_schema_of(field)
    if nested is None:
        out[name] = dict(tree)  # an object, which the field rejects
        return
    schema, many = nested
    if many:
        if not all(map(_is_number, tree)):
            faults.append(((name,), "Send its items as in name[0][member].", "type"))
        out[name] = [_object(schema, row, partial=partial) for row in rows_of(tree)]
    elif field.required or not is_blank(tree):
        out[name] = _object(schema, tree, partial=partial)
    elif field.allow_none:
        out[name] = None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS


def _object(schema: Schema, tree: Tree, *, partial: bool) -> Mapping[str, object]:
    known = {wire_name(name, each): each for name, each in schema.load_fields.items()}
    out: dict[str, object] = {}
    for name, node in tree.items():
        field = known.get(name)
        if field is None:  # which the schema reports
            out[name] = "" if isinstance(node, dict) else node[-1]
        elif isinstance(node, dict):
            add_objects(out, name, field, node, [], partial=partial)
        else:
            _add(out, name, field, node)
    for name, field in known.items():
        text = None if partial else unchecked(field)
        if text is not None:
            out.setdefault(name, _value(field, text))
    return out


def _add(out: dict[str, object], name: str, field: _Field, texts: list[str]) -> None:
    if isinstance(field, fields.List):
        out[name] = [_value(field.inner, each) for each in texts if each]
    elif texts[-1] or takes_empty(field):
        out[name] = _value(field, texts[-1])
    elif field.allow_none:
        out[name] = None


def _value(field: _Field, text: str) -> object:
    """Return the JSON value that a text stands for, or the text, which the field rejects."""
    wire = wire_of(field)
    if wire is None:
        return text
    try:
        return (wire.form or wire.text)(text)
    except (ValueError, TypeError):
        return text
