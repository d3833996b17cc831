"""Rarer ways through a collection in memory: values, actions and declarations of few programs."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, BookSchema, collection, mounted, refused

from restkit import App, NotFound, Response, returns, takes
from restkit.crud import (
    AnyOf,
    Condition,
    CRUDResource,
    Expand,
    KeyTaken,
    MemoryStore,
    StaleWrite,
    collection_action,
    item_action,
)
from restkit.errors import DeclarationError
from restkit.testing import Client

PART = "gen"


class Novel(BookSchema):
    genre = fields.Str(load_default="novel")


def _computed_scope(self: Any) -> Any:
    return {f"{PART}re": "crime"}


@pytest.mark.parametrize(
    ("sent", "status"),
    [({}, 201), ({"genre": "novel"}, 201), ({"genre": "crime"}, 201), ({"genre": "drama"}, 422)],
)
def test_a_default_does_not_contradict_a_scope_that_nobody_could_foresee(
    sent: dict[str, str], status: int
) -> None:
    """The name of the attribute is not in the code of the scope, so that the schema fills it in."""
    client = collection(schema=Novel, scope=_computed_scope)
    response = client.post("/books", json={"title": "Emma", **sent})
    assert response.status == status
    if status == 201:
        assert response.json["genre"] == "crime"


class Open(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(validate=validate.Length(1, 50))
    cover = fields.Raw(allow_none=True)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, None),
        (-math.inf, None),
        ({"a": [1.5, math.inf], "b": (math.nan, "c")}, {"a": [1.5, None], "b": [None, "c"]}),
    ],
)
def test_numbers_that_json_lacks_are_null_at_any_depth(value: Any, written: Any) -> None:
    """In an item, in a page, and in the response of a write."""
    client = collection(Book("Emma", cover=value), schema=Open)
    assert client.get("/books/1").json["cover"] == written
    assert client.get("/books").json["items"][0]["cover"] == written
    assert client.patch("/books/1", json={"title": "Persuasion"}).json["cover"] == written


def test_a_value_without_json_is_the_mistake_of_the_program() -> None:
    """Nothing is written in its place."""
    client = collection(Book("Emma", cover={"a": 1j}), schema=Open)
    with pytest.raises((TypeError, ValueError)):
        client.get("/books/1")


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (dt.date(2026, 1, 2), "2026-01-02"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        (math.inf, ""),
        ([1], "[1]"),
        ({}, "{}"),
        ("=1+1", "'=1+1"),
    ],
)
def test_cells_of_values_that_have_no_field(value: Any, cell: str) -> None:
    """A date is written as JSON has it, without its quotes."""
    client = collection(Book("Emma", cover=value), schema=Open, csv=True)
    text = client.get("/books", headers={"Accept": "text/csv"}).text
    assert text.splitlines()[1] == f"1,Emma,{cell}"


def test_a_long_csv_comes_in_chunks() -> None:
    """About 64 KiB each, and none of them is empty."""
    books = [Book("x" * 50) for _ in range(3_000)]
    client = collection(*books, schema=Open, csv=True)
    text = client.get("/books", headers={"Accept": "text/csv"}).text
    assert [len(line.split(",")) for line in text.splitlines()] == [3] * 3_001


@pytest.mark.parametrize(
    ("says", "members"),
    [
        ("Books.related must be 'visible' or 'existing', got 'all'.", {"related": "all"}),
        ("Books.lines must be 'snapshot' or 'pages', got 'all'.", {"lines": "all"}),
        ("Books.expand", {"expand": 5}),
        ("Books.expand['cover']: order must be a name", {"expand": {"cover": Expand(order=5)}}),  # type: ignore[arg-type]  # that is the test
        (
            "Books.create: ",
            {
                "create": takes(query={"dry": fields.Bool(required=True)})(
                    lambda self, item, dry: item
                ),
                "upsert": True,
                "store": MemoryStore(Book, key="title"),
            },
        ),
    ],
)
def test_declarations_that_cannot_be_meant(says: str, members: dict[str, Any]) -> None:
    refused(says, **members)


@dataclass
class Author:
    name: str
    id: int = 0


@dataclass
class Volume:
    title: str
    author_id: int | None = None
    id: int = 0


def test_an_action_of_a_collection_below_an_item_that_does_not_exist() -> None:
    """It is not called: the collection does not exist either."""
    authors = MemoryStore(Author, items=[Author("Jane")])
    volumes = MemoryStore(Volume, references={"author_id": authors})

    class Volumes(CRUDResource[Volume]):
        store = volumes

        @collection_action("POST")
        def shelve(self) -> None:
            """Shelve all."""

    app = App("Library")
    app.add("/authors/<int:author_id>/volumes", Volumes)
    client = Client(app)
    assert client.post("/authors/1/volumes/shelve").status == 204
    missing = client.post("/authors/2/volumes/shelve")
    assert (missing.status, missing.problem["detail"]) == (
        404,
        client.get("/authors/2/volumes").problem["detail"],
    )


class Acting(CRUDResource[Book]):
    """Books with actions that answer in ways of their own."""

    schema = BookSchema

    @item_action("POST")
    @returns(None, status=202, media_types=["application/json"])
    def queue(self, item: Book) -> Any:
        """Queue a book."""
        return {"queued": item.title}

    @item_action("GET")
    def raw(self, item: Book) -> Response:
        """Answer with a response."""
        return Response(item.title, content_type="text/plain")


def test_actions_whose_responses_have_no_schema() -> None:
    client = Client(mounted(base=Acting, store=MemoryStore(Book, items=[Book("Emma")])))
    queued = client.post("/books/1/queue")
    assert (queued.status, queued.json) == (202, {"queued": "Emma"})
    assert client.get("/books/1/raw").text == "Emma"


@dataclass
class Slot:
    code: str
    gone: bool = False


def _taken(self: Any, item: Slot) -> Any:
    raise KeyTaken(("code",))


@pytest.mark.parametrize("hidden", [None, "gone"])
def test_an_item_that_was_taken_and_is_gone_again(hidden: str | None) -> None:
    """A PUT that neither creates nor finds the item is a 404; a removed one is told."""
    app = App("Slots")
    own = {"store": MemoryStore(Slot, key="code"), "upsert": True, "create": _taken}
    app.add("/slots", type("Slots", (CRUDResource,), {**own, "soft_delete": hidden}))
    client = Client(app)
    assert client.put("/slots/a", json={"code": "a"}).status == 404
    exact = client.put("/slots/a", json={"code": "a"}, headers={"If-None-Match": "*"})
    assert exact.status == 404


def _stale(self: Any, item: Any, values: Any) -> Any:
    raise StaleWrite


@pytest.mark.parametrize(
    ("headers", "status"), [({}, 409), ({"If-Match": "*"}, 412)], ids=["plain", "guarded"]
)
def test_a_write_of_what_has_changed(headers: dict[str, str], status: int) -> None:
    """A conflict, or the failed precondition of the client; in bulk an error of its own."""
    client = collection(Book("Emma"), update=_stale, bulk=True)
    response = client.patch("/books/1", json={"title": "x"}, headers=headers)
    says = "Another request changed or deleted the item. Fetch it again, then retry."
    assert (response.status, response.problem["detail"]) == (status, says)
    bulk = client.post("/books/bulk", json={"update": [{"id": 1, "title": "x"}]})
    (error,) = bulk.problem["errors"]
    assert (bulk.status, error["pointer"], error["code"]) == (409, "/update/0", "stale")


T = TypeVar("T")


@dataclass
class Tagged(Generic[T]):
    title: str
    tags: list[T] = field(default_factory=list)
    id: int = 0


def test_a_list_without_a_type_has_any_items() -> None:
    class Items(CRUDResource[Tagged[Any]]):
        store = MemoryStore(Tagged)

    app = App("Tagged")
    app.add("/items", Items)
    made = Client(app).post("/items", json={"title": "a", "tags": [1, "b"]})
    assert (made.status, made.json["tags"]) == (201, [1, "b"])


class Other:
    """A store of one's own, without the optional abilities."""

    model = Book


