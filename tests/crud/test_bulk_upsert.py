"""Bulk upserts: items that are created, or replaced by a unique attribute, all or none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from shelf import refused
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Conflict
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, Timestamps, UTCDateTime, Versioned
from restkit.testing import Client, TestResponse


class Base(DeclarativeBase):
    pass


class Product(Versioned, Timestamps, Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(sa.String(20), unique=True)
    name: Mapped[str] = mapped_column(sa.String(50))
    stock: Mapped[int | None]
    label: Mapped[str | None] = mapped_column(sa.String(20), unique=True)
    colour: Mapped[str] = mapped_column(sa.String(20), default="grey")
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class Member(Base):
    """Is unique together with the group of its URL."""

    __tablename__ = "member"

    group: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(50))


@dataclass
class Thing:
    sku: str
    name: str
    stock: int | None = None
    label: str | None = None
    colour: str = "grey"
    id: int = 0


class Products(CRUDResource[Product]):
    model = Product
    bulk = True
    bulk_upsert = "sku"
    soft_delete = "removed_at"


class Members(CRUDResource[Member]):
    model = Member
    key = "number"
    bulk = True
    bulk_upsert = "number"


class World:
    """An App over a database, or over memory.

    Attributes:
        client: The client of the App.
        statements: The statements since `forget`.
    """

    def __init__(self, url: str | None) -> None:
        app = App("Products")
        self.database: Database | None = None
        self.statements: list[str] = []
        if url is None:
            members = {"store": MemoryStore(Thing, unique=("sku", "label")), "bulk": True}
            app.add(
                "/products", type("Products", (CRUDResource,), {**members, "bulk_upsert": "sku"})
            )
            self.client = Client(app)
            return
        self.database = Database(url, create=Base.metadata)
        app.install(self.database)
        app.add("/products", Products)
        app.add("/groups/<int:group>/members", Members)
        self.client = Client(app)
        self.client.get("/products")
        sa.event.listen(
            self.database.engine, "before_cursor_execute", lambda *given: self._note(given[2])
        )

    def _note(self, statement: str) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE")):
            self.statements.append(statement)

    def upsert(self, *items: Mapping[str, object], path: str = "/products") -> TestResponse:
        return self.client.post(f"{path}/bulk", json={"upsert": list(items)})


@pytest.fixture(params=("memory", *KINDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World]:
    if request.param == "memory":
        yield World(None)
        return
    with database_url(request.param, tmp_path) as url:
        made = World(url)
        yield made
        assert made.database is not None
        made.database.close()


@pytest.fixture(params=KINDS)
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World]:
    with database_url(request.param, tmp_path) as url:
        made = World(url)
        yield made
        assert made.database is not None
        made.database.close()


def done(response: TestResponse) -> list[tuple[bool, str, int | None]]:
    assert response.status == 200, response.text
    items = [(each["created"], each["item"]) for each in response.json["upserted"]]
    return [(created, item["name"], item["stock"]) for created, item in items]


def listed(world: World) -> list[tuple[str, str, int | None]]:
    items = world.client.get("/products").json["items"]
    return sorted((each["sku"], each["name"], each["stock"]) for each in items)


def test_items_are_created_or_replaced(world: World) -> None:
    """Each item says whether it is new, in the order of the request."""
    first = world.upsert({"sku": "b", "name": "Bolt", "stock": 3}, {"sku": "a", "name": "Axe"})
    assert done(first) == [(True, "Bolt", 3), (True, "Axe", None)]
    second = world.upsert(
        {"sku": "c", "name": "Cog"}, {"sku": "b", "name": "Big bolt"}, {"sku": "a", "name": "Axe"}
    )
    assert done(second) == [(True, "Cog", None), (False, "Big bolt", None), (False, "Axe", None)]
    assert listed(world) == [("a", "Axe", None), ("b", "Big bolt", None), ("c", "Cog", None)]
    ids = {each["item"]["sku"]: each["item"]["id"] for each in second.json["upserted"]}
    known = {each["item"]["sku"]: each["item"]["id"] for each in first.json["upserted"]}
    assert {name: ids[name] for name in known} == known


def test_a_replaced_item_is_as_after_a_put(world: World) -> None:
    """What is left out gets its default, and the entity tag changes only if the item does."""
    item = world.upsert({"sku": "a", "name": "Axe", "colour": "red", "stock": 1}).json
    url = f"/products/{item['upserted'][0]['item']['id']}"
    tag = world.client.get(url).headers["ETag"]
    same = world.upsert({"sku": "a", "name": "Axe", "colour": "red", "stock": 1})
    assert done(same) == [(False, "Axe", 1)]
    assert world.client.get(url).headers["ETag"] == tag
    world.upsert({"sku": "a", "name": "Axe"})
    after = world.client.get(url)
    assert (after.json["colour"], after.json["stock"]) == ("grey", None)
    assert after.headers["ETag"] != tag


def test_errors_name_their_items(world: World) -> None:
    """What is invalid, taken or named twice is told by item, and nothing is changed."""
    world.upsert({"sku": "a", "name": "Axe", "label": "one"})
    before = listed(world)
    invalid = world.upsert({"sku": "b", "name": "Bolt"}, {"name": "Nameless"}, {"sku": "c"})
    assert invalid.status == 422
    pointers = [each["pointer"] for each in invalid.problem["errors"]]
    assert pointers == ["/upsert/1/sku", "/upsert/2/name"]
    taken = world.upsert({"sku": "b", "name": "Bolt"}, {"sku": "c", "name": "C", "label": "one"})
    assert taken.status == 409
    errors = [(each["pointer"], each["code"]) for each in taken.problem["errors"]]
    assert errors == [("/upsert/1/label", "unique")]
    twice = world.upsert({"sku": "b", "name": "Bolt"}, {"sku": "b", "name": "Again"})
    assert twice.status == 422
    errors = [(each["pointer"], each["code"]) for each in twice.problem["errors"]]
    assert errors == [("/upsert/1", "duplicate")]
    assert listed(world) == before


def test_upserts_go_with_the_rest(world: World) -> None:
    """Upserts come after deletions and updates and before creations, all or none."""
    world.upsert({"sku": "a", "name": "Axe"}, {"sku": "b", "name": "Bolt", "label": "one"})
    items = {each["sku"]: each["id"] for each in world.client.get("/products").json["items"]}
    response = world.client.post(
        "/products/bulk",
        json={
            "update": [{"id": items["b"], "label": "two"}],
            "upsert": [{"sku": "a", "name": "Ax", "label": "one"}],
            "create": [{"sku": "d", "name": "Dot"}],
        },
    )
    assert done(response) == [(False, "Ax", None)]
    assert [each["name"] for each in response.json["created"]] == ["Dot"]
    headers = {"Prefer": "return=minimal"}
    body = {"upsert": [{"sku": "a", "name": "Axe"}]}
    assert world.client.post("/products/bulk", json=body, headers=headers).status == 204


def test_the_document_says_what_is_upserted(world: World) -> None:
    """The attribute is required, and the response is typed."""
    schemas = world.client.get("/openapi.json").json["components"]["schemas"]
    assert "sku" in schemas["ProductsBulkUpsertInput"]["required"]
    assert schemas["ProductsBulkUpsertResult"]["required"] == ["created", "item"]
    assert "upserted" in schemas["ProductsBulkResult"]["required"]


def test_one_statement_for_all_items(stored: World) -> None:
    """A hundred items are one INSERT, after a SELECT of the known ones on SQLite."""
    items = [{"sku": f"s{number}", "name": "new"} for number in range(100)]
    stored.upsert(*items[:50])
    before = stored.client.get("/products?limit=1").json["items"][0]
    stored.statements.clear()
    response = stored.upsert(*({**each, "name": "newer"} for each in items))
    assert [each[0] for each in done(response)] == [False] * 50 + [True] * 50
    assert stored.database is not None
    verbs = [each.split()[0] for each in stored.statements]
    assert verbs == (
        ["SELECT", "INSERT"] if stored.database.engine.name == "sqlite" else ["INSERT"]
    )
    after = stored.client.get("/products?limit=1").json["items"][0]
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]
    assert after["id"] == before["id"]


def test_an_item_that_was_removed_is_not_replaced(stored: World) -> None:
    """A value of an item that is hidden is taken, as for a POST, and nothing is written."""
    (made,) = stored.upsert({"sku": "a", "name": "Axe"}).json["upserted"]
    stored.client.delete(f"/products/{made['item']['id']}")
    response = stored.upsert({"sku": "b", "name": "Bolt"}, {"sku": "a", "name": "Other"})
    assert response.status == 409
    errors = [(each["pointer"], each["code"]) for each in response.problem["errors"]]
    assert errors == [("/upsert/1/sku", "unique")]
    assert "Axe" not in response.text
    assert listed(stored) == []


def test_members_of_a_collection_below_a_url(stored: World) -> None:
    """The unique attribute may be unique only together with the variables of the URL."""
    path = "/groups/{}/members"
    for group in (1, 2):
        response = stored.upsert({"number": 1, "name": f"of {group}"}, path=path.format(group))
        assert [each["created"] for each in response.json["upserted"]] == [True]
    response = stored.upsert(
        {"number": 1, "name": "again"}, {"number": 2, "name": "new"}, path=path.format(1)
    )
    assert [each["created"] for each in response.json["upserted"]] == [False, True]
    names = [each["name"] for each in stored.client.get(path.format(2)).json["items"]]
    assert names == ["of 2"]


def test_two_requests_at_once_make_one_item(stored: World) -> None:
    """Of concurrent upserts of new values, one creates each item and the others replace it."""

    def send(number: int) -> TestResponse:
        names = [f"s{each}" for each in range(5)]
        ordered = names if number % 2 else names[::-1]
        return stored.upsert(*({"sku": each, "name": str(number)} for each in ordered))

    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(send, range(4)))
    created = [each for response in responses for each, _, _ in done(response)]
    assert (created.count(True), len(created)) == (5, 20)
    assert len({name for _, name, _ in listed(stored)}) == 1
    assert len(listed(stored)) == 5


class Guarded(CRUDResource[Thing]):
    """Refuses to replace items with stock."""

    bulk = True
    bulk_upsert = "sku"

    def create(self, item: Thing) -> Thing:
        item.colour = "new"
        return super().create(item)

    def replace(self, item: Thing, values: Mapping[str, object]) -> Thing:
        if item.stock:
            raise Conflict("There is stock.")
        return super().replace(item, {**values, "colour": "replaced"})


def test_overridden_actions_are_called() -> None:
    """Each item goes through `create` or `replace` as the class has them."""
    app = App("Products")
    store = MemoryStore(Thing, unique=("sku",))
    app.add("/products", type("Things", (Guarded,), {"store": store}))
    client = Client(app)
    body: dict[str, Any] = {"upsert": [{"sku": "a", "name": "Axe"}]}
    for colour in ("new", "replaced"):
        (made,) = client.post("/products/bulk", json=body).json["upserted"]
        assert made["item"]["colour"] == colour
    client.post("/products", json={"sku": "b", "name": "Bolt", "stock": 2})
    body["upsert"].append({"sku": "b", "name": "Bolt"})
    response = client.post("/products/bulk", json=body)
    assert response.status == 409
    assert response.problem["errors"][0]["pointer"] == "/upsert/1"


def test_items_that_the_caller_may_only_read_are_not_replaced(stored: World) -> None:
    """An item outside of `write_scope` is a 403, also where rows are written without the ORM."""
    assert stored.database is not None

    class Owned(Products):
        schema = None

        def write_scope(self) -> dict[str, object]:
            return {"colour": "grey"}

    class Renamed(Products):
        schema = None

        def replace(self, item: Product, values: Mapping[str, object]) -> Product:
            return super().replace(item, {**values, "name": "replaced"})

    app = App("Products")
    app.install(stored.database)
    app.add("/owned", Owned)
    app.add("/renamed", Renamed)
    client = Client(app)
    stored.upsert({"sku": "a", "name": "Axe", "colour": "red"}, {"sku": "b", "name": "Bolt"})
    for sku, status in (("a", 403), ("b", 200)):
        body = {"upsert": [{"sku": sku, "name": "x"}]}
        assert client.post("/owned/bulk", json=body).status == status
    (found,) = client.post("/renamed/bulk", json=body).json["upserted"]
    assert found["item"]["name"] == "replaced"


def test_rows_of_others_are_not_replaced(tmp_path: Path) -> None:
    """A value that a row of another caller has is taken; the response says nothing of the row."""
    with database_url("sqlite", tmp_path) as url:
        database = Database(url, create=Base.metadata)
        database.rows(
            Product,
            read=lambda me: Product.label == me,
            set={"label": lambda me: me},
            caller=lambda request: request.headers.get("X-Me"),
        )
        app = App("Products")
        app.install(database)
        app.add("/products", Products)
        client = Client(app)
        body = {"upsert": [{"sku": "a", "name": "secret"}]}
        mine = client.post("/products/bulk", json=body, headers={"X-Me": "ada"})
        assert [each["created"] for each in mine.json["upserted"]] == [True]
        again = client.post("/products/bulk", json=body, headers={"X-Me": "ada"})
        assert [each["created"] for each in again.json["upserted"]] == [False]
        theirs = client.post("/products/bulk", json=body, headers={"X-Me": "bob"})
        assert theirs.status == 409
        assert theirs.problem["errors"] == [
            {"pointer": "/upsert/0/sku", "detail": "Another item has this value.", "code": "unique"}
        ]
        database.close()


def test_mistakes_are_told_at_start_up() -> None:
    refused("bulk = True", bulk_upsert="title")
    refused("needs POST and PUT", bulk=True, bulk_upsert="title", methods={"GET", "POST"})
    refused("clients write", bulk=True, bulk_upsert="id")
    refused("clients write", bulk=True, bulk_upsert="nothing")
    refused("not unique", bulk=True, bulk_upsert="title")
    refused("name of an attribute", bulk=True, bulk_upsert=True)
