"""The rows in memory that a request may read, write and refer to."""

from __future__ import annotations

from collections.abc import Mapping

from ..problems import Forbidden
from ..request import Request
from .row_rules import CallerRule
from .rows import Memory
from .scopes import Clause
from .selection import holds
from .store import FORBIDDEN, RelatedRows

__all__ = ["MemoryAccess"]


class MemoryAccess:
    """The row rules for the caller of one request.

    Attributes:
        related: The conditions on rows that other items may show or refer to; None without any.
    """

    def __init__(self, memory: Memory, request: Request | None) -> None:
        """Make the access of a request; without a request, no rule applies."""
        self.related: RelatedRows | None = None
        self._models = memory.models
        self._rules = memory.rules
        self._request = request
        self._evaluated: dict[object, CallerRule | None] = {}

    def rule(self, table: object) -> CallerRule | None:
        """Return the rule of a table for the caller, None if it has none."""
        if not self._rules or self._request is None:
            return None
        if table not in self._evaluated:
            rule = self._rules.get(table)
            self._evaluated[table] = None if rule is None else rule.of(self._request)
        return self._evaluated[table]

    def can_read(self, table: object, item: object) -> bool:
        """Return whether the caller may read an item."""
        rule = self.rule(table)
        return rule is None or holds(item, rule.read)

    def can_refer(self, table: object, item: object) -> bool:
        """Return whether an item may be referred to."""
        if not self.can_read(table, item):
            return False
        if self.related is None:
            return True
        clauses: tuple[Clause, ...] = self.related(self._models[table])
        return holds(item, clauses)

    def assigned(self, table: object) -> Mapping[str, object]:
        """Return the attributes that the rule sets on new items."""
        rule = self.rule(table)
        return {} if rule is None else rule.assigned

    def check_write(self, table: object, item: object) -> None:
        """Reject the change of an item, or the item that results from it.

        Raises:
            Forbidden: The caller may not write the item.
        """
        rule = self.rule(table)
        if rule is not None and not (holds(item, rule.read) and holds(item, rule.write)):
            raise Forbidden(FORBIDDEN)
