"""MemoryStore: a model in memory that behaves as one on a database does."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from restkit import App, NotFound, Resource
from restkit.crud import (
    CRUDResource,
    KeyTaken,
    MemoryStore,
    ReferenceViolation,
    StaleWrite,
    UniqueViolation,
)
from restkit.crud.query import ListQuery
from restkit.errors import DeclarationError
from restkit.testing import Client


@dataclass
class Author:
    name: str
    id: int = 0


@dataclass
class Book:
    title: str
    isbn: str | None = None
    author_id: int | None = None
    tags: list[str] = field(default_factory=list)
    deleted_at: dt.datetime | None = None
    id: int = 0


class Plain:
    def __init__(self, slug: str, label: str = "none") -> None:
        self.slug = slug
        self.label = label


@pytest.fixture
def authors() -> MemoryStore[Author]:
    return MemoryStore(Author, unique=("name",))


@pytest.fixture
def books(authors: MemoryStore[Author]) -> MemoryStore[Book]:
    return MemoryStore(
        Book,
        unique=("isbn", ("title", "author_id")),
        references={"author_id": authors},
        timeout=0.05,
    )


def test_ids_are_counted_up_and_may_be_brought_along() -> None:
    """An item without a key gets the next number, behind those that were brought along."""
    store = MemoryStore(Author, items=[Author("A"), Author("B", id=7), Author("C")])
    assert [(each.id, each.name) for each in store.items] == [(1, "A"), (7, "B"), (8, "C")]


def test_a_key_that_is_no_number_is_given() -> None:
    """A plain class is a model by its constructor's arguments; its text key is in the URL."""

    class Shelves(CRUDResource[Plain]):
        store = MemoryStore(Plain, key="slug")
        upsert = True

    app = App("Shelves")
    app.add("/shelves", Shelves)
    client = Client(app)
    assert client.put("/shelves/top", json={"slug": "top", "label": "Top"}).status == 201
    assert client.post("/shelves", json={"slug": "top"}).status == 409
    assert client.post("/shelves", json={"slug": "low"}).json == {"slug": "low", "label": "none"}
    assert [vars(each)["label"] for each in Shelves.store.items] == ["Top", "none"]


def test_an_app_finds_an_installed_store_by_its_model(authors: MemoryStore[Author]) -> None:
    """A store that is installed serves the CRUDResource that names its model."""

    class Authors(CRUDResource[Author]):
        model = Author

    app = App("Library")
    app.install(authors)
    app.add("/authors", Authors)
    assert Client(app).post("/authors", json={"name": "Jane"}).json == {"id": 1, "name": "Jane"}


class Calls(Resource):
    """Lets a test work on a store in a request."""

    work: Any = None
    stores: Any = ()

    def post(self) -> dict[str, Any]:
        return {
            "done": type(self).work(*(store.open(self.request, self.app) for store in self.stores))
        }


def run(work: Any, *stores: MemoryStore[Any]) -> Any:
    """Run a function in a request, with the transactions on stores."""
    app = App("Calls")
    calls = type("Calls", (Calls,), {"work": staticmethod(work), "stores": stores})
    app.add("/", calls)
    return Client(app).post("/").json["done"]


def scoped(rows: Any, key: Any, **options: Any) -> Any:
    return rows.get(key, scope={}, **options)


def test_a_failed_request_leaves_nothing(books: MemoryStore[Book]) -> None:
    """What a request has written before it fails is not kept."""

    def work(rows: Any) -> None:
        rows.add(Book("Emma"))
        assert len(rows.list(ListQuery()).items) == 1
        raise NotFound("no")

    app = App("Calls")
    app.add("/", type("Calls", (Calls,), {"work": staticmethod(work), "stores": (books,)}))
    client = Client(app, contract=False)
    assert client.post("/").status == 404
    assert books.items == []


def test_items_are_copies(books: MemoryStore[Book]) -> None:
    """Changing an item that was handed out, or was handed in, changes nothing that is kept."""

    def work(rows: Any) -> None:
        mine = Book("Emma", tags=["novel"])
        rows.add(mine)
        mine.tags.append("mine")
        listed = rows.list(ListQuery()).items[0]
        listed.tags.append("listed")
        next(rows.stream(ListQuery())).title = "streamed"
        assert scoped(rows, 1) == Book("Emma", tags=["novel"], id=1)

    run(work, books)
    books.items[0].tags.append("snapshot")
    assert books.items[0].tags == ["novel"]


