"""The conformance suite's tests of relations that content names by keys."""

from __future__ import annotations

from typing import ClassVar

from ...app import App
from ...crud import CRUDResource, Related
from ..client import Client
from ..response import TestResponse
from .base import Conformance, expect

__all__ = ["RelatedKeysConformance"]


class RelatedKeysConformance(Conformance):
    """The tests of relations; see `StoreConformance`."""

    ticket: ClassVar[type[object] | None] = None
    label: ClassVar[type[object] | None] = None

    def labelled(self, app: App) -> Client:
        """Add collections of tickets and labels to an App, and return a client with two labels."""
        self.needs("related keys", ticket=self.ticket, label=self.label)
        members = {"model": self.ticket, "bulk": True, "__module__": __name__}
        by_name = {"labels": Related("name", create=True, max_length=3)}
        labels = {"model": self.label, **self.soft, "__module__": __name__}
        app.add("/labels", type("Labels", (CRUDResource,), labels))
        app.add("/keyed", type("Keyed", (CRUDResource,), {**members, "relations": ("labels",)}))
        listed = {**members, "relations": ("labels",), "members": ("labels",)}
        app.add("/listed", type("Listed", (CRUDResource,), listed))
        app.add("/named", type("Named", (CRUDResource,), {**members, "relations": by_name}))
        client = Client(app)
        self.made(client, "/labels", name="b")
        self.made(client, "/labels", name="a")
        return client

    def test_lists_of_keys(self, app: App) -> None:
        """A list of keys is set, replaced, patched and emptied; GET returns the same list."""
        client = self.labelled(app)
        made = self.made(client, "/keyed", title="x", labels=[2, 1])
        url = made.headers["Location"]
        assert made.json["labels"] == [1, 2]
        read = expect(client.get(url), 200)
        assert (read.json, read.headers["ETag"]) == (made.json, made.headers["ETag"])
        assert expect(client.patch(url, json={"labels": [2]}), 200).json["labels"] == [2]
        operations = [
            {"op": "add", "path": "/labels/-", "value": 1},
            {"op": "remove", "path": "/labels/0"},
        ]
        kind = "application/json-patch+json"
        patched = expect(client.patch(url, json=operations, content_type=kind), 200)
        assert patched.json["labels"] == [1]
        assert expect(client.put(url, json={"title": "x"}), 200).json["labels"] == []

    def test_names_of_related_items(self, app: App) -> None:
        """Items are named by another attribute, and created where they are missing."""
        client = self.labelled(app)
        made = self.made(client, "/named", title="x", labels=["new", "a"])
        assert made.json["labels"] == ["a", "new"]
        assert expect(client.get(made.headers["Location"]), 200).json == made.json
        assert len(expect(client.get("/labels"), 200).json["items"]) == 3
        twice = expect(client.post("/named", json={"title": "x", "labels": ["a", "a"]}), 422)
        assert _pairs(twice) == [("/labels/1", "duplicate")]
        many = expect(client.post("/named", json={"title": "x", "labels": list("abcd")}), 422)
        assert _pairs(many) == [("/labels", "length")]

    def test_missing_and_removed_items(self, app: App) -> None:
        """Neither can be named; a removed one is not shown, and stays."""
        self.needs("soft delete")
        client = self.labelled(app)
        lost = expect(client.post("/keyed", json={"title": "x", "labels": [1, 77]}), 409)
        assert _pairs(lost) == [("/labels/1", "reference")]
        made = self.made(client, "/keyed", title="x", labels=[1, 2])
        url, tag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
        expect(client.delete("/labels/2"), 204)
        assert expect(client.get(url), 200).json["labels"] == [1]
        expect(client.patch(url, json={"title": "y"}, headers=tag), 412)
        gone = expect(client.patch(url, json={"labels": [1, 2]}), 409)
        assert _pairs(gone) == [("/labels/1", "reference")]
        assert expect(client.patch(url, json={"labels": []}), 200).json["labels"] == []
        expect(client.post("/labels/2/restore"), 200)
        assert expect(client.get(url), 200).json["labels"] == [2]

    def test_related_items_change_the_entity_tag(self, app: App) -> None:
        """A change of the list alone makes the former entity tag stale."""
        client = self.labelled(app)
        made = self.made(client, "/keyed", title="x", labels=[1])
        url, tag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
        expect(client.patch(url, json={"labels": [2]}, headers=tag), 200)
        expect(client.patch(url, json={"labels": [1]}, headers=tag), 412)
        expect(client.delete(url, headers=tag), 412)
        assert expect(client.get(url), 200).json["labels"] == [2]

    def test_changes_of_related_items_change_the_entity_tag(self, app: App) -> None:
        """A change of a related item, by its own URL, makes the tag of the item stale."""
        client = self.labelled(app)
        made = self.made(client, "/named", title="x", labels=["a"])
        url, tag = made.headers["Location"], made.headers["ETag"]
        expect(client.get(url, headers={"If-None-Match": tag}), 304)
        expect(client.patch("/labels/2", json={"name": "c"}), 200)
        read = expect(client.get(url, headers={"If-None-Match": tag}), 200)
        assert read.json["labels"] == ["c"]
        expect(client.patch(url, json={"title": "y"}, headers={"If-Match": tag}), 412)
        new = {"If-Match": read.headers["ETag"]}
        expect(client.patch(url, json={"title": "y"}, headers=new), 200)

    def test_members_of_a_list(self, app: App) -> None:
        """One related item is added and removed under its own URL, and the list can be read."""
        client = self.labelled(app)
        made = self.made(client, "/listed", title="x", labels=[1])
        url = made.headers["Location"]
        for _ in range(2):
            expect(client.put(f"{url}/labels/2"), 204)
        items = expect(client.get(f"{url}/labels"), 200).json["items"]
        assert [each["name"] for each in items] == ["b", "a"]
        changed = expect(client.get(url), 200)
        assert changed.json["labels"] == [1, 2]
        assert changed.headers["ETag"] != made.headers["ETag"]
        expect(client.put(f"{url}/labels/77"), 404)
        expect(client.delete(f"{url}/labels/1"), 204)
        expect(client.delete(f"{url}/labels/1"), 404)
        assert expect(client.get(url), 200).json["labels"] == [2]
        expect(client.put("/listed/77/labels/1"), 404)

    def test_related_items_in_bulk(self, app: App) -> None:
        """Each item of a bulk request names related items, and errors point into it."""
        client = self.labelled(app)
        new = [{"title": "x", "labels": ["a", "c"]}, {"title": "y", "labels": ["c"]}]
        done = expect(client.post("/named/bulk", json={"create": new}), 200)
        assert [each["labels"] for each in done.json["created"]] == [["a", "c"], ["c"]]
        wrong = [{"title": "x", "labels": [1]}, {"title": "y", "labels": [9]}]
        lost = expect(client.post("/keyed/bulk", json={"create": wrong}), 409)
        assert _pairs(lost) == [("/create/1/labels/0", "reference")]


def _pairs(response: TestResponse) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in response.problem["errors"]]
