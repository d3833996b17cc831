"""A list query as data: conditions, order, window; and the page that a store returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from .scopes import Clause

__all__ = ["Condition", "Count", "ListQuery", "Operator", "Order", "Page"]

M = TypeVar("M")

Operator = Literal[
    "eq",
    "ne",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "not_in",
    "contains",
    "startswith",
    "null",
    "any",
    "has",
    "search",
    "or",
]
Count = Literal["none", "exact", "estimated"]


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition that every listed item fulfils.

    Attributes:
        name: The attribute; for ``search`` the name of the store's full-text search. Attributes of
            related items follow the names of the relations: ``author.name``. Conditions that share
            a relation hold together for one related item.
        operator: The comparison. ``contains`` and ``startswith`` ignore case. The value of
            ``null`` is a boolean: whether the attribute is None. That of ``any`` is one too:
            whether the relation has a related item. ``has`` is for lists: all values are among
            their items. ``ne`` and ``not_in`` hold for None. ``or`` has no attribute: one of the
            conditions in its value holds, each for itself.
        value: The value to compare with, of the attribute's type; a list for ``in``, ``not_in``
            and ``has``; a tuple of conditions for ``or``.
    """

    name: str
    operator: Operator
    value: Any

    @classmethod
    def equal(cls, name: str, value: object) -> Condition:
        """Return the condition that an attribute has a value, which may be None."""
        return cls(name, "null", True) if value is None else cls(name, "eq", value)

    @property
    def is_related(self) -> bool:
        """Whether the condition is about related items."""
        if self.operator == "or":
            return any(each.is_related for each in self.value)
        return "." in self.name or self.operator == "any"


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key. None sorts last in ascending and first in descending order."""

    name: str
    descending: bool = False

    @property
    def reversed(self) -> Order:
        """The same key in the opposite direction."""
        return Order(self.name, not self.descending)


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A query of a collection.

    Attributes:
        conditions: The conditions, all of which must hold.
        order: The sort keys, the last of which is unique.
        limit: The maximum number of items; None for all of them, 0 if only the total is wanted.
        after: The sort key values after which the window begins; None for the first item.
        before: The sort key values before which the window ends; excludes ``after``.
        offset: The number of items to skip, with offset pages.
        count: The kind of total to return.
        expand: The relations to load with each item, because they are dumped.
        fields: The attributes that are dumped; None for all of them.
        scope: The scope of the collection, as `CRUDResource.scope` returns it.
        dumped: The attributes that are dumped if ``fields`` is None, for stores that load some
            attributes later.
        lock: Whether other transactions must not change the items until this one ends.
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
    scope: Clause = field(default_factory=dict)
    dumped: tuple[str, ...] = ()
    lock: bool = False

    @property
    def is_related(self) -> bool:
        """Whether conditions or sort keys are about related items."""
        return self.is_related_order or any(each.is_related for each in self.conditions)

    @property
    def is_related_order(self) -> bool:
        """Whether sort keys are attributes of related items."""
        return any("." in each.name for each in self.order)


@dataclass(frozen=True, slots=True)
class Page(Generic[M]):
    """One page of a collection.

    Attributes:
        items: The items in the query's order.
        has_next: Whether more items follow.
        has_previous: Whether there are items before these.
        total: The number of items on all pages, if the query asks for it.
        ends: The sort key values of the first and the last item, if some of them are attributes of
            related items.
    """

    items: Sequence[M]
    has_next: bool = False
    has_previous: bool = False
    total: int | None = None
    ends: Sequence[tuple[object, ...]] = ()
