"""Objects whose members a form sends one by one: ``address[street]``, ``items[0][title]``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from marshmallow import RAISE, Schema, fields

from ..schemas.bound import Fault
from ..schemas.form_policy import must_be_filled_in, takes_empty, unchecked
from ..schemas.wire_format import wire_name
from ..schemas.wire_formats import wire_of

__all__ = [
    "Tree",
    "is_blank",
    "leaves_of",
    "left_empty",
    "member_path",
    "nested_schema_of",
    "rows_of",
    "texts_of",
    "tree_of",
]

_Field = fields.Field[object]
Path = tuple[str | int, ...]
Tree = dict[str, "Tree | list[str]"]
"""Texts by the names in brackets, from the outside in."""

_PATH = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\]){1,12})")
_MAX_DIGITS = 6
_REQUIRED = "required"


def member_path(name: str) -> list[str] | None:
    """Return the names of ``items[0][title]`` from the outside in, None for a plain name."""
    found = _PATH.fullmatch(name) if name.endswith("]") else None
    return None if found is None else [found[1], *found[2][1:-1].split("][")]


def tree_of(pairs: Iterable[tuple[str, object]], faults: list[Fault] | None = None) -> Tree:
    """Return the texts of a form by the names in brackets.

    If a name is both a text and an object, the first one holds.

    Args:
        pairs: The names and values.
        faults: Takes the names that are both.
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
        elif faults is not None:
            faults.append(((*outer, last), "Given more than once.", "repeated"))
    return out


def texts_of(node: Tree | list[str]) -> list[str]:
    """Return the texts of a field: those of ``tags[]`` are those of ``tags``."""
    if isinstance(node, list):
        return node
    found = node.get("") if len(node) == 1 else None
    return found if isinstance(found, list) else []


def leaves_of(node: Tree | list[str]) -> Iterator[str]:
    """Yield the texts below a name."""
    if isinstance(node, list):
        yield from node
    else:
        for each in node.values():
            yield from leaves_of(each)


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
    path: Path,
    field: _Field,
    tree: Tree,
    faults: list[Fault],
    *,
    partial: bool,
) -> None:
    """Add the values that a field of objects loads from the members of a form.

    An object that need not be there and of which nobody filled in anything is null if it may be
    null, and else absent.

    Args:
        out: Takes the value, by the last name of the path.
        path: The names and numbers that lead to the field.
        field: The field.
        tree: Its texts.
        faults: The faults of the names, which are added to.
        partial: Whether an absent checkbox is absent.
    """
    name = str(path[-1])
    nested = nested_schema_of(field)
    if nested is None:
        faults.append((path, "Send it as one value, without the names of members.", "type"))
        return
    schema, many = nested
    if many:
        out[name] = _rows(schema, tree, path, faults, partial=partial)
    elif field.required or not is_blank(tree):
        out[name] = _object(schema, tree, path, faults, partial=partial)
    else:
        _check_names(schema, tree, path, faults)
        if field.allow_none:
            out[name] = None


def _rows(
    schema: Schema, tree: Tree, path: Path, faults: list[Fault], *, partial: bool
) -> list[Mapping[str, object]]:
    """Return the rows that somebody filled in."""
    if not all(_is_number(each) and isinstance(row, dict) for each, row in tree.items()):
        faults.append((path, "Send its items as in name[0][member].", "type"))
    for row in tree.values():
        if isinstance(row, dict) and is_blank(row):
            _check_names(schema, row, path, faults)
    return [
        _object(schema, row, (*path, at), faults, partial=partial)
        for at, row in enumerate(rows_of(tree))
    ]


def _check_names(schema: Schema, tree: Tree, path: Path, faults: list[Fault]) -> None:
    """Reject unknown members of an object that nobody filled in."""
    known = {wire_name(name, each) for name, each in schema.load_fields.items()}
    of_names: list[Fault] = []
    found = _object(schema, tree, path, of_names, partial=True).keys() - known
    faults += [each for each in of_names if each[2] != _REQUIRED]
    if schema.unknown == RAISE:
        faults += [((*path, name), "Unknown field.", "unknown") for name in sorted(found)]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS


def _object(
    schema: Schema, tree: Tree, path: Path, faults: list[Fault], *, partial: bool
) -> Mapping[str, object]:
    known = {wire_name(name, each): each for name, each in schema.load_fields.items()}
    out: dict[str, object] = {}
    for name, node in tree.items():
        field = known.get(name)
        if field is not None:
            _add_member(out, (*path, name), field, node, faults, partial=partial)
        elif isinstance(node, dict):
            faults.append(((*path, name), "Unknown field.", "unknown"))
        else:
            out[name] = node[-1]  # which the schema reports
    for name, field in known.items():
        text = None if partial else unchecked(field)
        if text is not None:
            out.setdefault(name, _value(field, text))
    return out


def _add_member(
    out: dict[str, object],
    path: Path,
    field: _Field,
    node: Tree | list[str],
    faults: list[Fault],
    *,
    partial: bool,
) -> None:
    texts = texts_of(node) if isinstance(node, list) or _is_list(field) else []
    if isinstance(node, dict) and not texts:
        add_objects(out, path, field, node, faults, partial=partial)
    elif partial and not any(texts) and must_be_filled_in(field):
        faults.append(left_empty(path, field))
    else:
        _add(out, path, field, texts, faults)


def left_empty(path: Path, field: _Field) -> Fault:
    """Return the fault of a required field that nobody filled in: that of one that is absent."""
    return path, str(field.error_messages["required"]), _REQUIRED


def _is_list(field: _Field) -> bool:
    return nested_schema_of(field) is None and isinstance(field, fields.List)


def _add(
    out: dict[str, object], path: Path, field: _Field, texts: list[str], faults: list[Fault]
) -> None:
    name = str(path[-1])
    if nested_schema_of(field) is not None:
        faults.append((path, "Send its members, as in name[member].", "type"))
    elif isinstance(field, fields.List):
        out[name] = [_value(field.inner, each) for each in texts if each]
    elif len(texts) > 1 and unchecked(field) is None:
        faults.append((path, "Given more than once.", "repeated"))
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
