"""The rows in memory that a request may read, write and refer to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from ..errors import DeclarationError
from ..problems import Forbidden
from .memory_links import Link
from .query import Condition
from .row_rules import CallerRule
from .rows import Memory, Work
from .scopes import Clause
from .selection import holds
from .store import FORBIDDEN, RelatedRows

__all__ = ["MemoryAccess"]


class MemoryAccess:
    """The row rules for the caller of one request.

    Attributes:
        related: The conditions on rows that other items may show or refer to; None without any.
    """

    def __init__(self, memory: Memory, work: Work) -> None:
        """Make the access of the request of a unit of work; without one, no rule applies."""
        self.related: RelatedRows | None = None
        self._models = memory.models
        self._rules = memory.rules
        self._links = memory.links
        self._work = work
        self._request = work.request
        self._caller: object = None
        self._reading: set[object] = set()
        self._evaluated: dict[object, CallerRule | None] = {}

    def rule(self, table: object) -> CallerRule | None:
        """Return the rule of a table for the caller, None if it has none."""
        if not self._rules or self._request is None:
            return None
        if self._request.caller is not self._caller:  # a security scheme has read rows before
            self._caller = self._request.caller
            self._evaluated.clear()
        if table not in self._evaluated:
            rule = self._rules.get(table)
            self._evaluated[table] = None if rule is None else rule.of(self._request)
        return self._evaluated[table]

    def can_read(self, table: object, item: object) -> bool:
        """Return whether the caller may read an item."""
        rule = self.rule(table)
        if rule is None or table in self._reading:
            return True
        # A rule does not apply to the related items of its own conditions, as in a database.
        self._reading.add(table)
        try:
            return self.holds(table, item, rule.read)
        finally:
            self._reading.discard(table)

    def holds(self, table: object, item: object, clause: Clause) -> bool:
        """Return whether an item of a table fulfils a clause, also one on related items."""
        return holds(item, clause, partial(self._is_related, table))

    def _is_related(self, table: object, item: object, condition: Condition) -> bool:
        """Return whether an item has a related one, which the caller may read, that fulfils it."""
        if condition.operator == "or":
            return any(self.holds(table, item, each) for each in condition.value)
        relation, _, rest = condition.name.partition(".")
        link = self._link(table, relation, condition.name)
        is_attribute = rest and "." not in rest and condition.operator != "any"
        if is_attribute and rest not in link.target.attributes:
            raise DeclarationError(
                f"A scope or row rule names {condition.name!r}, but "
                f"{link.target.model.__qualname__} has no attribute {rest!r}."
            )
        found = self._visible(link, getattr(item, link.local))
        if not rest:
            return any(True for _ in found) is condition.value
        further = Condition(rest, condition.operator, condition.value)
        target = link.target.table
        return any(self.holds(target, each, further) for each in found)

    def _link(self, table: object, relation: str, name: str) -> Link:
        link = self._links.get(table, {}).get(relation)
        if link is None:
            raise DeclarationError(
                f"A scope or row rule names {name!r}, but {self._models[table].__qualname__} has "
                f"no relation {relation!r}. Declare it by relate({relation!r}, ...)."
            )
        return link

    def _visible(self, link: Link, value: object) -> Iterator[object]:
        """Yield the related items that the caller may read."""
        for row in self._work.rows(link.target.table).having(link.remote, value):
            if self.can_read(link.target.table, row.item):
                yield row.item

    def can_refer(self, table: object, item: object) -> bool:
        """Return whether an item may be referred to."""
        if not self.can_read(table, item):
            return False
        if self.related is None:
            return True
        model = self._models[table]
        # A collection of one kind may hide its items, too.
        model = type(item) if isinstance(item, model) else model
        clauses: tuple[Clause, ...] = self.related(model)
        return self.holds(table, item, clauses)

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
        if rule is not None and not self.holds(table, item, (rule.read, rule.write)):
            raise Forbidden(FORBIDDEN)
