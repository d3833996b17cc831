"""The views of the schemas of one collection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from marshmallow import Schema

from ..resource import Owner
from .declared_schemas import DeclaredSchemas
from .schema_views import Views
from .store import AnyStore

__all__ = ["views_of"]


class _Declared(Protocol):
    """The part of a `CRUDResource` class that decides the views."""

    fields: bool
    expand: Sequence[str]


def views_of(
    schemas: DeclaredSchemas, declared: _Declared, store: AnyStore, declared_at: str, app: Owner
) -> tuple[Views, Views, Views, Views]:
    """Return the views of each schema; schemas that are one class share their views."""
    found: dict[type[Schema], Views] = {}

    def views(schema: type[Schema], expand: Sequence[str] = (), *, sparse: bool = False) -> Views:
        if schema not in found:
            found[schema] = Views(
                schema,
                expand,
                sparse,
                declared_at,
                strict=app.settings.strict,
                compiled=app.settings.compile_schemas,
                store=store,
            )
        return found[schema]

    sparse = bool(declared.fields)
    item = views(schemas.item, declared.expand, sparse=sparse)
    listed = views(schemas.list, declared.expand, sparse=sparse)
    return item, listed, views(schemas.create.schema), views(schemas.update)
