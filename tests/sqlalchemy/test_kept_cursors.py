"""Cursors of psycopg that are kept by statement: how many are made, and when they are not kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Limits
from restkit.sqlalchemy.kept_cursors import keep_cursor, length_check, take_cursor
from restkit.testing import Client

POSTGRESQL = [each for each in KINDS if each != "sqlite"]
WARM = 8  # psycopg prepares a statement at its sixth run


class Base(DeclarativeBase):
    pass


class Page(Base):
    __tablename__ = "page"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(40), unique=True)
    text: Mapped[str] = mapped_column(sa.Text, server_default="")
    seen: Mapped[Any] = mapped_column(sa.DateTime, nullable=True)
    more: Mapped[Any] = mapped_column(sa.JSON, nullable=True)


class Pages(CRUDResource[Page]):
    model = Page


class PlainPageSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(max=40))
    text = fields.Str()
    seen = fields.NaiveDateTime(allow_none=True)


class PlainPages(CRUDResource[Page]):
    model = Page
    schema = PlainPageSchema


class Counted(psycopg.Cursor[Any]):
    """A cursor that counts how many are made, as a program may have one of its own."""

    made = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        Counted.made += 1
        super().__init__(*arguments, **options)


@contextmanager
def served(folder: Path) -> Iterator[tuple[Client, str]]:
    """Serve pages without their JSON, and pages with it, on a pool of one connection."""
    limits = Limits(connections=1, overflow=0, pool=1)
    options: dict[str, Any] = {"connect_args": {"cursor_factory": Counted}}
    with (
        database_url("postgresql", folder) as url,
        closing(Database(url, create=Base.metadata, limits=limits, **options)) as database,
    ):
        app = App("Pages", contract="raise")
        app.install(database)
        app.add("/pages", PlainPages)
        app.add("/whole", Pages)
        client = Client(app, raise_errors=False)
        yield client, url
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # QueuePool's


def made_by(ask: Any, count: int = 5) -> int:
    """Return how many cursors some requests make."""
    before = Counted.made
    for number in range(count):
        assert ask(number).status < 300
    return Counted.made - before


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_statements_that_are_warm_make_no_cursors(kind: str, tmp_path: Path) -> None:
    """A GET, POST, PATCH and DELETE each run on the cursors of the requests before."""
    with served(tmp_path) as (client, _):

        def write(number: int) -> Any:
            made = client.post("/pages", json={"title": f"new {Counted.made} {number}"})
            assert made.status == 201, made.text
            item = made.headers["Location"]
            patched = client.patch(item, json={"text": f"text {number}"})
            assert patched.json["text"] == f"text {number}"
            assert client.get(item).json == patched.json
            return client.delete(item)

        assert made_by(write, WARM) > 0
        assert made_by(write) == 0


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_values_that_may_be_long_are_not_held(kind: str, tmp_path: Path) -> None:
    """A cursor holds its last result, so that those of long texts and JSON end with the request."""
    with served(tmp_path) as (client, _):
        short = {"title": "a", "text": "x" * 100}
        assert client.post("/pages", json=short).status == 201
        assert made_by(lambda _: client.get("/pages/1"), WARM) > 0
        assert made_by(lambda _: client.get("/pages/1")) == 0
        long = "y" * 200_000
        assert client.patch("/pages/1", json={"text": long}).json["text"] == long
        assert made_by(lambda _: client.get("/pages/1")) >= 4
        assert client.get("/pages/1").json["text"] == long
        assert client.patch("/whole/1", json={"text": "", "more": {"a": 1}}).status == 200
        assert made_by(lambda _: client.get("/whole/1"), WARM) >= WARM
        assert client.patch("/whole/1", json={"more": None}).status == 200


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_a_cursor_whose_statement_failed_is_not_used_again(kind: str, tmp_path: Path) -> None:
    """After a violated constraint, the next write has a new cursor and is right."""
    with served(tmp_path) as (client, _):
        for number in range(WARM):
            assert client.post("/pages", json={"title": f"{number}"}).status == 201
        for number in range(3):
            before = Counted.made
            assert client.post("/pages", json={"title": "1"}).status == 409
            made = client.post("/pages", json={"title": f"again {number}"})
            assert made.json["title"] == f"again {number}"
            assert Counted.made == before + 1
            assert client.patch("/pages/1", json={"title": "2"}).status == 409
            assert client.patch("/pages/1", json={"title": f"one {number}"}).status == 200


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_a_new_connection_has_cursors_of_its_own(kind: str, tmp_path: Path) -> None:
    """Those of a connection that the server has ended are gone with it."""
    with served(tmp_path) as (client, url):
        assert client.post("/pages", json={"title": "a"}).status == 201
        assert made_by(lambda _: client.get("/pages/1"), WARM) > 0
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert made_by(lambda _: client.get("/pages/1"), 1) > 0
        assert client.patch("/pages/1", json={"title": "b"}).json["title"] == "b"
        assert client.get("/pages/1").json["title"] == "b"


@pytest.mark.parametrize("kind", POSTGRESQL)
def test_moments_beyond_the_calendar_are_read_by_kept_cursors(kind: str, tmp_path: Path) -> None:
    """A cursor that reads moments quickly is given up for one that reads them all."""
    with served(tmp_path) as (client, url):
        body = {"title": "a", "seen": "2024-01-01T10:00:00"}
        assert client.post("/pages", json=body).status == 201
        assert made_by(lambda _: client.get("/pages/1"), WARM) > 0
        assert made_by(lambda number: client.patch("/pages/1", json={"title": f"{number}"})) > 0
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("UPDATE page SET seen = 'infinity'")
        patched = client.patch("/pages/1", json={"title": "b"})
        assert patched.json["seen"] == "9999-12-31T23:59:59.999999"
        assert client.get("/pages/1").content == patched.content
        assert made_by(lambda _: client.get("/pages/1")) <= 2


class Pool:
    """The pool's proxy of a connection."""

    def __init__(self) -> None:
        self.info: dict[Any, Any] = {}
        self.dbapi_connection = object()

    def cursor(self) -> Any:
        """Make no cursor."""
        raise AssertionError


