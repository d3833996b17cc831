"""Page formats: parameters, content, links and headers of pages, and formats of one's own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from marshmallow import Schema, fields, validate
from shelf import Book, collection, mounted, refused

from restkit import Header
from restkit.crud import (
    CRUDResource,
    Keyset,
    LimitOffset,
    ListedPage,
    ListQuery,
    Page,
    PageFormat,
    PageNumbers,
    PageSizes,
    Window,
)
from restkit.testing import Client

BOOKS = tuple(Book(f"t{number}") for number in range(7))


def links(response: Any) -> dict[str, str]:
    return {
        name: url
        for url, name in re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers.get("Link", ""))
    }


def titles(response: Any) -> str:
    return " ".join(each["title"] for each in response.json["items"])


def operation(client: Client) -> dict[str, Any]:
    return client.get("/openapi.json").json["paths"]["/books"]["get"]


def names(client: Client) -> list[str]:
    return [each["name"] for each in operation(client)["parameters"] if each["in"] == "query"]


class Range(PageFormat):
    """`from` and `count`, the items within `data`, and a header of its own."""

    is_counted = True
    total_header = "Total"
    response_headers = (Header("Range-Of-Items", "The places of the items."),)

    def parameters(self, sizes: PageSizes) -> Mapping[str, Any]:
        return {
            "from": fields.Int(load_default=1, validate=validate.Range(min=1)),
            "count": fields.Int(load_default=sizes.default),
        }

    def window(self, query: Mapping[str, Any], sizes: PageSizes) -> Window:
        return Window(query["count"], query["from"] - 1)

    def place(self, window: Window) -> Mapping[str, str | None]:
        return {"from": str(window.offset + 1)}

    def schema(self, item: type[Schema]) -> type[Schema]:
        data = Schema.from_dict({"rows": fields.List(fields.Nested(item), required=True)})
        members = {"meta": fields.Dict(), "data": fields.Nested(data), "next": fields.Str()}
        return Schema.from_dict(members, name="BookRange")

    def content(self, page: ListedPage) -> object:
        more = {"next": page.links["next"]} if "next" in page.links else {}
        return {"meta": {"total": page.total}, "data": {"rows": page.items}, **more}

    def headers(self, page: ListedPage) -> Mapping[str, str]:
        start = page.window.offset
        return {"Range-Of-Items": f"{start + 1}-{start + page.length}"}


def test_page_numbers() -> None:
    """Numbered pages have totals and links to the first, last and adjacent pages."""
    client = collection(*BOOKS, paging=PageNumbers(), page_size=3)
    first, second, last = (client.get(f"/books{each}") for each in ("", "?page=2", "?page=3"))
    assert titles(first) == "t0 t1 t2"
    assert titles(last) == "t6"
    assert {**second.json, "items": []} == {"items": [], "page": 2, "pages": 3, "total": 7}
    assert links(first) == {"next": "/books?page=2", "last": "/books?page=3"}
    assert links(second) == {
        "first": "/books",
        "prev": "/books",
        "next": "/books?page=3",
        "last": "/books?page=3",
    }
    assert links(last) == {"first": "/books", "prev": "/books?page=2"}
    assert first.headers["Total-Count"] == "7"
    assert "Preference-Applied" not in first.headers
    assert names(client) == ["page", "per_page"]


def test_a_page_after_the_last_one_is_empty() -> None:
    """The links of a page behind the end lead back to the last page with items."""
    client = collection(*BOOKS, paging=PageNumbers(), page_size=3)
    response = client.get("/books?page=9")
    assert response.json == {"items": [], "page": 9, "pages": 3, "total": 7}
    assert links(response) == {"first": "/books", "prev": "/books?page=3"}
    empty = collection(paging=PageNumbers())
    assert empty.get("/books").json == {"items": [], "page": 1, "pages": 0, "total": 0}
    assert links(empty.get("/books?page=2")) == {"first": "/books", "prev": "/books"}


@pytest.mark.parametrize(
    ("paging", "query"),
    [
        (PageNumbers(), "page=0"),
        (PageNumbers(), "page=-1"),
        (PageNumbers(), "page=x"),
        (PageNumbers(), "page=21474838"),
        (PageNumbers(), f"page={10**30}"),
        (PageNumbers(), "page=1&page=2"),
        (PageNumbers(), "per_page=101"),
        (PageNumbers(), "limit=1"),
        (LimitOffset(), "offset=2147483648"),
        (LimitOffset(), "offset=-1"),
        (LimitOffset(), "limit=1&limit=1"),
        (Keyset(), "limit=-1"),
        (Keyset(), f"limit=1{'0' * 5000}"),
        (Range(), "from=4294967296"),
        (Range(), "count=0"),
        (Range(), "count=101"),
    ],
)
def test_pages_out_of_bounds(paging: PageFormat, query: str) -> None:
    """A number that no page has is a 422 that names the parameter, in every format."""
    response = collection(*BOOKS, paging=paging).get(f"/books?{query}")
    assert response.status == 422
    assert query.partition("=")[0] in [each["parameter"] for each in response.problem["errors"]]


def test_the_largest_numbers_are_empty_pages() -> None:
    """Each number within the documented bounds is a page."""
    client = collection(*BOOKS, paging=PageNumbers())
    maximum = operation(client)["parameters"][0]["schema"]["maximum"]
    response = client.get(f"/books?page={maximum}&per_page=100")
    assert response.status == 200
    assert response.json["items"] == []
    assert collection(paging=LimitOffset()).get("/books?offset=2147483647").status == 200


def test_names_of_parameters() -> None:
    """Parameters have the names of the declaration, in the document and in links."""
    client = collection(*BOOKS, paging=PageNumbers(page="p", size="pageSize"))
    assert names(client) == ["p", "pageSize"]
    assert links(client.get("/books?pageSize=3")) == {
        "next": "/books?pageSize=3&p=2",
        "last": "/books?pageSize=3&p=3",
    }
    client = collection(*BOOKS, paging=Keyset(limit="first", cursor="after"))
    response = client.get("/books?first=3")
    assert "first=3&after=" in response.json["next"]
    assert titles(client.get(response.json["next"])) == "t3 t4 t5"
    assert client.get("/books?after=x").problem["errors"][0]["parameter"] == "after"
    assert "The `after` parameter" in operation(client)["responses"]["400"]["description"]
    client = collection(*BOOKS, paging=LimitOffset(limit="take", offset="skip"))
    assert titles(client.get("/books?take=2&skip=5")) == "t5 t6"
    assert "400" not in operation(client)["responses"]


def test_totals_by_preference() -> None:
    """`Prefer: count` adds the total and the link to the last page, in a header too."""
    prefer = {"Prefer": "count=exact"}
    client = collection(*BOOKS, paging="offset", page_size=3)
    response = client.get("/books", headers=prefer)
    assert response.json["total"] == 7
    assert response.headers["Total-Count"] == "7"
    assert links(response) == {"next": "/books?offset=3", "last": "/books?offset=6"}
    shifted = client.get("/books?offset=2", headers=prefer)
    assert links(shifted)["last"] == "/books?offset=5"
    assert "Total-Count" not in client.get("/books").headers
    keyset = collection(*BOOKS, page_size=3).get("/books", headers=prefer)
    assert keyset.headers["Total-Count"] == "7"
    assert links(keyset).keys() == {"next"}
    assert "Total-Count" in operation(client)["responses"]["200"]["headers"]


def test_filters_named_like_parameters() -> None:
    """A filter by an attribute with the name of a parameter has its operator in its name."""

    class BookSchema(Schema):
        page = fields.Int(attribute="year")

    members: dict[str, Any] = {"filters": ("year",), "schema": BookSchema, "methods": ("GET",)}
    client = collection(*BOOKS, Book("new", year=7), paging=PageNumbers(), **members)
    assert names(client) == ["page", "per_page", "page__eq"]
    assert client.get("/books?page=1&page__eq=7").json["items"] == [{"page": 7}]


def test_a_format_of_ones_own() -> None:
    """A format has its own parameters, content and headers, and the document has them too."""
    client = collection(*BOOKS, paging=Range(), page_size=3)
    response = client.get("/books?from=2")
    assert [each["title"] for each in response.json["data"]["rows"]] == ["t1", "t2", "t3"]
    assert response.json["meta"] == {"total": 7}
    assert response.json["next"] == "/books?from=5"
    assert response.headers["Range-Of-Items"] == "2-4"
    assert response.headers["Total"] == "7"
    described = operation(client)["responses"]["200"]
    assert described["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/BookRange"
    }
    assert described["headers"].keys() >= {"Range-Of-Items", "Total", "Link"}
    assert names(client) == ["from", "count"]


class Data(Keyset):
    """Keyset pages with another content."""

    def schema(self, item: type[Schema]) -> Mapping[str, Any]:
        return {"data": fields.List(fields.Nested(item), required=True)}

    def content(self, page: ListedPage) -> object:
        return {"data": page.items}


def test_another_content_of_keyset_pages() -> None:
    """A subclass of a format has its parameters and links, with a content of its own."""
    client = collection(*BOOKS, paging=Data(), page_size=3)
    first = client.get("/books")
    assert first.json.keys() == {"data"}
    second = client.get(links(first)["next"]).json["data"]
    assert [each["title"] for each in second] == ["t3", "t4", "t5"]


def test_one_schema_of_two_collections() -> None:
    """Collections with one schema and one kind of content share a component."""
    app = mounted(paging=PageNumbers(), filters=("title",))
    first = next(each for each in app.operations() if each.method == "GET")
    second = next(
        each
        for each in mounted(
            paging=PageNumbers(page="p"), schema=first.resource.declared.schema
        ).operations()
        if each.method == "GET"
    )
    assert first.outputs[0].schema.declared.__name__ == "BookNumberedPageSchema"
    assert second.outputs[0].schema.declared.__name__ == "BookNumberedPageSchema"


class Untotalled(CRUDResource[Book]):
    def list(self, query: ListQuery) -> Page[Book]:
        return Page([Book("a", id=1)])


def test_a_page_without_a_total() -> None:
    """An overridden `list` that leaves out the total that pages need is told so."""
    client = Client(mounted(base=Untotalled, paging=PageNumbers()))
    with pytest.raises(Exception, match=r"Books\.list returned a Page without a total"):
        client.get("/books")


class Empty(Range):
    def content(self, page: ListedPage) -> object:
        return {"data": []}


class Talkative(Range):
    response_headers = ()


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"paging": PageNumbers}, "must be 'keyset', 'offset' or a page format"),
        ({"paging": PageNumbers(page="sort"), "sorts": ("title",)}, "query parameter 'sort'"),
        ({"paging": PageNumbers(page="fields"), "fields": True}, "query parameter 'fields'"),
        (
            {"paging": Keyset(limit="year__gte"), "filters": ("year__gte",)},
            "Books.paging has the query parameter 'year__gte', but the list has another one",
        ),
        ({"paging": Empty()}, "Empty.content() must have page.items once"),
        ({"paging": Talkative()}, "returns Range-Of-Items, which is not declared"),
    ],
)
def test_formats_that_cannot_be(members: dict[str, Any], says: str) -> None:
    """A format that does not fit the collection is one clear sentence."""
    refused(says, **members)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PageNumbers(page="n", size="n"), "needs a name of its own for each"),
        (lambda: LimitOffset(limit=""), r"LimitOffset\(limit=''\) must be the name"),
        (lambda: Keyset(cursor=None), "must be the name of a query parameter"),
    ],
)
def test_names_that_cannot_be(make: Any, says: str) -> None:
    """Names of parameters are distinct strings."""
    with pytest.raises(Exception, match=says):
        make()
