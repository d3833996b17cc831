"""Where a CRUDResource is mounted, with which verbs, and what its operations say."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from marshmallow import validate
from shelf import Book, collection, mounted, refused

from restkit import App, NotFound, Problem, operation, raises
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.testing import Client


def document(app: App) -> dict[str, Any]:
    found: dict[str, Any] = Client(app).get("/openapi.json").json
    return found


@pytest.mark.parametrize(
    ("methods", "collection_verbs", "item_verbs"),
    [
        (None, {"get", "post"}, {"get", "put", "patch", "delete"}),
        ({"GET"}, {"get"}, {"get"}),
        ({"get", "HEAD", "OPTIONS"}, {"get"}, {"get"}),
        ({"POST"}, {"post"}, None),
        (["PATCH", "DELETE"], None, {"patch", "delete"}),
    ],
)
def test_methods(
    methods: Any, collection_verbs: set[str] | None, item_verbs: set[str] | None
) -> None:
    """`methods` says which verbs are mounted; a URL without any is not there."""
    app = mounted(methods=methods)
    paths = document(app)["paths"]
    for path, verbs in (("/books", collection_verbs), ("/books/{id}", item_verbs)):
        found = (
            set(paths[path]) & {"get", "post", "put", "patch", "delete"} if path in paths else None
        )
        assert found == verbs
    assert Client(app).delete("/books").status == (404 if collection_verbs is None else 405)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        (
            {"methods": "GET"},
            "Books.methods must be a set of strings, not the string 'GET'. Write methods =",
        ),
        (
            {"methods": {"FETCH"}},
            "Books.methods must contain some of DELETE, GET, PATCH, POST, PUT, got {'FETCH'}.",
        ),
        (
            {"methods": set()},
            "Books.methods must contain some of DELETE, GET, PATCH, POST, PUT, got set().",
        ),
        ({"methods": {"HEAD"}}, "Books.methods must contain some of"),
        ({"store": None}, "Books has neither a model nor a store. Add model = ... to the class."),
        (
            {"store": None, "model": Book},
            "Books: no store of the App 'Shelf' supports the model <class 'shelf.Book'>. Install",
        ),
        ({"key": "pages"}, "Book has no attribute 'pages'. It has "),
        (
            {"key": "title"},
            "The key 'title' of Book is not unique. Pass unique=('title',) to its MemoryStore",
        ),
        (
            {"store": MemoryStore(Book, unique=("year",)), "key": "year"},
            "The key 'year' of Book is not unique",
        ),
        (
            {"store": MemoryStore(Book, unique=("on",)), "key": "on"},
            "The key 'on' of Book is a Boolean, but a key in a URL must be",
        ),
        ({"soft_delete": "title"}, "Book.title must mark removed items"),
        (
            {"pattern": "/shelves/<int:shelf>/books"},
            "the variable 'shelf' of the URL pattern is not an attribute of Book. Use one of",
        ),
    ],
)
def test_what_cannot_be_mounted_is_refused(members: dict[str, Any], says: str) -> None:
    """Verbs, stores, keys and URL patterns that do not fit are one clear sentence each."""
    refused(says, **members)


@dataclass
class Coded:
    name: Annotated[str, validate.Length(max=5)]
    code: uuid.UUID = field(default_factory=uuid.uuid4)


def test_keys_of_every_kind() -> None:
    """A key is an integer, a text as long as the store holds, or a UUID; the URL takes no other."""
    client = Client(mounted(store=MemoryStore(Coded, key="code", unique=("name",))))
    made = client.post("/books", json={"name": "a", "code": str(uuid.UUID(int=1))})
    assert made.headers["Location"] == f"/books/{uuid.UUID(int=1)}"
    assert client.get("/books/1").status == 404
    client = Client(
        mounted(
            store=MemoryStore(Coded, key="code", unique=("name",), items=[Coded("a/b")]), key="name"
        )
    )
    assert client.get("/books/a%2Fb").status == 404
    assert client.post("/books", json={"name": "é ?"}).headers["Location"] == "/books/%C3%A9%20%3F"
    assert client.get("/books/%C3%A9%20%3F").json["name"] == "é ?"
    assert client.get("/books/toolong").status == 404


class Teapot(Problem):
    status = 418
    title = "Teapot"


class Told(CRUDResource[Book]):
    """Books that are told of."""

    tags = ("shelf",)

    @raises(Teapot)
    @operation(summary="Make one", deprecated=True)
    def create(self, item: Book) -> Book:
        """Is not read, as the summary is given."""
        if item.title == "teapot":
            raise Teapot("no")
        return super().create(item)

    def read(self, key: Any) -> Book:
        """Read one.

        At length.
        """
        return super().read(key)

    def update(self, item: Book, values: Any) -> Book:
        return super().update(item, values)


def test_what_is_said_of_overridden_actions_is_in_the_document() -> None:
    """@raises, @operation and docstrings of actions are the operation's;
    those of CRUDResource's own are not.
    """
    app = mounted(base=Told)
    paths = document(app)["paths"]
    create, read = paths["/books"]["post"], paths["/books/{id}"]["get"]
    assert create["summary"] == "Make one"
    assert create["deprecated"] is True
    assert create["tags"] == ["shelf"]
    assert "418" in create["responses"]
    assert read["summary"] == "Read one."
    assert read["description"] == "At length."
    for operation_of in (paths["/books/{id}"]["patch"], paths["/books"]["get"]):
        assert "super" not in str(operation_of.get("summary"))
        assert "Store" not in str(operation_of.get("description"))
    client = Client(app)
    assert client.post("/books", json={"title": "teapot"}).status == 418
    assert client.post("/books", json={"title": "Emma"}).status == 201


def test_operation_ids() -> None:
    """Each verb has a name of its own, made of the class's."""
    app = App("Shelf")

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book)
        soft_delete = "on"

    app.add("/books", Books)
    paths = document(app)["paths"]
    found = {
        each["operationId"]
        for verbs in paths.values()
        for name, each in verbs.items()
        if name != "parameters"
    }
    assert found == {
        "listBooks",
        "createBook",
        "getBook",
        "replaceBook",
        "updateBook",
        "deleteBook",
        "restoreBook",
    }


