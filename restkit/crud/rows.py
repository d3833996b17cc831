"""The data of stores in memory: rows, the lock of writers, and the unit of work of a request.

Committed rows are never changed, only replaced as a whole, so that readers have a consistent
snapshot without a lock. A request that writes has its own copy, which replaces the committed rows
at its end.
"""

from __future__ import annotations

import copy
import datetime as dt
import threading
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from ..after_commit import AfterCommit
from ..caching.changes import model_tag, note_change, note_read, reading
from ..contract import Failure, Header
from ..errors import DeclarationError
from ..http.methods import SAFE_METHODS
from ..problems import ServiceUnavailable
from ..request import Request
from .memory_links import Link, Reference
from .memory_rows import Row, Rows
from .row_rules import RowRule

__all__ = [
    "FAILURES",
    "RELATED",
    "RETRY_AFTER",
    "STAMP",
    "Memory",
    "Work",
    "copied",
    "state_of",
]

RETRY_AFTER = 2
"""The seconds after which a client may retry, if another request writes for too long."""

FAILURES = (
    Failure(
        ServiceUnavailable,
        "database",
        "Another request is writing. Retry later.",
        (Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"}),),
    ),
)
"""The problem of a request that waits too long for another one."""

STAMP = "_row_in_memory"
"""The attribute of an item that names its row and version."""

RELATED = "_restkit_related_rows"
"""The attribute of an item with the items that it refers to."""

M = TypeVar("M")
_TIMES = (dt.date, dt.datetime, dt.time, dt.timedelta)
_ATOMIC = frozenset({type(None), bool, int, float, str, bytes, Decimal, UUID, *_TIMES})


def copied(item: M) -> M:
    """Return a copy of an item that shares no mutable value with it."""
    made = copy.copy(item)
    for name, value in vars(item).items():
        if type(value) not in _ATOMIC and name not in (STAMP, RELATED):
            setattr(made, name, copy.deepcopy(value))
    vars(made).pop(RELATED, None)
    return made


def state_of(item: object) -> dict[str, object]:
    """Return the attributes of an item, without those that stores set."""
    return {name: value for name, value in vars(item).items() if name not in (STAMP, RELATED)}


class Memory:
    """The committed rows of one store, or of several that refer to each other."""

    def __init__(self, timeout: float) -> None:
        """Make an empty memory.

        Args:
            timeout: The seconds that a request waits for another one that writes.
        """
        self.timeout = timeout
        self.kept: Mapping[object, Rows] = {}
        self.references: list[Reference] = []
        self.links: dict[object, dict[str, Link]] = {}
        self.models: dict[object, type] = {}
        self.rules: dict[object, RowRule] = {}
        self.stores: dict[object, object] = {}
        self.lock = threading.Lock()
        self._joined: Memory | None = None

    @property
    def root(self) -> Memory:
        """The memory that this one has joined, or this one."""
        return self if self._joined is None else self._joined.root

    def join(self, other: Memory) -> None:
        """Join another memory, before the first request."""
        mine, theirs = self.root, other.root
        if mine is not theirs:
            theirs.kept = {**theirs.kept, **mine.kept}
            theirs.references += mine.references
            theirs.models |= mine.models
            theirs.links |= mine.links
            theirs.stores |= mine.stores
            theirs.rules |= mine.rules
            theirs.timeout = min(theirs.timeout, mine.timeout)
            mine._joined = theirs

    def work(self, request: Request) -> Iterator[Work]:
        """Begin a request's work and commit it at the end; a factory for `obtain`."""
        work = Work(self, reading=request.method in SAFE_METHODS)
        work.request = request
        try:
            yield work
            work.keep()
        finally:
            work.close()


class Work:
    """The unit of work of one request.

    Attributes:
        request: The request; None if the program itself writes.
        access: The rows that the request may read and write, kept for its transactions.
    """

    def __init__(self, memory: Memory, *, reading: bool = False) -> None:
        """Begin with the committed rows.

        Args:
            memory: The memory.
            reading: Whether the work is read-only.
        """
        self.request: Request | None = None
        self.access: object = None
        self._is_reading = reading
        self._memory = memory
        self._seen = memory.kept
        self._own: dict[object, Rows] = {}
        self._is_writing = False

    def rows(self, table: object) -> Rows:
        """Return the rows of a store for reading."""
        if reading.get() is not None:
            note_read([model_tag(self._memory.models[table])])
        own = self._own.get(table)
        return self._seen[table] if own is None else own

    def writable(self, table: object) -> Rows:
        """Return the rows of a store for writing.

        Raises:
            ServiceUnavailable: Another request writes for too long.
            DeclarationError: The request's method is safe (RFC 9110, section 9.2.1).
        """
        if self._is_reading:
            raise DeclarationError(
                "A safe method (GET, HEAD, OPTIONS, QUERY) must not write to a MemoryStore. Write "
                "in a POST, PUT, PATCH or DELETE."
            )
        self.lock()
        if table not in self._own:
            self._own[table] = self._seen[table].copied()
        return self._own[table]

    def find(self, reference: Reference, key: object, by: str = "") -> object:
        """Return a referenced item, None without one.

        Args:
            reference: The reference.
            key: The value that names the item.
            by: The attribute with the value; the key of the reference by default.
        """
        row = self.rows(reference.target).find((by or reference.key,), (key,))
        return None if row is None or not reference.includes(row.item) else row.item

    def dangling(
        self,
        table: object,
        value_of: Callable[[str], object],
        can_refer: Callable[[object, object], bool],
    ) -> str | None:
        """Return the attribute that refers to a missing or hidden item, or None.

        Args:
            table: The table of the item that has the attributes.
            value_of: A function that returns the value of an attribute.
            can_refer: A function that says of a table and an item whether it may be referred to.
        """
        for each in self._memory.references:
            for value in each.keys(value_of(each.name)) if each.table is table else ():
                item = self.find(each, value)
                if item is None or not can_refer(each.target, item):
                    return each.name
        return None

    def is_used(self, table: object, row: Row, item: object = None) -> bool:
        """Return whether other items refer to an item that is removed or gets another key.

        Args:
            table: The table of the item.
            row: The committed item.
            item: The item after the change; None if it is removed.
        """
        for each in self._memory.references:
            value = getattr(row.item, each.key) if each.target is table else None
            if value is None or (item is not None and getattr(item, each.key) == value):
                continue
            users = (user for user in self.rows(each.table) if user is not row)
            if any(value in each.keys(getattr(user.item, each.name, None)) for user in users):
                return True
        return False

    def lock(self) -> None:
        """Take the lock of writers until the end of the request, and see the latest commit.

        Raises:
            ServiceUnavailable: Another request writes for too long.
        """
        if self._is_writing:
            return
        if not self._memory.lock.acquire(timeout=self._memory.timeout):
            raise ServiceUnavailable(
                "The store is busy. Retry later.", headers={"Retry-After": str(RETRY_AFTER)}
            )
        self._is_writing = True
        self._seen = self._memory.kept

    @contextmanager
    def attempt(self) -> Generator[None]:
        """Undo the writes in the context if an exception leaves it."""
        before = {table: rows.copied() for table, rows in self._own.items()}
        count = len(self._after())
        try:
            yield
        except BaseException:
            self._own = before
            self._after().drop_after(count)
            raise

    def _after(self) -> AfterCommit:
        """Return the functions that run after the commit."""
        return getattr(getattr(self.request, "provided", None), "after", None) or AfterCommit()

    def keep(self) -> None:
        """Commit."""
        if self._own:
            self._memory.kept = {**self._memory.kept, **self._own}
            note_change({model_tag(self._memory.models[table]) for table in self._own})

    def close(self) -> None:
        """Release the lock of writers."""
        if self._is_writing:
            self._is_writing = False
            self._memory.lock.release()
