"""A database whose transactions are savepoints of one transaction that is rolled back: for tests.

The App, its sessions and the test share one connection. Each of their units of work begins a
savepoint in place of a transaction, and releases it in place of a commit.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable
from contextlib import contextmanager, suppress
from typing import Protocol, cast

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import NullPool

from .engines import only_reads

__all__ = ["rolled_back_engine"]

_numbers = itertools.count(1)
_CHECKS = (
    "SAVEPOINT restkit_check",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ROLLBACK TO SAVEPOINT restkit_check",  # also takes back SET CONSTRAINTS
    "RELEASE SAVEPOINT restkit_check",
)


class _Cursor(Protocol):
    def fetchall(self) -> Iterable[tuple[object, ...]]: ...


class _Driver(Protocol):
    """The part of a connection of sqlite3 or psycopg that is used here."""

    def execute(self, statement: str) -> _Cursor: ...
    def rollback(self) -> None: ...


class _Shared:
    """The connection that all units share, and their savepoints, the outermost first."""

    def __init__(self, driver: _Driver, dialect: Dialect) -> None:
        self.driver = driver
        self.dialect = dialect
        self.units: dict[str, bool] = {}
        self.is_sqlite = dialect.name == "sqlite"
        self.violations = self._violations()
        if not self.is_sqlite:
            driver.execute("SET LOCAL idle_in_transaction_session_timeout = 0")

    def begin(self, *, reading: bool) -> str:
        """Begin a unit and return the name of its savepoint."""
        name = f"restkit_unit_{next(_numbers)}"
        self.driver.execute(f"SAVEPOINT {name}")
        self.units[name] = reading
        if reading:
            statement = "PRAGMA query_only=ON" if self.is_sqlite else "SET TRANSACTION READ ONLY"
            self.driver.execute(statement)
        return name

    def commit(self, name: str) -> None:
        """End a unit, and those that began within it, and keep their writes."""
        if name in self.units:
            self._check()
            self._release(name)

    def rollback(self, name: str, *, writes: bool) -> None:
        """End a unit, and those that began within it.

        Args:
            name: The savepoint of the unit.
            writes: Whether the unit itself has written. Otherwise the writes that others have
                committed since its beginning are kept, as they would be in a database.
        """
        if name not in self.units:
            return  # a unit around this one has ended already
        if not writes and not self.units[name]:
            with suppress(self.dialect.loaded_dbapi.Error):  # after a failed statement
                self._release(name)
                return
        self.driver.execute(f"ROLLBACK TO SAVEPOINT {name}")
        self._release(name)

    def _release(self, name: str) -> None:
        self.driver.execute(f"RELEASE SAVEPOINT {name}")
        names = list(self.units)
        for ended in names[names.index(name) :]:
            del self.units[ended]
        if self.is_sqlite and not any(self.units.values()):
            self.driver.execute("PRAGMA query_only=OFF")

    def _check(self) -> None:
        """Check the constraints that a COMMIT would check."""
        if not self.is_sqlite:
            for statement in _CHECKS:
                self.driver.execute(statement)
        elif not self._violations() <= self.violations:
            error = self.dialect.loaded_dbapi.IntegrityError("FOREIGN KEY constraint failed")
            error.__dict__["sqlite_errorname"] = "SQLITE_CONSTRAINT_FOREIGNKEY"
            raise error

    def _violations(self) -> set[tuple[object, ...]]:
        if not self.is_sqlite:
            return set()
        return set(self.driver.execute("PRAGMA foreign_key_check").fetchall())


class _Unit:
    """A connection of the driver, whose transactions are savepoints.

    Attributes:
        shared: The connection.
        writes: Whether the transaction has executed anything but queries.
    """

    def __init__(self, shared: _Shared) -> None:
        self.shared = shared
        self.writes = False
        self._name = ""
        self._is_reading = False

    def __getattr__(self, name: str) -> object:
        value: object = getattr(self.shared.driver, name)
        return value

    def begin(self, *, reading: bool) -> None:
        self._name, self._is_reading = self.shared.begin(reading=reading), reading

    def commit(self) -> None:
        if self._is_reading:
            self.rollback()
            return
        self.shared.commit(self._name)
        self._name, self.writes = "", False

    def rollback(self) -> None:
        self.shared.rollback(self._name, writes=self.writes)
        self._name, self.writes = "", False

    def close(self) -> None:
        self.rollback()


@contextmanager
def rolled_back_engine(engine: Engine) -> Generator[Engine]:
    """Provide an engine on one transaction of another engine, which is rolled back at the end.

    Args:
        engine: An engine of SQLite or PostgreSQL, or one that this function has provided.
    """
    with engine.connect() as outer, outer.begin() as transaction:
        driver = cast("_Driver | _Unit", outer.connection.dbapi_connection)
        if isinstance(driver, _Unit):
            driver.writes = True  # its rollback undoes all that is within
            shared = driver.shared
        else:
            shared = _Shared(driver, engine.dialect)
        try:
            yield _engine_of(shared, engine)
        finally:
            transaction.rollback()


def _engine_of(shared: _Shared, engine: Engine) -> Engine:
    def connect() -> DBAPIConnection:
        return cast("DBAPIConnection", _Unit(shared))

    made = Engine(
        NullPool(connect, dialect=engine.dialect),
        engine.dialect,
        engine.url,
        hide_parameters=engine.hide_parameters,
    )
    event.listen(made, "begin", _begin)
    event.listen(made, "before_cursor_execute", _watch)
    return made


def _begin(connection: Connection) -> None:
    unit = cast("_Unit", connection.connection.dbapi_connection)
    unit.begin(reading=only_reads(connection))


def _watch(connection: Connection, cursor: object, statement: str, *_: object) -> None:
    """Note that a unit writes."""
    if not statement.lstrip("( ").upper().startswith("SELECT"):
        cast("_Unit", connection.connection.dbapi_connection).writes = True