def test_a_write_of_what_was_changed_since_is_stale(books: MemoryStore[Book]) -> None:
    """Of two copies of an item, the one that is written second is stale;
    so is one that was removed.
    """

    def work(rows: Any) -> None:
        rows.add(Book("Emma"))
        one, two = scoped(rows, 1), scoped(rows, 1)
        before = books.version(one)
        rows.change(one, {"title": "Persuasion"})
        assert books.version(one) == before + 1
        with pytest.raises(StaleWrite):
            rows.change(two, {"title": "Sanditon"})
        with pytest.raises(StaleWrite):
            rows.remove(two)
        rows.remove(one)
        with pytest.raises(StaleWrite):
            rows.change(one, {"title": "Sanditon"})

    run(work, books)


def test_a_change_to_the_same_is_none(books: MemoryStore[Book]) -> None:
    """Setting attributes to what they are leaves the version;
    an item that was never kept has none.
    """

    def work(rows: Any) -> None:
        item = Book("Emma")
        assert books.version(item) is None
        rows.add(item)
        before = books.version(item)
        rows.change(item, {"title": "Emma"})
        assert books.version(item) == before

    run(work, books)


def test_rules_of_uniqueness(books: MemoryStore[Book]) -> None:
    """One attribute, several together, and the key may be had once; None is like no other;
    nothing is lost by it.
    """

    def work(rows: Any) -> None:
        rows.add(Book("Emma", isbn="1"))
        rows.add(Book("Emma"))
        with pytest.raises(UniqueViolation) as taken:
            rows.add(Book("Persuasion", isbn="1"))
        assert taken.value.names == ("isbn",)
        with pytest.raises(KeyTaken):
            rows.add(Book("Persuasion", id=1))
        with pytest.raises(UniqueViolation):
            rows.change(scoped(rows, 2), {"isbn": "1"})
        rows.change(scoped(rows, 1), {"isbn": "2"})
        rows.add(Book("Persuasion", isbn="1"))
        rows.remove(scoped(rows, 1))
        rows.add(Book("Sanditon", isbn="2"))

    run(work, books)
    assert [(each.id, each.title, each.isbn) for each in books.items] == [
        (2, "Emma", None),
        (3, "Persuasion", "1"),
        (4, "Sanditon", "2"),
    ]


def test_references(authors: MemoryStore[Author], books: MemoryStore[Book]) -> None:
    """An item names one that exists; one that is named stays, under its key."""

    def work(people: Any, rows: Any) -> None:
        with pytest.raises(ReferenceViolation) as lost:
            rows.add(Book("Emma", author_id=1))
        assert lost.value.names == ("author_id",)
        people.add(Author("Jane"))
        rows.add(Book("Emma", author_id=1))
        with pytest.raises(ReferenceViolation):
            people.remove(scoped(people, 1))
        with pytest.raises(ReferenceViolation):
            people.change(scoped(people, 1), {"id": 5})
        people.change(scoped(people, 1), {"name": "Jane Austen"})
        with pytest.raises(ReferenceViolation):
            rows.change(scoped(rows, 1), {"author_id": 2})
        assert rows.has_parents({"author_id": 1}) is True
        assert rows.has_parents({"author_id": 2}) is False
        rows.remove(scoped(rows, 1))
        people.remove(scoped(people, 1))

    run(work, authors, books)
    assert authors.items == []
    assert books.items == []


def test_stores_that_refer_to_each_other_are_kept_together() -> None:
    """Stores joined by a third one's references share one transaction,
    and what was in them stays.
    """
    ones, twos = MemoryStore(Author, items=[Author("A")]), MemoryStore(Author, items=[Author("B")])

    @dataclass
    class Pair:
        one_id: int
        two_id: int
        id: int = 0

    pairs = MemoryStore(Pair, references={"one_id": ones, "two_id": twos}, items=[Pair(1, 1)])
    assert [each.name for each in ones.items] == ["A"]
    assert [each.name for each in twos.items] == ["B"]

    def work(first: Any, second: Any) -> None:
        first.add(Author("C"))
        with pytest.raises(ReferenceViolation):
            second.remove(scoped(second, 1))
        second.add(Author("D"))

    run(work, ones, twos)
    assert len(ones.items) == 2
    assert len(twos.items) == 2
    assert len(pairs.items) == 1


@pytest.fixture
def library(authors: MemoryStore[Author], books: MemoryStore[Book]) -> Iterator[App]:
    class Books(CRUDResource[Book]):
        store = books

        def create(self, item: Book) -> Book:
            made = super().create(item)
            if made.title == "wait":
                self.app.held.set()
                assert self.app.go_on.wait(30)
            return made

    app: Any = App("Library")
    app.held, app.go_on = threading.Event(), threading.Event()
    app.add("/books", Books)
    yield app
    app.go_on.set()


