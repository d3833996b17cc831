"""Tests of scopes: the items that a collection has, by mappings, conditions and alternatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...app import App
from ...crud import AnyOf, Condition, CRUDResource
from ..client import Client
from .base import Conformance, expect

__all__ = ["ScopeConformance", "scope_of"]

_NUMBERS = (1, 2, 3, None)
_SCOPES: tuple[tuple[object, list[int | None]], ...] = (
    ({"number": 2}, [2]),
    ({"number": None}, [None]),
    ({}, [1, 2, 3, None]),
    (True, [1, 2, 3, None]),
    (False, []),
    (AnyOf({"number": 1}, {"number": None}), [1, None]),
    (AnyOf(), []),
    (Condition("number", "gte", 2), [2, 3]),
    (Condition("number", "in", [1, 3]), [1, 3]),
    (Condition("title", "contains", "1"), [1]),
    ([Condition("number", "gte", 2), {"title": "note 3"}], [3]),
    ([{"number": 1}, {"number": 2}], []),
    (AnyOf([Condition("number", "null", True), True], {"title": "note 1"}), [1, None]),
)


def scope_of(scope: object) -> Callable[[object], object]:
    """Return a method `scope` of a collection that returns a scope."""
    return lambda actions: scope


class ScopeConformance(Conformance):
    """The tests of scopes."""

    def scoped(self, app: App) -> Client:
        """Add a collection for each scope and one without, create notes, and return a client."""
        own: Any = CRUDResource
        common = {"model": self.note, "bulk": True, "__module__": __name__}
        app.add("/all", type("All", (own,), common))
        for number, (scope, _) in enumerate(_SCOPES):
            members = {**common, "scope": scope_of(scope)}
            app.add(f"/scope{number}", type(f"Scope{number}", (own,), members))
        client = Client(app)
        for each in _NUMBERS:
            body = {"title": f"note {each}", "number": each}
            expect(client.post("/all", json=body), 201)
        return client

    def test_scopes(self, app: App) -> None:
        """A scope selects the items of lists, totals, JSON Lines, reads and writes."""
        client = self.scoped(app)
        items = expect(client.get("/all"), 200).json["items"]
        keys = {each["number"]: self._key(client, each) for each in items}
        assert len(keys) == len(_NUMBERS)
        for number, (_, wanted) in enumerate(_SCOPES):
            url = f"/scope{number}"
            page = expect(client.get(url, headers={"Prefer": "count=exact"}), 200).json
            assert [each["number"] for each in page["items"]] == wanted
            assert page["total"] == len(wanted)
            lines = client.get(url, headers={"Accept": "application/x-ndjson"})
            assert len(lines.text.splitlines()) == len(wanted)
            for each, key in keys.items():
                status = 200 if each in wanted else 404
                expect(client.get(f"{url}/{key}"), status)
                expect(client.patch(f"{url}/{key}", json={"code": f"c{each}"}), status)

    def test_writes_stay_in_the_scope(self, app: App) -> None:
        """A mapping decides its attributes; no write leaves an item outside of its scope."""
        client = self.scoped(app)
        made = expect(client.post("/scope0", json={"title": "x"}), 201)
        assert made.json["number"] == 2
        url = made.headers["Location"]
        for refused in (
            client.post("/scope0", json={"title": "x", "number": 1}),
            client.patch(url, json={"number": 1}),
            client.put(url, json={"title": "x", "number": 1}),
            client.post("/scope5", json={"title": "x", "number": 2}),
            client.post("/scope5/bulk", json={"create": [{"title": "x", "number": 2}]}),
            client.post("/scope4", json={"title": "x"}),
        ):
            assert expect(refused, 422).problem["errors"][0]["code"] == "scope"
        assert expect(client.put(url, json={"title": "y"}), 200).json["number"] == 2
        expect(client.post("/scope5", json={"title": "x", "number": 1}), 201)
        assert len(expect(client.get("/all"), 200).json["items"]) == len(_NUMBERS) + 2

    def _key(self, client: Client, item: dict[str, Any]) -> object:
        """Return the key of an item, which may have any name."""
        for value in item.values():
            found = client.get(f"/all/{value}") if isinstance(value, (int, str)) else None
            if found is not None and found.status == 200 and found.json == item:
                return value
        raise AssertionError(f"no attribute of {item} is its key")
