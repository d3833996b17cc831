"""Totals as data: the groups and aggregates of a query, and the totals that a store returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias, get_args, runtime_checkable

from marshmallow import fields

from .query import ListQuery
from .store import Attribute

__all__ = [
    "FUNCTIONS",
    "NUMBERS",
    "PARTS",
    "Aggregate",
    "Aggregating",
    "Function",
    "Group",
    "Part",
    "TotalledRows",
    "Totals",
    "TotalsOrder",
    "TotalsOverflow",
    "TotalsQuery",
    "supported",
]

Function: TypeAlias = Literal["count", "distinct", "sum", "avg", "min", "max"]
Part: TypeAlias = Literal["", "year", "month", "day"]
FUNCTIONS: tuple[Function, ...] = get_args(Function)
PARTS: tuple[Part, ...] = ("year", "month", "day")
NUMBERS = (fields.Integer, fields.Float, fields.Decimal)
"""The fields whose values have a sum."""


@dataclass(frozen=True, slots=True)
class Group:
    """One attribute by whose values items are grouped.

    Attributes:
        name: The attribute.
        part: The part of a date that decides, as ISO 8601 writes it: ``2026``, ``2026-11`` or
            ``2026-11-28``, in UTC if the moment has a time zone. ``""`` for the whole value.
    """

    name: str
    part: Part = ""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One value of a group of items.

    Attributes:
        function: ``count`` is the number of items, or of those whose attribute is not None;
            ``distinct`` the number of different values. The others are None without values.
        name: The attribute; ``""`` for the number of items.
    """

    function: Function
    name: str = ""


@dataclass(frozen=True, slots=True)
class TotalsOrder:
    """One sort key of groups. None sorts last in ascending and first in descending order."""

    by: Group | Aggregate
    descending: bool = False


@dataclass(frozen=True, slots=True)
class TotalsQuery:
    """A query of totals.

    Attributes:
        selected: The items: the conditions and the scope of a list query.
        groups: The attributes that items are grouped by. Without any, all items are one group,
            also if there are none.
        aggregates: The values of each group.
        order: The sort keys, among which are all groups.
        limit: The maximum number of groups.
    """

    selected: ListQuery = field(default_factory=ListQuery)
    groups: tuple[Group, ...] = ()
    aggregates: tuple[Aggregate, ...] = (Aggregate("count"),)
    order: tuple[TotalsOrder, ...] = ()
    limit: int = 1000


@dataclass(frozen=True, slots=True)
class Totals:
    """The response to a query of totals.

    Attributes:
        rows: For each group the values that it was grouped by, then its aggregates.
        is_truncated: Whether there are more groups than the query's limit.
    """

    rows: Sequence[tuple[object, ...]]
    is_truncated: bool = False


class TotalsOverflow(Exception):
    """Raised when a sum has no representation in the store; the response is a 422."""


@runtime_checkable
class Aggregating(Protocol):
    """The optional ability of a store to group items; its transactions are `TotalledRows`."""

    def aggregations(self, name: str, /) -> frozenset[str]:
        """Return the abilities of the store for an attribute: functions, parts, and ``"group"``."""
        ...


@runtime_checkable
class TotalledRows(Protocol):
    """The ability of a transaction to group items."""

    def totals(self, query: TotalsQuery, /) -> Totals:
        """Return the groups of a query with their aggregates.

        Raises:
            TotalsOverflow: A sum is too large for the store.
        """
        ...


def supported(attribute: Attribute) -> frozenset[str]:
    """Return the functions and groups that make sense for the values of an attribute.

    A store may support less: which types a database can add or truncate, only its store knows.
    """
    if "eq" not in attribute.operators:
        return frozenset()
    found = {"group", "count", "distinct"}
    kind = attribute.field
    if isinstance(kind, NUMBERS):
        found |= {"sum", "avg"}
    # PostgreSQL before version 18 has no least UUID.
    if "gt" in attribute.operators and not isinstance(kind, fields.UUID):
        found |= {"min", "max"}
    if isinstance(kind, (fields.DateTime, fields.Date)):
        found |= {*PARTS}
    return frozenset(found)