def test_who_writes_too_long_keeps_others_waiting(library: Any, books: MemoryStore[Book]) -> None:
    """A second writer that waits longer than the store's limit is told to come back;
    readers never wait.
    """
    answers: list[Any] = []
    writer = threading.Thread(
        target=lambda: answers.append(Client(library).post("/books", json={"title": "wait"}))
    )
    writer.start()
    assert library.held.wait(30)
    busy = Client(library).post("/books", json={"title": "Emma"})
    assert busy.status == 503
    assert busy.headers["Retry-After"] == "2"
    assert Client(library).get("/books").json["items"] == []
    library.go_on.set()
    writer.join(30)
    assert answers[0].status == 201
    assert Client(library).post("/books", json={"title": "Emma"}).status == 201
    assert [each.title for each in books.items] == ["wait", "Emma"]


def test_a_value_that_is_lacking_is_422() -> None:
    """Where a schema lets an attribute be left out that the model needs, the answer is 422."""
    from marshmallow import Schema, fields

    class LooseSchema(Schema):
        name = fields.Str()

    class Authors(CRUDResource[Author]):
        store = MemoryStore(Author)
        schema = LooseSchema

    app = App("Library")
    app.add("/authors", Authors)
    assert Client(app).post("/authors", json={}).status == 422


def test_soft_deletion_by_a_boolean() -> None:
    """A boolean says too that an item was removed; it is none of the schema's fields."""

    @dataclass
    class Note:
        text: str
        gone: bool = False
        id: int = 0

    class Notes(CRUDResource[Note]):
        store = MemoryStore(Note)
        soft_delete = "gone"

    app = App("Notes")
    app.add("/notes", Notes)
    client = Client(app)
    assert client.post("/notes", json={"text": "x"}).json == {"id": 1, "text": "x"}
    assert client.delete("/notes/1").status == 204
    assert client.get("/notes/1").status == 404
    assert Notes.store.items[0].gone is True
    assert client.post("/notes/1/restore").status == 200
    assert client.get("/notes").json["items"] == [{"id": 1, "text": "x"}]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (
            lambda: MemoryStore(Author, key="slug"),
            "Author has no attribute 'slug'. It has id, name.",
        ),
        (lambda: MemoryStore(Author, unique=("slug",)), "has no attribute 'slug'"),
        (lambda: MemoryStore(Author, unique=(("name", "slug"),)), "has no attribute 'slug'"),
        (
            lambda: MemoryStore(Author, references={"slug": MemoryStore(Author)}),
            "has no attribute 'slug'",
        ),
        (lambda: MemoryStore(Book, key="isbn"), "The key 'isbn' of Book must not be None"),
        (
            lambda: MemoryStore(Author).configured(key="name", soft_delete=None),
            "of Author is not unique",
        ),
        (
            lambda: MemoryStore(Author).configured(key="", soft_delete="name"),
            "must mark removed items",
        ),
        (
            lambda: MemoryStore(Author).configured(key="", soft_delete="gone"),
            "has no attribute 'gone'",
        ),
    ],
)
def test_what_cannot_be_a_store_is_refused(make: Any, says: str) -> None:
    """A store that its model cannot have is one clear sentence."""
    with pytest.raises(DeclarationError, match=says):
        make()


@dataclass
class Shift:
    begins: dt.time | None = None
    id: int = 0


@pytest.mark.parametrize("sort", ["begins", "-begins"])
def test_times_with_and_without_a_zone_have_an_order(sort: str) -> None:
    """Whatever times clients send, lists are sorted and asked about:
    one of another kind breaks none of them.
    """
    app = App("Shifts")
    members = {"store": MemoryStore(Shift), "sorts": ("begins",), "filters": ("begins__*",)}
    app.add("/shifts", type("Shifts", (CRUDResource,), members))
    client = Client(app)
    for time in ("12:00:00Z", "11:00:00", None, "13:00:00", "11:00:00+02:00"):
        assert client.post("/shifts", json={"begins": time}).status == 201
    url, found = f"/shifts?limit=1&sort={sort}", []
    while url:
        page = client.get(url).json
        found += [each["id"] for each in page["items"]]
        url = page["next"]
    assert found == ([2, 4, 5, 1, 3] if sort == "begins" else [3, 1, 5, 4, 2])
    assert [each["id"] for each in client.get("/shifts?begins__gte=12:00:00").json["items"]] == [
        1,
        4,
        5,
    ]
    assert [each["id"] for each in client.get("/shifts?begins__lt=12:00:00Z").json["items"]] == [
        2,
        4,
        5,
    ]
