"""Declarations of actions in collections of several kinds, over each store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Conflict, raises, returns, takes
from restkit.crud import CRUDResource, ListQuery, MemoryStore, Order, collection_action, item_action
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


@dataclass
class Vehicle:
    plate: str
    note: str | None = None
    id: int = 0


@dataclass
class Car(Vehicle):
    doors: int | None = None


@dataclass
class Truck(Vehicle):
    payload: int | None = None


class Base(DeclarativeBase):
    pass


class VehicleRow(Base):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    plate: Mapped[str] = mapped_column(sa.String(20))
    note: Mapped[str | None] = mapped_column(sa.String(20))


class CarRow(VehicleRow):
    __tablename__ = "car"
    __mapper_args__ = {"polymorphic_identity": "car"}

    id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id"), primary_key=True)
    doors: Mapped[int | None]


class TruckRow(VehicleRow):
    __mapper_args__ = {"polymorphic_identity": "truck"}

    payload: Mapped[int | None]


class CarSchema(Schema):
    kind = fields.Str(required=True, validate=validate.Equal("car"))
    plate = fields.Str(required=True, validate=validate.Length(1, 20))


class TruckSchema(Schema):
    kind = fields.Str(required=True, validate=validate.Equal("truck"))
    plate = fields.Str(required=True, validate=validate.Length(1, 20))


class Reason(Schema):
    reason = fields.Str(required=True, validate=validate.Length(1, 20))


class Painted(CRUDResource[Any]):
    """A collection whose actions declare inputs, responses and problems."""

    @takes(query={"hint": fields.Int()})
    @raises(Conflict)
    def create(self, item: Any, hint: int | None = None) -> Any:
        if hint == 1:
            raise Conflict("Not with this hint.")
        item.note = str(hint)
        return super().create(item)

    @takes(query={"suffix": fields.Str()})
    def update(self, item: Any, values: Any, suffix: str = "") -> Any:
        return super().update(item, {**values, "note": f"updated{suffix}"})

    @item_action("POST")
    @takes(body=Reason)
    @raises(Conflict)
    def paint(self, item: Any, body: dict[str, str]) -> object:
        if item.note == body["reason"]:
            raise Conflict("It is painted already.")
        item.note = body["reason"]
        return item

    @item_action("POST")
    @takes(body=CarSchema | TruckSchema)
    @returns(CarSchema | TruckSchema)
    def compare(self, item: Any, body: dict[str, object]) -> object:
        item.note = str(body["kind"])
        return item

    @collection_action("GET")
    def every(self) -> list[object]:
        return list(self.rows.stream(ListQuery(order=(Order("id"),))))


def _installed(app: App, kind: str, folder: Path) -> Iterator[type]:
    if kind == "memory":
        app.install(MemoryStore(Vehicle, kinds={"car": Car, "truck": Truck}))
        yield Vehicle
        return
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app.install(database)
        yield VehicleRow


@pytest.fixture(params=["memory", *KINDS])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[App, type]]:
    app = App("Fleet", contract="raise")
    for model in _installed(app, request.param, tmp_path):
        yield app, model


def test_actions_of_kinds_have_inputs_and_responses(served: tuple[App, type]) -> None:
    """What is declared arrives, and items of every kind are returned by their own schema."""
    app, model = served
    app.add("/vehicles", type("Vehicles", (Painted,), {"model": model}))
    client = Client(app)
    car = client.post("/vehicles?hint=2", json={"kind": "car", "plate": "C", "doors": 3})
    truck = client.post("/vehicles?hint=3", json={"kind": "truck", "plate": "T", "payload": 9})
    assert (car.json["note"], truck.json["note"]) == ("2", "3")
    assert client.post("/vehicles?hint=1", json={"kind": "car", "plate": "D"}).status == 409
    assert client.post("/vehicles?hint=x", json={"kind": "car", "plate": "D"}).status == 422
    patched = client.patch("/vehicles/2?suffix=!", json={"payload": 8}).json
    assert (patched["payload"], patched["note"]) == (8, "updated!")
    for url, member in (("/vehicles/1", "doors"), ("/vehicles/2", "payload")):
        painted = client.post(f"{url}/paint", json={"reason": "red"})
        assert (painted.json["note"], member in painted.json) == ("red", True)
        assert client.post(f"{url}/paint", json={"reason": "red"}).status == 409
        assert client.post(f"{url}/paint", json={}).status == 422
    compared = client.post("/vehicles/1/compare", json={"kind": "truck", "plate": "x"})
    assert compared.json == {"kind": "car", "plate": "C"}
    assert client.get("/vehicles/1").json["note"] == "truck"
    assert client.get("/vehicles/every").json == client.get("/vehicles").json["items"]
    operation = client.get("/openapi.json").json["paths"]["/vehicles/{id}/paint"]["post"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert schema == {"$ref": f"#/components/schemas/{model.__name__}"}


def _declaring(name: str, decorator: Any) -> dict[str, Any]:
    def create(self: Any, item: Any) -> Any:
        return item

    def update(self: Any, item: Any, values: Any) -> Any:
        return item

    return {name: decorator({"create": create, "update": update}[name])}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (_declaring("create", takes(body=Reason)), "items are of several kinds. Declare a union"),
        (_declaring("update", takes(body=Reason)), "items are of several kinds. Declare a union"),
        (_declaring("create", takes(body=CarSchema | TruckSchema)), "must be a marshmallow Schema"),
        (_declaring("create", returns(CarSchema | TruckSchema)), "must be a marshmallow Schema"),
        ({"transitions": {"doors": {1: (2,)}}}, "no attribute 'doors'"),
        ({"schema": TruckSchema}, "several|one schema|accepts 'kind'"),
    ],
)
def test_declarations_that_do_not_fit_kinds_are_refused(
    served: tuple[App, type], members: dict[str, Any], message: str
) -> None:
    """A sentence names the class, and says what to declare."""
    app, model = served
    declared = type("Vehicles", (CRUDResource,), {"model": model, **members})
    with pytest.raises(DeclarationError, match=message) as caught:
        app.add("/vehicles", declared)
    assert "Vehicles" in str(caught.value)


def test_one_schema_for_all_kinds_can_be_read(served: tuple[App, type]) -> None:
    """Without a kind nothing can be created; the scope may decide it."""
    app, model = served
    plate = fields.Str(required=True, validate=validate.Length(1, 20))
    schema = type("PlateSchema", (Schema,), {"id": fields.Int(dump_only=True), "plate": plate})
    common: dict[str, Any] = {"model": model, "schema": schema}
    with pytest.raises(DeclarationError, match=r"a new item of .* is 'car' or 'truck'"):
        app.add("/all", type("All", (CRUDResource,), common))

    class Cars(CRUDResource[Any]):
        def scope(self) -> dict[str, object]:
            return {"kind": "car"}

    app.add("/cars", type("Cars", (Cars,), common))
    app.add("/plates", type("Plates", (CRUDResource,), {**common, "methods": {"GET"}}))
    client = Client(app)
    assert client.post("/cars", json={"plate": "C"}).json == {"id": 1, "plate": "C"}
    assert client.get("/plates").json["items"] == [{"id": 1, "plate": "C"}]
