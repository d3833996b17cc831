"""Relations of items in memory, as far as a request may see the related items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from .memory_access import MemoryAccess
from .memory_links import Link, LinkedStore
from .paths import by_relation
from .query import Condition, ListQuery, Page
from .rows import Memory, Work
from .selection import condition_test, select, select_all

__all__ = ["MemoryRelations"]

M = TypeVar("M")
_Test = Callable[[object], bool]


class MemoryRelations:
    """The related items of one request."""

    def __init__(self, memory: Memory, work: Work, access: MemoryAccess) -> None:
        """Combine the data, the work and the access of a request."""
        self._memory = memory
        self._work = work
        self._access = access
        self._indexes: dict[tuple[object, str], dict[object, list[object]]] = {}

    def page(self, table: object, items: Iterable[M], query: ListQuery) -> Page[M]:
        """Return one page of the items of a table."""
        read = self._reader(table)
        page = select(*self._matching(table, items, query), read)
        if not query.is_related_order or not page.items:
            return page
        names = [each.name for each in query.order]
        first, last = _ends(page.items)
        ends = [tuple(map(partial(read, first), names)), tuple(map(partial(read, last), names))]
        return replace(page, ends=ends)

    def selected(self, table: object, items: Iterable[M], query: ListQuery) -> list[M]:
        """Return all items of a table that fulfil a query's conditions, in its order."""
        return select_all(*self._matching(table, items, query), self._reader(table))

    def _matching(
        self, table: object, items: Iterable[M], query: ListQuery
    ) -> tuple[Iterable[M], ListQuery]:
        """Return the items that fulfil the conditions on related items, and the rest of a query."""
        related = [each for each in query.conditions if each.is_related]
        own = tuple(each for each in query.conditions if each not in related)
        return filter(self._all(table, related), items), replace(query, conditions=own)

    def _reader(self, table: object) -> Callable[[object, str], object]:
        """Return a function from an item and a path to the value; None without a related item."""

        def read(item: object, path: str) -> object:
            at = table
            *relations, name = path.split(".")
            for each in relations:
                link = self._memory.links[at][each]
                found = self.related(link, item)
                if not found:
                    return None
                item, at = found[0], link.target.table
            value: object = getattr(item, name)
            return value

        return read

    def related(self, link: Link, item: object) -> list[object]:
        """Return the related items that the request may see."""
        return self._index(link.target, link.remote).get(getattr(item, link.local, None), [])

    def _index(self, store: LinkedStore, name: str) -> dict[object, list[object]]:
        """Return the visible items of a store by the value of an attribute."""
        table = store.table
        found = self._indexes.get((store, name))
        if found is None:
            found = self._indexes[store, name] = {}
            for row in self._work.rows(table):
                value: object = getattr(row.item, name, None)
                if value is None or not store.shape.has(row.item):
                    continue
                if self._access.can_refer(table, row.item):
                    found.setdefault(value, []).append(row.item)
        return found

    def _all(self, table: object, conditions: Iterable[Condition]) -> _Test:
        """Return a function that says whether an item of a table fulfils all conditions."""
        links = self._memory.links.get(table, {})
        own, related = by_relation(conditions)
        tests = [self._own(table, links, each) for each in own]
        for name, further in related.items():
            tests.append(self._some(links[name], self._all(links[name].target.table, further)))
        return lambda item: all(test(item) for test in tests)

    def _own(self, table: object, links: dict[str, Link], condition: Condition) -> _Test:
        if condition.operator == "or":
            tests = [self._all(table, [each]) for each in condition.value]
            return lambda item: any(test(item) for test in tests)
        if condition.operator != "any":
            return condition_test(condition)
        link = links[condition.name]
        return lambda item: bool(self.related(link, item)) is condition.value

    def _some(self, link: Link, test: _Test) -> _Test:
        """Return a function that says whether one of the related items passes a test."""
        return lambda item: any(map(test, self.related(link, item)))


def _ends(items: Sequence[M]) -> tuple[M, M]:
    return items[0], items[-1]
