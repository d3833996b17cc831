"""Work after the commit: it runs once the unit of work is over, and only if that succeeds."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from databases import database_url
from redis_server import redis_url
from shelf import Book, collection
from sqlalchemy.orm import Session
from tickets import STORES, Base, TicketRow, desk, tickets

from restkit import App, Conflict, Queue, Request, Resource, after_commit, obtain, provide
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Noting(CRUDResource[Any]):
    """Tells of each new ticket after the commit."""

    bulk = True
    told: list[str] = []

    def create(self, item: Any) -> Any:
        self.after_commit(lambda: self.told.append(f"before {item.title}"))
        made = super().create(item)
        self.after_commit(lambda: self.told.append(f"after {item.title}"))
        if item.title == "refused":
            raise Conflict("It was written, and then it failed.")
        return made


@pytest.fixture(params=STORES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[App, type]]:
    Noting.told = []
    with desk(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def client(place: tuple[App, type]) -> Client:
    app, model = place
    app.add("/tickets", tickets(model, Noting))
    return Client(app)


def test_functions_run_in_order_after_the_commit_alone(client: Client) -> None:
    """They run after a success, in the order of their calls, and not after a failure."""
    assert client.post("/tickets", json={"title": "a"}).status == 201
    assert Noting.told == ["before a", "after a"]
    assert client.post("/tickets", json={"title": "refused"}).status == 409
    assert Noting.told == ["before a", "after a"]
    assert client.get("/tickets").json["items"][0]["title"] == "a"


def test_a_savepoint_that_is_undone_drops_its_functions(place: tuple[App, type]) -> None:
    """`rows.attempt()` forgets what was asked for in it."""

    class Trying(Noting):
        def create(self, item: Any) -> Any:
            self.after_commit(lambda: self.told.append("first"))
            try:
                with self.rows.attempt():
                    self.after_commit(lambda: self.told.append("undone"))
                    self.rows.add(self.rows.build({"title": "x"}))
                    raise LookupError
            except LookupError:
                pass
            with self.rows.attempt():
                self.after_commit(lambda: self.told.append("kept"))
            return super().create(item)

    app, model = place
    app.add("/tickets", tickets(model, Trying))
    assert Client(app).post("/tickets", json={"title": "a"}).status == 201
    assert Noting.told == ["first", "kept", "before a", "after a"]


def test_a_bulk_request_that_fails_tells_nothing(client: Client) -> None:
    """All or none holds for what follows the commit too."""
    many = {"create": [{"title": "a"}, {"title": "refused"}]}
    assert client.post("/tickets/bulk", json=many).status == 409
    assert Noting.told == []
    assert client.post("/tickets/bulk", json={"create": [{"title": "a"}]}).status == 200
    assert Noting.told == ["before a", "after a"]


def test_the_commit_is_visible_to_the_function(tmp_path: Path) -> None:
    """Another connection sees the row; what the function itself opens is committed too."""
    seen: list[int] = []
    with desk("sqlite", tmp_path) as (app, _):
        database = next(each for each in app.extensions if isinstance(each, Database))

        @app.post("/tickets")
        def make() -> str:
            obtain(session, Request.current()).add(TicketRow(title="a"))
            after_commit(look)
            return "made"

        def look() -> None:
            with Session(database.engine) as other:
                seen.append(other.query(TicketRow).count())
            obtain(session, Request.current()).add(TicketRow(title="b"))

        assert Client(app).post("/tickets").status == 200
        with Session(database.engine) as other:
            assert (seen, other.query(TicketRow).count()) == ([1], 2)


def test_what_fails_is_logged_and_changes_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The response stays, the next function runs, and the log has the traceback."""
    told: list[str] = []

    class Failing(CRUDResource[Any]):
        def create(self, item: Any) -> Any:
            self.after_commit(self._fail)
            self.after_commit(lambda: told.append("next"))
            return super().create(item)

        def _fail(self) -> None:
            self.rows.add(self.rows.build({"title": "lost"}))
            raise RuntimeError("the mail server is down")

    with desk("sqlite", tmp_path) as (app, model), caplog.at_level(logging.ERROR, "restkit"):
        app.add("/tickets", tickets(model, Failing))
        client = Client(app)
        assert client.post("/tickets", json={"title": "a"}).status == 201
        assert told == ["next"]
        assert "_fail failed after the commit" in caplog.text
        assert "the mail server is down" in caplog.text
        assert [each["title"] for each in client.get("/tickets").json["items"]] == ["a"]


