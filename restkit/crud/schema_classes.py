"""Schema classes that are derived from the schema of a collection: responses, patches, pages."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

from marshmallow import RAISE, Schema, fields

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


@cache
def page_of(answered: type[Schema]) -> type[Schema]:
    """Return the schema class of a page of items."""
    members = {
        "Meta": type("Meta", (Schema.Meta,), {"unknown": RAISE, "register": False}),
        "items": fields.List(
            fields.Nested(answered),
            required=True,
            metadata={"description": "The items of the page."},
        ),
        "next": fields.Str(
            required=True,
            allow_none=True,
            metadata={"description": "The URL of the next page, null on the last page."},
        ),
        "total": fields.Int(
            metadata={
                "description": "The number of items on all pages, if `Prefer: count` requests it."
            }
        ),
        "__module__": answered.__module__,
    }
    return type(f"{answered.__name__.removesuffix('Schema')}PageSchema", (Schema,), members)
