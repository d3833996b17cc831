"""`schema_class`: the schema of a collection in other resources and inside other schemas."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, DeclarationError, Resource, Schemas, provide
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    hidden: Mapped[bool] = mapped_column(default=False)
    author: Mapped[Author | None] = relationship()


class Books(CRUDResource[Book]):
    model = Book
    soft_delete = "hidden"


class Authors(CRUDResource[Author]):
    model = Author


class ShelfSchema(Schema):
    name = fields.Str(required=True)
    first = fields.Nested(Books.schema_class, required=True, allow_none=True)
    books = fields.List(fields.Nested(lambda: Books.schema_class()), required=True)


class Newest(Resource):
    """The newest book, in a resource of its own."""

    schema = Books.schema_class
    session = provide(session)

    def get(self) -> Book:
        return self.session.scalars(select(Book).order_by(Book.id.desc())).one()

    def post(self, body: dict[str, Any]) -> Book:
        book = Book(**body)
        self.session.add(book)
        self.session.flush()
        return book


class Shelf(Resource):
    schema = ShelfSchema
    session = provide(session)

    def get(self) -> dict[str, Any]:
        books = self.session.scalars(select(Book)).all()
        return {"name": "all", "first": books[0], "books": books}


@pytest.fixture
def client() -> Iterator[Client]:
    database = Database("sqlite://", create=Base.metadata)
    app = App("Library")
    app.install(database)
    app.add("/books", Books)
    app.add("/newest", Newest)
    app.add("/shelf", Shelf)
    app.add("/authors/<int:author_id>/books", type("AuthorBooks", (Books,), {}))
    yield Client(app)
    database.close()


def test_other_resources_read_and_write_the_same_content(client: Client) -> None:
    """A plain Resource and a nested schema have the items of the collection."""
    made = client.post("/newest", json={"title": "Emma"})
    assert made.status == 201
    book = client.get("/books/1").json
    assert book == made.json == client.get("/newest").json
    assert book == {"id": 1, "title": "Emma", "author_id": None}
    assert client.get("/shelf").json == {"name": "all", "first": book, "books": [book]}
    assert client.post("/newest", json={"title": "x" * 51}).status == 422


def test_the_document_has_one_component(client: Client) -> None:
    """Each use refers to the same Book; only a collection whose URL decides more has its own."""
    document = client.get("/openapi.json").json
    schemas = document["components"]["schemas"]
    books = [name for name in schemas if "Book" in name and "Page" not in name]
    kinds = ("", "Input", "Patch")
    expected = [f"{name}{kind}" for name in ("AuthorBook", "Book") for kind in kinds]
    assert sorted(books) == expected
    reference = {"$ref": "#/components/schemas/Book"}
    get = document["paths"]["/newest"]["get"]
    assert get["responses"]["200"]["content"]["application/json"]["schema"] == reference
    assert schemas["Shelf"]["properties"]["books"]["items"] == reference
    assert schemas["BookPage"]["properties"]["items"]["items"] == reference


def test_it_is_the_same_before_and_after_mounting(client: Client) -> None:
    """Whoever asks, and when, gets one class."""
    assert client
    assert Books.schema_class is ShelfSchema().fields["first"].schema.__class__
    assert Books.schema_class is type("Again", (Books,), {}).schema_class
    assert Books.schema_class is not type("Whole", (Books,), {"soft_delete": None}).schema_class
    assert Authors.schema_class.__name__ == "AuthorSchema"


def test_relations_of_expand_are_in_it() -> None:
    """They are nested, as the collection has them."""
    expanded: Any = type("Expanded", (Books,), {"expand": ("author",)})
    with pytest.raises(DeclarationError, match=r"after app.add"):
        _ = expanded.schema_class
    app = App("Books")
    app.install(Database("sqlite://", create=Base.metadata))
    app.add("/books", expanded)
    assert isinstance(expanded.schema_class().fields["author"], fields.Nested)


class OwnSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)


class RowSchema(Schema):
    id = fields.Int(dump_only=True)


def test_a_declared_schema_is_the_schema_class() -> None:
    """The schema of items, where there are several."""

    class Own(CRUDResource[Book]):
        model = Book
        schema = OwnSchema

    class Several(CRUDResource[Book]):
        model = Book
        schema = Schemas(OwnSchema, list=RowSchema)

    assert Own.schema_class is OwnSchema
    assert Several.schema_class is OwnSchema


@dataclass
class Note:
    text: str
    id: int = 0


def test_a_store_in_memory_derives_it_as_well() -> None:
    """One in the class at any time; one of the App after the class is mounted."""

    class Own(CRUDResource[Note]):
        store = MemoryStore(Note)

    class Installed(CRUDResource[Note]):
        model = Note

    app = App("Notes")
    app.install(MemoryStore(Note))
    own = Own.schema_class
    with pytest.raises(DeclarationError, match=r"Read the attribute after app\.add"):
        assert Installed.schema_class
    app.add("/own", Own)
    app.add("/notes", Installed)
    assert own is Own.schema_class
    assert set(Installed.schema_class().fields) == {"id", "text"}


def test_relations_by_key_are_in_it_once_the_class_is_mounted() -> None:
    """The store says what names a related row, so that it is known with the App."""
    keyed = type("Keyed", (Books,), {"relations": ("author",)})
    with pytest.raises(DeclarationError, match=r"Read the attribute after app\.add"):
        assert keyed.schema_class
    app = App("Library")
    app.install(Database("sqlite://"))
    app.add("/books", keyed)
    assert {"author", "author_id"} & keyed.schema_class().fields.keys() == {"author"}


def test_a_class_without_a_model_has_none() -> None:
    """The base class is no collection."""
    assert not hasattr(CRUDResource, "schema_class")


def test_it_cannot_be_declared() -> None:
    """The schema of a collection is declared as `schema`."""
    members = {"model": Book, "schema_class": OwnSchema}
    with pytest.raises(DeclarationError, match="schema_class"):
        App("Library").add("/books", type("Books", (CRUDResource,), members))
