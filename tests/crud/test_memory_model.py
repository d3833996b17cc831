"""Kinds of items in memory: what a MemoryStore does with subclasses, and what it refuses."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pytest

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.openapi import build
from restkit.testing import Client


@dataclass
class Driver:
    name: str
    id: int = 0


@dataclass
class Vehicle:
    plate: str
    id: int = 0


@dataclass
class Car(Vehicle):
    doors: int | None = None
    driver_id: int | None = None
    chassis: str | None = None


@dataclass
class Taxi(Car):
    sign: str = ""


@dataclass
class Truck(Vehicle):
    payload: int = 7
    crew: list[int] = field(default_factory=list)


KINDS: dict[str, type[Vehicle]] = {"car": Car, "taxi": Taxi, "truck": Truck}


def _fleet(**more: Any) -> tuple[MemoryStore[Vehicle], MemoryStore[Driver]]:
    drivers = MemoryStore(Driver, items=[Driver("Ada"), Driver("Bob")], unique=("name",))
    references = {"driver_id": drivers, "crew": drivers}
    options: dict[str, Any] = {
        "kinds": KINDS,
        "unique": ("plate", "chassis"),
        "references": references,
    }
    options |= more
    return MemoryStore(Vehicle, **options), drivers


def _resource(store: object, **members: Any) -> type[CRUDResource[Any]]:
    return type("Things", (CRUDResource,), {"store": store, **members})


def test_first_items_get_the_name_of_their_kind() -> None:
    """The class decides; a subclass of a kind that is none itself is of that kind."""

    @dataclass
    class Van(Truck):
        pass

    store, _ = _fleet(items=[Car("C"), Taxi("X"), Van("V")])
    assert [vars(each)["kind"] for each in store.items] == ["car", "taxi", "truck"]
    assert [each.plate for each in store.of(Car).items] == ["C", "X"]
    app = App("Fleet")
    app.add("/vehicles", _resource(store))
    items = Client(app).get("/vehicles").json["items"]
    assert [each["kind"] for each in items] == ["car", "taxi", "truck"]
    assert items[2] == {"plate": "V", "id": 3, "payload": 7, "crew": [], "kind": "truck"}


def test_a_collection_of_a_kind_that_has_kinds_itself() -> None:
    """Cars are plain cars and taxis; a truck is none of them."""
    store, _ = _fleet(items=[Truck("T")])
    app = App("Fleet")
    app.add("/cars", _resource(store.of(Car), filters=("kind",)))
    app.add("/taxis", _resource(store.of(Taxi)))
    client = Client(app)
    assert client.post("/cars", json={"kind": "taxi", "plate": "X", "sign": "!"}).status == 201
    assert client.post("/cars", json={"kind": "car", "plate": "C"}).status == 201
    wrong = client.post("/cars", json={"kind": "truck", "plate": "T2"})
    assert (wrong.status, wrong.problem["errors"][0]["pointer"]) == (422, "/kind")
    assert client.get("/cars?kind=truck").status == 422
    assert [each["plate"] for each in client.get("/cars").json["items"]] == ["X", "C"]
    assert [each["plate"] for each in client.get("/taxis").json["items"]] == ["X"]
    assert client.get("/cars/1").status == 404
    assert len(store.items) == 3


def test_attributes_of_one_kind_are_unique_and_refer() -> None:
    """An item of another kind does not have them, and that is no conflict."""
    store, drivers = _fleet()
    app = App("Fleet")
    app.add("/vehicles", _resource(store))
    app.add("/drivers", _resource(drivers))
    client = Client(app)
    car = {"kind": "car", "plate": "C", "chassis": "1", "driver_id": 1}
    assert client.post("/vehicles", json=car).status == 201
    for plate in ("T1", "T2"):
        truck = {"kind": "truck", "plate": plate, "crew": [2]}
        assert client.post("/vehicles", json=truck).status == 201
    for body, where in (
        ({**car, "plate": "D"}, "/chassis"),
        ({**car, "plate": "D", "chassis": "2", "driver_id": 9}, "/driver_id"),
        ({"kind": "truck", "plate": "E", "crew": [1, 9]}, "/crew"),
    ):
        refused = client.post("/vehicles", json=body)
        assert refused.status == 409
        assert refused.problem["errors"][0]["pointer"] == where
    assert client.delete("/drivers/1").status == 409
    assert client.delete("/vehicles/1").status == 204
    assert client.delete("/drivers/1").status == 204
    assert client.delete("/drivers/2").status == 409


def test_references_to_one_kind() -> None:
    """An item of another kind cannot be named, nor found across the relation."""

    @dataclass
    class Trip:
        car_id: int
        id: int = 0

    store, _ = _fleet(items=[Car("C"), Truck("T")])
    trips = MemoryStore(Trip, references={"car_id": store.of(Car)})
    trips.relate("car", "car_id", back="trips")
    app = App("Fleet")
    app.add("/trips", _resource(trips, filters=("car__plate", "car__doors__null")))
    app.add("/cars", _resource(store.of(Car), filters=("trips__any",)))
    client = Client(app)
    assert client.post("/trips", json={"car_id": 1}).status == 201
    assert client.post("/trips", json={"car_id": 2}).status == 409
    assert len(client.get("/trips?car__plate=C&car__doors__null=true").json["items"]) == 1
    assert len(client.get("/cars?trips__any=true").json["items"]) == 1


def test_a_base_that_is_a_kind_itself() -> None:
    """Its items have no members besides those of the base."""
    store = MemoryStore(Vehicle, kinds={"vehicle": Vehicle, "truck": Truck})
    app = App("Fleet", contract="raise")
    app.add("/vehicles", _resource(store))
    client = Client(app)
    made = client.post("/vehicles", json={"kind": "vehicle", "plate": "V"})
    assert made.json == {"plate": "V", "id": 1, "kind": "vehicle"}
    refused = client.post("/vehicles", json={"kind": "vehicle", "plate": "W", "payload": 1})
    assert refused.status == 422
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    assert schemas["Vehicle"]["discriminator"]["mapping"].keys() == {"vehicle", "truck"}


class Shape(enum.Enum):
    square = 1
    circle = 2


def test_classes_that_name_their_kind_themselves() -> None:
    """As a string, a Literal, an enumeration or a class attribute; the store sets it."""

    @dataclass
    class Text:
        kind: Literal["long", "text"]

    @dataclass
    class Figure:
        kind: Shape
        id: int = 0

    @dataclass
    class Square(Figure):
        side: int = 1

    @dataclass
    class Circle(Figure):
        radius: int = 1

    @dataclass
    class Animal:
        type: ClassVar[str] = ""
        id: int = 0

    @dataclass
    class Cat(Animal):
        type = "a cat"

    @dataclass
    class TextWithKey(Text):
        id: int = 0

    @dataclass
    class Long(TextWithKey):
        kind: Literal["long", "text"] = "long"

    texts = MemoryStore(TextWithKey, kinds={"long": Long, "text": TextWithKey})
    figures = MemoryStore(Figure, kinds={"square": Square, "circle": Circle})
    animals = MemoryStore(Animal, kinds={"cat": Cat}, discriminator="type")
    app = App("Kinds", contract="raise")
    app.add("/texts", _resource(texts, filters=("kind",)))
    app.add("/figures", _resource(figures))
    app.add("/animals", _resource(animals))
    client = Client(app)
    assert client.post("/texts", json={"kind": "long"}).json == {"kind": "long", "id": 1}
    assert client.post("/texts", json={"kind": "text"}).json == {"kind": "text", "id": 2}
    assert len(client.get("/texts?kind=long").json["items"]) == 1
    made = client.post("/figures", json={"kind": "circle", "radius": 2})
    assert made.json == {"kind": "circle", "id": 1, "radius": 2}
    assert figures.items[0].kind is Shape.circle
    assert client.post("/animals", json={"type": "cat"}).json == {"type": "cat", "id": 1}


def test_actions_see_objects_of_the_kinds() -> None:
    """They are made with the name of the kind, and keep it."""
    store, _ = _fleet()
    seen: list[type] = []

    class Vehicles(CRUDResource[Vehicle]):
        def create(self, item: Vehicle) -> Vehicle:
            seen.append(type(item))
            self.rows.add(self.rows.build({"kind": "truck", "plate": f"{item.plate}-2"}))
            vars(item)["kind"] = "nonsense"
            return super().create(item)

    Vehicles.store = store
    app = App("Fleet")
    app.add("/vehicles", Vehicles)
    made = Client(app).post("/vehicles", json={"kind": "taxi", "plate": "X"})
    assert made.json["kind"] == "taxi"
    assert seen == [Taxi]
    assert [type(each) for each in store.items] == [Truck, Taxi]


def test_a_new_item_without_its_kind_is_a_mistake_of_the_program() -> None:
    store, _ = _fleet()

    class Vehicles(CRUDResource[Vehicle]):
        def create(self, item: Vehicle) -> Vehicle:
            return self.rows.build({"plate": "X"})

    Vehicles.store = store
    app = App("Fleet")
    app.add("/vehicles", Vehicles)
    with pytest.raises(DeclarationError, match=r"Vehicle needs its kind: .*'kind': 'car'"):
        Client(app).post("/vehicles", json={"kind": "car", "plate": "X"})


def test_row_rules_hold_for_every_kind() -> None:
    """They stand on the store itself."""
    store = MemoryStore(Vehicle, kinds=KINDS, items=[Car("ann"), Truck("ann"), Car("bob")])
    with pytest.raises(DeclarationError, match="holds for all kinds"):
        store.of(Car).rows(Car, read=lambda me: True)
    store.rows(
        Vehicle, read=lambda me: {"plate": me}, caller=lambda request: request.headers["X-Me"]
    )
    app = App("Fleet")
    app.add("/vehicles", _resource(store))
    app.add("/cars", _resource(store.of(Car)))
    client = Client(app)
    ann, bob = {"X-Me": "ann"}, {"X-Me": "bob"}
    found = client.get("/vehicles", headers=ann).json["items"]
    assert [each["kind"] for each in found] == ["car", "truck"]
    assert [each["id"] for each in client.get("/cars", headers=bob).json["items"]] == [3]
    assert client.get("/cars/1", headers=bob).status == 404
    assert client.delete("/vehicles/2", headers=bob).status == 404


class Named:
    def __init__(self, name: str, id: int = 0) -> None:
        self.name, self.id = name, id


class Property(Named):
    @property
    def kind(self) -> str:
        return "property"


class Undecorated(Vehicle):
    wheels: int = 4


@dataclass
class Counted:
    kind: int
    id: int = 0


@dataclass
class CountedMore(Counted):
    more: int = 0


@dataclass
class Shaped:
    kind: Shape
    id: int = 0


@dataclass
class ShapedMore(Shaped):
    more: int = 0


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        (Vehicle, {"kinds": {}}, r"MemoryStore\(Vehicle\): kinds has no subclass of Vehicle"),
        (Vehicle, {"kinds": {"vehicle": Vehicle}}, "kinds has no subclass of Vehicle"),
        (
            Vehicle,
            {"kinds": {"driver": Driver}},
            r"kinds\['driver'\] must be Vehicle or a subclass",
        ),
        (Vehicle, {"kinds": {"car": Car("x")}}, r"kinds\['car'\] must be Vehicle or a subclass"),
        (Vehicle, {"kinds": {"": Car}}, "names of kinds must be strings, got ''"),
        (Vehicle, {"kinds": {1: Car}}, "names of kinds must be strings, got 1"),
        (Vehicle, {"kinds": {"a": Car, "b": Car}}, "kinds has a class twice"),
        (
            Vehicle,
            {"kinds": {"u": Undecorated}},
            "Undecorated has annotations, but is no dataclass",
        ),
        (Named, {"kinds": {"p": Property}}, "Property.kind is a property"),
        (Counted, {"kinds": {"m": CountedMore}}, "Counted.kind must name the kind of an item"),
        (Shaped, {"kinds": {"oval": ShapedMore}}, "Shape, which has no member 'oval'"),
        (Vehicle, {"kinds": KINDS, "unique": ("colour",)}, "Vehicle has no attribute 'colour'"),
        (Vehicle, {"kinds": KINDS, "key": "doors"}, "Vehicle has no attribute 'doors'"),
        (Vehicle, {"kinds": KINDS, "items": [Vehicle("x")]}, "cannot hold an item of Vehicle"),
    ],
)
def test_what_cannot_be_kinds_is_refused(model: Any, options: dict[str, Any], message: str) -> None:
    """A sentence says which class is wrong, and what to write."""
    with pytest.raises(DeclarationError, match=message):
        MemoryStore(model, **options)


def test_a_collection_that_no_kind_serves_is_refused() -> None:
    """An unknown class, a filter by an attribute of one kind, and a relation that is derived."""
    store, _ = _fleet()
    with pytest.raises(DeclarationError, match=r"Driver is no kind .*Car, Taxi, Truck"):
        store.of(Driver)
    app = App("Fleet")
    app.install(store)
    for members, message in (
        ({"filters": ("doors",)}, "doors"),
        ({"expand": ("driver",)}, "cannot derive the relations driver"),
        ({"bulk": True, "bulk_upsert": "plate"}, "kinds"),
    ):
        with pytest.raises(DeclarationError, match=message):
            app.add("/x", _resource(store, **members))
    with pytest.raises(DeclarationError, match="no store of the App"):
        app.add("/drivers", type("Drivers", (CRUDResource,), {"model": Driver}))


def test_copies_keep_the_kind() -> None:
    """`items` returns independent copies."""
    store, _ = _fleet(items=[Car("C", doors=3)])
    store.items[0].plate = "changed"
    assert dataclasses.asdict(store.items[0])["plate"] == "C"


@dataclass
class Parcel:
    """A parcel."""

    label: str
    weight: int = 3
    state: str = dataclasses.field(default="new")
    marks: list[int] = field(default_factory=list)
    id: int = 0


def test_the_document_has_the_defaults_of_a_dataclass() -> None:
    """A value that a function makes is none of them: it may be another one each time."""

    class Parcels(CRUDResource[Parcel]):
        model = Parcel
        store = MemoryStore(Parcel)

    app = App("Parcels")
    app.add("/parcels", Parcels)
    found = build(app)["components"]["schemas"]["ParcelInput"]["properties"]
    assert {name: each.get("default") for name, each in found.items()} == {
        "label": None,
        "weight": 3,
        "state": "new",
        "marks": None,
    }
    assert Client(app).post("/parcels", json={"label": "a"}).json["marks"] == []
