"""Field masks of collections: who may create, kinds, defaults, replays, mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields, post_load, pre_load

from restkit import App, DeclarationError, takes
from restkit.crud import CRUDResource, MemoryStore
from restkit.limits import Idempotency, MemoryStorage
from restkit.security import NOBODY, HTTPBearer, Mask, role
from restkit.testing import Client


@dataclass
class User:
    name: str
    roles: tuple[str, ...] = ()


USERS = {"staff": User("staff", ("staff",)), "clerk": User("clerk")}
STAFF, CLERK = {"Authorization": "Bearer staff"}, {"Authorization": "Bearer clerk"}


@dataclass
class Part:
    title: str
    cost: int
    memo: str = "none"
    id: int = 0


@dataclass
class Vehicle:
    name: str
    kind: str = ""
    price: int = 1
    id: int = 0


@dataclass
class Car(Vehicle):
    doors: int = 4


@dataclass
class Truck(Vehicle):
    load: int = 9


class PartSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    cost = fields.Int(required=True)
    memo = fields.Str(load_default="from the schema")


def client_of(model: type = Part, **members: Any) -> Client:
    app = App("Parts", security=HTTPBearer(USERS.get))
    store: MemoryStore[Any] = members.pop("store", None) or MemoryStore(model)
    made = type("Parts", (CRUDResource,), {"store": store, **members, "__module__": __name__})
    app.add("/parts", made)
    return Client(app)


@pytest.mark.parametrize("schema", [None, PartSchema], ids=["derived", "declared"])
def test_who_may_not_write_what_a_new_item_needs(schema: type[Schema] | None) -> None:
    """A POST without a required field is a 403 for those who may not send it."""
    more = {} if schema is None else {"schema": schema}
    client = client_of(masks={"cost": role("staff")}, bulk=True, upsert=False, **more)
    made = client.post("/parts", json={"title": "a", "cost": 4}, headers=STAFF)
    assert made.status == 201
    assert client.post("/parts", json={"title": "b"}, headers=CLERK).status == 403
    assert client.post("/parts", json={"title": "b", "cost": 1}, headers=CLERK).status == 403
    bulk = client.post("/parts/bulk", json={"create": [{"title": "b"}]}, headers=CLERK)
    assert bulk.status == 422
    changed = client.put("/parts/1", json={"title": "c"}, headers=CLERK)
    assert (changed.status, "cost" in changed.json) == (200, False)
    assert client.get("/parts/1", headers=STAFF).json["cost"] == 4


def test_a_class_that_creates_items_itself() -> None:
    """create() may set what callers may not write."""

    class Parts(CRUDResource[Part]):
        store = MemoryStore(Part)
        schema = PartSchema
        masks = {"cost": Mask(read=role("staff"), write=NOBODY)}

        def create(self, item: Part) -> Part:
            item.cost = 5
            return super().create(item)

    app = App("Parts", security=HTTPBearer(USERS.get))
    app.add("/parts", Parts)
    client = Client(app)
    assert client.post("/parts", json={"title": "a"}, headers=CLERK).status == 201
    assert client.get("/parts/1", headers=STAFF).json["cost"] == 5


def test_defaults_of_the_schema_hold() -> None:
    """A new item gets the default of a field that the caller may not write."""
    client = client_of(masks={"memo": role("staff")}, schema=PartSchema)
    client.post("/parts", json={"title": "a", "cost": 1}, headers=CLERK)
    assert client.get("/parts/1", headers=STAFF).json["memo"] == "from the schema"


def test_kinds() -> None:
    """Masks hold for all kinds of items, and for the fields of one kind."""
    kinds: Any = {"car": Car, "truck": Truck}
    store = MemoryStore(Vehicle, kinds=kinds, items=[Car("a", price=7), Truck("b", load=3)])
    masks = {"price": role("staff"), "load": role("staff")}
    client = client_of(store=store, masks=masks, filters=("price",), model=Vehicle)
    items = client.get("/parts", headers=CLERK).json["items"]
    assert all({"price", "load"}.isdisjoint(each) for each in items)
    assert items[0]["doors"] == 4
    assert client.patch("/parts/2", json={"load": 1}, headers=CLERK).status == 422
    assert client.get("/parts?price=7", headers=CLERK).status == 422
    assert client.get("/parts/2", headers=STAFF).json["load"] == 3


def test_a_stored_response_is_not_replayed_with_hidden_fields() -> None:
    """Once a caller has lost its role, a replay does not show what it may no longer read."""
    caller = User("moving", ("staff",))
    app = App("Parts", security=HTTPBearer(lambda token: caller))

    class Parts(CRUDResource[Part]):
        store = MemoryStore(Part)
        idempotency = Idempotency(MemoryStorage(), caller=lambda request: request.caller.name)
        masks = {"memo": role("staff")}

    app.add("/parts", Parts)
    client = Client(app)
    headers = {**STAFF, "Idempotency-Key": '"k"'}
    first = client.post("/parts", json={"title": "a", "cost": 1}, headers=headers)
    assert first.json["memo"] == "none"
    caller.roles = ()
    again = client.post("/parts", json={"title": "a", "cost": 1}, headers=headers)
    assert "memo" not in again.json


def test_bodies_that_actions_declare() -> None:
    """A field that is hidden is hidden in the schema of one action too."""

    class TitleSchema(Schema):
        title = fields.Str()
        cost = fields.Int()

    class Parts(CRUDResource[Part]):
        store = MemoryStore(Part, items=[Part("a", 3)])
        masks = {"cost": role("staff")}

        @takes(body=TitleSchema)
        def update(self, item: Part, values: Any) -> Part:
            return super().update(item, values)

    app = App("Parts", security=HTTPBearer(USERS.get))
    app.add("/parts", Parts)
    client = Client(app)
    assert client.patch("/parts/1", json={"cost": 1}, headers=CLERK).status == 422
    assert client.patch("/parts/1", json={"cost": 1}, headers=STAFF).status == 200


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        ({"price": role("staff")}, "there is no field 'price'"),
        ({"id": role("staff")}, "'id' identifies an item"),
        ({"cost": Mask(write=NOBODY)}, "POST /parts would serve nobody.*cost"),
    ],
    ids=["unknown", "key", "nobody"],
)
def test_masks_that_contradict_the_collection(masks: Any, message: str) -> None:
    """A mask that cannot be meant stops the start of the program."""
    with pytest.raises(DeclarationError, match=message):
        client_of(masks=masks)


def test_the_document_says_who() -> None:
    """The whole document has masked fields, with their masks, as optional ones."""
    client = client_of(masks={"cost": role("staff"), "memo": Mask(write=NOBODY)})
    document = client.get("/openapi.json", headers=STAFF).json
    operation = document["paths"]["/parts"]["get"]
    assert operation["x-field-masks"] == {
        "Parts.cost": {"read": "the role staff", "write": "the role staff"},
        "Parts.memo": {"write": "nobody"},
    }
    part = document["components"]["schemas"]["Part"]
    assert part["properties"]["cost"]["description"] == "Masked (the role staff)."
    assert "403" in document["paths"]["/parts"]["post"]["responses"]


def test_values_of_hooks() -> None:
    """What pre_load adds is content of the caller; post_load and actions set masked fields."""

    class Before(PartSchema):
        cost = fields.Int(load_default=0)

        @pre_load
        def rename(self, data: Any, **_: Any) -> Any:
            return {"memo" if name == "note" else name: data[name] for name in data}

    class After(PartSchema):
        cost = fields.Int(load_default=0)

        @post_load
        def note(self, data: Any, **_: Any) -> Any:
            return {**data, "memo": "by the hook"}

    masks = {"memo": role("staff")}
    renamed = {"title": "Bolt", "note": "of the client"}
    before = client_of(schema=Before, masks=masks)
    assert before.post("/parts", json=renamed, headers=CLERK).status == 422
    assert before.post("/parts", json=renamed, headers=STAFF).json["memo"] == "of the client"
    after = client_of(schema=After, masks=masks)
    made = after.post("/parts", json={"title": "Bolt"}, headers=CLERK)
    assert "memo" not in made.json
    found = after.get(made.headers["Location"], headers=STAFF)
    assert found.json["memo"] == "by the hook"
