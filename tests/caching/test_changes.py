"""Writes invalidate stored responses: of collections, of plain resources, and by hand."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from databases import database_url
from sqlalchemy import ForeignKey, String, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Conflict, Resource, provide, raises
from restkit.caching import Cache
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "cached_authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Book(Base):
    __tablename__ = "cached_books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    author_id: Mapped[int] = mapped_column(ForeignKey("cached_authors.id", ondelete="CASCADE"))
    author: Mapped[Author] = relationship()


class Label(Base):
    __tablename__ = "cached_labels"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Books(CRUDResource[Book]):
    model = Book
    expand = ("author",)
    filters = ("title", "author__name")
    groups = ("title",)
    aggregates = ("count",)
    bulk = True
    cache = Cache(60)


class Authors(CRUDResource[Author]):
    model = Author
    by_filter = ("DELETE",)
    filters = ("name",)


class Labels(CRUDResource[Label]):
    model = Label
    cache = Cache(60)


class Shop:
    """An App with three collections over a database."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, create=Base.metadata)
        self.app = App("Shop")
        self.app.install(self.database)
        for path, resource in (("/books", Books), ("/authors", Authors), ("/labels", Labels)):
            self.app.add(path, resource)

        @self.app.route("/titles")
        class Titles(Resource):
            cache = Cache(60)
            session = provide(session)

            def get(self) -> list[str]:
                return list(self.session.scalars(text("select title from cached_books")))

            def post(self) -> list[str]:
                self.session.execute(text("update cached_books set title = 'changed'"))
                return []

        self.client = Client(self.app)
        with self.database.engine.begin() as connection:
            for table in ("cached_books", "cached_authors", "cached_labels"):
                connection.execute(text(f"delete from {table}"))
        self.author = self.client.post("/authors", json={"name": "Jane"}).json["id"]
        content = {"title": "Emma", "author_id": self.author}
        self.book = self.client.post("/books", json=content).json["id"]
        self.client.post("/labels", json={"name": "new"})

    def is_stored(self, path: str) -> bool:
        """Return whether the response of a URL comes from the cache."""
        return "Age" in self.client.get(path).headers

    def paths(self) -> list[str]:
        """Return the URLs that show the book."""
        book = f"/books/{self.book}"
        found = ["/books", book, f"{book}?expand=author", "/books?author__name=Jane"]
        return [*found, "/books/totals", "/titles"]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shop]:
    with database_url(request.param, tmp_path) as url:
        made = Shop(url)
        yield made
        made.database.close()


