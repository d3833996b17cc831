"""Rarer relations of collections: members, scopes of other collections, keys that no row has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Forbidden, NotFound
from restkit.crud import (
    AnyOf,
    Condition,
    CRUDResource,
    Expand,
    MemoryStore,
    ReferenceViolation,
    Related,
)
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Checked(sa.TypeDecorator[str]):
    """A text that begins with a letter; other values are none of the column."""

    impl = sa.String(9)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        if value is not None and not value[:1].isalpha():
            raise ValueError(value)
        return value


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Checked, unique=True)


book_tag = sa.Table(
    "book_tag",
    Base.metadata,
    sa.Column("book_id", sa.ForeignKey("book.id"), primary_key=True),
    sa.Column("tag", sa.ForeignKey("tag.name"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    name: Mapped[str] = mapped_column(Checked, primary_key=True)


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(9))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=book_tag)


class Seat(Base):
    __tablename__ = "seat"

    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None] = mapped_column(sa.String(9))


class Seats(CRUDResource[Seat]):
    model = Seat


class Others(CRUDResource[Book]):
    model = Book


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as made,
    ):
        yield made


@pytest.fixture
def app(database: Database) -> App:
    return library(
        database,
        authors=type("Authors", (CRUDResource,), {"model": Author}),
        tags=type("Tags", (CRUDResource,), {"model": Tag, "upsert": True}),
    )


def library(database: Database, **resources: type[CRUDResource[Any]]) -> App:
    """Return an App with collections by the names in their URLs."""
    made = App("Library")
    made.install(database)
    for name, each in resources.items():
        made.add(f"/{name}", each)
    return made


def served(app: App, model: type = Book, url: str = "/books", **members: Any) -> Client:
    """Return a client of a collection beside two authors and a tag."""
    app.add(url, type("Items", (CRUDResource,), {"model": model, **members}))
    client = Client(app)
    for name in ("Jane", "Mary"):
        assert client.post("/authors", json={"name": name}).status == 201
    assert client.post("/tags", json={"name": "old"}).status == 201
    return client


PART = "author"


def _own(self: Any) -> Any:
    return {f"{PART}_id": 1}


def test_a_relation_cannot_lead_out_of_the_scope(app: App) -> None:
    """The scope says whose books they are, which the relation would change.

    Its code does not show the name of the attribute; otherwise it is an error at start-up.
    """
    client = served(app, scope=_own, relations={"author": Related("name")})
    made = client.post("/books", json={"title": "Emma", "author": "Jane"})
    assert (made.status, made.json["author"]) == (201, "Jane")
    for response in (
        client.post("/books", json={"title": "Emma", "author": "Mary"}),
        client.patch("/books/1", json={"author": "Mary"}),
    ):
        assert response.status == 422
        (error,) = response.problem["errors"]
        assert (error["pointer"], error["code"]) == ("/author", "scope")
        assert error["detail"] == "The server decides this value. Leave it out."


def test_values_that_a_column_rejects_name_no_row(app: App) -> None:
    """The type of the key refuses them before the database sees them: they are not found."""
    client = served(app, relations={"author": Related("name"), "tags": Related()})
    assert client.get("/tags/old").status == 200
    assert client.get("/tags/1").status == 404
    assert client.delete("/tags/1").status == 404
    content = {"title": "Emma", "author": "Jane", "tags": ["old"]}
    assert client.post("/books", json=content).status == 201
    for name, value in (("author", "1"), ("tags", ["1"])):
        refused = client.post("/books", json={**content, name: value})
        assert refused.problem["errors"][0]["pointer"].startswith(f"/{name}")


def _reads(self: Any, key: Any) -> Any:
    return CRUDResource.read(self, key)


def test_a_key_that_a_column_rejects_is_not_found_by_objects_either(app: App) -> None:
    app.add("/others", type("Others", (CRUDResource,), {"model": Tag, "read": _reads}))
    client = Client(app)
    assert client.put("/tags/new", json={}).status == 201
    assert client.get("/others/new").status == 200
    assert client.get("/others/1").status == 404


def _first_row(self: Any) -> Any:
    return {"row": 1}


@pytest.mark.parametrize("own", [{}, {"read": _reads}], ids=["row", "object"])
def test_a_composite_key_outside_the_scope(app: App, own: dict[str, Any]) -> None:
    """A URL whose key contradicts the scope is a 404, as any other item outside of it."""
    app.add("/all", type("All", (CRUDResource,), {"model": Seat}), name="AllSeats")
    key = {"key": ("row", "place"), "scope": _first_row, **own}
    app.add("/seats", type("Seats", (CRUDResource,), {"model": Seat, **key}))
    client = Client(app)
    for row in (1, 2):
        assert client.post("/all", json={"row": row, "place": 5}).status == 201
    assert client.get("/seats/1/5").json == {"row": 1, "place": 5, "note": None}
    assert client.get("/seats/2/5").status == 404
    assert client.patch("/seats/2/5", json={"note": "x"}).status == 404
    assert [each["row"] for each in client.get("/seats").json["items"]] == [1]


SCOPES: dict[str, tuple[Any, list[str]]] = {
    "one of one": (Condition("", "or", (Condition("author.name", "eq", "Jane"),)), ["one"]),
    "one of both": (
        Condition(
            "", "or", (Condition("author.name", "eq", "Jane"), Condition("title", "eq", "three"))
        ),
        ["one", "three"],
    ),
    "none": (Condition("", "or", ()), []),
    "any of": (AnyOf({"author.name": "Mary"}, {"title": "three"}), ["two", "three"]),
    "both": ({"author.name": "Mary", "title": "one"}, []),
    "has one": (Condition("author", "any", True), ["one", "two"]),
    "has none": (Condition("author", "any", False), ["three"]),
    "null": ({"author_id": None}, ["three"]),
    "list": ([{"author.name": "Jane"}, True], ["one"]),
    "never": (False, []),
    "set": (Condition("title", "in", ["one", "three"]), ["one", "three"]),
}


@pytest.mark.parametrize("name", SCOPES)
def test_scopes_on_related_rows(app: App, database: Database, name: str) -> None:
    """The same clauses on a database as in memory."""
    clause, titles = SCOPES[name]
    client = served(app)
    for title, author in (("one", 1), ("two", 2), ("three", None)):
        client.post("/books", json={"title": title, "author_id": author})
    own = type("Books", (CRUDResource,), {"model": Book, "scope": lambda self: [clause]})
    found = Client(library(database, books=own)).get("/books").json["items"]
    assert [each["title"] for each in found] == titles


def _refuses(self: Any) -> Any:
    raise Forbidden("no")


def _breaks(self: Any) -> Any:
    raise ZeroDivisionError


def _of_variable(self: Any) -> Any:
    return {"name": self.request.path_parameters.get("name", "Jane")}


@pytest.mark.parametrize(("scope", "status"), [(_refuses, 409), (_of_variable, 201)])
def test_what_the_scope_of_another_collection_says_of_its_rows(
    app: App, database: Database, scope: Any, status: int
) -> None:
    """Whoever may not see the authors refers to none; a variable of their URL restricts nothing."""
    served(app)
    authors = type("Authors", (CRUDResource,), {"model": Author, "scope": scope})
    client = Client(library(database, authors=authors, books=Others))
    response = client.post("/books", json={"title": "Emma", "author_id": 2})
    assert response.status == status


def test_a_scope_that_fails_for_another_collection_is_told(app: App, database: Database) -> None:
    """The sentence names the class whose scope it is."""
    served(app)
    authors = type("Authors", (CRUDResource,), {"model": Author, "scope": _breaks})
    client = Client(library(database, authors=authors, books=Others))
    with pytest.raises(DeclarationError, match=r"Authors\.scope\(\) failed for a request to an"):
        client.post("/books", json={"title": "Emma", "author_id": 2})


@dataclass
class MemoryTag:
    name: str
    id: int = 0


@dataclass
class MemoryBook:
    title: str
    first_id: int | None = None
    tags: list[int] = field(default_factory=list)
    id: int = 0


def in_memory(**members: Any) -> App:
    tags = MemoryStore(MemoryTag, unique=("name",), items=[MemoryTag("a"), MemoryTag("b")])
    references = {"tags": tags, "first_id": tags}
    books = MemoryStore(MemoryBook, items=[MemoryBook("one")], references=references)
    app = App("Memory")
    app.install(tags)
    app.install(books)
    app.add("/books", type("Books", (CRUDResource,), {"model": MemoryBook, **members}))
    return app


def test_one_row_is_named_by_another_attribute_in_memory() -> None:
    """A reference to one item has its key in the model, and its name in content."""
    client = Client(in_memory(relations={"first_id": Related("name")}))
    made = client.post("/books", json={"title": "x", "first_id": "b"})
    assert (made.status, made.json["first_id"]) == (201, "b")
    assert client.post("/books", json={"title": "x", "first_id": "c"}).status in (409, 422)
    assert client.patch("/books/2", json={"first_id": None}).json["first_id"] is None


def _gone(self: Any, item: Any, values: Any) -> Any:
    raise ReferenceViolation(("tags",))


@pytest.mark.parametrize(("own", "status"), [({}, 204), ({"update": _gone}, 404)])
def test_a_member_that_another_request_has_removed(own: dict[str, Any], status: int) -> None:
    """It does not exist any more at the time of the write."""
    client = Client(in_memory(members=("tags",), **own))
    assert client.put("/books/1/tags/1").status == status
    assert client.put("/books/1/tags/9").status == 404
    assert client.delete("/books/1/tags/2").status == 404


def test_a_store_in_memory_writes_whole_lists() -> None:
    operations = in_memory(members=("tags",)).operations()
    (found,) = [each for each in operations if each.method == "PUT" and "tags/<" in each.rule]
    paths: Any = getattr(found.resource, "row_paths")  # noqa: B009  # of the endpoint
    assert paths.explained("update") == "the whole list of tags: MemoryStore writes whole lists"


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (("author",), r"members: 'author' is not a list of items of Author\."),
        ({"tags": Others}, r"members: 'tags': Tag has no attribute 'id'; it has name\."),
        ({"tags": Seats}, r"A member URL names an item of Seat by one attribute, but its key is"),
    ],
)
def test_members_of_what_is_no_list(members: Any, says: str) -> None:
    app = App("Library")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match=says):
        app.add("/books", type("Books", (CRUDResource,), {"model": Book, "members": members}))


def test_a_relation_of_a_ruled_model_needs_a_rule_too() -> None:
    """Rows of a model without a rule could be read through it."""
    database = Database("sqlite://")
    database.rows(Book)
    app = App("Library")
    app.install(database)
    with pytest.raises(DeclarationError, match=r"rows\((Author|Tag)"):
        app.add("/books", type("Books", (CRUDResource,), {"model": Book}))


class TagSchema(Schema):
    name = fields.Str(required=True, validate=validate.Length(max=9))


class Plucked(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(max=9))
    tags = fields.List(fields.Pluck(TagSchema, "name"))


def test_a_schema_may_pluck_what_names_rows(app: App) -> None:
    """A field of one member of a nested schema has the values that name the rows."""
    client = served(app, schema=Plucked, relations={"tags": Related("name")})
    made = client.post("/books", json={"title": "Emma", "tags": ["old"]})
    assert (made.status, made.json["tags"]) == (201, ["old"])
    assert client.post("/books", json={"title": "Emma", "tags": ["none"]}).status in (409, 422)
    assert client.post("/books", json={"title": "Emma", "tags": ["x" * 10]}).status == 422


def _hides_all(self: Any, key: Any) -> Any:
    raise NotFound("no")


def test_an_upsert_asks_the_class_for_its_items() -> None:
    """What ``read`` does not find is not replaced: its value is taken."""
    tags = MemoryStore(MemoryTag, unique=("name",), items=[MemoryTag("a")])
    members = {"store": tags, "bulk": True, "bulk_upsert": "name", "read": _hides_all}
    app = App("Tags")
    app.add("/tags", type("Tags", (CRUDResource,), members))
    client = Client(app)
    assert client.post("/tags/bulk", json={"upsert": [{"name": "b"}]}).status == 200
    assert client.post("/tags/bulk", json={"upsert": [{"name": "a"}]}).status == 409
    assert [each.name for each in tags.items] == ["a", "b"]


class Cover(Schema):
    colour = fields.Str()


class Covered(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str()
    covers = fields.List(fields.Nested(Cover), attribute="tags", dump_only=True)


def test_what_is_no_relation_has_neither_an_order_nor_a_limit() -> None:
    """It may be included as it is."""
    says = r"order and limit need a relation that the store knows, and 'tags' is an attribute"
    for how in (Expand(limit=5), Expand(order="colour")):
        with pytest.raises(DeclarationError, match=says):
            in_memory(schema=Covered, expand={"covers": how})
    assert in_memory(schema=Covered, expand={"covers": Expand()}).operations()
