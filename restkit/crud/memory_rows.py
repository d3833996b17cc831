"""The rows of one store in memory: by number, by unique values, and in the orders of lists."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from .memory_index import SharedMap, SortedEntries
from .query import Order
from .selection import sort_key

__all__ = ["Row", "Rows"]

_MOST_ORDERS = 16


@dataclass(frozen=True, slots=True)
class Row:
    """A committed item: a private object, and a version that each change increases."""

    number: int
    item: Any
    version: int


class Rows:
    """The rows of one store.

    Attributes:
        last_number: The last number that was assigned.
        last_key: The last key that was assigned, if keys are counted.
    """

    def __init__(self, unique: Iterable[tuple[str, ...]] = ()) -> None:
        """Make empty rows.

        Args:
            unique: The unique constraints.
        """
        self.last_number = 0
        self.last_key = 0
        self._by_number = SortedEntries()
        self._by_value: dict[tuple[str, ...], SharedMap[tuple[object, ...], int]] = {
            names: SharedMap() for names in unique
        }
        self._orders: dict[tuple[Order, ...], SortedEntries] = {}

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[Row]:
        for entry in self._by_number:
            yield cast("Row", entry[-1])

    def copied(self) -> Rows:
        """Return an independent copy."""
        made = copy.copy(self)
        made._by_number = self._by_number.copied()
        made._by_value = {names: found.copied() for names, found in self._by_value.items()}
        # Another request may add an order meanwhile.
        made._orders = {order: found.copied() for order, found in [*self._orders.items()]}
        return made

    def numbered(self, number: int) -> Row | None:
        """Return the row of a number, None without one."""
        found = self._by_number.find(number)
        return None if found is None else cast("Row", found[-1])

    def find(self, names: tuple[str, ...], values: tuple[object, ...]) -> Row | None:
        """Return the row with the values of a unique constraint."""
        number = self._by_value[names].get(values)
        return None if number is None else self.numbered(number)

    def having(self, name: str, value: object) -> Iterator[Row]:
        """Yield the rows with a value of an attribute; none if the value is None."""
        if value is None:
            return
        if (name,) in self._by_value:
            found = self.find((name,), (value,))
            yield from () if found is None else (found,)
            return
        yield from (row for row in self if getattr(row.item, name) == value)

    def ordered(self, order: tuple[Order, ...]) -> SortedEntries:
        """Return the rows in an order: (key, number, row). It is made once, and kept.

        Raises:
            Exception: Values of the items cannot be compared.
        """
        found = self._orders.get(order)
        if found is None:
            found = SortedEntries((_key(row, order), row.number, row) for row in self)
            if len(self._orders) >= _MOST_ORDERS:  # SECURITY: clients choose the orders
                self._orders = {}
            self._orders[order] = found
        return found

    def taken(self, item: object, but: int = 0) -> tuple[str, ...] | None:
        """Return the attributes of a unique constraint that an item violates, or None.

        Args:
            item: The item.
            but: The number of the item's own row.
        """
        for names, found in self._by_value.items():
            values = _values(item, names)
            if values is not None and found.get(values) not in (None, but):
                return names
        return None

    def put(self, row: Row) -> None:
        """Store a row, which replaces the one with the same number."""
        self.drop(row.number)
        self._by_number.add((row.number, row))
        self.last_number = max(self.last_number, row.number)
        for names, found in self._by_value.items():
            values = _values(row.item, names)
            if values is not None:
                found.put(values, row.number)
        for order, entries in [*self._orders.items()]:
            try:
                entries.add((_key(row, order), row.number, row))
            except Exception:  # noqa: BLE001  # a value that cannot be compared: no such order
                del self._orders[order]

    def drop(self, number: int) -> None:
        """Remove a row."""
        row = self.numbered(number)
        if row is None:
            return
        self._by_number.drop(number)
        for names, found in self._by_value.items():
            values = _values(row.item, names)
            if values is not None:
                found.drop(values)
        for order, entries in self._orders.items():
            entries.drop(_key(row, order), number)


def _key(row: Row, order: Sequence[Order]) -> tuple[object, ...]:
    return sort_key([getattr(row.item, each.name) for each in order], order)


def _values(item: object, names: Sequence[str]) -> tuple[object, ...] | None:
    """Return attributes of an item; None if one of them is None, which is never equal.

    An item of one kind does not have the attributes of another one.
    """
    values = tuple(getattr(item, name, None) for name in names)
    return None if None in values else values
