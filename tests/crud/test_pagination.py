"""Pages: their sizes, their links, counted pages, and which declarations are refused."""

from __future__ import annotations

import base64
import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import pytest
from marshmallow import Schema, fields
from shelf import Book, collection, mounted, refused

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.crud.cursors import CursorCipher, _secret_of_process
from restkit.testing import Client

PLAIN = App.__call__
BOOKS = tuple(Book(f"t{number}") for number in range(7))


def links(response: Any) -> dict[str, str]:
    return {
        name: url
        for url, name in re.findall(r'<([^>]*)>; rel="(\w+)"', response.headers.get("Link", ""))
    }


def titles(response: Any) -> list[str]:
    return [each["title"] for each in response.json["items"]]


def test_sizes() -> None:
    """A page has `page_size` items, or as many as are asked for, up to `max_page_size`."""
    client = collection(*BOOKS, page_size=2, max_page_size=5)
    assert [
        len(client.get(f"/books{query}").json["items"]) for query in ("", "?limit=1", "?limit=5")
    ] == [2, 1, 5]
    assert [client.get(f"/books?limit={limit}").status for limit in (0, 6, -1, "x")] == [422] * 4


def test_links_keep_the_rest_of_the_query() -> None:
    """Links lead to the same question at another place,
    and `next` in the content is the one in the header.
    """
    client = collection(*BOOKS, filters=("title__contains",), sorts=("title",))
    first = client.get("/books?title__contains=t&sort=-title&limit=3")
    assert links(first).keys() == {"next"}
    second = client.get(links(first)["next"])
    assert titles(first) == ["t6", "t5", "t4"]
    assert titles(second) == ["t3", "t2", "t1"]
    assert links(second).keys() == {"first", "prev", "next"}
    assert second.json["next"] == links(second)["next"]
    assert "title__contains=t&sort=-title&limit=3&cursor=" in links(second)["next"]
    last = client.get(links(second)["next"])
    assert titles(last) == ["t0"]
    assert last.json["next"] is None
    assert links(last).keys() == {"first", "prev"}
    assert titles(client.get(links(last)["first"])) == titles(first)


def test_an_empty_page_behind_the_last() -> None:
    """Where the items behind a cursor are gone, the page is empty, and the way back is `first`."""
    client = collection(*BOOKS[:2])
    cursor = client.get("/books?limit=1").json["next"]
    client.delete("/books/2")
    response = client.get(cursor)
    assert response.json == {"items": [], "next": None}
    assert links(response).keys() == {"first"}


def test_counted_pages() -> None:
    """With `paging = "offset"` pages are counted, and there is no cursor."""
    client = collection(*BOOKS, paging="offset", page_size=3)
    response = client.get("/books?offset=1")
    assert titles(response) == ["t1", "t2", "t3"]
    assert links(response) == {
        "first": "/books",
        "prev": "/books",
        "next": "/books?offset=4",
    }
    assert response.json["next"] == "/books?offset=4"
    assert client.get("/books?cursor=x").status == 422
    assert [client.get(f"/books?offset={each}").status for each in (-1, "x", 2**31)] == [422] * 3
    assert client.get("/books?offset=2147483647").json == {"items": [], "next": None}


def test_an_app_with_a_secret_signs_with_it() -> None:
    """A cursor of a service with another secret is none of this one."""

    def client(secret: str) -> Client:
        app = App("Shelf", secret_key=secret)
        app.add("/books", type("Books", (CRUDResource,), {"store": MemoryStore(Book, items=BOOKS)}))
        return Client(app)

    one, other = client("x" * 32), client("y" * 32)
    cursor = one.get("/books?limit=1").json["next"]
    assert one.get(cursor).status == 200
    assert other.get(cursor).status == 400
    problem = other.get(cursor).problem
    assert problem["errors"] == [
        {"parameter": "cursor", "in": "query", "detail": "Not a valid cursor.", "code": "cursor"}
    ]


def test_a_cursor_does_not_show_a_hidden_order() -> None:
    """Clients cannot read the values of an attribute that orders a list but is not in responses."""

    class TitleSchema(Schema):
        title = fields.Str(dump_only=True)

    books = [Book(f"t{number}", genre=f"confidential{number}") for number in range(3)]
    client = collection(*books, order=("genre",), schema=TitleSchema, methods={"GET"})
    page = client.get("/books?limit=1")
    cursor = page.json["next"].partition("cursor=")[2]
    data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    assert b"confidential" not in data
    assert titles(client.get(page.json["next"])) == ["t1"]


