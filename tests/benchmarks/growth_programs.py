"""The programs whose cost is measured by size: lists of rows with more columns and relations."""

# NOTE: No "annotations" from __future__: FastAPI must see the models.

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, relationship, selectinload

from .peers.bare import answer

__all__ = ["COLUMNS", "LENGTHS", "PROGRAMS", "RELATIONS", "SIZES", "fill", "path_of"]

LENGTHS = (10, 100, 1_000)
COLUMNS = (5, 10, 20, 40)
RELATIONS = (0, 1, 2, 4)
_PLAIN = (10, 0)
SIZES = [*((columns, 0) for columns in COLUMNS), *((10, number) for number in RELATIONS[1:])]
"""The number of columns and of relations of each table."""
_SHARED = 20
_TYPES: Sequence[tuple[Any, Any, Callable[[int], object]]] = [
    (sa.String(50), str, lambda at: f"the text of row {at}"),
    (sa.Integer(), int, lambda at: at),
    (sa.Float(), float, lambda at: at / 8),
    (sa.Boolean(), bool, lambda at: at % 3 == 0),
    (sa.Date(), dt.date, lambda at: dt.date(2000 + at % 25, 1 + at % 12, 1 + at % 28)),
    (sa.DateTime(), dt.datetime, lambda at: dt.datetime(2026, 1 + at % 12, 1, 12, at % 60)),
]


def _named(columns: int) -> list[tuple[str, Any, Any, Callable[[int], object]]]:
    """Return the columns of a table besides its key: name, type, Python's type, values."""
    return [(f"c{number}", *_TYPES[number % len(_TYPES)]) for number in range(columns - 1)]


def _table(size: tuple[int, int]) -> str:
    return f"thing_{size[0]}_{size[1]}"


def path_of(size: tuple[int, int], limit: int) -> tuple[str, str]:
    """Return the path and query of a list."""
    names = ",".join(f"r{number}" for number in range(size[1]))
    return f"/{_table(size)}", f"limit={limit}" + (f"&expand={names}" if names else "")


def _metadata() -> sa.MetaData:
    metadata = sa.MetaData()
    for number in range(max(RELATIONS)):
        names = [sa.Column(name, sa.String(50)) for name in ("name", "city")]
        sa.Table(f"other_{number}", metadata, sa.Column("id", sa.Integer, primary_key=True), *names)
    for size in SIZES:
        columns = [sa.Column(name, kind, nullable=False) for name, kind, _, _ in _named(size[0])]
        columns += [
            sa.Column(f"r{at}_id", sa.ForeignKey(f"other_{at}.id"), nullable=False)
            for at in range(size[1])
        ]
        sa.Table(_table(size), metadata, sa.Column("id", sa.Integer, primary_key=True), *columns)
    return metadata


def fill(url: str) -> None:
    """Make the tables with their rows."""
    engine, metadata = sa.create_engine(url), _metadata()
    metadata.create_all(engine)
    with engine.begin() as connection:
        for number in range(max(RELATIONS)):
            rows = [{"id": at, "name": f"name {at}", "city": f"city {at}"} for at in _keys(_SHARED)]
            connection.execute(sa.insert(metadata.tables[f"other_{number}"]), rows)
        for size in SIZES:
            count = max(LENGTHS) if size == _PLAIN else 100
            rows = [_row(size, at) for at in _keys(count)]
            connection.execute(sa.insert(metadata.tables[_table(size)]), rows)
    engine.dispose()


def _keys(count: int) -> range:
    return range(1, count + 1)


def _row(size: tuple[int, int], at: int) -> dict[str, Any]:
    row: dict[str, Any] = {name: value(at) for name, _, _, value in _named(size[0])}
    return {"id": at, **row, **{f"r{number}_id": 1 + at % _SHARED for number in range(size[1])}}


def restkit(url: str) -> Any:
    """Return a CRUDResource for each table, whose relations clients expand."""
    from restkit import App
    from restkit.crud import CRUDResource
    from restkit.sqlalchemy import Database

    metadata = _metadata()
    base = type("Base", (DeclarativeBase,), {"metadata": metadata})
    others = [
        type(f"Other{at}", (base,), {"__table__": metadata.tables[f"other_{at}"]})
        for at in range(max(RELATIONS))
    ]
    app = App("Growth")
    app.install(Database(url))
    for size in SIZES:
        names = [f"r{at}" for at in range(size[1])]
        members: dict[str, object] = {"__table__": metadata.tables[_table(size)]}
        members |= {name: relationship(others[at]) for at, name in enumerate(names)}
        model = type(f"Thing{size[0]}x{size[1]}", (base,), members)
        options = {"model": model, "expand": tuple(names), "max_page_size": max(LENGTHS)}
        app.add(f"/{_table(size)}", type(f"{model.__name__}s", (CRUDResource,), options))
    return app


