"""Row rules of a database: conditions on the statements of a session, and checks of its writes.

SECURITY: the conditions are loader criteria of SQLAlchemy, which every ORM statement of a request's
session gets: pages, counts, joins, eager and lazy loads, bulk updates and deletions. Statements of
SQLAlchemy Core and text() do not get them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import (
    Mapper,
    ORMExecuteState,
    Session,
    UOWTransaction,
    sessionmaker,
    with_loader_criteria,
)
from sqlalchemy.orm.interfaces import ORMOption

from ..crud.row_rules import CallerRule, RowRule, unruled
from ..crud.store import FORBIDDEN, ReferenceViolation, RelatedRows
from ..errors import DeclarationError
from ..problems import Forbidden
from ..records import Record
from ..request import Request
from .scopes import expression_of

__all__ = ["Reference", "RowAccess", "RowRules", "access_of", "exists"]

_ACCESS = "restkit_row_access"
_Expression = sa.ColumnElement[bool]
_AnyMapper = Mapper[object]


class Reference(Record):
    """A foreign key of a model.

    Attributes:
        names: The attributes that refer.
        target: The mapper of the referenced rows.
        columns: The referenced columns.
    """

    names: tuple[str, ...]
    target: _AnyMapper
    columns: tuple[sa.Column[object], ...]


class RowRules:
    """The row rules of one database."""

    def __init__(self) -> None:
        """Begin without rules."""
        self.rules: dict[type, RowRule] = {}
        self._is_served = False
        self._references: dict[_AnyMapper, Sequence[Reference]] = {}

    def add(self, model: type, rule: RowRule) -> None:
        """Add the rule of a model.

        Raises:
            DeclarationError: The model is not mapped, lacks an attribute of the rule, has a rule,
                or the first collection was added already.
        """
        called = f"rows({getattr(model, '__qualname__', model)}, ...)"
        if not hasattr(model, "__mapper__"):
            raise DeclarationError(f"{called}: the first argument must be an SQLAlchemy model.")
        if self._is_served:
            raise DeclarationError(
                f"{called} must be called before the first collection is added to an App."
            )
        if model in self.rules:
            raise DeclarationError(f"{called} was called before. Combine the rules in one call.")
        missing = [name for name in rule.names if not hasattr(model, name)]
        if missing:
            raise DeclarationError(f"{called}: set has {missing[0]!r}, which the model lacks.")
        self.rules[model] = rule

    def rule_of(self, mapper: _AnyMapper) -> RowRule | None:
        """Return the rule of a model or of the model that it inherits from."""
        found = (self.rules.get(each.class_) for each in mapper.iterate_to_root())
        return next((each for each in found if each is not None), None)

    def serve(self, mapper: _AnyMapper) -> None:
        """Check that a served model has a rule if it is connected with one that has a rule.

        Raises:
            DeclarationError: The model, or one that it has a relation to, has none.
        """
        self._is_served = True
        if not self.rules:
            return
        rule = self.rule_of(mapper)
        for other in self.neighbors(mapper):
            if rule is None and self.rule_of(other) is not None:
                raise DeclarationError(unruled(mapper.class_, other.class_, "database"))
        for relation in mapper.relationships:
            if rule is not None and self.rule_of(relation.mapper) is None:
                raise DeclarationError(unruled(relation.mapper.class_, mapper.class_, "database"))

    def is_ruled(self, mapper: _AnyMapper) -> bool:
        """Return whether a model or one that is connected with it has a rule."""
        return bool(self.rules) and any(
            self.rule_of(each) is not None for each in (mapper, *self.neighbors(mapper))
        )

    def neighbors(self, mapper: _AnyMapper) -> set[_AnyMapper]:
        """Return the mappers that a mapper refers to, or that refer to it."""
        found = {relation.mapper for relation in mapper.relationships}
        found |= {each.target for each in self.references(mapper)}
        for other in mapper.registry.mappers:
            if any(each.target is mapper for each in self.references(other)):
                found.add(other)
        return found - {mapper}

    def references(self, mapper: _AnyMapper) -> Sequence[Reference]:
        """Return the foreign keys of a model whose targets are mapped."""
        known = self._references.get(mapper)
        if known is None:
            known = self._references[mapper] = tuple(_references_of(mapper))
        return known

    def adopt(self, session: Session, request: Request) -> None:
        """Let a session follow the rules that no `Database` has opened: of a test, for example."""
        access = access_of(session)
        if access is None:
            self.listen(session)
        if access is None or access.request is not request:
            self.open(session, request)

    def listen(self, maker: sessionmaker[Session] | Session) -> None:
        """Let the sessions of a maker follow the rules."""
        if self.rules:
            event.listen(maker, "do_orm_execute", _restrict)
        event.listen(maker, "before_flush", _check_before)
        event.listen(maker, "after_flush", _check_after)

    def open(self, session: Session, request: Request) -> None:
        """Let a session follow the rules for the caller of a request."""
        session.info[_ACCESS] = RowAccess(self, request)


class RowAccess:
    """The rows that one request may read, write and refer to.

    Attributes:
        related: The conditions on rows that items may show or refer to; None without any.
        written: The rows of the current flush whose new state must fulfil the rules.
        request: The request.
    """

    def __init__(self, rules: RowRules, request: Request) -> None:
        """Make the access of a request."""
        self.related: RelatedRows | None = None
        self.written: list[object] = []
        self.request = request
        self._rules = rules
        self._evaluated: dict[RowRule, CallerRule] = {}
        self._options: dict[bool, tuple[ORMOption, ...]] = {}

    def rule(self, mapper: _AnyMapper) -> CallerRule | None:
        """Return the rule of a model for the caller, None if it has none."""
        rule = self._rules.rule_of(mapper) if self._rules.rules else None
        return None if rule is None else self._of(rule)

    def _of(self, rule: RowRule) -> CallerRule:
        if rule not in self._evaluated:
            self._evaluated[rule] = rule.of(self.request)
        return self._evaluated[rule]

    def assigned(self, mapper: _AnyMapper) -> Mapping[str, object]:
        """Return the attributes that a rule sets on new rows."""
        rule = self.rule(mapper)
        return {} if rule is None else rule.assigned

    def options(self, *, write: bool) -> tuple[ORMOption, ...]:
        """Return the criteria of all rules as options of a statement."""
        if write not in self._options:
            self._options[write] = tuple(self._criteria(write=write))
        return self._options[write]

    def _criteria(self, *, write: bool) -> Iterator[ORMOption]:
        for model, rule in self._rules.rules.items():
            caller = self._of(rule)
            clauses = (caller.read, caller.write) if write else (caller.read,)
            # Joined loads have the criteria only if those are propagated to loaders.
            yield with_loader_criteria(model, expression_of(model, clauses), include_aliases=True)

    def visible(self, mapper: _AnyMapper) -> _Expression | None:
        """Return the condition on related rows besides the rules; None without one."""
        clauses = () if self.related is None else self.related(mapper.class_)
        return expression_of(mapper.class_, clauses) if clauses else None

    def hides(self, mapper: _AnyMapper) -> bool:
        """Return whether rows of a model may be hidden from the request."""
        return self.rule(mapper) is not None or self.visible(mapper) is not None

    def references(self, mapper: _AnyMapper) -> Iterator[Reference]:
        """Yield the foreign keys of a model to rows that may be hidden."""
        for each in self._rules.references(mapper):
            if self.hides(each.target):
                yield each


def exists(
    session: Session,
    reference: Reference,
    values: Sequence[object],
    visible: sa.ColumnElement[bool] | None,
) -> bool:
    """Return whether the request may see the row that values refer to."""
    target = reference.target
    key = getattr(target.class_, target.get_property_by_column(target.primary_key[0]).key)
    pairs = zip(reference.columns, values, strict=True)
    found = sa.select(key).where(*(column == value for column, value in pairs))
    if visible is not None:
        found = found.where(visible)
    return session.execute(found.limit(1)).first() is not None


def access_of(session: Session) -> RowAccess | None:
    """Return the access of a session's request, None without one."""
    found: RowAccess | None = session.info.get(_ACCESS)
    return found