class Cursor:
    closed = False

    def close(self) -> None:
        self.closed = True


def test_the_cursors_of_a_connection_are_bounded() -> None:
    """The ones that were used longest ago are closed."""
    pool = Pool()
    cursors: list[Any] = [Cursor() for _ in range(70)]
    assert take_cursor(pool, 0) is None
    for number, cursor in enumerate(cursors):
        keep_cursor(pool, number, cursor)
        if number > 0:
            keep_cursor(pool, 0, take_cursor(pool, 0))  # type: ignore[arg-type]  # it is there
    assert not cursors[0].closed
    assert [number for number, each in enumerate(cursors) if each.closed] == [1, 2, 3, 4, 5, 6]
    assert take_cursor(pool, 1) is None
    assert take_cursor(pool, 69) is cursors[69]
    assert take_cursor(pool, 69) is None


def test_what_counts_as_short() -> None:
    """One row of values whose types or lengths bound it."""
    kinds: list[tuple[Any, Any, bool]] = [
        (sa.Integer(), 5, True),
        (sa.String(40), "x" * 40, True),
        (sa.String(10_000), "x" * 9_000, True),
        (sa.String(), "x" * 70_000, False),
        (sa.Text(), None, True),
        (sa.LargeBinary(), b"x" * 70_000, False),
        (sa.LargeBinary(), b"x", True),
        (sa.JSON(), {}, False),
        (sa.Enum("a", "b"), "a", True),
    ]
    for kind, value, is_short in kinds:
        assert length_check([("a", kind)])([(value,)]) is is_short, kind
    assert length_check([("a", sa.Integer())])([]) is True
    assert length_check([("a", sa.Integer())])([(1,), (2,)]) is False
