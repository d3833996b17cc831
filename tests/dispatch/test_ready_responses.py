"""Responses that are ready when they pass through a layer: of Werkzeug, of pages, of files."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields
from werkzeug.exceptions import abort
from werkzeug.test import EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response as WerkzeugResponse
from werkzeug.wsgi import FileWrapper, wrap_file

from restkit import (
    App,
    ContractError,
    Request,
    Resource,
    Response,
    Settings,
    provide,
    returns,
    takes,
)
from restkit.middleware import Proceed
from restkit.response import close_if_open
from restkit.testing import Client


class ThingSchema(Schema):
    name = fields.Str(required=True)


def test_a_response_of_werkzeug_is_a_response_to_middleware() -> None:
    """abort() takes any response; a middleware gets one of restkit's class."""
    seen: list[object] = []
    app = App("T")

    @app.middleware
    def note(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        seen.append((type(response), response.status_code))
        response.headers["X-Seen"] = "yes"
        return response

    @app.get("/x")
    def respond() -> dict[str, int]:
        abort(WerkzeugResponse("tea", 418))

    body, status, headers = run_wsgi_app(app, EnvironBuilder("/x").get_environ(), buffered=True)
    assert status.startswith("418")
    assert b"".join(body) == b"tea"
    assert headers["X-Seen"] == "yes"
    assert seen == [(Response, 418)]


@pytest.mark.parametrize("own", [None, "text/plain"])
def test_a_ready_response_announces_what_a_query_takes(own: str | None) -> None:
    """Accept-Query is added to a Response, and does not replace its own."""
    app = App("T")

    class Things(Resource):
        @returns(None, media_types=("text/plain",))
        def get(self) -> Response:
            response = Response(iter([b"a"]), content_type="text/plain")
            if own is not None:
                response.headers["Accept-Query"] = own
            return response

        @takes(body=ThingSchema)
        @returns(ThingSchema)
        def query(self, body: Any) -> Any:
            return body

    app.add("/x", Things)
    found = Client(app).get("/x").headers.getlist("Accept-Query")
    assert found == [own or "application/json"]


class Wrapper(FileWrapper):
    pass


@pytest.mark.parametrize("has_values", [False, True])
def test_a_file_of_the_servers_wrapper_reaches_the_server_itself(has_values: bool) -> None:
    """PEP 3333: the server recognizes only the object of its own wrapper; a request with values
    that must be closed keeps them open around it.
    """
    events: list[str] = []

    def value() -> Iterator[str]:
        yield "a"
        events.append("closed")

    app = App("T")

    class File(Resource):
        unit = provide(value)

        @returns(None, media_types=("text/plain",))
        def get(self) -> Response:
            if has_values:
                assert self.unit == "a"
            body = wrap_file(self.request.environ, io.BytesIO(b"content"))
            return Response(body, content_type="text/plain", direct_passthrough=True)

    app.add("/x", File)
    environ = EnvironBuilder("/x").get_environ()
    environ["wsgi.file_wrapper"] = Wrapper
    body = app(environ, lambda status, headers, error=None: lambda data: None)
    sent = getattr(body, "original_iterator", body)  # the suite's own validator is around it
    assert (type(sent) is Wrapper) is not has_values
    assert b"".join(body) == b"content"
    close_if_open(body)
    assert events == (["closed"] if has_values else [])


def test_a_value_that_fails_to_close_after_an_error_is_the_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The factory's own exception is a 500, and is logged."""

    def value() -> Iterator[str]:
        try:
            yield "a"
        finally:
            raise KeyError("closing")

    app = App("T")

    class Things(Resource):
        unit = provide(value)

        def get(self) -> dict[str, str]:
            raise ValueError(self.unit)

    app.add("/x", Things)
    with caplog.at_level(logging.ERROR, "restkit"):
        assert Client(app, raise_errors=False).get("/x").status == 500
    assert "KeyError: 'closing'" in caplog.text


@pytest.mark.parametrize(("contract", "status"), [("raise", None), ("log", 200), ("off", 200)])
def test_the_contract_is_checked_without_the_test_client(contract: Any, status: Any) -> None:
    """With contract="raise" a response that is not declared is an error in any server."""
    app = App("T", settings=Settings(contract=contract))

    @app.get("/x")
    @returns(ThingSchema, status=201)
    def respond() -> Response:
        return Response("{}", 200, content_type="application/json")

    environ = EnvironBuilder("/x").get_environ()
    if status is None:
        with pytest.raises(ContractError, match="status 200"):
            run_wsgi_app(app, environ, buffered=True)
    else:
        assert run_wsgi_app(app, environ, buffered=True)[1] == f"{status} OK"


class Stated(Resource):
    conditional = True

    def get(self) -> Iterator[dict[str, str]]:
        self.entity_tag = "one"

        def lines() -> Iterator[dict[str, str]]:
            yield {"name": "a"}

        return lines()


@pytest.mark.parametrize(
    ("tag", "status", "body"),
    [('"two"', 200, True), ('"one"', 304, False), ('W/"one"', 304, False)],
)
def test_a_stream_with_a_precondition_is_sent_or_dropped(tag: str, status: int, body: bool) -> None:
    """A stream of another version is sent whole; that of a known one is not started."""
    app = App("T")
    app.add("/x", type("Things", (Stated,), {"schema": ThingSchema}))
    response = Client(app).get("/x", headers={"If-None-Match": tag})
    assert response.status == status
    assert (b"name" in response.body) is body


def test_a_stream_can_be_read_as_text_by_middleware() -> None:
    """The content of a deferred response that is no bytes is put together."""
    app = App("T")
    seen: list[str] = []

    @app.middleware
    def note(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        seen.append(response.get_data(as_text=True))
        return response

    @app.get("/x")
    @returns(None, media_types=("text/plain",))
    def respond() -> Iterator[str]:
        yield "a"
        yield "ü"

    app.get("/y")(lambda: {"a": "ü"})
    client = Client(app)
    assert client.get("/x").text == "aü"
    assert client.get("/y").json == {"a": "ü"}
    assert seen == ["aü", '{"a":"ü"}']


def test_middleware_that_drops_a_response_closes_it() -> None:
    """close() of a response that was not sent runs what waits for its end."""
    app = App("T")
    events: list[str] = []

    @app.middleware
    def drop(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.call_on_close(lambda: events.append("closed"))
        response.close()
        return Response("{}", content_type="application/json")

    app.get("/x")(lambda: {"a": 1})
    assert run_wsgi_app(app, EnvironBuilder("/x").get_environ(), buffered=True)[1] == "200 OK"
    assert events == ["closed"]
