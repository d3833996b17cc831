"""What goes wrong with a database, as answers: 409, 412, 422, 503 and 507, never 500."""

from __future__ import annotations

import logging
import re
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from ..errors import DeclarationError
from ..http.conditional import Preconditions
from ..problems import (
    Conflict,
    InsufficientStorage,
    PreconditionFailed,
    Problem,
    ServiceUnavailable,
    UnprocessableContent,
)
from ..request import Request

__all__ = [
    "RETRY_AFTER",
    "SAFE",
    "columns_of",
    "is_null",
    "is_reference",
    "is_unique",
    "problem_of",
]

_log = logging.getLogger("restkit")

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "QUERY"})
"""The methods that only read (RFC 9110, section 9.2.1)."""
RETRY_AFTER = 2
"""After how many seconds a client may try again, where the database is away or busy."""

_AWAY = "The database does not answer now; try again."
_BUSY = "The database is busy; try again."
_FULL = "There is no room left to store it."
_CLASSES = {
    "08": _AWAY,  # connection exceptions
    "57": _AWAY,  # operator intervention: shutting down, starting up, cancelled
    "53": _BUSY,  # insufficient resources
    "40": _BUSY,  # serialization failures and deadlocks
    "55": _BUSY,  # a lock that was not had in time
    "58": _AWAY,  # system errors: I/O
}
_READ_ONLY = "25006"
_WRITES = (
    "A {method} has a transaction that only reads. Write in a POST, PUT, PATCH or DELETE; what a read must leave "
    "behind goes into a session of your own, of database.engine."
)
_DISK_FULL = "53100"
_UNDEFINED = ("42P01", "42703")  # undefined_table, undefined_column
_ABSENT = re.compile(r"no such (table|column)|has no column named|does not exist")
_COLUMNS = re.compile(r"constraint failed: (.+)$")


