"""`SQLStore`: sessions in a table of the App's database."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.orm import Mapped, mapped_column

from ..contract import Failure
from ..request import Request
from .database import Database
from .engines import WRITING
from .record_tables import table_of
from .store import FAILURES
from .types import UTCDateTime

__all__ = ["SQLStore", "SessionRecord"]

_PURGED = 10


class SessionRecord:
    """A mixin with the columns of stored sessions.

    ::

        class Stored(SessionRecord, Base):
            __tablename__ = "sessions"
    """

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    fields: Mapped[str] = mapped_column(sa.Text)
    expires_at: Mapped[dt.datetime] = mapped_column(UTCDateTime(), index=True)


class SQLStore:
    """A store of sessions in a table of the App's `Database`.

    A session is read and written in short transactions of its own: it is written after the unit of
    work of the request is committed, so that a row is never locked while a method runs.

    Attributes:
        failures: The problems of the database.
    """

    failures: Sequence[Failure] = FAILURES

    def __init__(self, model: type[SessionRecord]) -> None:
        """Choose the table.

        Args:
            model: A mapped class with the columns of `SessionRecord`.

        Raises:
            DeclarationError: The model is not such a class.
        """
        example = "class Stored(SessionRecord, Base): __tablename__ = 'sessions'"
        self._table = table_of(model, SessionRecord, "SQLStore", example)

    def load(self, request: Request, key: str, /) -> Mapping[str, str] | None:
        """Return the fields of a session, None if there is none or it has expired."""
        engine = Database.of(request.app).engine.execution_options(**{WRITING: False})
        with engine.connect() as connection:
            return self._read(connection, key)

    def create(
        self, request: Request, key: str, fields: Mapping[str, str], seconds: int, /
    ) -> None:
        """Store a new session, and remove a few that have expired."""
        table, now = self._table, _now()
        old = sa.select(table.c.key).where(table.c.expires_at <= now).limit(_PURGED)
        if Database.of(request.app).engine.dialect.name == "postgresql":
            old = old.with_for_update(skip_locked=True)
        row = {"key": key, "fields": json.dumps(dict(fields)), "expires_at": _after(seconds)}
        with Database.of(request.app).engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.key.in_(old)))
            connection.execute(sa.insert(table).values(row))

    def change(
        self, request: Request, key: str, changes: Mapping[str, str | None], seconds: int, /
    ) -> None:
        """Set and remove fields of a session that still exists, and leave the others."""
        table = self._table
        with Database.of(request.app).engine.begin() as connection:
            # The lock of the row, on SQLite that of all writers, is taken before it is read.
            touched = sa.update(table).where(table.c.key == key, table.c.expires_at > _now())
            if not connection.execute(touched.values(expires_at=_after(seconds))).rowcount:
                return
            found = {**(self._read(connection, key) or {}), **changes}
            kept = {name: text for name, text in found.items() if text is not None}
            values = {"fields": json.dumps(kept)}
            connection.execute(sa.update(table).where(table.c.key == key).values(values))

    def remove(self, request: Request, key: str, /) -> None:
        """Remove a session, if there is one."""
        with Database.of(request.app).engine.begin() as connection:
            connection.execute(sa.delete(self._table).where(self._table.c.key == key))

    def _read(self, connection: Connection, key: str) -> dict[str, str] | None:
        table = self._table
        statement = sa.select(table.c.fields).where(table.c.key == key, table.c.expires_at > _now())
        text: str | None = connection.scalar(statement)
        if text is None:
            return None
        found: dict[str, str] = json.loads(text)
        return found


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _after(seconds: int) -> dt.datetime:
    return _now() + dt.timedelta(seconds=seconds)
