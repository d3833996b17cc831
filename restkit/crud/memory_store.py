"""A store in memory, with the behaviour of one on a database: for prototypes and for tests."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Generic, Protocol, TypeVar

from marshmallow import Schema, fields

from ..contract import Failure, Header
from ..dependencies import obtain
from ..errors import DeclarationError
from ..problems import ServiceUnavailable, UnprocessableContent
from ..request import Request
from ..resource import Owner
from .models import as_key, members_of, schema_of
from .query import ListQuery, Page
from .rows import STAMP, Memory, Reference, Row, Rows, Work, copied, first_version
from .selection import is_in_scope, select, select_all
from .store import Attribute, KeyTaken, ReferenceViolation, StaleWrite, UniqueViolation

__all__ = ["MemoryStore", "MemoryTransaction"]

M = TypeVar("M")
_RETRY = Header("Retry-After", "After how many seconds to try again.", {"type": "integer"})
_FAILURES = (
    Failure(ServiceUnavailable, "database", "Another request writes for too long.", (_RETRY,)),
)


class _App(Protocol):
    """Is what a MemoryStore needs of the App that it is installed on."""

    stores: list[Callable[[type], Any]]


class MemoryStore(Generic[M]):
    """Is the Store of one model in memory: a dataclass, or a class whose constructor takes its attributes by name.

    ::

        @dataclass
        class Book:
            title: Annotated[str, validate.Length(1, 200)]
            year: int | None = None
            id: int = 0

        class Books(CRUDResource[Book]):
            store = MemoryStore(Book, unique=("title",))

    What a request writes is kept at its end, or not at all; requests that write take turns. Nothing outlives the
    process, and no other process sees it: it is for prototypes and for tests.

    Attributes:
        model: The class.
        key: The attribute that names an item in its URL.
        primary: The attribute that names an item where no other one is declared.
        attributes: What is known of each attribute, by name.
        failures: The problem of a request that has waited too long for another one.
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
            model: The class; its annotations say what each attribute is.
            key: The attribute that names an item. Integers are counted up where an item does not bring one along.
            unique: What two items cannot both have: an attribute, or several together. None is like no other.
            references: Attributes that name an item of another store, by its key.
            items: What is in it at first.
            timeout: How many seconds a request waits for another one that writes.

        Raises:
            DeclarationError: The class cannot be a model, or has no such attribute.
        """
        self.model = model
        self.key = key
        self.failures: Sequence[Failure] = _FAILURES
        self.soft_delete: str | None = None
        self._members = members_of(model)
        rules = [(key,), *((each,) if isinstance(each, str) else tuple(each) for each in unique)]
        for name in (*(name for rule in rules for name in rule), *(references or ())):
            self._check_name(name)
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

    def _check_name(self, name: str) -> None:
        if name not in self._members:
            raise DeclarationError(
                f"{self.model.__qualname__} has no attribute {name!r}; it has {', '.join(sorted(self._members))}."
            )

    @property
    def items(self) -> Sequence[M]:
        """All items that are kept now, as copies."""
        rows = self._memory.root.kept[self.table]
        return [copied(row.item) for row in rows.by_number.values()]

    def install(self, app: _App, /) -> None:
        """Let an App's CRUDResources find this store by its model."""
        app.stores.append(lambda model: self if model is self.model else None)

    def configured(self, *, key: str, soft_delete: str | None) -> MemoryStore[M]:
        """Return the store of the same items with another key, or with soft deletion."""
        made = copy.copy(self)
        made.key = key or self.key
        self._check_name(made.key)
        if (made.key,) not in self._rules or self.attributes[made.key].nullable:
            raise DeclarationError(
                f"The key {made.key!r} of {self.model.__qualname__} does not name one item: write "
                f"unique=({made.key!r},) in its MemoryStore, and let it not be None."
            )
        made.soft_delete = soft_delete
        if soft_delete is not None:
            self._check_name(soft_delete)
            attribute = self.attributes[soft_delete]
            moment = isinstance(attribute.field, fields.DateTime) and attribute.nullable
            if not moment and not isinstance(attribute.field, fields.Bool):
                raise DeclarationError(
                    f"{self.model.__qualname__}.{soft_delete} says when an item was removed: annotate it with datetime "
                    "| None, None for items that are there, or with bool."
                )
        return made

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        """Return a schema of the model's attributes, always the same one.

        Raises:
            DeclarationError: Relations are to be expanded, of which a schema in memory knows nothing.
        """
        if expand:
            raise DeclarationError(
                f"{self.model.__qualname__} in memory has no relations to derive {', '.join(expand)} from; write a "
                "schema with fields.Nested(..., dump_only=True)."
            )
        found = self._schemas.get(self.soft_delete)
        if found is None:
            found = self._schemas[self.soft_delete] = schema_of(
                self.model, self._members, self.soft_delete
            )
        return found

    def open(self, request: Request, app: Owner, /) -> MemoryTransaction[M]:
        """Return the request's transaction."""
        return MemoryTransaction(self, obtain(self._memory.root.work, request, app))

    def version(self, item: M, /) -> int | None:
        """Return a number that changes with each change of an item, None for one that was never kept."""
        stamp = vars(item).get(STAMP)
        return None if stamp is None else int(stamp[-1])

    def value(self, item: M, name: str, /) -> Any:
        """Return an attribute of an item."""
        return getattr(item, name)

    # what its transactions ask

    def made(self, values: Mapping[str, Any]) -> M:
        """Return a new item; what its constructor needs and is not there is None."""
        members = self._members
        given = {
            name: values.get(name)
            for name, each in members.items()
            if each.needed or name in values
        }
        item = self.model(**{name: value for name, value in given.items() if members[name].given})
        for name, value in values.items():
            if name not in members or not members[name].given:
                setattr(item, name, value)
        return item

    @property
    def counts(self) -> bool:
        """Whether keys are counted up."""
        return self.attributes[self.primary].generated

    def wants_key(self, item: M) -> bool:
        """Return whether an item brings no key along: it has none, or the one that every new item has."""
        value = getattr(item, self.primary)
        return self.counts and (value is None or value == self.attributes[self.primary].default)

    def is_live(self, item: M) -> bool:
        """Return whether an item was not removed softly."""
        return self.soft_delete is None or not getattr(item, self.soft_delete)

    def mark(self, *, removed: bool) -> dict[str, Any]:
        """Return the attribute that says whether an item was removed softly, with its value."""
        name = str(self.soft_delete)
        if isinstance(self.attributes[name].field, fields.Bool):
            return {name: removed}
        return {name: dt.datetime.now(dt.UTC) if removed else None}

    def check(self, item: M) -> None:
        """Refuse an item that lacks a value.

        Raises:
            UnprocessableContent: It does.
        """
        for name, attribute in self.attributes.items():
            if not attribute.nullable and getattr(item, name) is None:
                raise UnprocessableContent("A value does not fit into the store.")


