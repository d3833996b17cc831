"""Pages in an order whose values are stored otherwise than they are read: each row, once."""

from __future__ import annotations

import datetime as dt
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import database_url
from readings import Base, Color, Reading
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client, TestResponse

SORTED = ("note", "count", "ratio", "amount", "ok", "day", "hour", "at", "seen", "lasted")
SORTED += ("token", "color")
VALUES = (
    *(None, "abc", "", "zzz", "x'", "{}", b"\xff\xfe", b"\xff", "a\ufffd"),
    *(0, 1, 5, 7, -3, 1.5, 1.239, 1.231, "1.2349"),
    *("2020-01-01", "20200102", "2020-W01-4", "2020-01-01 00:00:00", "2020-01-01T00:00:00"),
    *("2020-01-01 00:00:00.000000", "2020-01-01T00:00:00.5", "20200101T000000"),
    *("12:00", "12:00:00.000000", "RED", "red", "BLUE"),
    *("12345678-1234-5678-1234-56781234567a", "1234567812345678123456781234567a"),
)
EVERY = list(range(1, len(VALUES) + 1))


class Readings(CRUDResource[Reading]):
    model = Reading
    sorts = (*SORTED, "station__opened", "station__changed")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def client(file: Path) -> Iterator[Client]:
    with closing(Database(f"sqlite:///{file}", create=Base.metadata)) as database:
        app = App("Readings")
        app.install(database)
        app.add("/readings", Readings)
        client = Client(app)
        client.get("/readings")  # makes the tables
        yield client


def links(response: TestResponse) -> dict[str, str]:
    pairs = re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers.get("Link", ""))
    return {relation: url for url, relation in pairs}


def pages(client: Client, url: str, relation: str) -> Iterator[list[int]]:
    """Yield the ids of each page, as the links lead."""
    for _ in range(2 * len(VALUES)):
        response = client.get(url)
        assert response.status_code == 200
        yield [each["id"] for each in response.json["items"]]
        if relation not in links(response):
            return
        url = links(response)[relation]
    pytest.fail("the pages do not end")


def last_page(client: Client, url: str) -> str:
    while "next" in (found := links(client.get(url))):
        url = found["next"]
    return url


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", SORTED)
def test_every_page_has_each_row_once(client: Client, file: Path, name: str, sign: str) -> None:
    """Whatever a column of SQLite stores, the links lead through all rows, forth and back."""
    with closing(sqlite3.connect(file)) as connection:
        for number, value in zip(EVERY, VALUES, strict=True):
            row = f"INSERT INTO reading (id, {name}) VALUES (?, ?)"
            connection.execute(row, (number, value))
        connection.commit()
    for limit in (1, 3):
        url = f"/readings?sort={sign}{name}&limit={limit}"
        seen = [each for page in pages(client, url, "next") for each in page]
        assert sorted(seen) == EVERY
        back = [*pages(client, last_page(client, url), "prev")]
        assert [each for page in reversed(back) for each in page] == seen


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", ["opened", "changed"])
def test_the_order_of_a_related_row(client: Client, file: Path, name: str, sign: str) -> None:
    """The place of a value of a related row is that of the stored one."""
    with closing(sqlite3.connect(file)) as connection:
        values = ("abc", "2020-01-01", None, "20200102", "zzz", "2020-01-01T00:00:00")
        stations = [*enumerate(values, 1)]
        connection.executemany(f"INSERT INTO station (id, {name}) VALUES (?, ?)", stations)
        readings = [(1, 5), (2, 1), (3, None), (4, 3), (5, 4), (6, 1), (7, 2), (8, 6), (9, 6)]
        connection.executemany("INSERT INTO reading (id, station_id) VALUES (?, ?)", readings)
        connection.commit()
    url = f"/readings?sort={sign}station__{name}&limit=1"
    seen = [each for page in pages(client, url, "next") for each in page]
    assert sorted(seen) == list(range(1, 10))


