"""Start-up checks of stores in memory: keys, marks of removed items, and row rules."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from marshmallow import fields

from ..errors import DeclarationError
from .memory_model import MemoryModel
from .row_rules import unruled
from .rows import Memory
from .store import Attribute

__all__ = ["check_mark", "check_ruled", "check_rules", "identity_of", "mark", "neighbors"]


class _Store(Protocol):
    """The part of a `MemoryStore` that its keys depend on."""

    attributes: Mapping[str, Attribute]
    unique: Sequence[tuple[str, ...]]

    @property
    def model(self) -> type:
        """The class of the items."""
        ...


def identity_of(store: _Store, names: Sequence[str], scope: Iterable[str]) -> tuple[str, ...]:
    """Return the unique attributes that identify an item: its key, and perhaps the scope's.

    Args:
        store: The store.
        names: The attributes in the URL of an item.
        scope: The attributes that all items of the collection share.

    Raises:
        DeclarationError: The attributes do not identify one item.
    """
    if not any(store.attributes[name].nullable for name in names):
        for unique in sorted(store.unique, key=len):
            if names[-1] in unique and {*unique} <= {*names, *scope}:
                return unique
    key = names[0] if len(names) == 1 else tuple(names)
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


def neighbors(memory: Memory, table: object) -> list[object]:
    """Return the tables that refer to a table, or that it refers to."""
    pairs = [(each.table, each.target) for each in memory.references]
    return [each for pair in pairs if table in pair for each in pair if each != table]


class _RuledStore(_Store, Protocol):
    """The part of a `MemoryStore` that its row rules depend on."""

    table: object
    shape: MemoryModel

    @property
    def memory(self) -> Memory:
        """The memory that the store shares with those that it refers to."""
        ...

    @property
    def is_ruled(self) -> bool:
        """Whether the model, or one that it refers to, has a row rule."""
        ...


def check_ruled(store: _RuledStore, model: type, *, is_served: bool) -> None:
    """Reject a row rule that the store cannot have.

    Raises:
        DeclarationError: The store is used already, has another model, or has one of several kinds.
    """
    name = store.model.__qualname__
    if store.shape.is_part:
        raise DeclarationError(
            f"rows({name}, ...): the row rule of a MemoryStore holds for all kinds. Call rows() of "
            "the store itself, with its model."
        )
    if model is not store.model:
        raise DeclarationError(
            f"This MemoryStore holds {name}, not {model!r}. Call rows() of the store of that model."
        )
    if is_served:
        raise DeclarationError(
            f"rows({model.__qualname__}, ...) must be called before the first collection of the "
            "store is added to an App."
        )


def check_rules(store: _RuledStore) -> None:
    """Reject a store without a row rule if a store that refers to it, or the reverse, has one.

    Raises:
        DeclarationError: It has none, and a neighbor has one.
    """
    memory = store.memory
    if store.table not in memory.rules and store.is_ruled:
        ruled = next(each for each in neighbors(memory, store.table) if each in memory.rules)
        raise DeclarationError(unruled(store.model, memory.models[ruled], "store"))
