"""List queries over objects in memory, with the semantics of a database."""

from __future__ import annotations

import datetime as dt
import enum
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from ..errors import DeclarationError
from .query import Condition, ListQuery, Order, Page
from .scopes import AnyOf, Clause, Scope

__all__ = ["condition_test", "holds", "rank", "select", "select_all", "sort_key"]

M = TypeVar("M")
_Reader = Callable[[object, str], object]
_Related = Callable[[object, Condition], bool]
_Test = Callable[[Any, Any], bool]
"""A comparison of a value of an item with that of a condition, which are of one type."""


def select(items: Iterable[M], query: ListQuery, read: _Reader = getattr) -> Page[M]:
    """Return one page of items.

    Args:
        items: All items, in any order.
        query: The query.
        read: A function that returns the value of a sort key of an item.
    """
    found = select_all(items, query, read)
    total = None if query.count == "none" else len(found)
    backwards = query.before is not None
    edge, side = (query.before, -1) if backwards else (query.after, 1)
    if edge is not None:
        found = [item for item in found if _side(item, query.order, edge, read) == side]
    elif query.offset:
        found = found[query.offset :]
    kept = _limited(found, query.limit, backwards=backwards)
    has_more = len(kept) < len(found)
    if backwards:
        return Page(kept, True, has_more, total)
    return Page(kept, has_more, query.after is not None, total)


def _limited(items: list[M], limit: int | None, *, backwards: bool) -> list[M]:
    if limit is None or len(items) <= limit:
        return items
    return items[-limit:] if backwards else items[:limit]


def select_all(items: Iterable[M], query: ListQuery, read: _Reader = getattr) -> list[M]:
    """Return all items that fulfil a query's conditions, in its order."""
    tests = [condition_test(each) for each in query.conditions]

    def matches(item: object) -> bool:
        return holds(item, query.scope) and all(test(item) for test in tests)

    found = list(filter(matches, items))
    # Sorting is stable, so that the first key, sorted last, takes precedence; None is the greatest.
    for each in reversed(query.order):
        found.sort(key=_keyed(each.name, read), reverse=each.descending)
    return found


def holds(item: object, clause: Clause, related: _Related | None = None) -> bool:
    """Return whether an item fulfils a clause.

    Args:
        item: The item.
        clause: The clause.
        related: A function that says whether an item fulfils a condition on related items.

    Raises:
        DeclarationError: The clause is not one that a store in memory can evaluate.
    """
    if isinstance(clause, bool):
        return clause
    if isinstance(clause, Mapping):
        return all(_has(item, name, value, related) for name, value in clause.items())
    if isinstance(clause, Condition):
        return _fulfils(item, clause, related)
    if isinstance(clause, Scope):
        return all(holds(item, each, related) for each in (clause.values, *clause.clauses))
    if isinstance(clause, AnyOf):
        return any(holds(item, each, related) for each in clause.clauses)
    if isinstance(clause, (list, tuple)):
        return all(holds(item, each, related) for each in clause)
    raise DeclarationError(
        f"A MemoryStore cannot evaluate {type(clause).__name__} as a scope or row rule. Use a "
        "mapping of attributes, a Condition, AnyOf, True, False, or a list of those."
    )


def _fulfils(item: object, condition: Condition, related: _Related | None) -> bool:
    """Return whether an item, or one that it is related to, fulfils a condition."""
    if related is not None and condition.is_related:
        return related(item, condition)
    return condition_test(condition)(item)


def _has(item: object, name: str, value: object, related: _Related | None) -> bool:
    """Return whether an item, or one that it is related to, has a value."""
    if related is not None and "." in name:
        return related(item, Condition.equal(name, value))
    return bool(getattr(item, name) == value)


def condition_test(condition: Condition) -> Callable[[object], bool]:
    """Return a function that says whether an item fulfils a condition on its own attributes."""
    if condition.operator == "or":
        tests = [condition_test(each) for each in condition.value]
        return lambda item: any(test(item) for test in tests)
    name, test, wanted = condition.name, _TESTS[condition.operator], _wanted(condition)
    return lambda item: test(getattr(item, name), wanted)


def _keyed(name: str, read: _Reader) -> Callable[[object], tuple[object, ...]]:
    return lambda item: rank(read(item, name))


def rank(value: object) -> tuple[Any, ...]:
    """Return the sort key of a value: None sorts last, members of an enumeration sort by name.

    Times without a time zone sort before those with one: Python cannot compare them, and clients
    may send both.
    """
    if value is None:
        return (1,)
    if isinstance(value, dt.time):
        return (0, value.tzinfo is not None, value)
    return (0, value.name if isinstance(value, enum.Enum) else value)


class _Descending:
    """A sort key that is compared in the opposite direction."""

    __slots__ = ("key",)

    def __init__(self, key: tuple[object, ...]) -> None:
        self.key = key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.key == other.key

    def __lt__(self, other: _Descending) -> bool:
        return other.key < self.key

    __hash__ = None  # type: ignore[assignment]  # it is compared alone


def sort_key(values: Iterable[object], order: Sequence[Order]) -> tuple[object, ...]:
    """Return a key that compares as an item with some values does in an order."""
    keys = map(rank, values)
    return tuple(map(_directed, keys, order))


def _directed(key: tuple[object, ...], order: Order) -> object:
    return _Descending(key) if order.descending else key


def _side(item: object, order: Sequence[Order], edge: Sequence[object], read: _Reader) -> int:
    """Return 1 for an item after the edge, -1 for one before it, 0 for the item at the edge."""
    for each, at in zip(order, edge, strict=True):
        one, other = rank(read(item, each.name)), rank(at)
        if one != other:
            return 1 if (one > other) is not each.descending else -1
    return 0


def _wanted(condition: Condition) -> Any:
    if condition.operator in ("contains", "startswith"):
        return condition.value.lower()
    return condition.value


def _compared(compare: _Test) -> _Test:
    """Return a comparison that is false for None, like those of SQL."""
    return lambda value, other: value is not None and bool(compare(value, other))


def _ordered(compare: _Test) -> _Test:
    """Return a comparison in the sort order of lists."""
    return lambda value, other: value is not None and bool(compare(rank(value), rank(other)))


_TESTS: dict[str, _Test] = {
    "eq": _compared(operator.eq),
    "ne": lambda value, other: value is None or bool(value != other),
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "in": _compared(lambda value, several: value in several),
    "not_in": lambda value, several: value is None or value not in several,
    "contains": _compared(lambda value, part: part in value.lower()),
    "startswith": _compared(lambda value, part: value.lower().startswith(part)),
    "has": _compared(lambda value, wanted: all(each in value for each in wanted)),
    "null": lambda value, wanted: (value is None) is wanted,
}