def test_a_row_that_changed_or_is_gone(client: Client, file: Path) -> None:
    """A page begins after the value that its cursor has, if the row has another one by now."""
    with closing(sqlite3.connect(file)) as connection:
        rows = [(1, "2020-01-01"), (2, "2020-01-02"), (3, "2020-01-03"), (4, "abc")]
        connection.executemany("INSERT INTO reading (id, day) VALUES (?, ?)", rows)
        connection.commit()
        second = links(client.get("/readings?sort=day&limit=1"))["next"]
        third = links(client.get(second))["next"]
        connection.execute("UPDATE reading SET day = '2021-01-01' WHERE id = 1")
        connection.execute("DELETE FROM reading WHERE id = 2")
        connection.commit()
    assert [each["id"] for each in client.get(second).json["items"]] == [3]
    assert [each["id"] for each in client.get(third).json["items"]] == [3]


def test_a_lost_place(client: Client, file: Path) -> None:
    """A cursor cannot hold every stored value; once its row is gone, it is not valid."""
    with closing(sqlite3.connect(file)) as connection:
        rows = [(1, "xyz"), (2, "zzz")]
        connection.executemany("INSERT INTO reading (id, count) VALUES (?, ?)", rows)
        connection.commit()
        second = links(client.get("/readings?sort=count&limit=1"))["next"]
        assert [each["id"] for each in client.get(second).json["items"]] == [2]
        connection.execute("DELETE FROM reading WHERE id = 1")
        connection.commit()
    response = client.get(second)
    assert (response.status_code, response.json["errors"][0]["code"]) == (400, "cursor")


class OwnBase(DeclarativeBase):
    pass


class Visit(OwnBase):
    __tablename__ = "stored_places_visit"

    floor: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    room: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]


class Visits(CRUDResource[Visit]):
    model = Visit
    sorts = ("at",)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_moments_of_items_with_two_keys(kind: str, sign: str, tmp_path: Path) -> None:
    """The row of a cursor is told from others by all attributes of its key."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=OwnBase.metadata)) as database,
    ):
        app = App("Visits")
        app.install(database)
        app.add("/visits", Visits)
        client = Client(app)
        rows = [(each // 3, each % 3, each % 2) for each in range(9)]
        for floor, room, second in rows:
            at = f"2026-01-01T00:00:0{second}"
            made = client.post("/visits", json={"floor": floor, "room": room, "at": at})
            assert made.status_code == 201
        seen, next_url = [], f"/visits?sort={sign}at&limit=2"
        for _ in range(5):
            response = client.get(next_url)
            seen += [(each["floor"], each["room"]) for each in response.json["items"]]
            next_url = links(response).get("next", "")
    assert next_url == ""
    direction = -1 if sign else 1
    expected = sorted(rows, key=lambda row: (row[2], row[0], row[1]))[::direction]
    assert seen == [row[:2] for row in expected]


class TintBase(DeclarativeBase):
    pass


class Tint(TintBase):
    __tablename__ = "stored_places_tint"

    id: Mapped[int] = mapped_column(primary_key=True)
    native: Mapped[Color | None] = mapped_column(sa.Enum(Color, name="stored_places_color"))
    text: Mapped[Color | None] = mapped_column(sa.Enum(Color, native_enum=False, length=9))


class Tints(CRUDResource[Tint]):
    model = Tint
    sorts = ("native", "text")


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("name", ["native", "text"])
def test_members_that_the_program_has_lost(name: str, sign: str, tmp_path: Path) -> None:
    """A value of PostgreSQL's enumeration that is no member keeps its place."""
    with (
        database_url("postgresql", tmp_path) as url,
        closing(Database(url, create=TintBase.metadata)) as database,
    ):
        app = App("Tints")
        app.install(database)
        app.add("/tints", Tints)
        client = Client(app)
        client.get("/tints")  # makes the table
        with database.engine.begin() as connection:
            connection.execute(sa.text("ALTER TYPE stored_places_color ADD VALUE 'BLUE'"))
        with database.engine.begin() as connection:
            row = "INSERT INTO stored_places_tint (native, text) "
            for value in ("RED", "BLUE", None, "RED", "BLUE", "BLUE"):
                values = sa.text(f"{row} VALUES (CAST(:value AS stored_places_color), :value)")
                connection.execute(values, {"value": value})
        url = f"/tints?sort={sign}{name}&limit=1"
        seen = [each for page in pages(client, url, "next") for each in page]
    first, last = ([1, 4], [2, 5, 6]) if name == "native" else ([2, 5, 6], [1, 4])
    assert seen == ([*first, *last, 3] if not sign else [3, *last[::-1], *first[::-1]])
