"""Server-Timing of an App in debug: the total and the steps, and nothing without debug."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from agents import shelf_app
from marshmallow import Schema, fields

from restkit import App, NotFound, Resource, raises
from restkit.caching import Cache
from restkit.openapi.document import build
from restkit.security import HTTPBasic
from restkit.service import Service
from restkit.testing import Client

_PART = re.compile(r"([a-z]+);dur=(\d+\.\d{3})")


class _SlowSchema(Schema):
    text = fields.Method("slow_text")
    given = fields.Function(deserialize=lambda value: time.sleep(0.03) or value)

    def slow_text(self, value: dict[str, str]) -> str:
        time.sleep(0.03)
        return "slow"


class _Slow(Resource):
    schema = _SlowSchema

    @raises(NotFound)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take time in each step."""
        time.sleep(0.05)
        if body.get("given") == "none":
            raise NotFound
        return {}


def _timings(client: Client, method: str, path: str, **options: Any) -> dict[str, float]:
    header = client.request(method, path, **options).headers.get("Server-Timing", "")
    return {name: float(milliseconds) for name, milliseconds in _PART.findall(header)}


def _app(**options: Any) -> App:
    app = App("Timed", debug=True, extensions=[Service()], **options)
    app.add("/slow", _Slow)
    return app


def test_the_steps_of_a_request() -> None:
    """Each step has its own time, and the total has all."""
    found = _timings(Client(_app()), "POST", "/slow", json={"given": "a"})
    assert [*found] == ["total", "validate", "call", "serialize"]
    assert found["validate"] >= 29
    assert found["call"] >= 49
    assert found["serialize"] >= 29
    assert sum(found.values()) - found["total"] <= found["total"]


def test_requests_that_are_rejected() -> None:
    """Without a method there is no call; unknown URLs have the total alone."""
    client = Client(_app(security=HTTPBasic(lambda name, password: None)))
    assert [*_timings(client, "POST", "/slow", json={})] == ["total", "validate"]
    client = Client(_app())
    assert [*_timings(client, "POST", "/slow", content=b"{")] == ["total", "validate"]
    assert [*_timings(client, "GET", "/nothing")] == ["total"]
    assert [*_timings(client, "GET", "/slow")] == ["total"]
    raised = _timings(client, "POST", "/slow", json={"given": "none"})
    assert [*raised][:3] == ["total", "validate", "call"]


def test_functions_coroutines_and_stored_responses() -> None:
    """All kinds of methods are measured; a stored response calls none."""
    app = App("Kinds", debug=True, extensions=[Service()])

    @app.get("/function")
    def function() -> dict[str, int]:
        return {}

    @app.get("/coroutine")
    async def coroutine() -> dict[str, int]:
        time.sleep(0.02)
        return {}

    @app.get("/stored", cache=Cache(60))
    def stored() -> dict[str, int]:
        return {}

    client = Client(app)
    every = ["total", "validate", "call", "serialize"]
    assert [*_timings(client, "GET", "/function")] == every
    assert _timings(client, "GET", "/coroutine")["call"] >= 19
    assert [*_timings(client, "GET", "/stored")] == every
    assert "call" not in _timings(client, "GET", "/stored")
    assert [*_timings(client, "HEAD", "/function")] == every


@pytest.mark.parametrize("debug", [True, False])
def test_collections_keep_working(debug: bool) -> None:
    """A collection is measured in debug as any other resource, and keeps to its contract."""
    app = shelf_app(debug=debug, extensions=[Service()])
    client = Client(app)
    made = client.post("/books", json={"title": "Emma"})
    assert made.status == 201
    assert made.headers["X-Request-Id"]
    assert ("call;dur=" in made.headers.get("Server-Timing", "")) is debug
    changed = client.patch(
        "/books/1", json={"year": 1999}, headers={"If-Match": made.headers["ETag"]}
    )
    assert changed.status == 200
    assert client.get("/books").json["items"][0]["year"] == 1999


@pytest.mark.parametrize("debug", [True, False])
def test_the_document(debug: bool) -> None:
    """The header is documented exactly if it is sent."""
    app = App("Timed", debug=debug, extensions=[Service()])
    app.add("/slow", _Slow)
    headers = build(app)["paths"]["/slow"]["post"]["responses"]["201"]["headers"]
    assert ("Server-Timing" in headers) is debug
    response = Client(app).post("/slow", json={})
    assert ("Server-Timing" in response.headers) is debug


def test_without_a_service() -> None:
    """Debug alone adds no header."""
    app = App("Timed", debug=True)
    app.add("/slow", _Slow)
    assert "Server-Timing" not in Client(app).post("/slow", json={}).headers
