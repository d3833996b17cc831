"""Middleware: order, short cuts, problems seen as responses."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, DeclarationError, Forbidden, NotFound, Request, Resource, Response, raises
from restkit.testing import Client


def marker(name: str) -> Any:
    def mark(request: Request, proceed: Any) -> Response:
        response = proceed(request)
        response.headers.add("X-Mark", name)
        return response

    return mark


class Marked(Resource):
    middleware = [marker("resource")]

    @raises(NotFound)
    def get(self) -> dict[str, int]:
        return {}

    @raises(NotFound)
    def post(self) -> None:
        raise NotFound("gone")


def app_of(resource: type[Resource] = Marked) -> App:
    app = App("Middleware")
    app.middleware(marker("outer"))
    app.middleware(marker("inner"))
    app.add("/x", resource)
    return app


def test_the_first_added_is_outermost() -> None:
    """A response passes the resource's middleware first and the App's first one last."""
    response = Client(app_of()).get("/x")
    assert response.headers.getlist("X-Mark") == ["resource", "inner", "outer"]


def test_problems_are_responses_to_middleware() -> None:
    """`proceed` returns problems as responses: raised, of routing, and 405;
    OPTIONS and HEAD pass too.
    """
    client = Client(app_of())
    assert client.post("/x").headers.getlist("X-Mark") == ["resource", "inner", "outer"]
    assert client.delete("/x").headers.getlist("X-Mark") == ["resource", "inner", "outer"]
    assert client.options("/x").headers.getlist("X-Mark") == ["resource", "inner", "outer"]
    assert client.head("/x").headers.getlist("X-Mark") == ["resource", "inner", "outer"]
    absent = client.get("/absent")
    assert absent.status == 404
    assert absent.headers.getlist("X-Mark") == ["inner", "outer"]


def test_a_middleware_may_answer_itself() -> None:
    """What a middleware returns or raises without proceeding is the answer,
    and the method does not run.
    """
    ran: list[int] = []
    app = App("Short")

    @app.middleware
    def door(request: Request, proceed: Any) -> Response:
        if request.args.get("door") == "closed":
            raise Forbidden("closed")
        if request.args.get("door") == "own":
            return Response("own", 200, mimetype="text/plain")
        return proceed(request)

    app.get("/x")(lambda: ran.append(1) or {})
    client = Client(app)
    assert client.get("/x?door=closed").json["detail"] == "closed"
    assert client.get("/x?door=own").text == "own"
    assert ran == []
    assert client.get("/x").status == 200


def test_a_failing_middleware_is_a_500() -> None:
    """An exception of a middleware is answered like any other,
    and an outer one still sees a response.
    """
    app = App("Failing")
    app.middleware(marker("outer"))

    @app.middleware
    def failing(request: Request, proceed: Any) -> Response:
        raise RuntimeError("secret")

    app.get("/x")(lambda: {})
    response = Client(app, raise_errors=False).get("/x")
    assert response.status == 500
    assert response.headers["X-Mark"] == "outer"
    assert b"secret" not in response.body


@pytest.mark.parametrize("returned", [None, "text", (200, "text"), 5])
def test_a_middleware_that_returns_no_response_is_told(returned: Any) -> None:
    """A middleware that forgets to return is the programmer's mistake, named,
    and answered as a problem.
    """
    app = App("Forgetful")
    app.get("/x")(lambda: {})

    @app.middleware
    def forgetful(request: Request, proceed: Any) -> Any:
        proceed(request)
        return returned

    with pytest.raises(DeclarationError, match=r"forgetful returned .*; return a Response"):
        Client(app).get("/x")
    for path in ("/x", "/nowhere"):
        assert Client(app, raise_errors=False).get(path).problem["status"] == 500
