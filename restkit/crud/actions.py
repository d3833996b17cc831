"""The actions of a `CRUDResource`, as the endpoints of its URLs call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .query import ListQuery, Page
from .scopes import Clause
from .store import RelatedRows, Transaction
from .totals import Totals, TotalsQuery

__all__ = ["Actions"]


class Actions(Protocol):
    """The actions of a `CRUDResource` that the endpoints call."""

    @property
    def rows(self) -> Transaction[Any]:
        """The request's transaction on the store."""
        ...

    @property
    def _related_rows(self) -> RelatedRows | None:
        """The conditions on the rows of other collections that items may refer to."""
        ...

    def check_writable(self, key: object, *, removed: bool = False) -> None:
        """Reject the change of an item that the caller may only read."""
        ...

    scope: Callable[[], Clause]
    list: Callable[[ListQuery], Page[object]]
    totals: Callable[[TotalsQuery], Totals]
    read: Callable[[object], object]
    create: Callable[[object], object]
    replace: Callable[[object, Mapping[str, object]], object]
    update: Callable[[object, Mapping[str, object]], object]
    delete: Callable[[object], None]
    restore: Callable[[object], object]
