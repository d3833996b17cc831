"""Collections of several kinds with row rules, idempotency keys and changes by filter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from sqlalchemy import ForeignKey, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.limits import Idempotency, MemoryStorage
from restkit.sqlalchemy import Database
from restkit.testing import Client

CAR = {"kind": "car", "plate": "C1", "doors": 3}
TRUCK = {"kind": "truck", "plate": "T1", "payload": 9}


def _models(inheritance: str) -> tuple[type, type]:
    """Return the base of declarations, and the base of cars and trucks."""

    class Base(DeclarativeBase):
        pass

    class Vehicle(Base):
        __tablename__ = "vehicle"
        __mapper_args__ = {"polymorphic_on": "kind"}

        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str] = mapped_column(String(20))
        plate: Mapped[str] = mapped_column(String(20), unique=True)
        owner: Mapped[str | None] = mapped_column(String(20))
        note: Mapped[str | None] = mapped_column(String(20))

    def table(name: str) -> dict[str, Any]:
        if inheritance == "single":
            return {}
        return {
            "__tablename__": name,
            "id": mapped_column(ForeignKey("vehicle.id"), primary_key=True),
        }

    for name, attribute in (("car", "doors"), ("truck", "payload")):
        members: dict[str, Any] = {
            **table(name),
            attribute: mapped_column(Integer, nullable=True),
            "__mapper_args__": {"polymorphic_identity": name},
        }
        kept.append(type(name.capitalize(), (Vehicle,), members))
    return Base, Vehicle


kept: list[type] = []


@pytest.fixture(params=["joined", "single"])
def client(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Client]:
    """Return the client of /vehicles, whose callers are named by a header and see their own."""
    base: Any
    base, vehicle = _models(request.param)
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=base.metadata)) as database,
    ):
        database.rows(
            vehicle,
            read=lambda me: {"owner": me},
            set={"owner": lambda me: me},
            caller=lambda request: request.headers.get("X-Me", "ann"),
        )
        app = App("Fleet", contract="raise")
        app.install(database)
        members = {
            "model": vehicle,
            "filters": ("kind", "kind__in", "note"),
            "by_filter": ("PATCH", "DELETE"),
            "bulk": True,
            "idempotency": Idempotency(MemoryStorage()),
        }
        app.add("/vehicles", type("Vehicles", (CRUDResource,), members))
        yield Client(app)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


BOB = {"X-Me": "bob"}


def test_a_row_rule_holds_for_every_kind(client: Client) -> None:
    """What another caller has is not listed, read, changed, removed or named by a bulk request."""
    made = [client.post("/vehicles", json=body) for body in (CAR, TRUCK)]
    assert [each.status for each in made] == [201, 201]
    assert [each.json["owner"] for each in made] == ["ann", "ann"]
    assert client.get("/vehicles", headers=BOB).json["items"] == []
    for each in made:
        item = each.headers["Location"]
        assert client.get(item, headers=BOB).status == 404
        assert client.patch(item, json={"note": "x"}, headers=BOB).status == 404
        assert client.delete(item, headers=BOB).status == 404
        change = {"id": each.json["id"], "note": "x"}
        lost = client.post("/vehicles/bulk", json={"update": [change]}, headers=BOB)
        assert lost.status == 409
        assert client.get(item).json == each.json
    assert len(client.get("/vehicles").json["items"]) == 2


def test_a_repeated_request_makes_one_item_of_its_kind(client: Client) -> None:
    """The second response is that of the first; another body with the key is refused."""
    for body in (CAR, TRUCK):
        headers = {"Idempotency-Key": f'"{body["kind"]}"'}
        made = client.post("/vehicles", json=body, headers=headers)
        again = client.post("/vehicles", json=body, headers=headers)
        assert made.status == 201
        assert again.content == made.content
        assert again.headers["Location"] == made.headers["Location"]
        other = client.post("/vehicles", json={**body, "note": "x"}, headers=headers)
        assert other.status == 422
    assert len(client.get("/vehicles").json["items"]) == 2


def test_changes_by_filter_reach_every_kind_of_the_caller(client: Client) -> None:
    """A patch that fits all kinds changes all selected items, a removal removes them."""
    for body in (CAR, TRUCK):
        assert client.post("/vehicles", json=body).status == 201
    bobs = client.post("/vehicles", json={**CAR, "plate": "C2"}, headers=BOB)
    assert bobs.status == 201
    assert client.patch("/vehicles?kind=car", json={"doors": 5}).json["affected"] == 1
    both = client.patch("/vehicles?kind__in=car,truck", json={"note": "x"})
    assert both.json == {"affected": 2, "dry_run": False}
    assert client.patch("/vehicles?kind__in=car,truck", json={"doors": 1}).status == 422
    found = {each["kind"]: each for each in client.get("/vehicles").json["items"]}
    assert found["car"]["doors"] == 5
    assert client.patch("/vehicles?kind=truck", json={"note": "old"}).json["affected"] == 1
    assert client.delete("/vehicles?note=old").json["affected"] == 1
    assert client.delete("/vehicles?kind=car").json["affected"] == 1
    assert client.get("/vehicles").json["items"] == []
    assert client.get(bobs.headers["Location"], headers=BOB).json == bobs.json
