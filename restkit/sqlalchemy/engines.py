"""Engines with time limits for connections, locks and statements, on SQLite and PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import Engine, MetaData, create_engine, event, func, select
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from ..errors import DeclarationError
from .infinite_moments import read_infinite_moments
from .lent_connections import BEGUN, AnyConnection, LentConnection, translated
from .liveness import replace_dead_connections
from .unreadable_values import read_unreadable_values

if TYPE_CHECKING:
    import sqlite3

    from psycopg import Connection

__all__ = [
    "WRITING",
    "Limits",
    "begin_writing",
    "create_tables",
    "make_engine",
    "only_reads",
    "parsed_url",
    "prepare_reading",
]

WRITING = "restkit_writing"
"""The execution option of an engine or a connection: whether its transactions may write."""
_READING = "restkit_reading"
_ASYNCHRONOUS = frozenset({"aiomysql", "aiosqlite", "asyncmy", "asyncpg", "psycopg_async"})
_CREATING = 0x7265_7374_6B69_74  # an arbitrary number for an advisory lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The time limits in seconds, and the limits of the connection pool.

    Attributes:
        connect: The time to connect to the database server.
        pool: The time to wait for a free connection of the pool.
        lock: The time to wait for a lock of another transaction.
        statement: The time of one statement, on PostgreSQL.
        idle: The time that a transaction may be idle, on PostgreSQL.
        stream: The time that a stream of JSON Lines may hold a connection; a client that has not
            read everything by then gets no more.
        connections: The number of connections that stay open.
        overflow: The number of further connections under load.
    """

    connect: float = 5
    pool: float = 5
    lock: float = 5
    statement: float = 30
    idle: float = 60
    stream: float = 300
    connections: int = 5
    overflow: int = 10


def make_engine(url: str | URL, limits: Limits, options: dict[str, Any]) -> Engine:
    """Make an engine.

    Args:
        url: An SQLAlchemy URL; ``postgresql://`` selects psycopg 3.
        limits: The time limits.
        options: Further arguments of ``create_engine``. They are combined with the limits: own
            ``connect_args``, ``options=`` in the URL and a pool of another class keep them.

    Raises:
        DeclarationError: The URL is invalid, or its driver is not installed.
    """
    try:
        made = make_url(url)
        if made.drivername == "postgresql":
            made = made.set(drivername="postgresql+psycopg")
        kind = made.get_backend_name()
        if kind == "sqlite":
            engine = _sqlite(made, limits, options)
        elif kind == "postgresql":
            engine = _postgresql(made, limits, options)
        else:
            engine = create_engine(made, **{**_common(limits, options), **options})
    except ModuleNotFoundError as error:
        hint = (
            "pip install 'restkit[postgres]'"
            if error.name == "psycopg"
            else "install it, or name no driver"
        )
        raise DeclarationError(
            f"The database needs the package {error.name}, which is not installed: {hint}."
        ) from error
    except Exception as error:
        raise DeclarationError(
            f"The database cannot be set up: {type(error).__name__}: {error}"
        ) from error
    read_unreadable_values(engine.dialect)
    return engine


def create_tables(engine: Engine, tables: MetaData) -> None:
    """Create the tables that do not exist; workers that start together wait for each other.

    Args:
        engine: The engine of the database.
        tables: The tables to create.
    """
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_CREATING)))
        tables.create_all(connection)


