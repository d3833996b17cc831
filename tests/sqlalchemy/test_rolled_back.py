"""`Database.rolled_back`: the App works as usual, and afterwards nothing has happened."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import ForeignKey, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App, DeclarationError, Request, Resource, provide
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Timestamps, Versioned, session
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)


class Book(Versioned, Timestamps, Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    # Checked at COMMIT.
    next_id: Mapped[int | None] = mapped_column(
        ForeignKey("book.id", deferrable=True, initially="DEFERRED")
    )
    author: Mapped[Author | None] = relationship()


class Books(CRUDResource[Book]):
    model = Book
    bulk = True
    sorts = ("title",)


class Authors(CRUDResource[Author]):
    model = Author


class Titles(Resource):
    """Reads and writes with the session of the request."""

    session = provide(session)

    def get(self) -> list[str]:
        return list(self.session.scalars(select(Book.title).order_by(Book.title)))

    def post(self) -> None:
        self.session.add(Book(title="through a session"))


class Writing(Resource):
    session = provide(session)

    def get(self) -> None:
        self.session.add(Book(title="by a GET"))


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        with Session(made.engine) as own:
            own.add(Author(id=100, name="Jane"))
            own.add(Book(id=100, title="Persuasion", author_id=100))
            own.commit()
        yield made
        made.close()


@pytest.fixture
def client(database: Database) -> Client:
    app = App("Books")
    app.install(database)
    app.add("/books", Books)
    app.add("/authors", Authors)
    app.add("/titles", Titles)
    app.add("/writing", Writing)
    return Client(app)


def titles(client: Client) -> list[str]:
    found: list[str] = client.get("/titles").json
    listed = client.get("/books?sort=title&limit=100").json["items"]
    assert [each["title"] for each in listed] == found
    return found


def test_what_the_app_writes_is_seen_until_the_end(database: Database, client: Client) -> None:
    """Requests see each other's commits, by collections and by sessions; then all is gone."""
    with database.rolled_back():
        made = client.post("/books", json={"title": "Emma", "author_id": 100})
        assert made.status == 201
        tag = {"If-Match": made.headers["ETag"]}
        url = made.headers["Location"]
        assert client.patch(url, json={"title": "Emma!"}, headers=tag).status == 200
        assert client.patch(url, json={"title": "Emma?"}, headers=tag).status == 412
        assert client.post("/titles").status == 204
        assert client.delete("/books/100").status == 204
        assert titles(client) == ["Emma!", "through a session"]
    assert titles(client) == ["Persuasion"]
    assert client.post("/books", json={"title": "Emma"}).status == 201
    assert titles(client) == ["Emma", "Persuasion"]


def test_problems_roll_back_their_own_request_only(database: Database, client: Client) -> None:
    """A violated constraint and a problem leave what other requests have written."""
    with database.rolled_back():
        assert client.post("/authors", json={"name": "Mary"}).status == 201
        assert client.post("/authors", json={"name": "Mary"}).status == 409
        assert client.post("/books", json={"title": "Lost", "author_id": 5}).status == 409
        changes = {"create": [{"title": "a"}, {"title": "b", "author_id": 5}]}
        assert client.post("/books/bulk", json=changes).status == 409
        assert titles(client) == ["Persuasion"]
        names = {each["name"] for each in client.get("/authors").json["items"]}
        assert names == {"Jane", "Mary"}
    assert client.get("/authors").json["items"] == [{"id": 100, "name": "Jane"}]


def test_constraints_that_wait_for_the_commit_are_checked(
    database: Database, client: Client
) -> None:
    """A deferred foreign key is a 409 as usual, and the next request works."""
    with database.rolled_back():
        assert client.post("/books", json={"title": "Lost", "next_id": 999}).status == 409
        assert client.post("/books", json={"title": "Kept", "next_id": 100}).status == 201
        assert titles(client) == ["Kept", "Persuasion"]


