"""Collections of a base model: items of several subclasses, each with its own schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from openapi_spec_validator import validate as validate_document
from sqlalchemy.orm import DeclarativeBase, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client

INHERITANCE = ("joined", "single")


def models(inheritance: str, **more: Any) -> dict[str, Any]:
    """Return a base, Vehicle, with the subclasses Car and Truck, in three tables or one."""
    base = type("Base", (DeclarativeBase,), {})
    owner = type(
        "Owner",
        (base,),
        {
            "__tablename__": "owner",
            "id": mapped_column(sa.Integer, primary_key=True),
            "name": mapped_column(sa.String(20), nullable=False),
        },
    )
    own: dict[str, Any] = {
        "__tablename__": "vehicle",
        "id": mapped_column(sa.Integer, primary_key=True),
        "kind": mapped_column(sa.String(20), nullable=False),
        "plate": mapped_column(sa.String(20), nullable=False, unique=True),
        "owner_id": mapped_column(sa.ForeignKey("owner.id"), nullable=True),
        "owner": relationship(owner),
        "__mapper_args__": {"polymorphic_on": "kind"},
    }
    vehicle = type("Vehicle", (base,), {**own, **more})

    def subclass(name: str, **members: Any) -> type:
        if inheritance == "joined":
            members["__tablename__"] = name.lower()
            members["id"] = mapped_column(sa.ForeignKey("vehicle.id"), primary_key=True)
        members["__mapper_args__"] = {"polymorphic_identity": name.lower()}
        return type(name, (vehicle,), members)

    car = subclass("Car", doors=mapped_column(sa.Integer, nullable=True))
    truck = subclass(
        "Truck",
        payload=mapped_column(sa.Integer, nullable=True, default=7),
        notes=mapped_column(sa.Text, nullable=True, deferred=True),
    )
    return {"base": base, "Owner": owner, "Vehicle": vehicle, "Car": car, "Truck": truck}


@contextmanager
def served(
    kind: str, folder: Path, found: dict[str, Any], version: str = "3.1.1", **more: Any
) -> Iterator[Client]:
    """Serve /vehicles, /owners/<owner_id>/vehicles and /owners on an empty database."""
    members = {
        "model": found["Vehicle"],
        "filters": ("kind", "kind__in", "plate__contains"),
        "sorts": ("plate", "kind"),
        "expand": ("owner",),
        "bulk": True,
        **more,
    }
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=found["base"].metadata)) as database,
    ):
        app = App("Fleet", contract="raise", openapi_version=version)
        app.install(database)
        vehicles = type("Vehicles", (CRUDResource,), members)
        app.add("/vehicles", vehicles)
        app.add("/owners", type("Owners", (CRUDResource,), {"model": found["Owner"]}))
        app.add("/owners/<int:owner_id>/vehicles", vehicles, name="OwnerVehicles")
        yield Client(app)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=INHERITANCE)
def client(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Iterator[Client]:
    with served(kind, tmp_path, models(request.param)) as client:
        yield client


CAR = {"kind": "car", "plate": "C1", "doors": 3}
TRUCK = {"kind": "truck", "plate": "T1", "payload": 9, "notes": "slow"}


def test_the_discriminator_decides_the_class_of_an_item(client: Client) -> None:
    """POST makes the subclass that it names, and each item is written by its own schema."""
    car, truck = client.post("/vehicles", json=CAR), client.post("/vehicles", json=TRUCK)
    assert car.json == {"id": 1, "owner_id": None, **CAR}
    assert truck.json == {"id": 2, "owner_id": None, **TRUCK}
    for made in (car, truck):
        read = client.get(made.headers["Location"])
        assert read.json == made.json
        assert read.headers["ETag"] == made.headers["ETag"]
    assert client.get("/vehicles").json["items"] == [car.json, truck.json]
    lines = client.get("/vehicles", headers={"Accept": "application/x-ndjson"})
    assert lines.status == 200
    assert [json.loads(each)["kind"] for each in lines.text.splitlines()] == ["car", "truck"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({**CAR, "kind": "bus"}, "/kind"),
        ({**CAR, "kind": None}, "/kind"),
        ({**CAR, "kind": ["car"]}, "/kind"),
        ({"plate": "C1"}, "/kind"),
        ({**TRUCK, "kind": "car"}, "/payload"),
        ({"kind": "car"}, "/plate"),
        ({**CAR, "doors": "x"}, "/doors"),
    ],
)
def test_content_is_validated_by_the_schema_of_its_kind(
    client: Client, body: dict[str, Any], where: str
) -> None:
    """An unknown kind is a 422 as well, and nothing is stored."""
    response = client.post("/vehicles", json=body)
    assert response.status == 422
    assert where in [each["pointer"] for each in response.json["errors"]]
    assert client.get("/vehicles").json["items"] == []


@pytest.mark.parametrize("inheritance", INHERITANCE)
def test_put_and_patch_keep_the_kind(inheritance: str, kind: str, tmp_path: Path) -> None:
    """They change attributes of the subclass, and refuse another kind."""
    with served(kind, tmp_path, models(inheritance)) as client:
        client.post("/vehicles", json=CAR)
        patched = client.patch("/vehicles/1", json={"kind": "car", "doors": 5})
        assert patched.json == {"id": 1, "owner_id": None, **CAR, "doors": 5}
        put = client.put(
            "/vehicles/1",
            json={"kind": "car", "plate": "C2"},
            headers={"If-Match": patched.headers["ETag"]},
        )
        assert put.json == {"id": 1, "kind": "car", "plate": "C2", "owner_id": None, "doors": None}
        assert client.get("/vehicles/1").headers["ETag"] == put.headers["ETag"]
        json_patch = {"Content-Type": "application/json-patch+json"}
        operation = b'[{"op": "replace", "path": "/kind", "value": "truck"}]'
        refused = [
            client.put("/vehicles/1", json={"kind": "truck", "plate": "C3"}),
            client.patch("/vehicles/1", json={"kind": "truck"}),
            client.patch("/vehicles/1", json={"kind": None}),
            client.patch("/vehicles/1", content=operation, headers=json_patch),
        ]
        for response in refused:
            assert response.status == 422
            assert response.json["errors"][0]["pointer"] == "/kind"
        assert client.patch("/vehicles/1", json={"payload": 1}).status == 422
        assert client.get("/vehicles/1").json == put.json


def test_a_taken_value_of_the_base_points_to_it(client: Client) -> None:
    client.post("/vehicles", json=CAR)
    response = client.post("/vehicles", json={**TRUCK, "plate": "C1"})
    assert response.status == 409
    assert response.json["errors"][0]["pointer"] == "/plate"


def test_filters_sorts_and_cursors_over_kinds(client: Client) -> None:
    """They use the attributes of the base, the discriminator too."""
    for index in range(6):
        client.post("/vehicles", json={"kind": ("car", "truck")[index % 2], "plate": f"P{index}"})
    only = client.get("/vehicles?kind=truck&sort=-plate").json["items"]
    assert [each["plate"] for each in only] == ["P5", "P3", "P1"]
    assert len(client.get("/vehicles?kind__in=truck,car&plate__contains=p").json["items"]) == 6
    assert client.get("/vehicles?kind=bus").status == 422
    page = client.get("/vehicles?limit=4&sort=kind").json
    rest = client.get(page["next"]).json
    found = [each["kind"] for each in page["items"] + rest["items"]]
    assert found == ["car"] * 3 + ["truck"] * 3


def test_bulk_over_kinds(client: Client) -> None:
    """Each part finds the schema of its item's kind."""
    client.post("/vehicles", json=CAR)
    client.post("/vehicles", json=TRUCK)
    done = client.post(
        "/vehicles/bulk",
        json={
            "create": [{"kind": "truck", "plate": "T2"}],
            "update": [{"id": 1, "doors": 4}, {"id": 2, "notes": "fast"}],
        },
    )
    assert done.json["created"][0]["payload"] == 7
    assert [each["kind"] for each in done.json["updated"]] == ["car", "truck"]
    wrong = client.post("/vehicles/bulk", json={"update": [{"id": 1, "notes": "x"}]})
    assert wrong.status == 422
    assert wrong.json["errors"][0]["pointer"] == "/update/0/notes"


