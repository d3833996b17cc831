"""Webhooks: what is sent to whom, signed how, and sent again when."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from openapi_spec_validator import validate
from receivers import Receiver, serve
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from standardwebhooks import Webhook, WebhookVerificationError

from restkit import App, CollisionError, DeclarationError, Resource
from restkit.events import (
    EndpointRecord,
    Event,
    Outbox,
    Webhooks,
    Worker,
    emit,
    new_secret,
    outbox_metadata,
)
from restkit.openapi.document import build
from restkit.sqlalchemy import Database
from restkit.testing import Client

OUTBOX = outbox_metadata.tables["restkit_outbox"]


class Base(DeclarativeBase):
    pass


class Endpoint(EndpointRecord, Base):
    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant_id: Mapped[int] = mapped_column(default=1)


class ByName(EndpointRecord, Base):
    __tablename__ = "by_name"

    name: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)


class ItemSchema(Schema):
    id = fields.Int(required=True)
    name = fields.Str()
    made = fields.NaiveDateTime()


class ItemMade(Event):
    """An item was created.

    Only once for each item.
    """

    type = "item.created"
    schema = ItemSchema


class ItemLost(Event):
    type = "item.lost"
    schema = ItemSchema


class Shop:
    """An App whose POST emits an event, and what is left of the outbox."""

    def __init__(self, database: Database, model: Any = Endpoint, **options: Any) -> None:
        self.database = database
        self.model = model
        options = {"private_networks": ["127.0.0.0/8"], **options}
        self.webhooks = Webhooks(database, events=[ItemMade, ItemLost], endpoints=model, **options)
        self.app = App("Shop", extensions=[database, self.webhooks])
        self.where: dict[str, Any] | None = None
        self.app.add("/items", self.resource())
        self.client = Client(self.app)

    def resource(self) -> type[Resource]:
        shop = self

        class Items(Resource):
            def post(self) -> dict[str, str]:
                item = {"id": 1, "name": "Lämp\u2028", "made": dt.datetime(2026, 1, 1)}
                return {"id": emit(ItemMade, item, where=shop.where)}

        return Items

    def endpoint(self, url: str, events: Any = ("item.created",), **values: Any) -> Any:
        values = {"secrets": [new_secret()], **values}
        with Session(self.database.engine, expire_on_commit=False) as session, session.begin():
            made = self.model(url=url, events=list(events), **values)
            session.add(made)
        return made

    def emit(self) -> str:
        response = self.client.post("/items")
        assert response.status == 200
        identity: str = response.json["id"]
        return identity

    def work(self) -> int:
        return Worker(self.app).run_due()

    def rows(self) -> list[Any]:
        with self.database.engine.connect() as connection:
            return [*connection.execute(sa.select(OUTBOX).order_by(OUTBOX.c.id))]

    def make_due(self) -> None:
        with self.database.engine.begin() as connection:
            connection.execute(sa.update(OUTBOX).values(due_at=0))

    def read(self, endpoint: Any) -> Any:
        with Session(self.database.engine) as session:
            return session.get(self.model, sa.inspect(endpoint).identity)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)
    yield Shop(made)
    made.close()


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def url(receiver: Receiver) -> Iterator[str]:
    with serve(receiver) as base:  # type: ignore[arg-type]
        yield base + "/hook?a=b c"


def test_an_event_reaches_the_endpoints_that_subscribe(
    database: Database, receiver: Receiver, url: str
) -> None:
    """Each gets the same id, signed with its own secrets, as the official package verifies."""
    shop = Shop(database)
    ours = shop.endpoint(url)
    every = shop.endpoint(url, ["*"])
    shop.endpoint(url, ["item.lost"])
    shop.endpoint(url, disabled_at=dt.datetime.now(dt.UTC))
    identity = shop.emit()
    assert [each.kind for each in shop.rows()] == ["event"]
    assert shop.work() == 3  # the event, and two deliveries
    assert shop.rows() == []
    assert receiver.ids == [identity, identity]
    for (headers, content), endpoint in zip(receiver.got, (ours, every), strict=True):
        payload = Webhook(endpoint.secrets[0]).verify(content, headers)
        assert payload["type"] == "item.created"
        assert payload["data"] == {"id": 1, "name": "Lämp\u2028", "made": "2026-01-01T00:00:00"}
        sent = dt.datetime.fromisoformat(payload["timestamp"])
        assert abs((dt.datetime.now(dt.UTC) - sent).total_seconds()) < 60
        assert headers["user-agent"].startswith("restkit-webhooks")
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret()).verify(content, headers)


def test_a_secret_is_replaced(shop: Shop, receiver: Receiver, url: str) -> None:
    """While an endpoint has two secrets, a receiver with either of them is content."""
    old, new = new_secret(), new_secret()
    shop.endpoint(url, secrets=[new, old])
    shop.emit()
    shop.work()
    ((headers, content),) = receiver.got
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        assert Webhook(secret).verify(content, headers)["data"]["id"] == 1


def test_an_event_goes_to_the_endpoints_that_it_names(
    database: Database, receiver: Receiver, url: str
) -> None:
    """`where` chooses by attributes, so that no tenant sees the events of another one."""
    shop = Shop(database)
    mine = shop.endpoint(url, tenant_id=7)
    shop.endpoint(url, tenant_id=8)
    shop.where = {"tenant_id": 7, "disabled_at": None}
    shop.emit()
    shop.work()
    ((headers, content),) = receiver.got
    assert Webhook(mine.secrets[0]).verify(content, headers)


def test_keys_may_be_uuids(tmp_path: Path, receiver: Receiver, url: str) -> None:
    """The row of a delivery names its endpoint by a text."""
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)
    shop = Shop(database, ByName)
    shop.endpoint(url)
    shop.emit()
    shop.work()
    assert len(receiver.got) == 1
    database.close()


def test_a_failure_is_tried_again_with_the_same_id(
    database: Database, receiver: Receiver, url: str
) -> None:
    """After 5 seconds, 5 minutes, 30 minutes and so on: ten attempts within three days."""
    receiver.answer = lambda number: ("500 No", [])
    shop = Shop(database)
    shop.endpoint(url)
    identity = shop.emit()
    shop.work()
    delays = []
    for attempt in range(1, 10):
        (row,) = shop.rows()
        assert (row.attempts, row.lease, row.error) == (attempt, None, "The status is 500.")
        delays.append((row.due_at / 1000 - time.time()) / 3600)
        assert shop.work() == 0  # it is not due
        shop.make_due()
        assert shop.work() == 1
    (row,) = shop.rows()
    assert (row.attempts, row.due_at) == (10, None)
    assert shop.work() == 0
    assert receiver.ids == [identity] * 10
    expected = [5 / 3600, 5 / 60, 0.5, 2, 5, 10, 14, 20, 24]
    assert [abs(a / b - 1) < 0.35 for a, b in zip(delays[:1], expected[:1], strict=True)] == [True]
    assert all(0.89 < a / b < 1.11 for a, b in zip(delays[1:], expected[1:], strict=True))
    assert 2.5 < sum(delays) / 24 < 3.6
    assert len({round(each, 6) for each in delays}) == 9


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        *(("7200", 7150, 7210), ("date", 7150, 7210), ("99999999", 86300, 86410), ("soon", 4, 6)),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 4, 6),
        (f"Mon, 01 Jan 2027 00:00:00 +{10**14}", 4, 6),
    ],
)
def test_retry_after(
    header: str, least: float, most: float, shop: Shop, receiver: Receiver, url: str
) -> None:
    """A receiver says how long it wants to be left alone: a day at the most."""
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    text = moment.strftime("%a, %d %b %Y %H:%M:%S GMT") if header == "date" else header
    receiver.answer = lambda number: ("503 No", [("Retry-After", text)])
    shop.endpoint(url)
    shop.emit()
    shop.work()
    (row,) = shop.rows()
    assert least <= row.due_at / 1000 - time.time() <= most
    assert row.error == "The status is 503."


def test_other_messages_wait_too(shop: Shop, receiver: Receiver, url: str) -> None:
    """After a Retry-After the endpoint gets nothing of this worker, and others go on."""
    receiver.answer = lambda number: ("429 No", [("Retry-After", "60")])
    shop.endpoint(url)
    first, second = shop.emit(), shop.emit()
    worker = Worker(shop.app)
    assert worker.run_due() == 3
    assert receiver.ids in ([first], [second])
    other = Receiver()
    with serve(other) as base:  # type: ignore[arg-type]
        shop.endpoint(base, ["item.created"])
        third = shop.emit()
        worker.run_due()
    assert other.ids == [third]
    assert len(receiver.got) == 1
    assert sorted(each.attempts for each in shop.rows()) == [0, 0, 1]


def test_gone_disables_the_endpoint(database: Database, receiver: Receiver, url: str) -> None:
    """A 410 says that nobody wants the webhooks: what waits for it is dropped."""
    receiver.answer = lambda number: ("410 Gone", [])
    shop = Shop(database)
    endpoint = shop.endpoint(url)
    shop.emit()
    shop.emit()
    shop.work()
    assert len(receiver.got) == 1
    assert shop.rows() == []
    assert shop.read(endpoint).disabled_at is not None
    shop.emit()
    shop.work()
    assert len(receiver.got) == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
def test_redirects_are_not_followed(status: str, shop: Shop, receiver: Receiver, url: str) -> None:
    """A redirect could lead to an address that was not checked."""
    other = Receiver()
    with serve(other) as base:  # type: ignore[arg-type]
        receiver.answer = lambda number: (status, [("Location", base)])
        shop.endpoint(url)
        shop.emit()
        shop.work()
    assert len(receiver.got) == 1
    assert other.got == []
    assert shop.rows()[0].error == f"The status is {status[:3]}."


def test_an_endpoint_that_is_deleted_or_changed(shop: Shop, receiver: Receiver, url: str) -> None:
    """A delivery goes to the URL that the endpoint has at the time, and to none that is gone."""
    changed, deleted = shop.endpoint("http://127.0.0.1:1/"), shop.endpoint(url)
    shop.emit()
    with Session(shop.database.engine) as session, session.begin():
        session.get_one(Endpoint, changed.id).url = url
        session.delete(session.get_one(Endpoint, deleted.id))
    shop.work()
    assert len(receiver.got) == 1
    ((headers, content),) = receiver.got
    assert Webhook(changed.secrets[0]).verify(content, headers)


@pytest.mark.parametrize("secrets", [[], ["whsec_short"], "whsec_x", None, [5]])
def test_secrets_that_are_none(secrets: Any, shop: Shop, receiver: Receiver, url: str) -> None:
    """Nothing is sent unsigned, and the error does not have the secret in it."""
    shop.endpoint(url, secrets=secrets if secrets is not None else sa.JSON.NULL)
    shop.emit()
    shop.work()
    assert receiver.got == []
    (row,) = shop.rows()
    assert "secret" in row.error
    assert "short" not in row.error


class NoColumns(Base):
    __tablename__ = "no_columns"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str]


class TwoKeys(EndpointRecord, Base):
    __tablename__ = "two_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    other: Mapped[int] = mapped_column(primary_key=True)


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no model": ({"endpoints": Schema}, "expects a mapped class"),
    "no class": ({"endpoints": "Endpoint"}, "expects a mapped class"),
    "columns": ({"endpoints": NoColumns}, "NoColumns has no attribute 'secrets'"),
    "two keys": ({"endpoints": TwoKeys}, "TwoKeys needs a primary key of one column"),
    "one event": ({"events": ItemMade}, "must be a list of Event classes"),
    "no event": ({"events": []}, "has no events, so that nothing can be emitted"),
    "network": ({"private_networks": ["10.0.0.1/8"]}, "must be a list of networks"),
    "a network": ({"private_networks": "10.0.0.0/8"}, "must be a list of networks"),
    "a number": ({"private_networks": [1]}, "must be a list of networks such as.*1 is not a text"),
    "endless": ({"timeout": float("inf")}, "must be a number of seconds up to 3600, got inf"),
    "timeout": ({"timeout": 0}, r"Webhooks\(timeout=...\) must be a number"),
    "concurrency": ({"concurrency": 0}, r"Webhooks\(concurrency=...\) must be a number from 1"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str, shop: Shop) -> None:
    """Each is one sentence when the program starts."""
    options, message = MISTAKES[name]
    with pytest.raises(DeclarationError, match=message):
        Webhooks(shop.database, **{"events": [ItemMade], "endpoints": Endpoint, **options})


@pytest.mark.parametrize(
    "options", [{"concurrency": 1}, {"timeout": 3600}, {"timeout": 0.1}], ids=str
)
def test_bounds_of_options(options: dict[str, Any], shop: Shop) -> None:
    """The smallest and the largest value are taken."""
    made = Webhooks(shop.database, events=[ItemMade], endpoints=Endpoint, **options)
    assert {name: getattr(made, name) for name in options} == options


def test_an_event_is_declared_once(shop: Shop) -> None:
    """Two extensions would send it twice, or each other's."""
    again = Webhooks(shop.database, events=[ItemMade], endpoints=Endpoint)
    with pytest.raises(CollisionError, match=r"has Webhooks for 'item.created' already"):
        shop.app.install(again)
    outer = App("Outer", extensions=[shop.database, again])
    outer.mount("/inner", shop.app)
    with pytest.raises(CollisionError, match=r"have the event 'item.created'"):
        Worker(outer)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"tenant": 1}, "has 'tenant', which is not an attribute of the endpoints"),
        ({}, "must be attributes of endpoints"),
        ({"tenant_id": [1]}, "must be a text, a number"),
        ({"tenant_id": object()}, "must be a text, a number"),
    ],
)
def test_attributes_that_endpoints_lack(where: Any, message: str, shop: Shop) -> None:
    """A misspelt attribute must not send an event to everybody."""
    shop.where = where
    with pytest.raises(DeclarationError, match=message):
        shop.client.post("/items")
    assert shop.rows() == []


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_webhooks_stand_in_the_document(version: str, shop: Shop) -> None:
    """With the schema of the data as a component, and beside those that the App declares."""
    document = build(shop.app, version=version)
    if version < "3.2":
        validate(document)
    sent = document["x-webhooks" if version == "3.0.4" else "webhooks"]
    assert [*sent] == ["item.created", "item.lost"]
    post = sent["item.created"]["post"]
    assert post["operationId"] == "itemCreatedWebhook"
    assert post["summary"] == "An item was created."
    assert "Only once" in post["description"]
    content = post["requestBody"]["content"]["application/json"]["schema"]
    assert content["properties"]["data"] == {"$ref": "#/components/schemas/Item"}
    assert content["required"] == ["type", "timestamp", "data"]
    assert "Item" in document["components"]["schemas"]
    assert [each["name"] for each in post["parameters"]] == [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]


