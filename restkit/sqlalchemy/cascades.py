"""Rows that the database itself deletes or changes with a row: foreign keys with ON DELETE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

from ..crud.scopes import Clause
from ..crud.store import ReferenceViolation
from ..records import Record
from .references import Reference
from .scopes import expression_of

__all__ = ["UNRESTRICTED", "Cascades", "Restrictions"]

UNRESTRICTED = "restkit_unrestricted"
"""The execution option of statements that find rows which the caller may not see."""
_ACTIONS = frozenset({"CASCADE", "SET NULL", "SET DEFAULT"})
_CHUNK = 500
_AnyMapper = Mapper[object]
_Key = tuple[object, ...]
Restrictions = Callable[[_AnyMapper], Sequence[Clause]]
"""A function from a model to the conditions on the rows that the request may delete or change."""


class _Cascade(Record):
    """A foreign key by which the database changes rows.

    Attributes:
        mapper: The mapper of the rows that it changes.
        reference: The foreign key.
    """

    mapper: _AnyMapper
    reference: Reference

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes of a deleted row that the foreign key refers to."""
        target = self.reference.target
        return tuple(target.get_property_by_column(each).key for each in self.reference.columns)


class Cascades:
    """The foreign keys of a database by which it changes rows when it deletes others."""

    def __init__(self, references: Callable[[_AnyMapper], Sequence[Reference]]) -> None:
        """Keep how the foreign keys of a model are found.

        Args:
            references: A function from a mapper to the foreign keys whose targets are mapped.
        """
        self._references = references
        self._known: dict[_AnyMapper, tuple[_Cascade, ...]] = {}

    def of(self, mapper: _AnyMapper) -> Sequence[_Cascade]:
        """Return those that refer to the rows of a model."""
        known = self._known.get(mapper)
        if known is None:
            known = self._known[mapper] = tuple(self._found(mapper))
        return known

    def _found(self, mapper: _AnyMapper) -> Iterator[_Cascade]:
        for other in mapper.registry.mappers:
            for each in self._references(other):
                if each.on_delete in _ACTIONS and mapper.isa(each.target):
                    yield _Cascade(other, each)

    def check(self, session: Session, item: object, restrictions: Restrictions) -> None:
        """Reject the deletion of a row with which the database would change a restricted one.

        Args:
            session: The session.
            item: The row.
            restrictions: The conditions on rows that the request may delete or change.

        Raises:
            ReferenceViolation: There is such a row.
        """
        mapper: _AnyMapper = sa.inspect(item).mapper
        if not self._reaches(mapper, restrictions, set()):
            return
        for each in self.of(mapper):
            key = tuple(getattr(item, name) for name in each.names)
            self._check(session, each, {key}, restrictions, set())

    def _reaches(
        self, mapper: _AnyMapper, restrictions: Restrictions, seen: set[_AnyMapper]
    ) -> bool:
        """Return whether a deletion may change rows of a model with restrictions."""
        seen.add(mapper)
        for each in self.of(mapper):
            if restrictions(each.mapper):
                return True
            if each.mapper not in seen and self._reaches(each.mapper, restrictions, seen):
                return True
        return False

    def _check(
        self,
        session: Session,
        cascade: _Cascade,
        keys: Iterable[_Key],
        restrictions: Restrictions,
        seen: set[tuple[_Cascade, _Key]],
    ) -> None:
        new = [key for key in keys if None not in key and (cascade, key) not in seen]
        seen.update((cascade, key) for key in new)
        left = iter(new)
        while chunk := list(islice(left, _CHUNK)):
            refers = _refers(cascade, chunk)
            _check_rows(session, cascade.mapper, refers, restrictions(cascade.mapper))
            if cascade.reference.on_delete != "CASCADE":
                continue
            for each in self.of(cascade.mapper):
                found = _values(session, cascade.mapper, each.names, refers)
                self._check(session, each, found, restrictions, seen)


def _refers(cascade: _Cascade, keys: Sequence[_Key]) -> sa.ColumnElement[bool]:
    """Return the condition of the rows that refer to some others."""
    columns = [getattr(cascade.mapper.class_, name) for name in cascade.reference.names]
    if len(columns) == 1:
        return sa.and_(columns[0].in_([key[0] for key in keys]))
    return sa.tuple_(*columns).in_(keys)


def _check_rows(
    session: Session,
    mapper: _AnyMapper,
    refers: sa.ColumnElement[bool],
    clauses: Sequence[Clause],
) -> None:
    model = mapper.class_
    if not clauses:
        return
    # A condition that is null does not hold either.
    is_allowed = sa.case((expression_of(model, clauses), 1), else_=0)
    found = sa.select(sa.literal(1)).select_from(model).where(refers, is_allowed == 0).limit(1)
    # SECURITY: the database would not ask whose row it deletes or changes.
    if session.execute(found, execution_options={UNRESTRICTED: True}).first() is not None:
        raise ReferenceViolation


def _values(
    session: Session, mapper: _AnyMapper, names: Sequence[str], where: sa.ColumnElement[bool]
) -> set[_Key]:
    """Return the values of attributes of some rows, also of those that the caller may not see."""
    columns = [getattr(mapper.class_, name) for name in names]
    found = session.execute(
        sa.select(*columns).where(where), execution_options={UNRESTRICTED: True}
    )
    return {tuple(each) for each in found}