def test_a_collection_of_kinds_below_a_parent(client: Client) -> None:
    client.post("/owners", json={"name": "Ada"})
    client.post("/vehicles", json=TRUCK)
    made = client.post("/owners/1/vehicles", json=CAR)
    assert made.json == {"id": 2, "owner_id": 1, **CAR}
    assert made.headers["Location"] == "/owners/1/vehicles/2"
    expanded = client.get("/owners/1/vehicles?expand=owner").json["items"]
    assert expanded == [{**made.json, "owner": {"id": 1, "name": "Ada"}}]


@pytest.mark.parametrize("inheritance", INHERITANCE)
def test_the_statements_of_a_list_do_not_grow(inheritance: str, kind: str, tmp_path: Path) -> None:
    """One more for each subclass, however many items there are."""
    with served(kind, tmp_path, models(inheritance), fields=True) as client:
        statements: list[str] = []

        def listen(*arguments: Any) -> None:
            statements.append(arguments[2])

        def count(url: str) -> int:
            statements.clear()
            assert client.get(url).status == 200
            return len([each for each in statements if each.startswith("SELECT")])

        sa.event.listen(sa.Engine, "before_cursor_execute", listen)
        try:
            counts = []
            client.get("/vehicles")  # the first list looks for rows of unknown kinds
            for plates in (range(4), range(4, 20)):
                for index in plates:
                    client.post(
                        "/vehicles",
                        json={"kind": ("car", "truck")[index % 2], "plate": f"P{index}"},
                    )
                counts.append([count("/vehicles"), count("/vehicles?expand=owner")])
            assert counts[0] == counts[1]
            assert max(counts[1]) <= 3
            assert count("/vehicles?fields=plate") == 1
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listen)


