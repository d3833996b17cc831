"""Engines with sane limits: how long a connection, a lock and a statement may take, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import QueuePool

from ..errors import DeclarationError

__all__ = ["Limits", "make_engine"]

WRITING = "restkit_writing"
"""The execution option of a connection whose transaction may write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Is how long things may take, in seconds, and how many connections there may be.

    Attributes:
        connect: For a connection to the database server.
        pool: For a connection of the pool to become free.
        lock: For a lock that another transaction has.
        statement: For one statement, on PostgreSQL.
        idle: For a transaction that nothing is done in, on PostgreSQL.
        connections: How many connections are kept open.
        overflow: How many more may be opened under load.
    """

    connect: float = 5
    pool: float = 5
    lock: float = 5
    statement: float = 30
    idle: float = 60
    connections: int = 5
    overflow: int = 10


def make_engine(url: str | URL, limits: Limits, options: dict[str, Any]) -> Engine:
    """Make an engine.

    Args:
        url: SQLAlchemy's; ``postgresql://`` is psycopg 3.
        limits: How long things may take.
        options: More arguments of ``create_engine``, which win.

    Raises:
        DeclarationError: The URL is none, or names a driver that is not installed.
    """
    try:
        made = make_url(url)
        if made.drivername == "postgresql":
            made = made.set(drivername="postgresql+psycopg")
        kind = made.get_backend_name()
        if kind == "sqlite":
            return _sqlite(made, limits, options)
        if kind == "postgresql":
            options = {**_postgresql(limits), **options}
        return create_engine(made, **{**_pool(limits), **options})
    except ModuleNotFoundError as error:
        extra = "postgres" if error.name == "psycopg" else "sql"
        raise DeclarationError(
            f"The database needs the package {error.name}, which is not installed: pip install 'restkit[{extra}]'."
        ) from error
    except Exception as error:
        raise DeclarationError(f"The database cannot be set up: {type(error).__name__}: {error}") from error


def _pool(limits: Limits) -> dict[str, Any]:
    return {
        "pool_size": limits.connections,
        "max_overflow": limits.overflow,
        "pool_timeout": limits.pool,
        "pool_pre_ping": True,  # a database that restarted costs one more round trip, not an error
    }


def _postgresql(limits: Limits) -> dict[str, Any]:
    milliseconds = {
        "lock_timeout": limits.lock,
        "statement_timeout": limits.statement,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    settings = " ".join(f"-c {name}={int(seconds * 1000)}" for name, seconds in milliseconds.items())
    # A server that vanished without a word is noticed after about a minute, not after two hours.
    alive = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}
    return {"connect_args": {"connect_timeout": max(2, int(limits.connect)), "options": settings, **alive}}


def _sqlite(url: URL, limits: Limits, options: dict[str, Any]) -> Engine:
    memory = url.database in (None, "", ":memory:")
    pool = _pool(limits)
    if memory:
        # One database in memory is one connection: requests take turns on it.
        pool = {**pool, "pool_size": 1, "max_overflow": 0, "pool_timeout": max(limits.pool, 30)}
    connect_args = {"timeout": limits.lock, "check_same_thread": False}
    options = {"poolclass": QueuePool, **pool, "pool_pre_ping": False, "connect_args": connect_args, **options}
    engine = create_engine(url, **options)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _configure(connection: Any, record: object) -> None:
    """Set up a connection: WAL lets readers go on while one writes; SQLite has foreign keys off by default."""
    connection.isolation_level = None  # transactions begin where SQLAlchemy says so, not where sqlite3 guesses
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin(connection: Any) -> None:
    """Begin a transaction; one that may write takes the lock at once, so that what it reads stays true."""
    writing = connection.get_execution_options().get(WRITING, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
