"""Filters across relations: which related rows match, on every store."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    Session,
    mapped_column,
    relationship,
)

from restkit import App, Request
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.openapi.shared_components import expanded
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Country(Base):
    __tablename__ = "country"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))
    born: Mapped[dt.date | None]
    removed: Mapped[bool] = mapped_column(default=False)
    country_id: Mapped[int | None] = mapped_column(sa.ForeignKey("country.id"))
    country: Mapped[Country | None] = relationship(viewonly=True)
    books: Mapped[list[Book]] = relationship(back_populates="author", viewonly=True)


tagging = sa.Table(
    "tagging",
    Base.metadata,
    sa.Column("book_id", sa.ForeignKey("book.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(40))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    sequel_of_id: Mapped[int | None] = mapped_column(sa.ForeignKey("book.id"))
    author: Mapped[Author | None] = relationship(back_populates="books", viewonly=True)
    comments: Mapped[list[Comment]] = relationship(viewonly=True, order_by="Comment.id")
    stream: DynamicMapped[Comment] = relationship(viewonly=True)
    tags: Mapped[list[Tag]] = relationship(secondary=tagging, viewonly=True)
    sequel_of: Mapped[Book | None] = relationship(remote_side=[id], viewonly=True)
    sequels: Mapped[list[Book]] = relationship(viewonly=True)


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    stars: Mapped[int | None]
    by: Mapped[str] = mapped_column(sa.String(9))
    book_id: Mapped[int] = mapped_column(sa.ForeignKey("book.id"))


@dataclass
class MemoryCountry:
    name: str
    id: int = 0


@dataclass
class MemoryAuthor:
    name: Annotated[str, validate.Length(max=40)]
    born: dt.date | None = None
    removed: bool = False
    country_id: int | None = None
    id: int = 0


@dataclass
class MemoryBook:
    title: str
    author_id: int | None = None
    sequel_of_id: int | None = None
    id: int = 0


@dataclass
class MemoryComment:
    by: str
    book_id: int
    stars: int | None = None
    id: int = 0


FILTERS = (
    "title",
    "author__any",
    "author__name__*",
    "author__born__*",
    "author__country__name",
    "author__books__title",
    "comments__any",
    "comments__stars__*",
    "comments__by__in",
    "sequel_of__title",
    "sequel_of__author__name",
    "sequels__any",
    "sequels__sequels__title",
)
STORES = ("memory", *KINDS)


def memory(app: App) -> dict[str, type]:
    """Install the stores in memory, and return their models."""
    countries = MemoryStore(MemoryCountry)
    authors = MemoryStore(MemoryAuthor, references={"country_id": countries})
    authors.relate("country", "country_id")
    books: MemoryStore[MemoryBook] = MemoryStore(MemoryBook, references={"author_id": authors})
    books.relate("author", "author_id", back="books")
    books.relate("sequel_of", "sequel_of_id", to=books, back="sequels")
    comments = MemoryStore(MemoryComment, references={"book_id": books})
    comments.relate("book", "book_id", back="comments")
    for store in (countries, authors, books, comments):
        app.install(store)
    return {
        "countries": MemoryCountry,
        "authors": MemoryAuthor,
        "books": MemoryBook,
        "comments": MemoryComment,
    }


MODELS: dict[str, type] = {
    "countries": Country,
    "authors": Author,
    "books": Book,
    "comments": Comment,
}


def collections(app: App, models: dict[str, type], **members: Any) -> Client:
    """Add a collection of each model, and return a client."""
    more = {"books": {"filters": FILTERS, **members}, "authors": {"soft_delete": "removed"}}
    for name, model in models.items():
        given = {"model": model, "__module__": __name__, **more.get(name, {})}
        app.add(f"/{name}", type(name.title(), (CRUDResource,), given))
    return Client(app)


@contextmanager
def opened(kind: str, folder: Path) -> Generator[Client]:
    """Open a store with four books."""
    app = App("Books")
    if kind == "memory":
        yield filled(collections(app, memory(app)))
        return
    with database_url(kind, folder) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        yield filled(collections(app, MODELS))
        database.close()


@pytest.fixture(scope="module", params=STORES)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Client]:
    with opened(request.param, tmp_path_factory.mktemp("books")) as client:
        yield client


def filled(client: Client) -> Client:
    """Store four books: by two authors, of whom one has a country, and one by nobody."""
    rows: list[tuple[str, dict[str, Any]]] = [
        ("countries", {"name": "England"}),
        ("authors", {"name": "Jane Austen", "born": "1775-12-16", "country_id": 1}),
        ("authors", {"name": "100% Borges"}),
        ("books", {"title": "Emma", "author_id": 1}),
        ("books", {"title": "Sanditon", "author_id": 1, "sequel_of_id": 1}),
        ("books", {"title": "Aleph", "author_id": 2, "sequel_of_id": 2}),
        ("books", {"title": "Bible"}),
        ("comments", {"by": "ann", "stars": 5, "book_id": 1}),
        ("comments", {"by": "bob", "stars": 1, "book_id": 1}),
        ("comments", {"by": "bob", "stars": 5, "book_id": 2}),
        ("comments", {"by": "ann", "book_id": 3}),
    ]
    for collection, values in rows:
        response = client.post(f"/{collection}", json=values)
        assert response.status == 201, response.text
    return client


def titles(client: Client, query: str) -> str:
    response = client.get(f"/books?{query}", headers={"Prefer": "count=exact"})
    assert response.status == 200, response.text
    found = [each["title"] for each in response.json["items"]]
    assert response.json["total"] == len(found)
    lines = client.get(f"/books?{query}", headers={"Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == len(found)
    return " ".join(found)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("author__name=Jane%20Austen", "Emma Sanditon"),
        ("author__name__contains=AUST", "Emma Sanditon"),
        ("author__name__startswith=100%25", "Aleph"),
        ("author__name__ne=Jane%20Austen", "Aleph"),
        ("author__name__in=Jane%20Austen&author__name__in=x", "Emma Sanditon"),
        ("author__born__lt=1800-01-01", "Emma Sanditon"),
        ("author__born__null=true", "Aleph"),
        ("author__any=true", "Emma Sanditon Aleph"),
        ("author__any=false", "Bible"),
        ("author__country__name=England", "Emma Sanditon"),
        ("author__books__title=Sanditon", "Emma Sanditon"),
        ("author__country__name=England&title=Emma", "Emma"),
        ("author__name=Jane%20Austen&author__country__name=Peru", ""),
        ("comments__any=true", "Emma Sanditon Aleph"),
        ("comments__any=false", "Bible"),
        ("comments__stars=5", "Emma Sanditon"),
        ("comments__stars__gte=1", "Emma Sanditon"),
        ("comments__stars__null=true", "Aleph"),
        ("comments__stars__null=false", "Emma Sanditon"),
        ("comments__stars__ne=5", "Emma Aleph"),
        ("comments__stars__in=1,2", "Emma"),
        ("comments__by__in=bob&comments__by__in=ann", "Emma Sanditon Aleph"),
        ("comments__any=false&comments__stars=5", ""),
        ("sequel_of__title=Emma", "Sanditon"),
        ("sequel_of__author__name__contains=x", None),
        ("sequel_of__author__name=Jane%20Austen", "Sanditon Aleph"),
        ("sequels__any=true", "Emma Sanditon"),
        ("sequels__sequels__title=Aleph", "Emma"),
    ],
)
def test_a_filter_matches_related_rows(client: Client, query: str, found: str | None) -> None:
    """A filter across relations holds if a related row has the value; an item occurs once."""
    if found is None:
        assert client.get(f"/books?{query}").status == 422
    else:
        assert titles(client, query) == found


def test_filters_of_one_relation_hold_for_the_same_row(client: Client) -> None:
    """Emma has a comment by Bob and one with five stars, but none of his has five."""
    assert titles(client, "comments__by__in=bob") == "Emma Sanditon"
    assert titles(client, "comments__stars=5") == "Emma Sanditon"
    assert titles(client, "comments__by__in=bob&comments__stars=5") == "Sanditon"


def test_pages_of_a_filter_go_there_and_back(client: Client) -> None:
    """The links of a page keep the filter."""
    first = client.get("/books?comments__any=true&limit=2").json
    second = client.get(first["next"])
    assert [each["title"] for each in first["items"]] == ["Emma", "Sanditon"]
    assert [each["title"] for each in second.json["items"]] == ["Aleph"]
    assert second.json["next"] is None


@pytest.mark.parametrize("kind", STORES)
def test_removed_rows_match_nothing(kind: str, tmp_path: Path) -> None:
    """A related row that its collection has removed softly is not there for filters."""
    with opened(kind, tmp_path) as client:
        assert client.delete("/authors/1").status == 204
        assert titles(client, "author__name=Jane%20Austen") == ""
        assert titles(client, "author__country__name=England") == ""
        assert titles(client, "author__any=false") == "Emma Sanditon Bible"
        assert titles(client, "sequel_of__author__name=Jane%20Austen") == ""


def test_removed_rows_match_if_the_class_says_so(tmp_path: Path) -> None:
    """With ``related = "existing"`` removed rows are related rows as others are."""
    app = App("Books")
    app.install(Database(f"sqlite:///{tmp_path}/books.db", create=Base.metadata))
    client = filled(collections(app, MODELS, related="existing"))
    assert client.delete("/authors/1").status == 204
    assert titles(client, "author__name=Jane%20Austen") == "Emma Sanditon"


def me(request: Request) -> str | None:
    return request.headers.get("X-User")


@pytest.mark.parametrize("kind", STORES)
def test_hidden_rows_match_nothing(kind: str, tmp_path: Path) -> None:
    """A related row that the caller may not read leaves no trace in lists and totals."""
    app = App("Books")
    rules: Any = {"caller": me}
    everybody = ("authors", "books", "countries")
    if kind == "memory":
        models = memory(app)
        for name in everybody:
            _store(app, models[name]).rows(models[name])
        comments = models["comments"]
        _store(app, comments).rows(comments, read=lambda user: {"by": user}, **rules)
        _hidden_rows_match_nothing(filled_by(app, models))
        return
    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        for name in everybody:
            database.rows(MODELS[name])
        database.rows(Tag)
        database.rows(Comment, read=lambda user: Comment.by == user, **rules)
        app.install(database)
        _hidden_rows_match_nothing(filled_by(app, MODELS))
        database.close()


def _store(app: App, model: type) -> Any:
    return next(found for find in app.stores if (found := find(model)) is not None)


def filled_by(app: App, models: dict[str, type]) -> Client:
    """Fill the collections, each comment by its own user."""
    client = collections(app, models)
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("ann", "books", {"title": "Emma"}),
        ("ann", "books", {"title": "Sanditon", "sequel_of_id": 1}),
        ("ann", "comments", {"by": "ann", "stars": 5, "book_id": 1}),
        ("bob", "comments", {"by": "bob", "stars": 1, "book_id": 2}),
    ]
    for user, name, values in rows:
        assert client.post(f"/{name}", json=values, headers={"X-User": user}).status == 201
    return client


def _hidden_rows_match_nothing(client: Client) -> None:
    def seen(user: str, query: str) -> list[str]:
        headers = {"X-User": user, "Prefer": "count=exact"}
        page = client.get(f"/books?{query}", headers=headers).json
        assert page["total"] == len(page["items"])
        return [each["title"] for each in page["items"]]

    assert seen("ann", "comments__stars__gte=1") == ["Emma"]
    assert seen("bob", "comments__stars__gte=1") == ["Sanditon"]
    assert seen("ann", "comments__any=false") == ["Sanditon"]
    assert seen("bob", "comments__by__in=ann") == []
    assert seen("bob", "sequels__any=true") == ["Emma"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_relation_can_be_filtered(kind: str, tmp_path: Path) -> None:
    """Secondary tables and dynamic relations match as others do, and repeat no row."""
    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Books")
        app.install(database)
        filters = ("tags__name", "tags__name__in", "tags__any", "stream__stars", "tags__id__gte")
        client = filled(collections(app, MODELS, filters=filters))
        with Session(database.engine) as session:
            session.add_all([Tag(id=1, name="urgent"), Tag(id=2, name="old"), Tag(id=3, name="x")])
            session.flush()
            pairs = [(1, 1), (1, 2), (2, 1)]
            session.execute(tagging.insert(), [{"book_id": b, "tag_id": t} for b, t in pairs])
            session.commit()
        assert titles(client, "tags__name=urgent") == "Emma Sanditon"
        assert titles(client, "tags__name__in=urgent&tags__name__in=old") == "Emma Sanditon"
        assert titles(client, "tags__any=false") == "Aleph Bible"
        assert titles(client, "tags__name=urgent&tags__id__gte=2") == ""
        assert titles(client, "stream__stars=5") == "Emma Sanditon"
        database.close()


def parameters(**members: Any) -> dict[str, Any]:
    app = App("Books")
    app.install(Database("sqlite://", create=Base.metadata))
    client = collections(app, MODELS, **members)
    operation = expanded(client.get("/openapi.json").json)["paths"]["/books"]["get"]
    return {each["name"]: each for each in operation["parameters"] if each["in"] == "query"}


def test_parameters_are_typed_and_described() -> None:
    """A parameter has the type and bounds of the related model's attribute, and a sentence."""
    found = parameters()
    assert found["author__born__lt"]["schema"] == {"type": "string", "format": "date"}
    assert found["author__name"]["schema"]["maxLength"] == 40
    assert found["author__any"]["schema"] == {"type": "boolean"}
    assert (
        found["author__name"]["description"] == "Only items whose `author.name` equals this value."
    )
    assert found["comments__stars__gte"]["description"] == (
        "Only items with one of `comments` whose `stars` is greater than or equal to this value. "
        "Filters of `comments` hold together for one of them."
    )
    assert found["comments__any"]["description"] == (
        "Only items with (`true`) or without (`false`) `comments`."
    )


