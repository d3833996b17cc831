"""Connections of the pool for units of work that write, without SQLAlchemy's `Connection`.

A unit that only runs statements of `core_statements` begins, runs and commits on the driver's own
connection. The first one who needs SQLAlchemy, such as a session or a savepoint, gets a
`Connection` within the same transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy import Connection, Engine, Executable, Row
from sqlalchemy.exc import PendingRollbackError

from .lent_connections import BEGUN, AnyConnection, LentConnection, Unwatched, translated

__all__ = ["Writer", "WritingConnection", "whole"]


class WritingConnection(LentConnection):
    """A connection of the pool with a transaction that may write.

    PERF: SQLAlchemy's `Connection`, its transaction and their end cost 150 thousand instructions,
    as much as the statement of a POST.
    """

    __slots__ = ("_is_ended", "_whole")

    def __init__(self, engine: Engine) -> None:
        """Take a connection from the pool.

        Raises:
            SQLAlchemyError: There is none, as from ``engine.connect()``.
        """
        super().__init__(engine)
        self._whole: Connection | None = None
        self._is_ended = False

    @property
    def whole(self) -> Connection:
        """SQLAlchemy's `Connection` in the same transaction, made when it is first needed."""
        if self._whole is None:
            self._check()
            made = Connection(self.engine, self.connection)
            self._whole = made.execution_options(**{BEGUN: True})
            self._whole.begin()
        return self._whole

    def execute(
        self, source: Executable, values: Mapping[str, object]
    ) -> Iterable[Row[tuple[object, ...]]]:
        """Run a statement that needs SQLAlchemy, in the same transaction."""
        return self.whole.execute(source, dict(values))

    def invalidate(self, error: BaseException) -> None:
        """Drop a connection that is lost."""
        if self._whole is None:
            self.connection.invalidate(error)
        else:
            self._whole.invalidate(error)

    def commit(self) -> None:
        """Commit the transaction; writes that a session has committed already stay as they are.

        Raises:
            SQLAlchemyError: The database rejects it, as from `Connection.commit`.
        """
        if self._whole is not None:
            self._whole.commit()
            return
        self._check()
        try:
            self.dialect.do_commit(self.connection)
        except self.dialect.loaded_dbapi.Error as error:
            made = translated(error, self)
            if getattr(made, "connection_invalidated", False):
                self.invalidate(error)
            raise made from error
        self._is_ended = True

    def close(self) -> None:
        """Give the connection back, after a rollback if nobody has committed."""
        if self._whole is not None:
            self._whole.close()
        elif self._is_ended:
            self.connection.close()
        else:
            super().close()

    def _check(self) -> None:
        """Refuse to go on with a connection that is lost, as SQLAlchemy's `Connection` does."""
        if self.connection.dbapi_connection is None:
            raise PendingRollbackError("The connection of this unit of work is lost.")


class Writer:
    """The lender of connections of one engine for units of work that write."""

    def __init__(self, engine: Engine, begin: Callable[[LentConnection], None]) -> None:
        """Look at the engine's events.

        Args:
            engine: The engine.
            begin: A function that begins a transaction as the engine's listener of ``begin`` does.
        """
        self._engine = engine
        self._begin = begin
        self._unwatched = Unwatched(engine, ("commit",))

    def begin(self) -> WritingConnection | None:
        """Return a connection; None if somebody follows the engine's transactions.

        Raises:
            SQLAlchemyError: The pool has none, or the transaction cannot begin.
        """
        if not self._unwatched.holds:
            return None
        made = WritingConnection(self._engine)
        try:
            self._begin(made)
        except BaseException:
            made.close()
            raise
        return made


def whole(connection: AnyConnection) -> Connection:
    """Return the SQLAlchemy `Connection` of a unit of work, for callers that need one."""
    if isinstance(connection, WritingConnection):
        return connection.whole
    if isinstance(connection, Connection):
        return connection
    raise TypeError("A connection that is lent for one read has no transaction of SQLAlchemy.")
