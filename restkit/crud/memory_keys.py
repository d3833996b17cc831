"""Keys of items in memory: the unique attributes that identify one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from ..errors import DeclarationError
from .store import Attribute

__all__ = ["identity_of"]


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
