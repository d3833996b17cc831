"""Reads on connections that no transaction of SQLAlchemy surrounds: given back, and unobserved."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from restkit import App, Proceed, Request, Response
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Limits, session
from restkit.sqlalchemy.silence import Silence
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    place: Mapped[int | None]


class Shelves(CRUDResource[Shelf]):
    model = Shelf
    sorts = ("name", "place")


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database."""
    with database_url(request.param, tmp_path) as found:
        yield found


def served(database: Database, *middleware: Any) -> App:
    app = App("Shelves", contract="raise")
    app.install(database)
    for each in middleware:
        app.middleware(each)
    app.add("/shelves", Shelves)
    client = Client(app)
    for name, place in (("low", 1), ("high", None), ("middle", 2)):
        assert client.post("/shelves", json={"name": name, "place": place}).status == 201
    return app


def opened(url: str, **options: Any) -> closing[Database]:
    limits = Limits(connections=1, overflow=0, pool=1)
    return closing(Database(url, create=Base.metadata, limits=limits, **options))


def checked_out(database: Database) -> int:
    return database.engine.pool.checkedout()  # type: ignore[attr-defined]  # QueuePool's


@pytest.mark.parametrize("query", ["", "?sort=name&limit=1", "?sort=-place&limit=2"])
def test_the_connection_goes_back_to_the_pool(url: str, query: str) -> None:
    """A pool of one connection serves any number of reads, found and not found."""
    with opened(url) as database:
        client = Client(served(database))
        for _ in range(3):
            assert client.get(f"/shelves{query}").status == 200
            assert client.get("/shelves/2").json["name"] == "high"
            assert client.get("/shelves/99").status == 404
            assert client.head("/shelves/1").status == 200
            assert checked_out(database) == 0


def test_pages_across_null_see_one_state(url: str) -> None:
    """A page of two statements, one of them for null, is what one statement would give."""
    with opened(url) as database:
        client = Client(served(database))
        page = client.get("/shelves?sort=place&limit=2").json
        assert [each["place"] for each in page["items"]] == [1, 2]
        page = client.get(page["next"]).json
        assert [each["place"] for each in page["items"]] == [None]
        assert checked_out(database) == 0


def test_no_transaction_stays_open_without_a_reset_of_the_pool(url: str) -> None:
    """Reads end their transaction themselves, so that a writer does not wait for them."""
    with opened(url, pool_reset_on_return=None) as database:
        client = Client(served(database))
        assert len(client.get("/shelves?sort=place").json["items"]) == 3
        with database.engine.connect() as connection:
            driver: Any = connection.connection.dbapi_connection
            state = getattr(driver, "in_transaction", None)
            assert state is False or driver.info.transaction_status == 0
        assert client.patch("/shelves/1", json={"place": 9}).status == 200


def test_reads_cannot_write(url: str) -> None:
    """After a read, the connection writes in the next request that may, and only there."""
    with opened(url) as database:
        client = Client(served(database))
        for number in range(3):
            assert client.get("/shelves/1").status == 200
            assert client.patch("/shelves/1", json={"place": number}).status == 200
            assert client.get("/shelves/1").json["place"] == number


def test_a_lost_connection_is_dropped(url: str) -> None:
    """A failing statement is the problem of the database, and the connection is not kept."""
    with opened(url) as database:
        client = Client(served(database), raise_errors=False)
        with database.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE shelf RENAME TO other"))
        assert client.get("/shelves/1").status >= 500
        assert client.get("/shelves").status >= 500
        assert checked_out(database) == 0
        with database.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE other RENAME TO shelf"))
        assert client.get("/shelves/1").status == 200


def test_followers_of_transactions_see_them(url: str) -> None:
    """With a listener to the beginning of transactions, reads have transactions of SQLAlchemy."""
    with opened(url) as database:
        client = Client(served(database))
        assert client.get("/shelves/1").status == 200
        seen: list[str] = []

        def begin(connection: sa.Connection) -> None:
            seen.append("begin")

        event.listen(database.engine, "begin", begin)
        assert client.get("/shelves/1").status == 200
        assert client.get("/shelves").status == 200
        event.remove(database.engine, "begin", begin)
        assert seen == ["begin", "begin"]


def test_a_session_of_the_request_shares_its_transaction(url: str) -> None:
    """What middleware has opened is used by the read, so that one connection is enough."""

    def look(request: Request, proceed: Proceed) -> Response:
        if request.method == "GET":
            assert session(request).scalar(sa.select(sa.func.count(Shelf.id))) == 3
        return proceed(request)

    with opened(url) as database:
        client = Client(served(database, look))
        assert client.get("/shelves/2").json["name"] == "high"
        assert len(client.get("/shelves").json["items"]) == 3
        assert checked_out(database) == 0


def test_silence_is_broken_by_listeners_wherever_they_are_added() -> None:
    """Listeners of an engine, its options, its class, a session and its class are noticed."""

    def listener(*_: object) -> None:
        raise AssertionError

    for index in range(3):
        engine = sa.create_engine("sqlite://")
        reading = engine.execution_options(restkit_test=True)
        target = (engine, reading, sa.Engine)[index]
        silence = Silence([(reading.dispatch, ("begin", "commit"))], {})
        assert silence.holds
        event.listen(target, "begin", listener)
        assert not silence.holds
        event.remove(target, "begin", listener)
    maker = sessionmaker(engine)
    opened_session = maker()
    for other in (maker, Session):
        silence = Silence([(opened_session.dispatch, ("after_begin",))])
        assert silence.holds
        event.listen(other, "after_begin", listener)
        assert not silence.holds
        event.remove(other, "after_begin", listener)
        assert silence.holds
    event.listen(maker, "before_commit", listener)
    assert Silence([(opened_session.dispatch, ("before_commit",))], {"before_commit": 1}).holds
    assert not Silence([(opened_session.dispatch, ("before_commit",))]).holds
