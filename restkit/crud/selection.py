"""What a query asks for, picked from items in memory: conditions, order, and windows, as databases have them."""

from __future__ import annotations

import datetime as dt
import enum
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from .query import Condition, ListQuery, Order, Page

__all__ = ["is_in_scope", "select", "select_all"]

M = TypeVar("M")


def select(items: Iterable[M], query: ListQuery) -> Page[M]:
    """Return one page of items.

    Args:
        items: All of them, in any order.
        query: What is asked for.
    """
    found = select_all(items, query)
    total = None if query.count == "none" else len(found)
    backwards = query.before is not None
    edge = query.before if backwards else query.after
    if edge is not None:
        wanted = -1 if backwards else 1
        found = [item for item in found if _side(item, query.order, edge) == wanted]
    elif query.offset:
        found = found[query.offset :]
    has_more = query.limit is not None and len(found) > query.limit
    if has_more and query.limit is not None:
        found = found[-query.limit :] if backwards else found[: query.limit]
    has_next, has_previous = (True, has_more) if backwards else (has_more, query.after is not None)
    return Page(found, has_next, has_previous, total)


def select_all(items: Iterable[M], query: ListQuery) -> list[M]:
    """Return all items that a query's conditions hold of, in its order."""
    tests = [(each.name, _TESTS[each.operator], _wanted(each)) for each in query.conditions]
    found = [
        item
        for item in items
        if is_in_scope(item, query.scope)
        and all(test(getattr(item, name), with_) for name, test, with_ in tests)
    ]
    # Sorting is stable, so that the first key, sorted by last, wins; None is the greatest.
    for each in reversed(query.order):
        found.sort(key=_keyed(each.name), reverse=each.descending)
    return found


def is_in_scope(item: Any, scope: Mapping[str, Any]) -> bool:
    """Return whether an item has the attributes of a scope."""
    return all(getattr(item, name) == wanted for name, wanted in scope.items())


def _keyed(name: str) -> Callable[[Any], Any]:
    return lambda item: _rank(getattr(item, name))


def _rank(value: Any) -> tuple[Any, ...]:
    """Return a value as a key to sort by: None behind all others, members of an enumeration by their names.

    Times of a day without a time zone come before those with one: they cannot be compared, and one client could send
    both.
    """
    if value is None:
        return (1,)
    if isinstance(value, dt.time):
        return (0, value.tzinfo is not None, value)
    return (0, value.name if isinstance(value, enum.Enum) else value)


def _side(item: Any, order: Sequence[Order], edge: Sequence[Any]) -> int:
    """Return 1 for an item behind a place in an order, -1 for one before it, 0 for the one there."""
    for each, at in zip(order, edge, strict=True):
        one, other = _rank(getattr(item, each.name)), _rank(at)
        if one != other:
            return 1 if (one > other) is not each.descending else -1
    return 0


def _wanted(condition: Condition) -> Any:
    if condition.operator in ("contains", "startswith"):
        return condition.value.lower()
    return condition.value


def _compared(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    """Return a comparison that does not hold of None, like those of SQL."""
    return lambda value, other: value is not None and bool(compare(value, other))


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    """Return a comparison in the order that lists have."""
    return lambda value, other: value is not None and bool(compare(_rank(value), _rank(other)))


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _compared(operator.eq),
    "ne": lambda value, other: value is None or bool(value != other),
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "in": _compared(lambda value, several: value in several),
    "contains": _compared(lambda value, part: part in value.lower()),
    "startswith": _compared(lambda value, part: value.lower().startswith(part)),
    "has": _compared(lambda value, wanted: all(each in value for each in wanted)),
    "null": lambda value, wanted: (value is None) is wanted,
}
