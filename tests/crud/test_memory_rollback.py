"""Undoing what a test has written to stores in memory."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.testing import Client


@dataclass
class Author:
    name: str
    id: int = 0


@dataclass
class Book:
    title: str
    author_id: int
    id: int = 0


@pytest.fixture
def authors() -> MemoryStore[Author]:
    """Return a store with one author."""
    return MemoryStore(Author, unique=("name",), items=[Author("Jane")])


@pytest.fixture
def books(authors: MemoryStore[Author]) -> MemoryStore[Book]:
    """Return a store of books that refer to the authors."""
    return MemoryStore(Book, references={"author_id": authors})


@pytest.fixture
def client(authors: MemoryStore[Author], books: MemoryStore[Book]) -> Client:
    """Serve both."""
    app = App("Library", contract="raise")
    app.install(authors)
    app.install(books)
    app.add("/authors", type("Authors", (CRUDResource,), {"model": Author}))
    app.add("/books", type("Books", (CRUDResource,), {"model": Book}))
    return Client(app)


def test_every_write_is_undone(
    client: Client, authors: MemoryStore[Author], books: MemoryStore[Book]
) -> None:
    """Created, changed and deleted items of both stores, unique values and keys."""
    before = client.get("/authors/1")
    for _ in range(2):
        with books.rolled_back() as store:
            assert store is books
            assert client.post("/books", json={"title": "Emma", "author_id": 1}).status == 201
            assert client.delete("/authors/1").status == 409
            assert client.patch("/authors/1", json={"name": "J."}).status == 200
            made = client.post("/authors", json={"name": "Jane"})
            assert made.headers["Location"] == "/authors/2"
            assert client.post("/authors", json={"name": "Jane"}).status == 409
        after = client.get("/authors/1")
        assert (after.json, after.headers["ETag"]) == (before.json, before.headers["ETag"])
        assert len(authors.items) == 1
        assert not books.items
    assert client.post("/authors", json={"name": "Jane"}).status == 409


def test_blocks_may_stand_within_each_other(client: Client, authors: MemoryStore[Author]) -> None:
    """The inner one undoes its own writes, and the outer one the others."""
    with authors.rolled_back():
        client.post("/authors", json={"name": "Mary"})
        with authors.rolled_back():
            client.post("/authors", json={"name": "Anne"})
            assert len(authors.items) == 3
        assert [each.name for each in authors.items] == ["Jane", "Mary"]
    assert [each.name for each in authors.items] == ["Jane"]


def test_an_error_in_the_block_undoes_too(client: Client, authors: MemoryStore[Author]) -> None:
    """A test that fails leaves nothing to the next one."""

    def fail() -> None:
        with authors.rolled_back():
            client.post("/authors", json={"name": "Mary"})
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert len(authors.items) == 1


def test_a_store_that_joins_in_the_block_keeps_its_own_items() -> None:
    """Only what was there at the beginning is undone."""
    authors = MemoryStore(Author, items=[Author("Jane")])
    with authors.rolled_back():
        books = MemoryStore(Book, references={"author_id": authors}, items=[Book("Emma", 1)])
    assert [each.title for each in books.items] == ["Emma"]
    assert [each.name for each in authors.items] == ["Jane"]
