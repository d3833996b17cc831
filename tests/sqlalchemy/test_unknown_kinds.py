"""Rows whose discriminator names no class, as another program or a newer version stores them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, unknown_kinds
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Fleet(Base):
    __tablename__ = "fleet"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    best_id: Mapped[int | None]
    vehicles: Mapped[list[Vehicle]] = relationship(viewonly=True, order_by="Vehicle.id")
    best: Mapped[Vehicle | None] = relationship(
        viewonly=True,
        primaryjoin="foreign(Fleet.best_id) == Vehicle.id",
        lazy="joined",
    )


class Vehicle(Base):
    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    plate: Mapped[str] = mapped_column(String(20))
    fleet_id: Mapped[int | None] = mapped_column(ForeignKey("fleet.id"))


class Car(Vehicle):
    __mapper_args__ = {"polymorphic_identity": "car"}

    doors: Mapped[int | None]


class Truck(Vehicle):
    __tablename__ = "truck"
    __mapper_args__ = {"polymorphic_identity": "truck"}

    id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), primary_key=True)
    payload: Mapped[int | None]


class Document(Base):
    """Is the only class of its table, and names itself in it."""

    __tablename__ = "document"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "document"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str | None] = mapped_column(String(20))


class Vehicles(CRUDResource[Vehicle]):
    model = Vehicle
    sorts = ("plate",)
    filters = ("plate__contains",)


class Trucks(CRUDResource[Truck]):
    model = Truck


class Fleets(CRUDResource[Fleet]):
    model = Fleet
    expand = ("vehicles", "best")
    methods = {"GET"}


class Documents(CRUDResource[Document]):
    model = Document
    methods = {"GET"}


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Fleet")
        app.install(database)
        app.add("/vehicles", Vehicles)
        app.add("/trucks", Trucks)
        app.add("/fleets", Fleets)
        app.add("/documents", Documents)
        statements = [
            "INSERT INTO fleet (id, name, best_id) VALUES (1, 'one', 2), (2, 'two', 1)",
            "INSERT INTO vehicle (id, kind, plate, fleet_id) VALUES (1, 'car', 'C1', 1), "
            "(2, 'boat', 'B1', 1), (3, 'truck', 'T1', 1), (4, 'lorry', 'L1', 1), "
            "(5, 'car', 'C2', 2)",
            "INSERT INTO truck (id, payload) VALUES (3, 5), (4, 6)",
            "INSERT INTO document (id, kind) VALUES (1, 'document'), (2, 'letter'), (3, NULL)",
        ]
        with database.engine.begin() as connection:
            for each in statements:
                connection.execute(sa.text(each))
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT setval('vehicle_id_seq', 100)"))
        yield Client(app)
        database.close()


def _ids(response: Any) -> list[int]:
    assert response.status == 200, response.text
    return [each["id"] for each in response.json["items"]]


def test_a_list_leaves_out_rows_of_unknown_kinds(client: Client) -> None:
    """Pages, totals, filters and JSON Lines agree; an item of such a row is a 404."""
    assert _ids(client.get("/vehicles")) == [1, 3, 5]
    first = client.get("/vehicles?sort=-plate&limit=1")
    assert _ids(first) == [3]
    assert _ids(client.get(first.json["next"])) == [5]
    total = client.get("/vehicles?limit=1", headers={"Prefer": "count=exact"})
    assert total.json["total"] == 3
    assert _ids(client.get("/vehicles?plate__contains=1")) == [1, 3]
    lines = client.get("/vehicles", headers={"Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == 3
    assert client.get("/vehicles/2").status == 404
    assert client.delete("/vehicles/2").status == 404
    assert client.get("/vehicles/1").json["plate"] == "C1"


def test_a_list_of_a_subclass_does_so_too(client: Client) -> None:
    """A row of the subclass's table may name a class that the program does not have."""
    assert _ids(client.get("/trucks")) == [3]
    assert client.get("/trucks/4").status == 404


def test_a_class_without_subclasses_reads_its_own_rows(client: Client) -> None:
    """One without a discriminator cannot be loaded either."""
    assert _ids(client.get("/documents")) == [1]


def test_relations_leave_them_out_as_well(client: Client) -> None:
    """Neither a list of related rows nor a related row fails."""
    fleets = client.get("/fleets?expand=vehicles,best").json["items"]
    assert [[each["id"] for each in fleet["vehicles"]] for fleet in fleets] == [[1, 3], [5]]
    assert [fleet["best"] and fleet["best"]["id"] for fleet in fleets] == [None, 1]


def test_writes_of_known_kinds_work_beside_them(client: Client) -> None:
    """The other rows stay as they are."""
    made = client.post("/vehicles", json={"kind": "car", "plate": "C3", "doors": 4})
    assert made.status == 201, made.text
    url = made.headers["Location"]
    assert client.patch(url, json={"doors": 5}).json["doors"] == 5
    assert client.delete(url).status == 204
    assert _ids(client.get("/vehicles")) == [1, 3, 5]


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Return the log of a program that has not looked yet."""
    unknown_kinds._logs.clear()
    return caplog


def _warnings(log: pytest.LogCaptureFixture) -> list[str]:
    found = [each.getMessage() for each in log.records if "polymorphic_identity" in each.message]
    log.clear()
    return sorted(found)


def test_each_unknown_kind_is_logged_once(log: pytest.LogCaptureFixture, client: Client) -> None:
    """Lists, JSON Lines and reads of an item log it; the line names the class and the value."""
    client.get("/vehicles?limit=1")
    first = _warnings(log)
    assert [each.partition(",")[0] for each in first] == [
        "A row of Vehicle has kind = 'boat'",
        "A row of Vehicle has kind = 'lorry'",
    ]
    assert "Import or declare a subclass of Vehicle" in first[0]
    for url in ("/vehicles", "/vehicles/2", "/trucks", "/trucks/4"):
        client.get(url)
    client.get("/vehicles", headers={"Accept": "application/x-ndjson"})
    assert _warnings(log) == []
    client.get("/documents")
    assert [each.partition(",")[0] for each in _warnings(log)] == [
        "A row of Document has kind = 'letter'",
        "A row of Document has kind = None",
    ]


def test_a_read_of_an_item_logs_its_unknown_kind(
    log: pytest.LogCaptureFixture, client: Client
) -> None:
    """A missing item is not logged, nor is one of another subclass."""
    for missing in ("/vehicles/77", "/trucks/1", "/vehicles/x"):
        assert client.get(missing).status == 404
    assert _warnings(log) == []
    assert client.get("/vehicles/4").status == 404
    (found,) = _warnings(log)
    assert found.startswith("A row of Vehicle has kind = 'lorry'")
