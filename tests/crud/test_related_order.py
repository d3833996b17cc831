"""Sorting by attributes of related items: pages have every item once, there and back."""

from __future__ import annotations

import datetime as dt
import random
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str | None] = mapped_column(sa.String(9))
    born: Mapped[dt.date | None]
    removed: Mapped[bool] = mapped_column(default=False)


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    rank: Mapped[int | None]
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    before_id: Mapped[int | None] = mapped_column(sa.ForeignKey("book.id"))
    author: Mapped[Author | None] = relationship(viewonly=True)
    before: Mapped[Book | None] = relationship(remote_side=[id], viewonly=True)
    after: Mapped[list[Book]] = relationship(viewonly=True)


@dataclass
class MemoryAuthor:
    name: str | None = None
    born: dt.date | None = None
    removed: bool = False
    id: int = 0


@dataclass
class MemoryBook:
    rank: int | None = None
    author_id: int | None = None
    before_id: int | None = None
    id: int = 0


SORTS = ("rank", "author__name", "author__born", "before__rank", "before__author__name")


def collections(app: App, author: type, book: type, **members: Any) -> Client:
    books = {"model": book, "sorts": SORTS, "filters": ("author__name",), **members}
    authors = {"model": author, "soft_delete": "removed"}
    for path, given in (("authors", authors), ("books", books)):
        named = {**given, "__module__": __name__}
        app.add(f"/{path}", type(path.title(), (CRUDResource,), named))
    return Client(app)


@contextmanager
def opened(kind: str, folder: Path) -> Generator[Client]:
    app = App("Books")
    if kind == "memory":
        authors = MemoryStore(MemoryAuthor)
        books = MemoryStore(MemoryBook, references={"author_id": authors})
        books.relate("author", "author_id")
        books.relate("before", "before_id", to=books, back="after")
        app.install(authors)
        app.install(books)
        yield filled(collections(app, MemoryAuthor, MemoryBook))
        return
    with database_url(kind, folder) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        yield filled(collections(app, Author, Book))
        database.close()


def filled(client: Client) -> Client:
    """Store random books, of whom many have no author, and remove one author."""
    chosen = random.Random(7)
    for number in range(5):
        born = None if number == 3 else f"18{number % 2}0-01-0{number + 1}"
        values = {"name": None if number == 2 else "abc"[number % 3], "born": born}
        assert client.post("/authors", json=values).status == 201
    for number in range(1, 25):
        values = {
            "rank": chosen.choice([None, 1, 2, 3]),
            "author_id": chosen.choice([None, 1, 2, 3, 4, 5]),
            "before_id": chosen.choice([None, *range(1, number)]),
        }
        assert client.post("/books", json=values).status == 201
    assert client.delete("/authors/5").status == 204
    return client


@pytest.fixture(scope="module", params=["memory", *KINDS])
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    with opened(request.param, tmp_path_factory.mktemp("books")) as client:
        yield client


def expected(client: Client, sort: str) -> list[int]:
    """Return the keys of all books in an order, as Python sorts them."""
    authors = {each["id"]: each for each in client.get("/authors?limit=100").json["items"]}
    books = {each["id"]: each for each in client.get("/books?limit=100").json["items"]}

    def value(book: dict[str, Any] | None, path: str) -> Any:
        step, _, rest = path.partition("__")
        if book is None or not rest:
            return None if book is None else book[step]
        related = authors if step == "author" else books
        return value(related.get(book[f"{step}_id"]), rest)

    names = sort.split(",")
    keys = [*names, "-id" if names[-1].startswith("-") else "id"]
    found = list(books.values())
    for key in reversed(keys):
        name = key.removeprefix("-")

        def ranked(book: dict[str, Any], name: str = name) -> tuple[bool, Any]:
            found = value(book, name)
            return found is None, 0 if found is None else found

        found.sort(key=ranked, reverse=key.startswith("-"))
    return [each["id"] for each in found]


@pytest.mark.parametrize(
    "sort",
    [
        "author__name",
        "-author__name",
        "author__born",
        "-author__born,rank",
        "author__name,-rank",
        "rank,-author__name",
        "-before__author__name,author__name",
        "before__rank,-before__author__name,author__born",
    ],
)
def test_pages_have_every_item_once_there_and_back(client: Client, sort: str) -> None:
    """Pages there, and pages back, are the sorted list; so are the lines of a stream."""
    wanted = expected(client, sort)
    assert len(wanted) == 24
    url: str | None = f"/books?sort={sort}&limit=5"
    there: list[int] = []
    link = ""
    while url:
        response = client.get(url)
        assert response.status == 200, response.text
        there += [each["id"] for each in response.json["items"]]
        url, link = response.json["next"], response.headers["Link"]
    assert there == wanted
    back: list[int] = []
    while previous := re.search(r'<([^>]*)>; rel="prev"', link):
        response = client.get(previous[1])
        back = [each["id"] for each in response.json["items"]] + back
        link = response.headers.get("Link", "")
    assert back == wanted[:20]
    lines = client.get(f"/books?sort={sort}", headers={"Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == 24


def test_a_cursor_hides_the_sort_key(client: Client) -> None:
    """The cursor of another order is a 400, and filters combine with the order."""
    page = client.get("/books?sort=author__name&limit=2").json["next"]
    assert client.get(page.replace("author__name", "author__born")).status == 400
    found = client.get("/books?sort=-author__name&author__name=a&limit=100").json["items"]
    assert found
    assert {each["author_id"] for each in found} == {1, 4}


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"sorts": ("after__rank",)}, "but an item may have several 'after'."),
        ({"order": ("-author__gone",)}, "Author has no attribute 'gone' of 'author__gone'."),
        ({"sorts": ("author__any",)}, "which is not an attribute with an order."),
    ],
)
def test_an_order_that_cannot_be_is_refused(members: dict[str, Any], says: str) -> None:
    """A relation to many, or an attribute that there is not, is one sentence at start-up."""
    app = App("Books")
    app.install(Database("sqlite://", create=Base.metadata))
    with pytest.raises(DeclarationError, match=re.escape(says)):
        collections(app, Author, Book, **members)


def test_the_default_order_may_be_that_of_related_items() -> None:
    """``order`` takes what ``sorts`` takes."""
    app = App("Books")
    app.install(Database("sqlite://", create=Base.metadata))
    client = filled(collections(app, Author, Book, order=("-author__name",), page_size=100))
    wanted = expected(client, "-author__name")
    assert [each["id"] for each in client.get("/books").json["items"]] == wanted