def _sqlstate(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlstate", None) or "")


def _sqlite_name(error: DBAPIError) -> str:
    return str(getattr(error.orig, "sqlite_errorname", None) or "")


def is_unique(error: DBAPIError) -> bool:
    """Whether another row has the value that may be had once."""
    return _sqlstate(error) == "23505" or _sqlite_name(error) in (
        "SQLITE_CONSTRAINT_UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
        "SQLITE_CONSTRAINT_ROWID",
    )


def is_reference(error: DBAPIError) -> bool:
    """Whether a foreign key does not hold."""
    return (
        _sqlstate(error) in ("23503", "23001")
        or _sqlite_name(error) == "SQLITE_CONSTRAINT_FOREIGNKEY"
    )


def _is_read_only(error: DBAPIError) -> bool:
    """Whether the transaction or the database takes no changes."""
    return _sqlstate(error) == _READ_ONLY or _sqlite_name(error).startswith("SQLITE_READONLY")


def is_null(error: DBAPIError) -> bool:
    """Whether a column is null that must not be."""
    return _sqlstate(error) == "23502" or _sqlite_name(error) == "SQLITE_CONSTRAINT_NOTNULL"


def columns_of(error: DBAPIError, table: Any) -> list[str]:
    """Return the columns that a broken constraint is about, as far as the database says.

    Args:
        error: The error.
        table: The table that was written.
    """
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name:
        for constraint in (*table.constraints, *table.indexes):
            if constraint.name == name:
                return [column.name for column in constraint.columns]
        # PostgreSQL names what has no name: table_column_column_key, table_column_fkey, table_pkey.
        if name == f"{table.name}_pkey":
            return [column.name for column in table.primary_key.columns]
        for constraint in table.constraints:
            columns = [column.name for column in getattr(constraint, "columns", ())]
            stem = "_".join([table.name, *columns])
            if columns and name in (f"{stem}_key", f"{stem}_fkey"):
                return columns
        return []
    found = _COLUMNS.search(str(error.orig))
    return [each.strip().rpartition(".")[2] for each in found[1].split(",")] if found else []


def problem_of(error: SQLAlchemyError, request: Any) -> Problem:
    """Return the problem of a database error; the log has the reason if the service is at fault.

    Args:
        error: The error.
        request: What was asked.

    Raises:
        SQLAlchemyError: It is the program's mistake, such as a GET that writes.
        DeclarationError: A table or column is missing.
    """
    found = _answer(error, request)
    if found.status >= 500:
        # SECURITY: the driver's words alone, in one line. The statement's parameters are what somebody has sent.
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        where = (ascii(text)[1:-1] for text in (request.method, request.path))
        _log.warning("%s %s was answered %s: %s", *where, found.status, cause)
    return found


def _answer(error: SQLAlchemyError, request: Any) -> Problem:
    if isinstance(error, StaleDataError):
        if Preconditions.from_environ(request.environ).guards():
            return PreconditionFailed("Somebody else changed it in the meantime.")
        return Conflict("Somebody else changed it in the meantime; read it, and try again.")
    if isinstance(error, PoolTimeout):
        return _unavailable(_BUSY)
    if isinstance(error, DBAPIError) and (found := _of_driver(error, request)) is not None:
        return found
    if isinstance(error, StatementError) and isinstance(error.orig, OverflowError):
        return UnprocessableContent("A value does not fit into the database.")
    raise error


def _of_driver(error: DBAPIError, request: Request) -> Problem | None:
    """Return the problem of a driver's error, None if there is none for it."""
    if _is_read_only(error) and request.method in SAFE:
        # The driver's words sound like a file's permissions.
        error.add_note(_WRITES.format(method=request.method))
        raise error
    if missing := _missing(error):
        raise _unmigrated(missing, request) from error
    return _of_sqlite(error) if _sqlite_name(error) else _of_state(error)


def _missing(error: DBAPIError) -> str:
    """Return the table or column that does not exist, as the driver calls it, "" if all exist."""
    if _sqlstate(error) not in _UNDEFINED and _sqlite_name(error) != "SQLITE_ERROR":
        return ""
    lines = str(error.orig).splitlines()
    return lines[0] if lines and _ABSENT.search(lines[0]) else ""


def _unmigrated(missing: str, request: Request) -> DeclarationError:
    """Name the missing table or column, and the two ways to make it."""
    operation = request.operation
    declared_at = "The request" if operation is None else operation.declared_at
    return DeclarationError(
        f"{declared_at} needs a table or column that the database does not have: {missing}. Apply "
        "the migrations (alembic upgrade head). In a prototype, write Database(url, "
        "create=Base.metadata): it makes missing tables, but no columns of tables that exist."
    )


def _unavailable(detail: str) -> ServiceUnavailable:
    return ServiceUnavailable(detail, headers={"Retry-After": str(RETRY_AFTER)})


def _of_state(error: DBAPIError) -> Problem | None:
    """Return the answer to an error with an SQLSTATE (PostgreSQL, appendix A), or of a lost connection."""
    state = _sqlstate(error)
    if state == _DISK_FULL:
        return InsufficientStorage(_FULL)
    if _is_read_only(error):
        return _unavailable("The database takes no changes now; try again.")
    if state in ("23502", "23514") or state[:2] == "22":
        return UnprocessableContent("A value does not fit into the database.")
    if state[:2] == "23":
        return Conflict("It is in conflict with what is stored.")
    if state[:2] in _CLASSES:
        return _unavailable(_CLASSES[state[:2]])
    if error.connection_invalidated or type(error.orig).__name__ in (
        "OperationalError",
        "InterfaceError",
    ):
        return _unavailable(_AWAY)
    if (
        isinstance(error.orig, (OverflowError, ValueError))
        or type(error.orig).__name__ == "DataError"
    ):
        return UnprocessableContent("A value does not fit into the database.")
    return None


def _of_sqlite(error: DBAPIError) -> Problem | None:
    """Return the answer to an error of SQLite, by the name of its result code."""
    name = _sqlite_name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return _unavailable(_BUSY)
    if name == "SQLITE_FULL":
        return InsufficientStorage(_FULL)
    if _is_read_only(error):
        return _unavailable("The database takes no changes now; try again.")
    if name.startswith(
        ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_PROTOCOL")
    ):
        return _unavailable(_AWAY)
    if name in (
        "SQLITE_CONSTRAINT_NOTNULL",
        "SQLITE_CONSTRAINT_CHECK",
        "SQLITE_CONSTRAINT_DATATYPE",
    ):
        return UnprocessableContent("A value does not fit into the database.")
    if name.startswith("SQLITE_CONSTRAINT"):
        return Conflict("It is in conflict with what is stored.")
    if name in ("SQLITE_TOOBIG", "SQLITE_MISMATCH", "SQLITE_RANGE"):
        return UnprocessableContent("A value does not fit into the database.")
    return None
