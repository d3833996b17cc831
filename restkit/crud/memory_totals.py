"""Groups and aggregates over objects in memory, with the semantics of a database."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from .selection import rank, select_all
from .totals import Aggregate, Group, Totals, TotalsQuery

__all__ = ["totals_of"]

_Numbers = Sequence[Decimal]
"""Values of one attribute, which are what its annotation says; decimals stand for all."""
_LENGTHS = {"year": 4, "month": 7, "day": 10}


def totals_of(items: Iterable[object], query: TotalsQuery) -> Totals:
    """Return the groups of items and their aggregates.

    Args:
        items: All items that the caller may read, in any order.
        query: The query.
    """
    grouped: dict[tuple[object, ...], list[object]] = {}
    if not query.groups:
        grouped[()] = []
    for item in select_all(items, query.selected):
        grouped.setdefault(tuple(_key(item, each) for each in query.groups), []).append(item)
    rows = [(*key, *_values(members, query.aggregates)) for key, members in grouped.items()]
    places: list[Group | Aggregate] = [*query.groups, *query.aggregates]
    # Sorting is stable, so that the first key, sorted last, takes precedence.
    for order in reversed(query.order):
        rows.sort(key=_ranked(places.index(order.by)), reverse=order.descending)
    return Totals(rows[: query.limit], len(rows) > query.limit)


def _ranked(place: int) -> Callable[[tuple[object, ...]], tuple[object, ...]]:
    return lambda row: rank(row[place])


def _key(item: object, group: Group) -> object:
    value: object = getattr(item, group.name)
    if not group.part or not isinstance(value, dt.date):
        return value
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC)
    return value.isoformat()[: _LENGTHS[group.part]]


def _values(members: Sequence[object], wanted: Sequence[Aggregate]) -> list[object]:
    return [_value(members, each) for each in wanted]


def _value(members: Sequence[object], aggregate: Aggregate) -> object:
    if not aggregate.name:
        return len(members)
    every = (getattr(item, aggregate.name) for item in members)
    values = [value for value in every if value is not None]
    return _FUNCTIONS[aggregate.function](values)


def _sum(values: _Numbers) -> object:
    return sum(values) if values else None


def _average(values: _Numbers) -> float | None:
    if not values:
        return None
    if any(isinstance(value, (float, Decimal)) and not math.isfinite(value) for value in values):
        return float(sum(map(float, values)) / len(values))
    return float(sum(map(Fraction, values)) / len(values))


_FUNCTIONS: Mapping[str, Callable[[_Numbers], object]] = {
    "count": len,
    "distinct": lambda values: len(set(values)),
    "sum": _sum,
    "avg": _average,
    "min": lambda values: min(values, key=rank, default=None),
    "max": lambda values: max(values, key=rank, default=None),
}
