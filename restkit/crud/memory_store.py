"""A store in memory with the behaviour of a database, for prototypes and tests."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from marshmallow import Schema, fields

from ..contract import Failure
from ..dependencies import obtain
from ..errors import DeclarationError
from ..request import Request
from ..resource import Owner
from .models import as_key, check_values, members_of, new_item, schema_of
from .query import ListQuery, Page
from .rows import FAILURES, STAMP, Memory, Reference, Row, Rows, Work, copied, first_version
from .selection import is_in_scope, select, select_all
from .store import Attribute, KeyTaken, ReferenceViolation, StaleWrite, UniqueViolation

__all__ = ["MemoryStore", "MemoryTransaction"]

M = TypeVar("M")


class _App(Protocol):
    """The part of an App that a MemoryStore uses."""

    stores: list[Callable[[type], Any]]


class MemoryStore(Generic[M]):
    """The Store of one model in memory.

    The model is a dataclass, or a class whose constructor accepts the attributes by name.

    ::

        @dataclass
        class Book:
            title: Annotated[str, validate.Length(1, 200)]
            year: int | None = None
            id: int = 0

        class Books(CRUDResource[Book]):
            store = MemoryStore(Book, unique=("title",))

    The writes of a request are committed at its end or not at all, and requests that write take
    turns. The items live in one process and end with it.

    Attributes:
        model: The class.
        key: The attribute that identifies an item in its URL.
        primary: The attribute that identifies an item if no other key is configured.
        attributes: The attributes by name.
        failures: The problem of a request that waits too long for another one.
    """

    def __init__(
        self,
        model: type[M],
        *,
        key: str = "id",
        unique: Sequence[str | Sequence[str]] = (),
        references: Mapping[str, MemoryStore[Any]] | None = None,
        items: Iterable[M] = (),
        timeout: float = 5,
    ) -> None:
        """Make the store.

        Args:
            model: The class, whose annotations describe each attribute.
            key: The attribute that identifies an item. Integer keys are assigned by the store.
            unique: The unique constraints: an attribute or several together. None is never equal.
            references: The attributes that refer to an item of another store, by its key.
            items: The first items.
            timeout: The seconds that a request waits for another one that writes.

        Raises:
            DeclarationError: The class cannot be a model, or has no such attribute.
        """
        self.model = model
        self.key = key
        self.failures: Sequence[Failure] = FAILURES
        self.soft_delete: str | None = None
        self._members = members_of(model)
        rules = [(key,), *map(_rule, unique)]
        for rule in (*rules, tuple(references or ())):
            self._check_names(rule)
        self.primary = key
        self._members[key] = as_key(self._members[key], model)
        self.attributes: Mapping[str, Attribute] = {
            name: each.attribute for name, each in self._members.items()
        }
        self._rules = rules
        self._schemas: dict[str | None, type[Schema]] = {}
        self.table = object()
        self._memory = Memory(timeout)
        self._memory.kept = {self.table: Rows(by_value={rule: {} for rule in rules})}
        for name, store in (references or {}).items():
            self._memory.root.references.append(Reference(self.table, name, store.table, store.key))
            self._memory.join(store._memory)
        self._fill(items)

    def _fill(self, items: Iterable[M]) -> None:
        work = Work(self._memory.root)
        transaction = MemoryTransaction(self, work)
        try:
            for item in items:
                transaction.add(item)
            work.keep()
        finally:
            work.close()

    def _check_names(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._members:
                known = ", ".join(sorted(self._members))
                raise DeclarationError(
                    f"{self.model.__qualname__} has no attribute {name!r}. It has {known}."
                )

    @property
    def items(self) -> Sequence[M]:
        """Copies of all committed items."""
        rows = self._memory.root.kept[self.table]
        return [copied(row.item) for row in rows.by_number.values()]

    def install(self, app: _App, /) -> None:
        """Register the store, so that the App's CRUDResources find it by its model."""
        app.stores.append(lambda model: self if model is self.model else None)

    def configured(self, *, key: str, soft_delete: str | None) -> MemoryStore[M]:
        """Return the store of the same items with another key or with soft deletion."""
        made = copy.copy(self)
        made.key = key or self.key
        self._check_names([made.key])
        if (made.key,) not in self._rules or self.attributes[made.key].nullable:
            raise DeclarationError(
                f"The key {made.key!r} of {self.model.__qualname__} is not unique. Pass "
                f"unique=({made.key!r},) to its MemoryStore, and annotate it without None."
            )
        made.soft_delete = soft_delete
        if soft_delete is not None:
            self._check_names([soft_delete])
            attribute = self.attributes[soft_delete]
            is_time = isinstance(attribute.field, fields.DateTime) and attribute.nullable
            if not is_time and not isinstance(attribute.field, fields.Bool):
                raise DeclarationError(
                    f"{self.model.__qualname__}.{soft_delete} must mark removed items. Annotate it "
                    "with datetime | None (None for items that are not removed) or with bool."
                )
        return made

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        """Return the schema of the model's attributes, always the same one.

        Raises:
            DeclarationError: Relations are to be expanded, which a model in memory does not have.
        """
        if expand:
            raise DeclarationError(
                f"A MemoryStore cannot derive the relations {', '.join(expand)} from the model "
                f"{self.model.__qualname__}. Write a schema with "
                "fields.Nested(..., dump_only=True)."
            )
        hidden = self.soft_delete
        if hidden not in self._schemas:
            self._schemas[hidden] = schema_of(self.model, self._members, hidden)
        return self._schemas[hidden]

    def open(self, request: Request, app: Owner, /) -> MemoryTransaction[M]:
        """Return the request's transaction."""
        return MemoryTransaction(self, obtain(self._memory.root.work, request, app))

    def version(self, item: M, /) -> int | None:
        """Return the version of an item, None if it was never stored."""
        stamp = vars(item).get(STAMP)
        return None if stamp is None else int(stamp[-1])

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item."""
        return getattr(item, name)

    # for its transactions

    def made(self, values: Mapping[str, Any]) -> M:
        """Return a new item; missing arguments of its constructor are None."""
        return new_item(self.model, self._members, values)

    @property
    def counts(self) -> bool:
        """Whether the store assigns integer keys."""
        return self.attributes[self.primary].generated

    def wants_key(self, item: M) -> bool:
        """Return whether an item needs a key: it has none, or only the default one."""
        value = getattr(item, self.primary)
        return self.counts and (value is None or value == self.attributes[self.primary].default)

    def is_live(self, item: M) -> bool:
        """Return whether an item is not soft-deleted."""
        return self.soft_delete is None or not getattr(item, self.soft_delete)

    def mark(self, *, removed: bool) -> dict[str, Any]:
        """Return the attribute that marks removed items, with its value."""
        name = str(self.soft_delete)
        if isinstance(self.attributes[name].field, fields.Bool):
            return {name: removed}
        return {name: dt.datetime.now(dt.UTC) if removed else None}


class MemoryTransaction(Generic[M]):
    """A Transaction on one store; it returns copies of the items."""

    def __init__(self, store: MemoryStore[M], work: Work) -> None:
        """Combine a store and the work of a request."""
        self._store = store
        self._work = work

    # reading

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        page = select(self._live(), query)
        return replace(page, items=[copied(item) for item in page.items])

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield every item of one snapshot."""
        return map(copied, select_all(self._live(), query))

    def get(
        self,
        key: object,
        /,
        *,
        scope: Mapping[str, Any],
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, or None. A lock keeps other requests from writing."""
        if lock:
            self._work.lock()
        store = self._store
        row = self._work.rows(store.table).find((store.key,), (key,))
        if row is None or store.is_live(row.item) is removed or not is_in_scope(row.item, scope):
            return None
        found: M = copied(row.item)
        return found

    def has_parents(self, scope: Mapping[str, Any], /) -> bool:
        """Return whether the items exist that the attributes of a scope refer to."""
        return self._work.dangling(self._store.table, scope.get) is None

    def _live(self) -> Iterator[M]:
        rows = self._work.rows(self._store.table).by_number.values()
        return (row.item for row in rows if self._store.is_live(row.item))

    # writing

    def build(self, values: Mapping[str, Any], /) -> M:
        """Make an item from attribute values."""
        return self._store.made(values)

    def add(self, item: M, /) -> None:
        """Store a new item; assign the next key if it has none."""
        store = self._store
        rows = self._work.writable(store.table)
        made = copied(item)
        if store.wants_key(made):
            setattr(made, store.primary, rows.last_key + 1)
        try:
            self._put(Row(rows.last_number + 1, made, first_version()))
        except UniqueViolation as error:
            if error.names == (store.key,):
                raise KeyTaken(error.names) from None
            raise
        if store.counts:
            rows.last_key = max(rows.last_key, getattr(made, store.primary))
        for name in (store.primary, STAMP):
            setattr(item, name, getattr(made, name))

    def change(self, item: M, values: Mapping[str, Any], /) -> None:
        """Set attributes of an item, and store it if nobody changed it since it was read."""
        row = self._current(item)
        for name, value in values.items():
            setattr(item, name, value)
        made = copied(item)
        if _state(made) == _state(row.item):
            return
        self._put(Row(row.number, made, row.version + 1), row)
        vars(item)[STAMP] = vars(made)[STAMP]

    def remove(self, item: M, /) -> None:
        """Remove an item, or mark it as removed, if nobody changed it since it was read."""
        store = self._store
        if store.soft_delete is not None:
            self.change(item, store.mark(removed=True))
            return
        row = self._current(item)
        if self._work.is_used(store.table, row):
            raise ReferenceViolation
        self._work.writable(store.table).drop(row.number)

    def restore(self, item: M, /) -> None:
        """Restore a soft-deleted item."""
        self.change(item, self._store.mark(removed=False))

    def attempt(self) -> AbstractContextManager[object]:
        """Return a context whose writes are undone if an exception leaves it."""
        return self._work.attempt()

    def _current(self, item: M) -> Row:
        """Take the lock, and return the row of an item that nobody changed since it was read."""
        store = self._store
        rows = self._work.writable(store.table)
        table, number, version = vars(item).get(STAMP, (store.table, 0, 0))
        row = rows.by_number.get(number) if table is store.table else None
        if row is None or row.version != version:
            raise StaleWrite
        return row

    def _put(self, row: Row, before: Row | None = None) -> None:
        """Store an item that fulfils the constraints."""
        store, work = self._store, self._work
        rows = work.writable(store.table)
        check_values(row.item, store.attributes)
        taken = rows.taken(row.item, row.number)
        if taken is not None:
            raise UniqueViolation(taken)
        dangling = work.dangling(store.table, lambda name: getattr(row.item, name))
        if dangling is not None:
            raise ReferenceViolation((dangling,))
        if before is not None and work.is_used(store.table, before, row.item):
            raise ReferenceViolation
        vars(row.item)[STAMP] = (store.table, row.number, row.version)
        rows.put(row)


def _state(item: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(item).items() if name != STAMP}


def _rule(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