def _common(limits: Limits, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the default options of every engine: its pool, and logs without parameters."""
    # SECURITY: the parameters of a failed statement are data of users, which logs must not show.
    common: dict[str, Any] = {"hide_parameters": True, "pool_pre_ping": True}
    kind = options.get("poolclass", QueuePool)
    if "pool" in options or not issubclass(kind, QueuePool):
        return common  # such a pool has no size
    return {**common, **_pool(limits)}


def _pool(limits: Limits) -> dict[str, Any]:
    return {
        "pool_size": limits.connections,
        "max_overflow": limits.overflow,
        "pool_timeout": limits.pool,
        "pool_pre_ping": True,  # a database that restarted costs one more round trip, not an error
    }


def _postgresql(url: URL, limits: Limits, options: dict[str, Any]) -> Engine:
    milliseconds = {
        "lock_timeout": limits.lock,
        "statement_timeout": limits.statement,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    settings = {name: str(int(seconds * 1000)) for name, seconds in milliseconds.items()}
    # In another zone Python could not read moments at the calendar's ends.
    settings["timezone"] = "UTC"
    own = dict(options.pop("connect_args", {}))
    words = [f"-c {name}={value}" for name, value in settings.items()]
    # The last setting of a name wins, so that the program's own ones come after the limits.
    words += [
        os.environ.get("PGOPTIONS", ""),
        *_texts(url.query.get("options", ())),
        own.pop("options", ""),
    ]
    # A lost server is detected after about a minute, not after two hours.
    defaults: dict[str, object] = {
        "connect_timeout": max(2, int(limits.connect)),
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    connect_args = {name: value for name, value in defaults.items() if name not in url.query}
    connect_args |= {**own, "options": " ".join(filter(None, words))}
    common = _common(limits, options)
    is_checked = url.get_driver_name() == "psycopg" and not {"pool_pre_ping", "pool"} & {*options}
    if is_checked:
        common["pool_pre_ping"] = False
    engine = create_engine(url, **{**common, "connect_args": connect_args, **options})
    if is_checked:
        replace_dead_connections(engine)
    if "creator" in options or "pool" in options:  # which do not use connect_args
        event.listen(engine, "connect", partial(_set, settings))
    if engine.dialect.driver == "psycopg":
        event.listen(engine, "begin", _begin_postgresql)
        event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Connection[object], _record: object) -> None:
    read_infinite_moments(connection)


def _texts(given: str | Sequence[str]) -> Sequence[str]:
    return (given,) if isinstance(given, str) else given


def _set(settings: Mapping[str, str], connection: Any, record: object) -> None:
    """Set the limits on a connection that a function of the program has made."""
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute(f"SET {name} = '{value}'")
    connection.commit()


def _begin_postgresql(connection: AnyConnection) -> None:
    """Let psycopg begin a read-only transaction if the connection must not write.

    SQLAlchemy's option ``postgresql_readonly`` leaves READ WRITE on the connection. A standby
    rejects that in another way than a write, and it overrides the setting of the database's owner.
    """
    _set_read_only(connection, True if only_reads(connection) else None)


def _set_read_only(connection: AnyConnection, reading: bool | None) -> None:
    driver = cast("Connection[object]", connection.connection.dbapi_connection)
    if driver.read_only is not reading:
        driver.read_only = reading


def _sqlite(url: URL, limits: Limits, options: dict[str, Any]) -> Engine:
    memory = url.database in (None, "", ":memory:")
    pool = _pool(limits)
    if memory:
        # One database in memory is one connection: requests take turns on it.
        pool = {**pool, "pool_size": 1, "max_overflow": 0, "pool_timeout": max(limits.pool, 30)}
    common = _common(limits, options)
    if "pool_size" in common:
        common |= {"poolclass": QueuePool, **pool}
    defaults = {"timeout": limits.lock, "check_same_thread": False}
    connect_args = {name: value for name, value in defaults.items() if name not in url.query}
    connect_args |= options.pop("connect_args", {})
    common |= {"pool_pre_ping": False, "connect_args": connect_args}
    engine = create_engine(url, **{**common, **options})
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "checkin", _end_sqlite)
    return engine


def _configure(connection: Any, record: object) -> None:
    """Configure a connection: WAL for concurrent readers, and foreign keys.

    Foreign keys are off by default.
    """
    connection.isolation_level = (
        None  # transactions begin where SQLAlchemy says so, not where sqlite3 guesses
    )
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Any) -> None:
    """Begin a transaction, unless that of a `WritingConnection` goes on.

    A writing transaction takes the lock at once, so that its reads stay valid.
    """
    is_begun = connection.get_execution_options().get(BEGUN, False)
    if not (is_begun and connection.connection.dbapi_connection.in_transaction):
        _begin_on_sqlite(connection, is_reading=only_reads(connection))


def _begin_on_sqlite(connection: AnyConnection, *, is_reading: bool) -> None:
    info = connection.connection.info
    is_changed = info.get(_READING, False) is not is_reading
    pragma = f"PRAGMA query_only={'ON' if is_reading else 'OFF'}"
    begin = "BEGIN" if is_reading else "BEGIN IMMEDIATE"
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    # PERF: the pragma stays until a request of the other kind uses this connection.
    for statement in (pragma, begin) if is_changed else (begin,):
        try:
            # PERF: a statement through SQLAlchemy costs 100 thousand instructions.
            driver.execute(statement).close()
        except connection.dialect.loaded_dbapi.Error as error:
            raise translated(error, connection, text=statement) from error
    info[_READING] = is_reading


def begin_writing(lent: LentConnection) -> None:
    """Begin a transaction that may write, as the listeners of ``begin`` do."""
    if lent.dialect.name == "sqlite":
        _begin_on_sqlite(lent, is_reading=False)
    else:  # psycopg begins with the first statement
        _set_read_only(lent, None)


def prepare_reading(lent: LentConnection, several: bool) -> None:
    """Make a lent connection ready to read, as the listeners of ``begin`` do for transactions."""
    driver = lent.connection.dbapi_connection
    if lent.dialect.name == "postgresql":
        connection = cast("Connection[object]", driver)
        if not (several or connection.autocommit or connection.isolation_level):
            # PERF: BEGIN and ROLLBACK are two round trips, half of the time of a SELECT by key.
            connection.autocommit = lent.is_alone = True
        elif connection.read_only is not True:
            connection.read_only = True
    elif several:  # one SELECT of SQLite sees one state without a transaction
        cast("sqlite3.Connection", driver).execute("BEGIN").close()


def _end_sqlite(connection: Any, record: object) -> None:
    """End a transaction whose COMMIT failed: SQLite leaves it open, with its lock."""
    if connection is not None and connection.in_transaction:
        connection.rollback()


def only_reads(connection: Any) -> bool:
    """Return whether the transactions of a connection must not write."""
    return not connection.get_execution_options().get(WRITING, True)


def parsed_url(url: str | URL) -> URL:
    """Return the URL of a database.

    Raises:
        DeclarationError: It is none that a `Database` can have.
    """
    try:
        made = make_url(url)
    except (ArgumentError, ValueError):  # if the port is not a number
        # SECURITY: the text may have a password in it.
        raise DeclarationError(
            "The URL of a Database is not an SQLAlchemy URL. Write one such as "
            "'sqlite:///books.db' or 'postgresql://user@host/name'."
        ) from None
    # Other frameworks accept both URLs; here they would fail only at the first request.
    if made.drivername == "postgres":
        raise DeclarationError(
            "The URL of a Database begins with postgres://, which SQLAlchemy no longer accepts. "
            "Write postgresql://."
        )
    name, _, driver = made.drivername.partition("+")
    if driver in _ASYNCHRONOUS:
        raise DeclarationError(
            f"The URL of a Database names the asynchronous driver {driver}, but restkit runs on "
            f"WSGI. Write {name}://."
        )
    try:
        made.get_dialect()
    except NoSuchModuleError:
        raise DeclarationError(
            f"The URL of a Database begins with {made.drivername}://, which SQLAlchemy does not "
            "know. Write sqlite:///books.db or postgresql://user@host/name, or install the package "
            "of the dialect."
        ) from None
    return made
