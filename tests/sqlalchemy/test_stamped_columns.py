"""Columns that the database or the mapping stamps, under each verb and each kind of schema.

The matrix is every kind of stamped column x every verb that changes an item x an item's schema that
is derived, has the columns for reading, leaves them out, or lets clients write them.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, mapped_column

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, item_action
from restkit.sqlalchemy import Database, Timestamps, UTCDateTime, Versioned
from restkit.testing import Client

_numbers = itertools.count(1)


def _count() -> int:
    return next(_numbers)


def _of_note(context: Any) -> str:
    return f"{context.get_current_parameters()['note']}-{next(_numbers)}"


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


Columns = dict[str, Callable[[], Any]]

ONCE: Columns = {
    "server_now": lambda: mapped_column(sa.DateTime, server_default=sa.func.now(), nullable=False),
    "default_now": lambda: mapped_column(sa.DateTime, default=sa.func.now(), nullable=False),
    "default_sql": lambda: mapped_column(sa.String(40), default=sa.text("'a' || random()")),
    "called_now": lambda: mapped_column(UTCDateTime, default=_utc, nullable=False),
    "called_uuid": lambda: mapped_column(sa.Uuid, default=uuid.uuid4, nullable=False),
    "called_text": lambda: mapped_column(sa.String(40), default=lambda: uuid.uuid4().hex),
    "called_number": lambda: mapped_column(sa.Integer, default=_count, nullable=False),
    "lower": lambda: mapped_column(
        sa.String(40), server_default=sa.text("(lower('A' || random()))"), nullable=False
    ),
    "created": lambda: mapped_column(UTCDateTime, default=_utc, info={"generated": True}),
}
"""Columns that get their value once, with the row."""

ON_POSTGRESQL: Columns = {
    "identity": lambda: mapped_column(sa.Integer, sa.Identity(start=1000)),
    "always": lambda: mapped_column(sa.Integer, sa.Identity(always=True, start=1000)),
    "sequence": lambda: mapped_column(sa.Integer, sa.Sequence("numbers", start=1000)),
}

EACH_TIME: Columns = {
    "called": lambda: mapped_column(sa.Integer, onupdate=_count),
    "context": lambda: mapped_column(sa.String(40), onupdate=_of_note),
    "in_sql": lambda: mapped_column(sa.String(40), onupdate=sa.text("'a' || random()")),
    "both": lambda: mapped_column(sa.Integer, default=_count, onupdate=_count, nullable=False),
    "server_and_onupdate": lambda: mapped_column(
        sa.String(40),
        server_default=sa.text("('a' || random())"),
        onupdate=lambda: uuid.uuid4().hex,
    ),
    "marked": lambda: mapped_column(UTCDateTime, onupdate=_utc, info={"generated": True}),
}
"""Columns that get a value with each change of the row."""

COMPUTED: Columns = {
    "computed": lambda: mapped_column(
        sa.String(50), sa.Computed("lower(text)", persisted=True), nullable=True
    )
}


def _model(kind: str) -> tuple[Any, Columns]:
    once = {**ONCE, **(ON_POSTGRESQL if kind == "postgresql" else {})}
    columns = {**once, **EACH_TIME, **COMPUTED}
    base = type("Base", (DeclarativeBase,), {})
    members: dict[str, Any] = {
        "__tablename__": "item",
        "__module__": __name__,
        "id": mapped_column(sa.Integer, primary_key=True),
        "text": mapped_column(sa.String(30), nullable=False, unique=True),
        "note": mapped_column(sa.String(30), nullable=True),
        **{name: make() for name, make in columns.items()},
    }
    return type("Item", (Versioned, Timestamps, base), members), once


GENERATED = ("always", "computed", "created", "marked")


def _field(column: sa.Column[Any], *, writable: bool) -> fields.Field[Any]:
    options: dict[str, Any] = {"dump_only": not writable, "allow_none": bool(column.nullable)}
    kind = column.type
    if isinstance(kind, UTCDateTime):
        return fields.AwareDateTime(**options)
    if isinstance(kind, sa.DateTime):
        return fields.NaiveDateTime(**options)
    if isinstance(kind, sa.Uuid):
        return fields.UUID(**options)
    if isinstance(kind, sa.Integer):
        return fields.Int(validate=validate.Range(-(2**31), 2**31 - 1), **options)
    return fields.Str(validate=validate.Length(max=kind.length), **options)


def _schema(model: Any, names: list[str], form: str) -> type[Schema] | None:
    if form == "derived":
        return None
    found: dict[str, Any] = {
        "id": fields.Int(dump_only=True),
        "text": fields.Str(required=True, validate=validate.Length(max=30)),
        "note": fields.Str(allow_none=True, validate=validate.Length(max=30)),
        "version": fields.Int(dump_only=True),
    }
    if form != "left out":
        columns = model.__table__.columns
        for name in names:
            writable = form == "writable" and name not in GENERATED
            found[name] = _field(columns[name], writable=writable)
    return type("ItemSchema", (Schema,), found)


class Served:
    """A collection, and what its rows hold."""

    def __init__(self, client: Client, database: Database, model: Any, once: Columns) -> None:
        self.client, self.database, self.model, self.once = client, database, model, once

    def row(self) -> dict[str, Any]:
        """Return the only row."""
        with self.database.engine.connect() as connection:
            rows = connection.execute(sa.select(self.model.__table__)).mappings().all()
        assert len(rows) == 1
        return dict(rows[0])


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Return the kind of the database."""
    return str(request.param)


