"""A start-up check of a collection: its POST must be able to fill all that a new item needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, runtime_checkable

from marshmallow import INCLUDE, Schema, fields

from ..errors import DeclarationError
from ..schemas.own_behavior import hooks_of
from .declared_schemas import scoped_attributes
from .item_keys import key_of
from .kinds import Polymorphic
from .schema_views import Views
from .store import AnyStore

__all__ = ["NestedItems", "NewItems", "check_required"]


@runtime_checkable
class NewItems(Protocol):
    """The optional ability of a store to tell which attributes a new item needs."""

    def lacking(self, given: Collection[str], /) -> Sequence[str]:
        """Return the attributes without which no item can be stored, and that nothing fills in.

        Args:
            given: The attributes that new items get.
        """
        ...


@runtime_checkable
class NestedItems(Protocol):
    """The optional ability of a store to tell which attributes new nested objects need."""

    def lacking_nested(self, path: Sequence[str], given: Collection[str], /) -> Sequence[str]:
        """Return the attributes without which no nested object can be stored.

        Args:
            path: The relations from the model to the nested objects.
            given: The attributes that nested objects get.
        """
        ...


def check_required(
    declared: type,
    store: AnyStore,
    views: Views,
    decided: Iterable[str],
    *,
    posts: bool,
) -> None:
    """Reject a collection whose schema leaves out attributes that every new item needs.

    Args:
        declared: The class.
        store: The store of its items.
        views: The views of the schema of POST and PUT bodies.
        decided: The attributes that the URL or a row rule decides.
        posts: Whether there is a POST; otherwise only an upsert creates items, whose URL has their
            key.

    Raises:
        DeclarationError: An attribute is lacking.
    """
    if not posts and not getattr(declared, "upsert", False):
        return
    given = {*views.written, *decided, *scoped_attributes(declared)}
    _check_kind(declared, store, given)
    schema = views.declared()
    if not isinstance(store, NewItems) or _may_fill_in(schema):
        return
    found = store.lacking(given if posts else {*given, *key_of(store).names})
    if found:
        declared_at = f"{declared.__module__}.{declared.__qualname__}"
        names = ", ".join(map(repr, found))
        method = "POST" if posts else "PUT"
        raise DeclarationError(
            f"{declared_at}: {views.declared.__name__} leaves out {names}, which may not be null "
            f"and has no default in {store.model.__qualname__}, so that every {method} of a new "
            "item would fail. Add the field to the schema, give the attribute a default, set it "
            "in scope() or create(), or leave the method out of methods."
        )

    if posts and isinstance(store, NestedItems):
        _check_nested(declared, store, schema, (), {type(schema)})


def _check_kind(declared: type, store: AnyStore, given: Collection[str]) -> None:
    """Reject one schema for items of several kinds: a new item would have none of them.

    Raises:
        DeclarationError: Nothing decides the kind of a new item.
    """
    if not isinstance(store, Polymorphic) or not store.kinds or store.discriminator in given:
        return
    kinds = " or ".join(map(repr, store.kinds))
    raise DeclarationError(
        f"{declared.__module__}.{declared.__qualname__}.schema is one schema, but a new item of "
        f"{store.model.__qualname__} is {kinds}. Give a union of a schema for each kind, "
        f"return {store.discriminator!r} in scope(), or leave POST out of methods."
    )


def _check_nested(
    declared: type, store: NestedItems, schema: Schema, path: tuple[str, ...], seen: set[type]
) -> None:
    """Reject a nested schema that leaves out attributes that every new nested object needs.

    Args:
        declared: The class of the collection.
        store: The store of its items.
        schema: The schema around the nested ones.
        path: The relations to it.
        seen: The classes of the schemas around, in which it ends.
    """
    for name, field in schema.load_fields.items():
        nested = _nested_schema(field)
        if nested is None or type(nested) in seen or _may_fill_in(nested):
            continue
        further = (*path, field.attribute or name)
        given = {each.attribute or own for own, each in nested.load_fields.items()}
        found = store.lacking_nested(further, given)
        if found:
            raise DeclarationError(
                f"{declared.__module__}.{declared.__qualname__}: {type(nested).__name__} leaves "
                f"out {', '.join(map(repr, found))}, which may not be null and has no default in "
                f"the model of {'.'.join(further)!r}, so that every new object there would fail. "
                "Add the field to the nested schema, give the attribute a default, or make the "
                "nested field dump_only."
            )
        _check_nested(declared, store, nested, further, {*seen, type(nested)})


def _nested_schema(field: object) -> Schema | None:
    """Return the schema of nested content, alone or in a list; None if there is none."""
    inner = field.inner if isinstance(field, fields.List) else field
    if not isinstance(inner, fields.Nested) or isinstance(inner, fields.Pluck):
        return None
    found = inner.schema
    return found if isinstance(found, Schema) else None


def _may_fill_in(schema: Schema) -> bool:
    """Return whether a body may have more attributes than the schema has fields."""
    return schema.unknown == INCLUDE or bool(hooks_of(schema).get("post_load"))
