"""Cursors of psycopg that are kept for the next run of their statement.

PERF: a new cursor looks up how to write each parameter and how to read each column again, which is
a third of the cost of a statement. The cursor of a statement knows it.

A cursor keeps its last result, so that only those of short rows are kept. They are cursors of the
client: the server does not know them, and a transaction does not end them.
"""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import PendingRollbackError

__all__ = ["Pooled", "keep_cursor", "length_check", "new_cursor", "take_cursor"]

_KEY = "restkit_cursors"
_MAX_CURSORS = 64
_MAX_LENGTH = 64 * 1024
_SHORT_LENGTH = 1000
_SHORT = (
    *(sa.Integer, sa.Float, sa.Numeric, sa.Boolean, sa.Uuid),
    *(sa.Date, sa.DateTime, sa.Time, sa.Interval),
)
_Types = Sequence[tuple[str, sa.types.TypeEngine[object]]]
_Rows = Sequence[Sequence[object]]


class Pooled(Protocol):
    """The part of a pool's proxy that is used here."""

    @property
    def dbapi_connection(self) -> object:
        """The driver's connection, None if it is lost."""
        ...

    @property
    def info(self) -> MutableMapping[object, object]:
        """The values that the pool keeps as long as the driver's connection lives."""
        ...

    def cursor(self) -> DBAPICursor:
        """Return a new cursor of the driver."""
        ...


class _Cursors(dict[object, DBAPICursor]):
    """The cursors of one connection by statement, the one that ran last at the end."""


def new_cursor(pooled: Pooled) -> DBAPICursor:
    """Return a new cursor of a connection.

    Raises:
        PendingRollbackError: The connection is lost.
    """
    if pooled.dbapi_connection is None:
        raise PendingRollbackError("The connection of this unit of work is lost.")
    return pooled.cursor()


def take_cursor(pooled: Pooled, key: object) -> DBAPICursor | None:
    """Return the cursor of a statement, which nobody else gets until it is kept again.

    Args:
        pooled: The connection.
        key: The identity of the statement.
    """
    found = pooled.info.get(_KEY)
    return found.pop(key, None) if isinstance(found, _Cursors) else None


def keep_cursor(pooled: Pooled, key: object, cursor: DBAPICursor) -> None:
    """Keep the cursor of a statement that has succeeded, as long as the connection lives.

    Of many statements, the ones that ran last are kept.
    """
    kept = pooled.info.get(_KEY)
    if not isinstance(kept, _Cursors):
        kept = pooled.info[_KEY] = _Cursors()
    if len(kept) >= _MAX_CURSORS:
        kept.pop(next(iter(kept))).close()
    kept[key] = cursor


def length_check(types: _Types) -> Callable[[_Rows], bool]:
    """Return a function that tells whether rows, as the driver reads them, are short.

    Args:
        types: The types of their columns.
    """
    measured = [number for number, (_, kind) in enumerate(types) if not _is_short(kind)]

    def is_short(rows: _Rows) -> bool:
        if len(rows) > 1:
            return False
        return not measured or sum(_length(row[number]) for row in rows for number in measured) < (
            _MAX_LENGTH
        )

    return is_short


def _is_short(kind: sa.types.TypeEngine[object]) -> bool:
    """Return whether all values of a type are short."""
    if isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, sa.String):
        return kind.length is not None and kind.length <= _SHORT_LENGTH
    return isinstance(kind, _SHORT)


def _length(value: object) -> int:
    if value is None:
        return 0
    return len(value) if isinstance(value, (str, bytes)) else _MAX_LENGTH
