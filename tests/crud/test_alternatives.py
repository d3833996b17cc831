"""Alternatives: `or`, parameters over several filters, and `not_in`, on every store."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import validate
from shelf import collection, mounted, refused
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.openapi.shared_components import expanded
from restkit.sqlalchemy import Database, UTCDateTime
from restkit.testing import Client, TestResponse


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(40))
    status: Mapped[str] = mapped_column(sa.String(9))
    year: Mapped[int | None]
    sold: Mapped[dt.datetime | None] = mapped_column(UTCDateTime())
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship(viewonly=True)
    comments: Mapped[list[Comment]] = relationship(viewonly=True)


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    by: Mapped[str] = mapped_column(sa.String(9))
    stars: Mapped[int | None]
    book_id: Mapped[int] = mapped_column(sa.ForeignKey("book.id"))


@dataclass
class MemoryAuthor:
    name: Annotated[str, validate.Length(max=40)]
    id: int = 0


@dataclass
class MemoryBook:
    title: Annotated[str, validate.Length(max=40)]
    status: str
    year: int | None = None
    sold: dt.datetime | None = None
    author_id: int | None = None
    id: int = 0


@dataclass
class MemoryComment:
    by: str
    book_id: int
    stars: int | None = None
    id: int = 0


MEMBERS: dict[str, Any] = {
    "filters": (
        "title",
        "title__not_in",
        "status__*",
        "year__*",
        "sold__not_in",
        "author__name",
        "author__name__not_in",
        "author__any",
        "comments__by",
        "comments__stars__*",
    ),
    "any_of": {
        "q": ("title__contains", "author__name__contains", "comments__by__startswith"),
        "known": ("author__any", "year__null"),
        "named": ("title__in", "author__name__in"),
    },
    "or_filters": (
        "status",
        "year__lt",
        "year__gte",
        "author__name",
        "comments__by",
        "comments__stars__gte",
        "q",
    ),
    "sorts": ("title",),
    "groups": ("status",),
    "aggregates": ("count",),
    "by_filter": ("PATCH", "DELETE"),
    "csv": True,
}


def in_memory(app: App) -> dict[str, type]:
    authors = MemoryStore(MemoryAuthor)
    books = MemoryStore(MemoryBook, references={"author_id": authors})
    books.relate("author", "author_id")
    comments = MemoryStore(MemoryComment, references={"book_id": books})
    comments.relate("book", "book_id", back="comments")
    for store in (authors, books, comments):
        app.install(store)
    return {"authors": MemoryAuthor, "books": MemoryBook, "comments": MemoryComment}


STORES = ("memory", *KINDS)


@contextmanager
def opened(kind: str, folder: Path) -> Generator[Client]:
    app = App("Books")
    if kind == "memory":
        yield filled(app, in_memory(app))
        return
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app.install(database)
        yield filled(app, {"authors": Author, "books": Book, "comments": Comment})


@pytest.fixture(scope="module", params=STORES)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Client]:
    with opened(request.param, tmp_path_factory.mktemp("books")) as client:
        yield client


def filled(app: App, found: dict[str, type]) -> Client:
    """Add the collections, and store four books."""
    for name, model in found.items():
        members = MEMBERS if name == "books" else {}
        given = {"model": model, "__module__": __name__, **members}
        app.add(f"/{name}", type(name.title(), (CRUDResource,), given))
    client = Client(app)
    rows: list[tuple[str, dict[str, Any]]] = [
        ("authors", {"name": "Austen"}),
        ("authors", {"name": "Emmanuel"}),
        ("books", {"title": "Emma", "status": "new", "year": 1815, "author_id": 1}),
        ("books", {"title": "Aleph", "status": "old", "year": 1949, "author_id": 2}),
        ("books", {"title": "Bible", "status": "old", "sold": "2020-01-02T03:04:05Z"}),
        ("books", {"title": "Clara", "status": "sold", "year": 1990, "author_id": 1}),
        ("comments", {"by": "ann", "stars": 5, "book_id": 2}),
        ("comments", {"by": "bob", "stars": 1, "book_id": 2}),
        ("comments", {"by": "emil", "book_id": 3}),
    ]
    for called, values in rows:
        response = client.post(f"/{called}", json=values)
        assert response.status == 201, response.text
    return client


def titles(response: TestResponse) -> str:
    assert response.status == 200, response.text
    return " ".join(each["title"] for each in response.json["items"])


FOUND = [
    ("title__not_in=Emma&title__not_in=Clara", "Aleph Bible"),
    ("year__not_in=1815,1990", "Aleph Bible"),
    ("year__not_in=1815&year__null=false", "Aleph Clara"),
    ("sold__not_in=2020-01-02T03:04:05Z", "Emma Aleph Clara"),
    ("author__name__not_in=Austen", "Aleph"),
    ("comments__stars__not_in=1,2", "Aleph Bible"),
    ("or=status,year__gte&status=new&year__gte=1990", "Emma Clara"),
    ("or=year__gte,status&status=new&year__gte=1990&author__any=true", "Emma Clara"),
    ("or=year__lt,year__gte&year__lt=1900&year__gte=1990", "Emma Clara"),
    ("or=status,year__gte&status=new&year__gte=1990&title=Clara", "Clara"),
    ("status=new&year__gte=1990", ""),
    ("or=author__name,status&author__name=Austen&status=old", "Emma Aleph Bible Clara"),
    # Each alternative stands for itself: one comment need not fulfil both.
    ("comments__by=bob&comments__stars__gte=5", ""),
    (
        "or=comments__by,comments__stars__gte&comments__by=emil&comments__stars__gte=5",
        "Aleph Bible",
    ),
    ("or=comments__by,status,year__lt&comments__by=x&status=x&year__lt=1900", "Emma"),
    ("or=q,status&q=bible&status=sold", "Bible Clara"),
    ("q=EMM", "Emma Aleph"),
    ("q=em", "Emma Aleph Bible"),
    ("q=em&status=old", "Aleph Bible"),
    ("q=%25", ""),
    ("known=true", "Emma Aleph Bible Clara"),
    ("known=false", "Emma Aleph Bible Clara"),
    ("named=Emma&named=Emmanuel", "Emma Aleph"),
]


@pytest.mark.parametrize(("query", "wanted"), FOUND)
def test_alternatives_select_the_same_items_everywhere(
    client: Client, query: str, wanted: str
) -> None:
    """Lists, totals, JSON Lines, CSV, groups and dry runs agree on every store."""
    count = len(wanted.split())
    page = client.get(f"/books?{query}", headers={"Prefer": "count=exact"})
    assert titles(page) == wanted
    assert page.json["total"] == count
    for accept, header in (("application/x-ndjson", 0), ("text/csv", 1)):
        lines = client.get(f"/books?{query}", headers={"Accept": accept})
        assert len(lines.text.splitlines()) == count + header
    head = client.head(f"/books?{query}", headers={"Prefer": "count=exact"})
    assert head.headers["Total-Count"] == str(count)
    totals = client.get(f"/books/totals?aggregates=count&{query}")
    assert totals.json["items"][0]["count"] == count
    dry = client.delete(f"/books?dry_run=true&{query}")
    assert dry.json == {"affected": count, "dry_run": True}


@pytest.mark.parametrize("kind", STORES)
def test_changes_of_alternatives(kind: str, tmp_path: Path) -> None:
    """PATCH and DELETE affect the items of which one filter holds, and no others."""
    with opened(kind, tmp_path) as client:
        check_changes(client)


def check_changes(client: Client) -> None:
    for number in (1, 2, 3):
        assert client.delete(f"/comments/{number}").status == 204
    url = "/books?or=status,year__gte&status=new&year__gte=1990"
    assert client.patch(url, json={"status": "gone"}).json["affected"] == 2
    assert titles(client.get("/books?status=gone")) == "Emma Clara"
    assert client.delete("/books?status__not_in=gone").json["affected"] == 2
    assert titles(client.get("/books")) == "Emma Clara"
    assert client.delete("/books?q=aust").json["affected"] == 2
    alone = client.delete("/books?or=status,year__gte")
    assert alone.status == 422


def test_pages_of_alternatives_go_there_and_back(client: Client) -> None:
    """Links have the parameters, and the pages have each item once."""
    first = client.get("/books?or=status,year__gte&status=old&year__gte=1990&sort=-title&limit=1")
    second = client.get(first.json["next"])
    third = client.get(second.json["next"])
    assert [titles(each) for each in (first, second, third)] == ["Clara", "Bible", "Aleph"]
    assert third.json["next"] is None
    (back,) = re.findall(r'<([^>]*)>; rel="prev"', third.headers["Link"])
    assert titles(client.get(back)) == "Bible"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("or=status,year__gte&status=new", "missing"),
        ("or=status,year__gte", "missing"),
        ("or=status,status&status=new", "duplicate"),
        ("or=status&status=new", "length"),
        ("or=&status=new", "length"),
        ("or=status,title&status=new&title=x", "oneof"),
        ("or=status,year__gte&status=new&year__gte=x", "invalid"),
        ("or=status,year__gte&or=status,year__lt&status=new&year__gte=1", None),
        ("q=", "length"),
        (f"q={'x' * 201}", "length"),
        (f"named={'x' * 41}", "length"),
        ("known=perhaps", "invalid"),
        ("year__not_in=" + ",".join(map(str, range(101))), "length"),
    ],
)
def test_invalid_alternatives(client: Client, query: str, code: str | None) -> None:
    """A filter that is named but not sent, named twice or not declared is a 422 at its place."""
    response = client.get(f"/books?{query}")
    assert response.status == 422, response.text
    errors = response.problem["errors"]
    assert all(each["in"] == "query" for each in errors)
    assert code is None or code in {each["code"] for each in errors}, errors


def test_the_document_says_what_is_taken(client: Client) -> None:
    """The parameters are typed and described, on each URL that filters."""
    paths = expanded(client.get("/openapi.json").json)["paths"]
    operations = [paths["/books"][each] for each in ("get", "patch", "delete")]
    operations.append(paths["/books/totals"]["get"])
    for each in operations:
        found = {one["name"]: one for one in each["parameters"] if "name" in one}
        assert found["or"]["schema"]["items"]["enum"] == [
            *("status", "year__lt", "year__gte", "author__name"),
            *("comments__by", "comments__stars__gte", "q"),
        ]
        assert found["or"]["schema"]["minItems"] == 2
        assert found["or"]["schema"]["uniqueItems"] is True
        assert found["or"]["explode"] is False
        assert found["q"]["schema"]["maxLength"] == 200
        assert found["q"]["description"] == (
            "Only items whose `title` contains this text, ignoring case, or whose `author.name` "
            "contains this text, ignoring case, or with one of `comments` whose `by` starts with "
            "this text, ignoring case."
        )
        assert found["named"]["schema"]["items"]["maxLength"] == 40
        described = found["year__not_in"]["description"]
        assert described == "Only items whose `year` is none of these values, or is null."


class Plain(MemoryStore[Any]):
    """A store that knows no alternatives."""

    has_alternatives = False


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"any_of": ("q",)}, "Books.any_of must be a mapping, such as"),
        ({"any_of": {"q": "title"}}, "Books.any_of['q'] must be a sequence of strings"),
        ({"any_of": {"q": ("title",)}}, "Books.any_of['q'] must name at least two filters"),
        ({"any_of": {"q": ("title", "titel")}}, "Books.any_of['q']: the model has no attribute"),
        ({"any_of": {"q": ("title", "year")}}, "'title__eq' and 'year__eq' have values of"),
        ({"any_of": {"q": ("title", "title__in")}}, "have values of different types"),
        ({"any_of": {"a b": ("title", "genre")}}, "must be the name of a query parameter"),
        ({"any_of": {"limit": ("title", "genre")}}, "both"),
        ({"any_of": {"q": ("title", "genre")}, "filters": {"title": ["x"]}}, "operator 'x'"),
        (
            {"any_of": {"title": ("title__contains", "genre__contains")}, "filters": ("title",)},
            "both",
        ),
        ({"or_filters": "title"}, "Books.or_filters must be a sequence of strings"),
        ({"or_filters": ("title",), "filters": ("title",)}, "at least two filters"),
        ({"or_filters": ("title", "year"), "filters": ("title",)}, "'year__eq' is not in filters"),
        ({"or_filter": ("title", "year")}, "or_filters"),
        ({"anyof": {"q": ("title", "genre")}}, "any_of"),
    ],
)
def test_alternatives_that_cannot_be_are_refused(members: dict[str, Any], says: str) -> None:
    """Mistakes are one sentence at start-up."""
    refused(says, **members)


def test_a_store_without_alternatives_is_refused() -> None:
    """A store of one's own must say that it can."""
    from shelf import Book as Plainest

    store = Plain(Plainest)
    refused("has_alternatives = True", store=store, any_of={"q": ("title", "genre")})
    mounted(store=store, filters=("title__not_in",))


def test_the_values_of_alternatives_are_those_that_all_filters_take() -> None:
    """The bounds of each filter hold for a value, also for the items of a list."""
    several = {"q": ("genre", "title"), "among": ("genre__in", "title__in")}
    client = collection(any_of=several)
    for name in several:
        assert client.get("/books", query={name: "x" * 50}).status == 200
        assert client.get("/books", query={name: "x" * 51}).status == 422
    assert client.get("/books", query={"among": f"x,{'y' * 51}"}).status == 422
