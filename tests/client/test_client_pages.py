"""Lists of another service as iterators over all pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from stock_service import served

from restkit import App, UnprocessableContent
from restkit.client import Client, Pages, PeerFailed
from restkit.crud import Bare, CRUDResource, LimitOffset, MemoryStore, Named, PageNumbers


@dataclass
class Item:
    """An item."""

    sku: str
    kind: str = "book"
    id: int = 0


def shelf(paging: Any = "keyset", count: int = 25) -> App:
    """Return a service with items in pages."""
    app = App("Stock")
    found = [Item(f"a-{n}", "book" if n % 2 else "pen") for n in range(count)]
    store = MemoryStore(Item, items=found)
    members = {"store": store, "paging": paging, "filters": ("kind",), "sorts": ("sku", "id")}
    kind = type("Items", (CRUDResource,), {**members, "__module__": __name__})
    app.add("/items", kind)
    return app


@pytest.mark.parametrize(
    "paging",
    ["keyset", LimitOffset(), PageNumbers(), Bare(), Named("articles")],
    ids=["keyset", "offset", "numbers", "bare", "named"],
)
def test_all_pages_are_walked(paging: Any) -> None:
    """In each format, with the arguments of the first page."""
    sizes = {"per_page": 4} if isinstance(paging, PageNumbers) else {"limit": 4}
    client = Client(shelf(paging))
    found = [item["id"] for item in client.list_items(sort="-id", **sizes)]
    assert found == list(range(25, 0, -1))
    kinds = {item["kind"] for item in client.list_items(kind="pen", **sizes)}
    assert kinds == {"pen"}


def test_over_a_socket() -> None:
    with served(shelf()) as url, Client(url) as client:
        assert len([*client.list_items(limit=10)]) == 25


def counting(app: App) -> tuple[Client, list[str]]:
    asked: list[str] = []

    def call(environ: dict[str, Any], start_response: Any) -> Any:
        asked.append(environ["QUERY_STRING"])
        return app(environ, start_response)

    from restkit.openapi import build

    return Client(call, document=build(app)), asked


def test_a_page_is_fetched_when_it_is_wanted() -> None:
    """A loop that ends early asks for no more; each loop begins anew."""
    client, asked = counting(shelf())
    pages = client.list_items(limit=10)
    assert isinstance(pages, Pages)
    assert asked == []
    items = iter(pages)
    for _ in range(10):
        next(items)
    assert len(asked) == 1
    next(items)
    assert len(asked) == 2
    assert len([*pages]) == 25
    assert len(asked) == 5


def test_a_single_page() -> None:
    client = Client(shelf())
    page = client.list_items(limit=2, prefer="count=exact").first()
    assert [each["id"] for each in page.data["items"]] == [1, 2]
    assert page.data["total"] == 25
    assert page.headers["Total-Count"] == "25"
    assert [len(page.data["items"]) for page in client.list_items(limit=10).pages()] == [10, 10, 5]


def test_an_empty_list_has_no_items() -> None:
    assert [*Client(shelf(count=0)).list_items()] == []


def test_wrong_arguments_are_found_by_the_call() -> None:
    client = Client(shelf())
    with pytest.raises(TypeError, match="no argument 'knd'"):
        client.list_items(knd="pen")
    with pytest.raises(UnprocessableContent):
        [*client.list_items(limit=0)]


def test_a_reply_is_the_first_page() -> None:
    assert len(Client(shelf()).list_items.reply(limit=3).data["items"]) == 3  # type: ignore[index]


PAGE = {"type": "object", "properties": {"items": {"type": "array"}, "next": {}}}


def pages_of(respond: Callable[[httpx2.Request], httpx2.Response]) -> Pages[Any]:
    """Return the list of a service that is no restkit App."""
    response = {"content": {"application/json": {"schema": PAGE}}}
    get = {"operationId": "list", "responses": {"200": response}}
    document = {"openapi": "3.1.0", "paths": {"/v1/list": {"get": get}}}
    client = Client("http://other/api", document=document, transport=httpx2.MockTransport(respond))
    found: Pages[Any] = client.list()
    return found


@pytest.mark.parametrize(
    "link",
    [
        "http://evil.example/api/v1/list?page=2",
        "//evil.example/",
        "https://other/api/v1/list?page=2",
        "file:///etc/passwd",
    ],
)
def test_a_page_of_another_service_is_not_fetched(link: str) -> None:
    """The credentials of the call would go along."""
    asked: list[str] = []

    def respond(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(200, json={"items": [1], "next": link})

    items = iter(pages_of(respond))
    assert next(items) == 1
    with pytest.raises(PeerFailed, match="another service"):
        next(items)
    assert asked == ["http://other/api/v1/list"]


def test_pages_that_never_end_are_an_error() -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"items": [1], "next": "?page=2"})

    with pytest.raises(PeerFailed, match="one of those before"):
        [*pages_of(respond)]


def test_relative_links_are_those_of_the_page() -> None:
    """RFC 3986, section 5.2."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        is_first = not request.url.query
        return httpx2.Response(
            200, json={"items": [str(request.url)], "next": "?page=2" if is_first else None}
        )

    assert [*pages_of(respond)] == ["http://other/api/v1/list", "http://other/api/v1/list?page=2"]


@pytest.mark.parametrize(
    "header",
    [
        '<?page=2>; rel="next"',
        "<?page=1>; rel=first, <?page=2>;rel=next",
        '<?a=1,2>; title="a, b; rel=next"; rel="last", <?page=2>; rel="prev NEXT"',
    ],
)
def test_links_in_headers(header: str) -> None:
    """RFC 8288."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        headers = {} if request.url.query else {"Link": header}
        return httpx2.Response(200, json={"items": [request.url.query.decode()]}, headers=headers)

    assert [*pages_of(respond)] == ["", "page=2"]


@pytest.mark.parametrize("content", [{"items": 5}, {}, [1], "x"])
def test_a_response_without_a_list_is_an_error(content: object) -> None:
    with pytest.raises(PeerFailed, match="no list of items"):
        [*pages_of(lambda request: httpx2.Response(200, json=content))]
