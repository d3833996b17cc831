"""Tests of kinds: items of several subclasses in one collection."""

from __future__ import annotations

import json
from operator import itemgetter
from typing import ClassVar

from ...app import App
from ...crud import CRUDResource
from ..client import Client
from ..response import TestResponse
from .base import Conformance, expect, pointers

__all__ = ["KindConformance"]

_CAR = {"kind": "car", "plate": "C1", "doors": 3}
_TRUCK = {"kind": "truck", "plate": "T1", "payload": 9}


class KindConformance(Conformance):
    """The tests of kinds."""

    vehicle: ClassVar[type[object] | None] = None
    car: ClassVar[type[object] | None] = None

    def fleet(self, app: App) -> Client:
        """Add collections of all vehicles, of those below a topic, and of cars; return a client."""
        self.needs("kinds", vehicle=self.vehicle, car=self.car)
        vehicles: dict[str, object] = {
            "model": self.vehicle,
            "filters": ("kind", "kind__in", "plate__contains", "note"),
            "sorts": ("plate", "kind", "note"),
            "fields": True,
            "csv": True,
            "bulk": True,
            "by_filter": ("PATCH", "DELETE"),
            **self.soft,
            "__module__": __name__,
        }
        if "totals" not in self.lacks:
            vehicles |= {"groups": ("kind",), "aggregates": ("count",)}
        app.add("/vehicles", type("Vehicles", (CRUDResource,), vehicles))
        cars = {"model": self.car, "filters": ("doors", "kind"), "__module__": __name__}
        app.add("/cars", type("Cars", (CRUDResource,), cars))
        return Client(app)

    def both(self, client: Client) -> tuple[TestResponse, TestResponse]:
        """Create a car and a truck, and return the responses."""
        return self.made(client, "/vehicles", **_CAR), self.made(client, "/vehicles", **_TRUCK)

    def test_the_discriminator_decides_the_kind(self, app: App) -> None:
        """Each item is made of the class that it names, and has the members of that class."""
        client = self.fleet(app)
        car, truck = self.both(client)
        assert _own(car.json) == {**_CAR, "note": None}
        assert _own(truck.json) == {**_TRUCK, "note": None}
        for made in (car, truck):
            read = expect(client.get(made.headers["Location"]), 200)
            assert read.json == made.json
            assert read.headers["ETag"] == made.headers["ETag"]
        assert client.get("/vehicles").json["items"] == [car.json, truck.json]

    def test_content_has_the_members_of_its_kind(self, app: App) -> None:
        """An unknown kind, none, and a member of another kind are a 422; nothing is stored."""
        client = self.fleet(app)
        for body, where in (
            ({**_CAR, "kind": "boat"}, "/kind"),
            ({"plate": "C1"}, "/kind"),
            ({**_CAR, "kind": None}, "/kind"),
            ({**_TRUCK, "kind": "car"}, "/payload"),
            ({"kind": "car"}, "/plate"),
            ({**_CAR, "doors": "x"}, "/doors"),
        ):
            assert where in pointers(expect(client.post("/vehicles", json=body), 422))
        assert client.get("/vehicles").json["items"] == []

    def test_the_kind_of_an_item_cannot_change(self, app: App) -> None:
        """PUT repeats the kind, PATCH may repeat it; both write members of the kind alone."""
        client = self.fleet(app)
        url = self.both(client)[0].headers["Location"]
        patched = expect(client.patch(url, json={"kind": "car", "doors": 5}), 200)
        assert _own(patched.json) == {**_CAR, "doors": 5, "note": None}
        tag = {"If-Match": patched.headers["ETag"]}
        put = expect(client.put(url, json={"kind": "car", "plate": "C2"}, headers=tag), 200)
        assert _own(put.json) == {"kind": "car", "plate": "C2", "doors": None, "note": None}
        for refused in (
            client.put(url, json={"kind": "truck", "plate": "C3"}),
            client.patch(url, json={"kind": "truck"}),
            client.patch(url, json={"kind": None}),
        ):
            assert pointers(expect(refused, 422)) == ["/kind"]
        assert pointers(expect(client.patch(url, json={"payload": 1}), 422)) == ["/payload"]
        assert expect(client.get(url), 200).json == put.json

    def test_unique_values_of_all_kinds(self, app: App) -> None:
        """Two items of different kinds cannot have one unique value either."""
        client = self.fleet(app)
        self.both(client)
        taken = client.post("/vehicles", json={**_TRUCK, "plate": "C1"})
        assert pointers(expect(taken, 409)) == ["/plate"]

    def test_lists_of_kinds(self, app: App) -> None:
        """Filters, sort orders and cursors use the attributes of the base and the kind."""
        client = self.fleet(app)
        for number in range(6):
            kind = ("car", "truck")[number % 2]
            self.made(client, "/vehicles", kind=kind, plate=f"P{number}")
        trucks = client.get("/vehicles?kind=truck&sort=-plate").json["items"]
        assert [each["plate"] for each in trucks] == ["P5", "P3", "P1"]
        both = client.get("/vehicles?kind__in=truck,car&plate__contains=p")
        assert len(expect(both, 200).json["items"]) == 6
        assert expect(client.get("/vehicles?kind=boat"), 422)
        page = client.get("/vehicles?limit=4&sort=kind").json
        rest = client.get(page["next"]).json
        found = [each["kind"] for each in page["items"] + rest["items"]]
        assert found == ["car"] * 3 + ["truck"] * 3
        exact = client.get("/vehicles?limit=1", headers={"Prefer": "count=exact"})
        assert exact.json["total"] == 6

    def test_chosen_fields_of_kinds(self, app: App) -> None:
        """Items have those of the fields that their kind has, and always the kind."""
        client = self.fleet(app)
        self.both(client)
        items = client.get("/vehicles?fields=plate,payload&sort=plate").json["items"]
        assert items == [
            {"kind": "car", "plate": "C1"},
            {"kind": "truck", "plate": "T1", "payload": 9},
        ]

    def test_streams_of_kinds(self, app: App) -> None:
        """JSON Lines have each item as it is, CSV has a column for each member of any kind."""
        client = self.fleet(app)
        car, truck = self.both(client)
        lines = client.get("/vehicles?sort=plate", headers={"Accept": "application/x-ndjson"})
        assert [*map(json.loads, expect(lines, 200).text.splitlines())] == [car.json, truck.json]
        response = expect(client.get("/vehicles?sort=plate", headers={"Accept": "text/csv"}), 200)
        names, *rows = [line.split(",") for line in response.text.splitlines()]
        found = [dict(zip(names, row, strict=True)) for row in rows]
        cells = itemgetter("kind", "plate", "doors", "payload")
        assert [*map(cells, found)] == [("car", "C1", "3", ""), ("truck", "T1", "", "9")]

    def test_totals_of_kinds(self, app: App) -> None:
        """Items can be counted by their kind."""
        self.needs("totals")
        client = self.fleet(app)
        self.both(client)
        self.made(client, "/vehicles", **{**_CAR, "plate": "C2"})
        found = expect(client.get("/vehicles/totals?group=kind"), 200).json["items"]
        assert found == [
            {"group": {"kind": "car"}, "count": 2},
            {"group": {"kind": "truck"}, "count": 1},
        ]

    def test_many_items_of_kinds_at_once(self, app: App) -> None:
        """Each part of a bulk request is read by the schema of its item's kind."""
        client = self.fleet(app)
        made = self.both(client)
        name = self.key_name(made[0])
        car, truck = (each.json[name] for each in made)
        change = {
            "create": [{"kind": "truck", "plate": "T2", "payload": 2}],
            "update": [{name: car, "doors": 4}, {name: truck, "payload": 8}],
        }
        done = expect(client.post("/vehicles/bulk", json=change), 200).json
        assert [each["kind"] for each in done["created"]] == ["truck"]
        assert [each.get("doors", each.get("payload")) for each in done["updated"]] == [4, 8]
        wrong = client.post("/vehicles/bulk", json={"update": [{name: car, "payload": 1}]})
        assert pointers(expect(wrong, 422)) == ["/update/0/payload"]

    def test_writes_by_filter_reach_every_kind(self, app: App) -> None:
        """A patch must fit each selected kind; otherwise nothing is changed."""
        client = self.fleet(app)
        urls = [each.headers["Location"] for each in self.both(client)]
        assert client.patch("/vehicles?kind=car", json={"doors": 5}).json["affected"] == 1
        both = "/vehicles?kind__in=car,truck"
        assert pointers(expect(client.patch(both, json={"doors": 6}), 422)) == ["/doors"]
        assert client.get(urls[0]).json["doors"] == 5
        assert expect(client.patch(both, json={"note": "x"}), 200).json["affected"] == 2
        assert [client.get(url).json["note"] for url in urls] == ["x", "x"]
        assert expect(client.delete("/vehicles?kind=truck"), 200).json["affected"] == 1
        expect(client.get(urls[1]), 404)
        if self.soft:
            assert expect(client.post(f"{urls[1]}/restore"), 200).json["payload"] == 9

    def test_a_collection_of_one_kind(self, app: App) -> None:
        """It has the items of its kind alone, and the server sets the kind."""
        client = self.fleet(app)
        car, truck = self.both(client)
        key = car.json[self.key_name(car)]
        made = self.made(client, "/cars", plate="C2", doors=5)
        assert made.json["kind"] == "car"
        assert pointers(expect(client.post("/cars", json=_CAR), 422)) == ["/kind"]
        items = expect(client.get("/cars"), 200).json["items"]
        assert [each["plate"] for each in items] == ["C1", "C2"]
        assert len(client.get("/cars?doors=3").json["items"]) == 1
        assert expect(client.get(f"/cars/{key}"), 200).json["plate"] == "C1"
        expect(client.get(f"/cars/{truck.json[self.key_name(truck)]}"), 404)
        expect(client.delete(f"/cars/{truck.json[self.key_name(truck)]}"), 404)
        assert len(client.get("/vehicles").json["items"]) == 3


def _own(item: dict[str, object]) -> dict[str, object]:
    """Return the members of an item whose values the test knows."""
    return {name: item[name] for name in item if name in {*_CAR, *_TRUCK, "note"}}
