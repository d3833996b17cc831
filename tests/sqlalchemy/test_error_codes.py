"""What each result code of SQLite, each SQLSTATE and each failure of a driver is answered with."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from restkit.errors import DeclarationError
from restkit.sqlalchemy.errors import problem_of

AWAY = "The database is unavailable. Retry later."
BUSY = "The database is busy. Retry later."
NO_WRITES = "The database is read-only at the moment. Retry later."
UNFIT = "The database cannot hold a value of the request."
CONFLICT = "The request conflicts with stored data."
FULL = "The database has no storage left."
STALE = "Another request changed or deleted the item. Fetch it again, then retry."


class Asked:
    """A request, as far as errors of the database look at it."""

    path = "/jars"
    operation = None

    def __init__(self, method: str = "POST", **environ: str) -> None:
        self.method = method
        self.environ = environ


def _driver(name: str, base: type[Exception] = Exception, **attributes: Any) -> Exception:
    error: Exception = type(name, (base,), {})("?")
    vars(error).update(attributes)
    return error


def _lite(name: str) -> Exception:
    return _driver("Error", sqlite3.DatabaseError, sqlite_errorname=name)


def answered(cause: Exception, method: str = "POST", **options: Any) -> tuple[int, str]:
    """Return the status and the detail of the problem of a driver's error."""
    found = problem_of(DBAPIError("SELECT 1", {}, cause, **options), Asked(method))
    assert found.headers.get("Retry-After") == ("2" if found.status == 503 else None)
    return found.status, str(found.detail)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("SQLITE_BUSY", (503, BUSY)),
        ("SQLITE_LOCKED_SHAREDCACHE", (503, BUSY)),
        ("SQLITE_FULL", (507, FULL)),
        ("SQLITE_READONLY", (503, NO_WRITES)),
        ("SQLITE_IOERR_READ", (503, AWAY)),
        ("SQLITE_CANTOPEN", (503, AWAY)),
        ("SQLITE_CORRUPT", (503, AWAY)),
        ("SQLITE_NOTADB", (503, AWAY)),
        ("SQLITE_PROTOCOL", (503, AWAY)),
        ("SQLITE_CONSTRAINT_NOTNULL", (422, UNFIT)),
        ("SQLITE_CONSTRAINT_CHECK", (422, UNFIT)),
        ("SQLITE_CONSTRAINT_DATATYPE", (422, UNFIT)),
        ("SQLITE_CONSTRAINT_TRIGGER", (409, CONFLICT)),
        ("SQLITE_TOOBIG", (422, UNFIT)),
        ("SQLITE_MISMATCH", (422, UNFIT)),
        ("SQLITE_RANGE", (422, UNFIT)),
    ],
)
def test_codes_of_sqlite(code: str, expected: tuple[int, str]) -> None:
    assert answered(_lite(code)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("53100", (507, FULL)),
        ("53300", (503, BUSY)),
        ("25006", (503, NO_WRITES)),
        ("23502", (422, UNFIT)),
        ("23514", (422, UNFIT)),
        ("22003", (422, UNFIT)),
        ("23P01", (409, CONFLICT)),
        ("08006", (503, AWAY)),
        ("57014", (503, AWAY)),
        ("40P01", (503, BUSY)),
        ("55P03", (503, BUSY)),
        ("58030", (503, AWAY)),
    ],
)
def test_states_of_sql(state: str, expected: tuple[int, str]) -> None:
    assert answered(_driver("Error", sqlstate=state)) == expected


@pytest.mark.parametrize("name", ["OperationalError", "InterfaceError"])
def test_an_error_without_a_state_is_one_of_the_connection(name: str) -> None:
    assert answered(_driver(name)) == (503, AWAY)


def test_a_lost_connection_is_away() -> None:
    assert answered(_driver("Error"), connection_invalidated=True) == (503, AWAY)


@pytest.mark.parametrize(
    "cause", [_driver("DataError"), OverflowError("?"), ValueError("?")], ids=repr
)
def test_what_a_driver_cannot_send_is_a_422(cause: Exception) -> None:
    """Without a state, the name or the base of its exception says so."""
    assert answered(cause) == (422, UNFIT)


def test_a_stored_value_that_a_driver_cannot_read_is_a_500() -> None:
    """In a GET, the request has sent no value; with a state, it is the database that refuses."""
    error = DBAPIError("SELECT 1", {}, _driver("DataError"))
    with pytest.raises(DBAPIError) as raised:
        problem_of(error, Asked("GET"))
    assert raised.value is error
    assert answered(_driver("DataError", sqlstate="22003"), "GET") == (422, UNFIT)
    assert answered(_driver("OperationalError"), "GET") == (503, AWAY)


@pytest.mark.parametrize(
    "cause", [_lite("SQLITE_READONLY"), _driver("Error", sqlstate="25006")], ids=["lite", "sql"]
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_that_writes_is_the_mistake_of_the_program(method: str, cause: Exception) -> None:
    error = DBAPIError("INSERT", {}, cause)
    with pytest.raises(DBAPIError) as raised:
        problem_of(error, Asked(method))
    (note,) = raised.value.__notes__
    assert note.startswith(f"The transaction of a {method} is read-only. Write in a POST")


@pytest.mark.parametrize(("cause", "status"), [(OverflowError("?"), 422), (ValueError("?"), 422)])
def test_a_parameter_that_is_not_bound_is_a_422(cause: Exception, status: int) -> None:
    """SQLAlchemy's own types refuse a value before the driver sees it."""
    assert problem_of(StatementError("?", "SELECT 1", {}, cause), Asked()).status == status


def test_another_failure_of_a_type_is_raised_again() -> None:
    error = StatementError("?", "SELECT 1", {}, KeyError("?"))
    with pytest.raises(StatementError):
        problem_of(error, Asked())


@pytest.mark.parametrize(("environ", "status"), [({}, 409), ({"HTTP_IF_MATCH": '"a"'}, 412)])
def test_a_row_that_has_changed(environ: dict[str, str], status: int) -> None:
    """The client's precondition has failed if it sent one."""
    found = problem_of(StaleDataError("?"), Asked(**environ))
    assert (found.status, found.detail) == (status, STALE)


def test_a_pool_without_a_connection_is_busy() -> None:
    found = problem_of(PoolTimeout("?"), Asked())
    assert (found.status, found.detail) == (503, BUSY)


@pytest.mark.parametrize(
    "cause",
    [
        _driver("Error", sqlstate="42P01"),
        _driver("Error", sqlstate="42703"),
        _lite("SQLITE_ERROR"),
    ],
    ids=["table", "column", "lite"],
)
def test_a_missing_table_is_a_mistake_of_the_program(cause: Exception) -> None:
    """The sentence has the driver's first line, and two ways to make the table."""
    cause.args = ("no such table: jar\nLINE 1: SELECT",)
    error = DBAPIError("SELECT 1", {}, cause)
    with pytest.raises(DeclarationError) as raised:
        problem_of(error, Asked())
    says = "The request needs a table or column that the database does not have: no such table: jar"
    assert str(raised.value).startswith(f"{says}. Apply the migrations")
    assert raised.value.__cause__ is error
    cause.args = ("syntax error",)
    with pytest.raises(DBAPIError):
        problem_of(error, Asked())
