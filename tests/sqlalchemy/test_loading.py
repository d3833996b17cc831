"""Lists and items of models whose relations say how they are loaded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

_LAZY = ("joined", "subquery", "selectin", "select", "raise", "dynamic", "write_only", "immediate")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_url(request.param, tmp_path) as found:
        yield found


def models(lazy: Any) -> tuple[Any, Any, Any, Any]:
    """Make a tree of shelves, with books that have pages and an author with medals."""
    base: Any = type("Base", (DeclarativeBase,), {})

    def model(name: str, **members: Any) -> Any:
        key = mapped_column(sa.Integer, primary_key=True)
        return type(name, (base,), {"__tablename__": name.lower(), "id": key, **members})

    def reference(table: str) -> Any:
        return mapped_column(sa.ForeignKey(f"{table}.id"), nullable=True)

    medal = model("Medal", author_id=reference("author"))
    author = model("Author", medals=relationship(medal, lazy="joined"))
    book = model(
        "Book",
        author_id=reference("author"),
        author=relationship(author, lazy="joined"),
        shelf_id=reference("shelf"),
    )
    shelf = model("Shelf", parent_id=reference("shelf"))
    shelf.books = relationship(
        book, lazy=lazy, order_by=book.id.desc(), passive_deletes=lazy == "write_only"
    )
    shelf.children = relationship(
        shelf, lazy=lazy, order_by=shelf.id, passive_deletes=lazy == "write_only"
    )
    return base, shelf, book, author


@pytest.mark.parametrize("lazy", _LAZY)
def test_expanded_collections_are_loaded_however_the_model_says(lazy: str, url: str) -> None:
    """Pages, streams and items have whole collections, each relation by one statement a page."""
    base, shelf, book, author = models(lazy)
    expand = ("books", "children")
    with closing(Database(url, create=base.metadata)) as database:
        app = App("Shelves", contract="raise")
        app.install(database)
        own: Any = CRUDResource
        app.add("/shelves", type("Shelves", (own,), {"model": shelf, "expand": expand}))
        app.add("/books", type("Books", (own,), {"model": book, "expand": ("author",)}))
        app.add("/authors", type("Authors", (own,), {"model": author, "methods": {"POST"}}))
        client = Client(app)
        client.post("/authors", json={})
        for number in range(4):
            client.post("/shelves", json={"parent_id": 1} if number else {})
        for number in range(9):
            client.post("/books", json={"shelf_id": number % 3 + 1, "author_id": 1})
        plain = client.get("/shelves?limit=2")
        assert [each["id"] for each in plain.json["items"]] == [1, 2]
        statements: list[str] = []
        event.listen(
            database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
        )
        page = client.get("/shelves?expand=books,children&limit=3").json["items"]
        assert [[each["id"] for each in item["books"]] for item in page] == [
            [7, 4, 1],
            [8, 5, 2],
            [9, 6, 3],
        ]
        assert [each["id"] for each in page[0]["children"]] == [2, 3, 4]
        assert len([each for each in statements if each.startswith("SELECT")]) <= 7
        lines = client.get(
            "/shelves?expand=books", headers={"Accept": "application/x-ndjson"}
        ).text.splitlines()
        assert len(lines) == 4
        assert '"books":[]' in lines[3].replace(" ", "")
        item = client.get("/shelves/1?expand=books").json
        assert [each["id"] for each in item["books"]] == [7, 4, 1]
        lined = client.get("/books", headers={"Accept": "application/x-ndjson"})
        assert len(lined.text.splitlines()) == 9
        assert client.get("/books?expand=author").json["items"][0]["author"] == {"id": 1}


class _BookSchema(Schema):
    id = fields.Int(dump_only=True)


class _ShelfSchema(Schema):
    id = fields.Int(dump_only=True)
    books = fields.List(fields.Nested(_BookSchema))


@pytest.mark.parametrize("lazy", ["dynamic", "write_only"])
def test_a_large_relation_that_is_written_shows_its_new_rows(url: str, lazy: str) -> None:
    """The response of a write has the nested items that it has stored, as the next GET has them."""
    base, shelf, _, _ = models(lazy)
    with closing(Database(url, create=base.metadata)) as database:
        app = App("Shelves", contract="raise")
        app.install(database)
        own: Any = CRUDResource
        app.add("/shelves", type("Shelves", (own,), {"model": shelf, "schema": _ShelfSchema}))
        client = Client(app)
        made = client.post("/shelves", json={"books": [{}, {}]})
        assert made.status == 201
        assert made.json == client.get("/shelves/1").json
        replaced = client.put("/shelves/1", json={"books": [{}]})
        assert replaced.json == {"id": 1, "books": [{"id": 3}]}
        assert client.get("/shelves/1").json == replaced.json
        patched = client.patch("/shelves/1", json={"books": [{}, {}, {}]})
        assert len(patched.json["books"]) == 3
        assert client.get("/shelves/1").json == patched.json
        assert client.post("/shelves", json={}).json["books"] == []


@pytest.mark.parametrize("lazy", _LAZY)
def test_a_row_rule_hides_rows_of_every_kind_of_relation(lazy: str, url: str) -> None:
    """An expansion shows only the rows that the caller may read, however they are loaded."""
    base, shelf, book, _ = models(lazy)
    with closing(Database(url, create=base.metadata)) as database:
        database.rows(book, read=lambda _: book.id > 1, write=lambda _: True)
        for each in base.registry.mappers:
            if each.class_ is not book:
                database.rows(each.class_, read=lambda _: True)
        _fill(database, shelf, book)
        app = App("Shelves", contract="raise")
        app.install(database)
        own: Any = CRUDResource
        app.add("/shelves", type("Shelves", (own,), {"model": shelf, "expand": ("books",)}))
        client = Client(app)
        shown = _expanded(client)
        assert [[each["id"] for each in item["books"]] for item in shown] == [[2], [2], [2]]


class _Tenant(CRUDResource[Any]):
    """A collection that shows the rows of one author."""

    def scope(self) -> dict[str, object]:
        return {"author_id": None}


@pytest.mark.parametrize("lazy", _LAZY)
def test_the_scope_of_a_collection_hides_its_rows_in_relations(lazy: str, url: str) -> None:
    """An expansion shows only the rows that the collection of the related model shows."""
    base, shelf, book, author = models(lazy)
    with closing(Database(url, create=base.metadata)) as database:
        _fill(database, shelf, book)
        with database.engine.begin() as connection:
            connection.execute(sa.insert(author), [{"id": 1}])
            connection.execute(sa.update(book).where(book.id == 1).values(author_id=1))
        app = App("Shelves", contract="raise")
        app.install(database)
        own: Any = CRUDResource
        app.add("/shelves", type("Shelves", (own,), {"model": shelf, "expand": ("books",)}))
        app.add("/books", type("Books", (_Tenant,), {"model": book}))
        shown = _expanded(Client(app))
        assert [[each["id"] for each in item["books"]] for item in shown] == [[2], [2], [2]]


def _fill(database: Database, shelf: Any, book: Any) -> None:
    """Store a shelf with two books."""
    with database.engine.begin() as connection:
        connection.execute(sa.insert(shelf), [{"id": 1}])
        connection.execute(sa.insert(book), [{"id": 1, "shelf_id": 1}, {"id": 2, "shelf_id": 1}])


def _expanded(client: Client) -> list[Any]:
    """Return a shelf with its books: as an item of a page, by itself, and as a JSON line."""
    lines = client.get("/shelves?expand=books", headers={"Accept": "application/x-ndjson"})
    return [
        client.get("/shelves?expand=books").json["items"][0],
        client.get("/shelves/1?expand=books").json,
        json.loads(lines.text),
    ]