class MemoryTransaction(Generic[M]):
    """Is a request's work, as the Transaction on one store; the items that it hands out are copies."""

    def __init__(self, store: MemoryStore[M], work: Work) -> None:
        """Put a store on a request's work."""
        self._store = store
        self._work = work

    # reading

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        page = select(self._live(), query)
        return replace(page, items=[copied(item) for item in page.items])

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield every item, as all of them were at the first one."""
        return map(copied, select_all(self._live(), query))

    def get(
        self,
        key: Any,
        /,
        *,
        scope: Mapping[str, Any],
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, None where there is none; with a lock, nobody else writes until the end."""
        if lock:
            self._work.lock()
        store = self._store
        row = self._work.rows(store.table).find((store.key,), (key,))
        if row is None or store.is_live(row.item) is removed or not is_in_scope(row.item, scope):
            return None
        found: M = copied(row.item)
        return found

    def has_parents(self, scope: Mapping[str, Any], /) -> bool:
        """Return whether each item exists that an attribute of the scope names."""
        return self._work.dangling(self._store.table, scope.get) is None

    def _live(self) -> Iterator[M]:
        rows = self._work.rows(self._store.table).by_number.values()
        return (row.item for row in rows if self._store.is_live(row.item))

    # writing

    def build(self, values: Mapping[str, Any], /) -> M:
        """Make an item of attributes."""
        return self._store.made(values)

    def add(self, item: M, /) -> None:
        """Keep a new item; one that brings no key along gets the next."""
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
        """Set attributes of an item, and keep it where it is still what was read."""
        row = self._current(item)
        for name, value in values.items():
            setattr(item, name, value)
        made = copied(item)
        if _state(made) == _state(row.item):
            return
        self._put(Row(row.number, made, row.version + 1), row)
        vars(item)[STAMP] = vars(made)[STAMP]

    def remove(self, item: M, /) -> None:
        """Remove an item where it is still what was read: softly, where the store is told to."""
        store = self._store
        if store.soft_delete is not None:
            self.change(item, store.mark(removed=True))
            return
        row = self._current(item)
        if self._work.is_used(store.table, row):
            raise ReferenceViolation
        self._work.writable(store.table).drop(row.number)

    def restore(self, item: M, /) -> None:
        """Take back that an item was removed softly."""
        self.change(item, self._store.mark(removed=False))

    def attempt(self) -> AbstractContextManager[object]:
        """Return a context in which what is written is undone where it raises."""
        return self._work.attempt()

    def _current(self, item: M) -> Row:
        """Return the row of an item that is still what was read; from here on nobody else writes."""
        store = self._store
        rows = self._work.writable(store.table)
        table, number, version = vars(item).get(STAMP, (store.table, 0, 0))
        row = rows.by_number.get(number) if table is store.table else None
        if row is None or row.version != version:
            raise StaleWrite
        return row

    def _put(self, row: Row, before: Row | None = None) -> None:
        """Keep an item, where the store's rules hold."""
        store, work = self._store, self._work
        rows = work.writable(store.table)
        store.check(row.item)
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
