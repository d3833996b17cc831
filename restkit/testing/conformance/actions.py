"""Tests of actions of one's own, of transitions, and of functions after the commit."""

from __future__ import annotations

from typing import Protocol

from marshmallow import Schema, fields

from ...app import App
from ...crud import CRUDResource, ListQuery, Order, collection_action, item_action
from ...decorators import raises, returns, takes
from ...problems import Conflict
from ..client import Client
from .base import Conformance, expect, pointers

__all__ = ["ActionConformance"]


class _Sum(Schema):
    sum = fields.Int(required=True)


class _Renaming(Schema):
    title = fields.Str(required=True)


class _Note(Protocol):
    """The attributes of notes that the actions use."""

    title: str
    number: int | None


class _Acting(CRUDResource[_Note]):
    """A collection with actions of its own."""

    @item_action("POST")
    @takes(body=_Renaming, query={"number": fields.Int()})
    def rename(self, item: _Note, body: dict[str, str], number: int | None = None) -> object:
        """Set attributes of the item."""
        item.title = body["title"]
        if number is not None:
            item.number = number
        return item

    @item_action("DELETE", path="number")
    def forget_number(self, item: _Note) -> None:
        """Call the store's part of an update."""
        self.update(item, {"number": None})

    @item_action("POST")
    @raises(Conflict)
    def fail(self, item: _Note) -> object:
        """Write, and then fail."""
        self.update(item, {"number": 77})
        raise Conflict("It was written, and then it failed.")

    @collection_action("GET")
    @returns(_Sum)
    def sum(self) -> dict[str, int]:
        """Add the numbers of all items that the caller may see."""
        query = ListQuery(order=(Order("title"),), scope=self.scope())
        return {"sum": sum(each.number or 0 for each in self.rows.stream(query))}

    @collection_action("POST")
    def copy_all(self) -> list[object]:
        """Create a copy of each item."""
        query = ListQuery(order=(Order("title"),), scope=self.scope())
        titles = [each.title for each in self.rows.stream(query)]
        made = [self.rows.build({"title": f"{title} again"}) for title in titles]
        for each in made:
            self.rows.add(each)
        return [*made]


class _Scoped(_Acting):
    """The same for notes with the number 1 alone."""

    def scope(self) -> dict[str, object]:
        """Select the notes with the number 1."""
        return {"number": 1}


class ActionConformance(Conformance):
    """The tests of actions."""

    def acting(self, app: App, **members: object) -> Client:
        """Add collections with actions to an App, and return a client of it."""
        common = {"model": self.note, **self.soft, **members, "__module__": __name__}
        app.add("/acting", type("ActingNotes", (_Acting,), common))
        app.add("/scoped", type("ScopedNotes", (_Scoped,), common))
        return Client(app)

    def test_actions_of_items(self, app: App) -> None:
        """The changes of an action are stored, with a new entity tag; If-Match is compared."""
        client = self.acting(app)
        made = self.made(client, "/acting", title="a", number=1)
        url, tag = made.headers["Location"], {"If-Match": made.headers["ETag"]}
        body = {"title": "b"}
        renamed = expect(client.post(f"{url}/rename?number=2", json=body, headers=tag), 200)
        assert (renamed.json["title"], renamed.json["number"]) == ("b", 2)
        read = expect(client.get(url), 200)
        assert read.json == renamed.json
        assert read.headers["ETag"] == renamed.headers["ETag"]
        expect(client.post(f"{url}/rename", json=body, headers=tag), 412)
        expect(client.post(f"{url}/rename", json={"title": 1}), 422)
        expect(client.delete(f"{url}/number"), 204)
        assert client.get(url).json["number"] is None

    def test_an_action_that_fails_leaves_nothing(self, app: App) -> None:
        """Its writes are undone."""
        client = self.acting(app)
        url = self.made(client, "/acting", title="a", number=1).headers["Location"]
        before = client.get(url)
        expect(client.post(f"{url}/fail"), 409)
        after = client.get(url)
        assert after.json == before.json
        assert after.headers["ETag"] == before.headers["ETag"]

    def test_actions_stay_in_the_scope(self, app: App) -> None:
        """An item outside of the scope is a 404; a collection has the items in it alone."""
        client = self.acting(app)
        made = [self.made(client, "/acting", title=f"n{each}", number=each) for each in (1, 2)]
        inside, outside = (
            each.headers["Location"].replace("/acting/", "/scoped/") for each in made
        )
        expect(client.post(f"{inside}/rename", json={"title": "x"}), 200)
        expect(client.post(f"{outside}/rename", json={"title": "x"}), 404)
        expect(client.delete(f"{outside}/number"), 404)
        assert expect(client.get("/acting/sum"), 200).json == {"sum": 3}
        assert expect(client.get("/scoped/sum"), 200).json == {"sum": 1}

    def test_actions_of_collections_write(self, app: App) -> None:
        """The items that an action returns are in the response as in a list."""
        client = self.acting(app)
        for title in "ab":
            self.made(client, "/acting", title=title)
        copies = expect(client.post("/acting/copy-all"), 200).json
        assert [each["title"] for each in copies] == ["a again", "b again"]
        items = client.get("/acting").json["items"]
        assert items[2:] == copies

    def test_transitions(self, app: App) -> None:
        """A value follows another one as declared, for every verb and action."""
        titles = {None: ("draft",), "draft": ("final",), "final": ()}
        client = self.acting(app, transitions={"title": titles}, bulk=True)
        first = expect(client.post("/acting", json={"title": "final"}), 409)
        assert pointers(first) == ["/title"]
        made = self.made(client, "/acting", title="draft", number=55)
        url, key = made.headers["Location"], made.json[self.key_name(made)]
        expect(client.patch(url, json={"number": 2}), 200)
        expect(client.post(f"{url}/rename", json={"title": "final"}), 200)
        for refused in (
            client.patch(url, json={"title": "draft"}),
            client.put(url, json={"title": "draft"}),
            client.post(f"{url}/rename", json={"title": "draft"}),
            client.post(
                "/acting/bulk", json={"update": [{self.key_name(made): key, "title": "draft"}]}
            ),
        ):
            assert expect(refused, 409).problem["errors"][0]["code"] == "transition"
        assert client.get(url).json["title"] == "final"

    def test_functions_after_the_commit(self, app: App) -> None:
        """They see committed data, and do not run for a request that fails."""
        seen: list[list[str]] = []
        suite = self

        class Reporting(CRUDResource[_Note]):
            model = self.note

            def create(self, item: _Note) -> _Note:
                """Call a function after the commit, and fail for one title."""
                made = super().create(item)
                title = made.title
                self.after_commit(lambda: seen.append([title, *suite.titles(Client(app))]))
                if title == "wrong":
                    raise Conflict("It was written, and then it failed.")
                return made

        app.add("/reporting", Reporting)
        client = self.client(app)
        expect(client.post("/reporting", json={"title": "right"}), 201)
        expect(client.post("/reporting", json={"title": "wrong"}), 409)
        assert seen == [["right", "right"]]
        assert self.titles(client) == ["right"]
