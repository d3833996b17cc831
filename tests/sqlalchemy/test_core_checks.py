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
