"""Rows of the outbox, claimed by a lease: one worker has a row for some time, or has done it.

No transaction is open while a row is worked on. If a worker is killed, the lease of its rows ends,
and another one claims them.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from ..records import Record
from ..sqlalchemy.engines import WRITING
from .tables import OUTBOX, database_now

__all__ = ["Claims", "Row"]

_LONGEST_ERROR = 500
_KINDS = ("task", "relay", "event", "delivery")


class Row(Record):
    """A row that was claimed.

    Attributes:
        id: The primary key.
        message_id: The id of the message.
        kind: ``"task"``, ``"relay"``, ``"event"`` or ``"delivery"``.
        name: The import path of a function, or the type of an event.
        body: JSON.
        receiver: The endpoint of a delivery.
        audience: The attributes of the endpoints of an event, as JSON.
        attempts: The number of this attempt, from 1.
        created_at: The milliseconds since 1970 at which it was written.
        lease: The text by which the worker proves that it has the row still.
        traceparent: The trace of the request that wrote it, None without a `Service`.
    """

    id: int
    message_id: str
    kind: str
    name: str
    body: str
    receiver: str | None
    audience: str | None
    attempts: int
    created_at: int
    lease: str
    traceparent: str | None = None


class Claims:
    """The claims of one worker on the rows of one database."""

    def __init__(self, engine: Engine, lease: float) -> None:
        """Prepare the claims.

        Args:
            engine: The engine.
            lease: The seconds after which a row belongs to nobody any more.
        """
        self._engine = engine
        self._reading = engine.execution_options(**{WRITING: False})
        self._lease = int(lease * 1000)
        self._is_postgresql = engine.dialect.name == "postgresql"

    def claim(
        self,
        most: int,
        known: Collection[tuple[str, str]],
        *,
        running: Collection[int],
        busy: Collection[str],
    ) -> list[Row]:
        """Claim rows that are due, the oldest first.

        Args:
            most: How many.
            known: The kinds and names of the rows that the worker can do.
            running: The rows that it has at the moment.
            busy: The receivers that get nothing now.
        """
        table = OUTBOX.c
        named = [_named(kind, known) for kind in _KINDS]
        due = (
            sa.select(table.id)
            .where(table.due_at <= database_now(), sa.or_(*named))
            .order_by(table.due_at, table.id)
            .limit(most)
        )
        if running:
            due = due.where(table.id.not_in(sorted(running)))
        if busy:
            due = due.where(sa.or_(table.receiver.is_(None), table.receiver.not_in(sorted(busy))))
        if self._is_postgresql:
            due = due.with_for_update(skip_locked=True)
        if not self._is_postgresql and not self._finds(due):
            return []  # a look alone must not take the lock of writers
        # A common table expression with a lock runs once, however the update is planned.
        picked = due.cte("picked")
        lease = secrets.token_hex(8)
        statement = (
            sa.update(OUTBOX)
            .where(table.id.in_(sa.select(picked.c.id)))
            .values(due_at=database_now() + self._lease, lease=lease, attempts=table.attempts + 1)
            .returning(*(table[name] for name in Row._fields))
        )
        # On SQLite the transaction takes the lock of writers at its beginning.
        with self._engine.begin() as connection:
            found = [Row(*each) for each in connection.execute(statement)]
        return sorted(found)

    def _finds(self, due: sa.Select[int]) -> bool:
        with self._reading.connect() as connection:
            return connection.execute(due.limit(1)).first() is not None

    def renew(self, rows: Iterable[Row]) -> None:
        """Make the leases of rows longer."""
        for row in rows:
            self._change(row, due_at=database_now() + self._lease)

    def done(self, row: Row) -> bool:
        """Remove a row; return whether the worker had it still."""
        with self._engine.begin() as connection:
            return remove(connection, row)

    def later(self, row: Row, seconds: float, error: str) -> None:
        """Leave a row for another attempt."""
        due = database_now() + int(seconds * 1000)
        self._change(row, due_at=due, lease=None, error=error[:_LONGEST_ERROR])

    def release(self, row: Row, seconds: float) -> None:
        """Leave a row that was not attempted."""
        due = database_now() + int(seconds * 1000)
        self._change(row, due_at=due, lease=None, attempts=OUTBOX.c.attempts - 1)

    def give_up(self, row: Row, error: str) -> None:
        """Keep a row without further attempts."""
        self._change(row, due_at=None, lease=None, error=error[:_LONGEST_ERROR])

    def has_table(self) -> bool:
        """Return whether the database has the table of the outbox."""
        return sa.inspect(self._engine).has_table(OUTBOX.name)

    def unknown(self, known: Collection[tuple[str, str]]) -> Sequence[str]:
        """Return the names of rows that are due and that the worker cannot do."""
        table = OUTBOX.c
        statement = sa.select(table.kind, table.name).where(table.due_at.is_not(None)).distinct()
        with self._engine.connect() as connection:
            rows = [(kind, name) for kind, name in connection.execute(statement)]
        return sorted({name for kind, name in rows if (kind, name) not in known})

    def _change(self, row: Row, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.update(OUTBOX).where(*_held(row)).values(**values))


def remove(connection: Connection, row: Row) -> bool:
    """Remove a row in a transaction; return whether the worker had it still."""
    return connection.execute(sa.delete(OUTBOX).where(*_held(row))).rowcount == 1


def _held(row: Row) -> tuple[sa.ColumnElement[bool], ...]:
    return OUTBOX.c.id == row.id, OUTBOX.c.lease == row.lease


def _named(kind: str, known: Iterable[tuple[str, str]]) -> sa.ColumnElement[bool]:
    names = sorted(name for each, name in known if each == kind)
    return sa.and_(OUTBOX.c.kind == kind, OUTBOX.c.name.in_(names))
