"""Connections of the pool without the `Connection` and transaction of SQLAlchemy: for one read.

`writing_connections` has those of units of work that write.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError

from .silence import Silence

__all__ = [
    "BEGUN",
    "LENT_DRIVERS",
    "AnyConnection",
    "Lender",
    "LentConnection",
    "Unwatched",
    "class_has_listeners",
    "translated",
]

BEGUN = "restkit_begun"
"""The execution option of a SQLAlchemy `Connection` that goes on with a begun transaction."""

LENT_DRIVERS = frozenset({"pysqlite", "psycopg"})
"""The drivers whose transactions are known well enough."""

_ENGINE = (
    *("begin", "rollback", "engine_connect", "set_connection_execution_options"),
    *("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute"),
)
_DIALECT = ("do_execute", "handle_error")
_Parameters = Sequence[object] | Mapping[str, object]


def translated(
    error: Exception,
    lent: AnyConnection,
    *,
    text: str | None = None,
    parameters: _Parameters = (),
    cursor: DBAPICursor | None = None,
) -> BaseException:
    """Return a driver's error as SQLAlchemy raises it.

    Its ``connection_invalidated`` says whether the connection is lost.

    Args:
        error: The error.
        lent: The connection.
        text: The statement that failed, None for the begin or the end of a transaction.
        parameters: Its parameters.
        cursor: Its cursor.
    """
    engine, dialect = lent.engine, lent.dialect
    lost: Callable[..., bool] = dialect.is_disconnect
    driver = getattr(lent, "connection", None)
    return DBAPIError.instance(
        text,
        parameters,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=engine.hide_parameters,
        connection_invalidated=lost(error, getattr(driver, "dbapi_connection", None), cursor),
        dialect=dialect,
        ismulti=False,
    )


class LentConnection:
    """A connection of the pool with a transaction that only reads.

    PERF: SQLAlchemy's `Connection`, its transaction and their end cost 150 thousand instructions,
    more than a SELECT by key. This one is for statements that go to the driver's cursor anyway.

    Attributes:
        engine: The engine.
        dialect: Its dialect.
        connection: The pool's proxy of the driver's connection.
        is_alone: Whether the one statement is a transaction by itself, by the driver's autocommit.
    """

    __slots__ = ("connection", "dialect", "engine", "is_alone")

    def __init__(self, engine: Engine) -> None:
        """Take a connection from the pool.

        Raises:
            SQLAlchemyError: There is none, as from ``engine.connect()``.
        """
        self.engine = engine
        self.dialect = engine.dialect
        self.is_alone = False
        try:
            self.connection = engine.raw_connection()
        except engine.dialect.loaded_dbapi.Error as error:
            raise translated(error, self) from error

    def execute(
        self, source: Executable, values: Mapping[str, object]
    ) -> Iterable[Row[tuple[object, ...]]]:
        """Run a statement that needs SQLAlchemy, on a connection in place of this one."""
        self.close()  # the pool may have no other connection
        with self.engine.connect() as connection:
            return list(connection.execute(source, dict(values)))

    def invalidate(self, error: BaseException) -> None:
        """Drop a connection that is lost."""
        self.connection.invalidate(error)

    def __enter__(self) -> Self:
        """Return the connection, which the context closes."""
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End the transaction and give the connection back; does nothing the second time."""
        driver = self.connection.dbapi_connection
        if driver is None:
            return
        try:
            if self.is_alone:
                driver.autocommit = False  # the next one who has the connection begins by himself
            # The pool may be configured not to do it. Without a transaction it costs nothing.
            elif getattr(driver, "in_transaction", True):
                self.dialect.do_rollback(self.connection)
        except self.dialect.loaded_dbapi.Error as error:
            self.connection.invalidate(error)
            raise translated(error, self) from error
        except BaseException as error:
            self.connection.invalidate(error)
            raise
        finally:
            self.connection.close()


AnyConnection = Connection | LentConnection
"""A connection with a transaction, SQLAlchemy's or one without it."""


def class_has_listeners() -> bool:
    """Return whether somebody has listened to the events of all connections."""
    found: bool = getattr(Connection, "_has_events", False)  # SQLAlchemy has no public name for it
    return found


class Unwatched:
    """Whether nobody sees or changes the transactions and statements of an engine."""

    def __init__(self, engine: Engine, events: Iterable[str] = ()) -> None:
        """Look at the engine's events.

        Args:
            engine: The engine, with one listener of ``begin``: restkit's own.
            events: Further events of the engine that matter.
        """
        self._engine = engine
        sources = [(engine.dispatch, (*_ENGINE, *events)), (engine.dialect.dispatch, _DIALECT)]
        self._silence = Silence(sources, {"begin": 1})

    @property
    def holds(self) -> bool:
        """Whether it is so now: listeners, options and a log may be added at any time."""
        engine = self._engine
        return (
            self._silence.holds
            and not class_has_listeners()
            and not engine.logger.isEnabledFor(logging.INFO)
            and "schema_translate_map" not in engine.get_execution_options()
        )


class Lender:
    """The lender of connections of one engine, whose transactions only read."""

    def __init__(self, engine: Engine, prepare: Callable[[LentConnection, bool], None]) -> None:
        """Look at the engine's events.

        Args:
            engine: The engine.
            prepare: A function that makes a connection ready for one statement, or for several
                that see one state of the database.
        """
        self.engine = engine
        self._prepare = prepare
        self._unwatched = Unwatched(engine)

    def lend(self, *, several: bool) -> LentConnection | None:
        """Return a connection; None if somebody follows the engine's transactions.

        Args:
            several: Whether several statements see one state of the database.

        Raises:
            SQLAlchemyError: The pool has none, as from ``engine.connect()``.
        """
        if not self._unwatched.holds:
            return None
        lent = LentConnection(self.engine)
        try:
            self._prepare(lent, several)
        except BaseException:
            lent.close()
            raise
        return lent
