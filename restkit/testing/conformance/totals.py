"""Tests of totals: groups of items with counts, sums and other aggregates."""

from __future__ import annotations

from ...app import App
from ..client import Client
from .base import Conformance, expect

__all__ = ["TotalsConformance"]

_NOTES = (("a", 1, "x"), ("a", 2, None), ("a", 2, "y"), ("b", None, None), ("c", 10, "z"))
_BY_TITLE = "/totalled/totals?group=title&aggregates=count,number__sum"


class TotalsConformance(Conformance):
    """The tests of totals."""

    def filled(self, app: App) -> Client:
        """Return a client of collections with some notes, one of which is removed softly."""
        self.needs("totals")
        client = self.client(app)
        for title, number, code in _NOTES:
            self.made(client, title=title, number=number, code=code)
        client.delete(self.note_url(client, title="a", number=1000))
        return client

    def test_totals_of_all_items(self, app: App) -> None:
        """All items are one group, also if there are none; functions of no values are null."""
        client = self.filled(app)
        found = expect(client.get("/totalled/totals"), 200).json
        assert found == {
            "items": [
                {
                    "group": {},
                    "count": 5,
                    "number__count": 4,
                    "number__distinct": 3,
                    "number__sum": 15,
                    "number__avg": 3.75,
                    "number__min": 1,
                    "number__max": 10,
                    "code__max": "z",
                }
            ],
            "truncated": False,
        }
        (none,) = expect(client.get("/totalled/totals?title=q"), 200).json["items"]
        zeros = ("count", "number__count", "number__distinct")
        assert [none.pop(name) for name in zeros] == [0, 0, 0]
        assert none.pop("group") == {}
        assert set(none.values()) == {None}

    def test_groups(self, app: App) -> None:
        """Groups have the values that they are grouped by, null among them, and are in order."""
        client = self.filled(app)
        found = expect(client.get(_BY_TITLE), 200).json
        assert found == {
            "items": [
                {"group": {"title": "a"}, "count": 3, "number__sum": 5},
                {"group": {"title": "b"}, "count": 1, "number__sum": None},
                {"group": {"title": "c"}, "count": 1, "number__sum": 10},
            ],
            "truncated": False,
        }
        by_number = expect(client.get("/totalled/totals?group=number&aggregates=count"), 200).json
        pairs = [(each["group"]["number"], each["count"]) for each in by_number["items"]]
        assert pairs == [(1, 1), (2, 2), (10, 1), (None, 1)]
        two = expect(client.get("/totalled/totals?group=title,number&title=a"), 200).json
        groups = [tuple(each["group"].values()) for each in two["items"]]
        assert groups == [("a", 1), ("a", 2)]

    def test_groups_in_another_order(self, app: App) -> None:
        """Groups are sorted by aggregates too, nulls as the greatest, ties by the group."""
        client = self.filled(app)
        for sort, titles in {
            "-count": ["a", "b", "c"],
            "-count,-title": ["a", "c", "b"],
            "-number__sum": ["b", "c", "a"],
            "number__sum": ["a", "c", "b"],
            "-title": ["c", "b", "a"],
        }.items():
            found = expect(client.get(f"{_BY_TITLE}&sort={sort}"), 200).json["items"]
            assert [each["group"]["title"] for each in found] == titles, sort
        expect(client.get(f"{_BY_TITLE}&sort=number"), 422)
        expect(client.get(f"{_BY_TITLE}&sort=number__avg"), 422)

    def test_only_so_many_groups(self, app: App) -> None:
        """The first groups are returned, and whether there are more."""
        client = self.filled(app)
        first = expect(client.get(f"{_BY_TITLE}&limit=2"), 200).json
        assert [each["group"]["title"] for each in first["items"]] == ["a", "b"]
        assert first["truncated"] is True
        assert client.get(f"{_BY_TITLE}&limit=3").json["truncated"] is False
        for title in "defg":
            self.note_url(client, title=title)
        every = expect(client.get(_BY_TITLE), 200).json
        assert (len(every["items"]), every["truncated"]) == (4, True)
        for query in ("limit=5", "limit=0", "group=code", "aggregates=title__sum", "group="):
            expect(client.get(f"/totalled/totals?{query}"), 422)

    def test_totals_count_what_the_list_shows(self, app: App) -> None:
        """Filters, soft deletion and the collection decide about totals as they do about lists."""
        client = self.filled(app)
        for query in ("", "title=a", "number__gte=2", "number__null=true", "code__in=x&code__in=z"):
            headers = {"Prefer": "count=exact"}
            total = client.get(f"/totalled?limit=1&{query}", headers=headers).json["total"]
            (found,) = client.get(f"/totalled/totals?aggregates=count&{query}").json["items"]
            assert found["count"] == total, query
        expect(client.get("/totalled/totals?unknown=1"), 422)

    def test_totals_below_a_parent(self, app: App) -> None:
        """Totals of a nested collection count its own items; without the parent they are a 404."""
        client = self.filled(app)
        self.needs("references")
        expect(client.post("/topics", json={"slug": "math", "name": "Mathematics"}), 201)
        self.made(client, "/topics/math/notes", title="d", number=7)
        url = "/topics/math/totalled/totals?aggregates=number__sum"
        assert expect(client.get(url), 200).json["items"] == [{"group": {}, "number__sum": 7}]
        expect(client.get("/topics/nothing/totalled/totals"), 404)
        expect(client.get("/topics/nothing/totalled/totals?group=title"), 404)
        expect(client.get("/topics/math/totalled/totals?group=title&title=q"), 200)
