"""Tests of scopes and row rules that name attributes of related items."""

from __future__ import annotations

from collections.abc import Mapping

from ...app import App
from ...crud import AnyOf, Condition, CRUDResource
from ...request import Request
from ..client import Client
from .base import expect
from .expansions import ExpansionConformance
from .row_rules import RowRuleConformance
from .scopes import scope_of

__all__ = ["RelatedScopeConformance"]

_WITHIN: tuple[tuple[object, str], ...] = (
    ({"{one}.name": "Novels"}, "abcd"),
    ({"{one}.name": "Novels", "number": 2}, "bd"),
    (Condition("{one}.name", "startswith", "P"), "e"),
    (AnyOf({"{one}.name": "Poems"}, {"number": 9}), "ef"),
    ([Condition("{one}.{many}.title", "in", ["a", "e"]), {"number": 1}], "ae"),
    ({"{one}.name": "Nothing"}, ""),
)
"""Scopes across a relation, and the titles of the notes in each."""


def _caller(request: Request) -> str:
    return request.headers.get("X-Caller", "")


def _all(caller: object) -> object:  # a rule gets the caller
    return True


class RelatedScopeConformance(ExpansionConformance, RowRuleConformance):
    """The tests of conditions on related items."""

    def test_scopes_of_related_items(self, app: App) -> None:
        """A scope that names an attribute of a related item holds at each URL of a collection."""
        self.needs("relations", relations=self.relations)
        for number, (scope, _) in enumerate(_WITHIN):
            within = self._named(scope)
            members = {
                "model": self.note,
                "related": "existing",
                "csv": True,
                "scope": scope_of(within),
                "__module__": __name__,
            }
            app.add(f"/within{number}", type(f"Within{number}", (CRUDResource,), members))
        client = self.shelved(app)
        items = expect(client.get("/notes?sort=title&limit=9"), 200).json["items"]
        keys = {each["title"]: self.key_of(client, each) for each in items}
        assert len(keys) == 6
        for number, (_, titles) in enumerate(_WITHIN):
            url = f"/within{number}"
            page = expect(client.get(url, headers={"Prefer": "count=exact"}), 200).json
            assert "".join(sorted(each["title"] for each in page["items"])) == titles
            assert page["total"] == len(titles)
            table = expect(client.get(url, headers={"Accept": "text/csv"}), 200)
            assert len(table.text.splitlines()) == 1 + len(titles)
            for title, key in keys.items():
                status = 200 if title in titles else 404
                expect(client.get(f"{url}/{key}"), status)
                expect(client.patch(f"{url}/{key}", json={"code": title}), status)

    def test_writes_stay_in_a_scope_of_related_items(self, app: App) -> None:
        """An item that refers to another one than the scope says is a 422, and is not stored."""
        self.needs("relations", relations=self.relations)
        within = self._named({"{one}.name": "Novels"})
        members = {"model": self.note, "bulk": True, "scope": scope_of(within)}
        app.add("/within", type("Within", (CRUDResource,), {**members, "__module__": __name__}))
        client = self.shelved(app)
        made = self.made(client, "/within", title="g", topic_id="novels")
        url = made.headers["Location"]
        for refused in (
            client.post("/within", json={"title": "h", "topic_id": "poems"}),
            client.post("/within", json={"title": "h"}),
            client.patch(url, json={"topic_id": "poems"}),
            client.put(url, json={"title": "g", "topic_id": "poems"}),
            client.post("/within/bulk", json={"create": [{"title": "h", "topic_id": "poems"}]}),
        ):
            assert expect(refused, 422).problem["errors"][0]["code"] == "scope"
        assert expect(client.get(url), 200).json == made.json
        assert self.titles(client, "/notes?title=h") == []

    def _named(self, scope: object) -> object:
        """Return a scope with the names of the store's relations."""
        one, many = self.relations or ("", "")
        if isinstance(scope, Mapping):
            return {name.format(one=one, many=many): value for name, value in scope.items()}
        if isinstance(scope, Condition):
            name = scope.name.format(one=one, many=many)
            return Condition(name, scope.operator, scope.value)
        if isinstance(scope, AnyOf):
            return AnyOf(*map(self._named, scope.clauses))
        assert isinstance(scope, list)
        return [*map(self._named, scope)]

    def ruled_by_topic(self, app: App) -> Client:
        """Let each caller have the notes of the topic that it is called like."""
        self.needs("relations", relations=self.relations)
        self.needs("row rules")
        one, many = self.relations or ("", "")
        self.rule(app, self.topic, read=_all, caller=_caller)

        def named_like(me: object) -> object:
            return AnyOf({f"{one}.name": me}, me == "all")

        self.rule(
            app,
            self.note,
            read=named_like,
            caller=_caller,
        )
        notes = {"model": self.note, "bulk": True, "sorts": ("title",), **self.soft}
        topics = {"model": self.topic, "upsert": True, "filters": (f"{many}__title",)}
        for path, members in (("/notes", notes), ("/topics", topics)):
            own = {**members, "__module__": __name__}
            app.add(path, type(path[1:].title(), (CRUDResource,), own))
        client = Client(app)
        for slug in ("novels", "poems"):
            expect(client.put(f"/topics/{slug}", json={"name": slug}), 201)
        for title, topic in (("a", "novels"), ("b", "poems"), ("c", "novels")):
            body = {"title": title, "topic_id": topic}
            expect(client.post("/notes", json=body, headers={"X-Caller": "all"}), 201)
        return client

    def test_row_rules_of_related_items(self, app: App) -> None:
        """A rule that names an attribute of a related item holds for lists, items and filters."""
        client = self.ruled_by_topic(app)
        _, many = self.relations or ("", "")
        novels, poems = {"X-Caller": "novels"}, {"X-Caller": "poems"}
        page = client.get("/notes?sort=title", headers={**novels, "Prefer": "count=exact"})
        found = expect(page, 200).json
        assert [each["title"] for each in found["items"]] == ["a", "c"]
        assert found["total"] == 2
        assert client.get("/notes").json["items"] == []
        key = self.key_of(client, found["items"][0], novels)
        missing = client.get("/notes/999999999", headers=poems)
        for response in (
            client.get(f"/notes/{key}", headers=poems),
            client.patch(f"/notes/{key}", json={"title": "x"}, headers=poems),
            client.delete(f"/notes/{key}", headers=poems),
        ):
            assert expect(response, 404).text == missing.text
        for caller, slugs in ((novels, ["novels"]), (poems, [])):
            items = expect(client.get(f"/topics?{many}__title=a", headers=caller), 200).json
            assert [each["slug"] for each in items["items"]] == slugs

    def test_writes_stay_in_a_row_rule_of_related_items(self, app: App) -> None:
        """A write whose item refers to another one than the rule says is a 403."""
        client = self.ruled_by_topic(app)
        novels = {"X-Caller": "novels"}
        body = {"title": "d", "topic_id": "novels"}
        made = expect(client.post("/notes", json=body, headers=novels), 201)
        url = made.headers["Location"]
        for refused in (
            client.post("/notes", json={**body, "topic_id": "poems"}, headers=novels),
            client.post("/notes", json={"title": "d"}, headers=novels),
            client.patch(url, json={"topic_id": "poems"}, headers=novels),
            client.patch(url, json={"topic_id": None}, headers=novels),
            client.post("/notes/bulk", json={"create": [{"title": "d"}]}, headers=novels),
        ):
            expect(refused, 403)
        assert expect(client.get(url, headers=novels), 200).json == made.json
        everything = expect(client.get("/notes", headers={"X-Caller": "all"}), 200).json
        assert len(everything["items"]) == 4
