"""Collections whose items are of several kinds, with a key that clients choose."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, OneOf
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Vehicle(Base):
    __tablename__ = "keyed_vehicle"
    __mapper_args__ = {"polymorphic_on": "kind"}

    plate: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    doors: Mapped[int | None] = mapped_column()


class Car(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "car"}


class Truck(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "truck"}


def _schema(kind: str, *, required: bool) -> type[Schema]:
    plate: fields.Str = fields.Str(required=required, validate=validate.Length(max=20))
    tag: fields.Str = fields.Str(required=True, validate=validate.Equal(kind))
    doors: fields.Int = fields.Int(allow_none=True, validate=validate.Range(0, 9))
    return Schema.from_dict(
        {"plate": plate, "kind": tag, "doors": doors}, name=f"{kind.title()}Schema"
    )


def _served(*required: str) -> Client:
    union = OneOf(*(_schema(kind, required=kind in required) for kind in ("car", "truck")))
    app = App("Fleet")
    app.install(Database("sqlite://", create=Base.metadata))
    app.add("/vehicles", type("Vehicles", (CRUDResource,), {"model": Vehicle, "schema": union}))
    return Client(app)


@pytest.mark.parametrize("required", [(), ("car",), ("truck",), ("car", "truck")])
def test_put_may_leave_out_the_key_that_the_url_has(required: tuple[str, ...]) -> None:
    """Whether the schema of a kind requires it for POST, or that of another kind does."""
    client = _served(*required)
    for kind in ("car", "truck"):
        content: dict[str, Any] = {"kind": kind, "doors": 2}
        assert client.post("/vehicles", json={**content, "plate": kind}).status == 201
        content["doors"] = 4
        response = client.put(f"/vehicles/{kind}", json=content)
        assert response.status == 200
        assert response.json == {**content, "plate": kind}
        assert client.put(f"/vehicles/{kind}", json={**content, "plate": "other"}).status == 409


@pytest.mark.parametrize(("required", "is_other"), [((), False), (("car",), True)])
def test_the_document_has_another_schema_only_if_a_key_may_be_left_out(
    required: tuple[str, ...], is_other: bool
) -> None:
    document = _served(*required).get("/openapi.json").json
    (put,) = (each["put"] for each in document["paths"].values() if "put" in each)
    body = put["requestBody"]["content"]["application/json"]["schema"]
    assert ("Replacement" in str(body)) is is_other
