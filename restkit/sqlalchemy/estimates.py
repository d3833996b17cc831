"""Estimates of the number of rows, from the statistics of the database."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapper, Session

__all__ = ["estimated_rows"]


def estimated_rows(session: Session, mapper: Mapper[object]) -> int:
    """Return the estimated number of rows from PostgreSQL's statistics, -1 without one."""
    dialect, table = session.get_bind().dialect, mapper.local_table
    if dialect.name != "postgresql" or not isinstance(table, sa.Table):
        return -1
    statement = sa.text(
        "SELECT reltuples::bigint FROM pg_class WHERE oid = CAST(:name AS regclass)"
    )
    quoted = dialect.identifier_preparer.format_table(table)  # a cast reads a name as SQL does
    return int(session.scalar(statement, {"name": quoted}) or -1)
