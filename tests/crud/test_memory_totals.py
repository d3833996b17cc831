"""Groups and aggregates of objects in memory: numbers, dates, null, order and limit."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from restkit.crud.memory_totals import totals_of
from restkit.crud.query import Condition, ListQuery
from restkit.crud.totals import Aggregate, Group, Totals, TotalsOrder, TotalsQuery


@dataclass
class Reading:
    of: str | None
    value: Any = None
    at: Any = None


def totals(*items: Reading, **options: Any) -> Totals:
    return totals_of(items, TotalsQuery(**options))


def aggregated(function: Any, *values: Any) -> object:
    """Return one aggregate of some values."""
    items = [Reading("a", value) for value in values]
    ((found,),) = totals(*items, aggregates=(Aggregate(function, "value"),)).rows
    return found


@pytest.mark.parametrize(
    ("function", "values", "expected"),
    [
        ("count", [1, None, 1], 2),
        ("distinct", [1, None, 1, 2], 2),
        ("sum", [1, None, 2], 3),
        ("sum", [None], None),
        ("avg", [1, 2], 1.5),
        ("avg", [0.1, 0.2, 0.3], 0.2),
        ("avg", [Decimal("0.1"), Decimal("0.2")], 0.15),
        ("avg", [math.inf, 1.0], math.inf),
        ("avg", [Decimal("Infinity"), Decimal(1)], math.inf),
        ("avg", [], None),
        ("min", [3, None, 2], 2),
        ("max", [3, None, 2], 3),
        ("min", [None], None),
        ("max", [], None),
    ],
)
def test_one_aggregate(function: str, values: list[Any], expected: object) -> None:
    """Null counts for nothing."""
    assert aggregated(function, *values) == expected


def test_the_average_of_what_is_no_number_is_none_either() -> None:
    found: Any = aggregated("avg", math.nan, 1.0)
    assert math.isnan(found)


def test_without_groups_all_items_are_one_group() -> None:
    """Also if there are none; with groups there is none then."""
    assert totals().rows == [(0,)]
    assert totals(Reading("a"), Reading(None)).rows == [(2,)]
    assert totals(groups=(Group("of"),)).rows == []


EAST = dt.timezone(dt.timedelta(hours=2))


@pytest.mark.parametrize(
    ("part", "value", "key"),
    [
        ("year", dt.date(2026, 11, 28), "2026"),
        ("month", dt.date(2026, 11, 28), "2026-11"),
        ("day", dt.date(2026, 11, 28), "2026-11-28"),
        ("day", dt.datetime(2026, 11, 28, 23), "2026-11-28"),
        ("day", dt.datetime(2026, 11, 28, 1, tzinfo=EAST), "2026-11-27"),
        ("", dt.date(2026, 11, 28), dt.date(2026, 11, 28)),
        ("day", None, None),
    ],
)
def test_parts_of_dates(part: Any, value: Any, key: object) -> None:
    """A moment with an offset is in the group of its day in UTC."""
    assert totals(Reading("a", at=value), groups=(Group("at", part),)).rows == [(key, 1)]


def test_order_and_limit() -> None:
    """The first key takes precedence; null is the greatest value; one group more is told."""
    of, count = Group("of"), Aggregate("count")
    items = [Reading(each) for each in ("b", "b", "a", "c", None)]

    def rows(*order: TotalsOrder, limit: int = 9) -> Totals:
        return totals(*items, groups=(of,), order=order, limit=limit)

    by_count = rows(TotalsOrder(count, True), TotalsOrder(of, False))
    assert by_count.rows == [("b", 2), ("a", 1), ("c", 1), (None, 1)]
    assert not by_count.is_truncated
    assert [of for of, _ in rows(TotalsOrder(of, True)).rows] == [None, "c", "b", "a"]
    assert not rows(limit=4).is_truncated
    assert rows(limit=3).is_truncated
    assert len(rows(limit=3).rows) == 3


def test_only_the_selected_items_count() -> None:
    selected = ListQuery(conditions=(Condition("of", "eq", "a"),))
    assert totals(Reading("a"), Reading("b"), selected=selected).rows == [(1,)]
