"""What programs see of the ORM is the same, whichever way rows are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session, mapped_column, registry, sessionmaker

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, session
from restkit.sqlalchemy.core_checks import Observers, has_listeners
from restkit.testing import Client


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Return a database whose tables are made by `serve`."""
    with closing(Database(f"sqlite:///{tmp_path}/items.db")) as made:
        yield made


def _models(**options: Any) -> tuple[Any, Any]:
    base = registry(**options).generate_base()
    item = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "name": mapped_column(sa.String(20)),
        "shelf": mapped_column(sa.Integer, nullable=True),
        "gone": mapped_column(sa.Boolean, default=False),
    }
    user = {
        "__tablename__": "user",
        "id": mapped_column(sa.Integer, primary_key=True),
        "login": mapped_column(sa.String(20)),
        "seen": mapped_column(sa.Integer),
    }
    return type("Item", (base,), item), type("User", (base,), user)


def _serve(database: Database, item: Any, pattern: str = "/items", **members: Any) -> App:
    item.metadata.create_all(database.engine)
    app = App("Items")
    app.install(database)
    app.add(pattern, type("Items", (CRUDResource,), {"model": item, **members}))
    return app


def test_objects_of_a_middleware_stay_usable_after_a_write(database: Database) -> None:
    """An object that was loaded before the write keeps its values after the commit."""
    item, user = _models()
    app = _serve(database, item)
    logins = []

    def audit(request: Any, proceed: Callable[[Any], Any]) -> Any:
        found = session(request).get(user, 1)
        response = proceed(request)
        logins.append(found and found.login)
        return response

    app.middleware(audit)
    with Session(database.engine) as own:
        own.add(user(id=1, login="ann", seen=0))
        own.commit()
    assert Client(app).post("/items", json={"name": "a", "gone": False}).status == 201
    assert logins == ["ann"]


def test_changes_without_autoflush_are_committed_with_the_write(database: Database) -> None:
    """What a session holds back belongs to the same unit of work."""
    item, user = _models()
    app = _serve(database, item)

    def count(request: Any, proceed: Callable[[Any], Any]) -> Any:
        if request.method == "POST":
            own = session(request)
            own.autoflush = False
            own.get(user, 1).seen += 1
        return proceed(request)

    app.middleware(count)
    with Session(database.engine) as own:
        own.add(user(id=1, login="ann", seen=0))
        own.commit()
    assert Client(app).post("/items", json={"name": "a", "gone": False}).status == 201
    with Session(database.engine) as own:
        assert own.get(user, 1).seen == 1


def test_the_listener_of_an_overridden_session_hears_the_write(database: Database) -> None:
    """The only listener of a session maker of one's own is not taken for restkit's."""
    item, _ = _models()
    app = _serve(database, item)
    maker, heard = sessionmaker(database.engine), []
    event.listen(maker, "before_flush", lambda *_: heard.append("flush"))

    def own_session(request: Any) -> Iterator[Session]:
        with maker() as made:
            yield made
            made.commit()

    with app.override(database.session, own_session):
        assert Client(app).post("/items", json={"name": "a", "gone": False}).status == 201
    assert heard == ["flush"]


@pytest.mark.parametrize(
    ("attribute", "pattern", "expected"),
    [("name", "/items", ["a"]), ("shelf", "/shelves/<int:shelf>/items", [7])],
)
def test_listeners_of_attributes_hear_each_value(
    attribute: str, pattern: str, expected: list[Any], database: Database
) -> None:
    """A value of the body and one of the URL are set on an object that has listeners."""
    item, _ = _models()
    app = _serve(database, item, pattern)
    heard: list[Any] = []
    event.listen(getattr(item, attribute), "set", lambda target, value, *_: heard.append(value))
    url = pattern.replace("<int:shelf>", "7")
    assert Client(app).post(url, json={"name": "a", "gone": False}).status == 201
    assert heard == expected


def test_listeners_of_the_mark_of_removal_hear_it(database: Database) -> None:
    """A soft deletion sets the attribute of an object."""
    item, _ = _models()
    heard: list[Any] = []
    event.listen(item.gone, "set", lambda target, value, *_: heard.append(value))
    client = Client(_serve(database, item, soft_delete="gone"))
    made = client.post("/items", json={"name": "a"})
    heard.clear()
    assert client.delete(made.headers["Location"], headers={"If-Match": "*"}).status == 204
    assert heard == [True]


