"""Writes on connections that no `Connection` of SQLAlchemy wraps: committed, undone, given back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import event
from sqlalchemy.exc import PendingRollbackError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.request import current_request
from restkit.sqlalchemy import Database, Limits, session
from restkit.sqlalchemy.engines import begin_writing, make_engine
from restkit.sqlalchemy.lent_connections import LentConnection
from restkit.sqlalchemy.writing_connections import Writer, whole
from restkit.testing import Client

POSTGRESQL = [each for each in KINDS if each != "sqlite"]


class Watched(sa.types.TypeDecorator[str]):
    """A text that a test may look at when its row is read or has just been written."""

    impl = sa.String(40)
    cache_ok = True
    watcher: Callable[[str], object] = str

    def process_result_value(self, value: str | None, dialect: object) -> str | None:
        """Show the text."""
        Watched.watcher(str(value))
        return value


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Watched, unique=True)
    # Checked at COMMIT, not before.
    parent_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("note.id", deferrable=True, initially="DEFERRED")
    )


class Notes(CRUDResource[Note]):
    model = Note
    bulk = True


class KeyedNotes(CRUDResource[Note]):
    model = Note
    key = "text"
    upsert = True


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of an empty database."""
    with database_url(request.param, tmp_path) as found:
        yield found


@contextmanager
def served(url: str, *middleware: Any, **options: Any) -> Iterator[tuple[Client, Database]]:
    """Serve the notes on a pool of one connection, which every request has to give back."""
    limits = Limits(connections=1, overflow=0, pool=1, lock=0.2)
    with closing(Database(url, create=Base.metadata, limits=limits, **options)) as database:
        app = App("Notes", contract="raise")
        app.install(database)
        for each in middleware:
            app.middleware(each)
        app.add("/notes", Notes)
        app.add("/keyed", KeyedNotes)
        yield Client(app, raise_errors=False), database
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # QueuePool's


def texts_in(url: str) -> list[str]:
    """Return the texts that are stored, as another program sees them."""
    engine = sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    with engine.connect() as connection:
        found = [each[0] for each in connection.execute(sa.select(Note.text).order_by(Note.id))]
    engine.dispose()
    return found


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("SQLAlchemy's Connection is not needed")


def test_writes_need_no_connection_of_sqlalchemy(url: str, monkeypatch: Any) -> None:
    """Each verb commits on the driver's own connection if nobody listens to the engine."""
    with served(url) as (client, database):
        database.engine.connect().close()
        monkeypatch.setattr(sa.Engine, "connect", refuse)
        monkeypatch.setattr(sa.Connection, "__init__", refuse)
        assert client.post("/notes", json={"text": "a"}).status == 201
        assert client.post("/notes", json={"text": "b"}).status == 201
        assert client.patch("/notes/1", json={"text": "c"}).status == 200
        assert client.put("/notes/1", json={"text": "d"}).status == 200
        assert client.delete("/notes/2").status == 204
        assert client.get("/notes/1").json == {"id": 1, "text": "d", "parent_id": None}
        monkeypatch.undo()
        assert texts_in(url) == ["d"]


def test_refused_writes_leave_nothing_open(url: str) -> None:
    """After each kind of refusal, the connection is back without a transaction."""
    with served(url, pool_reset_on_return=None) as (client, database):
        for text in ("a", "b"):
            assert client.post("/notes", json={"text": text}).status == 201
        tag, made = client.get("/notes/1").headers["ETag"], {"text": "a"}
        refused = [
            (409, lambda: client.post("/notes", json={"text": "a"})),
            (409, lambda: client.patch("/notes/1", json={"text": "b"})),
            (404, lambda: client.patch("/notes/9", json={"text": "c"})),
            (422, lambda: client.patch("/notes/1", json={"text": 5})),
            (412, lambda: client.delete("/notes/2", headers={"If-Match": tag})),
            (409, lambda: client.post("/notes/bulk", json={"create": [{"text": "x"}, made]})),
        ]
        for status, ask in refused:
            assert ask().status == status
            with database.engine.connect() as connection:
                driver: Any = connection.connection.dbapi_connection
                state = getattr(driver, "in_transaction", None)
                assert state is False or driver.info.transaction_status == 0
        assert client.post("/notes", json={"text": "c"}).status == 201
        assert texts_in(url) == ["a", "b", "c"]


