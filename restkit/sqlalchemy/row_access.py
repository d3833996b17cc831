"""The rows that one request may read, write and refer to, by the row rules of a database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session, with_loader_criteria
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.util import IdentitySet

from ..crud.row_rules import CallerRule, RowRule
from ..crud.scopes import Clause
from ..crud.store import RelatedRows
from ..request import Request
from .cascades import Cascades
from .references import Reference
from .scopes import expression_of
from .subqueries import on_alias, reads_itself, subqueried
from .write_guards import WriteGuard, changeable

__all__ = ["RowAccess", "access_of", "grant"]

_ACCESS = "restkit_row_access"
_Expression = sa.ColumnElement[bool]
_AnyMapper = Mapper[object]


class Ruling(Protocol):
    """The row rules of a database."""

    rules: dict[type, RowRule]
    cascades: Cascades

    def rule_of(self, mapper: _AnyMapper) -> RowRule | None:
        """Return the rule of a model or of the model that it inherits from."""
        ...

    def references(self, mapper: _AnyMapper) -> Sequence[Reference]:
        """Return the foreign keys of a model whose targets are mapped."""
        ...


class RowAccess:
    """The rows that one request may read, write and refer to.

    Attributes:
        related: The conditions on rows that items may show or refer to; None without any.
        written: The rows of the current flush whose new state must fulfil the rules.
        checked: The rows of the current flush that the caller may write.
        request: The request.
        loads_hidden: Whether lazy loads include rows that other collections hide.
        guard: The guard of the rows that content changes beside the items of its collection.
        rules: The rules.
    """

    def __init__(self, rules: Ruling, request: Request) -> None:
        """Make the access of a request."""
        self.related: RelatedRows | None = None
        self.written: list[object] = []
        self.checked: IdentitySet = IdentitySet()
        self.request = request
        self.loads_hidden = False
        self.guard = WriteGuard()
        self._caller: object = request.caller
        self.rules = rules
        self._evaluated: dict[RowRule, CallerRule] = {}
        self._options: dict[bool, tuple[ORMOption, ...]] = {}

    def rule(self, mapper: _AnyMapper) -> CallerRule | None:
        """Return the rule of a model for the caller, None if it has none."""
        rule = self.rules.rule_of(mapper) if self.rules.rules else None
        self._follow_caller()
        return None if rule is None else self._of(rule)

    def _follow_caller(self) -> None:
        """Forget the rules that were evaluated before the security scheme knew the caller."""
        if self.request.caller is not self._caller:
            self._caller = self.request.caller
            self._evaluated.clear()
            self._options.clear()

    def _of(self, rule: RowRule) -> CallerRule:
        if rule not in self._evaluated:
            self._evaluated[rule] = rule.of(self.request)
        return self._evaluated[rule]

    def assigned(self, mapper: _AnyMapper) -> Mapping[str, object]:
        """Return the attributes that a rule sets on new rows."""
        rule = self.rule(mapper)
        return {} if rule is None else rule.assigned

    def options(self, *, write: bool, loaded: _AnyMapper | None = None) -> tuple[ORMOption, ...]:
        """Return the criteria of all rules as options of a statement.

        Args:
            write: Whether the statement writes.
            loaded: The mapper of the row whose attributes the statement reads; None for another
                statement.
        """
        self._follow_caller()
        if loaded is not None:
            others = [each.class_ for each in subqueried(loaded)]
            return (*self._criteria(others, write=write), *self._own_criteria(loaded))
        if write not in self._options:
            self._options[write] = tuple(self._criteria(self.rules.rules, write=write))
        return self._options[write]

    def _criteria(self, models: Collection[type], *, write: bool) -> Iterator[ORMOption]:
        for model, rule in self.rules.rules.items():
            if not any(issubclass(each, model) for each in models):
                continue
            caller = self._of(rule)
            clauses = (caller.read, caller.write) if write else (caller.read,)
            # Joined loads have the criteria only if those are propagated to loaders.
            yield with_loader_criteria(model, expression_of(model, clauses), include_aliases=True)

    def _own_criteria(self, mapper: _AnyMapper) -> Iterator[ORMOption]:
        """Yield the criteria of other rows of a model whose attributes are loaded."""
        for each in mapper.base_mapper.self_and_descendants if reads_itself(mapper) else ():
            rule = self.rules.rules.get(each.class_)
            if rule is not None:
                condition = on_alias(each, expression_of(each.class_, self._of(rule).read))
                yield with_loader_criteria(each.class_, condition, include_aliases=True)

    def writable(self, mapper: _AnyMapper) -> Sequence[Clause]:
        """Return the conditions of the rule of a model on the rows that the caller may write."""
        rule = self.rule(mapper)
        return () if rule is None else list(filter(None, (rule.read, rule.write)))

    def changeable(self, mapper: _AnyMapper) -> Sequence[Clause]:
        """Return the conditions of the rule of a model and of its collections on such rows."""
        return (*self.writable(mapper), *changeable(self.related, mapper.class_))

    def visible(self, mapper: _AnyMapper) -> _Expression | None:
        """Return the condition on related rows besides the rules; None without one."""
        clauses = () if self.related is None else self.related(mapper.class_)
        return expression_of(mapper.class_, clauses) if clauses else None

    def hides(self, mapper: _AnyMapper) -> bool:
        """Return whether rows of a model may be hidden from the request."""
        return self.rule(mapper) is not None or self.visible(mapper) is not None

    def references(self, mapper: _AnyMapper) -> Iterator[Reference]:
        """Yield the foreign keys of a model to rows that may be hidden."""
        for each in self.rules.references(mapper):
            if self.hides(each.target):
                yield each


def access_of(session: Session) -> RowAccess | None:
    """Return the access of a session's request, None without one."""
    found: RowAccess | None = session.info.get(_ACCESS)
    return found


def grant(session: Session, access: RowAccess) -> None:
    """Let a session have the access of a request."""
    session.info[_ACCESS] = access
