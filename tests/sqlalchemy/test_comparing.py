"""Filters and pages compare values as their column stores them, whoever wrote the row."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, UTCDateTime
from restkit.sqlalchemy.columns import attributes_of
from restkit.testing import Client


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"
    GREEN = "g"


class Reversed(sa.TypeDecorator[str]):
    """A text that is stored from its end to its beginning."""

    impl = sa.String(20)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[::-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[::-1]


def _moments(zone: str = "") -> list[str]:
    seconds = ["00", "00.5", "00.000001", "01", "01.25", "01.250001"]
    return [f"2024-01-01T10:00:{each}{zone}" for each in seconds]


_UUIDS = [str(uuid.UUID(int=number << 90)) for number in (3, 1, 2, 7)]
TYPES: dict[str, tuple[Any, list[Any]]] = {
    "integer": (sa.Integer(), [3, -1, 0, 2]),
    "small": (sa.SmallInteger(), [3, -1, 0, 2]),
    "big": (sa.BigInteger(), [2**40, -(2**40), 0, 1]),
    "string": (sa.String(9), ["b", "a", "", "a b"]),
    "text": (sa.Text(), ["b", "a", "", "é"]),
    "float": (sa.Double(), [0.1, 0.30000000000000004, -1.5, 0.25]),
    "real": (sa.REAL(), [0.1, 0.3, -1.5, 0.25]),
    "numeric": (sa.Numeric(8, 2), ["1.10", "-2.00", "0.01", "1.01"]),
    "date": (sa.Date(), ["2024-02-01", "2023-12-31", "2024-01-01"]),
    "time": (sa.Time(), ["10:00:00", "10:00:00.500000", "10:00:00.000001", "09:59:59"]),
    "datetime": (sa.DateTime(), _moments()),
    "utc": (UTCDateTime(), _moments("+00:00")),
    "interval": (sa.Interval(), [0, 60, 3600, 86400]),
    "uuid": (sa.Uuid(), _UUIDS),
    "native enum": (sa.Enum(Colour, name="colour"), ["RED", "BLUE", "GREEN"]),
    "texts enum": (sa.Enum("b", "c", "a", name="letter"), ["b", "c", "a"]),
    "plain enum": (sa.Enum(Colour, native_enum=False, length=9), ["RED", "BLUE", "GREEN"]),
    "decorated": (Reversed(), ["ab", "ba", "ca", "ac"]),
}
POSTGRESQL: dict[str, tuple[Any, list[Any]]] = {
    "timestamptz": (sa.DateTime(timezone=True), _moments("+00:00")),
    "timestamp of seconds": (
        postgresql.TIMESTAMP(precision=0),
        ["2024-01-01T10:00:01", "2024-01-01T10:00:00"],
    ),
    "char": (sa.CHAR(5), ["b    ", "a    ", "ab   "]),
}


def _model(column: Any) -> Any:
    base = type("Base", (DeclarativeBase,), {})
    members = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "v": mapped_column(column, nullable=True),
        "w": mapped_column(column, nullable=False),
    }
    return type("Item", (base,), members)


def _walk(client: Client, query: dict[str, str], begin: str = "") -> list[int]:
    """Return the keys of all pages, of which there may be as many as items."""
    url: str | None = begin or f"/items?{urlencode(query)}"
    found: list[int] = []
    for _ in range(40):
        page = client.get(url or "")
        assert page.status == 200, page.text
        found += [each["id"] for each in page.json["items"]]
        url = page.json["next"]
        if url is None:
            return found
    raise AssertionError("the pages do not end")


SORTS = ("v", "-v", "w", "-w", "v,-w", "w,v", "-w,v")


def _params() -> list[Any]:
    found = []
    for kind in KINDS:
        name = kind if isinstance(kind, str) else "postgresql"
        marks = () if isinstance(kind, str) else kind.marks
        types = TYPES if name == "sqlite" else TYPES | POSTGRESQL
        found += [pytest.param((name, each), marks=marks, id=f"{name} {each}") for each in types]
    return found


@pytest.fixture(params=_params())
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Return a client of a collection whose columns ``v`` and ``w`` have one type."""
    kind, name = request.param
    column, values = (TYPES | POSTGRESQL)[name]
    model = _model(column)
    with _served(kind, tmp_path, model) as (client, _):
        for number, value in enumerate([*values, None, *values]):
            body = {"v": value, "w": values[number % len(values)]}
            made = client.post("/items", json=body)
            assert made.status == 201, made.text
        yield client


