"""Deprecated operations at request time: headers on every response, 410 after the sunset."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from restkit import (
    App,
    DeclarationError,
    NotFound,
    Request,
    Resource,
    Response,
    deprecated,
    raises,
    returns,
)
from restkit.middleware import Proceed
from restkit.security import HTTPBearer, SecurityHeaders
from restkit.testing import Client

SUNSET = datetime(2027, 6, 1, tzinfo=UTC).timestamp()


class Clock:
    """A clock that stands still until it is set."""

    now = SUNSET - 1

    def __call__(self) -> float:
        return self.now


def books_app(clock: Callable[[], float] | None = None, *, gone: bool = True) -> App:
    """Return an App whose first version is deprecated in favor of its second one."""
    app = App("Books")
    app.install(SecurityHeaders())

    @deprecated(
        since="2026-12-01",
        sunset="2027-06-01",
        successor="getNewBook",
        documentation="https://example.com/changes",
        gone=gone,
        clock=clock,
    )
    class Book(Resource):
        @raises(NotFound)
        def get(self, book_id: int) -> dict[str, int]:
            if book_id > 9:
                raise NotFound("No such book.")
            return {"id": book_id}

        @returns(None, 204)
        def delete(self, book_id: int) -> Response:
            return Response(status=204)

    class NewBook(Resource):
        def get(self, book_id: int) -> dict[str, int]:
            return {"id": book_id}

    app.add("/v1/books/<int:book_id>", Book)
    app.add("/v2/books/<int:book_id>", NewBook)
    return app


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", "/v1/books/1", 200),
        ("HEAD", "/v1/books/1", 200),
        ("GET", "/v1/books/10", 404),
        ("HEAD", "/v1/books/10", 404),
        ("GET", "/v1/books/1?x=1", 422),
        ("DELETE", "/v1/books/1", 204),
    ],
)
def test_every_response_has_the_headers(method: str, url: str, status: int) -> None:
    """Those of HEAD, of problems and of a Response that the method makes too."""
    response = Client(books_app(Clock())).request(method, url)
    assert response.status == status
    assert response.headers["Deprecation"] == "@1796083200"
    assert response.headers["Sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    book = url.rpartition("/")[2].partition("?")[0]
    assert response.headers.get_all("Link") == [
        '<https://example.com/changes>; rel="deprecation"',
        f'</v2/books/{book}>; rel="successor-version"',
    ]


@pytest.mark.parametrize("url", ["/v2/books/1", "/v1/books/x", "/openapi.json"])
def test_others_have_none(url: str) -> None:
    """Neither other operations nor unknown URLs are deprecated."""
    assert "Deprecation" not in Client(books_app(Clock())).get(url).headers


def test_the_sunset() -> None:
    """From the second of the sunset on it is 410, with the same links."""
    clock = Clock()
    client = Client(books_app(clock))
    assert client.get("/v1/books/1").status == 200
    clock.now = SUNSET
    response = client.get("/v1/books/1")
    assert response.status == 410
    assert response.json["detail"] == "This operation ended on 2027-06-01."
    assert '</v2/books/1>; rel="successor-version"' in response.headers.get_all("Link")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert client.head("/v1/books/1").status == 410
    assert client.get("/v2/books/1").status == 200


def test_without_gone_it_goes_on() -> None:
    """The sunset alone ends nothing."""
    clock = Clock()
    clock.now = SUNSET + 1
    assert Client(books_app(clock, gone=False)).get("/v1/books/1").status == 200


def test_the_clock_of_the_system_can_be_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked up for each request, so that tests need no argument."""
    client = Client(books_app())
    monkeypatch.setattr(time, "time", lambda: SUNSET + 1)
    assert client.get("/v1/books/1").status == 410


def test_gone_comes_before_everything_but_routing() -> None:
    """Neither middleware nor security sees a request after the sunset."""
    seen: list[str] = []

    def middleware(request: Request, proceed: Proceed) -> object:
        seen.append(request.path)
        return proceed(request)

    clock = Clock()
    clock.now = SUNSET
    app = App("Books", security=HTTPBearer(lambda token: None))
    app.middleware(middleware)

    @app.get("/books")
    @deprecated(since="2026-12-01", sunset="2027-06-01", gone=True, clock=clock)
    def books() -> list[str]:
        return []

    client = Client(app)
    assert client.get("/books").status == 410
    assert client.post("/books").status == 405
    assert seen == ["/books"]  # that of the 405
    clock.now -= 1
    assert client.get("/books").status == 401


def test_a_url_as_successor() -> None:
    """It is below the prefix of the server; an absolute one is as it is."""
    app = App("Books")
    for rule, successor in (("/a", "/v2/a"), ("/b", "https://example.com/b")):

        @app.get(rule, name=rule[1:])
        @deprecated(since="2026-12-01", successor=successor)
        def old() -> str:
            return ""

    client = Client(app)
    assert (
        client.get("/a", environ={"SCRIPT_NAME": "/api"}).headers["Link"]
        == '</api/v2/a>; rel="successor-version"'
    )
    assert client.get("/b").headers["Link"] == '<https://example.com/b>; rel="successor-version"'


def test_a_successor_in_another_app() -> None:
    """Operations of all mounted Apps are known, below variables of mounts too."""

    class Book(Resource):
        @deprecated(since="2026-12-01", successor="getBookV2")
        def get(self, book_id: int) -> int:
            return book_id

    class BookV2(Resource):
        def get(self, book_id: int) -> int:
            return book_id

    v1, v2, app = App("One"), App("Two"), App("Books")
    v1.add("/books/<int:book_id>", Book)
    v2.add("/books/<int:book_id>", BookV2)
    app.mount("/<tenant>/v1", v1)
    app.mount("/<tenant>/v2", v2)
    link = Client(app).get("/north/v1/books/7").headers["Link"]
    assert link == '</north/v2/books/7>; rel="successor-version"'


@pytest.mark.parametrize(
    ("successor", "message"),
    [("listNothing", "no operation of the App has this"), ("getShelf", r"variable shelf_id")],
)
def test_unknown_successors_are_refused(successor: str, message: str) -> None:
    """At start-up, with the name that was given."""
    app = App("Books")

    class Shelf(Resource):
        def get(self, shelf_id: int) -> int:
            return shelf_id

    app.add("/shelves/<int:shelf_id>", Shelf)

    @app.get("/books")
    @deprecated(since="2026-12-01", successor=successor)
    def books() -> list[str]:
        return []

    with pytest.raises(DeclarationError, match=message):
        app.freeze()