def _references_of(mapper: _AnyMapper) -> Iterator[Reference]:
    for table in mapper.tables:
        constraints: Iterable[sa.ForeignKeyConstraint] = getattr(
            table, "foreign_key_constraints", ()
        )
        for constraint in sorted(constraints, key=lambda each: tuple(each.column_keys)):
            target = _mapper_of(mapper, constraint.referred_table)
            columns = list(constraint.columns)
            if target is None or not all(mapper.columns.contains_column(each) for each in columns):
                continue
            names = tuple(mapper.get_property_by_column(each).key for each in columns)
            yield Reference(names, target, tuple(each.column for each in constraint.elements))


def _mapper_of(mapper: _AnyMapper, table: object) -> _AnyMapper | None:
    """Return the mapper of a table, the base if several classes are in one table."""
    found = [each for each in mapper.registry.mappers if each.local_table is table]
    bases = [each for each in found if each.inherits not in found]
    return bases[0] if bases else None


def _restrict(state: ORMExecuteState) -> None:
    """Add the rules to a statement, unless it reads attributes of a row that is loaded already."""
    access = access_of(state.session)
    is_write = state.is_update or state.is_delete
    if access is not None and not state.is_column_load and (state.is_select or is_write):
        statement: Any = state.statement
        state.statement = statement.options(*access.options(write=is_write))


