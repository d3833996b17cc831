"""Page formats with another content: plain arrays, and members with names of one's own."""

from __future__ import annotations

import re
from typing import Any

import pytest
from shelf import Book, collection

from restkit.crud import Bare, LimitOffset, Named, PageNumbers
from restkit.errors import DeclarationError
from restkit.testing import Client

BOOKS = tuple(Book(f"t{number}") for number in range(7))


def content(client: Client) -> dict[str, Any]:
    described = client.get("/openapi.json").json["paths"]["/books"]["get"]["responses"]["200"]
    schema: dict[str, Any] = described["content"]["application/json"]["schema"]
    return schema


def test_a_bare_array() -> None:
    """A plain array has its links and totals in headers, with the pages of any format."""
    client = collection(*BOOKS, paging=Bare(), page_size=3, fields=True)
    response = client.get("/books?fields=title")
    assert response.json == [{"title": "t0"}, {"title": "t1"}, {"title": "t2"}]
    following = re.findall(r'<([^>]*)>; rel="next"', response.headers["Link"])[0]
    assert [each["title"] for each in client.get(following).json] == ["t3", "t4", "t5"]
    assert "Total-Count" not in response.headers
    counted = client.get("/books", headers={"Prefer": "count=exact"})
    assert counted.headers["Total-Count"] == "7"
    assert content(client) == {
        "type": "array",
        "items": {"$ref": "#/components/schemas/BookView"},
    }


def test_a_bare_array_with_a_header_for_the_total() -> None:
    """A declared header has the total on each page, also on an empty one."""
    client = collection(*BOOKS, paging=Bare(total="X-Total-Count", paging=PageNumbers()))
    response = client.get("/books?per_page=5")
    assert len(response.json) == 5
    assert response.headers["X-Total-Count"] == "7"
    assert response.headers["Link"] == (
        '</books?per_page=5&page=2>; rel="next", </books?per_page=5&page=2>; rel="last"'
    )
    assert client.get("/books?page=9").json == []
    assert client.get("/books?page=9").headers["X-Total-Count"] == "7"


def test_named_members() -> None:
    """Members have the declared names, and the document has them too."""
    paging = Named("articles", total="articlesCount", paging=LimitOffset())
    client = collection(*BOOKS, paging=paging, page_size=2)
    page = client.get("/books?offset=5").json
    assert [each["title"] for each in page.pop("articles")] == ["t5", "t6"]
    assert page == {"articlesCount": 7}
    reference = content(client)["$ref"].rpartition("/")[2]
    assert reference == "BookList"
    schema = client.get("/openapi.json").json["components"]["schemas"][reference]
    assert schema["required"] == ["articles", "articlesCount"]


def test_all_named_members() -> None:
    """Links, numbers and totals each have a member if it has a name."""
    paging = Named(
        "results",
        total="count",
        next="next",
        previous="previous",
        page="page",
        pages="last_page",
        paging=PageNumbers(),
    )
    client = collection(*BOOKS, paging=paging, page_size=3)
    assert {**client.get("/books?page=2").json, "results": 0} == {
        "results": 0,
        "count": 7,
        "next": "/books?page=3",
        "previous": "/books",
        "page": 2,
        "last_page": 3,
    }
    cursors = collection(*BOOKS, paging=Named("results", next="next"), page_size=3)
    following = cursors.get(cursors.get("/books").json["next"]).json
    assert [each["title"] for each in following["results"]] == ["t3", "t4", "t5"]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Named(""), "a different name for each member"),
        (lambda: Named("items", total="items"), "a different name for each member"),
        (lambda: Named("items", page="page"), r"Add paging=PageNumbers\(\)"),
        (lambda: Named("items", pages="pages"), "needs pages without cursors"),
        (lambda: Bare(paging="offset"), r"Bare\(paging=...\) must be a page format"),
    ],
)
def test_envelopes_that_cannot_be(make: Any, says: str) -> None:
    """Contradictions are one clear sentence."""
    with pytest.raises(DeclarationError, match=says):
        make()
