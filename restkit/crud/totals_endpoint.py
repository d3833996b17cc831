"""The endpoint of a collection's totals: groups of its items with their aggregates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from ..problems import NotFound
from .binding import plain_scope
from .endpoints import Endpoint
from .query import ListQuery
from .scopes import Scope
from .totalling import Totalling, overflow
from .totals import TotalsOverflow

__all__ = ["TotalsEndpoint"]


class TotalsEndpoint(Endpoint):
    """The endpoint of totals.

    Attributes:
        totalling: The declared groups and aggregates.
    """

    totalling: ClassVar[Totalling]

    def read_totals(self, given: Mapping[str, object]) -> Mapping[str, object]:
        """Return the groups that a client asks for."""
        actions = self.actions()
        scope = Scope.of(actions.scope())
        conditions = self.binding.filtering.conditions(given)
        selected = ListQuery(conditions, scope=plain_scope(scope))
        query = self.totalling.query(self.binding.filtering.others(given), selected)
        try:
            totals = actions.totals(query)
            content = self.totalling.content(query, totals)
        except TotalsOverflow:
            raise overflow() from None
        may_be_empty = not query.groups or not totals.rows
        if may_be_empty and scope.values and not actions.rows.has_parents(scope.values):
            raise NotFound("No collection exists at this URL.")
        return content
