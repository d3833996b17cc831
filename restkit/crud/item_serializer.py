"""How items are answered: a view of a schema, from items to JSON, by what is loaded of them where that is the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from ..schemas.bound import BoundSchema

__all__ = ["AttributeSource", "ItemSerializer", "Source"]

Source = Callable[[Any], Any]
_CHUNK = 65536


@runtime_checkable
class AttributeSource(Protocol):
    """Is what a store may offer besides: to read items quicker than attribute by attribute."""

    def loaded(self, names: frozenset[str], /) -> Source | None:
        """Return what makes of an item the dict of its attributes, or the item itself where some are not loaded.

        Args:
            names: What will be read of the dict; there may be more in it.

        Returns:
            None where the store has no such dict, or where it may say other than the attributes do.
        """
        ...


class ItemSerializer:
    """Is a view of a schema as items are answered by it.

    Attributes:
        bound: The schema.
        relations: The relations that it dumps, those inside others as paths: ``author.publisher``.
    """

    __slots__ = ("_source", "bound", "relations")

    def __init__(self, bound: BoundSchema, relations: tuple[str, ...], store: object) -> None:
        """Make it.

        Args:
            bound: The schema, bound to write many.
            relations: What it dumps of others.
            store: Whose items they are.
        """
        self.bound = bound
        self.relations = relations
        names = bound.reads if isinstance(store, AttributeSource) else None
        self._source = store.loaded(names) if isinstance(store, AttributeSource) and names else None

    def data(self, item: Any) -> dict[str, Any]:
        """Return an item as it is answered."""
        data: dict[str, Any] = self.bound.dump_one(
            item if self._source is None else self._source(item)
        )
        return data

    def text(self, item: Any) -> bytes:
        """Return an item as JSON."""
        return self.bound.json_writer.one(item if self._source is None else self._source(item))

    def pair(self, item: Any) -> tuple[dict[str, Any], bytes]:
        """Return an item as data, in which dates and UUIDs may be as they are, and as JSON."""
        data, text = self.bound.json_writer.pair(
            item if self._source is None else self._source(item)
        )
        return data, text

    def array(self, items: Iterable[Any]) -> bytes:
        """Return items as one JSON array."""
        source = self._source
        return self.bound.json_writer.many(
            items if source is None else [source(item) for item in items]
        )

    def lines(self, items: Iterable[Any]) -> Iterator[bytes]:
        """Yield items as JSON Lines, in chunks of about 64 KiB: they come from the store by hundreds."""
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