def test_a_safe_method_cannot_write(database: Database, client: Client) -> None:
    """It is a mistake of the program here too, and writes work afterwards."""
    with database.rolled_back():
        with pytest.raises(sa.exc.DBAPIError, match=r"read-?only"):
            client.get("/writing")
        assert client.post("/titles").status == 204
        assert titles(client) == ["Persuasion", "through a session"]


def test_the_session_of_the_test_shares_everything(database: Database, client: Client) -> None:
    """Rows of a factory are there for requests, committed or only flushed, and the reverse."""
    with database.rolled_back() as own:
        own.add(Book(title="flushed", author=Author(name="Mary")))
        own.flush()
        assert titles(client) == ["Persuasion", "flushed"]
        client.post("/titles")
        own.commit()
        assert titles(client) == ["Persuasion", "flushed", "through a session"]
        assert own.scalar(select(sa.func.count()).select_from(Book)) == 3
        book = own.scalars(select(Book).where(Book.title == "flushed")).one()
        client.patch(f"/books/{book.id}", json={"title": "changed"})
        own.refresh(book)
        assert book.title == "changed"
        own.rollback()
        with Session(database.engine) as another:
            another.add(Book(title="another"))
            another.commit()
        assert titles(client) == ["Persuasion", "another", "changed", "through a session"]
    assert titles(client) == ["Persuasion"]


def test_blocks_may_stand_within_each_other(database: Database, client: Client) -> None:
    """Rows for all tests of a module in the outer one, those of one test in the inner one."""
    with database.rolled_back() as outer:
        outer.add(Book(title="of the module"))
        outer.commit()
        for _ in range(2):
            with database.rolled_back() as inner:
                inner.add(Book(title="of the test"))
                inner.commit()
                client.post("/titles")
                assert len(titles(client)) == 4
            assert titles(client) == ["Persuasion", "of the module"]
    assert titles(client) == ["Persuasion"]


def test_an_error_in_the_block_ends_it_too(database: Database, client: Client) -> None:
    """A failed test leaves nothing behind, and the connection goes back to the pool."""

    def failing() -> None:
        with database.rolled_back() as own:
            client.post("/titles")
            own.add(Book(title="pending"))
            own.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert titles(client) == ["Persuasion"]
    pool: Any = database.engine.pool
    assert pool.checkedout() == 0


def test_json_lines_and_a_middleware_work(database: Database) -> None:
    """A stream that is read to its end, and work of a middleware after the method."""
    app = App("Books")
    app.install(database)

    @app.middleware
    def audit(request: Request, proceed: Any) -> Any:
        response = proceed(request)
        if request.method == "POST":
            session(request).add(Author(name="audit"))
        return response

    app.add("/books", Books)
    app.add("/authors", Authors)
    client = Client(app)
    with database.rolled_back():
        assert client.post("/books", json={"title": "Emma"}).status == 201
        lines = client.get("/books?sort=title", headers={"Accept": "application/x-ndjson"})
        assert len(lines.text.splitlines()) == 2
        assert len(client.get("/authors").json["items"]) == 2
    assert len(client.get("/authors").json["items"]) == 1


def test_a_database_in_memory() -> None:
    """Its only connection is the shared one."""
    memory = Database("sqlite://", create=Base.metadata)
    app = App("Books")
    app.install(memory)
    app.add("/books", Books)
    app.add("/titles", Titles)
    client = Client(app)
    for _ in range(2):
        with memory.rolled_back() as own:
            own.add(Book(title="Emma"))
            own.commit()
            assert titles(client) == ["Emma"]
    assert titles(client) == []
    memory.close()


def test_the_database_of_an_app() -> None:
    """`Database.of` finds the only one."""
    app = App("Books")
    with pytest.raises(DeclarationError, match="'Books' has 0 Databases installed"):
        Database.of(app)
    database = Database("sqlite://")
    app.install(database)
    assert Database.of(app) is database
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match="has 2 Databases"):
        Database.of(app)
