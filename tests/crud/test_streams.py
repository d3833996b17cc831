"""JSON Lines: streams of whole collections, and what they hold while a client reads slowly."""

from __future__ import annotations

import json
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from shelf import Book, collection, refused
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Limits
from restkit.testing import Client

ROWS = 1800
LINES = {"Accept": "application/x-ndjson"}


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(9))
    text: Mapped[str] = mapped_column(sa.String(300))
    year: Mapped[int | None]


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    """Yield a database whose pool has a single connection."""
    limits = Limits(pool=0.3, stream=6, connections=1, overflow=0)
    with database_url(request.param, tmp_path) as url:
        found = Database(url, create=Base.metadata, limits=limits)
        rows = [
            {"owner": "ab"[n % 2], "text": "x" * 250, "year": None if n % 3 else n}
            for n in range(ROWS)
        ]
        with found.engine.begin() as connection:
            connection.execute(sa.insert(Note), rows)
        yield found
        found.close()


def notes(database: Database, **members: Any) -> Client:
    app = App("Notes")
    app.install(database)
    own = {"model": Note, "sorts": ("year", "text"), "filters": ("owner",), **members}
    app.add("/notes", type("Notes", (CRUDResource,), {**own, "__module__": __name__}))
    return Client(app)


def ids(content: bytes) -> list[int]:
    return [json.loads(line)["id"] for line in content.splitlines()]


@pytest.mark.parametrize("query", ["", "?sort=-year", "?sort=year", "?owner=a", "?sort=text"])
def test_pages_are_the_same_lines_as_a_snapshot(database: Database, query: str) -> None:
    """Read page by page, a stream has every item once, in the same order."""
    read = [
        ids(notes(database, lines=each).get(f"/notes{query}", headers=LINES).content)
        for each in ("snapshot", "pages")
    ]
    assert read[0] == read[1]
    assert len(set(read[0])) == (ROWS // 2 if "owner" in query else ROWS)


def test_a_slow_reader_of_pages_holds_no_connection(database: Database) -> None:
    """With `lines = "pages"` other requests have the connection while the client waits."""
    client = notes(database, lines="pages")
    with client.get("/notes", headers=LINES, stream=True) as response:
        chunks = response.iter_chunks()
        content = next(chunks)
        for _ in range(3):
            assert client.get("/notes/1").status == 200
            content += next(chunks)
            assert client.post("/notes", json={"owner": "c", "text": "new"}).status == 201
        content += b"".join(chunks)
    found = ids(content)
    assert len(found) == len(set(found)) >= ROWS


def test_a_slow_reader_of_a_snapshot_holds_one_for_a_while(database: Database) -> None:
    """A snapshot holds its connection, and ends in an error after `Limits(stream=...)`."""
    client = notes(database)
    with client.get("/notes", headers=LINES, stream=True) as response:
        chunks = response.iter_chunks()
        next(chunks)
        assert client.get("/notes/1").status == 503
        time.sleep(6.1)
        with pytest.raises(TimeoutError, match='lines = "pages"'):
            list(chunks)
    assert client.get("/notes/1").status == 200


def test_a_scope_holds_for_pages(database: Database) -> None:
    """Every page of a stream is within the scope of its collection."""
    scoped = {"scope": lambda self: {"owner": "b"}, "lines": "pages"}
    content = notes(database, **scoped).get("/notes", headers=LINES).content
    assert len(ids(content)) == ROWS // 2


def test_pages_in_memory() -> None:
    """A MemoryStore writes the same lines either way; nothing is a stream without items."""
    books = [Book(f"t{number}") for number in range(1200)]
    for each in ("snapshot", "pages"):
        content = collection(*books, lines=each).get("/books", headers=LINES).content
        assert ids(content) == list(range(1, 1201))
        assert collection(lines=each).get("/books", headers=LINES).content == b""


def test_another_word_is_refused() -> None:
    """`lines` is one of two words."""
    refused("Books.lines must be 'snapshot' or 'pages', got 'all'.", lines="all")
