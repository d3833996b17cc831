"""Tests of related items that a response includes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from marshmallow import Schema, fields

from ...app import App
from ...crud import CRUDResource, Expand
from ..client import Client
from .base import expect
from .relations import RelationConformance

__all__ = ["ExpansionConformance", "Json"]

Json = Mapping[str, object]
"""The content of an item."""

_NOTES = (
    ("a", 1, "novels"),
    ("b", 2, "novels"),
    ("c", None, "novels"),
    ("d", 2, "novels"),
    ("e", 1, "poems"),
)
"""Title, number and topic of each note; one more has no topic."""


class _Unregistered:
    register = False


def _schema(name: str, /, **members: object) -> type[Schema]:
    return type(f"{name}Schema", (Schema,), {**members, "Meta": _Unregistered})


class ExpansionConformance(RelationConformance):
    """The tests of relations that clients include."""

    def expanded(self, app: App) -> Client:
        """Add collections whose clients may include relations, and return a client of it."""
        self.needs("relations", relations=self.relations)
        one, many = self.relations or ("", "")
        text = _schema("Brief", title=fields.Str(), number=fields.Int(allow_none=True))
        name = _schema("Name", name=fields.Str())
        deep_name = _schema("Deep", name=fields.Str(), **{many: _list_of(text)})
        deep_text = _schema("Remark", title=fields.Str(), **{one: fields.Nested(name)})
        seen = {"title": fields.Str(dump_only=True), one: fields.Nested(deep_name, dump_only=True)}
        notes = {
            "schema": _schema("Seen", **seen),
            "expand": {one: Expand(), f"{one}.{many}": Expand(order=("-number", "title"), limit=2)},
            "sorts": ("title",),
            "methods": {"GET"},
        }
        topics = {
            "schema": _schema(
                "Shelf", slug=fields.Str(dump_only=True), **{many: _list_of(deep_text)}
            ),
            "expand": {many: Expand(order="-title", limit=3), f"{many}.{one}": Expand()},
            "methods": {"GET"},
        }
        seen_notes = {"model": self.note, "__module__": __name__, **notes}
        app.add("/seen", type("SeenNotes", (CRUDResource,), seen_notes))
        shelves = {"model": self.topic, "__module__": __name__, **topics}
        app.add("/shelves", type("Shelves", (CRUDResource,), shelves))
        return self.shelved(app)

    def shelved(self, app: App) -> Client:
        """Create topics and notes, and return a client."""
        client = self.client(app)
        for slug in ("novels", "poems", "empty"):
            expect(client.put(f"/topics/{slug}", json={"name": slug.title()}), 201)
        for title, number, topic in _NOTES:
            self.made(client, title=title, number=number, topic_id=topic)
        self.made(client, title="f", number=9)
        return client

    def key_of(self, client: Client, note: Json, headers: Mapping[str, str] = {}) -> object:
        """Return the key of a note, which may have any name."""
        for value in note.values():
            found = client.get(f"/notes/{value}", headers=headers) if _is_key(value) else None
            if found is not None and found.status == 200 and found.json == note:
                return value
        raise AssertionError(f"no attribute of {note} is its key")

    def test_one_level(self, app: App) -> None:
        """A relation is in the response if the client asks for it; one to nothing is null."""
        client = self.expanded(app)
        one, _ = self.relations or ("", "")
        plain = expect(client.get("/seen?sort=title"), 200).json["items"]
        assert [*map(sorted, plain)] == [["title"]] * 6
        listed = expect(client.get(f"/seen?sort=title&expand={one}"), 200).json["items"]
        names = [each[one] and each[one]["name"] for each in listed]
        assert names == [*["Novels"] * 4, "Poems", None]
        assert {tuple(each[one]) for each in listed[:5]} == {("name",)}
        expect(client.get("/seen?expand=unknown"), 422)

    def test_order_and_limit(self, app: App) -> None:
        """A list has the first items of its order, of each item on the page; None is last."""
        client = self.expanded(app)
        _, many = self.relations or ("", "")
        found = expect(client.get(f"/shelves?expand={many}"), 200).json["items"]
        titles = {each["slug"]: _titles(each[many]) for each in found}
        assert titles == {"novels": "dcb", "poems": "e", "empty": ""}

    def test_two_levels(self, app: App) -> None:
        """A path includes the relation that it begins with; lists, lines and items agree."""
        client = self.expanded(app)
        one, many = self.relations or ("", "")
        query = f"expand={one}.{many}"
        listed = expect(client.get(f"/seen?sort=title&{query}"), 200).json["items"]
        below = [_titles(each[one][many]) for each in listed[:5]]
        assert below == ["cb"] * 4 + ["e"]
        assert listed[5][one] is None
        lines = client.get(f"/seen?sort=title&{query}", headers={"Accept": "application/x-ndjson"})
        assert [json.loads(each) for each in expect(lines, 200).text.splitlines()] == listed
        shelf = expect(client.get(f"/shelves/novels?expand={many}.{one}"), 200).json
        assert [each[one]["name"] for each in shelf[many]] == ["Novels"] * 3

    def test_the_entity_tag_covers_what_is_included(self, app: App) -> None:
        """A change of an included item makes the tag of the response stale."""
        client = self.expanded(app)
        one, many = self.relations or ("", "")
        url = f"/shelves/poems?expand={many}.{one}"
        seen = {"If-None-Match": expect(client.get(url), 200).headers["ETag"]}
        expect(client.get(url, headers=seen), 304)
        expect(client.patch("/topics/poems", json={"name": "Verse"}), 200)
        changed = expect(client.get(url, headers=seen), 200)
        assert changed.json[many][0][one]["name"] == "Verse"

    def test_removed_items_are_not_included(self, app: App) -> None:
        """A soft-deleted item takes no place in a list."""
        self.needs("soft delete")
        client = self.expanded(app)
        _, many = self.relations or ("", "")
        found = expect(client.get("/notes?title=d"), 200).json["items"]
        url = f"/notes/{self.key_of(client, found[0])}"
        expect(client.delete(url), 204)
        shelf = expect(client.get(f"/shelves/novels?expand={many}"), 200).json
        assert _titles(shelf[many]) == "cba"


def _list_of(schema: type[Schema]) -> object:
    return fields.List(fields.Nested(schema), dump_only=True)


def _is_key(value: object) -> bool:
    return isinstance(value, (int, str))


def _titles(items: Sequence[Json]) -> str:
    return "".join(str(each["title"]) for each in items)
