"""emit and enqueue: rows of the outbox that are committed with the data, or not at all."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import (
    App,
    Conflict,
    ContractError,
    DeclarationError,
    Queue,
    Resource,
    enqueue,
    provide,
)
from restkit.crud import CRUDResource
from restkit.events import Event, Message, Outbox, emit, outbox_metadata
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "item"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))


class ItemSchema(Schema):
    id = fields.Int()
    name = fields.Str()
    secret = fields.Str(load_only=True)


class ItemMade(Event):
    """An item was created."""

    type = "item.created"
    schema = ItemSchema


class ItemLost(Event):
    type = "item.lost"
    schema = ItemSchema


done: list[object] = []


def send_mail(item_id: int, *, kind: str = "new") -> None:
    done.append((item_id, kind))


def other(item_id: int) -> None:
    done.append(item_id)


def publish(message: Message) -> None:
    done.append(message)


class Items(CRUDResource[Item]):
    model = Item

    def create(self, item: Item) -> Item:
        made = super().create(item)
        emit(ItemMade, made)
        enqueue(send_mail, made.id, kind="first")
        if made.name == "refused":
            raise Conflict("It was written, and then it failed.")
        return made


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)
    yield made
    made.close()


def shop(database: Database) -> App:
    app = App("Shop")
    app.install(database)
    app.install(Outbox(database, tasks=[send_mail], events=[ItemMade], relay=publish))
    return app


def rows(database: Database) -> list[Any]:
    table = outbox_metadata.tables["restkit_outbox"]
    with database.engine.connect() as connection:
        return [*connection.execute(sa.select(table).order_by(table.c.id))]


def test_rows_are_committed_with_the_data(database: Database) -> None:
    """The data has the key of the new row, and no field that is only written."""
    app = shop(database)
    app.add("/items", Items)
    client = Client(app)
    assert client.post("/items", json={"name": "lamp"}).status == 201
    event, task = rows(database)
    assert (event.kind, event.name) == ("relay", "item.created")
    assert json.loads(event.body) == {"id": 1, "name": "lamp"}
    assert event.message_id.startswith("msg_")
    assert (task.kind, task.name) == ("task", f"{__name__}:send_mail")
    assert json.loads(task.body) == {"args": [1], "kwargs": {"kind": "first"}}
    assert abs(event.due_at - event.created_at) < 2000


class RequiredSchema(Schema):
    id = fields.Int(required=True)
    label = fields.Str(required=True)


class ItemLabelled(Event):
    type = "item.labelled"
    schema = RequiredSchema


@pytest.mark.parametrize("is_checked", [True, False])
def test_data_of_an_event_has_its_schema(sqlite: Database, is_checked: bool) -> None:
    """As a response has; it is checked in tests and by the development server."""
    app = App("Shop")
    app.install(sqlite)
    app.install(Outbox(sqlite, events=[ItemLabelled], relay=publish))

    @app.post("/labels")
    def label() -> None:
        emit(ItemLabelled, {"id": 1})

    client = Client(app, contract=is_checked)
    if not is_checked:
        assert client.post("/labels").status == 204
        return
    with pytest.raises(
        ContractError, match=r"at the top.*Correct.*or correct ItemLabelled\.schema"
    ):
        client.post("/labels")
    assert rows(sqlite) == []


def test_rows_are_rolled_back_with_the_data(database: Database) -> None:
    """A problem of the method undoes both."""
    app = shop(database)
    app.add("/items", Items)
    client = Client(app)
    assert client.post("/items", json={"name": "refused"}).status == 409
    assert rows(database) == []
    assert client.get("/items").json["items"] == []


def test_rows_of_a_savepoint_are_rolled_back_with_it(database: Database) -> None:
    """What is undone to a savepoint has told nobody."""
    app = shop(database)

    @app.route("/two")
    class Two(Resource):
        rows = provide(session)

        def post(self) -> None:
            emit(ItemMade, {"id": 1, "name": "kept"})
            try:
                with self.rows.begin_nested():
                    emit(ItemMade, {"id": 2, "name": "undone"})
                    raise LookupError
            except LookupError:
                pass

    assert Client(app).post("/two").status == 204
    assert [json.loads(each.body)["name"] for each in rows(database)] == ["kept"]


def test_an_object_that_is_added_gets_its_key_first(database: Database) -> None:
    """The session is flushed before the data is dumped."""
    app = shop(database)

    @app.route("/made")
    class Made(Resource):
        rows = provide(session)

        def post(self) -> None:
            item = Item(name="vase")
            self.rows.add(item)
            emit(ItemMade, item)
            self.enqueue(send_mail, item.id)

    assert Client(app).post("/made").status == 204
    assert [json.loads(each.body) for each in rows(database)] == [
        {"id": 1, "name": "vase"},
        {"args": [1], "kwargs": {}},
    ]


def test_the_table_is_there_although_the_database_was_open(database: Database) -> None:
    """An Outbox that is installed later adds its table."""
    assert sa.inspect(database.engine).get_table_names() == ["item"]
    shop(database)
    assert "restkit_outbox" in sa.inspect(database.engine).get_table_names()


def test_a_session_of_the_program_is_a_unit_of_work(database: Database) -> None:
    """Programs without requests pass their session, which must have a transaction."""
    app = App("Shop", extensions=[database])
    outbox = Outbox(database, tasks=[send_mail], events=[ItemMade], relay=publish)
    app.install(outbox)
    with Session(database.engine) as unit, unit.begin():
        identity = outbox.emit(ItemMade, {"id": 5, "name": "x"}, session=unit)
        outbox.enqueue(send_mail, 5, session=unit)
    assert [each.message_id for each in rows(database)][:1] == [identity]
    assert len(rows(database)) == 2
    with Session(database.engine) as unit:
        with pytest.raises(DeclarationError, match="session without a transaction"):
            outbox.emit(ItemMade, {"id": 5}, session=unit)
        with pytest.raises(DeclarationError, match="session without a transaction"):
            outbox.enqueue(send_mail, 5, session=unit)
    assert len(rows(database)) == 2


def test_outside_of_a_unit_of_work(sqlite: Database) -> None:
    """One sentence says what to do, without a request and in one that only reads."""
    app = shop(sqlite)
    with pytest.raises(DeclarationError, match="outside of a unit of work"):
        emit(ItemMade, {"id": 1})
    with pytest.raises(RuntimeError, match="no current request"):
        enqueue(send_mail, 1)

    @app.get("/event")
    def event() -> None:
        emit(ItemMade, {"id": 1})

    @app.get("/task")
    def task() -> None:
        enqueue(send_mail, 1)

    client = Client(app)
    with pytest.raises(DeclarationError, match=r"emit\(ItemMade\) is called in a GET request"):
        client.get("/event")
    with pytest.raises(DeclarationError, match=r"enqueue\(send_mail\) is called in a GET"):
        client.get("/task")
    thread_error: list[Exception] = []

    def elsewhere() -> None:
        try:
            emit(ItemMade, {"id": 1})
        except DeclarationError as error:
            thread_error.append(error)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "no current request" in str(thread_error[0])


class Thing:
    def method(self) -> None:
        pass


CALLS: dict[str, tuple[Any, str]] = {
    "undeclared event": (lambda: emit(ItemLost, {"id": 1}), r"Webhooks\(database, events=\[ItemL"),
    "undeclared task": (lambda: enqueue(other, 1), r"has 0 queues for the task other"),
    "too few": (lambda: enqueue(send_mail), "does not fit its parameters: missing"),
    "unknown name": (lambda: enqueue(send_mail, 1, colour=2), "does not fit its parameters"),
    "an object": (lambda: enqueue(send_mail, Item(id=1)), "got Item as the argument 1"),
    "a tuple": (lambda: enqueue(send_mail, (1, 2)), "got tuple as the argument 1"),
    "nan": (lambda: enqueue(send_mail, float("nan")), "got float as the argument 1"),
    "nul": (lambda: enqueue(send_mail, 1, kind="\0"), "got str as the argument kind"),
    "surrogate": (lambda: enqueue(send_mail, 1, kind="\ud800"), "got str as the argument kind"),
    "number as name": (lambda: enqueue(send_mail, {1: 2}), "got dict as the argument 1"),
    "where": (lambda: emit(ItemMade, {}, where={"a": 1}), "chooses among the endpoints"),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_that_cannot_be_meant(name: str, sqlite: Database) -> None:
    """Each is one clear sentence, and leaves no row."""
    app = shop(sqlite)
    call, message = CALLS[name]
    app.post("/call")(lambda: call())
    with pytest.raises(DeclarationError, match=message):
        Client(app).post("/call")
    assert rows(sqlite) == []


def test_a_queue_beside_the_outbox(sqlite: Database) -> None:
    """A declared function is a row; the Queue takes the others."""
    app, sent = shop(sqlite), []
    app.install(Queue(lambda *call: sent.append(call)))

    @app.post("/both")
    def both() -> None:
        enqueue(send_mail, 1)
        enqueue("something", 2)

    assert Client(app).post("/both").status == 204
    assert [each.name for each in rows(sqlite)] == [f"{__name__}:send_mail"]
    assert sent == [("something", 2)]


def test_rolled_back_tests_see_the_rows(sqlite: Database) -> None:
    """The context for tests undoes them with the data."""
    app = shop(sqlite)
    app.add("/items", Items)
    with sqlite.rolled_back() as unit:
        assert Client(app).post("/items", json={"name": "lamp"}).status == 201
        table = outbox_metadata.tables["restkit_outbox"]
        assert unit.scalar(sa.select(sa.func.count()).select_from(table)) == 2
    assert rows(sqlite) == []
