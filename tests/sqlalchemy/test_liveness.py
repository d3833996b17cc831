"""Connections of PostgreSQL: one round trip for a read, and dead ones replaced unseen."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from databases import database_url
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Limits, liveness
from restkit.testing import Client

pytestmark = [pytest.mark.external, pytest.mark.postgresql]


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Shelves(CRUDResource[Shelf]):
    model = Shelf
    sorts = ("name",)


class Relay:
    """A relay between a client and PostgreSQL, which counts what the client sends.

    Attributes:
        url: The URL of the database through the relay.
        sent: The number of times that the client has sent something.
    """

    def __init__(self, url: str) -> None:
        made = make_url(url)
        self.sent = 0
        self._server = (made.host or "127.0.0.1", made.port or 5432)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.url = made.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(self._server)
            self._sockets += [client, server]
            threading.Thread(target=self._pass, args=(client, server, 1), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, 0), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, counted: int) -> None:
        try:
            while data := source.recv(65536):
                self.sent += counted
                target.sendall(data)
            target.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    def close(self) -> None:
        """End all connections."""
        for each in (self._listener, *self._sockets):
            each.close()


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database."""
    with database_url("postgresql", tmp_path) as found:
        yield found


def served(database: Database) -> App:
    app = App("Shelves", contract="raise")
    app.install(database)
    app.add("/shelves", Shelves)
    client = Client(app)
    for name in ("low", "high", "middle"):
        assert client.post("/shelves", json={"name": name}).status == 201
    return app


def opened(url: str, **options: Any) -> closing[Database]:
    limits = Limits(connections=1, overflow=0, pool=1)
    return closing(Database(url, create=Base.metadata, limits=limits, **options))


def round_trips(url: str, **options: Any) -> dict[str, int]:
    """Return how often requests wait for the database, the connection and statements known."""
    found: dict[str, int] = {}
    relay = Relay(url)
    with closing(relay), opened(relay.url, **options) as database:
        client = Client(served(database))
        requests = {
            "item": ("GET", "/shelves/1"),
            "list": ("GET", "/shelves?limit=2"),
            "sorted": ("GET", "/shelves?limit=2&sort=name"),
            "create": ("POST", "/shelves"),
            "change": ("PATCH", "/shelves/2"),
        }
        for name, (method, path) in requests.items():
            for number in range(7):  # a statement is prepared when it is executed often
                content = None if method == "GET" else {"name": f"{number}"}
                begin = relay.sent
                assert client.request(method, path, json=content).status < 300
                found[name] = relay.sent - begin
    return found


def test_a_read_is_one_round_trip(url: str) -> None:
    """An item and a page of a list wait once for PostgreSQL; writes begin and commit besides."""
    assert round_trips(url) == {"item": 1, "list": 1, "sorted": 1, "create": 3, "change": 4}


@pytest.mark.parametrize("level", ["SERIALIZABLE", "REPEATABLE READ"])
def test_an_isolation_level_of_the_program_holds_in_reads(url: str, level: str) -> None:
    """An engine with an isolation level has a transaction of it around each read."""
    found = round_trips(url, isolation_level=level)
    assert (found["item"], found["list"]) == (3, 3)


def test_a_connection_is_pinged_after_a_while_and_where_the_program_says_so(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network may drop an idle connection without a word, so that its age decides."""
    usual = round_trips(url)
    assert round_trips(url, pool_pre_ping=False) == usual
    asked = {name: count + 1 for name, count in usual.items()}
    assert round_trips(url, pool_pre_ping=True) == asked
    monkeypatch.setattr(liveness, "_RECENTLY", 0)
    assert round_trips(url) == asked


def end_connections(url: str) -> int:
    """End all connections to a database but this one, as a restart does."""
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    return len(ended)


def test_connections_that_the_server_has_ended_are_replaced(url: str) -> None:
    """No request sees that its connection was ended since the request before, reads and writes."""
    with opened(url) as database:
        client = Client(served(database))
        for number in range(3):
            for method, path, content in (
                ("GET", "/shelves/1", None),
                ("GET", "/shelves", None),
                ("POST", "/shelves", {"name": f"n{number}"}),
                ("PATCH", "/shelves/1", {"name": f"p{number}"}),
            ):
                assert end_connections(url) == 1
                assert client.request(method, path, json=content).status in (200, 201)


def test_each_connection_of_a_pool_is_replaced(url: str) -> None:
    """After a restart no request meets a dead connection, whichever of the pool it takes."""
    limits = Limits(connections=3, overflow=0, pool=1)
    with closing(Database(url, create=Base.metadata, limits=limits)) as database:
        client = Client(served(database))
        connections = [database.engine.connect() for _ in range(3)]
        for each in connections:
            each.close()
        assert end_connections(url) == 3
        assert [client.get("/shelves/1").status for _ in range(4)] == [200] * 4


def test_a_notice_is_no_reason_to_drop_a_connection(url: str) -> None:
    """What the server sends unasked is read by a ping, and the connection is used on."""
    with opened(url) as database:
        client = Client(served(database))
        with database.engine.connect() as connection:
            before = connection.scalar(sa.text("SELECT pg_backend_pid()"))
            connection.exec_driver_sql("LISTEN news")
            connection.commit()
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("NOTIFY news, 'hello'")
        assert client.get("/shelves/1").status == 200
        with database.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT pg_backend_pid()")) == before


def test_connections_are_given_back_without_autocommit(url: str) -> None:
    """After a read, found or failed, the next user of the connection has transactions."""
    with opened(url) as database:
        app = served(database)
        client = Client(app, raise_errors=False)

        def state() -> tuple[bool, bool]:
            with database.engine.connect() as connection:
                driver: Any = connection.connection.dbapi_connection
                return driver.autocommit, driver.info.transaction_status == 0

        assert client.get("/shelves/1").status == 200
        assert state() == (False, True)
        with database.engine.begin() as connection:
            connection.execute(sa.text("ALTER TABLE shelf RENAME TO other"))
        assert client.get("/shelves/1").status >= 500
        assert client.get("/shelves").status >= 500
        assert state() == (False, True)
