"""Connections for migrations: as long as it takes, one at a time, and nothing half done."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import IntegrityError

from .engines import Limits, make_engine

__all__ = ["migrating"]

_MIGRATING = 0x7265_7374_6B69_75  # any number that nobody else locks


@contextmanager
def migrating(url: str | URL, limits: Limits, options: dict[str, Any]) -> Generator[Connection]:
    """Open a connection of its own on which tables may be changed; see `Database.migration`.

    Args:
        url: Of the database.
        limits: Those of the service; a statement may take as long as it takes here.
        options: More arguments of ``create_engine``.
    """
    engine = make_engine(url, replace(limits, statement=0, idle=0), options)
    try:
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _let_tables_be_rebuilt)
            event.listen(engine, "commit", _check_references)
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                _take_turns(connection)
            yield connection
    finally:
        engine.dispose()


def _take_turns(connection: Connection) -> None:
    """Wait for whoever migrates now; the lock ends with the connection, also where the process dies."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_MIGRATING})")
    connection.commit()


def _let_tables_be_rebuilt(connection: Any, record: object) -> None:
    """Leave foreign keys alone: SQLite changes a table by dropping it, which would remove all that refers to it."""
    connection.execute("PRAGMA foreign_keys=OFF").close()


def _check_references(connection: Connection) -> None:
    """Hold foreign keys before the transaction ends, in place of at each statement.

    Raises:
        IntegrityError: A row refers to one that does not exist.
    """
    cursor = connection.connection.cursor()
    try:
        cursor.execute("PRAGMA foreign_key_check")
        found = cursor.fetchone()
    finally:
        cursor.close()
    if found is not None:
        raise IntegrityError(
            "PRAGMA foreign_key_check",
            None,
            ValueError(f"a row of {found[0]} refers to one of {found[2]} that does not exist"),
        )
