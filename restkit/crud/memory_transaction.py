"""The transaction of a store in memory: a request's reads and writes of one model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import partial
from typing import Generic, Protocol, TypeVar, cast

from .item_keys import split_key
from .item_tags import first_version
from .memory_access import MemoryAccess
from .memory_expansion import include, without_included
from .memory_links import Reference
from .memory_model import MemoryModel
from .memory_pages import page_of
from .memory_related import RelatedItems
from .memory_relations import MemoryRelations
from .memory_rows import Row
from .memory_totals import totals_of
from .models import check_values
from .query import Condition, ListQuery, Page
from .relations import Relation, values_of_new
from .row_rules import write_clause
from .rows import RELATED, STAMP, Memory, Work, copied, state_of
from .scopes import Clause, Scope, fixed_values
from .selection import select, select_all
from .store import KeyTaken, ReferenceViolation, RelatedRows, StaleWrite, UniqueViolation
from .totals import Totals, TotalsQuery

__all__ = ["MemoryTransaction", "TransactedStore"]

M = TypeVar("M")


class TransactedStore(Protocol[M]):
    """The part of a `MemoryStore` that its transactions use."""

    key: str
    keys: tuple[str, ...]
    identity: tuple[str, ...]
    soft_delete: str | None
    table: object
    model: type[M]
    shape: MemoryModel

    @property
    def named(self) -> Mapping[str, Reference]:
        """The references that content names by keys."""
        ...

    @property
    def memory(self) -> Memory:
        """The memory that the store shares with those that it refers to."""
        ...

    def is_live(self, item: M) -> bool:
        """Return whether an item is not soft-deleted."""
        ...

    def mark(self, *, removed: bool) -> dict[str, object]:
        """Return the attribute that marks removed items, with its value."""
        ...


class MemoryTransaction(Generic[M]):
    """A Transaction on one store; it returns copies of the items."""

    def __init__(self, store: TransactedStore[M], work: Work) -> None:
        """Combine a store and the work of a request."""
        self._store = store
        self._work = work
        if work.access is None:
            work.access = MemoryAccess(store.memory, work)
        self._access = cast("MemoryAccess", work.access)
        references = store.named.values()
        self._related = RelatedItems(work, tuple(references), self._access.can_refer)

    def assigned(self) -> Mapping[str, object]:
        """Return the values that a row rule sets on new items of the caller."""
        return self._access.assigned(self._store.table)

    def readable(self) -> Clause:
        """Return the condition on the items that the caller may read."""
        rule = self._access.rule(self._store.table)
        return True if rule is None else rule.read

    def writable(self) -> Clause:
        """Return the condition of the row rule on writes, ``{}`` if it has none of its own."""
        return write_clause(self._access.rule(self._store.table))

    def restrict(self, related: RelatedRows, /) -> None:
        """Let items refer to other items only if those fulfil further conditions."""
        self._access.related = related

    # reading

    def list(self, query: ListQuery, /) -> Page[M]:
        """Return one page."""
        if query.lock:
            self._work.lock()
        if query.is_related:
            page = self._relations.page(self._store.table, *self._scoped(query))
        else:
            rows = self._work.rows(self._store.table)
            page = page_of(rows, query, self._tests(query.scope)) or select(*self._scoped(query))
        return replace(page, items=self._included(page.items, query.expand))

    def stream(self, query: ListQuery, /) -> Iterator[M]:
        """Yield every item of one snapshot."""
        if not query.expand:
            return map(self._copied, self._selected(query))
        return iter(self._included(self._selected(query), query.expand))

    def _included(self, items: Iterable[M], expand: Sequence[str]) -> Sequence[M]:
        """Return copies of items with the related items that a response includes."""
        found = [self._copied(item) for item in items]
        if expand:
            store = self._store
            include(self._relations, store.memory, store.table, found, expand)
        return found

    def _copied(self, item: M) -> M:
        found: M = copied(item)
        self._related.attach(found)
        return found

    def totals(self, query: TotalsQuery, /) -> Totals:
        """Return the groups of a query with their aggregates."""
        return totals_of(self._selected(query.selected), replace(query, selected=ListQuery()))

    def get(
        self,
        key: object,
        /,
        *,
        scope: Clause,
        lock: bool = False,
        expand: Sequence[str] = (),
        removed: bool = False,
    ) -> M | None:
        """Return the item of a key, or None. A lock keeps other requests from writing."""
        if lock:
            self._work.lock()
        store = self._store
        if store.keys:
            key, scope = split_key(key, store.keys, scope)
        values = {**Scope.of(scope).values, store.key: key}
        wanted = tuple(values.get(name) for name in store.identity)
        row = self._work.rows(store.table).find(store.identity, wanted)
        if row is None or not store.shape.has(row.item):
            return None
        if store.is_live(row.item) is removed:
            return None
        access = self._access
        if not access.holds(store.table, row.item, scope):
            return None
        if not access.can_read(store.table, row.item):
            return None
        return self._included([row.item], expand)[0]

    def has_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether the items exist that the attributes of a scope refer to."""
        return self._work.dangling(self._store.table, scope.get, self._access.can_refer) is None

    def hides_parents(self, scope: Mapping[str, object], /) -> bool:
        """Return whether an item that the attributes of a scope refer to is missing or hidden."""
        return not self.has_parents(scope)

    @property
    def _relations(self) -> MemoryRelations:
        return MemoryRelations(self._store.memory, self._work, self._access)

    def _selected(self, query: ListQuery) -> Iterator[M]:
        """Return all items of a query."""
        if query.is_related:
            return iter(self._relations.selected(self._store.table, *self._scoped(query)))
        return iter(select_all(*self._scoped(query)))

    def _scoped(self, query: ListQuery) -> tuple[Iterator[M], ListQuery]:
        """Return the items in the scope of a query, and the rest of the query."""
        items: Iterator[M] = (row.item for row in self._work.rows(self._store.table))
        for test in self._tests(query.scope):
            items = filter(test, items)
        return items, replace(query, scope={})

    def _tests(self, scope: Clause) -> Sequence[Callable[[M], bool]]:
        """Return the functions that say whether the caller may see an item in a scope."""
        store, access = self._store, self._access
        tests: list[Callable[[M], bool]] = []
        if store.soft_delete is not None:
            tests.append(store.is_live)
        if store.shape.is_part:
            tests.append(store.shape.has)
        if access.rule(store.table) is not None:
            tests.append(partial(access.can_read, store.table))
        if Scope.of(scope):
            tests.append(lambda item: access.holds(store.table, item, scope))
        return tests

    # writing

    def build(self, values: Mapping[str, object], /) -> M:
        """Make an item from attribute values."""
        return cast("M", self._store.shape.made(values))

    def find_related(
        self, relation: Relation, values: Sequence[object], /, *, create: bool
    ) -> Mapping[object, object]:
        """Return the values that name related items, with the keys of the items."""
        reference = self._store.named[relation.name]
        found = self._related.named(reference, relation.by, values)
        missing = [value for value in values if value not in found]
        if create and missing:
            self._create(reference, relation, missing)
            found = self._related.named(reference, relation.by, values)
        if relation.is_many:
            return found
        return {value: (key,) for value, key in found.items()}

    def members(self, relation: Relation, item: object, /) -> Sequence[object]:
        """Return the keys of the items in a list that the caller may see."""
        reference = self._store.named[relation.name]
        return [getattr(each, reference.key) for each in vars(item)[RELATED][relation.name]]

    def member_scope(self, relation: Relation, item: object, /) -> Clause:
        """Return the condition on the items that are members of an item's list."""
        key = self._store.named[relation.name].key
        return Condition(key, "in", self.members(relation, item))

    def _create(self, reference: Reference, relation: Relation, values: Sequence[object]) -> None:
        store = cast("TransactedStore[object]", self._store.memory.stores[reference.target])
        rows = MemoryTransaction(store, self._work)
        related = self._access.related
        decided = fixed_values(() if related is None else related(store.model))
        decided |= rows.assigned()
        for value in values:
            made = values_of_new(relation, value, decided)
            if made is not None:
                # An item that exists already is one that the caller may not see.
                with suppress(UniqueViolation):
                    rows.add(store.shape.made(made))

    def add(self, item: M, /) -> None:
        """Store a new item; assign the next key if it has none."""
        store = self._store
        shape = store.shape.of_item(item)
        rows = self._work.writable(store.table)
        for name, value in self.assigned().items():
            setattr(item, name, value)
        made = copied(item)
        if shape.wants_key(made):
            setattr(made, shape.primary, rows.last_key + 1)
        try:
            self._put(Row(rows.last_number + 1, made, first_version()))
        except UniqueViolation as error:
            if error.names == store.identity:
                raise KeyTaken(error.names) from None
            raise
        if shape.counts:
            rows.last_key = max(rows.last_key, getattr(made, shape.primary))
        for name in filter(None, (shape.primary, STAMP)):
            setattr(item, name, getattr(made, name))
        self._related.attach(item)

    def change(self, item: M, values: Mapping[str, object], /) -> None:
        """Set attributes of an item, and store it if nobody changed it since it was read."""
        row = self._current(item)
        self._access.check_write(self._store.table, row.item)
        for name, value in self._related.with_hidden(row.item, values).items():
            setattr(item, name, value)
        self._related.attach(item)
        made = without_included(self._store.memory, self._store.table, copied(item))
        if state_of(made) == state_of(row.item):
            return
        self._put(Row(row.number, made, row.version + 1), row)
        vars(item)[STAMP] = vars(made)[STAMP]

    def settle(self, item: M, /) -> None:
        """Store the attributes that were set on an item since it was written."""
        table, number, _ = vars(item).get(STAMP, (None, 0, 0))
        rows = self._work.rows(self._store.table)
        row = rows.numbered(number) if table is self._store.table else None
        if row is not None and state_of(item) != state_of(row.item):
            self.change(item, {})

    def include(self, item: M, relations: Sequence[str], /) -> None:
        """Set the related items that the response to a write nests."""
        store = self._store
        include(self._relations, store.memory, store.table, [item], relations)

    def remove(self, item: M, /) -> None:
        """Remove an item, or mark it as removed, if nobody changed it since it was read."""
        store = self._store
        if store.soft_delete is not None:
            self.change(item, store.mark(removed=True))
            return
        row = self._current(item)
        self._access.check_write(store.table, row.item)
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
        row = rows.numbered(number) if table is store.table else None
        if row is None or row.version != version:
            raise StaleWrite
        return row

    def _put(self, row: Row, before: Row | None = None) -> None:
        """Store an item that fulfils the constraints."""
        store, work = self._store, self._work
        rows = work.writable(store.table)
        check_values(row.item, store.shape.of_item(row.item).attributes)
        taken = rows.taken(row.item, row.number)
        if taken is not None:
            raise UniqueViolation(taken)
        dangling = work.dangling(
            store.table, lambda name: _changed(row, before, name), self._access.can_refer
        )
        if dangling is not None:
            raise ReferenceViolation((dangling,))
        self._access.check_write(store.table, row.item)
        if before is not None and work.is_used(store.table, before, row.item):
            raise ReferenceViolation
        vars(row.item)[STAMP] = (store.table, row.number, row.version)
        rows.put(row)


def _changed(row: Row, before: Row | None, name: str) -> object:
    """Return an attribute of an item, None if it has the value that it had before."""
    value: object = getattr(row.item, name, None)
    past = None if before is None else getattr(before.item, name, None)
    if isinstance(value, list) and isinstance(past, list):
        return [each for each in value if each not in past]
    return None if before is not None and past == value else value
