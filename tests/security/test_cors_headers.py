"""The request headers that a preflight allows, by what an Operation reads."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import (
    App,
    Contribution,
    Operation,
    Parameter,
    Resource,
    Response,
    operation,
    returns,
)
from restkit.caching import Cache
from restkit.html import FileResponse
from restkit.limits import Idempotency, MemoryStorage
from restkit.security import CORS, APIKey
from restkit.testing import Client

ORIGIN = "https://app.example"
CONDITIONS = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}


class Tracing:
    """A part that reads parameters of requests with a path of its own."""

    def install(self, app: App, /) -> None: ...

    def contribute(self, operation: Operation, /) -> Contribution:
        found = (Parameter("traceparent", "header"), Parameter("debug", "query"))
        return Contribution(parameters=found if operation.rule == "/traced" else ())


def _client() -> Client:
    app = App("Books", cors=CORS([ORIGIN]))

    @app.route("/tagged")
    class Tagged(Resource):
        public = True
        conditional = True

        def get(self) -> dict[str, str]:
            return {}

    @app.get("/cached", cache=Cache(60), public=True)
    def cached() -> dict[str, str]:
        return {}

    @app.route("/orders")
    class Orders(Resource):
        public = True
        idempotency = Idempotency(MemoryStorage())

        def get(self) -> dict[str, str]:
            return {}

        def post(self) -> dict[str, str]:
            return {}

    @app.route("/parts")
    class Parts(Resource):
        public = True

        @returns(status=206, media_types=["text/plain"])
        @returns(status=200, media_types=["text/plain"])
        def get(self) -> Response:
            return Response("0123456789")

        @returns(status=206, media_types=["text/plain"])
        def post(self) -> Response:
            return Response("01234", 206)

    @app.get("/file", public=True)
    def file() -> FileResponse:
        return FileResponse(b"0123456789")

    @app.get("/traced", public=True)
    def traced() -> dict[str, str]:
        return {}

    app.install(Tracing())
    for place in ("query", "cookie", "header"):
        given: dict[str, Any] = {place: "X-Key"}
        key = APIKey(keys={"0123456789abcdef": "ada"}, name=place, **given)

        @app.get(f"/{place}", security=key)
        @operation(operation_id=place)
        def secured() -> dict[str, str]:
            return {}

    return Client(app)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/tagged", CONDITIONS),
        ("GET", "/cached", CONDITIONS),
        ("POST", "/orders", {"Idempotency-Key"}),
        ("GET", "/orders", set[str]()),
        ("GET", "/parts", {"Range", "If-Range"}),
        ("POST", "/parts", set[str]()),
        ("GET", "/file", {"Range", "If-Range"}),
        ("GET", "/query", set[str]()),
        ("GET", "/cookie", set[str]()),
        ("GET", "/header", {"X-Key"}),
        ("GET", "/traced", {"traceparent"}),
    ],
)
def test_the_headers_of_features_are_allowed(method: str, path: str, expected: set[str]) -> None:
    """Conditions, idempotency keys, ranges and API keys in headers, and no others."""
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": method}
    response = _client().options(path, headers=headers)
    allowed = response.headers["Access-Control-Allow-Headers"].split(", ")
    assert {*allowed} - {"Accept", "Accept-Language"} == expected
