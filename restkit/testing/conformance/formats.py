"""Tests of page formats besides keyset pages, and of idempotency keys."""

from __future__ import annotations

from ...app import App
from ...crud import Bare, CRUDResource, LimitOffset, Named, PageNumbers
from ...limits import Idempotency, MemoryStorage
from ..client import Client
from .base import Conformance, expect

__all__ = ["FormatConformance"]

_FORMATS = {
    "bare": Bare(),
    "named": Named("notes", total="notesCount", paging=PageNumbers()),
    "offset": LimitOffset(),
}


class FormatConformance(Conformance):
    """The tests of page formats, and of requests that are repeated."""

    def formatted(self, app: App) -> Client:
        """Add a collection of each format, create five notes, and return a client."""
        for name, paging in _FORMATS.items():
            members = {
                "model": self.note,
                "paging": paging,
                "filters": ("number__gte",),
                "sorts": ("title",),
                **self.soft,
                "__module__": __name__,
            }
            app.add(f"/{name}", type(f"{name.title()}Notes", (CRUDResource,), members))
        client = Client(app)
        for number, title in enumerate("ecadb"):
            self.made(client, "/bare", title=title, number=number)
        expect(client.delete(self.made(client, "/bare", title="z").headers["Location"]), 204)
        return client

    def test_bare_pages(self, app: App) -> None:
        """The content is an array; Link has the next page."""
        client = self.formatted(app)
        first = expect(client.get("/bare?sort=title&limit=3"), 200)
        assert [each["title"] for each in first.json] == ["a", "b", "c"]
        link = first.headers["Link"].partition('; rel="next"')[0].rpartition("<")[2].rstrip(">")
        assert [each["title"] for each in expect(client.get(link), 200).json] == ["d", "e"]

    def test_named_pages(self, app: App) -> None:
        """The content has the declared members; the total is that of the filters."""
        client = self.formatted(app)
        found = expect(client.get("/named?sort=-title&number__gte=1&per_page=3"), 200).json
        assert [each["title"] for each in found["notes"]] == ["d", "c", "b"]
        assert found["notesCount"] == 4

    def test_pages_by_offset(self, app: App) -> None:
        """Limit and offset select a part of the sorted items."""
        client = self.formatted(app)
        found = expect(client.get("/offset?sort=title&limit=2&offset=2"), 200).json
        assert [each["title"] for each in found["items"]] == ["c", "d"]
        assert [each["title"] for each in client.get(found["next"]).json["items"]] == ["e"]

    def test_a_repeated_request_is_done_once(self, app: App) -> None:
        """Its response is the first one; a failed request is done again."""
        members = {"model": self.note, "idempotency": Idempotency(MemoryStorage())}
        app.add("/once", type("OnceNotes", (CRUDResource,), {**members, "__module__": __name__}))
        client = Client(app)
        note = {"title": "a", "code": "one"}
        first = expect(client.post("/once", json=note, headers=_key("first")), 201)
        again = expect(client.post("/once", json=note, headers=_key("first")), 201)
        assert again.content == first.content
        assert again.headers["Location"] == first.headers["Location"]
        expect(client.post("/once", json={"title": "b"}, headers=_key("first")), 422)
        url = first.headers["Location"]
        for _ in range(2):
            patched = client.patch(url, json={"number": 1}, headers=_key("patch"))
            assert expect(patched, 200).json["number"] == 1
        expect(client.post("/once", json=note, headers=_key("second")), 409)
        expect(client.delete(url), 204)
        assert client.get("/once").json["items"] == []


def _key(name: str) -> dict[str, str]:
    return {"Idempotency-Key": f'"{name}"'}
