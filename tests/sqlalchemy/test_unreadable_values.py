"""Stored values that their column's type cannot read take no list away: they are null."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import database_url
from readings import Base, Color, Reading, Station
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

VALUES = ("abc", "", 5, 1.5, b"\xff\xfe")


class Readings(CRUDResource[Reading]):
    model = Reading
    filters = ("id__gt",)
    expand = ("station",)
    streamable = True


class Stations(CRUDResource[Station]):
    model = Station
    expand = ("readings",)


NAMES = [each.key for each in sa.inspect(Reading).column_attrs if each.key not in ("id",)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "readings.db"


@pytest.fixture
def client(file: Path) -> Iterator[Client]:
    with closing(Database(f"sqlite:///{file}", create=Base.metadata)) as database:
        app = App("Readings")
        app.install(database)
        app.add("/readings", Readings)
        app.add("/stations", Stations)
        yield Client(app)


def store(file: Path, *statements: tuple[str, tuple[object, ...]]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        for statement, values in statements:
            connection.execute(statement, values)
        connection.commit()


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", [each for each in NAMES if each != "station_id"])
def test_every_door_to_a_value_of_another_type(
    client: Client, file: Path, name: str, value: object
) -> None:
    """Lists, items, streams, pages with filters, relations and writes of other members work."""
    assert client.get("/readings").json["items"] == []
    store(
        file,
        ("INSERT INTO station (id) VALUES (1)", ()),
        ("INSERT INTO reading (id, note) VALUES (1, 'before')", ()),
        (f"INSERT INTO reading (id, station_id, {name}) VALUES (2, 1, ?)", (value,)),
        ("INSERT INTO reading (id, note) VALUES (3, 'after')", ()),
    )
    items = client.get("/readings").json["items"]
    assert [each["id"] for each in items] == [1, 2, 3]
    assert (items[0]["note"], items[2]["note"]) == ("before", "after")
    assert client.get("/readings/2").json == items[1]
    assert client.get("/readings?id__gt=1").json["items"] == items[1:]
    lines = client.get("/readings", headers={"Accept": "application/x-ndjson"}).text.splitlines()
    assert list(map(json.loads, lines)) == items
    expanded = client.get("/readings?expand=station").json["items"][1]
    assert expanded[name] == items[1][name]
    nested = client.get("/stations/1?expand=readings").json["readings"]
    assert [each[name] for each in nested] == [items[1][name]]
    other = "note" if name != "note" else "count"
    patched = client.patch("/readings/2", json={other: None})
    assert patched.status == 200, patched.text
    assert client.delete("/readings/2").status == 204


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data", "{'a': 1}"),
        ("day", "31.12.2026"),
        ("at", "yesterday"),
        ("token", "a0eebc99"),
        ("color", "GREEN"),
        ("count", "many"),
        ("blob", 7),
    ],
)
def test_null_in_the_response_and_a_line_in_the_log(
    client: Client, file: Path, name: str, value: object, caplog: pytest.LogCaptureFixture
) -> None:
    """The line does not have the value, which is data of users."""
    assert client.get("/readings").json["items"] == []
    store(file, (f"INSERT INTO reading (id, {name}) VALUES (2, ?)", (value,)))
    with caplog.at_level(logging.WARNING):
        assert client.get("/readings").json["items"][0][name] is None
    lines = [each.getMessage() for each in caplog.records]
    assert [each for each in lines if "as null" in each]
    assert not [each for each in lines if str(value) in each]


def test_a_stored_value_stays_until_it_is_written(client: Client, file: Path) -> None:
    """A patch of another member leaves it; one that names it replaces it."""
    assert client.get("/readings").json["items"] == []
    store(file, ("INSERT INTO reading (id, data) VALUES (1, 'no JSON')", ()))
    assert client.patch("/readings/1", json={"note": "x"}).json["data"] is None
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT data FROM reading").fetchall() == [("no JSON",)]
    assert client.patch("/readings/1", json={"data": [1]}).json["data"] == [1]
    assert client.get("/readings/1").json["data"] == [1]


def test_a_text_that_is_not_utf_8(client: Client, file: Path) -> None:
    """Its bytes are replaced by U+FFFD, in lists and items."""
    assert client.get("/readings").json["items"] == []
    store(file, ("INSERT INTO reading (id, note) VALUES (1, CAST(x'61ff62' AS TEXT))", ()))
    assert client.get("/readings").json["items"][0]["note"] == "a\ufffdb"
    assert client.get("/readings/1").json["note"] == "a\ufffdb"


class Other(DeclarativeBase):
    pass


class Light(Other):
    __tablename__ = "light"

    id: Mapped[int] = mapped_column(primary_key=True)
    color: Mapped[Color | None] = mapped_column(sa.Enum(Color, native_enum=False, length=20))


class Lights(CRUDResource[Light]):
    model = Light
    filters = ("color",)


@pytest.mark.external
@pytest.mark.postgresql
def test_a_member_that_an_enumeration_no_longer_has(tmp_path: Path) -> None:
    """PostgreSQL keeps it as a text: the list has null for it, and filters still work."""
    with (
        database_url("postgresql", tmp_path) as url,
        closing(Database(url, create=Other.metadata)) as database,
    ):
        app = App("Lights")
        app.install(database)
        app.add("/lights", Lights)
        client = Client(app)
        assert client.post("/lights", json={"color": "RED"}).status == 201
        with closing(sa.create_engine(url, poolclass=sa.NullPool).connect()) as connection:
            connection.exec_driver_sql("INSERT INTO light (id, color) VALUES (9, 'GREEN')")
            connection.commit()
        colors = [each["color"] for each in client.get("/lights").json["items"]]
        assert colors == ["RED", None]
        assert client.get("/lights?color=RED").json["items"] == [{"id": 1, "color": "RED"}]
