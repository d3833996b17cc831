"""The views of a collection's schema: what they are called, and what a patch is applied to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.openapi import build
from restkit.testing import Client


@dataclass
class Part:
    name: str
    price: Decimal | None = None
    maker: Any = None
    id: int = 0


class MakerSchema(Schema):
    name = fields.Str()


class PartSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)
    price = fields.Decimal(allow_none=True)
    maker = fields.Nested(MakerSchema, dump_only=True, allow_none=True)


class Parts(CRUDResource[Part]):
    store = MemoryStore(Part)
    schema = PartSchema


def test_views_of_one_schema_have_names_of_their_own() -> None:
    """Collections of one schema may differ in what clients choose; the document has a component for each view."""

    class WholeParts(Parts):
        pass

    class ExpandedParts(Parts):
        expand = ("maker",)

    class SparseParts(Parts):
        expand = ("maker",)
        fields = True

    app = App("Parts")
    for name, resource in (("/whole", WholeParts), ("/expanded", ExpandedParts), ("/sparse", SparseParts)):
        app.add(name, resource)
    components = build(app)["components"]["schemas"]
    pages = {"PartPage", "PartWithMakerPage", "PartViewPage"}
    assert {"Part", "PartInput", "PartPatch", "PartWithMaker", "PartView", *pages} <= set(components)
    assert "maker" in components["Part"]["required"]
    assert "maker" not in components["PartWithMaker"]["required"]
    assert "required" not in components["PartView"]


def test_a_patch_is_applied_to_what_a_client_has_read() -> None:
    """Values that are texts only on the wire, such as decimals, are those for a patch, and stay as they are."""

    class Fresh(Parts):
        store = MemoryStore(Part)

    app = App("Parts")
    app.add("/parts", Fresh)
    client = Client(app)
    client.post("/parts", json={"name": "Wheel", "price": "12.50"})
    assert client.patch("/parts/1", json={"name": "Big wheel"}).json["price"] == "12.50"
    changes = [{"op": "test", "path": "/price", "value": "12.50"}, {"op": "copy", "from": "/price", "path": "/name"}]
    answer = client.patch("/parts/1", json=changes, content_type="application/json-patch+json")
    assert (answer.status, answer.json["name"]) == (200, "12.50")
