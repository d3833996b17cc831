"""Tests of PATCH and DELETE of all items that filters select."""

from __future__ import annotations

from collections import Counter

from ...app import App
from ..client import Client
from ..response import TestResponse
from .base import expect, pointers
from .concurrency import ConcurrencyConformance

__all__ = ["FilteredWriteConformance"]

_NOTHING = {"affected": 0, "dry_run": False}


class FilteredWriteConformance(ConcurrencyConformance):
    """The tests of writes by filter."""

    def five(self, app: App) -> Client:
        """Return a client of a collection with five notes: a and b of 1, c, d and e of 2."""
        client = self.client(app)
        for title in "abcde":
            self.made(client, title=title, number=1 if title in "ab" else 2, code=title)
        return client

    def numbers(self, client: Client) -> dict[str, int | None]:
        """Return the number of each note by its title."""
        items = expect(client.get("/notes?sort=title&limit=100"), 200).json["items"]
        return {each["title"]: each["number"] for each in items}

    def test_a_patch_of_selected_items(self, app: App) -> None:
        """A patch changes the selected items alone, and their entity tags."""
        client = self.five(app)
        url = self.note_url(client, title="f", number=2)
        tag = client.get(url).headers["ETag"]
        response = expect(client.patch("/filtered?number=2", json={"number": 7}), 200)
        assert response.json == {"affected": 4, "dry_run": False}
        assert self.numbers(client) == {"a": 1, "b": 1, "c": 7, "d": 7, "e": 7, "f": 7}
        assert client.get(url).headers["ETag"] != tag
        operations = [{"op": "replace", "path": "/number", "value": 8}]
        response = client.patch(
            "/filtered?number=7&title__gte=e",
            json=operations,
            content_type="application/json-patch+json",
        )
        assert expect(response, 200).json["affected"] == 2
        assert self.numbers(client)["e"] == 8
        nothing = client.patch("/filtered?title=nothing", json={"number": 7})
        assert expect(nothing, 200).json == _NOTHING

    def test_a_deletion_of_selected_items(self, app: App) -> None:
        """A deletion removes the selected items, softly where the collection does."""
        client = self.five(app)
        url = self.note_url(client, title="f", number=2)
        response = expect(client.delete("/filtered?number=2"), 200)
        assert response.json == {"affected": 4, "dry_run": False}
        assert self.titles(client) == ["a", "b"]
        assert expect(client.delete("/filtered?number=2"), 200).json == _NOTHING
        if self.soft:
            expect(client.post(f"{url}/restore"), 200)
            assert self.titles(client) == ["a", "b", "f"]

    def test_without_a_filter_nothing_is_written(self, app: App) -> None:
        """A request without a filter, or with an unknown one, is a 422."""
        client = self.five(app)
        before = self.numbers(client)
        for query in ("", "?dry_run=false", "?nonsense=1", "?number=x", "?number=1&sort=title"):
            expect(client.patch(f"/filtered{query}", json={"number": 7}), 422)
            expect(client.delete(f"/filtered{query}"), 422)
        assert self.numbers(client) == before

    def test_too_many_items_are_left_alone(self, app: App) -> None:
        """More items than the bound are a 409, which says how many there are."""
        client = self.five(app)
        for number in range(6):
            self.note_url(client, title=f"more {number}", number=3)
        for response in (
            client.patch("/filtered?number__gte=0", json={"number": 7}),
            client.delete("/filtered?number__gte=0"),
            client.delete("/filtered?number__gte=0&dry_run=true"),
        ):
            assert " 11 " in expect(response, 409).problem["detail"]
        assert {*self.numbers(client).values()} == {1, 2, 3}
        assert client.patch("/filtered?number__lte=2", json={"number": 7}).json["affected"] == 5

    def test_a_dry_run_changes_nothing(self, app: App) -> None:
        """A dry run returns the number of items, validates the patch, and writes nothing."""
        client = self.five(app)
        before = client.get("/notes").json
        response = expect(client.patch("/filtered?number=2&dry_run=true", json={"number": 9}), 200)
        assert response.json == {"affected": 3, "dry_run": True}
        response = expect(client.delete("/filtered?number=2&dry_run=true"), 200)
        assert response.json == {"affected": 3, "dry_run": True}
        expect(client.patch("/filtered?number=2&dry_run=true", json={"number": "x"}), 422)
        assert client.get("/notes").json == before

    def test_all_are_changed_or_none(self, app: App) -> None:
        """An invalid patch, or one that conflicts with one item, changes no item."""
        client = self.five(app)
        before = client.get("/notes").json
        invalid = expect(client.patch("/filtered?number=2", json={"title": "x" * 101}), 422)
        assert pointers(invalid) == ["/title"]
        taken = expect(client.patch("/filtered?number=2", json={"code": "same", "number": 9}), 409)
        assert pointers(taken) == ["/code"]
        assert client.get("/notes").json == before

    def test_each_item_is_affected_once(self, app: App) -> None:
        """Of several requests at once, one affects each item; none affects a part of them."""
        client = self.client(app)
        for _ in range(self.rounds):
            for number in range(5):
                self.note_url(client, title=f"n{number}", number=1)

            def take(own: Client, number: int) -> TestResponse:
                return own.patch("/filtered?number=1", json={"number": 100 + number})

            responses = self.at_once(app, take)
            affected = Counter(expect(each, 200).json["affected"] for each in responses)
            assert affected == {5: 1, 0: self.writers - 1}
            assert len({*self.numbers(client).values()}) == 1
            expect(client.delete("/filtered?number__gte=100"), 200)