class NameSchema(Schema):
    name = fields.Str(metadata={"description": "unused"})
    born = fields.Date(format="%d.%m.%Y")


class BookSchema(Schema):
    title = fields.Str(required=True, validate=validate.Length(max=40))
    author = fields.Nested(NameSchema, dump_only=True)


def test_a_nested_schema_decides_the_form_of_a_value(tmp_path: Path) -> None:
    """A value has the form that the responses have it in."""
    app = App("Books")
    database = Database(f"sqlite:///{tmp_path}/books.db", create=Base.metadata)
    app.install(database)
    client = collections(app, MODELS, schema=BookSchema, filters=("author__born",))
    Base.metadata.create_all(database.engine)
    with Session(database.engine) as session:
        session.add_all([Author(id=1, name="J", born=dt.date(1775, 12, 16))])
        session.add_all([Book(title="Emma", author_id=1), Book(title="Bible")])
        session.commit()
    assert titles(client, "author__born=16.12.1775") == "Emma"


@pytest.mark.parametrize(
    ("filters", "says"),
    [
        (
            ("author__title",),
            "Books.filters: Author has no attribute 'title' of 'author__title'. It has born, "
            "country_id, id, name, removed, and the relations books, country.",
        ),
        (
            ("writer__name",),
            "Books.filters: the model has no attribute 'writer'. It has author_id, id, "
            "sequel_of_id, title, and the relations author, comments, ",
        ),
        (
            ("author",),
            "Books.filters: 'author' names a relation to Author. Name one of its attributes, "
            "author__... with born, country_id, id, name, removed; or write author__any.",
        ),
        (("tags__*",), "Books.filters: 'tags__*' names a relation to Tag."),
        (
            ("author__name__gone",),
            "Books.filters: 'author__name' does not support the operator 'gone'. It supports eq,",
        ),
        (
            ("sequels__sequels__sequels__sequels__sequels__title",),
            "goes over more than 4 relations. Name an attribute of a nearer model.",
        ),
    ],
)
def test_a_path_that_cannot_be_is_refused(filters: Any, says: str) -> None:
    """A relation or attribute that there is not is one sentence, which names those that are."""
    app = App("Books")
    app.install(Database("sqlite://", create=Base.metadata))
    with pytest.raises(DeclarationError) as caught:
        collections(app, MODELS, filters=filters)
    assert says in str(caught.value)


def test_a_relation_in_memory_that_cannot_be_is_refused() -> None:
    """A relation has a reference, and a name that nothing else has."""
    authors = MemoryStore(MemoryAuthor)
    books = MemoryStore(MemoryBook, references={"author_id": authors})
    with pytest.raises(DeclarationError, match=r"'title'.*not a reference of MemoryBook"):
        books.relate("writer", "title")
    with pytest.raises(DeclarationError, match=r"MemoryBook has an attribute.*'title' already"):
        books.relate("title", "author_id")
    with pytest.raises(DeclarationError, match=r"MemoryAuthor has an attribute.*'name' already"):
        books.relate("author", "author_id", back="name")
