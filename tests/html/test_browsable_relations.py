"""Links of browsable pages to the related items that collections declare."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from parsed_pages import Parsed
from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database
from restkit.testing import Client

BROWSER = {"Accept": "text/html"}


class Base(DeclarativeBase):
    pass


book_shelf = Table(
    "book_shelf",
    Base.metadata,
    Column("book_id", ForeignKey("book.id"), primary_key=True),
    Column("shelf_id", ForeignKey("shelf.id"), primary_key=True),
)


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(String(20), unique=True)


class Shelf(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Book(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    written_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reviewer: Mapped[Person | None] = relationship(foreign_keys=[reviewer_id])
    shelves: Mapped[list[Shelf]] = relationship(secondary=book_shelf)


class People(CRUDResource[Person]):
    model = Person


class Shelves(CRUDResource[Shelf]):
    model = Shelf


class Books(CRUDResource[Book]):
    model = Book
    relations = {"shelves": "id", "reviewer": "login"}


@pytest.fixture(params=["", "/<any(de,en):language>"], ids=["plain", "mounted"])
def prefix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def client(tmp_path: Path, prefix: str) -> Iterator[Client]:
    """Return a client of a shop whose URLs have other names than the members of its content."""
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}", create=Base.metadata)
    shop = App("Shop", browsable="always")
    shop.install(database)
    shop.add("/authors", People)
    shop.add("/places", Shelves)
    shop.add("/books", Books)
    app = shop
    if prefix:
        app = App("Site", browsable="always")
        app.mount(prefix, shop)
    base = prefix.replace("<any(de,en):language>", "de")
    client = Client(app)
    for login in ("jo", "al"):
        assert client.post(f"{base}/authors", json={"login": login}).status == 201
    for name in ("a", "b"):
        assert client.post(f"{base}/places", json={"name": name}).status == 201
    book = {"title": "Emma", "written_by": 1, "reviewer": "al", "shelves": [1, 2]}
    assert client.post(f"{base}/books", json=book).status == 201
    yield client
    database.close()


def links(client: Client, url: str) -> list[tuple[str, str]]:
    page = Parsed(client.get(url, headers=BROWSER).text)
    return [(str(each["href"]), each.text) for each in page.all("a")]


@pytest.mark.parametrize("path", ["/books", "/books/1"])
def test_keys_of_related_items_lead_to_them(client: Client, prefix: str, path: str) -> None:
    """Foreign keys and lists of keys link to the collection of the model, whatever its URL."""
    base = prefix.replace("<any(de,en):language>", "de")
    found = links(client, base + path)
    assert (f"{base}/authors/1", "1") in found
    assert (f"{base}/places/1", "1") in found
    assert (f"{base}/places/2", "2") in found
    assert not any(text == '"al"' for _, text in found)  # a login is in no URL


def test_forms_offer_the_collection_to_look_a_key_up(client: Client, prefix: str) -> None:
    """A field that names a related item has a link to its collection, by a login as well."""
    base = prefix.replace("<any(de,en):language>", "de")
    page = Parsed(client.get(f"{base}/books/1", headers=BROWSER).text)
    found = {(each.text, str(each["href"])) for each in page.all("a")}
    assert {each for each in found if each[1] == f"{base}/authors"}
    assert {each for each in found if each[1] == f"{base}/places"}


@dataclass
class Author:
    name: str
    id: int = 0


@dataclass
class Novel:
    title: str
    by: int
    id: int = 0


def test_references_of_a_memory_store_are_links_too() -> None:
    """What `references` of a MemoryStore says is a relation."""
    authors = MemoryStore(Author)

    class Authors(CRUDResource[Author]):
        store = authors

    class Novels(CRUDResource[Novel]):
        store = MemoryStore(Novel, references={"by": authors})

    app = App("Shop", browsable="always")
    app.add("/people", Authors)
    app.add("/novels", Novels)
    client = Client(app)
    client.post("/people", json={"name": "Austen"})
    client.post("/novels", json={"title": "Emma", "by": 1})
    assert ("/people/1", "1") in links(client, "/novels/1")
