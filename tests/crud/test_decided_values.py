"""Nested content against what the server decides: the scope of a collection, the item around it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

LENGTH = validate.Length(max=50)


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Book(Base):
    __tablename__ = "book"
    __table_args__ = (UniqueConstraint("id", "tenant"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    tenant: Mapped[str] = mapped_column(String(50), default="a")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()
    chapters: Mapped[list[Chapter]] = relationship(cascade="all, delete-orphan")


class Chapter(Base):
    __tablename__ = "chapter"
    __table_args__ = (ForeignKeyConstraint(["book_id", "tenant"], ["book.id", "book.tenant"]),)

    id: Mapped[int] = mapped_column(primary_key=True)
    heading: Mapped[str] = mapped_column(String(50))
    book_id: Mapped[int | None]
    tenant: Mapped[str | None] = mapped_column(String(50))


class AuthorSchema(Schema):
    name = fields.Str(required=True, validate=LENGTH)


class ChapterSchema(Schema):
    heading = fields.Str(required=True, validate=LENGTH)
    tenant = fields.Str(validate=LENGTH)
    book_id = fields.Int(validate=validate.Range(-(2**31), 2**31 - 1))


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=LENGTH)
    author_id = fields.Int(dump_only=True, allow_none=True)
    author = fields.Nested(AuthorSchema, allow_none=True)
    chapters = fields.List(fields.Nested(ChapterSchema))


class Books(CRUDResource[Book]):
    model = Book
    schema = BookSchema
    bulk = True


class Mine(CRUDResource[Book]):
    model = Book
    schema = BookSchema

    def scope(self) -> Any:
        return {"tenant": "a"}


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Library")
        app.install(database)
        app.add("/authors/<int:author_id>/books", Books)
        app.add("/mine", Mine)
        with Session(database.engine) as own:
            own.add(Author(name="Jane"))
            own.commit()
        yield Client(app)
        database.close()


OTHER = {"author": {"name": "Mary"}}


def _is_refused(response: Any, pointer: str) -> bool:
    found = [(each["pointer"], each["code"]) for each in response.problem.get("errors", [])]
    return (response.status, found) == (422, [(pointer, "scope")])


def test_a_nested_object_cannot_move_an_item_to_another_parent(client: Client) -> None:
    """The foreign key is the variable of the URL; a nested author would set another one."""
    url = "/authors/1/books"
    assert _is_refused(client.post(url, json={"title": "Emma", **OTHER}), "/author")
    made = client.post(url, json={"title": "Emma"})
    assert (made.status, made.json["author_id"]) == (201, 1)
    item = made.headers["Location"]
    assert _is_refused(client.put(item, json={"title": "Emma", **OTHER}), "/author")
    assert _is_refused(client.put(item, json={"title": "Emma", "author": None}), "/author")
    assert _is_refused(client.patch(item, json=OTHER), "/author")
    assert _is_refused(client.patch(item, json={"author": None}), "/author")
    bulk = client.post(f"{url}/bulk", json={"create": [{"title": "Emma", **OTHER}]})
    assert bulk.status == 422
    assert [each["author_id"] for each in client.get(url).json["items"]] == [1]


def test_a_put_that_leaves_the_parent_out_keeps_it(client: Client) -> None:
    """The URL decides it, so that there is nothing to reset."""
    made = client.post("/authors/1/books", json={"title": "Emma"})
    replaced = client.put(made.headers["Location"], json={"title": "Persuasion"})
    assert (replaced.status, replaced.json["author_id"]) == (200, 1)
    assert client.get(made.headers["Location"]).json["title"] == "Persuasion"


def test_where_nothing_is_decided_a_nested_object_is_written(client: Client) -> None:
    """A scope of other attributes leaves the relation to clients."""
    made = client.post("/mine", json={"title": "Frankenstein", **OTHER})
    assert (made.status, made.json["author"]) == (201, {"name": "Mary"})
    replaced = client.put(made.headers["Location"], json={"title": "Frankenstein"})
    assert replaced.json["author"] is None


@pytest.mark.parametrize("changed", [{"tenant": "b"}, {"book_id": 99}])
def test_nested_items_cannot_contradict_the_item_around_them(
    client: Client, changed: dict[str, Any]
) -> None:
    """Their foreign key is the item, whose own part the scope decides."""
    content = {"title": "Emma", "chapters": [{"heading": "one"}, {"heading": "two", **changed}]}
    assert _is_refused(client.post("/mine", json=content), "/chapters")
    content["chapters"] = [{"heading": "one", "tenant": "a"}]
    made = client.post("/mine", json=content)
    assert made.status == 201, made.text
    book = made.json["id"]
    assert made.json["chapters"] == [{"heading": "one", "tenant": "a", "book_id": book}]
    again = [{"heading": "one", "tenant": "a", "book_id": book}]
    item = made.headers["Location"]
    assert client.put(item, json={"title": "Emma", "chapters": again}).status == 200
    again = [{"heading": "one", **changed}]
    assert _is_refused(client.patch(item, json={"chapters": again}), "/chapters")


class OwnSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=LENGTH)
    author_id = fields.Int(required=True, validate=validate.Range(1, 99))


class Below(CRUDResource[Book]):
    """Books below their author, with a schema that requires the author."""

    model = Book
    schema = OwnSchema
    bulk = True


class Authors(CRUDResource[Author]):
    model = Author


@pytest.mark.parametrize("kind", KINDS)
def test_the_url_gives_what_a_schema_requires(kind: str, tmp_path: Path) -> None:
    """Content may leave a variable of the URL out or repeat it; another value is a 422."""
    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Books")
        app.install(database)
        app.add("/authors", Authors)
        app.add("/authors/<int:author_id>/books", Below)
        app.add("/books", type("AllBooks", (Below,), {}))
        client = Client(app)
        assert client.post("/authors", json={"name": "Ann"}).status == 201
        below = "/authors/1/books"
        made = client.post(below, json={"title": "x"})
        assert made.status == 201, made.text
        assert made.json["author_id"] == 1
        item = made.headers["Location"]
        assert client.post(below, json={"title": "x", "author_id": 1}).status == 201
        assert client.put(item, json={"title": "y"}).json["author_id"] == 1
        bulk = client.post(f"{below}/bulk", json={"create": [{"title": "z"}]})
        assert bulk.json["created"][0]["author_id"] == 1
        for method, target in (("POST", below), ("PUT", item), ("PATCH", item)):
            wrong = client.request(method, target, json={"title": "x", "author_id": 2})
            assert wrong.status == 422, wrong.text
            assert wrong.problem["errors"][0]["code"] == "scope"
        missing = client.post("/books", json={"title": "x"})
        assert missing.status == 422
        assert missing.problem["errors"][0]["code"] == "required"
        assert client.post("/authors/9/books", json={"title": "x"}).status == 404
        document = client.get("/openapi.json").json
        required = {}
        for path in ("/authors/{author_id}/books", "/books"):
            content = document["paths"][path]["post"]["requestBody"]["content"]
            name = content["application/json"]["schema"]["$ref"].rpartition("/")[2]
            required[path] = sorted(document["components"]["schemas"][name]["required"])
        assert required == {
            "/authors/{author_id}/books": ["title"],
            "/books": ["author_id", "title"],
        }
        database.close()