def test_an_error_after_the_write_undoes_it(url: str, monkeypatch: Any) -> None:
    """Whatever fails before the commit, nothing is stored, and the connection is back."""

    def fail(text: str) -> None:
        if text == "b":
            raise OSError

    with served(url) as (client, _):
        assert client.post("/notes", json={"text": "a"}).status == 201
        monkeypatch.setattr(Watched, "watcher", fail)
        assert client.post("/notes", json={"text": "b"}).status == 500
        assert client.patch("/notes/1", json={"text": "b"}).status == 500
        assert client.post("/notes", json={"text": "c"}).status == 201
        assert texts_in(url) == ["a", "c"]


@pytest.mark.parametrize("ending", ["", "flush", "commit", "fail"])
def test_a_session_opened_after_the_write_is_in_its_transaction(
    url: str, ending: str, monkeypatch: Any
) -> None:
    """It sees the row on the only connection; what it adds is committed or undone with it."""
    seen: list[int | None] = []

    def look(text: str) -> None:
        request = current_request.get(None)
        if text != "b" or request is None or seen:
            return
        opened = session(request)
        seen.append(0)
        seen[0] = opened.scalar(sa.text("SELECT count(*) FROM note"))
        opened.add(Note(text="added"))
        if ending in ("flush", "commit"):
            getattr(opened, ending)()
        if ending == "fail":
            raise OSError

    with served(url) as (client, _):
        assert client.post("/notes", json={"text": "a"}).status == 201
        monkeypatch.setattr(Watched, "watcher", look)
        status = client.post("/notes", json={"text": "b"}).status
        monkeypatch.undo()
        assert (status, seen) == (500 if ending == "fail" else 201, [2])
        assert texts_in(url) == (["a"] if ending == "fail" else ["a", "b", "added"])
        assert client.delete("/notes/1").status == 204


def test_keys_of_clients_and_bulk_need_savepoints(url: str) -> None:
    """A taken key is a problem, and the rest of the unit of work goes on."""
    with served(url) as (client, _):
        assert client.put("/keyed/a", json={"parent_id": None}).status == 201
        assert client.put("/keyed/a", json={"parent_id": 1}).status == 200
        assert client.post("/keyed", json={"text": "a"}).status == 409
        many = client.post("/notes/bulk", json={"create": [{"text": "b"}, {"text": "c"}]})
        assert many.status == 200
        assert texts_in(url) == ["a", "b", "c"]


def test_a_commit_that_fails_is_the_response(url: str) -> None:
    """A constraint that is checked at COMMIT is a 409; the next write has a clean connection."""
    with served(url) as (client, _):
        assert client.post("/notes", json={"text": "a"}).status == 201
        for _number in range(2):
            assert client.post("/notes", json={"text": "b", "parent_id": 9}).status == 409
            assert client.patch("/notes/1", json={"parent_id": 9}).status == 409
        assert client.post("/notes", json={"text": "c", "parent_id": 1}).status == 201
        assert texts_in(url) == ["a", "c"]


def test_a_writer_of_sqlite_that_waits_too_long(tmp_path: Path) -> None:
    """A transaction that cannot begin is a 503, and gives its connection back."""
    with database_url("sqlite", tmp_path) as url, served(url) as (client, _):
        assert client.post("/notes", json={"text": "a"}).status == 201
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as other:
            other.execute("BEGIN IMMEDIATE")
            for _number in range(2):
                busy = client.post("/notes", json={"text": "b"})
                assert (busy.status, busy.headers["Retry-After"]) == (503, "2")
            other.rollback()
        assert client.post("/notes", json={"text": "b"}).status == 201


def end_others(url: str) -> None:
    """End the connections of all others to a database of PostgreSQL."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.mark.parametrize("kind", POSTGRESQL)
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_connection_lost_on_the_way_is_replaced(
    kind: str, moment: str, tmp_path: Path, monkeypatch: Any
) -> None:
    """Before the statement, or between it and the commit: a 503 and nothing stored."""
    with database_url(kind, tmp_path) as url, served(url) as (client, database):
        for text in "abcdefg":  # more often than psycopg takes to prepare a statement
            assert client.post("/notes", json={"text": text}).status == 201
        ended: list[str] = []

        def end(*_: object) -> None:
            if not ended:
                ended.append(url)
                end_others(url)

        if moment == "before":
            event.listen(database.engine, "checkout", end)
        else:
            monkeypatch.setattr(Watched, "watcher", end)
        lost = client.post("/notes", json={"text": "lost"})
        assert ended
        assert (lost.status, lost.headers["Retry-After"]) == (503, "2")
        assert client.patch("/notes/1", json={"text": "z"}).status == 200
        assert texts_in(url) == ["z", *"bcdefg"]


def _log(database: Database) -> None:
    database.engine.echo = True


def _translate(database: Database) -> None:
    database.engine.update_execution_options(schema_translate_map={"x": "y"})


@pytest.mark.parametrize("follow", [_log, _translate])
def test_logs_and_options_need_the_connection_of_sqlalchemy(
    url: str, follow: Callable[[Database], None], monkeypatch: Any
) -> None:
    """What SQLAlchemy's Connection writes and changes is not passed over."""
    made: list[int] = []
    begin = sa.Connection.begin

    def counted(connection: sa.Connection) -> Any:
        made.append(1)
        return begin(connection)

    with served(url) as (client, database):
        database.engine.connect().close()
        monkeypatch.setattr(sa.Connection, "begin", counted)
        assert client.post("/notes", json={"text": "a"}).status == 201
        assert made == []
        follow(database)
        assert client.post("/notes", json={"text": "b"}).status == 201
        assert made == [1]


