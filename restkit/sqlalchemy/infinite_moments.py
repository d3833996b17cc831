"""PostgreSQL's moments beyond Python's calendar: ``infinity``, and years outside 1 to 9999.

psycopg cannot read them, so that one such row would make every list with it fail. They are read as
the last or the first moment of the calendar.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg.abc import Buffer, Loader

__all__ = ["quick_loaders", "read_infinite_moments"]

_UTC_MAX = dt.datetime.max.replace(tzinfo=dt.UTC)
_UTC_MIN = dt.datetime.min.replace(tzinfo=dt.UTC)
_ENDS: dict[str, tuple[dt.date, dt.date]] = {
    "timestamptz": (_UTC_MIN, _UTC_MAX),
    "timestamp": (dt.datetime.min, dt.datetime.max),
    "date": (dt.date.min, dt.date.max),
}


class _Loader(Protocol):
    """The part of a loader of psycopg that reads."""

    def load(self, data: bytes, /) -> object:
        """Return the value of a text."""
        ...


def read_infinite_moments(connection: Connection[object]) -> None:
    """Let a connection read moments beyond Python's calendar.

    Args:
        connection: A connection of psycopg.
    """
    from psycopg import DataError
    from psycopg.adapt import Loader
    from psycopg.pq import Format

    def make(name: str) -> type[Loader]:
        oid = connection.adapters.types[name].oid
        known = connection.adapters.get_loader(oid, Format.TEXT) or Loader
        first, last = _ENDS[name]

        class MomentLoader(Loader):
            """A loader that reads a moment beyond the calendar as its first or last moment.

            Attributes:
                quick: The loader that fails at such a moment.
            """

            quick = known

            def __init__(self, oid: int, connection: object = None) -> None:
                super().__init__(oid)
                self._loader: _Loader = known(oid, connection)  # type: ignore[arg-type]  # psycopg's own

            def load(self, data: Buffer) -> object:
                """Return the moment of a text."""
                text = bytes(data)
                try:
                    return self._loader.load(text)
                except DataError:
                    return first if text.startswith(b"-") or text.endswith(b"BC") else last

        return MomentLoader

    for name in _ENDS:
        connection.adapters.register_loader(name, make(name))


def quick_loaders(cursor: Cursor[object]) -> dict[int, type[Loader]]:
    """Return psycopg's own loaders of the moments in a cursor's columns, by type.

    They fail beyond Python's calendar. PERF: a loader in Python is a tenth of the CPU time of a
    list with two moments in a row.

    Args:
        cursor: A cursor of a connection that reads moments beyond the calendar.
    """
    from psycopg.pq import Format

    found = {}
    for oid in {each.type_code for each in cursor.description or ()}:
        loader = cursor.adapters.get_loader(oid, Format.TEXT)
        quick = getattr(loader, "quick", None)  # the program may have one of its own
        if quick is not None:
            found[oid] = quick
    return found
