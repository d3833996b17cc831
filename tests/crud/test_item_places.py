"""Location of new items: below their collection, at another URL of the model, without their key."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from sqlalchemy import ForeignKey, String, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Book(Base):
    __tablename__ = "book"

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    title: Mapped[str] = mapped_column(String(50))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))


class Authors(CRUDResource[Author]):
    model = Author


class Books(CRUDResource[Book]):
    model = Book


class AuthorBooks(CRUDResource[Book]):
    model = Book


class OnlyPosted(CRUDResource[Book]):
    model = Book
    methods = {"POST"}


class Mine(CRUDResource[Book]):
    model = Book

    def scope(self) -> Any:
        return {"author_id": 1}


def _url(book: Any) -> str:
    return f"/books/{book['id'] if isinstance(book, dict) else book.id}"


class LinkedSchema(Schema):
    """Has the URL of a book in place of its key."""

    url = fields.Function(_url)
    title = fields.Str(required=True, validate=validate.Length(1, 50))


class LinkedBooks(CRUDResource[Book]):
    model = Book
    schema = LinkedSchema


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database("sqlite://", create=Base.metadata)
    yield made
    made.close()


def serve(database: Database, **collections: Any) -> Client:
    """Mount collections in the order given; ``__`` in a name is the author in its URL."""
    app = App("Library")
    app.install(database)
    app.add("/authors", Authors)
    for pattern, collection in collections.items():
        app.add("/" + pattern.replace("__", "/<int:author_id>/"), collection)
    client = Client(app)
    assert client.post("/authors", json={"name": "Jane"}).status == 201
    return client


@pytest.mark.parametrize("prefer", ["", "return=minimal"])
def test_a_nested_post_names_the_item_at_its_own_url(database: Database, prefer: str) -> None:
    """The item is at /books/<id> only, whichever of the two was mounted first."""
    for order in (("authors__books", "books"), ("books", "authors__books")):
        kinds = {"books": Books, "authors__books": type("OfAuthor", (OnlyPosted,), {})}
        client = serve(database, **{name: kinds[name] for name in order})
        made = client.post("/authors/1/books", json={"title": "Emma"}, headers={"Prefer": prefer})
        assert made.status == (204 if prefer else 201)
        assert made.headers["Location"].startswith("/books/")
        assert client.get(made.headers["Location"]).json["title"] == "Emma"


def test_the_nearest_item_wins(database: Database) -> None:
    """An item below the collection itself is its Location, also where another URL has it."""
    client = serve(database, books=Books, authors__books=AuthorBooks)
    made = client.post("/authors/1/books", json={"title": "Emma"})
    assert made.headers["Location"].startswith("/authors/1/books/")
    assert client.get(made.headers["Location"]).status == 200


def test_the_document_has_the_header(database: Database) -> None:
    """The 201 of the nested POST declares Location, which the contract check demands."""
    nested = type("OfAuthor", (OnlyPosted,), {})
    document = serve(database, books=Books, authors__books=nested).get("/openapi.json").json
    made = document["paths"]["/authors/{author_id}/books"]["post"]["responses"]["201"]
    assert "Location" in made["headers"]


def test_a_url_that_may_hide_the_item_is_not_named(database: Database) -> None:
    """Another collection with a scope of its own does not tell of new items; nor does none."""
    nested = type("OfAuthor", (OnlyPosted,), {})
    client = serve(database, mine=Mine, authors__books=nested)
    made = client.post("/authors/1/books", json={"title": "Emma"})
    assert (made.status, made.headers.get("Location")) == (201, None)
    minimal = {"Prefer": "return=minimal"}
    made = client.post("/authors/1/books", json={"title": "Emma"}, headers=minimal)
    assert (made.status, made.headers.get("Location")) == (204, None)


def test_an_item_of_another_app_is_not_named(database: Database) -> None:
    """Its database may be another one."""
    inner, outer = App("Inner"), App("Outer")
    for app in (inner, outer):
        app.install(database)
    inner.add("/books", Books)
    outer.add("/new", OnlyPosted)
    outer.mount("/inner", inner)
    made = Client(outer).post("/new", json={"title": "Emma"})
    assert (made.status, made.headers.get("Location")) == (201, None)


@pytest.mark.parametrize("prefer", ["", "return=minimal"])
def test_an_item_without_its_key_has_a_location(database: Database, prefer: str) -> None:
    """A schema may have the URL of an item in place of the key."""
    client = serve(database, books=LinkedBooks)
    made = client.post("/books", json={"title": "Emma"}, headers={"Prefer": prefer})
    url = made.headers["Location"]
    found = client.get(url).json
    assert found == {"url": url, "title": "Emma"}


class RenamedSchema(Schema):
    book_id = fields.UUID(dump_only=True, attribute="id", data_key="bookId")
    title = fields.Str(required=True, validate=validate.Length(1, 50))


def test_a_renamed_key_has_a_location(database: Database) -> None:
    """The name of the key in content does not matter."""
    client = serve(database, books=type("Renamed", (Books,), {"schema": RenamedSchema}))
    made = client.post("/books", json={"title": "Emma"})
    assert made.headers["Location"] == f"/books/{made.json['bookId']}"
