"""A start-up check of a collection: its POST must be able to fill all that a new item needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol, runtime_checkable

from marshmallow import INCLUDE

from ..errors import DeclarationError
from ..schemas.own_behavior import hooks_of
from .declared_schemas import scoped_attributes
from .item_keys import key_of
from .schema_views import Views
from .store import AnyStore

__all__ = ["NewItems", "check_required"]


@runtime_checkable
class NewItems(Protocol):
    """The optional ability of a store to tell what a new item needs."""

    def lacking(self, given: Collection[str], /) -> Sequence[str]:
        """Return the attributes without which no item can be stored, and that nothing fills in.

        Args:
            given: The attributes that new items get.
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
    """Reject a collection whose schema leaves out what every new item needs.

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
    if not isinstance(store, NewItems) or _may_fill_in(views):
        return
    given = {*views.written, *decided, *scoped_attributes(declared)}
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


def _may_fill_in(views: Views) -> bool:
    """Return whether a body may have more attributes than the schema has fields."""
    schema = views.declared()
    return schema.unknown == INCLUDE or bool(hooks_of(schema).get("post_load"))
