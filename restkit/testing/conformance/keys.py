"""Tests of items whose key has several attributes."""

from __future__ import annotations

from typing import ClassVar

from ...app import App
from ...crud import CRUDResource
from ..client import Client
from .base import Conformance, expect, pointers

__all__ = ["CompositeKeyConformance"]


class CompositeKeyConformance(Conformance):
    """The tests of composite keys."""

    membership: ClassVar[type[object] | None] = None

    def memberships(self, app: App) -> Client:
        """Add collections of memberships, also below a user, and return a client of them."""
        self.needs("composite keys", membership=self.membership)
        members = {
            "model": self.membership,
            "filters": ("user_id", "group_id"),
            "sorts": ("group_id", "user_id"),
            "upsert": True,
            "bulk": True,
            "__module__": __name__,
        }
        app.add("/memberships", type("Memberships", (CRUDResource,), members))
        app.add("/users/<int:user_id>/groups", type("Groups", (CRUDResource,), members))
        client = Client(app)
        for user, group in ((1, "a"), (1, "b"), (2, "a")):
            self.made(client, "/memberships", user_id=user, group_id=group)
        return client

    def test_the_url_has_each_attribute_of_the_key(self, app: App) -> None:
        """An item is read, changed and removed under both of its values."""
        client = self.memberships(app)
        made = self.made(client, "/memberships", user_id=3, group_id="c", role="x")
        assert made.json == {"user_id": 3, "group_id": "c", "role": "x"}
        url = made.headers["Location"]
        assert url == "/memberships/3/c"
        read = expect(client.get(url), 200)
        assert read.json == made.json
        assert read.headers["ETag"] == made.headers["ETag"]
        tag = {"If-Match": read.headers["ETag"]}
        assert expect(client.patch(url, json={"role": "y"}, headers=tag), 200).json["role"] == "y"
        expect(client.delete(url, headers=tag), 412)
        expect(client.delete(url), 204)
        for missing in (url, "/memberships/3/a", "/memberships/9/a", "/memberships/1"):
            expect(client.get(missing), 404)

    def test_the_attributes_identify_an_item_together(self, app: App) -> None:
        """One value may occur again, both may not; PUT creates and replaces."""
        client = self.memberships(app)
        body = {"user_id": 1, "group_id": "a"}
        taken = expect(client.post("/memberships", json=body), 409)
        assert pointers(taken)
        self.made(client, "/memberships", user_id=2, group_id="b")
        created = expect(client.put("/memberships/4/d", json={"role": "x"}), 201)
        assert created.json == {"user_id": 4, "group_id": "d", "role": "x"}
        replaced = expect(client.put("/memberships/4/d", json={"role": "y"}), 200)
        assert replaced.json["role"] == "y"
        expect(client.put("/memberships/4/d", json={**body, "role": "z"}), 409)

    def test_pages_in_the_order_of_the_key(self, app: App) -> None:
        """Every item occurs once, in both directions."""
        client = self.memberships(app)
        for url, wanted in (
            ("/memberships?limit=1", "1a 1b 2a"),
            ("/memberships?limit=1&sort=-group_id,user_id", "1b 1a 2a"),
            ("/memberships?limit=2&sort=-user_id,group_id", "2a 1a 1b"),
        ):
            found = []
            following: str | None = url
            while following:
                page = expect(client.get(following), 200).json
                found += [f"{each['user_id']}{each['group_id']}" for each in page["items"]]
                following = page["next"]
            assert " ".join(found) == wanted

    def test_bulk_requests_name_both(self, app: App) -> None:
        """Updates and removals have each attribute of the key."""
        client = self.memberships(app)
        keys = [{"user_id": 1, "group_id": "a"}, {"user_id": 1, "group_id": "b"}]
        change = {"update": [{**keys[0], "role": "x"}], "delete": [keys[1]]}
        done = expect(client.post("/memberships/bulk", json=change), 200).json
        assert [each["role"] for each in done["updated"]] == ["x"]
        expect(client.get("/memberships/1/b"), 404)
        expect(client.get("/memberships/2/a"), 200)

    def test_one_attribute_is_that_of_the_parent(self, app: App) -> None:
        """Below a parent, the URL of an item ends with the rest of its key."""
        client = self.memberships(app)
        items = expect(client.get("/users/1/groups"), 200).json["items"]
        assert [each["group_id"] for each in items] == ["a", "b"]
        made = self.made(client, "/users/2/groups", group_id="c")
        assert made.headers["Location"] == "/users/2/groups/c"
        assert made.json["user_id"] == 2
        expect(client.get("/users/1/groups/c"), 404)
        expect(client.get("/memberships/2/c"), 200)
