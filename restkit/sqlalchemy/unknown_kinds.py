"""Rows whose discriminator names no class of the program: lists leave them out, the log has them.

Another program, or a newer version of this one, has stored such a row, or its class was removed.
SQLAlchemy cannot load it. The condition that leaves it out hides it from the program as well, so
that a small sample of the table is looked at besides, at most once a minute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Mapper, Session

__all__ = ["UnknownKinds"]

_Kind = sa.SQLColumnExpression[object]
_log = logging.getLogger("restkit")
_SAMPLE = 1000
"""The number of rows at each end of the primary key that are looked at."""
_INTERVAL = 60
_MAX_KINDS = 100
"""The number of unknown kinds of one model that are logged."""


class UnknownKinds:
    """The kinds of the rows of a model that the program does not know, logged once each."""

    def __init__(self, mapper: Mapper[object], kind: InstrumentedAttribute[object]) -> None:
        """Begin without a look.

        Args:
            mapper: The mapper of the base of all kinds.
            kind: The attribute of its discriminator.
        """
        self._model = mapper.class_
        self._kind = kind
        self._key = [mapper.get_property_by_column(each).key for each in mapper.primary_key]
        self._known = list(mapper.polymorphic_map)
        self._logged: set[object] = set()
        self._next = 0.0

    @classmethod
    def of(cls, mapper: Mapper[object]) -> UnknownKinds | None:
        """Return the log of a model and its relatives; None if no column tells kinds apart."""
        base = mapper.base_mapper
        column = base.polymorphic_on
        if not isinstance(column, sa.ColumnClause) or not base.polymorphic_map:
            return None
        prop = next((each for each in base.column_attrs if column in each.columns), None)
        kind = None if prop is None else getattr(base.class_, prop.key, None)
        if not isinstance(kind, InstrumentedAttribute):
            return None  # of concrete inheritance, whose tables have one kind each
        if base not in _logs:
            _logs[base] = cls(base, kind)
        return _logs[base]

    def look(self, session: Session) -> None:
        """Look at the first and the last rows, if the last look was a minute ago."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL
        columns = [getattr(self._model, name) for name in self._key]
        for order in (columns, [each.desc() for each in columns]):
            rows = sa.select(self._kind.label("kind")).order_by(*order).limit(_SAMPLE).subquery()
            found = session.scalars(sa.select(_raw(rows.c.kind)).where(self._unknown(rows.c.kind)))
            self._report(found.unique())

    def look_at(self, session: Session, name: str, key: object) -> None:
        """Look at the row of a key that was not found among those of known kinds."""
        column = getattr(self._model, name, None)
        if isinstance(column, InstrumentedAttribute):
            statement = sa.select(_raw(self._kind)).where(column == key, self._unknown(self._kind))
            self._report(session.scalars(statement))

    def _unknown(self, kind: _Kind) -> sa.ColumnElement[bool]:
        return sa.or_(kind.not_in(self._known), kind.is_(None))

    def _report(self, kinds: Iterable[object]) -> None:
        for kind in kinds:
            if kind in self._logged or len(self._logged) >= _MAX_KINDS:
                continue
            self._logged.add(kind)
            model, name = self._model.__qualname__, self._kind.key
            _log.warning(
                "A row of %s has %s = %r, which no class of the program has as its "
                "polymorphic_identity. Such rows are left out of lists, and their URLs are a 404. "
                "Import or declare a subclass of %s with it, or change the rows.",
                model,
                name,
                kind,
                model,
            )


_logs: WeakKeyDictionary[Mapper[object], UnknownKinds] = WeakKeyDictionary()


def _raw(kind: _Kind) -> sa.ColumnElement[object]:
    """Return a column as the driver reads it: the type of the column may reject the value."""
    return sa.type_coerce(kind, sa.types.NULLTYPE)