def test_a_constructor_of_the_registry_makes_the_items(database: Database) -> None:
    """SQLAlchemy lets a base have a constructor for all of its models."""

    def constructor(self: Any, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value.strip() if isinstance(value, str) else value)

    item, _ = _models(constructor=constructor)
    made = Client(_serve(database, item)).post("/items", json={"name": " a ", "gone": False})
    assert made.json["name"] == "a"


def test_a_listener_of_the_connection_of_a_request_hears_every_statement(
    database: Database,
) -> None:
    """Also those that need no session, if the request has one whose connection is listened to."""
    item, _ = _models()
    app = _serve(database, item)
    heard: list[str] = []

    def listen(request: Any, proceed: Callable[[Any], Any]) -> Any:
        connection = session(request).connection()
        event.listen(
            connection, "before_cursor_execute", lambda *rest: heard.append(rest[2].split()[0])
        )
        return proceed(request)

    app.middleware(listen)
    client = Client(app)
    made = client.post("/items", json={"name": "a", "gone": False})
    assert made.status == 201
    assert "INSERT" in heard
    heard.clear()
    assert client.get(made.headers["Location"]).status == 200
    assert client.get("/items").json["items"]
    assert heard.count("SELECT") >= 2


# listeners


def _no_one(*_: Any, **__: Any) -> None:
    return None


def _own_session() -> Session:
    """Return a session with the listeners that restkit has itself."""
    made = Session()
    for name in ("before_flush", "after_flush", "after_soft_rollback"):
        event.listen(made, name, lambda *_: None)
    return made


READ = [
    *(("item", name) for name in ("load", "refresh")),
    *(("session", name) for name in ("do_orm_execute", "after_transaction_create")),
    *(("session", name) for name in ("after_transaction_end", "after_begin", "before_commit")),
    *(("session", name) for name in ("after_commit", "after_rollback", "loaded_as_persistent")),
]
WRITTEN = [
    ("item", "refresh_flush"),
    *(("mapper", name) for name in ("before_insert", "after_insert", "before_update")),
    *(("mapper", name) for name in ("after_update", "before_delete", "after_delete")),
    *(("session", name) for name in ("after_flush_postexec", "before_attach", "after_attach")),
    *(("session", name) for name in ("transient_to_pending", "pending_to_persistent")),
    *(("session", name) for name in ("persistent_to_deleted", "deleted_to_detached")),
    *(("session", name) for name in ("before_flush", "after_flush", "after_soft_rollback")),
]


@pytest.mark.parametrize("is_pattern", [True, False])
@pytest.mark.parametrize(
    ("of", "name", "is_read"),
    [*((*each, True) for each in READ), *((*each, False) for each in WRITTEN)],
)
def test_listeners_are_observers(of: str, name: str, *, is_read: bool, is_pattern: bool) -> None:
    """Those of writes are none where rows are only read; restkit's own are none at all."""
    item, _ = _models()
    mapper = sa.inspect(item)
    reading, writing = Observers(mapper, writes=False), Observers(mapper, writes=True)
    used = _own_session()
    for each in (reading, writing, reading, writing):
        assert not each.exist(used, is_pattern=is_pattern)
    event.listen({"item": item, "mapper": mapper, "session": used}[of], name, _no_one)
    assert reading.exist(used, is_pattern=is_pattern) is is_read
    assert writing.exist(used, is_pattern=is_pattern)


@pytest.mark.parametrize("is_pattern", [True, False])
def test_each_session_is_asked_for_its_own_listeners(is_pattern: bool) -> None:
    item, _ = _models()
    observers = Observers(sa.inspect(item), writes=True)
    silent, heard = _own_session(), _own_session()
    event.listen(heard, "after_commit", _no_one)
    for used, exist in ((silent, False), (heard, True), (silent, False), (Session(), False)):
        assert observers.exist(used, is_pattern=is_pattern) is exist
    event.listen(silent, "after_commit", _no_one)
    assert observers.exist(silent, is_pattern=is_pattern)


@pytest.mark.parametrize(
    "name",
    ["before_execute", "after_execute", "before_cursor_execute", "after_cursor_execute", "begin"],
)
def test_listeners_of_statements(name: str) -> None:
    """Those of the connection and of its engine; the begin of a transaction is no statement."""
    for of_engine in (False, True):
        engine = sa.create_engine("sqlite://")
        with engine.connect() as connection:
            assert not has_listeners(connection)
        event.listen(engine if of_engine else connection, name, _no_one)
        with engine.connect() as other:
            used = other if of_engine else connection
            assert has_listeners(used) is (name != "begin")
        engine.dispose()
