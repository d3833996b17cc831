"""Tests of lists: filters, sort orders, pagination, totals, sparse fields and streams."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields

from ...app import App
from ...crud import CRUDResource
from ..client import Client
from ..response import TestResponse
from .base import Conformance, expect

__all__ = ["ListConformance"]

_SORTS = (
    "title",
    "-title",
    "number",
    "-number",
    "title,-number",
    "-number,title",
    "code,-title",
    "-code,number",
)
_FILTERS = {
    "number=1815": "Emma",
    "number__gte=1815&number__lt=1860": "Emma, Silas",
    "number__gt=1815&number__lte=1974": "Silas, Dispossessed",
    "number__in=1815,1974": "Emma, Dispossessed",
    "number__null=true": "50% off_ed",
    "number__null=false": "Emma, Silas, Dispossessed",
    "number__ne=1815": "Silas, Dispossessed, 50% off_ed",
    "code__ne=one": "Silas, Dispossessed, 50% off_ed",
    "title=Emma": "Emma",
    "title=emma": "",
    "title__in=Emma&title__in=Silas": "Emma, Silas",
    "title__in=Emma,Silas": "",
    "title__contains=S": "Silas, Dispossessed",
    "title__startswith=s": "Silas",
    "title__contains=%25": "50% off_ed",
    "title__startswith=%25": "",
    "title__contains=_": "50% off_ed",
    "title__contains=%5C": "",
    "code__startswith=ONE": "Emma",
    "code__contains=e&number__gt=1800": "Emma",
}
_EITHER = {
    "number__not_in=1815,1974": "Silas, 50% off_ed",
    "code__not_in=one": "Silas, Dispossessed, 50% off_ed",
    "or=number,code&number=1974&code=one": "Emma, Dispossessed",
    "or=number__lt,number__null&number__lt=1820&number__null=true": "Emma, 50% off_ed",
    "or=number,code&number=1974&code=one&title=Emma": "Emma",
    "q=emma": "Emma",
    "q=e": "Emma, Dispossessed, 50% off_ed",
    "or=q,number&q=emma&number=1851": "Emma, Silas",
}
_INVALID = (
    "number=abc",
    "number__gte=1e400",
    "number__in=1,x",
    "number__null=perhaps",
    "title__contains=%00",
    "title__contains=",
    "unknown=1",
    "sort=topic_id",
    "fields=secret",
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=x",
    "limit=",
    "limit=1&limit=2",
    "limit=99999999999999999999",
)
_INVALID_OFFSETS = ("-1", "x", "", "1.5", str(2**31), str(2**63), "9" * 400, "1&offset=2")

_Items = list[dict[str, Any]]


class _RenamedSchema(Schema):
    title = fields.Str(dump_only=True, data_key="theTitle")
    number = fields.Int(dump_only=True, data_key="theNumber")


class ListConformance(Conformance):
    """The tests of lists."""

    def test_alternatives(self, app: App) -> None:
        """One of several filters holds, in lists, totals and streams."""
        self.needs("alternatives")
        members = {
            "model": self.note,
            "filters": ("title", "number__*", "code", "code__not_in"),
            "any_of": {"q": ("title__contains", "code__contains")},
            "or_filters": ("number", "number__lt", "number__null", "code", "q"),
            "__module__": __name__,
        }
        app.add("/either", type("Either", (CRUDResource,), members))
        client = self.client(app)
        self.made(client, title="Emma", number=1815, code="one")
        self.made(client, title="Silas", number=1851)
        self.made(client, title="Dispossessed", number=1974)
        self.made(client, title="50% off_ed")
        for query, titles in _EITHER.items():
            url = f"/either?{query}"
            page = expect(client.get(url, headers={"Prefer": "count=exact"}), 200).json
            assert ", ".join(each["title"] for each in page["items"]) == titles
            assert page["total"] == len(page["items"])
            lines = client.get(url, headers={"Accept": "application/x-ndjson"})
            assert len(lines.text.splitlines()) == page["total"]
        expect(client.get("/either?or=number,code&number=1"), 422)

    def test_filters(self, app: App) -> None:
        """Each filter operator finds the matching items, and the total agrees."""
        client = self.client(app)
        self.made(client, title="Emma", number=1815, code="one")
        self.made(client, title="Silas", number=1851)
        self.made(client, title="Dispossessed", number=1974)
        self.made(client, title="50% off_ed")
        for query, titles in _FILTERS.items():
            response = expect(client.get(f"/notes?{query}", headers={"Prefer": "count=exact"}), 200)
            found = ", ".join(each["title"] for each in response.json["items"])
            assert found == titles, query
            assert response.json["total"] == len(response.json["items"])
            assert response.headers["Preference-Applied"] == "count=exact"

    def test_what_is_no_value_is_refused(self, app: App) -> None:
        """An unknown parameter, or a value that is not of the parameter's type, is a 422."""
        client = self.client(app)
        for query in _INVALID:
            expect(client.get(f"/notes?{query}"), 422)
        for offset in _INVALID_OFFSETS:
            expect(client.get(f"/counted?offset={offset}"), 422)
            expect(client.get(f"/numbered?page={offset.replace('offset', 'page')}"), 422)
        expect(client.get(f"/counted?limit=100&offset={2**31 - 1}"), 200)
        for path in ("/notes/99999999999999999999999", f"/topics/{'x' * 200}"):
            expect(client.get(path), 404)

    def test_pages_there_and_back(self, app: App) -> None:
        """Following next and then prev visits every item once, in order, nulls as the greatest."""
        client = self.client(app)
        for number in range(13):
            year = None if number % 4 == 0 else 1900 + number % 5
            code = None if number % 3 else f"c{number}"
            self.made(client, title=f"t{number % 3}", number=year, code=code)
        for sort in _SORTS:
            pages, last = _there(client, f"/notes?sort={sort}&limit=4")
            assert [len(page) for page in pages] == [4, 4, 4, 1]
            items = [each for page in pages for each in page]
            assert len(set(map(json.dumps, items))) == 13
            assert list(_back(client, last)) == pages[-2::-1], sort
            name = sort.partition(",")[0].lstrip("-")
            values = [each[name] for each in items]
            assert values == sorted(values, key=_nulls_last, reverse=sort.startswith("-")), sort

    def test_pages_stay_where_they_are(self, app: App) -> None:
        """A page begins after the last item of the previous page, despite writes in between."""
        client = self.client(app)
        urls = {title: self.note_url(client, title=title) for title in "bdfh"}
        first = client.get("/notes?sort=title&limit=2")
        assert [each["title"] for each in first.json["items"]] == ["b", "d"]
        client.delete(urls["d"])
        client.delete(urls["f"])
        for title in "aeg":
            self.note_url(client, title=title)
        second = client.get(first.json["next"])
        assert [each["title"] for each in second.json["items"]] == ["e", "g"]
        assert self.titles(client, str(_link(second, "prev"))) == ["a", "b"]
        assert self.titles(client, str(_link(second, "first"))) == ["a", "b"]

    def test_cursors(self, app: App) -> None:
        """A cursor of another sort order or collection, or with a changed character, is a 400."""
        client = self.client(app)
        for title in "abc":
            self.note_url(client, title=title)
        cursor = client.get("/notes?limit=1&sort=title").json["next"].partition("cursor=")[2]
        expect(client.get(f"/notes?limit=1&sort=title&cursor={cursor}"), 200)
        expect(client.get(f"/notes?limit=1&sort=-title&cursor={cursor}"), 400)
        expect(client.get(f"/failing?limit=1&sort=title&cursor={cursor}"), 400)
        for at in range(0, len(cursor), 5):
            changed = cursor[:at] + ("A" if cursor[at] != "A" else "B") + cursor[at + 1 :]
            expect(client.get(f"/notes?limit=1&sort=title&cursor={changed}"), 400)

    def test_counted_pages(self, app: App) -> None:
        """Offset pagination skips the given number of items and links to the adjacent pages."""
        client = self.client(app)
        for title in "abcde":
            self.note_url(client, title=title)
        response = client.get(
            "/counted?limit=2&offset=2&sort=title", headers={"Prefer": "count=exact"}
        )
        assert [each["title"] for each in response.json["items"]] == ["c", "d"]
        assert response.json["total"] == 5
        assert self.titles(client, response.json["next"]) == ["e"]
        assert self.titles(client, str(_link(response, "prev"))) == ["a", "b"]
        assert client.get("/counted?offset=9").json == {"items": [], "next": None}

    def test_counts(self, app: App) -> None:
        """A list has the total of the filtered items if the client asks for it."""
        client = self.client(app)
        for number in range(7):
            self.note_url(client, number=number)
        assert "total" not in client.get("/notes").json
        for kind in ("exact", "estimated"):
            response = client.get(
                "/notes?number__gte=2&limit=2", headers={"Prefer": f"count={kind}"}
            )
            assert len(response.json["items"]) == 2
            assert response.json["total"] == 5

    def test_numbered_pages(self, app: App) -> None:
        """Numbered pages have the total of the filtered items, also after the last page."""
        client = self.client(app)
        for number in range(7):
            self.note_url(client, title=f"t{number}", number=number)
        client.delete(self.note_url(client, number=9))
        query = "number__gte=2&sort=-number&per_page=2"
        for page, titles in ((1, ["t6", "t5"]), (3, ["t2"]), (4, [])):
            response = expect(client.get(f"/numbered?{query}&page={page}"), 200)
            assert [each["title"] for each in response.json["items"]] == titles
            assert (response.json["page"], response.json["pages"]) == (page, 3)
            assert response.json["total"] == 5
        chosen = client.get("/numbered?number=3&fields=title").json
        assert chosen == {"items": [{"title": "t3"}], "page": 1, "pages": 1, "total": 1}
        expect(client.get(f"/numbered?page={2**63}"), 422)
        expect(client.get("/numbered?per_page=100&page=21474836"), 200)

    def test_totals_by_head(self, app: App) -> None:
        """HEAD has the total in a header: on request, or always if the pages have it."""
        client = self.client(app)
        for number in range(7):
            self.note_url(client, number=number)
        client.delete(self.note_url(client, number=5))
        prefer = {"Prefer": "count=exact"}
        for path in ("/notes", "/counted", "/numbered"):
            response = expect(client.head(f"{path}?number__gte=2", headers=prefer), 200)
            assert response.headers["Total-Count"] == "5"
            assert response.headers["Preference-Applied"] == "count=exact"
        assert client.head("/numbered").headers["Total-Count"] == "7"
        assert "Total-Count" not in client.head("/notes").headers
        expect(client.head("/notes?number=x", headers=prefer), 422)

    def test_chosen_fields(self, app: App) -> None:
        """A page and an item have only the requested fields, in the schema's order."""
        client = self.client(app)
        url = self.note_url(client, title="Emma", number=1)
        assert client.get("/notes?fields=number,title&sort=code").json["items"] == [
            {"title": "Emma", "number": 1}
        ]
        assert client.get(f"{url}?fields=title").json == {"title": "Emma"}

    def test_parameters_have_the_names_of_content(self, app: App) -> None:
        """Filters, sort keys and selected fields are named by the data_key of their field."""
        notes = {
            "model": self.note,
            "schema": _RenamedSchema,
            "filters": ("title", "number__gte"),
            "sorts": ("title", "number"),
            "fields": True,
            "page_size": 2,
            "methods": {"GET"},
        }
        app.add("/renamed", type("RenamedNotes", (CRUDResource,), notes))
        client = self.client(app)
        for number in range(5):
            self.made(client, title=f"t{number}", number=number)
        query = "theNumber__gte=1&sort=-theNumber&fields=theTitle"
        pages, _ = _there(client, f"/renamed?{query}")
        found = [each for page in pages for each in page]
        assert found == [{"theTitle": f"t{number}"} for number in (4, 3, 2, 1)]
        for refused in ("title=t1", "sort=number", "fields=title"):
            expect(client.get(f"/renamed?{refused}"), 422)

    def test_streams(self, app: App) -> None:
        """A stream has all items of a query as JSON Lines, sorted, regardless of the page size."""
        client = self.client(app)
        for number in range(12):
            self.note_url(client, title=f"t{number}", number=None if number == 3 else number)
        lines = {"Accept": "application/x-ndjson"}
        response = expect(
            client.get("/notes?sort=-number&number__ne=5&limit=2", headers=lines), 200
        )
        titles = [json.loads(line)["title"] for line in response.text.splitlines()]
        assert titles == [
            "t3",
            *(f"t{number}" for number in range(11, -1, -1) if number not in (3, 5)),
        ]

    def test_csv(self, app: App) -> None:
        """CSV has all items of a query below the names of the fields, with formulas guarded."""
        client = self.client(app)
        for number in range(12):
            self.note_url(client, title=f"={number}", number=None if number == 3 else number)
        client.delete(self.note_url(client, title="removed"))
        query = "sort=-number&number__ne=5&number__null=false&fields=title,number&per_page=2"
        response = expect(client.get(f"/numbered?{query}", headers={"Accept": "text/csv"}), 200)
        found = [number for number in range(11, -1, -1) if number not in (3, 5)]
        assert response.text.splitlines() == [
            "title,number",
            *(f"'={number},{number}" for number in found),
        ]


def _link(response: TestResponse, relation: str) -> str | None:
    """Return the target of a relation in the Link header (RFC 8288)."""
    found = re.search(rf'<([^>]*)>; rel="{relation}"', response.headers.get("Link", ""))
    return found[1] if found else None


def _nulls_last(value: int | str | None) -> tuple[bool, int | str]:
    """Return the sort key of a value, which puts None after every other value."""
    return (True, 0) if value is None else (False, value)


def _there(client: Client, url: str) -> tuple[list[_Items], TestResponse]:
    """Return all pages, and the last response."""
    pages: list[_Items] = []
    while True:
        response = expect(client.get(url), 200)
        pages.append(response.json["items"])
        if response.json["next"] is None:
            return pages, response
        url = response.json["next"]


def _back(client: Client, response: TestResponse) -> Iterator[_Items]:
    """Yield the pages before a response's page, the nearest first."""
    while previous := _link(response, "prev"):
        response = expect(client.get(previous), 200)
        yield response.json["items"]
