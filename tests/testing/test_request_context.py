"""A current request without a client, and the state of a request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from restkit import App, Request, Response, obtain
from restkit.middleware import Proceed
from restkit.testing import Client, request_context


class Steps:
    def __init__(self) -> None:
        self.names: list[str] = []


closed: list[str] = []


def connection() -> Iterator[str]:
    try:
        yield "open"
    except ValueError:
        closed.append("failed")
        raise
    closed.append("closed")


def _fail(request: Request) -> None:
    obtain(connection, request)
    raise ValueError("x")


def library() -> App:
    app = App("Library")

    @app.middleware
    def note(request: Request, proceed: Proceed) -> Response:
        request.state(Steps).names.append("middleware")
        response = proceed(request)
        response.headers["X-Steps"] = ",".join(request.state(Steps).names)
        return response

    @app.get("/books/<int:book_id>")
    def book(book_id: int) -> dict[str, int]:
        Request.current().state(Steps).names.append("method")
        return {"id": book_id}

    return app


def test_a_request_has_one_object_of_a_class() -> None:
    client = Client(library())
    for _ in range(2):
        assert client.get("/books/1").headers["X-Steps"] == "middleware,method"
    with request_context(library()) as request:
        assert request.state(Steps) is request.state(Steps)
        assert request.state(dict) == {}
        assert request.state(Steps).names == []


def test_the_request_is_routed_and_current() -> None:
    app = library()
    with request_context(app, "/books/3?a=b", caller="ann", headers={"X-A": "1"}) as request:
        assert Request.current() is request
        assert request.path_parameters == {"book_id": 3}
        assert request.operation.operation_id == "book"
        assert request.app is app
        assert (request.caller, request.headers["X-A"]) == ("ann", "1")
        assert request.args.to_dict() == {"a": "b"}
        external = app.url_for("book", book_id=3, _external=True)
        assert external == "http://localhost/books/3"
    with pytest.raises(RuntimeError, match="only during a request"):
        Request.current()


def test_the_prefix_and_the_method_are_those_that_are_given() -> None:
    app = library()
    with request_context(app, "/books/3", base_url="https://shop.example/v1", method="POST"):
        assert Request.current().operation is None
        assert app.url_for("book", book_id=1) == "/v1/books/1"
        external = app.url_for("book", book_id=1, _external=True)
        assert external == "https://shop.example/v1/books/1"


def test_provided_values_are_closed_as_after_a_request() -> None:
    closed.clear()
    with request_context(library(), "/books/3") as request:
        assert obtain(connection, request) == "open"
    assert closed == ["closed"]
    with pytest.raises(ValueError, match="x"), request_context(library(), "/") as request:
        _fail(request)
    assert closed == ["closed", "failed"]