def test_a_verb_is_told_by_the_action_that_its_user_writes() -> None:
    """No class has the verb; where it is declared is where `raises` belongs."""
    app = App("Shelf")

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book)
        soft_delete = "on"
        bulk = True

    app.add("/books", Books)
    found = [each.declared_at.rpartition(".")[2] for each in app.operations()]
    assert sorted(found) == [
        "bulk",
        "create",
        "delete",
        "list",
        "read",
        "replace",
        "restore",
        "update",
    ]


def test_the_same_class_at_two_urls_clashes_and_a_subclass_does_not() -> None:
    """Names of the document belong to one declaration; a subclass has names of its own."""

    class Books(CRUDResource[Book]):
        store = MemoryStore(Book)

    class GenreBooks(Books):
        pass

    app = App("Shelf")
    app.add("/books", Books)
    app.add("/genres/<genre>/books", GenreBooks)
    client = Client(app)
    made = client.post("/genres/essay/books", json={"title": "x"})
    assert made.json["genre"] == "essay"
    assert made.headers["Location"] == "/genres/essay/books/1"
    assert client.get("/genres/novel/books").json["items"] == []
    assert client.get("/genres/novel/books/1").status == 404


def test_verbs_that_are_not_mounted_have_no_say() -> None:
    """Without DELETE there is nothing to restore."""
    paths = document(mounted(soft_delete="on", methods={"GET"}))["paths"]
    assert not [path for path in paths if path.endswith("restore")]


def test_an_action_that_raises_a_problem_of_the_framework() -> None:
    """Overridden actions may refuse an item with any declared problem."""

    class Hidden(CRUDResource[Book]):
        def read(self, key: Any) -> Book:
            item = super().read(key)
            if item.genre == "hidden":
                raise NotFound("No item exists at this URL.")
            return item

    client = collection(Book("a"), Book("b", genre="hidden"), base=Hidden)
    for verb in (client.get, client.delete, lambda path: client.patch(path, json={"year": 1})):
        assert verb("/books/2").status == 404
    assert client.get("/books/1").status == 200


def test_no_store_takes_the_model() -> None:
    """A store of another model is none of this one's."""

    class Books(CRUDResource[Book]):
        model = Book

    app = App("Shelf")
    app.install(MemoryStore(Coded, key="code"))
    with pytest.raises(DeclarationError, match="no store of the App 'Shelf' supports the model"):
        app.add("/books", Books)


def test_urls_have_the_prefix_of_the_server() -> None:
    """Behind a prefix, Location, links to pages and the document begin with it."""
    app = mounted(store=MemoryStore(Book, items=[Book("a"), Book("b")]))
    client = Client(app, base_url="http://localhost/api")
    made = client.post("/books", json={"title": "c"})
    assert made.headers["Location"] == "/api/books/3"
    page = client.get("/books?limit=1")
    assert page.json["next"].startswith("/api/books?")
    assert page.headers["Link"].startswith("</api/books?")
    assert client.get("/openapi.json").json["servers"] == [{"url": "/api"}]
