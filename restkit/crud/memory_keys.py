"""Keys of items in memory: the unique attributes that identify one, and marks of removed ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from marshmallow import fields

from ..errors import DeclarationError
from .store import Attribute

__all__ = ["check_mark", "identity_of", "mark"]


class _Store(Protocol):
    """The part of a `MemoryStore` that its keys depend on."""

    attributes: Mapping[str, Attribute]
    unique: Sequence[tuple[str, ...]]

    @property
    def model(self) -> type:
        """The class of the items."""
        ...


def identity_of(store: _Store, key: str, scope: Iterable[str]) -> tuple[str, ...]:
    """Return the unique attributes that identify an item: its key, and perhaps the scope's.

    Raises:
        DeclarationError: The attributes do not identify one item.
    """
    if not store.attributes[key].nullable:
        for names in sorted(store.unique, key=len):
            if key in names and {*names} <= {key, *scope}:
                return names
    raise DeclarationError(
        f"The key {key!r} of {store.model.__qualname__} is not unique. Pass unique=({key!r},) to "
        "its MemoryStore, and annotate it without None."
    )


def check_mark(model: type, attribute: Attribute) -> None:
    """Reject an attribute that cannot mark removed items.

    Raises:
        DeclarationError: It is neither a nullable datetime nor a boolean.
    """
    is_time = isinstance(attribute.field, fields.DateTime) and attribute.nullable
    if not is_time and not isinstance(attribute.field, fields.Bool):
        raise DeclarationError(
            f"{model.__qualname__}.{attribute.name} must mark removed items. Annotate it with "
            "datetime | None (None for items that are not removed) or with bool."
        )


def mark(attribute: Attribute, *, removed: bool) -> dict[str, object]:
    """Return the attribute that marks removed items, with its value."""
    if isinstance(attribute.field, fields.Bool):
        return {attribute.name: removed}
    return {attribute.name: dt.datetime.now(dt.UTC) if removed else None}
