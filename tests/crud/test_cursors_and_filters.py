"""Cursors under other queries than those of their page, and statements of included relations."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    year: Mapped[int]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author] = relationship()


class Books(CRUDResource[Book]):
    model = Book
    filters = ("year__*", "title")
    sorts = ("title", "year")
    expand = ("author",)
    max_page_size = 100


@pytest.mark.parametrize("kind", KINDS)
def test_a_cursor_is_a_place_whatever_the_filters_are(kind: str, tmp_path: Path) -> None:
    """Other filters select from that place on, in both directions; another order is a 400."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Books", secret_key="s" * 32)
        app.install(database)
        app.add("/books", Books)
        client = Client(app)
        client.get("/books")
        with Session(database.engine) as work, work.begin():
            work.add(Author(id=1, name="a"))
            work.flush()
            for number in range(100):
                work.add(Book(id=number + 1, title="t", year=number % 10, author_id=1))

        def ids(url: str) -> list[int]:
            found = client.get(url)
            assert found.status == 200, found.text
            return [each["id"] for each in found.json["items"]]

        page = client.get("/books?limit=40&sort=title").json
        cursor = page["next"].rpartition("cursor=")[2].partition("&")[0]
        rest = ids(f"/books?limit=100&sort=title&year=3&cursor={cursor}")
        assert rest == [each for each in ids("/books?limit=100&year=3") if each > 40]
        assert ids(f"/books?sort=title&title=none&cursor={cursor}") == []
        for other in ("year", "-title", "title,year"):
            refused = client.get(f"/books?sort={quote(other)}&cursor={cursor}")
            assert refused.status == 400, (other, refused.text)
        statements(database, client, 1)  # the first one may prepare the connection
        counts = [statements(database, client, size) for size in (1, 10, 100)]
        assert len({*counts}) == 1, counts


def statements(database: Database, client: Client, size: int) -> int:
    """Return the number of statements of a page with included authors."""
    seen: list[Any] = []

    def listen(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        found = client.get(f"/books?limit={size}&expand=author").json
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    assert len(found["items"]) == size
    assert all(each["author"]["name"] == "a" for each in found["items"])
    return len(seen)
