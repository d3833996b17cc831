"""Schema classes that are derived from the schema of a collection: responses, patches, pages."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from typing import Any

from marshmallow import RAISE, Schema, fields

from ..schemas.schema_equality import have_same_fields
from .store import AnyField

__all__ = ["merged", "optional", "page_of"]


@cache
def optional(
    declared: type[Schema], names: tuple[str, ...], stem: str, relations: tuple[str, ...]
) -> type[Schema]:
    """Return a copy of a schema class whose named fields may be absent, and relations null."""
    meta = type("Meta", (declared.Meta,), {"optional": names, "register": False})
    members = {"Meta": meta, "__doc__": declared.__doc__, "__module__": declared.__module__}
    known = declared().fields
    single = {name: copy.copy(known[name]) for name in relations if _is_single(known[name])}
    for field in single.values():
        field.allow_none = True  # the caller may not see the related item
    return type(f"{stem}Schema", (declared,), {**members, **single})


def _is_single(field: AnyField) -> bool:
    return isinstance(field, fields.Nested) and not field.many


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
