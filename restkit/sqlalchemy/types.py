"""Column types: datetimes in UTC, the same on every database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import sqlalchemy as sa

__all__ = ["UTCDateTime"]


class UTCDateTime(sa.TypeDecorator[dt.datetime]):
    """An aware datetime in UTC, also on databases without time zones such as SQLite.

    Naive datetimes are rejected.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True
    aware = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """Return the datetime as the database stores it.

        Raises:
            ValueError: The datetime is naive.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(
                "UTCDateTime takes aware datetimes only: which moment a naive one is, is not known"
            )
        utc = value.astimezone(dt.UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        """Return the datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)
