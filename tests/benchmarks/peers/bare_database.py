"""The floor over a database: WSGI, sqlite3 and orjson,
with one connection and statements written by hand.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from typing import Any
from urllib.parse import parse_qs

import orjson

from ..database import make_database
from .bare import answer

__all__ = ["database"]

_NAMES = (
    "id",
    "title",
    "author",
    "isbn",
    "pages",
    "price",
    "rating",
    "available",
    "published",
    "added",
)


def _written(row: tuple[Any, ...]) -> dict[str, Any]:
    data = dict(zip(_NAMES, row, strict=True))
    data["available"] = bool(data["available"])
    data["added"] = dt.datetime.fromisoformat(data["added"])
    return data


def _add(connection: Any, data: dict[str, Any]) -> tuple[Any, ...]:
    values = [data[name] for name in _NAMES[1:]]
    values[-1] = dt.datetime.fromisoformat(values[-1]).isoformat(" ", "microseconds")
    with connection:
        made = connection.execute(
            f"INSERT INTO book ({', '.join(_NAMES[1:])}) VALUES (?,?,?,?,?,?,?,?,?)", values
        )
    found: tuple[Any, ...] = connection.execute(
        "SELECT * FROM book WHERE id = ?", (made.lastrowid,)
    ).fetchone()
    return found


def database() -> Any:
    connection = sqlite3.connect(make_database(), check_same_thread=False)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/books" and environ["REQUEST_METHOD"] == "POST":
            data = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            return answer(start_response, 201, _written(_add(connection, data)))
        if path == "/books":
            limit = int(parse_qs(environ["QUERY_STRING"])["limit"][0])
            rows = connection.execute("SELECT * FROM book ORDER BY id LIMIT ?", (limit,)).fetchall()
            return answer(start_response, 200, [_written(row) for row in rows])
        key = int(path.rpartition("/")[2])
        if environ["REQUEST_METHOD"] == "PATCH":
            data = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
            with connection:
                changes = ", ".join(f"{name} = ?" for name in _NAMES[1:] if name in data)
                values = [data[name] for name in _NAMES[1:] if name in data]
                connection.execute(f"UPDATE book SET {changes} WHERE id = ?", (*values, key))
        row = connection.execute("SELECT * FROM book WHERE id = ?", (key,)).fetchone()
        return answer(
            start_response, 404 if row is None else 200, None if row is None else _written(row)
        )

    return app