TOLD = ("engine_connect", "begin", "commit", "rollback", "before_cursor_execute", "before_execute")


@pytest.mark.parametrize("name", TOLD)
@pytest.mark.parametrize("target", ["engine", "Engine", "Connection"])
def test_listeners_are_told_wherever_they_are_added(
    url: str, name: str, target: str, monkeypatch: Any
) -> None:
    """A listener that is added between two requests is told of each write from then on."""
    told: list[str] = []
    monkeypatch.setattr(sa.Connection, "_has_events", False)  # it stays True after a removal

    def listener(*_: object) -> None:
        told.append(name)

    with served(url) as (client, database):
        assert client.post("/notes", json={"text": "a"}).status == 201
        targets = {"engine": database.engine, "Engine": sa.Engine, "Connection": sa.Connection}
        event.listen(targets[target], name, listener)
        try:
            wanted = 409 if name == "rollback" else 201
            text = "a" if name == "rollback" else "b"
            assert client.post("/notes", json={"text": text}).status == wanted
            assert told
        finally:
            event.remove(targets[target], name, listener)
        assert client.patch("/notes/1", json={"text": "c"}).status == 200


class Setting(DeclarativeBase):
    pass


class Kept(Setting):
    __tablename__ = "kept"

    id: Mapped[int] = mapped_column(primary_key=True)
    level: Mapped[str] = mapped_column(
        sa.String(40), server_default=sa.text("current_setting('transaction_isolation')")
    )


@pytest.mark.parametrize("kind", POSTGRESQL)
@pytest.mark.parametrize(
    ("options", "level"),
    [
        ({}, "read committed"),
        ({"isolation_level": "SERIALIZABLE"}, "serializable"),
        ({"execution_options": {"isolation_level": "REPEATABLE READ"}}, "repeatable read"),
    ],
)
def test_the_isolation_level_of_the_engine_holds(
    kind: str, options: dict[str, Any], level: str, tmp_path: Path
) -> None:
    """Both ways to set it."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Setting.metadata, **options)) as database,
    ):
        app = App("Settings")
        app.install(database)
        app.add("/kept", type("AllKept", (CRUDResource,), {"model": Kept}))
        client = Client(app)
        for _ in range(2):
            assert client.post("/kept", json={}).json["level"] == level
            assert client.get("/kept/1").status == 200


def test_a_lost_unit_of_work_goes_on_with_nothing(url: str) -> None:
    """Whoever catches the error of a lost connection gets another one, as from SQLAlchemy."""
    engine = make_engine(url, Limits(connections=1, overflow=0), {})
    pool: Any = engine.pool
    with Writer(engine, begin_writing).begin() as made:  # type: ignore[union-attr]  # nobody listens
        made.invalidate(OSError())
        with pytest.raises(PendingRollbackError):
            made.commit()
        with pytest.raises(PendingRollbackError):
            whole(made)
    with Writer(engine, begin_writing).begin() as made:  # type: ignore[union-attr]  # nobody listens
        assert whole(made) is whole(made)
        made.invalidate(OSError())
        with pytest.raises(PendingRollbackError):
            made.execute(sa.text("SELECT 1"), {})
    assert pool.checkedout() == 0

    def fail(lent: LentConnection) -> None:
        raise OSError("the driver")

    with pytest.raises(OSError, match="the driver"):
        Writer(engine, fail).begin()
    assert pool.checkedout() == 0
    with LentConnection(engine) as lent, pytest.raises(TypeError, match="no transaction"):
        whole(lent)
    assert pool.checkedout() == 0
    engine.dispose()
