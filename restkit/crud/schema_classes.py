"""Schema classes that are derived from the schema of a collection: responses, patches, pages."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from ..records import Record
from ..schemas.schema_equality import have_same_fields
from .expansions import RelationPath
from .nested_fields import is_single, nested_in
from .store import AnyField

__all__ = [
    "Branch",
    "branches",
    "including",
    "merged",
    "optional",
    "page_of",
]


class Branch(Record):
    """A relation that clients may include, as the schema of responses has it.

    Attributes:
        name: The name of the field.
        limit: The maximum number of items; None for a relation to one.
        order: The attributes that decide the order of the items.
        below: The relations of the related items.
    """

    name: str
    limit: int | None
    order: str
    below: tuple[Branch, ...]


def branches(names: Iterable[str], paths: Mapping[str, RelationPath]) -> tuple[Branch, ...]:
    """Return relations as a tree.

    Args:
        names: The fields, and paths of fields.
        paths: Each of them as it is loaded.
    """
    known = tuple(names)

    def branch(name: str) -> Branch:
        path, begin = paths[name], f"{name}."
        order = ",".join("-" * each.descending + each.name for each in path.order)
        below = tuple(branch(each) for each in known if each.startswith(begin))
        return Branch(name.rpartition(".")[2], path.limit, order, below)

    return tuple(branch(name) for name in known if "." not in name)


def including(declared: type[Schema], stem: str, found: tuple[Branch, ...]) -> type[Schema]:
    """Return a copy of a schema class with optional relations, or the class itself without any."""
    if not found:
        return declared
    # The name lists the relations: one document may have several such views of a schema.
    relations = "".join(sorted(map(_title, found)))
    names = tuple(each.name for each in found)
    return optional(declared, names, f"{stem}With{relations}", found)


def _title(branch: Branch) -> str:
    below = "".join(map(_title, branch.below))
    return branch.name[:1].upper() + branch.name[1:] + below


@cache
def optional(
    declared: type[Schema], names: tuple[str, ...], stem: str, relations: tuple[Branch, ...]
) -> type[Schema]:
    """Return a copy of a schema class whose named fields may be absent, and relations null."""
    every = (*names, *getattr(declared.Meta, "optional", ()))
    meta = type("Meta", (declared.Meta,), {"optional": every, "register": False})
    members = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    known = declared().fields
    found = {each.name: _included(known[each.name], each) for each in relations}
    return type(f"{stem}Schema", (declared,), {**members, **found})


def _included(field: AnyField, branch: Branch) -> AnyField:
    """Return the field of a relation that clients may include, with its bounds."""
    made = copy.copy(field)
    if is_single(field):
        made.allow_none = True  # the caller may not see the related item
    elif branch.limit is not None:
        made.validators = [*made.validators, validate.Length(max=branch.limit)]
        order = f" by {branch.order}" if branch.order else ""
        text = f"The first {branch.limit} items{order}; if there are so many, more may exist."
        made.metadata = {"description": text, **made.metadata}
    if branch.below:
        _nest(made, branch.below)
    return made


def _nest(field: AnyField, below: tuple[Branch, ...]) -> None:
    """Let a field nest a schema whose relations may be absent."""
    if isinstance(field, fields.List):
        field.inner = copy.copy(field.inner)
    inner = field.inner if isinstance(field, fields.List) else field
    schema = nested_in(field)
    if not isinstance(inner, fields.Nested) or schema is None:
        raise LookupError(field)  # cannot be: `Views` has checked the relations
    declared = type(schema)
    inner.nested = including(declared, declared.__name__.removesuffix("Schema"), below)
    inner.only = None if schema.only is None else tuple(schema.only)
    inner.exclude, inner._schema = tuple(schema.exclude), None


_merging: dict[type[Schema], type[Schema]] = {}


def merged(declared: type[Schema], schema: Schema) -> type[Schema]:
    """Return a copy of a schema class in which optional members may be null (RFC 7396)."""
    if declared not in _merging:
        members: dict[str, Any] = {}
        for name, each in schema.load_fields.items():
            if not each.required and not each.allow_none:
                members[name] = copy.copy(each)
                members[name].allow_none = True
        meta = type("Meta", (declared.Meta,), {"register": False})
        more = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
        _merging[declared] = (
            type(declared.__name__, (declared,), {**members, **more}) if members else declared
        )
    return _merging[declared]


_pages: dict[tuple[type[Schema], str], list[type[Schema]]] = {}


def page_of(answered: type[Schema], suffix: str, members: Mapping[str, AnyField]) -> type[Schema]:
    """Return the schema class of a page of items, the same one for the same members.

    Args:
        answered: The schema class of an item.
        suffix: The end of its name.
        members: The fields of the page by name.
    """
    own: dict[str, object] = {
        "Meta": type("Meta", (Schema.Meta,), {"unknown": RAISE, "register": False}),
        **members,
        "__module__": answered.__module__,
    }
    made = type(f"{answered.__name__.removesuffix('Schema')}{suffix}Schema", (Schema,), own)
    known = _pages.setdefault((answered, suffix), [])
    found = next((each for each in known if have_same_fields(each(), made())), None)
    if found is None:
        known.append(made)
    return found or made
