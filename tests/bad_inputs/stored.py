"""What is stored, as one checksum, read beside the service."""

from __future__ import annotations

import hashlib
from types import TracebackType
from typing import Self

from sqlalchemy import create_engine, text

__all__ = ["Stored"]

# Not `kept`: an Idempotency-Key may be remembered with a refusal.
_TABLES = {
    "author": "id",
    "book": "id",
    "cover": "book_id",
    "item": "sku",
    "parcel": "id",
}


class Stored:
    """A reader of the tables."""

    def __init__(self, url: str) -> None:
        """Connect to a database.

        Args:
            url: SQLAlchemy's URL.
        """
        driver = url.replace("postgresql://", "postgresql+psycopg://")
        self._engine = create_engine(driver, isolation_level="AUTOCOMMIT")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._engine.dispose()

    def checksum(self) -> str:
        """Return a checksum of all rows."""
        found = hashlib.sha256()
        with self._engine.connect() as connection:
            for table, key in _TABLES.items():
                rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY {key}")).all()
                found.update(repr((table, [tuple(row) for row in rows])).encode())
        return found.hexdigest()
