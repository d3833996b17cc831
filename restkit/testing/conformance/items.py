"""Tests of items: create, read, replace, patch, delete, restore, preconditions and bulk writes."""

from __future__ import annotations

from ...app import App
from ..client import Client
from ..response import TestResponse
from .base import Conformance, expect, pointers

__all__ = ["ItemConformance"]

_MINIMAL = {"Prefer": "return=minimal"}


class ItemConformance(Conformance):
    """The tests of items."""

    def test_items(self, app: App) -> None:
        """An item is created, read, replaced, patched and deleted; each write changes its tag."""
        client = self.client(app)
        first = self.made(client, title="Emma", number=1815)
        url, tag = first.headers["Location"], first.headers["ETag"]
        read = client.get(url)
        assert (read.json, read.headers["ETag"]) == (first.json, tag)
        assert client.get(url, headers={"If-None-Match": tag}).status == 304
        replaced = expect(client.put(url, json={"title": "Emma, again"}), 200)
        assert (replaced.json["title"], replaced.json["number"]) == ("Emma, again", None)
        patched = expect(client.patch(url, json={"number": 1816}), 200)
        assert (patched.json["title"], patched.json["number"]) == ("Emma, again", 1816)
        assert client.get(url).headers["ETag"] == patched.headers["ETag"]
        assert len({tag, replaced.headers["ETag"], patched.headers["ETag"]}) == 3
        expect(client.delete(url), 204)
        for response in (
            client.get(url),
            client.delete(url),
            client.patch(url, json={}),
            client.put(url, json={"title": "x"}),
        ):
            expect(response, 404)

    def test_a_change_to_the_same_leaves_the_tag(self, app: App) -> None:
        """A patch that changes nothing leaves the item and its entity tag unchanged."""
        client = self.client(app)
        first = self.made(client, title="Emma", number=1)
        same = expect(
            client.patch(first.headers["Location"], json={"number": 1, "title": "Emma"}), 200
        )
        assert (same.json, same.headers["ETag"]) == (first.json, first.headers["ETag"])

    def test_a_tag_of_a_removed_item_does_not_hold_for_a_new_one(self, app: App) -> None:
        """An item that is created again under a deleted item's key has another entity tag."""
        client = self.client(app)
        body = {"slug": "top", "name": "Top"}
        tag = expect(client.put("/topics/top", json=body), 201).headers["ETag"]
        expect(client.delete("/topics/top"), 204)
        expect(client.put("/topics/top", json={**body, "name": "New"}), 201)
        expect(client.put("/topics/top", json=body, headers={"If-Match": tag}), 412)

    def test_patches(self, app: App) -> None:
        """A merge patch and a JSON Patch change their members; the result is validated whole."""
        client = self.client(app)
        url = self.note_url(client, title="Emma", number=1)

        def patch(*operations: dict[str, object]) -> TestResponse:
            return client.patch(
                url, json=list(operations), content_type="application/json-patch+json"
            )

        assert expect(client.patch(url, json={"number": None}), 200).json["number"] is None
        assert pointers(expect(client.patch(url, json={"title": None}), 422)) == ["/title"]
        assert pointers(expect(client.patch(url, json={"title": "x" * 101}), 422)) == ["/title"]
        done = patch(
            {"op": "test", "path": "/title", "value": "Emma"},
            {"op": "replace", "path": "/number", "value": 7},
        )
        assert expect(done, 200).json["number"] == 7
        expect(patch({"op": "test", "path": "/number", "value": 8}), 409)
        assert pointers(expect(patch({"op": "remove", "path": "/title"}), 422)) == ["/title"]
        expect(
            patch(
                {"op": "replace", "path": "/number", "value": 9}, {"op": "remove", "path": "/none"}
            ),
            422,
        )
        assert client.get(url).json["number"] == 7

    def test_preconditions(self, app: App) -> None:
        """If-Match is compared with the item when it is written; `*` demands that it exists."""
        client = self.client(app)
        first = self.made(client, title="Emma")
        url, old = first.headers["Location"], {"If-Match": first.headers["ETag"]}
        expect(client.patch(url, json={"number": 1}, headers={"If-Match": '"other"'}), 412)
        expect(client.patch(url, json={"number": 1}, headers=old), 200)
        for response in (
            client.patch(url, json={"number": 2}, headers=old),
            client.put(url, json={"title": "x"}, headers=old),
            client.delete(url, headers=old),
            client.delete(url, headers={"If-None-Match": "*"}),
        ):
            expect(response, 412)
        assert client.get(url).json["number"] == 1
        expect(client.patch(url, json={"number": 3}, headers={"If-Match": "*"}), 200)
        expect(client.delete(url, headers={"If-Match": client.get(url).headers["ETag"]}), 204)

    def test_put_makes_what_is_not_there(self, app: App) -> None:
        """With upsert, a PUT creates or replaces; with If-None-Match: * it only creates."""
        client = self.client(app)
        body = {"slug": "top", "name": "Top"}
        made = expect(client.put("/topics/top", json=body, headers={"If-None-Match": "*"}), 201)
        expect(client.put("/topics/top", json=body, headers={"If-None-Match": "*"}), 412)
        changed = expect(client.put("/topics/top", json={**body, "name": "T"}), 200)
        assert made.headers["ETag"] != changed.headers["ETag"]
        expect(
            client.put("/topics/low", json={"slug": "low", "name": "L"}, headers={"If-Match": "*"}),
            412,
        )
        expect(client.put("/topics/low", json=body), 409)
        assert pointers(expect(client.post("/topics", json={**body, "name": "x"}), 409)) == [
            "/slug"
        ]
        assert [each["slug"] for each in client.get("/topics").json["items"]] == ["top"]

    def test_put_takes_the_key_from_the_url(self, app: App) -> None:
        """With upsert, a PUT creates and replaces without a key in the body; a POST needs it."""
        client = self.client(app)
        made = expect(client.put("/topics/top", json={"name": "Top"}), 201)
        assert made.json["slug"] == "top"
        assert expect(client.put("/topics/top", json={"name": "T"}), 200).json["slug"] == "top"
        assert pointers(expect(client.post("/topics", json={"name": "T"}), 422)) == ["/slug"]

    def test_unique_values(self, app: App) -> None:
        """A taken unique value is a 409 with a pointer, for any method; nulls do not conflict."""
        client = self.client(app)
        url = self.note_url(client, code="one")
        for _ in range(2):
            self.note_url(client, code=None)
        other = self.note_url(client, code="two")
        for response in (
            client.post("/notes", json={"title": "x", "code": "one"}),
            client.put(other, json={"title": "x", "code": "one"}),
            client.patch(other, json={"code": "one"}),
        ):
            assert pointers(expect(response, 409)) == ["/code"]
        expect(client.patch(url, json={"code": "one"}), 200)
        expect(client.patch(url, json={"code": "three"}), 200)
        expect(client.patch(other, json={"code": "one"}), 200)
        assert [each["code"] for each in client.get("/notes").json["items"]] == [
            "three",
            None,
            None,
            "one",
        ]

    def test_references(self, app: App) -> None:
        """An unknown reference and deleting a referenced item are a 409; nested URLs scope."""
        self.needs("references")
        client = self.client(app)
        assert pointers(
            expect(client.post("/notes", json={"title": "x", "topic_id": "top"}), 409)
        ) == ["/topic_id"]
        for slug in ("top", "low"):
            self.made(client, "/topics", slug=slug, name=slug)
        expect(client.post("/topics/top/notes", json={"title": "x", "topic_id": "low"}), 422)
        note = expect(client.post("/topics/top/notes", json={"title": "x"}), 201)
        assert note.json["topic_id"] == "top"
        assert (
            expect(client.put(note.headers["Location"], json={"title": "x"}), 200).json["topic_id"]
            == "top"
        )
        expect(client.delete("/topics/top"), 409)
        expect(client.delete("/topics/low"), 204)
        self.made(client, "/topics", slug="low", name="low")
        assert (
            self.titles(client, "/topics/top/notes"),
            self.titles(client, "/topics/low/notes"),
        ) == (["x"], [])
        url = note.headers["Location"]
        expect(client.get(url), 200)
        for response in (
            client.get(url.replace("top", "low")),
            client.delete(url.replace("top", "low")),
            client.get("/topics/none/notes"),
            client.post("/topics/none/notes", json={"title": "x"}),
        ):
            expect(response, 404)

    def test_soft_deletion(self, app: App) -> None:
        """A soft-deleted item is a 404 until it is restored; its unique values stay reserved."""
        self.needs("soft delete")
        client = self.client(app)
        url = self.note_url(client, title="Emma", code="one")
        expect(client.post(f"{url}/restore"), 404)
        expect(client.delete(url), 204)
        for response in (
            client.get(url),
            client.delete(url),
            client.patch(url, json={"number": 1}),
        ):
            expect(response, 404)
        assert self.titles(client) == []
        assert client.get("/notes", headers={"Prefer": "count=exact"}).json["total"] == 0
        expect(client.post("/notes", json={"title": "x", "code": "one"}), 409)
        restored = expect(client.post(f"{url}/restore"), 200)
        assert (restored.json["title"], client.get(url).json) == ("Emma", restored.json)
        assert "removed_at" not in restored.json
        tag = {"If-Match": client.get(url).headers["ETag"]}
        removed = expect(client.delete(url, headers=tag), 204).headers["ETag"]
        expect(client.post(f"{url}/restore", headers={"If-Match": '"another"'}), 412)
        expect(client.post(f"{url}/restore", headers={"If-Match": removed}), 200)

    def test_minimal_answers(self, app: App) -> None:
        """With `Prefer: return=minimal`, a write has no content but Preference-Applied."""
        client = self.client(app)
        made = expect(client.post("/notes", json={"title": "Emma"}, headers=_MINIMAL), 204)
        url = made.headers["Location"]
        patched = client.patch(
            url, json={"number": 1}, headers={**_MINIMAL, "If-Match": made.headers["ETag"]}
        )
        assert expect(patched, 204).headers["ETag"] == client.get(url).headers["ETag"]
        replaced = expect(client.put(url, json={"title": "Emma"}, headers=_MINIMAL), 204)
        assert replaced.headers["Preference-Applied"] == "return=minimal"
        assert client.get(url).json["number"] is None

    def test_a_request_that_fails_leaves_nothing(self, app: App) -> None:
        """A failing request keeps nothing of its writes."""
        client = self.client(app)
        url = self.note_url(client, title="Emma", code="one")
        before = client.get(url)
        failing = url.replace("/notes/", "/failing/")
        expect(client.post("/failing", json={"title": "x", "code": "two"}), 422)
        expect(client.patch(failing, json={"title": "x"}), 422)
        expect(client.delete(failing), 422)
        after = client.get(url)
        assert (after.json, after.headers["ETag"]) == (before.json, before.headers["ETag"])
        self.note_url(client, title="Persuasion", code="two")
        assert self.titles(client) == ["Emma", "Persuasion"]

    def test_safe_methods_only_read(self, app: App) -> None:
        """A GET that writes is a 500, and keeps nothing of its writes."""
        self.client(app)
        client = Client(app, raise_errors=False)
        expect(client.get("/failing?limit=1"), 500)
        assert self.titles(client) == []

    def test_many_at_once(self, app: App) -> None:
        """A bulk request does everything or nothing; its problem points to each conflict."""
        client = self.client(app)
        both = [self.made(client, title="a", code="c1"), self.made(client, title="b")]
        name = self.key_name(both[0])
        one, two = (each.json[name] for each in both)
        wrong = {
            "create": [{"title": "c", "code": "c1"}, {"title": "d"}],
            "update": [{name: two, "code": "c1"}],
        }
        assert pointers(expect(client.post("/notes/bulk", json=wrong), 409)) == [
            "/update/0/code",
            "/create/0/code",
        ]
        assert self.titles(client) == ["a", "b"]
        right = {**wrong, "update": [{name: two, "title": "B"}], "delete": [one]}
        right["create"][0]["code"] = "c2"
        expect(client.post("/notes/bulk", json=right), 200)
        assert sorted(self.titles(client)) == ["B", "c", "d"]
