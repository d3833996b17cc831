"""What a collection refuses at start-up, or in a test: actions, members, kinds of bulk requests."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from marshmallow import Schema, fields
from shelf import Book, collection, refused

from restkit import App, returns, takes
from restkit.crud import CRUDResource, MemoryStore, Related
from restkit.errors import DeclarationError
from restkit.testing import Client


class Quiet(Schema):
    quiet = fields.Bool()


class Job(Schema):
    job = fields.Int(required=True)


def _plain(self: Any, item: Any) -> Any:
    return item


def _listed(self: Any, query: Any, more: dict[str, object] | None = None) -> Any:
    return CRUDResource.list(self, query)


@pytest.mark.parametrize(
    ("says", "members"),
    [
        ("it returns one item", {"create": returns(Job, many=True)(_plain)}),
        ("must be a marshmallow Schema class", {"create": returns(Job())(_plain)}),
        (
            "Write a Resource for other content",
            {"create": returns(Job, media_types=["text/csv"])(_plain)},
        ),
        ("status=400", {"create": returns(Job, status=400)(_plain)}),
        (
            "must be a mapping of fields or a Schema class here",
            {"list": takes(query=Quiet())(lambda self, query, quiet=None: query)},
        ),
        (
            "is a parameter of collections",
            {"list": takes(query={"expand": fields.Str()})(lambda self, query, expand=None: query)},
        ),
    ],
)
def test_responses_and_inputs_that_an_action_cannot_have(
    says: str, members: dict[str, Any]
) -> None:
    """Each is one sentence that names the action."""
    refused(says, **members)
    refused(f".{next(iter(members))}", **members)


def test_an_action_may_return_nothing_or_other_content() -> None:
    """None is a response without content; other statuses have the schema that they declare."""

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book)

        @returns(Job, status=202)
        @returns(status=205)
        def create(self, item: Book) -> Any:
            if item.title == "none":
                return None, 205
            return {"job": 7}, 202

    app = App("Shelf", contract="raise")
    app.add("/books", Books)
    client = Client(app)
    begun = client.post("/books", json={"title": "x"})
    assert (begun.status, begun.json) == (202, {"job": 7})
    emptied = client.post("/books", json={"title": "none"})
    assert (emptied.status, emptied.content) == (205, b"")


@dataclass
class Tag:
    name: str
    color: str
    id: int = 0


@dataclass
class Ticket:
    title: str
    tags: list[int] = field(default_factory=list)
    first: int | None = None
    id: int = 0


def tickets(unique: tuple[str, ...] = ("name",), **members: Any) -> None:
    """Mount tickets whose tags refer to another store."""
    tags = MemoryStore(Tag, unique=unique)
    store = MemoryStore(Ticket, references={"tags": tags, "first": tags})
    app = App("Desk")
    app.add("/tags", type("Tags", (CRUDResource,), {"store": tags}))
    app.add("/tickets", type("Tickets", (CRUDResource,), {"store": store, **members}))


@pytest.mark.parametrize(
    ("says", "members"),
    [
        ("title does not refer to another store", {"relations": {"title": Related("name")}}),
        (
            "Tag has no attribute 'slug'. It has color, id, name",
            {"relations": {"tags": Related("slug")}},
        ),
        (
            r"Tag.color does not name one item. Pass unique=\('color',\)",
            {"relations": {"tags": Related("color")}},
        ),
        (
            "cannot create rows of Tag: 'color' is required",
            {"relations": {"tags": Related("name", create=True)}},
        ),
        ("members: 'title'", {"members": ("title",)}),
        (
            r"members: 'tags' calls update\(\), which has @takes",
            {
                "members": ("tags",),
                "update": takes(query={"quiet": fields.Bool()})(
                    lambda self, item, values, quiet=None: item
                ),
            },
        ),
        ("cannot derive the relations tags", {"expand": ("tags",)}),
    ],
)
def test_relations_in_memory_that_cannot_be_meant(says: str, members: dict[str, Any]) -> None:
    """Each is one sentence that names the class."""
    with pytest.raises(DeclarationError, match=says) as raised:
        tickets(**members)
    assert "\n" not in str(raised.value)


def test_a_key_that_the_url_pattern_has_whole() -> None:
    """Something must be left to name an item."""

    @dataclass
    class Seat:
        row: int
        number: int

    app = App("Hall")
    seats = type("Seats", (CRUDResource,), {"store": MemoryStore(Seat, key=("row", "number"))})
    with pytest.raises(
        DeclarationError, match="row, number, which the URL pattern leaves nothing of"
    ):
        app.add("/rows/<int:row>/numbers/<int:number>/seats", seats)


def test_a_collection_below_a_missing_item_has_no_actions_and_no_changes_by_filter() -> None:
    """What is below an item that does not exist is a 404, not an empty result."""
    shelf = MemoryStore(Shelf)
    books = MemoryStore(Shelved, references={"shelf_id": shelf})

    class Books(CRUDResource[Shelved]):
        store = books
        filters = ("title",)
        by_filter = ("PATCH", "DELETE")

    app = App("Shelves", contract="raise")
    app.add("/shelves", type("Shelves", (CRUDResource,), {"store": shelf}))
    app.add("/shelves/<int:shelf_id>/books", Books)
    client = Client(app)
    client.post("/shelves", json={"name": "A"})
    assert client.delete("/shelves/1/books?title=x").status == 200
    assert client.delete("/shelves/2/books?title=x").status == 404
    assert client.patch("/shelves/2/books?title=x", json={"title": "y"}).status == 404


@dataclass
class Shelf:
    name: str
    id: int = 0


@dataclass
class Shelved:
    title: str
    shelf_id: int = 0
    id: int = 0


def test_a_stream_of_pages_that_repeat_ends() -> None:
    """A list that gives the first page for ever is told, not followed."""

    def first(self: Any, query: Any) -> Any:
        return replace(CRUDResource.list(self, replace(query, after=None)), has_next=True)

    client = collection(*[Book(f"t{n}") for n in range(3)], lines="pages", list=first)
    with pytest.raises(DeclarationError, match="returns the same page again"):
        client.get("/books", headers={"Accept": "application/x-ndjson"})
