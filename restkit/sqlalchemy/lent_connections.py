"""Connections of the pool for one read, without the `Connection` and transaction of SQLAlchemy."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Self

from sqlalchemy import Engine, Executable, Row
from sqlalchemy.exc import DBAPIError

from .silence import Silence

__all__ = ["LENT_DRIVERS", "Lender", "LentConnection"]

LENT_DRIVERS = frozenset({"pysqlite", "psycopg"})
"""The drivers whose transactions are known well enough."""

_ENGINE = (
    *("begin", "rollback", "engine_connect", "set_connection_execution_options"),
    *("before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute"),
)
_DIALECT = ("do_execute", "handle_error")


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
            raise DBAPIError.instance(
                None,
                None,
                error,
                engine.dialect.loaded_dbapi.Error,
                hide_parameters=engine.hide_parameters,
                connection_invalidated=engine.dialect.is_disconnect(error, None, None),
                dialect=engine.dialect,
            ) from error

    def execute(
        self, source: Executable, values: Mapping[str, object]
    ) -> list[Row[tuple[object, ...]]]:
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
        except BaseException as error:
            self.connection.invalidate(error)
            raise
        finally:
            self.connection.close()


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
        self._silence = Silence(
            [(engine.dispatch, _ENGINE), (engine.dialect.dispatch, _DIALECT)], {"begin": 1}
        )

    def lend(self, *, several: bool) -> LentConnection | None:
        """Return a connection; None if somebody follows the engine's transactions.

        Args:
            several: Whether several statements see one state of the database.

        Raises:
            SQLAlchemyError: The pool has none, as from ``engine.connect()``.
        """
        engine = self.engine
        if not self._silence.holds or engine.logger.isEnabledFor(logging.INFO):
            return None
        if "schema_translate_map" in engine.get_execution_options():
            return None
        lent = LentConnection(engine)
        try:
            self._prepare(lent, several)
        except BaseException:
            lent.close()
            raise
        return lent
