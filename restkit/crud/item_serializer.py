"""Items to JSON: a view of a schema, read from loaded attributes directly if the store can."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from ..schemas.bound import BoundSchema

__all__ = ["AttributeSource", "ItemSerializer", "Source"]

Source = Callable[[Any], Any]
_CHUNK = 65536


@runtime_checkable
class AttributeSource(Protocol):
    """The optional ability of a store to read items faster than attribute by attribute."""

    def loaded(self, names: frozenset[str], /) -> Source | None:
        """Return a function from an item to a dict of its attributes.

        The function returns the item itself if some attributes are not loaded.

        Args:
            names: The attributes that will be read; the dict may have more.

        Returns:
            None if the store has no such dict, or if its values may differ from the attributes'.
        """
        ...


class ItemSerializer:
    """A serializer that writes items with one view of a schema.

    Attributes:
        bound: The bound schema.
        relations: The relations that it dumps, nested ones as paths: ``author.publisher``.
    """

    __slots__ = ("_source", "bound", "relations")

    def __init__(self, bound: BoundSchema, relations: tuple[str, ...], store: object) -> None:
        """Make a serializer.

        Args:
            bound: The schema, bound to write many.
            relations: The relations that it dumps.
            store: The store of the items.
        """
        self.bound = bound
        self.relations = relations
        names = bound.reads if isinstance(store, AttributeSource) else None
        self._source = store.loaded(names) if isinstance(store, AttributeSource) and names else None

    def data(self, item: Any) -> dict[str, Any]:
        """Return the dumped data of an item."""
        source = self._source
        data: dict[str, Any] = self.bound.dump_one(item if source is None else source(item))
        return data

    def text(self, item: Any) -> bytes:
        """Return an item as JSON."""
        return self.bound.json_writer.one(item if self._source is None else self._source(item))

    def pair(self, item: Any) -> tuple[dict[str, Any], bytes]:
        """Return an item as data, which may hold dates and UUIDs, and as JSON."""
        data, text = self.bound.json_writer.pair(
            item if self._source is None else self._source(item)
        )
        return data, text

    def array(self, items: Iterable[Any]) -> bytes:
        """Return items as one JSON array."""
        source = self._source
        if source is not None and not _are_dicts(items):
            items = [source(item) for item in items]
        return self.bound.json_writer.many(items)

    def lines(self, items: Iterable[Any]) -> Iterator[bytes]:
        """Yield items as JSON Lines in chunks of about 64 KiB."""
        write = self.bound.json_writer.one
        pending: list[bytes] = []
        size = 0
        for item in items if self._source is None else map(self._source, items):
            pending.append(write(item))
            size += len(pending[-1]) + 1
            if size >= _CHUNK:
                yield b"\n".join([*pending, b""])
                pending, size = [], 0
        if pending:
            yield b"\n".join([*pending, b""])


def _are_dicts(items: object) -> bool:
    """Return whether items are rows as dicts already, as all of a list are or none."""
    return type(items) is list and bool(items) and type(items[0]) is dict