WRITES: dict[str, Any] = {
    "patch": lambda shop: shop.client.patch(f"/books/{shop.book}", json={"title": "Emma II"}),
    "put": lambda shop: shop.client.put(
        f"/books/{shop.book}", json={"title": "Emma III", "author_id": shop.author}
    ),
    "post": lambda shop: shop.client.post(
        "/books", json={"title": "Persuasion", "author_id": shop.author}
    ),
    "bulk": lambda shop: shop.client.post(
        "/books/bulk", json={"create": [{"title": "Sanditon", "author_id": shop.author}]}
    ),
    "delete": lambda shop: shop.client.delete(f"/books/{shop.book}"),
    "text": lambda shop: shop.client.post("/titles"),
    "cascade": lambda shop: shop.client.delete(f"/authors/{shop.author}"),
    "by-filter": lambda shop: shop.client.delete("/authors?name=Jane"),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_write_invalidates_what_shows_its_rows(shop: Shop, write: Any) -> None:
    for path in shop.paths():
        assert not shop.is_stored(path), path
        assert shop.is_stored(path), path
    assert not shop.is_stored("/labels")
    before = {path: shop.client.get(path) for path in shop.paths()}
    assert write(shop).status < 300
    for path in shop.paths():
        assert not shop.is_stored(path), path
    assert shop.is_stored("/labels")
    assert shop.client.get("/titles").json is not None
    assert all(each.status == 200 for each in before.values())


def test_a_change_of_a_related_row_invalidates_what_shows_it(shop: Shop) -> None:
    book = f"/books/{shop.book}"
    for path in shop.paths():
        shop.client.get(path)
    shop.client.patch(f"/authors/{shop.author}", json={"name": "Jane A."})
    assert not shop.is_stored(f"{book}?expand=author")
    assert shop.client.get(f"{book}?expand=author").json["author"]["name"] == "Jane A."
    assert not shop.is_stored("/books?author__name=Jane")
    assert shop.client.get("/books?author__name=Jane").json["items"] == []


def test_writes_outside_of_requests_count_too(shop: Shop) -> None:
    shop.client.get("/titles")
    with shop.database.engine.begin() as connection:
        connection.execute(text("update cached_books set title = 'Lady Susan'"))
    assert shop.client.get("/titles").json == ["Lady Susan"]
    with shop.database.rolled_back() as inner:
        assert shop.is_stored("/titles")
        inner.add(Book(title="Sanditon", author_id=shop.author))
        inner.commit()
        assert len(shop.client.get("/titles").json) == 2
    assert shop.client.get("/titles").json == ["Lady Susan"]


def test_invalidation_by_hand(shop: Shop) -> None:
    targets: list[Any] = [Book, Books, Author]
    for target in targets:
        shop.client.get("/books?author__name=Jane")
        assert shop.is_stored("/books?author__name=Jane")
        shop.app.cache.invalidate(target)
        assert not shop.is_stored("/books?author__name=Jane")
    shop.client.get("/labels")
    shop.app.cache.invalidate(Book, Books)
    assert shop.is_stored("/labels")
    shop.app.cache.clear()
    assert not shop.is_stored("/labels")
    with pytest.raises(LookupError, match="no tags"):
        shop.app.cache.invalidate("books")
    with pytest.raises(LookupError, match=r"Authors.*is not cached"):
        shop.app.cache.invalidate(Authors)


def test_a_read_that_began_before_a_write_is_not_stored_after_it(tmp_path: Path) -> None:
    """The reader has its snapshot of the database, and stores only after the write."""
    reading, written = threading.Event(), threading.Event()
    database = Database(f"sqlite:///{tmp_path}/slow.db", create=Base.metadata)
    app = App("Slow")
    app.install(database)
    app.add("/labels", Labels)

    @app.route("/slow")
    class Slow(Resource):
        cache = Cache(60)
        session = provide(session)

        def get(self) -> list[str]:
            found = list(self.session.scalars(text("select name from cached_labels")))
            reading.set()
            assert written.wait(10)
            return found

    client = Client(app)
    client.post("/labels", json={"name": "old"})
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(client.get, "/slow")
        assert reading.wait(10)
        assert client.patch("/labels/1", json={"name": "new"}).status == 200
        written.set()
        assert slow.result().json == ["old"]
    assert client.get("/slow").json == ["new"]
    database.close()


def test_no_stale_response_after_a_write_was_acknowledged(shop: Shop) -> None:
    """Threads write growing numbers and read: nobody sees less than what was acknowledged."""
    path = f"/books/{shop.book}"
    acknowledged, lock, faults = [0], threading.Lock(), []
    shop.client.patch(path, json={"title": "0"})

    def write() -> None:
        for _ in range(25):
            with lock:
                number = acknowledged[0] + 1
                assert shop.client.patch(path, json={"title": str(number)}).status == 200
                acknowledged[0] = number

    def read() -> None:
        choose = random.Random(threading.get_ident())
        while not ended.is_set():
            least = acknowledged[0]
            url = choose.choice([path, "/books", "/titles"])
            found = shop.client.get(url).json
            if isinstance(found, dict):
                found = [each["title"] for each in found.get("items", [found])]
            if int(found[0]) < least:
                faults.append((url, found, least))

    ended = threading.Event()
    with ThreadPoolExecutor(5) as pool:
        readers = [pool.submit(read) for _ in range(4)]
        pool.submit(write).result()
        ended.set()
        for each in readers:
            each.result()
    assert acknowledged == [25]
    assert faults == []


def test_stores_in_memory() -> None:
    from dataclasses import make_dataclass

    item = make_dataclass("Item", [("name", str), ("id", int, 0)])
    other = make_dataclass("Other", [("name", str), ("id", int, 0)])
    store, others = MemoryStore(item), MemoryStore(other)
    app = App("Memory")
    app.install(store)
    app.install(others)
    items = type("Items", (CRUDResource,), {"model": item, "cache": Cache(60)})
    app.add("/items", items)
    app.add("/others", type("Others", (CRUDResource,), {"model": other, "cache": Cache(60)}))

    @app.get("/names", cache=Cache(60, tags=["names"]))
    def names() -> list[str]:
        return [each.name for each in store.items]

    client = Client(app)
    key = client.post("/items", json={"name": "a"}).json["id"]
    for path in ("/items", f"/items/{key}", "/others", "/names"):
        assert "Age" not in client.get(path).headers
        assert "Age" in client.get(path).headers
    client.patch(f"/items/{key}", json={"name": "b"})
    assert client.get("/items").json["items"][0]["name"] == "b"
    assert client.get(f"/items/{key}").json["name"] == "b"
    assert client.get("/names").json == ["b"]
    assert "Age" in client.get("/others").headers
    with store.rolled_back():
        client.patch(f"/items/{key}", json={"name": "c"})
        assert client.get("/names").json == ["c"]
    assert client.get("/names").json == ["b"]
    assert "Age" in client.get("/names").headers
    app.cache.invalidate("names")
    assert "Age" not in client.get("/names").headers


def test_unsafe_requests_to_plain_resources() -> None:
    app, shelf = App("Plain"), {1: "Emma"}

    @app.route("/books")
    class Shelf(Resource):
        cache = Cache(60)

        def get(self) -> list[str]:
            return list(shelf.values())

    @app.route("/books/<int:book_id>")
    class Item(Resource):
        cache = Cache(60)

        def get(self, book_id: int) -> list[str]:
            return [shelf[book_id]]

        @raises(Conflict)
        def put(self, book_id: int) -> None:
            if shelf[book_id] == "final":
                raise Conflict("It is final.")
            shelf[book_id] = "final"

    @app.get("/books/<int:book_id>/reviews", cache=Cache(60))
    def reviews(book_id: int) -> list[str]:
        return []

    @app.get("/news", cache=Cache(60))
    def news() -> list[str]:
        return []

    client = Client(app)
    paths = ["/books", "/books/1", "/books/1/reviews", "/news"]
    for path in paths:
        client.get(path)
    assert client.put("/books/1").status == 204
    assert ["Age" in client.get(path).headers for path in paths] == [False, False, False, True]
    assert client.get("/books").json == ["final"]
    assert client.put("/books/1").status == 409
    assert all("Age" in client.get(path).headers for path in paths)


def test_what_load_has_read_counts(tmp_path: Path) -> None:
    """The object of the URL is loaded before the cache is asked."""
    database = Database(f"sqlite:///{tmp_path}/load.db", create=Base.metadata)
    app = App("Loaded")
    app.install(database)
    app.add("/labels", Labels)

    @app.route("/names/<int:label_id>")
    class Name(Resource):
        cache = Cache(60)
        session = provide(session)

        def load(self, label_id: int) -> Label | None:
            return self.session.get(Label, label_id)

        def get(self, label_id: int) -> list[str]:
            return [self.request.environ["restkit.loaded"].name]

    client = Client(app)
    client.post("/labels", json={"name": "old"})
    assert client.get("/names/1").json == ["old"]
    assert "Age" in client.get("/names/1").headers
    client.patch("/labels/1", json={"name": "new"})
    assert client.get("/names/1").json == ["new"]
    assert client.get("/names/2").status == 404
    database.close()
