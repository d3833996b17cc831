"""The schema classes of a `CRUDResource`: as declared, or derived from its model."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from marshmallow import Schema, missing

from ..errors import DeclarationError
from ..operations.operation_ids import singular, stem
from ..records import Record
from ..resource import Schemas
from .store import AnyStore

__all__ = ["DeclaredSchemas", "declared_schemas"]


class DeclaredSchemas(Record):
    """The schema class of each kind of content.

    Attributes:
        item: The responses of one item.
        list: The items of a page.
        create: The bodies of POST and PUT.
        update: The bodies of PATCH.
    """

    item: type[Schema]
    list: type[Schema]
    create: type[Schema]
    update: type[Schema]


def declared_schemas(
    declared: Any, store: AnyStore, declared_at: str, scope: Sequence[str], name: str
) -> DeclaredSchemas:
    """Return the schema classes of a `CRUDResource`.

    Args:
        declared: The class.
        store: The store of its items, which derives a schema if the class declares none.
        declared_at: The name of the class, for messages.
        scope: The variables of the URL pattern.
        name: The name of the collection, which names a derived schema.

    Raises:
        DeclarationError: A declared schema is not a schema class.
    """
    schema = declared.schema
    if schema is None:
        derived = store.schema(declared.expand)
        known = [each for each in scope if each in store.attributes]
        schema = _scoped(derived, known, name) if known else derived
    if not isinstance(schema, Schemas):
        found = _schema_class(schema, f"{declared_at}.schema")
        return DeclaredSchemas(found, found, found, found)
    chosen = {
        "item": schema.item,
        "list": schema.response(many=True),
        "create": schema.body("POST"),
        "update": schema.body("PATCH"),
    }
    return DeclaredSchemas(
        **{
            role: _schema_class(each, f"{declared_at}.schema: {role} of Schemas(...)")
            for role, each in chosen.items()
        }
    )


def _schema_class(schema: object, declared_at: str) -> type[Schema]:
    if isinstance(schema, type) and issubclass(schema, Schema):
        return schema
    raise DeclarationError(f"{declared_at} must be a marshmallow Schema class, got {schema!r}.")


def _scoped(derived: type[Schema], scope: Sequence[str], name: str) -> type[Schema]:
    """Return a derived schema whose attributes of the URL are in responses only."""
    members: dict[str, object] = {}
    for attribute in scope:
        field = copy.copy(derived().fields[attribute])
        field.dump_only, field.required, field.load_default = True, False, missing
        members[attribute] = field
    own = singular(name, stem(derived)) or f"{name}{stem(derived)}"
    meta = type("Meta", (derived.Meta,), {"register": False})
    more = {"Meta": meta, "__doc__": derived.__doc__, "__module__": derived.__module__}
    return type(f"{own}Schema", (derived,), {**members, **more})