def test_without_a_secret_cursors_hold_in_one_process(caplog: pytest.LogCaptureFixture) -> None:
    """The log says once that several workers need a secret, and the App's name is no secret."""
    _secret_of_process.cache_clear()
    for _ in range(2):
        client = collection(*BOOKS)
        assert client.get(client.get("/books?limit=1").json["next"]).status == 200
    assert [each.message.partition(":")[0] for each in caplog.records] == [
        "The setting secret_key is empty"
    ]
    by_name = CursorCipher("Shelf", "Books Book").write("id", False, (1,))
    assert client.get(f"/books?cursor={by_name}").status == 400


@pytest.mark.parametrize(
    "values", [(), (None,), ("x",), (True, 1), (dt.date(2024, 1, 1),), (b"".hex(),)]
)
@pytest.mark.parametrize("order", ["id", "id of an item"])
def test_a_signed_cursor_of_any_content_is_a_400(order: str, values: tuple[Any, ...]) -> None:
    """Whoever has the secret can write what is not valid, and gets a 400, never a 500."""
    own = App("Shelf", secret_key="s" * 32)
    own.add("/books", type("Books", (CRUDResource,), {"store": MemoryStore(Book, items=BOOKS)}))
    cursor = CursorCipher("s" * 32, "Books Book").write(order, False, values)
    assert Client(own).get(f"/books?cursor={cursor}").status == 400
    good = CursorCipher("s" * 32, "Books Book").write(order, False, (3,))
    assert titles(Client(own).get(f"/books?cursor={good}")) == ["t3", "t4", "t5", "t6"]


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"paging": "pages"}, "Books.paging must be 'keyset', 'offset' or a page format"),
        (
            {"page_size": 0},
            "Books.page_size must be between 1 and max_page_size, got page_size 0",
        ),
        (
            {"page_size": 200},
            "Books.page_size must be between 1 and max_page_size, got page_size 200",
        ),
        (
            {"max_page_size": 10},
            "Books.page_size must be between 1 and max_page_size, got page_size 20",
        ),
    ],
)
def test_pages_that_cannot_be_are_refused(members: dict[str, Any], says: str) -> None:
    """Sizes that are none are one clear sentence."""
    refused(says, **members)


@dataclass
class Text:
    text: str
    id: int = 0


class Texts(CRUDResource[Text]):
    sorts = ("text",)
    page_size = 2


@pytest.mark.parametrize("length", [10, 200, 400, 100_000])
def test_pages_go_on_behind_long_texts(length: int) -> None:
    """A cursor fits into a URL, however long the values are that a page ends with."""
    texts = [Text("\U0001f600" * length + str(number)) for number in range(5)]
    app = App("Texts")
    app.add("/texts", type("Texts", (Texts,), {"store": MemoryStore(Text, items=texts)}))
    client = Client(app)
    pages = [client.get("/texts?sort=-text")]
    while pages[-1].json["next"]:
        assert len(pages[-1].json["next"]) < 2100
        pages.append(client.get(pages[-1].json["next"]))
        assert pages[-1].status == 200
    assert [each["id"] for page in pages for each in page.json["items"]] == [5, 4, 3, 2, 1]
    back = client.get(links(pages[-1])["prev"])
    assert [each["id"] for each in back.json["items"]] == [3, 2]
    client.delete("/texts/4")
    assert client.get(pages[0].json["next"]).status == (200 if length < 400 else 400)


def test_a_text_that_is_no_cursor_is_a_400() -> None:
    """A short text that no response gave is a 400 that names the parameter, not a 422."""
    for cursor in ("x", "abcd"):
        response = collection(*BOOKS).get(f"/books?cursor={cursor}")
        assert response.status == 400
        assert response.problem["errors"][0]["parameter"] == "cursor"


def test_the_first_counted_page_has_no_way_back() -> None:
    """Where nothing is passed over there is neither a first nor a previous page."""
    client = collection(*BOOKS, paging="offset", page_size=3)
    assert links(client.get("/books?offset=0")).keys() == {"next"}
    assert links(client.get("/books?offset=1")).keys() == {"first", "prev", "next"}


def test_links_where_the_server_gives_no_query() -> None:
    """A server may leave QUERY_STRING out (PEP 3333): the links are made without it."""
    app = mounted(store=MemoryStore(Book, items=BOOKS), page_size=3)

    def without_query(environ: Any, start_response: Any) -> Any:
        environ.pop("QUERY_STRING", None)
        return PLAIN(app, environ, start_response)

    response = Client(without_query).get("/books")
    assert links(response).keys() == {"next"}
    assert links(response)["next"].startswith("/books?cursor=")
