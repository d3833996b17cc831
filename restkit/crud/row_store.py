"""The optional ability of a store to read and write items as dicts, without its model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from ..records import Record
from ..request import Request
from ..resource import Owner
from .query import ListQuery, Page
from .store import RelatedRows

__all__ = ["RowOpener", "RowStore", "RowTransaction", "RowUse"]

_Row = dict[str, object]


class RowUse(Record):
    """The attributes of items that an action reads and writes.

    Attributes:
        action: The action.
        reads: The attributes that it reads.
        writes: The attributes that it may write.
    """

    action: str
    reads: frozenset[str]
    writes: frozenset[str]


class RowTransaction(Protocol):
    """A transaction whose items are dicts; it has a part of the methods of `Transaction`."""

    def list(self, query: ListQuery, /) -> Page[object]:
        """Return one page, with its exact total if the query asks for it."""
        ...

    def get(self, key: object, /, *, scope: Mapping[str, object], lock: bool) -> _Row | None:
        """Return the item of a key, or None."""
        ...

    def add(self, item: _Row, key: str, /) -> None:
        """Store a new item, and set its attributes as they are stored."""
        ...

    def change(self, item: _Row, values: Mapping[str, object], /) -> None:
        """Set attributes of an item, and store it if nobody changed it since it was read."""
        ...

    def remove(self, item: _Row, /) -> None:
        """Remove an item, or mark it as removed, if nobody changed it since it was read."""
        ...

    def change_many(self, items: Sequence[_Row], values: Mapping[str, object], /) -> None:
        """Set the same attributes of several items that were read with a lock."""
        ...

    def remove_many(self, items: Sequence[_Row], /) -> None:
        """Remove several items that were read with a lock, or mark them as removed."""
        ...

    def upsert(
        self,
        rows: Sequence[Mapping[str, object]],
        written: Sequence[Collection[str]],
        identity: Sequence[str],
        scope: Mapping[str, object],
        /,
    ) -> Sequence[tuple[object, bool] | None] | None:
        """Create or replace items; a `Violation` leaves nothing written.

        Args:
            rows: The attributes of new items, in the order in which items are locked.
            written: The attributes that each replaces if an item with the same value exists.
            identity: The attributes that are unique together.
            scope: The attributes that items must have to be replaced.

        Returns:
            Each item as it is stored, and whether it is new; None for an item that must not be
            replaced. None in place of the list if the store or the values need other ways.
        """
        ...

    def add_many(self, items: Sequence[Mapping[str, object]], /) -> Sequence[_Row] | None:
        """Store new items in their order; a `Violation` leaves nothing written.

        Returns:
            Each item as it is stored; None if the store or the values need other ways.
        """
        ...

    def has_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether the items exist that the attributes of a scope refer to."""
        ...

    def has_columns(self, names: Iterable[str], /) -> bool:
        """Return whether all of some attributes are those that items are stored with."""
        ...


RowOpener = Callable[[Request, Owner, RelatedRows | None], RowTransaction | None]
"""A function that opens a request's transaction, with conditions on rows that items may refer to;
it returns None if the request needs items of the model."""


@runtime_checkable
class RowStore(Protocol):
    """The optional ability of a store to read and write items as dicts, which costs less."""

    def row_opener(self, use: RowUse, /) -> RowOpener | str:
        """Return how to open transactions for an action, or why it needs items of the model."""
        ...
