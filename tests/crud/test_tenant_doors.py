"""Two tenants, further doors: members, actions, transitions, composite keys, kinds, replays.

Each request is sent for a hidden row and for a missing one; both must respond alike, byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Request
from restkit.crud import CRUDResource, MemoryStore, collection_action, item_action
from restkit.limits import Idempotency, MemoryStorage
from restkit.sqlalchemy import Database
from restkit.testing import Client, TestResponse

STORES = ("memory", *KINDS)
SECRET = "confidential"
ONE, TWO = {"X-Tenant": "one"}, {"X-Tenant": "two"}
HIDDEN, OWN, MISSING = 701, 702, 703
JSON_PATCH = "application/json-patch+json"


class Base(DeclarativeBase):
    pass


marks = sa.Table(
    "mark",
    Base.metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    name: Mapped[str] = mapped_column(sa.String(40))


class Ticket(Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    title: Mapped[str] = mapped_column(sa.String(40))
    status: Mapped[str] = mapped_column(sa.String(20), default="open")
    tags: Mapped[list[Tag]] = relationship(secondary=marks, order_by=Tag.id)


class Seat(Base):
    __tablename__ = "seat"

    row: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    name: Mapped[str] = mapped_column(sa.String(40))


class Vehicle(Base):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(sa.String(9))
    tenant: Mapped[str] = mapped_column(sa.String(9))
    name: Mapped[str] = mapped_column(sa.String(40))


class Car(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "car"}
    doors: Mapped[int | None]


class Truck(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "truck"}
    load: Mapped[int | None]


@dataclass
class MemoryTag:
    tenant: str
    name: str
    id: int = 0


@dataclass
class MemoryTicket:
    tenant: str
    title: str
    status: str = "open"
    tags: list[int] = field(default_factory=list)
    id: int = 0


@dataclass
class MemorySeat:
    tenant: str
    name: str
    row: int
    number: int


@dataclass
class MemoryVehicle:
    tenant: str
    name: str
    kind: str = ""
    id: int = 0


@dataclass
class MemoryCar(MemoryVehicle):
    doors: int | None = None


@dataclass
class MemoryTruck(MemoryVehicle):
    load: int | None = None


def tenant_of(request: Request) -> str:
    return str(request.headers.get("X-Tenant", ""))


class Ruled(CRUDResource[Any]):
    """A collection under a row rule of its model."""

    bulk = True
    by_filter = ("PATCH", "DELETE")


class Scoped(Ruled):
    """A collection with a scope of its own."""

    def scope(self) -> Any:
        return {**super().scope(), "tenant": tenant_of(self.request)}  # type: ignore[dict-item]


class Actions:
    """The own actions of tickets."""

    @item_action()
    def close(self: Any, item: Any) -> Any:
        return self.update(item, {"status": "closed"})

    @item_action("GET")
    def peek(self: Any, item: Any) -> Any:
        return item

    @collection_action("GET")
    def mine(self: Any) -> list[Any]:
        from restkit.crud import ListQuery, Order

        return [*self.rows.list(ListQuery(order=(Order("id"),), scope=self.scope(), limit=9)).items]


class World:
    """A client of an App on one store, under one mechanism."""

    def __init__(self, app: App, models: dict[str, type], base: type) -> None:
        once = Idempotency(MemoryStorage(), caller=tenant_of)
        ticket: dict[str, Any] = {
            "model": models["tickets"],
            "relations": ("tags",),
            "members": ("tags",),
            "filters": ("id__*", "title__*", "status"),
            "any_of": {"q": ("title__contains", "status")},
            "or_filters": ("id", "title", "q"),
            "transitions": {"status": {None: ("open",), "open": ("closed",), "closed": ()}},
            "aggregates": ("count", "title__max", "id__sum"),
            "idempotency": once,
        }
        members: dict[str, dict[str, Any]] = {
            "tickets": ticket,
            "tags": {"model": models["tags"], "filters": ("id__*", "name__*")},
            "seats": {"model": models["seats"], "key": ("row", "number"), "filters": ("name",)},
            "vehicles": {"model": models["vehicles"], "filters": ("name__*",)},
        }
        for name, own in members.items():
            bases = (Actions, base) if name == "tickets" else (base,)
            app.add(f"/{name}", type(name.title(), bases, {**own, "__module__": __name__}))
        self.client = Client(app)

    def send(self, method: str, path: str, **sent: Any) -> TestResponse:
        headers = {**TWO, **sent.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **sent)


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return a row of each tenant for each collection, that of tenant one with the secret."""
    names = (("one", HIDDEN, SECRET), ("two", OWN, "plain"))
    found: dict[str, list[dict[str, Any]]] = {
        "tickets": [{"id": n, "tenant": t, "title": text} for t, n, text in names],
        "tags": [{"id": n, "tenant": t, "name": text} for t, n, text in names],
        "seats": [{"row": n, "number": 1, "tenant": t, "name": text} for t, n, text in names],
        "vehicles": [{"id": n, "tenant": t, "name": text} for t, n, text in names],
    }
    return found


