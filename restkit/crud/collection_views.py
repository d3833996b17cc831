"""The views of the schemas of one collection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from marshmallow import Schema

from ..resource import Owner
from .declared_schemas import DeclaredSchemas
from .expansions import Expansions
from .schema_views import Views
from .store import AnyStore

__all__ = ["EachViews", "ViewedClass", "views_maker", "views_of"]

EachViews = tuple[Views, Views, Views, Views, Views]
"""The views of one item, of a list, and of the bodies of POST, PUT and PATCH."""


class ViewedClass(Protocol):
    """The part of a `CRUDResource` class that decides the views of responses."""

    @property
    def expand(self) -> Expansions:
        """The relations that clients may include."""
        ...

    @property
    def fields(self) -> bool:
        """Whether clients may select fields."""
        ...


def views_maker(
    store: AnyStore, declared_at: str, app: Owner, made: Callable[..., Views] = Views
) -> Callable[..., Views]:
    """Return a function that makes the views of a schema class: (schema, expand, sparse).

    Args:
        store: The store of the items.
        declared_at: The name of the class, for messages.
        app: The App.
        made: The class of the views.
    """

    def make(schema: type[Schema], expand: Expansions = (), sparse: bool = False) -> Views:
        return made(
            schema,
            expand,
            sparse,
            declared_at,
            strict=app.settings.strict,
            compiled=app.settings.compile_schemas,
            store=store,
        )

    return make


def views_of(
    schemas: DeclaredSchemas, declared: ViewedClass, make: Callable[..., Views]
) -> EachViews:
    """Return the views of each schema; schemas that are one class share their views."""
    found: dict[type[Schema], Views] = {}

    def views(schema: type[Schema], *more: object) -> Views:
        if schema not in found:
            found[schema] = make(schema, *more)
        return found[schema]

    sparse = bool(declared.fields)
    item = views(schemas.item, declared.expand, sparse)
    listed = views(schemas.list, declared.expand, sparse)
    bodies = views(schemas.create.schema), views(schemas.replace.schema), views(schemas.update)
    return (item, listed, *bodies)
