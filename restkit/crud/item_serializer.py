"""Items to JSON: a view of a schema, read from loaded attributes directly if the store can."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeGuard, cast, runtime_checkable

from marshmallow import Schema

from ..encoding import dumps_json
from ..schemas.bound import BoundSchema
from .undumpable_values import without_infinities, without_undumpable

__all__ = ["AttributeSource", "ItemSerializer", "Source", "json_data"]

Source = Callable[[Any], object]
_CHUNK = 65536
_SCALARS = frozenset({str, int, bool, float, type(None)})


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

    @property
    def schemas(self) -> tuple[Schema, ...]:
        """The schemas of the items: one, or one for each of their kinds."""
        return (self.bound.schema,)

    def data(self, item: object) -> dict[str, object]:
        """Return the dumped data of an item."""
        read = self._read(item)
        try:
            data: dict[str, object] = self.bound.dump_one(read)
        except Exception:
            if (mended := self._mended(read)) is read:
                raise
            data = self.bound.dump_one(mended)
        return data

    def text(self, item: object) -> bytes:
        """Return an item as JSON."""
        read = self._read(item)
        try:
            return self.bound.json_writer.one(read)
        except Exception:  # noqa: BLE001  # what fails again is raised there
            return dumps_json(self._written(read))

    def pair(self, item: object) -> tuple[dict[str, object], bytes]:
        """Return an item as data, which may hold dates and UUIDs, and as JSON."""
        read = self._read(item)
        try:
            return self.bound.json_writer.pair(read)
        except Exception:  # noqa: BLE001  # what fails again is raised there
            data = self._written(read)
            return data, dumps_json(data)

    def _read(self, item: object) -> object:
        """Return the object to dump for an item: its attributes as a dict if they are known."""
        if self._source is None or type(item) is dict:
            return item
        return self._source(item)

    def _mended(self, read: object) -> object:
        return without_undumpable(read, self.bound.schema)

    def _written(self, read: object) -> dict[str, object]:
        """Return an item's data, with null for values that JSON lacks or the schema cannot dump."""
        data = self.bound.dump_one(self._mended(read))
        return {name: without_infinities(value) for name, value in data.items()}

    def array(self, items: Iterable[object]) -> bytes:
        """Return items as one JSON array."""
        source = self._source
        given = items if isinstance(items, Sequence) else list(items)
        try:
            if source is None or _are_dicts(given):
                return self.bound.json_writer.many(given)
            return self.bound.json_writer.many([source(item) for item in given])
        except Exception:  # noqa: BLE001  # what fails again is raised there
            return b"[" + b",".join(map(self.text, given)) + b"]"

    def lines(self, items: Iterable[object]) -> Iterator[bytes]:
        """Yield items as JSON Lines in chunks of about 64 KiB."""
        pending: list[bytes] = []
        size = 0
        for item in items:
            pending.append(self.text(item))
            size += len(pending[-1]) + 1
            if size >= _CHUNK:
                yield b"\n".join([*pending, b""])
                pending, size = [], 0
        if pending:
            yield b"\n".join([*pending, b""])


def _are_dicts(items: object) -> bool:
    """Return whether items are rows as dicts already, as all of a list are or none."""
    return type(items) is list and bool(items) and type(items[0]) is dict


def json_data(dumped: object) -> dict[str, object]:
    """Return dumped data as its JSON has it: a Decimal, for example, is not JSON yet."""
    if type(dumped) is dict and _is_json(dumped):
        return dumped
    try:
        text = dumps_json(dumped)
    except ValueError:  # NaN and infinities are null, as in responses
        text = dumps_json(without_infinities(dumped))
    return cast("dict[str, object]", json.loads(text))


def _is_json(dumped: dict[object, object]) -> TypeGuard[dict[str, object]]:
    """Return whether an object has nothing but texts, numbers, truth values and null."""
    types = {*map(type, dumped.values())}
    if not types <= _SCALARS or {*map(type, dumped)} != {str}:
        return False
    return float not in types or all(
        math.isfinite(each) for each in dumped.values() if type(each) is float
    )