def core(url: str) -> Any:
    """Return a WSGI program of SQLAlchemy Core and orjson, with joins for relations."""
    engine, metadata = sa.create_engine(url), _metadata()

    def rows_of(name: str, limit: int) -> list[dict[str, Any]]:
        table = metadata.tables[name]
        count = int(name.rpartition("_")[2])
        others = [metadata.tables[f"other_{at}"] for at in range(count)]
        joined: Any = table
        for at, other in enumerate(others):
            joined = joined.join(other, table.c[f"r{at}_id"] == other.c.id)
        columns = [*table.c, *(column for other in others for column in other.c)]
        query = sa.select(*columns).select_from(joined).order_by(table.c.id).limit(limit)
        own = ["".join(column.name) for column in table.c]  # a plain str, which orjson takes
        with engine.connect() as connection:
            found = connection.execute(query).all()
        made = []
        for row in found:
            data = dict(zip(own, row, strict=False))
            for at in range(count):
                begin = len(own) + 3 * at
                data[f"r{at}"] = dict(zip(("id", "name", "city"), row[begin:], strict=False))
            made.append(data)
        return made

    def app(environ: Any, start_response: Any) -> list[bytes]:
        limit = int(parse_qs(environ["QUERY_STRING"])["limit"][0])
        return answer(start_response, 200, rows_of(environ["PATH_INFO"][1:], limit))

    return app


def fastapi(url: str) -> Any:
    """Return FastAPI with SQLModel, which loads relations by ``selectinload``."""
    from fastapi import FastAPI
    from pydantic import create_model
    from sqlmodel import Field, Relationship, Session, SQLModel, create_engine, select

    engine = create_engine(url, connect_args={"check_same_thread": False})
    app = FastAPI()
    others, public = [], []
    for at in range(max(RELATIONS)):
        fields = {"id": (int, Field(primary_key=True)), "name": (str, ...), "city": (str, ...)}
        made: Any = _model(SQLModel, f"Other{at}", f"other_{at}", fields)
        others.append(made)
        shown = {"id": (int, ...), "name": (str, ...), "city": (str, ...)}
        public.append(create_model(f"Other{at}Public", __base__=SQLModel, **shown))  # type: ignore[call-overload]
    for size in SIZES:
        fields = {"id": (int, Field(primary_key=True))}
        fields |= {name: (kind, ...) for name, _, kind, _ in _named(size[0])}
        keys = {f"r{at}_id": (int, Field(foreign_key=f"other_{at}.id")) for at in range(size[1])}
        relations = {f"r{at}": (others[at], Relationship()) for at in range(size[1])}
        model: Any = _model(
            SQLModel, f"T{size[0]}x{size[1]}", _table(size), fields | keys, relations
        )
        shown = {name: (each[0], ...) for name, each in (fields | keys).items()}
        shown |= {f"r{at}": (public[at], ...) for at in range(size[1])}
        response: Any = create_model(f"{model.__name__}Public", __base__=SQLModel, **shown)  # type: ignore[call-overload]
        options = [selectinload(getattr(model, name)) for name in relations]
        _route(app, _table(size), model, response, options, engine, Session, select)
    return app


def _model(base: Any, name: str, table: str, fields: Any, relations: Any = ()) -> Any:
    """Return a class of SQLModel, as a class statement makes it."""
    pairs = {**fields, **dict(relations)}
    members = {key: value for key, (_, value) in pairs.items() if value is not ...}
    members |= {"__annotations__": {key: kind for key, (kind, _) in pairs.items()}}
    members |= {"__module__": __name__, "__tablename__": table}
    return type(base)(name, (base,), members, table=True)


def _route(
    app: Any,
    table: str,
    model: Any,
    response: Any,
    options: Any,
    engine: Any,
    session: Any,
    select: Any,
) -> None:
    def read(limit: int, expand: str = "") -> Any:
        with session(engine) as opened:
            query = select(model).options(*options).order_by(model.id).limit(limit)
            return opened.exec(query).all()

    app.get(f"/{table}", response_model=list[response])(read)


PROGRAMS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "restkit": ("wsgi", restkit),
    "fastapi": ("asgi", fastapi),
    "core": ("wsgi", core),
}
"""The programs, and how each is called."""


def decoded(content: bytes) -> list[Any]:
    """Return the items of a list."""
    found = orjson.loads(content)
    items: list[Any] = found["items"] if isinstance(found, dict) else found
    return items