@contextmanager
def _served(kind: str, folder: Path, model: Any) -> Iterator[tuple[Client, Database]]:
    operators = sorted(attributes_of(sa.inspect(model))["v"].operators)
    filters = {"v": operators, "w": [each for each in operators if each != "null"]}
    members = {"model": model, "sorts": ("v", "w"), "filters": filters}
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=model.metadata)) as database,
    ):
        app = App("Shop", contract="raise")
        app.install(database)
        app.add("/items", type("Items", (CRUDResource,), members))
        yield Client(app), database


def _check_pages(client: Client, sorts: Sequence[str] = SORTS) -> None:
    for sort in sorts:
        page = client.get(f"/items?sort={sort}&limit=100").json["items"]
        whole = [each["id"] for each in page]
        assert len(whole) > 3
        assert len(set(whole)) == len(whole)
        assert _walk(client, {"sort": sort, "limit": "1"}) == whole
        assert _walk(client, {"sort": sort, "limit": "2"}) == whole


def _check_filters(client: Client) -> None:
    items = client.get("/items?limit=100").json["items"]
    valued = {each["id"]: each["v"] for each in items if each["v"] is not None}
    every = {each["id"] for each in items}
    assert valued
    for value in set(valued.values()):
        asked = str(value)
        equal = {key for key, each in valued.items() if each == value}
        assert set(_walk(client, {"v": asked, "limit": "3"})) == equal
        assert set(_walk(client, {"v__ne": asked, "limit": "3"})) == every - equal
        assert set(_walk(client, {"v__in": asked})) == equal
        if _is_ordered(client):
            lower = set(_walk(client, {"v__lt": asked, "limit": "3"}))
            greater = set(_walk(client, {"v__gt": asked, "limit": "3"}))
            assert lower | greater | equal == valued.keys()
            assert len(lower) + len(greater) + len(equal) == len(valued)
            assert set(_walk(client, {"v__lte": asked})) == lower | equal
            assert set(_walk(client, {"v__gte": asked})) == greater | equal


def _is_ordered(client: Client) -> bool:
    found = client.get("/openapi.json").json["paths"]["/items"]["get"]["parameters"]
    return "v__gt" in {each.get("name") for each in found}


def test_pages_are_the_whole_list_in_pieces(shop: Client) -> None:
    """Pages of one and of two items have each item once, in every order."""
    _check_pages(shop)


def test_filters_find_the_values_that_items_show(shop: Client) -> None:
    """Lower, equal and greater items are all items that have a value, and none is in two."""
    _check_filters(shop)


STORED = {
    "datetime": [
        f"2024-01-01 10:00:{each}" for each in ("00", "00.5", "00.500", "00.500000", "01")
    ],
    "utc": [f"2024-01-01 10:00:{each}" for each in ("00.000000", "00", "00.000", "00.000001")],
    "time": ["10:00:00", "10:00:00.000000", "10:00:00.25", "10:00:00.250", "09:59:59"],
    "interval": [f"1970-01-01 00:00:{each}" for each in ("01", "01.000000", "01.5", "01.500000")],
}


@pytest.mark.parametrize("name", STORED)
def test_rows_that_others_wrote_are_paged_and_found(name: str, tmp_path: Path) -> None:
    """SQLite's own functions write moments without a fraction, and other programs with one."""
    texts = STORED[name]
    with _served("sqlite", tmp_path, _model(TYPES[name][0])) as (client, database):
        statement = sa.text("INSERT INTO item (v, w) VALUES (:v, :w)")
        with database.engine.begin() as connection:
            for number in range(3 * len(texts)):
                v, w = texts[number % len(texts)], texts[(number * 2 + 1) % len(texts)]
                connection.execute(statement, {"v": v, "w": w})
        _check_pages(client)
        _check_filters(client)


@pytest.mark.parametrize("sort", ["v", "-v"])
def test_a_page_goes_on_where_its_row_is_gone(sort: str, tmp_path: Path) -> None:
    """If the row of a cursor was deleted, no other row of the same moment is left out."""
    texts = ["2024-01-01 10:00:00", "2024-01-01 10:00:00.000000"]
    with _served("sqlite", tmp_path, _model(sa.DateTime())) as (client, database):
        statement = sa.text("INSERT INTO item (v, w) VALUES (:v, :v)")
        with database.engine.begin() as connection:
            for number in range(8):
                connection.execute(statement, {"v": texts[number % 2]})
        for size in range(1, 7):
            page = client.get(f"/items?sort={sort}&limit={size}").json
            whole = [each["id"] for each in client.get(f"/items?sort={sort}").json["items"]]
            with database.engine.begin() as connection:
                row = connection.execute(
                    sa.text("DELETE FROM item WHERE id = :id RETURNING v"), {"id": whole[size - 1]}
                ).one()
            assert set(_walk(client, {}, page["next"])) >= set(whole[size:])
            with database.engine.begin() as connection:
                connection.execute(
                    sa.text("INSERT INTO item (id, v, w) VALUES (:id, :v, :v)"),
                    {"id": whole[size - 1], "v": row.v},
                )


