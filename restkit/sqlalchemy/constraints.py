"""Integrity errors of SQLite and PostgreSQL: the violated constraint and its columns."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, StatementError

__all__ = [
    "columns_of",
    "is_null",
    "is_read_only",
    "is_reference",
    "is_unbindable",
    "is_unique",
    "sqlite_name",
    "sqlstate",
]

_READ_ONLY = "25006"
_COLUMNS = re.compile(r"constraint failed: (.+)$")


def sqlstate(error: DBAPIError) -> str:
    """Return the SQLSTATE of an error (PostgreSQL, appendix A), ``""`` without one."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def sqlite_name(error: DBAPIError) -> str:
    """Return the name of SQLite's result code, ``""`` without one."""
    return str(getattr(error.orig, "sqlite_errorname", None) or "")


def is_unique(error: DBAPIError) -> bool:
    """Return whether a unique constraint is violated."""
    return sqlstate(error) == "23505" or sqlite_name(error) in (
        "SQLITE_CONSTRAINT_UNIQUE",
        "SQLITE_CONSTRAINT_PRIMARYKEY",
        "SQLITE_CONSTRAINT_ROWID",
    )


def is_reference(error: DBAPIError) -> bool:
    """Return whether a foreign key is violated."""
    if sqlstate(error) in ("23503", "23001"):
        return True
    return sqlite_name(error) == "SQLITE_CONSTRAINT_FOREIGNKEY"


def is_unbindable(error: StatementError) -> bool:
    """Return whether the type of a column rejects a parameter, before the database sees it."""
    return not isinstance(error, DBAPIError) and isinstance(error.orig, (ValueError, LookupError))


def is_read_only(error: DBAPIError) -> bool:
    """Return whether the transaction or the database is read-only."""
    return sqlstate(error) == _READ_ONLY or sqlite_name(error).startswith("SQLITE_READONLY")


def is_null(error: DBAPIError) -> bool:
    """Return whether a NOT NULL column is null."""
    return sqlstate(error) == "23502" or sqlite_name(error) == "SQLITE_CONSTRAINT_NOTNULL"


def columns_of(error: DBAPIError, table: sa.Table) -> list[str]:
    """Return the columns of the violated constraint, if it is one of a table and is named.

    Args:
        error: The error.
        table: The table.
    """
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name:
        return _columns_of_constraint(str(name), table)
    found = _COLUMNS.search(str(error.orig))
    if found is None:
        return []
    # Another table, as of a parent class or of nested rows, may have columns of these names.
    names = [each.strip().rpartition(".") for each in found[1].split(",")]
    return [name for of, _, name in names if of == table.name]


def _columns_of_constraint(name: str, table: sa.Table) -> list[str]:
    members: list[Any] = [*table.constraints, *table.indexes]
    for each in members:
        if each.name == name:
            return [column.name for column in each.columns]
    # PostgreSQL generates missing names: table_column_column_key, table_column_fkey, table_pkey.
    if name == f"{table.name}_pkey":
        return [column.name for column in table.primary_key.columns]
    for each in table.constraints:
        unnamed = [column.name for column in getattr(each, "columns", ())]
        stem = "_".join([table.name, *unnamed])
        if unnamed and name in (f"{stem}_key", f"{stem}_fkey"):
            return unnamed
    return []