def test_webhooks_of_mounted_apps(shop: Shop) -> None:
    """The document of the outer App has them, if it has the operations."""
    outer = App("Outer", document={"webhooks": {"own": {"post": {"responses": {}}}}})
    outer.mount("/shop", shop.app)
    assert [*build(outer)["webhooks"]] == ["item.created", "item.lost", "own"]
    hidden = App("Hidden")
    inner = App("Inner")
    inner.install(Webhooks(shop.database, events=[ItemLost], endpoints=Endpoint))
    hidden.mount("/inner", inner, documented=False)
    assert "webhooks" not in build(hidden)


def test_what_is_sent_has_the_declared_schema(shop: Shop, receiver: Receiver, url: str) -> None:
    """The document and the message agree."""
    import jsonschema

    document = build(shop.app)
    shop.endpoint(url)
    shop.emit()
    shop.work()
    content = document["webhooks"]["item.created"]["post"]["requestBody"]["content"]
    schema = {**content["application/json"]["schema"], "components": document["components"]}
    payload = json.loads(receiver.got[0][1])
    jsonschema.validate(payload, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**payload, "type": "item.lost"}, schema)


relayed: list[Any] = []


def relay(message: Any) -> None:
    relayed.append(message)


def test_an_event_for_endpoints_and_a_relay(
    database: Database, receiver: Receiver, url: str
) -> None:
    """Both get the same message, whose id is the same."""
    relayed.clear()
    shop = Shop(database)
    app = App("Both", extensions=[database, shop.webhooks])
    app.install(Outbox(database, events=[ItemMade], relay=relay))
    app.add("/items", shop.resource())
    shop.endpoint(url)
    identity = Client(app).post("/items").json["id"]
    assert sorted(each.kind for each in shop.rows()) == ["event", "relay"]
    assert Worker(app).run_due() == 3
    assert receiver.ids == [identity]
    (message,) = relayed
    assert (message.id, message.name, message.data["id"]) == (identity, "item.created", 1)


def test_a_malformed_endpoint_harms_no_other(shop: Shop, receiver: Receiver, url: str) -> None:
    """Whatever stands in the columns of one row, other endpoints get their events."""
    for events in ([{"a": 1}], [["item.created"]], [None, 7], []):
        shop.endpoint(url, events=events)
    shop.endpoint(url)
    shop.emit()
    shop.work()
    assert len(receiver.got) == 1
    assert shop.rows() == []