def _check_before(session: Session, context: UOWTransaction, instances: object) -> None:
    """Set attributes of new rows, and check references and whether the caller may write."""
    access = access_of(session)
    if access is None:
        return
    changed = [each for each in session.dirty if session.is_modified(each)]
    for item in session.new:
        mapper: _AnyMapper = sa.inspect(item).mapper
        for name, value in access.assigned(mapper).items():
            setattr(item, name, value)
    for item in (*changed, *session.deleted):
        _check_writable(session, access, item)
    for item in (*session.new, *changed):
        _check_references(session, access, item)
    access.written = [
        each
        for each in (*session.new, *changed)
        if access.rule(sa.inspect(each).mapper) is not None
    ]


def _check_after(session: Session, context: UOWTransaction) -> None:
    """Check the new state of rows, as PostgreSQL's WITH CHECK does."""
    access = access_of(session)
    written = [] if access is None else access.written
    for item in written:
        access.written = []  # type: ignore[union-attr]  # it has written rows
        mapper: _AnyMapper = sa.inspect(item).mapper
        _check_state(session, access, mapper, mapper.primary_key_from_instance(item))


def _check_writable(session: Session, access: RowAccess, item: object) -> None:
    state = sa.inspect(item)
    if state.identity is not None:
        _check_state(session, access, state.mapper, state.identity)


def _check_state(
    session: Session, access: RowAccess | None, mapper: _AnyMapper, key: Sequence[object]
) -> None:
    """Reject a row that the caller may not write, as it is in the database."""
    rule = None if access is None else access.rule(mapper)
    if rule is None:
        return
    model = mapper.class_
    names = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
    found = sa.select(getattr(model, names[0])).where(
        expression_of(model, (dict(zip(names, key, strict=True)), rule.read, rule.write))
    )
    if session.execute(found).first() is None:
        raise Forbidden(FORBIDDEN)


def _check_references(session: Session, access: RowAccess, item: object) -> None:
    """Reject a new reference to a row that the caller may not see."""
    state = sa.inspect(item)
    for each in access.references(state.mapper):
        if not any(state.attrs[name].history.has_changes() for name in each.names):
            continue
        values = [state.dict.get(name) for name in each.names]
        if None in values or _is_pending(session, each, values):
            continue
        if not exists(session, each, values, access.visible(each.target)):
            raise ReferenceViolation(each.names)


def _is_pending(session: Session, reference: Reference, values: Sequence[object]) -> bool:
    """Return whether the referenced row is inserted by the same flush."""
    target = reference.target
    names = [target.get_property_by_column(each).key for each in reference.columns]
    pending = (each for each in session.new if isinstance(each, target.class_))
    return any(_has_values(each, names, values) for each in pending)


def _has_values(item: object, names: Sequence[str], values: Sequence[object]) -> bool:
    return all(getattr(item, name) == value for name, value in zip(names, values, strict=True))