def test_selected_fields_always_name_the_kind(kind: str, tmp_path: Path) -> None:
    """A client could not tell the items apart without it."""
    with served(kind, tmp_path, models("joined"), fields=True) as client:
        client.post("/vehicles", json=CAR)
        client.post("/vehicles", json=TRUCK)
        items = client.get("/vehicles?fields=id,notes").json["items"]
        assert items == [{"id": 1, "kind": "car"}, {"id": 2, "kind": "truck", "notes": "slow"}]
        assert client.get("/vehicles/1?fields=doors").json == {"kind": "car", "doors": 3}
        view = client.get("/openapi.json").json["components"]["schemas"]["CarView"]
        assert view["required"] == ["kind"]


@pytest.mark.parametrize("version", ["3.0.4", "3.1.1", "3.2.0"])
def test_the_document_has_one_of_with_a_discriminator(version: str, tmp_path: Path) -> None:
    with served("sqlite", tmp_path, models("joined"), version, expand=()) as client:
        document = client.get("/openapi.json").json
        validate_document(document)
        schemas = document["components"]["schemas"]
        place = "#/components/schemas/"
        assert schemas["Vehicle"]["oneOf"] == [{"$ref": place + "Car"}, {"$ref": place + "Truck"}]
        assert schemas["Vehicle"]["discriminator"] == {
            "propertyName": "kind",
            "mapping": {"car": place + "Car", "truck": place + "Truck"},
        }
        assert "kind" in schemas["CarInput"]["required"]
        assert "kind" not in schemas["CarPatch"].get("required", ())
        body = document["paths"]["/vehicles"]["post"]["requestBody"]
        assert body["content"]["application/json"]["schema"] == {"$ref": place + "VehicleInput"}
        assert len(schemas["VehiclePatch"]["anyOf"]) == 2


def test_a_collection_of_a_subclass_beside_that_of_the_base(kind: str, tmp_path: Path) -> None:
    """Both are in one document, and the kind is the server's in that of the subclass."""
    found = models("joined")
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=found["base"].metadata)) as database,
    ):
        app = App("Fleet", contract="raise")
        app.install(database)
        app.add("/cars", type("Cars", (CRUDResource,), {"model": found["Car"]}))
        app.add("/vehicles", type("Vehicles", (CRUDResource,), {"model": found["Vehicle"]}))
        client = Client(app)
        made = client.post("/cars", json={"plate": "C1", "doors": 3})
        assert made.json == {"id": 1, "owner_id": None, **CAR}
        assert client.post("/cars", json=CAR).status == 422
        client.post("/vehicles", json=TRUCK)
        assert len(client.get("/vehicles").json["items"]) == 2
        assert client.get("/cars").json["items"] == [made.json]
        assert client.get("/cars/2").status == 404
        names = client.get("/openapi.json").json["components"]["schemas"]
        assert {"CarInput", "VehicleCarInput", "VehicleInput"} <= names.keys()


