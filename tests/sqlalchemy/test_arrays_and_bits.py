"""Arrays and texts of bits: what PostgreSQL would cut, fill or refuse is a 422 with a pointer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import database_url
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client, TestResponse

pytestmark = [pytest.mark.external, pytest.mark.postgresql]

_FILLED = dict.fromkeys(("one", "flags", "few", "many", "row", "grid", "cube"))


class Base(DeclarativeBase):
    pass


class Board(Base):
    __tablename__ = "board"

    id: Mapped[int] = mapped_column(primary_key=True)
    one = mapped_column(pg.BIT)
    flags = mapped_column(pg.BIT(4))
    few = mapped_column(pg.BIT(4, varying=True))
    many = mapped_column(pg.BIT(varying=True))
    row = mapped_column(pg.ARRAY(sa.Integer))
    grid = mapped_column(pg.ARRAY(sa.Integer, dimensions=2))
    cube = mapped_column(pg.ARRAY(sa.String(2), dimensions=3))


class Boards(CRUDResource[Board]):
    model = Board


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with database_url("postgresql", tmp_path) as found:
        yield found


@pytest.fixture
def client(url: str) -> Iterator[Client]:
    with closing(Database(url, create=Base.metadata)) as database:
        app = App("Boards")
        app.install(database)
        app.add("/boards", Boards)
        yield Client(app)


def posted(client: Client, name: str, value: object) -> TestResponse:
    return client.post("/boards", json={**_FILLED, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("one", "1"),
        ("flags", "1010"),
        ("few", ""),
        ("few", "101"),
        ("many", "01" * 40),
        ("row", []),
        ("row", [1, None]),
        ("grid", []),
        ("grid", [[1, None]]),
        ("grid", [[1, 2], [3, 4]]),
        ("cube", [[["a"], ["bc"]]]),
    ],
)
def test_what_is_stored_is_read_back(client: Client, name: str, value: object) -> None:
    """The response to the POST, the item and the list have the value that was sent."""
    made = posted(client, name, value)
    assert (made.status, made.json[name]) == (201, value)
    assert client.get(made.headers["Location"]).json == made.json
    assert client.get("/boards").json["items"] == [made.json]


@pytest.mark.parametrize(
    ("name", "value", "pointer"),
    [
        ("one", "", "/one"),
        ("one", "10", "/one"),
        ("flags", "101", "/flags"),
        ("flags", "10101", "/flags"),
        ("flags", "abcd", "/flags"),
        ("flags", "101\n", "/flags"),
        ("few", "10101", "/few"),
        ("few", "x", "/few"),
        ("many", "01x", "/many"),
        ("row", [[1]], "/row/0"),
        ("grid", [1, 2], "/grid/0"),
        ("grid", [[1, 2], [3]], "/grid"),
        ("grid", [[]], "/grid"),
        ("grid", [[1], []], "/grid"),
        ("grid", [[], [1]], "/grid"),
        ("grid", [[2**31]], "/grid/0/0"),
        ("grid", [[[1]]], "/grid/0/0"),
        ("cube", [[["a"], ["b", "c"]]], "/cube"),
        ("cube", [[["a"]], [["b"], ["c"]]], "/cube"),
        ("cube", [[["abc"]]], "/cube/0/0/0"),
    ],
)
def test_what_would_be_changed_is_refused(
    client: Client, name: str, value: object, pointer: str
) -> None:
    """Nothing is stored, and the problem names the place."""
    refused = posted(client, name, value)
    assert refused.status == 422, refused.text
    assert refused.problem["errors"][0]["pointer"] == pointer
    assert client.get("/boards").json["items"] == []


@pytest.mark.parametrize(
    ("name", "literal", "read"),
    [
        ("row", "{1,NULL}", [1, None]),
        ("row", "[0:1]={1,2}", [1, 2]),
        ("row", "{{1},{2}}", None),
        ("grid", "{{1,NULL}}", [[1, None]]),
        ("grid", "{1,2}", None),
        ("grid", "{{{1}}}", None),
    ],
)
def test_arrays_that_another_program_stored(
    client: Client, url: str, name: str, literal: str, read: Any
) -> None:
    """PostgreSQL holds a column to no dimensions: an array with other ones is null, and logged."""
    assert posted(client, "one", "1").status == 201
    with closing(sa.create_engine(url, poolclass=sa.NullPool).connect()) as connection:
        connection.exec_driver_sql(f"UPDATE board SET \"{name}\" = '{literal}'")
        connection.commit()
    items = client.get("/boards").json["items"]
    assert items[0][name] == read
    assert client.get("/boards/1").json == items[0]
