"""SQLAlchemy Core by hand: WSGI, its statements and orjson, with one engine and no ORM."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qs

import orjson
import sqlalchemy as sa

from ..database import database_url
from .bare import answer

__all__ = ["database"]

BOOK = sa.Table(
    "book",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.String(200)),
    sa.Column("author", sa.String(100)),
    sa.Column("isbn", sa.String(20)),
    sa.Column("pages", sa.Integer),
    sa.Column("price", sa.Float),
    sa.Column("rating", sa.Float),
    sa.Column("available", sa.Boolean),
    sa.Column("published", sa.Date),
    sa.Column("added", sa.DateTime),
)


_NAMES = ["".join(column.name) for column in BOOK.columns]


def _written(row: Any) -> dict[str, Any]:
    return dict(zip(_NAMES, row, strict=True))


def _read(environ: Any) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    if "added" in data:
        data["added"] = dt.datetime.fromisoformat(data["added"])
        data["published"] = dt.date.fromisoformat(data["published"])
    return data


def database() -> Any:
    engine = sa.create_engine(database_url())
    by_key = sa.select(BOOK).where(BOOK.c.id == sa.bindparam("key"))
    insert = BOOK.insert().returning(*BOOK.c)
    update = BOOK.update().where(BOOK.c.id == sa.bindparam("key")).returning(*BOOK.c)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        if method in ("POST", "PATCH"):
            data, created = _read(environ), method == "POST"
            key = {} if created else {"key": int(path.rpartition("/")[2])}
            statement = insert if created else update.values({name: data[name] for name in data})
            with engine.begin() as connection:
                row = connection.execute(statement, {**data, **key}).one()
            return answer(start_response, 201 if created else 200, _written(row))
        with engine.connect() as connection:
            if path == "/books":
                limit = int(parse_qs(environ["QUERY_STRING"])["limit"][0])
                found = connection.execute(sa.select(BOOK).order_by(BOOK.c.id).limit(limit))
                return answer(start_response, 200, [_written(row) for row in found])
            key = int(path.rpartition("/")[2])
            row = connection.execute(by_key, {"key": key}).one()
            return answer(start_response, 200, _written(row))

    return app