@pytest.fixture(scope="module", params=["derived", "read only", "left out", "writable"])
def collection(
    request: pytest.FixtureRequest, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """Serve a model with a column of every kind, by one kind of schema."""
    model, once = _model(kind)
    with (
        database_url(kind, tmp_path_factory.mktemp("stamped")) as url,
        closing(Database(url, create=model.metadata)) as database,
    ):
        app = App("Items", contract="raise")
        app.install(database)
        names = [*once, *EACH_TIME, *COMPUTED]
        schema = _schema(model, names, request.param)
        members = {"model": model, "schema": schema, "bulk": True, "bulk_upsert": "text"}
        members["by_filter"], members["filters"] = ("PATCH",), ("text",)
        app.add("/items", type("Items", (CRUDResource,), members))
        keyed = {"model": model, "schema": schema, "key": "text", "upsert": True}
        app.add("/keyed", type("KeyedItems", (CRUDResource,), {**keyed}))
        yield Served(Client(app), database, model, once)


@pytest.fixture
def served(collection: Served) -> Served:
    """Serve an empty table."""
    with collection.database.engine.begin() as connection:
        connection.execute(sa.delete(collection.model.__table__))
    return collection


def _url(client: Client) -> str:
    return f"/items/{client.get('/items').json['items'][0]['id']}"


CHANGES: dict[str, Callable[[Client], Any]] = {
    "put": lambda client: client.put(_url(client), json={"text": "a", "note": "new"}),
    "put if match": lambda client: client.put(
        _url(client),
        json={"text": "a", "note": "new"},
        headers={"If-Match": client.get(_url(client)).headers["ETag"]},
    ),
    "upsert": lambda client: client.put("/keyed/a", json={"text": "a", "note": "new"}),
    "patch": lambda client: client.patch(_url(client), json={"note": "new"}),
    "json patch": lambda client: client.patch(
        _url(client),
        json=[{"op": "replace", "path": "/note", "value": "new"}],
        content_type="application/json-patch+json",
    ),
    "bulk update": lambda client: client.post(
        "/items/bulk",
        json={"update": [{"id": int(_url(client).rpartition("/")[2]), "note": "new"}]},
    ),
    "bulk upsert": lambda client: client.post(
        "/items/bulk", json={"upsert": [{"text": "a", "note": "new"}]}
    ),
    "by filter": lambda client: client.patch("/items?text=a", json={"note": "new"}),
}
SAME: dict[str, Callable[[Client], Any]] = {
    "put": lambda client: client.put(_url(client), json={"text": "a", "note": "old"}),
    "upsert": lambda client: client.put("/keyed/a", json={"text": "a", "note": "old"}),
    "patch": lambda client: client.patch(_url(client), json={"note": "old"}),
    "bulk upsert": lambda client: client.post(
        "/items/bulk", json={"upsert": [{"text": "a", "note": "old"}]}
    ),
}


def _created(served: Served) -> dict[str, Any]:
    made = served.client.post("/items", json={"text": "a", "note": "old"})
    assert made.status == 201
    row = served.row()
    assert all(row[name] is not None for name in served.once)
    return row


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_leaves_what_is_stamped_once(served: Served, change: str) -> None:
    """It renews what is stamped with each change, and the response says both."""
    before = _created(served)
    response = CHANGES[change](served.client)
    assert response.status in (200, 204), response.text
    after = served.row()
    assert after["note"] == "new"
    kept = [*served.once, *COMPUTED, "created_at"]
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    renewed = [*EACH_TIME, "updated_at", "version"]
    assert [name for name in renewed if after[name] in (None, before[name])] == []
    assert served.client.get(_url(served.client)).json["note"] == "new"
    if change not in ("by filter", "bulk update", "bulk upsert"):
        assert response.json == served.client.get(_url(served.client)).json


@pytest.mark.parametrize("change", SAME)
def test_a_write_without_a_change_leaves_every_stamp(served: Served, change: str) -> None:
    """A repeated PUT is no change: neither the row nor its entity tag is another one."""
    before = _created(served)
    response = SAME[change](served.client)
    assert response.status in (200, 204), response.text
    assert served.row() == before


def test_an_upsert_of_a_new_item_stamps_it(served: Served) -> None:
    """A PUT and a bulk upsert that create an item let the database fill in what they leave out."""
    assert served.client.put("/keyed/a", json={"text": "a"}).status == 201
    row = served.row()
    assert [name for name in served.once if row[name] is None] == []
    assert served.client.delete("/keyed/a").status == 204
    made = served.client.post("/items/bulk", json={"upsert": [{"text": "b"}]})
    assert made.status == 200, made.text
    row = served.row()
    assert [name for name in served.once if row[name] is None] == []


def test_a_value_that_a_client_sends_is_no_stamp(kind: str, tmp_path: Path) -> None:
    """PUT, PATCH and actions set such columns, and a removal by JSON Patch leaves them."""
    base: Any = type("Base", (DeclarativeBase,), {})
    members: dict[str, Any] = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "code": mapped_column(sa.String(40), default=lambda: uuid.uuid4().hex),
        "count": mapped_column(sa.Integer, server_default=sa.text("(1 + 1)"), nullable=False),
        "tags": mapped_column(sa.JSON, default=list),
    }
    model: Any = type("Item", (base,), members)

    class Items(CRUDResource[Any]):
        @item_action("POST")
        def renew(self, item: Any) -> Any:
            """Set the columns."""
            item.code, item.count = "renewed", 7
            return item

    Items.model = model
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=base.metadata)) as database,
    ):
        app = App("Items", contract="raise")
        app.install(database)
        app.add("/items", Items)
        client = Client(app)
        made = client.post("/items", json={"tags": ["a"]}).json
        assert client.put("/items/1", json={}).json == {**made, "tags": []}
        put = client.put("/items/1", json={"code": "own", "count": 5})
        assert put.json == {"id": 1, "code": "own", "count": 5, "tags": []}
        removed = client.patch(
            "/items/1",
            json=[{"op": "remove", "path": "/code"}],
            content_type="application/json-patch+json",
        )
        assert removed.json["code"] == "own"
        assert client.patch("/items/1", json={"count": 6}).json["count"] == 6
        renewed = client.post("/items/1/renew")
        assert (renewed.json["code"], renewed.json["count"]) == ("renewed", 7)
        assert client.get("/items/1").json == renewed.json


@dataclasses.dataclass
class Card:
    text: str
    id: int = 0
    code: str = dataclasses.field(default_factory=lambda: uuid.uuid4().hex)
    made: dt.datetime = dataclasses.field(default_factory=_utc)
    tags: list[str] = dataclasses.field(default_factory=list)
    limit: int = 3


def test_a_put_keeps_the_stamps_of_items_in_memory() -> None:
    """A factory makes a value for each item; those of lists, and constants, are defaults."""
    app = App("Cards", contract="raise")
    app.install(MemoryStore(Card))
    app.add("/cards", type("Cards", (CRUDResource,), {"model": Card}))
    client = Client(app)
    made = client.post("/cards", json={"text": "a", "tags": ["x"], "limit": 4}).json
    put = client.put("/cards/1", json={"text": "b"})
    assert put.json == {**made, "text": "b", "tags": [], "limit": 3}