def test_the_schema_of_a_store_that_derives_none_is_known_once_it_is_mounted() -> None:
    class Books(CRUDResource[Book]):
        store = Other()  # type: ignore[assignment]  # not mounted

    with pytest.raises(DeclarationError, match=r"Read the attribute after app\.add"):
        assert Books.schema_class


ITEMS = [
    Volume("one", author_id=1),
    Volume("two", author_id=2),
    Volume("three"),
]


@pytest.mark.parametrize(
    ("clause", "titles"),
    [
        (Condition("", "or", (Condition("author.name", "eq", "Jane"),)), ["one"]),
        (
            Condition(
                "",
                "or",
                (Condition("author.name", "eq", "Jane"), Condition("title", "eq", "three")),
            ),
            ["one", "three"],
        ),
        (AnyOf({"author.name": "Mary"}, {"title": "three"}), ["two", "three"]),
        ({"author.name": "Mary", "title": "one"}, []),
        (Condition("author", "any", True), ["one", "two"]),
        (Condition("author", "any", False), ["three"]),
    ],
)
def test_a_scope_of_related_items_in_memory(clause: Any, titles: list[str]) -> None:
    authors = MemoryStore(Author, items=[Author("Jane"), Author("Mary")])
    volumes = MemoryStore(Volume, items=ITEMS, references={"author_id": authors})
    volumes.relate("author", "author_id")

    def scope(self: Any) -> Any:
        return [clause]

    app = App("Library")
    app.add("/volumes", type("Volumes", (CRUDResource,), {"store": volumes, "scope": scope}))
    found = Client(app).get("/volumes").json["items"]
    assert [each["title"] for each in found] == titles


def test_a_missing_item_of_an_action_is_a_404() -> None:
    client = Client(mounted(base=Acting))
    assert client.post("/books/1/queue").status == 404
    assert NotFound.status == 404


@dataclass
class Coin:
    code: Annotated[str, validate.Length(equal=3)]
    id: int = 0


def test_validators_of_a_model_become_bounds() -> None:
    """A length that must be equal is both a minimum and a maximum."""
    store = MemoryStore(Coin)
    bound: Any = store.attributes["code"].bounds[0]
    assert (bound.min, bound.max) == (3, 3)