def test_several_databases_commit_before_the_first_function(tmp_path: Path) -> None:
    """If one of them cannot commit, no function runs."""
    told: list[str] = []
    with database_url("sqlite", tmp_path) as one, database_url("sqlite", tmp_path) as two:
        databases = [Database(url, create=Base.metadata) for url in (one, two)]

        class Both(Resource):
            first = provide(databases[0].session)
            second = provide(databases[1].session)

            def post(self) -> None:
                self.after_commit(lambda: told.append("done"))
                self.first.add(TicketRow(title="a"))
                self.second.add(TicketRow(title=None if "bad" in self.request.path else "b"))

        app = App("Both")
        for each in databases:
            app.install(each)
        app.add("/both", Both)
        app.add("/bad", Both, name="bad")
        client = Client(app)
        assert client.post("/both").status == 204
        assert told == ["done"]
        assert client.post("/bad").status >= 400
        assert told == ["done"]
        for each in databases:
            each.close()


def test_a_rolled_back_session_drops_its_functions(tmp_path: Path) -> None:
    """An explicit rollback undoes what was asked for before it; begin_nested is a savepoint."""
    told: list[str] = []
    with desk("sqlite", tmp_path) as (app, _):

        class Rolled(Resource):
            session = provide(session)

            def post(self) -> None:
                self.session.add(TicketRow(title="a"))
                self.session.flush()
                self.after_commit(lambda: told.append("undone"))
                self.session.rollback()
                self.session.add(TicketRow(title="b"))
                self.session.flush()
                self.after_commit(lambda: told.append("kept"))
                nested = self.session.begin_nested()
                self.after_commit(lambda: told.append("nested"))
                nested.rollback()

        app.add("/rolled", Rolled)
        assert Client(app).post("/rolled").status == 204
        assert told == ["kept"]


def test_without_a_unit_of_work_it_runs_before_the_response() -> None:
    """A function route has no session; the work follows it all the same."""
    told: list[str] = []
    app = App("Plain")

    @app.post("/plain")
    def plain() -> str:
        after_commit(lambda: told.append("after"))
        told.append("in")
        return "done"

    assert Client(app).post("/plain").json == "done"
    assert told == ["in", "after"]


def test_mistakes_are_told() -> None:
    """A function with parameters, a call outside of a request, and a missing queue."""
    with pytest.raises(RuntimeError, match="no current request"):
        after_commit(lambda: None)

    class Wrong(CRUDResource[Book]):
        def read(self, key: object) -> Book:
            if key == 1:
                self.after_commit(lambda one: None)  # type: ignore[arg-type,misc]  # the mistake
            self.enqueue(print, "a")
            return super().read(key)

    client = collection(Book("Emma"), base=Wrong)
    with pytest.raises(DeclarationError, match="function of after_commit"):
        client.get("/books/1")
    with pytest.raises(DeclarationError, match="has 0 queues"):
        client.get("/books/2")
    with pytest.raises(DeclarationError, match="sends a task"):
        Queue("redis")  # type: ignore[arg-type]  # the mistake


def test_tasks_reach_a_queue_in_redis_after_the_commit(place: tuple[App, type]) -> None:
    """A worker that takes a task finds the row; a request that fails sends none."""
    server = redis.Redis.from_url(redis_url())
    name = f"restkit-test-{os.getpid()}"
    server.delete(name)

    def send(task: str, **arguments: object) -> None:
        server.rpush(name, json.dumps([task, arguments]))

    class Queueing(CRUDResource[Any]):
        def create(self, item: Any) -> Any:
            made = super().create(item)
            self.enqueue("receipt", ticket=made.id)
            if item.title == "refused":
                raise Conflict("It was written, and then it failed.")
            return made

    app, model = place
    app.install(Queue(send))
    app.add("/tickets", tickets(model, Queueing))
    client = Client(app)
    try:
        assert client.post("/tickets", json={"title": "refused"}).status == 409
        assert server.llen(name) == 0
        url = client.post("/tickets", json={"title": "a"}).headers["Location"]
        task, arguments = json.loads(server.lpop(name) or b"null")
        assert (task, url) == ("receipt", f"/tickets/{arguments['ticket']}")
        assert client.get(url).status == 200
    finally:
        server.delete(name)
        server.close()
