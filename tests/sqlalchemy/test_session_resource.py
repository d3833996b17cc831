"""SessionResource: rows of any model by their attributes, saved, discarded and in pages."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, String, func, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from restkit import App, ContractError, Request, Resource, returns, takes
from restkit.sqlalchemy import Database, Page, SessionResource, Timestamps, Window
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id", ondelete="CASCADE"))
    text: Mapped[str] = mapped_column(String(100))


class Book(Timestamps, Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(50), default="ann")
    isbn: Mapped[str] = mapped_column(String(20), unique=True)
    title: Mapped[str] = mapped_column(String(100))
    notes: Mapped[list[Note]] = relationship(lazy="joined", passive_deletes="all")
    count = column_property(select(func.count(Note.id)).where(Note.book_id == id).scalar_subquery())


class NewBook(Schema):
    isbn = fields.Str(required=True)
    title = fields.Str(required=True)


class BookSchema(NewBook):
    count = fields.Int(required=True)


class Books(Schema):
    items = fields.List(fields.Nested(BookSchema), required=True)
    total = fields.Int(required=True)


class AllBooks(SessionResource):
    @takes(query=Window)
    @returns(Books)
    def get(self, query: dict[str, int]) -> Page[Book]:
        return self.page(select(Book).order_by(Book.title.desc()), **query)

    @takes(body=NewBook)
    @returns(BookSchema, status=201)
    def post(self, body: dict[str, str]) -> Book:
        return self.save(Book(), **body)


class OneBook(SessionResource):
    schema = BookSchema

    def get(self, isbn: str) -> Book:
        return self.find(Book, isbn=isbn)

    @takes(body=NewBook(only=["title"]))
    def put(self, isbn: str, body: dict[str, str]) -> Book:
        return self.save(self.find(Book, isbn=isbn), **body)


class Notes(SessionResource):
    schema = BookSchema

    @takes(body={"text": fields.Str(required=True)})
    @returns(BookSchema)
    def post(self, isbn: str, body: dict[str, str]) -> Book:
        book = self.find(Book, isbn=isbn)
        self.save(Note(book_id=book.id), **body)
        return self.save(book)

    def delete(self, isbn: str) -> Book:
        book = self.find(Book, isbn=isbn)
        self.discard(Note, book_id=book.id)
        return self.save(book)


def caller(request: Request) -> str:
    return request.headers.get("X-User", "ann")


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        database.rows(Book, owner="owner", caller=caller)
        database.rows(Note)
        app = App("Books", extensions=[database])
        app.add("/books", AllBooks)
        app.add("/books/<isbn>", OneBook)
        app.add("/books/<isbn>/notes", Notes)
        yield Client(app)
        database.engine.dispose()


def make(client: Client, *titles: str) -> None:
    for number, title in enumerate(titles):
        client.post("/books", json={"isbn": f"i{number}", "title": title})


def test_a_row_is_saved_and_found(client: Client) -> None:
    made = client.post("/books", json={"isbn": "i0", "title": "Emma"})
    assert made.status == 201
    assert made.json == {"isbn": "i0", "title": "Emma", "count": 0}
    assert client.get("/books/i0").json == made.json
    changed = client.put("/books/i0", json={"title": "Persuasion"})
    assert changed.json["title"] == client.get("/books/i0").json["title"] == "Persuasion"


def test_a_saved_row_is_as_it_is_stored(client: Client) -> None:
    make(client, "Emma")
    for count in (1, 2):
        response = client.post("/books/i0/notes", json={"text": "Read it again."})
        assert response.json["count"] == count


def test_rows_are_discarded_also_if_there_are_none(client: Client) -> None:
    make(client, "Emma", "Persuasion")
    for isbn in ("i0", "i0", "i1"):
        client.post(f"/books/{isbn}/notes", json={"text": "x"})
    assert client.delete("/books/i0/notes").json["count"] == 0
    assert client.delete("/books/i0/notes").json["count"] == 0
    assert client.get("/books/i1").json["count"] == 1


def test_an_undeclared_403_of_a_row_rule_is_to_be_declared_on_the_verb() -> None:
    class Giving(SessionResource):
        def put(self) -> None:
            self.save(Book(isbn="i0", title="Emma"), owner="bob")

    database = Database("sqlite://", create=Base.metadata)
    database.rows(Book, write=lambda me: {"owner": me}, caller=caller)
    database.rows(Note)
    app = App("Giving", extensions=[database])
    app.add("/book", Giving)
    with pytest.raises(ContractError, match=r"does not declare: add @raises\(Forbidden\)"):
        Client(app).put("/book")


@pytest.mark.parametrize("title", ["Emma", "Persuasion"], ids=["unchanged", "changed"])
def test_saving_a_row_that_was_deleted_meanwhile_is_a_409(title: str) -> None:
    class Renaming(SessionResource):
        def put(self) -> None:
            book = self.save(Book(isbn="i0", title="Emma"))
            # As another request would between the two statements.
            self.session.connection().execute(text("DELETE FROM book"))
            self.save(book, title=title)

    app = App("Renaming", extensions=[Database("sqlite://", create=Base.metadata)])
    app.add("/book", Renaming)
    response = Client(app).put("/book")
    assert response.status == 409
    assert "changed or deleted the item" in response.problem["detail"]


@pytest.mark.parametrize("headers", [{}, {"X-User": "bob"}])
def test_a_missing_row_is_a_404_as_is_a_hidden_one(client: Client, headers: dict[str, str]) -> None:
    make(client, "Emma")
    response = client.get("/books/i0" if headers else "/books/i1", headers=headers)
    assert response.status == 404
    assert response.problem["detail"] == "There is no such book."


def test_a_page_has_the_total(client: Client) -> None:
    make(client, "A", "B", "C")
    client.post("/books/i1/notes", json={"text": "x"})
    client.post("/books/i1/notes", json={"text": "y"})
    page = client.get("/books?limit=2&offset=1").json
    assert [each["title"] for each in page["items"]] == ["B", "A"]
    assert page["total"] == 3
    assert client.get("/books?offset=9").json == {"items": [], "total": 3}
    assert client.get("/books", headers={"X-User": "bob"}).json == {"items": [], "total": 0}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "offset=1000001", "at=1"])
def test_a_window_has_bounds(client: Client, query: str) -> None:
    assert client.get(f"/books?{query}").status == 422


def test_the_document_has_the_problems(client: Client) -> None:
    paths = client.get("/openapi.json").json["paths"]
    assert {"404", "503"} <= paths["/books/{isbn}"]["get"]["responses"].keys()
    assert {"404", "409", "503"} <= paths["/books/{isbn}"]["put"]["responses"].keys()
    assert "404" not in paths["/books"]["get"]["responses"]


def test_an_unknown_attribute_is_an_error_of_the_program(client: Client) -> None:
    class Typing(SessionResource):
        def get(self) -> None:
            self.save(Book(isbn="x"), titel="Emma")

    app = App("Typing", extensions=[Database("sqlite://", create=Base.metadata)])
    app.add("/typing", Typing)
    with pytest.raises(TypeError, match="Book has no attribute 'titel'"):
        Client(app).get("/typing")


def test_it_is_a_resource() -> None:
    assert issubclass(SessionResource, Resource)
    options: dict[str, Any] = {"limit": "5"}
    assert Window().load(options) == {"limit": 5, "offset": 0}
