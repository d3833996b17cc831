"""What a client asks of a collection, as data: conditions, order, a window, and the page that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

__all__ = ["Condition", "Count", "ListQuery", "Operator", "Order", "Page"]

M = TypeVar("M")

Operator = Literal[
    "eq", "ne", "gt", "gte", "lt", "lte", "in", "contains", "startswith", "null", "has", "search"
]
Count = Literal["none", "exact", "estimated"]


@dataclass(frozen=True, slots=True)
class Condition:
    """Is one thing that must hold of an item.

    Attributes:
        name: The attribute; for ``search`` the name of the store's full-text search.
        operator: How it is compared. ``contains`` and ``startswith`` take no notice of the case of letters;
            ``null`` has a boolean value: whether the attribute is None. ``has`` is for attributes that are lists: all
            values are among their items.
        value: What it is compared with, already a value of the attribute's type; a list for ``in`` and ``has``.
    """

    name: str
    operator: Operator
    value: Any


@dataclass(frozen=True, slots=True)
class Order:
    """Is one key of an order. None stands last where it ascends, and first where it descends."""

    name: str
    descending: bool = False

    @property
    def reversed(self) -> Order:
        """The same key, the other way."""
        return Order(self.name, not self.descending)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Is what is asked of a collection.

    Attributes:
        conditions: What must hold, all of it.
        order: The keys of the order, the last of which tells any two items apart.
        limit: How many items at the most; None is all of them.
        after: The values of ``order`` behind which the window begins; None from the first item.
        before: The values of ``order`` before which the window ends; excludes ``after``.
        offset: How many items to pass over, where pages are counted.
        count: Whether the total of all pages is asked for.
        expand: The relations that are dumped, and so loaded, with each item.
        fields: The attributes that are dumped; None is all of them.
        scope: Attributes that have one value in the whole collection.
    """

    conditions: tuple[Condition, ...] = ()
    order: tuple[Order, ...] = ()
    limit: int | None = None
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    offset: int = 0
    count: Count = "none"
    expand: tuple[str, ...] = ()
    fields: tuple[str, ...] | None = None
    scope: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """Is one page of a collection.

    Attributes:
        items: The items, in the order that was asked for.
        has_next: Whether more stand behind them.
        has_previous: Whether more stand before them.
        total: How many there are on all pages, where that was asked for.
    """

    items: Sequence[M]
    has_next: bool = False
    has_previous: bool = False
    total: int | None = None
