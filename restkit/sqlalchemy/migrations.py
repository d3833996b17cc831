"""Connections for migrations: without a time limit for statements, one at a time, atomic."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import IntegrityError

from .engines import Limits, make_engine

__all__ = ["migrating"]

_MIGRATING = 0x7265_7374_6B69_75  # an arbitrary number for an advisory lock


@contextmanager
def migrating(url: str | URL, limits: Limits, options: dict[str, Any]) -> Generator[Connection]:
    """Open a separate connection that may change tables; see `Database.migration`.

    Args:
        url: The URL of the database.
        limits: The time limits of the service; statements have none here.
        options: Further arguments of ``create_engine``.
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
    """Wait for a running migration; the lock ends with its connection, even if the process dies."""
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql(f"SELECT pg_advisory_lock({_MIGRATING})")
    connection.commit()


def _let_tables_be_rebuilt(connection: Any, record: object) -> None:
    """Turn foreign keys off.

    SQLite rebuilds a table by dropping it, which would delete references.
    """
    connection.execute("PRAGMA foreign_keys=OFF").close()


def _check_references(connection: Connection) -> None:
    """Check foreign keys before the transaction ends, instead of at each statement.

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
