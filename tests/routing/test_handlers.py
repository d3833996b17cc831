"""Endpoints that the first request makes."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import App, DeclarationError, Request, Resource, Response, returns, takes
from restkit.testing import Client


class ThingSchema(Schema):
    """A thing."""

    name = fields.Str(required=True)
    size = fields.Int()


class Thing(Resource):
    """A thing."""

    schema = ThingSchema

    def get(self, number: int) -> dict[str, Any]:
        """Get a thing."""
        return {"name": "thing", "size": number}

    def put(self, number: int, body: dict[str, Any]) -> dict[str, Any]:
        """Replace a thing."""
        return body


def _app() -> App:
    app = App("Things")
    app.add("/things/<int:number>", Thing)
    return app


def test_the_first_response_is_like_all_others() -> None:
    """Also a first response that is a problem."""
    client = Client(_app())
    found = [client.get("/things/1").json for _ in range(3)]
    assert found == [{"name": "thing", "size": 1}] * 3
    wrong = [client.put("/things/1", json={"size": "x"}) for _ in range(2)]
    assert [each.status_code for each in wrong] == [422, 422]
    assert wrong[0].json == wrong[1].json
    assert client.put("/things/1", json={"name": "a"}).json == {"name": "a"}


def test_head_may_come_before_get() -> None:
    """HEAD, which GET implies, has its headers and no content, first or not."""
    client = Client(_app())
    first, second = client.head("/things/1"), client.head("/things/1")
    got = client.get("/things/1")
    assert first.data == second.data == b""
    assert first.headers["Content-Length"] == got.headers["Content-Length"]
    assert second.headers["Content-Length"] == got.headers["Content-Length"]


def test_threads_that_ask_first_at_once_get_the_same() -> None:
    """Whichever of them makes the endpoint."""
    client_app, barrier = _app(), threading.Barrier(8)
    client_app.freeze()
    found: list[Any] = []

    def ask() -> None:
        client = Client(client_app)
        barrier.wait()
        found.append(client.get("/things/2").json)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [{"name": "thing", "size": 2}] * 8


def test_middleware_sees_the_first_request_too() -> None:
    """An endpoint with middleware around it is made at start-up."""
    app, seen = _app(), list[str]()

    @app.middleware
    def note(request: Request, proceed: Any) -> Response:
        seen.append(request.path)
        response: Response = proceed(request)
        return response

    client = Client(app)
    assert client.get("/things/1").json == client.get("/things/1").json
    assert seen == ["/things/1"] * 2


@pytest.mark.parametrize(
    ("declare", "words"),
    [
        (takes(headers={"a": fields.Nested(ThingSchema)}), "single value or a list"),
        (takes(body=ThingSchema, media_types=["application/xml"]), "no handler reads"),
        (returns(ThingSchema, media_types=["application/xml"]), "no handler serializes"),
    ],
)
def test_mistakes_are_found_before_the_first_request(declare: Any, words: str) -> None:
    """What the first request compiles can have none."""
    name = "headers" if "single" in words else "body"
    namespace: dict[str, Any] = {}
    exec(f"def post(self, {name}=None):\n    return {{}}", namespace)  # our own text
    resource = type("Wrong", (Resource,), {"post": declare(namespace["post"])})
    app = App("Wrong")
    with pytest.raises(DeclarationError, match=words):
        app.add("/wrong", resource)