@pytest.fixture(scope="module", params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["rule", "scope"])
def world(
    request: pytest.FixtureRequest, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Callable[[], str]]]:
    mechanism = request.param
    base = Ruled if mechanism == "rule" else Scoped
    rule: dict[str, Any] = {
        "read": lambda me: {"tenant": me},
        "set": {"tenant": lambda me: me},
        "caller": tenant_of,
    }
    app = App("Tenants", secret_key="s" * 32)
    if kind == "memory":
        models = {
            "tickets": MemoryTicket,
            "tags": MemoryTag,
            "seats": MemorySeat,
            "vehicles": MemoryVehicle,
        }
        given: dict[str, list[Any]] = {
            name: [(MemoryCar if name == "vehicles" else models[name])(**each) for each in found]
            for name, found in rows().items()
        }
        tags = MemoryStore(MemoryTag, items=given["tags"])
        kinds: dict[str, Any] = {"car": MemoryCar, "truck": MemoryTruck}
        references = {"tags": tags}
        stores: dict[str, MemoryStore[Any]] = {
            "tags": tags,
            "tickets": MemoryStore(MemoryTicket, references=references, items=given["tickets"]),
            "seats": MemoryStore(MemorySeat, key=("row", "number"), items=given["seats"]),
            "vehicles": MemoryStore(MemoryVehicle, kinds=kinds, items=given["vehicles"]),
        }
        for name, store in stores.items():
            if mechanism == "rule":
                store.rows(models[name], **rule)
            app.install(store)
        yield World(app, models, base), lambda: repr([each.items for each in stores.values()])
        return
    with database_url(kind, tmp_path_factory.mktemp("doors")) as url:
        database = Database(url, create=Base.metadata)
        sql: dict[str, type] = {
            "tickets": Ticket,
            "tags": Tag,
            "seats": Seat,
            "vehicles": Vehicle,
        }
        if mechanism == "rule":
            for model in sql.values():
                database.rows(model, **rule)
        app.install(database)
        made_world = World(app, sql, base)
        made_world.client.get("/tags", headers=TWO)
        with database.engine.begin() as connection:
            for name, model in sql.items():
                more = {"kind": "car"} if name == "vehicles" else {}
                more |= {"status": "open"} if name == "tickets" else {}
                table = sa.inspect(model).local_table
                connection.execute(sa.insert(table), [{**each, **more} for each in rows()[name]])

        def stored() -> str:
            with database.engine.connect() as connection:
                return repr([connection.execute(sa.select(each)).all() for each in (
                    *(sa.inspect(model).local_table for model in sql.values()), marks
                )])  # fmt: skip

        yield made_world, stored
        database.close()


Door = Callable[[World, int], TestResponse]


def doors() -> Iterator[tuple[str, Door]]:
    """Yield requests that name a row by its number."""
    items = {
        "ticket": ("/tickets/{}", "title"),
        "tag": ("/tags/{}", "name"),
        "seat": ("/seats/{}/1", "name"),
        "vehicle": ("/vehicles/{}", "name"),
    }
    for name, (path, member) in items.items():
        patch = [{"op": "replace", "path": f"/{member}", "value": "x"}]
        sent: dict[str, tuple[str, dict[str, Any]]] = {
            "GET": ("GET", {}),
            "HEAD": ("HEAD", {}),
            "conditional GET": ("GET", {"headers": {"If-None-Match": "*"}}),
            "PATCH": ("PATCH", {"json": {member: "x"}}),
            "PATCH with a tag": ("PATCH", {"json": {member: "x"}, "headers": {"If-Match": '"1"'}}),
            "PATCH of any tag": ("PATCH", {"json": {member: "x"}, "headers": {"If-Match": "*"}}),
            "empty PATCH": ("PATCH", {"json": {}}),
            "JSON Patch": ("PATCH", {"json": patch, "content_type": JSON_PATCH}),
            "DELETE": ("DELETE", {}),
            "DELETE of any tag": ("DELETE", {"headers": {"If-Match": "*"}}),
        }
        for verb, (method, options) in sent.items():
            yield (
                f"{verb} {name}",
                lambda w, n, m=method, p=path, o=options: w.send(m, p.format(n), **o),
            )
    own = f"/tickets/{OWN}"
    calls: dict[str, tuple[str, str, Any]] = {
        "close": ("POST", "/tickets/{}/close", None),
        "peek": ("GET", "/tickets/{}/peek", None),
        "members": ("GET", "/tickets/{}/tags", None),
        "member of a ticket": ("PUT", f"/tickets/{{}}/tags/{OWN}", None),
        "no member of a ticket": ("DELETE", f"/tickets/{{}}/tags/{OWN}", None),
        "member": ("PUT", f"{own}/tags/{{}}", None),
        "no member": ("DELETE", f"{own}/tags/{{}}", None),
        "transition": ("PATCH", "/tickets/{}", {"status": "closed"}),
        "wrong transition": ("PATCH", "/tickets/{}", {"status": "open"}),
        "list of keys": ("PATCH", own, {"tags": ["N"]}),
        "longer list of keys": ("PATCH", own, {"tags": [OWN, "N"]}),
        "bulk update": ("POST", "/tickets/bulk", {"update": [{"id": "N", "title": "x"}]}),
        "bulk delete": ("POST", "/tickets/bulk", {"delete": ["N"]}),
        "bulk of kinds": ("POST", "/vehicles/bulk", {"delete": ["N"]}),
        "bulk of seats": ("POST", "/seats/bulk", {"delete": [{"row": "N", "number": 1}]}),
    }
    for name, (method, path, content) in calls.items():
        yield name, lambda w, n, m=method, p=path, c=content: w.send(m, p.format(n), **filled(c, n))


