"""Database errors as problems: 409, 412, 422, 503 and 507, never 500."""

from __future__ import annotations

import logging
import re
from typing import Any

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from ..errors import DeclarationError
from ..http.conditional import Preconditions
from ..http.methods import SAFE_METHODS
from ..problems import (
    Conflict,
    InsufficientStorage,
    PreconditionFailed,
    Problem,
    ServiceUnavailable,
    UnprocessableContent,
)
from ..request import Request
from .constraints import is_read_only, sqlite_name, sqlstate
from .fulltext import is_search_index
from .violated_columns import violation_of

__all__ = ["RETRY_AFTER", "problem_of"]

_log = logging.getLogger("restkit")

RETRY_AFTER = 2
"""The seconds after which a client may retry, if the database is unavailable or busy."""

_AWAY = "The database is unavailable. Retry later."
_BUSY = "The database is busy. Retry later."
_FULL = "The database has no storage left."
_CONFLICT = "The request conflicts with stored data."
_UNFIT = "The database cannot hold a value of the request."
_STALE = "Another request changed or deleted the item. Fetch it again, then retry."
_NO_INDEX = "The full-text search is unavailable: the database lacks its index. Retry later."
_NO_WRITES = "The database is read-only at the moment. Retry later."
_CLASSES = {
    "08": _AWAY,  # connection exceptions
    "57": _AWAY,  # operator intervention: shutting down, starting up, cancelled
    "53": _BUSY,  # insufficient resources
    "40": _BUSY,  # serialization failures and deadlocks
    "55": _BUSY,  # lock timeouts
    "58": _AWAY,  # system errors: I/O
}
_WRITES = (
    "The transaction of a {method} is read-only. Write in a POST, PUT, PATCH or DELETE. To write "
    "during a read, open a session of your own on database.engine."
)
_DISK_FULL = "53100"
_UNDEFINED = ("42P01", "42703")  # undefined_table, undefined_column
_ABSENT = re.compile(r"no such (table|column)|has no column named|does not exist")


def problem_of(error: SQLAlchemyError, request: Any) -> Problem:
    """Return the problem of a database error; the log has the reason if the service is at fault.

    Args:
        error: The error.
        request: The request.

    Raises:
        SQLAlchemyError: The program is at fault, for example a GET that writes.
        DeclarationError: A table or column is missing.
    """
    found = _problem(error, request)
    if found.status >= 500:
        # SECURITY: only the driver's message, in one line, without the statement's parameters.
        cause = " ".join(str(getattr(error, "orig", None) or error).split())
        where = (ascii(text)[1:-1] for text in (request.method, request.path))
        _log.warning("%s %s returned %s: %s", *where, found.status, cause)
    return found


def _problem(error: SQLAlchemyError, request: Any) -> Problem:
    if isinstance(error, StaleDataError):
        if Preconditions.from_environ(request.environ).guards():
            return PreconditionFailed(_STALE)
        return Conflict(_STALE)
    if isinstance(error, PoolTimeout):
        return _unavailable(_BUSY)
    if isinstance(error, DBAPIError) and (found := _of_driver(error, request)) is not None:
        return found
    if isinstance(error, StatementError) and isinstance(error.orig, (OverflowError, ValueError)):
        return UnprocessableContent(_UNFIT)
    raise error


def _of_driver(error: DBAPIError, request: Request) -> Problem | None:
    """Return the problem of a driver's error, None if there is none for it."""
    if is_read_only(error) and request.method in SAFE_METHODS:
        # The driver's words sound like a file's permissions.
        error.add_note(_WRITES.format(method=request.method))
        raise error
    if missing := _missing(error):
        if is_search_index(missing.rpartition(": ")[2].rpartition(".")[2]):
            return _unavailable(_NO_INDEX)
        raise _unmigrated(missing, request) from error
    if (violation := violation_of(error, request)) is not None:
        return violation
    if sqlite_name(error):
        return _of_sqlite(error)
    if request.method in SAFE_METHODS and _is_unreadable(error):
        return None
    return _of_state(error)


def _is_unreadable(error: DBAPIError) -> bool:
    """Return whether the driver, not the database, fails on a value: a stored one, in a read."""
    return type(error.orig).__name__ == "DataError" and not sqlstate(error)


def _missing(error: DBAPIError) -> str:
    """Return the table or column that does not exist, as the driver calls it, "" if all exist."""
    if sqlstate(error) not in _UNDEFINED and sqlite_name(error) != "SQLITE_ERROR":
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
    """Return the problem of an error with an SQLSTATE, or of a lost connection."""
    state = sqlstate(error)
    if state == _DISK_FULL:
        return InsufficientStorage(_FULL)
    if is_read_only(error):
        return _unavailable(_NO_WRITES)
    if state in ("23502", "23514") or state[:2] == "22":
        return UnprocessableContent(_UNFIT)
    if state[:2] == "23":
        return Conflict(_CONFLICT)
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
        return UnprocessableContent(_UNFIT)
    return None


def _of_sqlite(error: DBAPIError) -> Problem | None:
    """Return the problem of an error of SQLite, by the name of its result code."""
    name = sqlite_name(error)
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return _unavailable(_BUSY)
    if name == "SQLITE_FULL":
        return InsufficientStorage(_FULL)
    if is_read_only(error):
        return _unavailable(_NO_WRITES)
    if name.startswith(
        ("SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_PROTOCOL")
    ):
        return _unavailable(_AWAY)
    if name in (
        "SQLITE_CONSTRAINT_NOTNULL",
        "SQLITE_CONSTRAINT_CHECK",
        "SQLITE_CONSTRAINT_DATATYPE",
    ):
        return UnprocessableContent(_UNFIT)
    if name.startswith("SQLITE_CONSTRAINT"):
        return Conflict(_CONFLICT)
    if name in ("SQLITE_TOOBIG", "SQLITE_MISMATCH", "SQLITE_RANGE"):
        return UnprocessableContent(_UNFIT)
    return None
