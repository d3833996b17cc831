"""Relations that lead to rows of several kinds: nested writes, keys, members, expansion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, Related
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Vehicle(Base):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    plate: Mapped[str] = mapped_column(sa.String(20), unique=True)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("owner.id"))


class Car(Vehicle):
    __tablename__ = "car"
    __mapper_args__ = {"polymorphic_identity": "car"}

    id: Mapped[int] = mapped_column(sa.ForeignKey("vehicle.id"), primary_key=True)
    doors: Mapped[int | None]


class Truck(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "truck"}

    payload: Mapped[int | None]


class Owner(Base):
    __tablename__ = "owner"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    vehicles: Mapped[list[Vehicle]] = relationship(order_by="Vehicle.id")


class NestedVehicle(Schema):
    id = fields.Int(validate=validate.Range(1, 2**31 - 1))
    kind = fields.Str(required=True, validate=validate.OneOf(["car", "truck", "boat"]))
    plate = fields.Str(required=True, validate=validate.Length(max=20))
    doors = fields.Int(allow_none=True, validate=validate.Range(0, 9))


class OwnerSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True, validate=validate.Length(max=20))
    vehicles = fields.List(fields.Nested(NestedVehicle), validate=validate.Length(max=9))


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    resources: dict[str, dict[str, Any]] = {
        "nested": {"model": Owner, "schema": OwnerSchema},
        "owners": {"model": Owner, "relations": {"vehicles": "plate"}, "members": ("vehicles",)},
        "expanded": {
            "model": Owner,
            "expand": ("vehicles",),
            "filters": ("vehicles__kind",),
            "methods": {"GET"},
        },
        "vehicles": {"model": Vehicle},
    }
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Fleet")
        app.install(database)
        for name, members in resources.items():
            app.add(f"/{name}", type(name.title(), (CRUDResource,), members))
        yield Client(app)


def test_nested_rows_have_the_class_of_their_kind(client: Client) -> None:
    """A row of the subclass's table is stored as well, so that it can be read."""
    vehicles = [{"kind": "car", "plate": "C", "doors": 3}, {"kind": "truck", "plate": "T"}]
    made = client.post("/nested", json={"name": "Ada", "vehicles": vehicles})
    assert made.status == 201, made.text
    items = client.get("/vehicles").json["items"]
    assert [(each["kind"], each.get("doors", 0)) for each in items] == [("car", 3), ("truck", 0)]
    kept = [{"id": 1, "kind": "car", "plate": "C", "doors": 5}]
    changed = client.patch("/nested/1", json={"vehicles": kept})
    assert changed.status == 200, changed.text
    assert client.get("/vehicles/1").json["doors"] == 5
    assert client.get("/vehicles/2").json["owner_id"] is None


@pytest.mark.parametrize(
    "vehicle",
    [
        {"kind": "boat", "plate": "B"},
        {"kind": "truck", "plate": "T", "doors": 3},
        {"id": 1, "kind": "truck", "plate": "C"},
    ],
)
def test_nested_rows_of_a_wrong_kind_are_a_422(client: Client, vehicle: dict[str, Any]) -> None:
    """An unknown kind, an attribute of another one, and a change of the kind."""
    vehicles = [{"kind": "car", "plate": "C"}]
    client.post("/nested", json={"name": "Ada", "vehicles": vehicles})
    before = client.get("/vehicles").json
    refused = client.patch("/nested/1", json={"vehicles": [vehicle]})
    assert refused.status == 422
    assert refused.problem["errors"][0]["pointer"].startswith("/vehicles")
    assert client.get("/vehicles").json == before


def test_keys_members_and_expansion_of_kinds(client: Client) -> None:
    """Related rows of all kinds are named, listed with their own members, and expanded."""
    car = client.post("/vehicles", json={"kind": "car", "plate": "C", "doors": 3}).json
    truck = client.post("/vehicles", json={"kind": "truck", "plate": "T", "payload": 9}).json
    made = client.post("/owners", json={"name": "Ada", "vehicles": ["C", "T"]})
    assert made.json["vehicles"] == ["C", "T"]
    listed = client.get("/owners/1/vehicles").json["items"]
    assert listed == [{**car, "owner_id": 1}, {**truck, "owner_id": 1}]
    (owner,) = client.get("/expanded?expand=vehicles&vehicles__kind=truck").json["items"]
    assert [each["kind"] for each in owner["vehicles"]] == ["car", "truck"]
    assert client.get("/expanded?vehicles__kind=boat").json["items"] == []


def test_creation_of_related_rows_without_a_kind_is_refused() -> None:
    """A name alone does not say of which kind a new row is."""
    database = Database("sqlite://", create=Base.metadata)
    app = App("Fleet")
    app.install(database)
    members = {"model": Owner, "relations": {"vehicles": Related("plate", create=True)}}
    message = "cannot create rows of Vehicle: a new one is 'car' or 'truck'"
    with closing(database), pytest.raises(DeclarationError, match=message):
        app.add("/owners", type("Owners", (CRUDResource,), members))
