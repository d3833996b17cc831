"""Maps and sorted lists of rows in memory that are copied at no cost, and changed at little.

A copy shares the parts of its original. A change copies the one part that it touches, so that a
request that changes one row of many does not pay for the others.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Generic, Self, TypeAlias, TypeVar

__all__ = ["Entry", "SharedMap", "SortedEntries"]

K = TypeVar("K")
V = TypeVar("V")

Entry: TypeAlias = tuple[object, ...]
_MOST = 64
"""The mean number of keys of one part of a map, beyond which it gets more parts."""
_LONGEST = 512
"""The length of one part of a sorted list, at which it is split."""


class SharedMap(Generic[K, V]):
    """A mapping whose copies share their parts."""

    __slots__ = ("_count", "_is_own", "_own", "_parts")

    def __init__(self) -> None:
        """Make an empty map."""
        self._parts: list[dict[K, V]] = [{}]
        self._count = 0
        self._is_own = True
        self._own = {0}

    def copied(self) -> Self:
        """Return an independent copy; both share their parts until one changes them."""
        made = type(self).__new__(type(self))
        made._parts, made._count = self._parts, self._count
        for each in (self, made):
            each._is_own, each._own = False, set()
        return made

    def __len__(self) -> int:
        return self._count

    def get(self, key: K) -> V | None:
        """Return the value of a key, None without one."""
        parts = self._parts
        return parts[hash(key) % len(parts)].get(key)

    def put(self, key: K, value: V) -> None:
        """Set the value of a key."""
        part = self._writable(key)
        self._count += key not in part
        part[key] = value
        if self._count > _MOST * len(self._parts):
            self._spread()

    def drop(self, key: K) -> None:
        """Remove a key.

        Raises:
            KeyError: The map does not have it.
        """
        del self._writable(key)[key]
        self._count -= 1

    def _writable(self, key: K) -> dict[K, V]:
        """Return the part of a key, as one that belongs to this map alone."""
        number = hash(key) % len(self._parts)
        if number not in self._own:
            if not self._is_own:
                self._parts, self._is_own = self._parts.copy(), True
            self._parts[number] = self._parts[number].copy()
            self._own.add(number)
        return self._parts[number]

    def _spread(self) -> None:
        """Divide the keys among four times as many parts."""
        parts: list[dict[K, V]] = [{} for _ in range(4 * len(self._parts))]
        for part in self._parts:
            for key, value in part.items():
                parts[hash(key) % len(parts)][key] = value
        self._parts, self._is_own, self._own = parts, True, set(range(len(parts)))


class SortedEntries:
    """Tuples in order, no two of which are equal; copies share their parts.

    Entries are compared until their first difference, so that values behind a number that no
    other entry has need no order.
    """

    __slots__ = ("_count", "_is_own", "_lasts", "_own", "_parts")

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Sort the entries."""
        found = sorted(entries)
        half = _LONGEST // 2
        self._parts = [found[at : at + half] for at in range(0, len(found), half)]
        self._lasts = [part[-1] for part in self._parts]
        self._count = len(found)
        self._is_own = True
        self._own = set(map(id, self._parts))

    def copied(self) -> SortedEntries:
        """Return an independent copy; both share their parts until one changes them."""
        made = SortedEntries()
        made._parts, made._lasts, made._count = self._parts, self._lasts, self._count
        for each in (self, made):
            each._is_own, each._own = False, set()
        return made

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Entry]:
        for part in self._parts:
            yield from part

    def find(self, *start: object) -> Entry | None:
        """Return the entry that begins with some values, None without one."""
        number = bisect_left(self._lasts, start)
        if number == len(self._parts):
            return None
        part = self._parts[number]
        found = part[bisect_left(part, start)]
        return found if found[: len(start)] == start else None

    def add(self, entry: Entry) -> None:
        """Add an entry."""
        if not self._parts:
            self._begin(entry)
            return
        number = min(bisect_left(self._lasts, entry), len(self._parts) - 1)
        part = self._writable(number)
        insort(part, entry)
        self._lasts[number] = part[-1]
        self._count += 1
        if len(part) > _LONGEST:
            self._split(number)

    def drop(self, *start: object) -> None:
        """Remove the entry that begins with some values, if there is one."""
        if self.find(*start) is None:
            return
        number = bisect_left(self._lasts, start)
        part = self._writable(number)
        del part[bisect_left(part, start)]
        self._count -= 1
        if part:
            self._lasts[number] = part[-1]
        else:
            self._own.discard(id(part))
            del self._parts[number], self._lasts[number]

    def after(self, start: Entry) -> Iterator[Entry]:
        """Yield the entries that are greater than a tuple, in order."""
        number = bisect_right(self._lasts, start)
        for at in range(number, len(self._parts)):
            part = self._parts[at]
            yield from part[bisect_right(part, start) :] if at == number else part

    def before(self, end: Entry | None) -> Iterator[Entry]:
        """Yield the entries that are less than a tuple, or all, from the last to the first."""
        number = len(self._parts) - 1 if end is None else bisect_left(self._lasts, end)
        for at in range(min(number, len(self._parts) - 1), -1, -1):
            part = self._parts[at]
            is_cut = end is not None and at == number
            yield from reversed(part[: bisect_left(part, end)] if is_cut and end else part)

    def _begin(self, entry: Entry) -> None:
        self._parts, self._lasts, self._count = [[entry]], [entry], 1
        self._is_own, self._own = True, {id(self._parts[0])}

    def _writable(self, number: int) -> list[Entry]:
        """Return a part, as one that belongs to this list alone."""
        if not self._is_own:
            self._parts, self._lasts, self._is_own = self._parts.copy(), self._lasts.copy(), True
        part = self._parts[number]
        if id(part) not in self._own:
            part = self._parts[number] = part.copy()
            self._own.add(id(part))
        return part

    def _split(self, number: int) -> None:
        part = self._parts[number]
        half = len(part) // 2
        rest = part[half:]
        del part[half:]
        self._parts.insert(number + 1, rest)
        self._own.add(id(rest))
        self._lasts[number : number + 1] = [part[-1], rest[-1]]