def filled(content: Any, number: int) -> dict[str, Any]:
    """Return the content of a request with a number in place of ``"N"``."""
    if content is None:
        return {}

    def inner(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: inner(each) for name, each in value.items()}
        if isinstance(value, list):
            return [inner(each) for each in value]
        return number if value == "N" else value

    return {"json": inner(content)}


DOORS = dict(doors())
QUERIES = (
    "/tickets?id={n}",
    "/tickets?id__in={n},1",
    "/tickets?id__not_in={n}",
    "/tickets?q={s}",
    "/tickets?or=id,title&id={n}&title={s}",
    "/tickets?or=q,id&q={s}&id=702",
    "/tickets?title__startswith={s}",
    "/tickets/totals?id={n}",
    "/tickets/totals?title={s}",
    "/tags?name__contains={s}",
    "/tags?id__ne={n}",
    "/vehicles?name={s}",
    "/vehicles?name__not_in={s}",
)
READS = ("/tickets", "/tags", "/seats", "/vehicles", "/tickets/mine", "/tickets/totals")


def shown(response: TestResponse, number: int) -> str:
    headers = sorted((name.lower(), value) for name, value in response.headers.items())
    return f"{response.status} {headers} {response.text}".replace(str(number), "N")


def test_there_are_enough_combinations() -> None:
    """Three stores, two mechanisms, and each request for a hidden and for a missing row."""
    assert len(STORES) * 2 * (len(DOORS) + 3 * len(QUERIES) + len(READS)) >= 500


@pytest.mark.parametrize("name", DOORS)
def test_a_hidden_row_responds_as_a_missing_one(
    world: tuple[World, Callable[[], str]], name: str
) -> None:
    """The same status, headers and bytes; and nothing has changed."""
    made, stored = world
    before = stored()
    hidden, missing = DOORS[name](made, HIDDEN), DOORS[name](made, MISSING)
    assert hidden.status >= 400
    assert shown(hidden, HIDDEN) == shown(missing, MISSING)
    assert SECRET not in hidden.text
    assert stored() == before


@pytest.mark.parametrize("query", QUERIES)
def test_filters_learn_nothing(world: tuple[World, Callable[[], str]], query: str) -> None:
    """A value of a hidden row and one that no row has give the same page, total and dry run."""
    made, _ = world
    found = []
    for number, text in ((HIDDEN, SECRET), (MISSING, "nowhere")):
        path = query.format(n=number, s=text)
        page = made.send("GET", path, headers={"Prefer": "count=exact"})
        assert page.status == 200, page.text
        each = [page.json["items"], page.json.get("total")]
        if "/totals" not in path:
            lines = made.send("GET", path, headers={"Accept": "application/x-ndjson"})
            dry = made.send("DELETE", f"{path}&dry_run=true")
            each += [lines.text, dry.status, dry.text]
        found.append(each)
    assert found[0] == found[1]


@pytest.mark.parametrize("path", READS)
def test_lists_have_no_trace(world: tuple[World, Callable[[], str]], path: str) -> None:
    """Neither pages nor results of own actions nor totals have the other tenant's row."""
    made, _ = world
    response = made.send("GET", path)
    assert response.status == 200, response.text
    assert SECRET not in response.text
    assert str(HIDDEN) not in response.text


def test_a_replay_is_that_of_its_own_tenant(world: tuple[World, Callable[[], str]]) -> None:
    """The same key and content of another tenant is another request."""
    made, _ = world
    key = {"Idempotency-Key": '"k1"'}
    responses = []
    for number, headers in ((801, ONE), (802, TWO)):
        content = {"id": number, "title": "same", "tenant": headers["X-Tenant"]}
        response = made.client.post("/tickets", json=content, headers={**headers, **key})
        responses.append(response)
    assert [each.status for each in responses] == [responses[0].status] * 2
    assert "801" not in responses[1].text
    assert '"one"' not in responses[1].text
    again = made.client.post("/tickets", json=content, headers={**TWO, **key})
    assert again.text == responses[1].text
