"""What stores in memory have in common: their rows, the one lock of writers, and a request's work, kept or not at all.

What is kept is never changed, only replaced as a whole: who reads has all of it as it was at one moment, and needs
no lock. A request that writes has a copy of its own, which takes the place of what was kept at the request's end.
"""

from __future__ import annotations

import copy
import datetime as dt
import secrets
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from ..errors import DeclarationError
from ..problems import ServiceUnavailable
from ..request import Request

__all__ = [
    "RETRY_AFTER",
    "STAMP",
    "Memory",
    "Reference",
    "Row",
    "Rows",
    "Work",
    "copied",
    "first_version",
]

RETRY_AFTER = 2
"""After how many seconds a client may try again, where another request writes for too long."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
STAMP = "_row_in_memory"
"""The attribute of an item that says which row it is a copy of, and at which version."""

_ATOMIC = frozenset(
    {
        type(None),
        bool,
        int,
        float,
        str,
        bytes,
        Decimal,
        UUID,
        dt.date,
        dt.datetime,
        dt.time,
        dt.timedelta,
    }
)


@dataclass(frozen=True, slots=True)
class Row:
    """Is an item as it is kept: an object that nobody else has, and a number that changes with each change of it."""

    number: int
    item: Any
    version: int


@dataclass(slots=True)
class Rows:
    """Is all rows of one store.

    Attributes:
        by_number: The rows.
        by_value: For each rule of uniqueness, the number of the row that has the values.
        last_number: The number that was given last.
        last_key: The key that was given last, where keys are counted.
    """

    by_number: dict[int, Row] = field(default_factory=dict)
    by_value: dict[tuple[str, ...], dict[tuple[Any, ...], int]] = field(default_factory=dict)
    last_number: int = 0
    last_key: int = 0

    def copied(self) -> Rows:
        """Return rows that can be changed without changing these."""
        values = {names: dict(found) for names, found in self.by_value.items()}
        return replace(self, by_number=dict(self.by_number), by_value=values)

    def find(self, names: tuple[str, ...], values: tuple[Any, ...]) -> Row | None:
        """Return the row that has the values of a rule of uniqueness."""
        number = self.by_value[names].get(values)
        return None if number is None else self.by_number[number]

    def taken(self, item: Any, but: int = 0) -> tuple[str, ...] | None:
        """Return the names of a rule of uniqueness that an item would break, None where it breaks none.

        Args:
            item: The item.
            but: The number of its own row.
        """
        for names, found in self.by_value.items():
            values = _values(item, names)
            if values is not None and found.get(values, but) != but:
                return names
        return None

    def put(self, row: Row) -> None:
        """Keep a row in place of the one with its number."""
        self.drop(row.number)
        self.by_number[row.number] = row
        self.last_number = max(self.last_number, row.number)
        for names, found in self.by_value.items():
            values = _values(row.item, names)
            if values is not None:
                found[values] = row.number

    def drop(self, number: int) -> None:
        """Forget a row."""
        row = self.by_number.pop(number, None)
        for names, found in self.by_value.items():
            values = None if row is None else _values(row.item, names)
            if values is not None:
                del found[values]


def _values(item: Any, names: Sequence[str]) -> tuple[Any, ...] | None:
    """Return attributes of an item; None where one is None, which is like no other."""
    values = tuple(getattr(item, name) for name in names)
    return None if None in values else values


def first_version() -> int:
    """Return a version to begin at: an entity tag of an item that had the key before must not hold for this one."""
    return secrets.randbits(40) + 1


@dataclass(frozen=True, slots=True)
class Reference:
    """Is that an attribute of one store's items names an item of another.

    Attributes:
        table: Of the items that refer.
        name: Their attribute.
        target: Of the items that are referred to.
        key: The attribute whose value stands for them.
    """

    table: object
    name: str
    target: object
    key: str


def copied(item: Any) -> Any:
    """Return a copy of an item that shares nothing with it that may change."""
    made = copy.copy(item)
    for name, value in vars(item).items():
        if type(value) not in _ATOMIC and name != STAMP:
            setattr(made, name, copy.deepcopy(value))
    return made


class Memory:
    """Is what one or more stores keep: those that refer to each other share one."""

    def __init__(self, timeout: float) -> None:
        """Make an empty one.

        Args:
            timeout: How many seconds a request waits for another one that writes.
        """
        self.timeout = timeout
        self.kept: Mapping[object, Rows] = {}
        self.references: list[Reference] = []
        self.lock = threading.Lock()
        self._joined: Memory | None = None

    @property
    def root(self) -> Memory:
        """The one that this one has become a part of; itself where it has not."""
        return self if self._joined is None else self._joined.root

    def join(self, other: Memory) -> None:
        """Become a part of another one, before the first request."""
        mine, theirs = self.root, other.root
        if mine is not theirs:
            theirs.kept = {**theirs.kept, **mine.kept}
            theirs.references += mine.references
            theirs.timeout = min(theirs.timeout, mine.timeout)
            mine._joined = theirs

    def work(self, request: Request) -> Iterator[Work]:
        """Begin a request's work, and keep it at the end; a factory for `restkit.resource.obtain`."""
        work = Work(self, reading=request.method in _SAFE)
        try:
            yield work
            work.keep()
        finally:
            work.close()


