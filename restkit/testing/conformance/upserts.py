"""Tests of bulk upserts."""

from __future__ import annotations

from ...app import App
from ..client import Client
from ..response import TestResponse
from .base import expect, pointers
from .concurrency import ConcurrencyConformance

__all__ = ["UpsertConformance"]


class UpsertConformance(ConcurrencyConformance):
    """The tests of bulk upserts."""

    def upsert(self, client: Client, *names: str) -> TestResponse:
        """Upsert topics of the form ``slug:name``."""
        pairs = [each.partition(":") for each in names]
        topics = [{"slug": slug, "name": name} for slug, _, name in pairs]
        return client.post("/upserted/bulk", json={"upsert": topics})

    def test_an_upsert_creates_or_replaces(self, app: App) -> None:
        """Each item is created, or replaces the one with its value, and the response says which."""
        client = self.client(app)
        first = expect(self.upsert(client, "b:Biology", "a:Algebra"), 200)
        assert [each["created"] for each in first.json["upserted"]] == [True, True]
        second = expect(self.upsert(client, "c:Chemistry", "b:Botany"), 200)
        found = [(each["created"], each["item"]["name"]) for each in second.json["upserted"]]
        assert found == [(True, "Chemistry"), (False, "Botany")]
        names = {each["slug"]: each["name"] for each in client.get("/topics").json["items"]}
        assert names == {"a": "Algebra", "b": "Botany", "c": "Chemistry"}

    def test_upserts_are_done_together_or_not_at_all(self, app: App) -> None:
        """A conflict names its item and its member, and nothing is written."""
        client = self.client(app)
        expect(self.upsert(client, "a:Algebra"), 200)
        taken = expect(self.upsert(client, "c:Chemistry", "b:Algebra"), 409)
        assert pointers(taken) == ["/upsert/1/name"]
        twice = expect(self.upsert(client, "b:Biology", "b:Botany"), 422)
        assert pointers(twice) == ["/upsert/1"]
        assert len(client.get("/topics").json["items"]) == 1

    def test_concurrent_upserts_make_one_item(self, app: App) -> None:
        """Of several upserts of one value at once, one creates the item, the others replace it."""
        client = self.client(app)
        for turn in range(self.rounds):

            def send(own: Client, number: int, turn: int = turn) -> TestResponse:
                return self.upsert(own, f"{turn}:{turn}")

            responses = self.at_once(app, send)
            created = [expect(each, 200).json["upserted"][0]["created"] for each in responses]
            assert created.count(True) == 1
            assert expect(client.get(f"/topics/{turn}"), 200).json["name"] == str(turn)
