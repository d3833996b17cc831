"""Tests of row rules: a caller reads and writes some of the items only, at every URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from ...app import App
from ...crud import CRUDResource
from ...request import Request
from ..client import Client
from .base import Conformance, expect

__all__ = ["RowRuleConformance"]

_ONE, _TWO = {"X-Caller": "1"}, {"X-Caller": "2"}


@runtime_checkable
class _Ruled(Protocol):
    """A store that has row rules, as `MemoryStore` declares them."""

    def rows(self, model: type, **rule: object) -> None:
        """Declare the rule of a model."""
        ...


def _caller(request: Request) -> int:
    return int(request.headers.get("X-Caller", 0))


def _own(caller: object) -> object:
    return {"number": caller}


def _same(caller: object) -> object:
    return caller


def _all(caller: object) -> object:  # a rule gets the caller
    return True


class RowRuleConformance(Conformance):
    """The tests of row rules."""

    def rule(self, app: App, model: type[object], **rule: object) -> None:
        """Declare the row rule of a model, before the first collection is added.

        Override the method if the store declares row rules in another way than `MemoryStore.rows`.

        Args:
            app: The App, on which the store is installed.
            model: The model.
            rule: The arguments of `MemoryStore.rows`.
        """
        store = next(self._stores(app, model), None)
        assert isinstance(store, _Ruled), (
            f"the store of {model.__qualname__} has no method rows(). Override rule() in "
            f"{type(self).__name__}, or write lacks = {{'row rules'}}."
        )
        store.rows(model, **rule)

    def _stores(self, app: App, model: type[object]) -> Iterator[object]:
        found = (find(model) for find in app.stores)
        return (each for each in found if each is not None)

    def ruled(self, app: App) -> Client:
        """Let each caller have the notes of its number, and create two for each of two callers."""
        self.needs("row rules")
        self.rule(
            app,
            self.note,
            read=_own,
            set={"number": _same},
            caller=_caller,
        )
        self.rule(app, self.topic, read=_all, caller=_caller)
        members = {
            "model": self.note,
            "filters": ("title__*",),
            "sorts": ("title",),
            "csv": True,
            "bulk": True,
            "by_filter": ("PATCH", "DELETE"),
            **self.soft,
            "__module__": __name__,
        }
        if "totals" not in self.lacks:
            members |= {"groups": ("title",), "aggregates": ("count",)}
        app.add("/ruled", type("RuledNotes", (CRUDResource,), members))
        client = Client(app)
        for title, caller in (("a", _ONE), ("b", _TWO), ("c", _ONE), ("d", _TWO)):
            made = expect(client.post("/ruled", json={"title": title}, headers=caller), 201)
            assert made.json["number"] == int(caller["X-Caller"])
        return client

    def test_each_caller_has_its_own_list(self, app: App) -> None:
        """Pages, totals, JSON Lines and CSV have the items of the caller alone."""
        client = self.ruled(app)
        first = client.get("/ruled?sort=-title&limit=1", headers={**_ONE, "Prefer": "count=exact"})
        assert [each["title"] for each in expect(first, 200).json["items"]] == ["c"]
        assert first.json["total"] == 2
        second = expect(client.get(first.json["next"], headers=_ONE), 200).json
        assert [each["title"] for each in second["items"]] == ["a"]
        assert second["next"] is None
        for media_type, lines in (("application/x-ndjson", 2), ("text/csv", 3)):
            stream = client.get("/ruled", headers={**_TWO, "Accept": media_type})
            assert len(expect(stream, 200).text.splitlines()) == lines
        assert client.get("/ruled?title=b", headers=_ONE).json["items"] == []
        assert client.get("/ruled").json["items"] == []

    def test_an_item_of_another_caller_is_a_404(self, app: App) -> None:
        """For every verb, as an item that does not exist."""
        client = self.ruled(app)
        made = expect(client.post("/ruled", json={"title": "e"}, headers=_TWO), 201)
        url, name = made.headers["Location"], self.key_name(made)
        missing = client.get(url.rpartition("/")[0] + "/999999999", headers=_ONE)
        for response in (
            client.get(url, headers=_ONE),
            client.patch(url, json={"title": "x"}, headers=_ONE),
            client.put(url, json={"title": "x"}, headers=_ONE),
            client.delete(url, headers=_ONE),
        ):
            assert expect(response, 404).text == missing.text
        change = {"update": [{name: made.json[name], "title": "x"}]}
        expect(client.post("/ruled/bulk", json=change, headers=_ONE), 409)
        expect(client.post("/ruled/bulk", json={"delete": [made.json[name]]}, headers=_ONE), 409)
        assert client.get(url, headers=_TWO).json == made.json

    def test_writes_by_filter_reach_the_items_of_the_caller(self, app: App) -> None:
        """Others are neither changed nor counted."""
        client = self.ruled(app)
        query = "/ruled?title__in=a&title__in=b&title__in=c"
        patched = client.patch(query, json={"title": "x"}, headers=_ONE)
        assert expect(patched, 200).json["affected"] == 2
        assert expect(client.delete(query, headers=_ONE), 200).json["affected"] == 0
        assert expect(client.delete(query, headers=_TWO), 200).json["affected"] == 1
        left = client.get("/ruled", headers=_TWO).json["items"]
        assert [each["title"] for each in left] == ["d"]

    def test_the_server_sets_what_the_rule_decides(self, app: App) -> None:
        """A client cannot choose it, neither for a new item nor for its own."""
        client = self.ruled(app)
        made = expect(client.post("/ruled", json={"title": "e"}, headers=_ONE), 201)
        body = {"title": "x", "number": 2}
        expect(client.post("/ruled", json=body, headers=_ONE), 422)
        expect(client.patch(made.headers["Location"], json={"number": 2}, headers=_ONE), 422)
        assert client.get(made.headers["Location"], headers=_ONE).json == made.json

    def test_totals_of_the_caller(self, app: App) -> None:
        """They count the items that the list has."""
        self.needs("totals")
        client = self.ruled(app)
        totals = expect(client.get("/ruled/totals?aggregates=count", headers=_ONE), 200).json
        assert totals["items"] == [{"group": {}, "count": 2}]
        by_title = expect(client.get("/ruled/totals?group=title", headers=_TWO), 200).json
        assert [each["group"]["title"] for each in by_title["items"]] == ["b", "d"]