def test_a_base_that_is_a_kind_itself(kind: str, tmp_path: Path) -> None:
    """Its own schema gets another name than the union of all kinds."""
    mapping = {"polymorphic_on": "kind", "polymorphic_identity": "vehicle"}
    with served(kind, tmp_path, models("joined", __mapper_args__=mapping), expand=()) as client:
        made = client.post("/vehicles", json={"kind": "vehicle", "plate": "V"})
        assert made.json == {"id": 1, "kind": "vehicle", "plate": "V", "owner_id": None}
        schemas = client.get("/openapi.json").json["components"]["schemas"]
        assert schemas["Vehicle"]["discriminator"]["mapping"].keys() == {"vehicle", "car", "truck"}
        assert "BaseVehicle" in schemas


def test_versions_and_soft_deletion_of_kinds(kind: str, tmp_path: Path) -> None:
    """Both stand in the base, and hold for every subclass."""
    gone = mapped_column(sa.Boolean, nullable=True)
    found = models("joined", removed=gone)
    with served(kind, tmp_path, found, soft_delete="removed", bulk=False) as client:
        made = client.post("/vehicles", json=CAR)
        assert "removed" not in made.json
        assert client.delete("/vehicles/1").status == 204
        assert client.get("/vehicles").json["items"] == []
        assert client.post("/vehicles/1/restore").json == made.json


@pytest.mark.parametrize("inheritance", INHERITANCE)
def test_versions_of_kinds(inheritance: str, kind: str, tmp_path: Path) -> None:
    """A change of a column of a subclass makes another version, and one writer wins."""
    version = mapped_column(sa.Integer, nullable=False)
    mapping = {"polymorphic_on": "kind", "version_id_col": version}
    found = models(inheritance, version=version, __mapper_args__=mapping)
    with served(kind, tmp_path, found) as client:
        made = client.post("/vehicles", json=CAR)
        assert made.json["version"] == 1
        headers = {"If-Match": made.headers["ETag"]}
        changed = client.patch("/vehicles/1", json={"doors": 4}, headers=headers)
        assert changed.json["version"] == 2
        assert client.get("/vehicles/1").headers["ETag"] == changed.headers["ETag"]
        assert client.patch("/vehicles/1", json={"doors": 5}, headers=headers).status == 412


def test_a_versioned_model_keeps_its_version_beside_own_mapper_arguments(tmp_path: Path) -> None:
    """The discriminator does not replace the version; where it would, the model is refused."""
    found: dict[str, Any] = {}
    for name in ("right", "wrong"):
        base = type("Base", (DeclarativeBase,), {})
        bases = (Versioned, base) if name == "right" else (base, Versioned)
        members: dict[str, Any] = {
            "__tablename__": "shelf",
            "id": mapped_column(sa.Integer, primary_key=True),
            "kind": mapped_column(sa.String(20), nullable=False),
            "__mapper_args__": {"polymorphic_on": "kind"},
        }
        shelf = type("Shelf", bases, members)
        own = {"__mapper_args__": {"polymorphic_identity": "high"}}
        type("HighShelf", (shelf,), own)
        type("LowShelf", (shelf,), {"__mapper_args__": {"polymorphic_identity": "low"}})
        found[name] = (base, shelf)
    app = App("Shelves")
    database = Database(f"sqlite:///{tmp_path}/a.db", create=found["right"][0].metadata)
    app.install(database)
    app.add("/shelves", type("Shelves", (CRUDResource,), {"model": found["right"][1]}))
    with pytest.raises(DeclarationError, match=r"__mapper_args__ of Shelf replace .*Versioned"):
        app.add("/wrong", type("Wrong", (CRUDResource,), {"model": found["wrong"][1]}))
    with closing(database):
        made = Client(app).post("/shelves", json={"kind": "low"})
        assert made.status == 201
        assert made.json["version"] > 0