@pytest.mark.parametrize("kind", [each for each in KINDS if not isinstance(each, str)])
@pytest.mark.parametrize("name", ["datetime", "utc", "timestamptz", "date"])
def test_moments_beyond_the_calendar_do_not_take_a_list_away(
    name: str, kind: str, tmp_path: Path
) -> None:
    """PostgreSQL's infinities and far years are read as the ends of Python's calendar."""
    column = (TYPES | POSTGRESQL)[name][0]
    texts = ["infinity", "-infinity", "12000-01-01", "0044-03-15 BC", "2024-01-01", "9999-12-31"]
    with _served(kind, tmp_path, _model(column)) as (client, database):
        statement = f"INSERT INTO item (v, w) VALUES (CAST(:v AS {_sql(column)}), '2024-01-01')"
        with database.engine.begin() as connection:
            for text in [*texts, *texts, "0001-01-01", None]:
                connection.execute(sa.text(statement), {"v": text})
        _check_pages(client, ["v", "-v"])
        shown = [each["v"] for each in client.get("/items?limit=4").json["items"]]
        assert [each[:10] for each in shown] == [*["9999-12-31", "0001-01-01"] * 2]
        assert client.get("/items/1").json["v"] == shown[0]


@pytest.mark.parametrize("kind", [each for each in KINDS if not isinstance(each, str)])
@pytest.mark.parametrize("name", ["datetime", "utc", "timestamptz", "date"])
@pytest.mark.parametrize("path", ["/items", "/items?sort=v&limit=3"])
def test_a_list_that_was_read_before_has_moments_beyond_the_calendar(
    path: str, name: str, kind: str, tmp_path: Path
) -> None:
    """Lists are read by quicker loaders, until there is a moment that these cannot read."""
    column = (TYPES | POSTGRESQL)[name][0]
    with _served(kind, tmp_path, _model(column)) as (client, database):
        insert = f"INSERT INTO item (v, w) VALUES (CAST(:v AS {_sql(column)}), '2024-01-01')"
        with database.engine.begin() as connection:
            connection.execute(sa.text(insert), {"v": "2024-01-01"})
        usual = client.get(path).json["items"]
        assert client.get(path).json["items"] == usual
        with database.engine.begin() as connection:
            connection.execute(sa.text(insert), {"v": "infinity"})
        for _ in range(2):
            found = client.get(path).json["items"]
            assert [each["v"][:10] for each in found] == ["2024-01-01", "9999-12-31"]
            assert found[0] == usual[0]


def _sql(column: Any) -> str:
    return str(column.compile(dialect=postgresql.dialect()))


class VisitBase(DeclarativeBase):
    pass


class Visit(VisitBase):
    """Is named by two columns together, of which one is in the URL of the collection."""

    __tablename__ = "visit"

    group_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(sa.DateTime)


class Visits(CRUDResource[Visit]):
    model = Visit
    key = "user_id"
    sorts = ("at",)


@pytest.mark.parametrize("sort", ["at", "-at"])
def test_pages_of_a_composite_key_do_not_take_the_text_of_another_parent(
    tmp_path: Path, sort: str
) -> None:
    """Rows of two parents have the same key and the same moment in different texts."""
    database = Database(f"sqlite:///{tmp_path / 'visits.db'}", create=VisitBase.metadata)
    app = App("Visits")
    app.install(database)
    app.add("/groups/<int:group_id>/visits", Visits)
    client = Client(app)
    short, full = "2026-01-01 00:00:00", "2026-01-01 00:00:00.000000"
    with database.engine.begin() as connection:
        for group, user in itertools.product((1, 2), range(1, 9)):
            text = short if (group + user) % 2 else full
            connection.execute(
                sa.text("INSERT INTO visit VALUES (:group, :user, :text)"),
                {"group": group, "user": user, "text": text},
            )
    for group in (1, 2):
        url, found = f"/groups/{group}/visits?sort={sort}&limit=1", []
        while url and len(found) < 20:
            page = client.get(url).json
            found += [each["user_id"] for each in page["items"]]
            url = page["next"]
        whole = client.get(f"/groups/{group}/visits?sort={sort}&limit=50").json["items"]
        assert found == [each["user_id"] for each in whole]
        assert len(found) == 8
    database.close()