class Work:
    """Is what one request reads and writes."""

    def __init__(self, memory: Memory, *, reading: bool = False) -> None:
        """Begin with what is kept now.

        Args:
            memory: Where it is kept.
            reading: Whether nothing may be written.
        """
        self._is_reading = reading
        self._memory = memory
        self._seen = memory.kept
        self._own: dict[object, Rows] = {}
        self._is_writing = False

    def rows(self, table: object) -> Rows:
        """Return the rows of a store, to read."""
        return self._own.get(table) or self._seen[table]

    def writable(self, table: object) -> Rows:
        """Return the rows of a store, to write.

        Raises:
            ServiceUnavailable: Another request writes for too long.
            DeclarationError: The request's method only reads (RFC 9110, section 9.2.1).
        """
        if self._is_reading:
            raise DeclarationError(
                "A GET, HEAD or OPTIONS writes to a MemoryStore; let an unsafe method do that."
            )
        self.lock()
        if table not in self._own:
            self._own[table] = self._seen[table].copied()
        return self._own[table]

    def dangling(self, table: object, value_of: Callable[[str], Any]) -> str | None:
        """Return the attribute that names an item that does not exist, None where there is none.

        Args:
            table: Of the item that has the attributes.
            value_of: Returns an attribute, None where it names nothing.
        """
        for each in self._memory.references:
            value = value_of(each.name) if each.table is table else None
            if value is not None and self.rows(each.target).find((each.key,), (value,)) is None:
                return each.name
        return None

    def is_used(self, table: object, row: Row, item: Any = None) -> bool:
        """Return whether other items name one that ceases to exist.

        Args:
            table: Of the item.
            row: The item as it is kept.
            item: The item as it will be, None where it is removed.
        """
        for each in self._memory.references:
            value = getattr(row.item, each.key) if each.target is table else None
            if value is None or (item is not None and getattr(item, each.key) == value):
                continue
            users = self.rows(each.table).by_number.values()
            if any(getattr(user.item, each.name) == value for user in users if user is not row):
                return True
        return False

    def lock(self) -> None:
        """Let nobody else write until this request ends; from here on it sees what the last one has written.

        Raises:
            ServiceUnavailable: Another request writes for too long.
        """
        if self._is_writing:
            return
        if not self._memory.lock.acquire(timeout=self._memory.timeout):
            raise ServiceUnavailable(
                "The store is busy; try again.", headers={"Retry-After": str(RETRY_AFTER)}
            )
        self._is_writing = True
        self._seen = self._memory.kept

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Undo what is written in the context where it raises."""
        before = {table: rows.copied() for table, rows in self._own.items()}
        try:
            yield
        except BaseException:
            self._own = before
            raise

    def keep(self) -> None:
        """Let everybody see what was written."""
        if self._own:
            self._memory.kept = {**self._memory.kept, **self._own}

    def close(self) -> None:
        """Let others write."""
        if self._is_writing:
            self._is_writing = False
            self._memory.lock.release()
