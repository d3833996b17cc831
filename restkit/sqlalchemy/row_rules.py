"""Row rules of a database: conditions on the statements of a session, and checks of its writes.

SECURITY: the conditions are loader criteria of SQLAlchemy, which every ORM statement of a request's
session gets: pages, counts, joins, eager and lazy loads, bulk updates and deletions. Statements of
SQLAlchemy Core and text() do not get them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import (
    Mapper,
    ORMExecuteState,
    Session,
    UOWTransaction,
    object_session,
    sessionmaker,
)
from sqlalchemy.util import IdentitySet

from ..crud.row_rules import RowRule, unruled
from ..crud.store import FORBIDDEN, ReferenceViolation
from ..errors import DeclarationError
from ..problems import Forbidden
from ..request import Request
from .cascades import UNRESTRICTED, Cascades
from .references import Reference, exists, is_pending, references_of
from .row_access import RowAccess, access_of, grant
from .scopes import expression_of
from .subqueries import check_subqueries, subqueried

__all__ = ["RowRules"]

_AnyMapper = Mapper[object]


def _has(model: type, path: str) -> bool:
    """Return whether a model has an attribute, perhaps of a related row: ``note.owner``."""
    first, _, rest = path.partition(".")
    if not rest:
        return hasattr(model, first)
    mapper: _AnyMapper = sa.inspect(model)
    if first not in mapper.relationships:
        return False
    return _has(mapper.relationships[first].mapper.class_, rest)


class RowRules:
    """The row rules of one database, and the foreign keys by which it changes rows itself."""

    def __init__(self) -> None:
        """Begin without rules."""
        self.rules: dict[type, RowRule] = {}
        self._is_served = False
        self._unrestricted: WeakSet[sessionmaker[Session] | Session] = WeakSet()
        self._references: dict[_AnyMapper, Sequence[Reference]] = {}
        self.cascades = Cascades(self.references)

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
        missing = [name for name in sorted(rule.attributes) if not _has(model, name)]
        if missing:
            raise DeclarationError(f"{called} names {missing[0]!r}, which the model lacks.")
        self.rules[model] = rule
        self.listen_to([model])
        # SECURITY: sessions that were made before the first rule follow it too.
        for maker in self._unrestricted:
            event.listen(maker, "do_orm_execute", _restrict)
        self._unrestricted.clear()

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
        read = {*subqueried(mapper), *mapper.base_mapper.self_and_descendants}
        ruled = {each for each in read if self.rule_of(each) is not None}
        check_subqueries(mapper, ruled, by="row rule")

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
            known = self._references[mapper] = tuple(references_of(mapper))
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
        else:
            self._unrestricted.add(maker)  # PERF: without rules, no statement is looked at
        event.listen(maker, "before_flush", _check_before)
        event.listen(maker, "after_flush", _check_after)

    def listen_to(self, models: Iterable[type]) -> None:
        """Let rows that only a flush changes or deletes be checked."""
        for model in models:
            if not event.contains(model, "before_update", _check_updated):
                event.listen(model, "before_update", _check_updated, propagate=True)
                event.listen(model, "before_delete", _check_deleted, propagate=True)

    def open(self, session: Session, request: Request) -> None:
        """Let a session follow the rules for the caller of a request."""
        grant(session, RowAccess(self, request))


def _restrict(state: ORMExecuteState) -> None:
    """Add the rules to a statement.

    One that reads attributes of a row that is loaded already gets those of other models.
    """
    access = access_of(state.session)
    is_write = state.is_update or state.is_delete
    if access is None or state.execution_options.get(UNRESTRICTED):
        return
    if state.is_select or is_write:
        own = state.bind_mapper if state.is_column_load else None
        statement: Any = state.statement
        state.statement = statement.options(*access.options(write=is_write, loaded=own))


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
    access.checked = IdentitySet((*changed, *session.deleted))
    _check_known(session, access)
    for item in session.new:
        access.guard.look(session, item)
    for item in (*session.new, *changed):
        _check_references(session, access, item)
    access.written = [
        each
        for each in (*session.new, *changed)
        if access.rule(sa.inspect(each).mapper) is not None
    ]


def _check_known(session: Session, access: RowAccess) -> None:
    """Check whether the caller may change and delete the rows of a flush."""
    for item in access.checked:
        _check_writable(session, access, item)
        access.guard.look(session, item, is_deleted=item in session.deleted)
    for item in session.deleted:
        access.rules.cascades.check(session, item, access.writable)


def _check_updated(mapper: _AnyMapper, connection: sa.Connection, item: object) -> None:
    """Check a row that only the flush changes: a list of its parent has gained or lost it."""
    session = object_session(item)
    if session is None or not session.is_modified(item, include_collections=False):
        return
    access = access_of(session)
    if access is not None and item not in access.checked:
        _check_writable(session, access, item)
        access.written.append(item)
    if access is not None:
        access.guard.look(session, item)


def _check_deleted(mapper: _AnyMapper, connection: sa.Connection, item: object) -> None:
    """Check a row that only the flush deletes: a list of its parent has lost it."""
    session = object_session(item)
    access = None if session is None else access_of(session)
    if session is not None and access is not None and item not in access.checked:
        _check_writable(session, access, item)
    if session is not None and access is not None:
        access.guard.look(session, item, is_deleted=True)


def _check_after(session: Session, context: UOWTransaction) -> None:
    """Check the new state of rows, as PostgreSQL's WITH CHECK does."""
    access = access_of(session)
    written = [] if access is None else access.written
    if access is not None:
        access.guard.look_again(session)
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
        if None in values or is_pending(session, each, values):
            continue
        if not exists(session, each, values, access.visible(each.target)):
            raise ReferenceViolation(each.names)
