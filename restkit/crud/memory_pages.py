"""Pages of rows in memory: a walk along the rows in an order, as long as the page needs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import TypeVar, cast

from .memory_rows import Row, Rows
from .query import ListQuery, Page
from .selection import condition_test, sort_key

__all__ = ["page_of"]

M = TypeVar("M")


def page_of(rows: Rows, query: ListQuery, tests: Sequence[Callable[[M], bool]]) -> Page[M] | None:
    """Return one page, as `selection.select` does.

    Args:
        rows: The rows.
        query: The query, without conditions on related items; its scope is among the tests.
        tests: The functions that say whether an item may be listed.

    Returns:
        None if the whole list is asked for, or the items cannot be put in the order.
    """
    if not query.limit:
        return None
    try:
        walk = cast("Iterator[M]", _walk(rows, query))
    except Exception:  # noqa: BLE001  # `select` raises it, if the page has such values
        return None
    tests = [*tests, *map(condition_test, query.conditions)]
    fitting = filter(partial(_passes, tests), walk)
    is_first = query.before is None and query.after is None
    start = query.offset if is_first else 0
    found = list(islice(fitting, start, start + query.limit + 1))
    has_more, kept = len(found) > query.limit, found[: query.limit]
    total = None if query.count == "none" else _total(rows, tests)
    if query.before is not None:
        return Page(kept[::-1], True, has_more, total)
    return Page(kept, has_more, query.after is not None, total)


def _walk(rows: Rows, query: ListQuery) -> Iterator[object]:
    """Yield the items from the edge of a page on, in the direction of the page."""
    order, edge = query.order, query.before or query.after
    # One index serves an order and its reverse.
    is_descending = all(each.descending for each in order)
    if is_descending:
        order = tuple(each.reversed for each in order)
    entries = rows.ordered(order)
    key = None if edge is None else sort_key(edge, order)
    if is_descending is (query.before is not None):
        found = iter(entries) if key is None else entries.after((key, math.inf))
    else:
        found = entries.before(None if key is None else (key,))
    return (cast("Row", entry[-1]).item for entry in found)


def _total(rows: Rows, tests: Sequence[Callable[[M], bool]]) -> int:
    if not tests:
        return len(rows)
    return sum(_passes(tests, row.item) for row in rows)


def _passes(tests: Sequence[Callable[[M], bool]], item: M) -> bool:
    return all(test(item) for test in tests)
