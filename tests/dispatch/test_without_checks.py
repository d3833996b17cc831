"""Requests as a server sends them, without the checks of the test client: the straight way."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields
from werkzeug.test import Client as WerkzeugClient

from restkit import (
    App,
    Conflict,
    Request,
    Resource,
    Response,
    after_response,
    provide,
    raises,
    returns,
    takes,
)
from restkit.schemas.uploads import Upload
from restkit.testing import Client


class NameSchema(Schema):
    name = fields.Str(required=True)


class Opened:
    """What a request is given, and what became of it."""

    def __init__(self) -> None:
        self.ends: list[str] = []

    def factory(self) -> Iterator[Opened]:
        try:
            yield self
        except Exception as error:
            self.ends.append(type(error).__name__)
            raise
        self.ends.append("closed")


def app_of(opened: Opened, seen: list[Any], **settings: Any) -> App:
    app = App("Served", **settings)

    @app.route("/rows")
    class Rows(Resource):
        given = provide(opened.factory)

        @returns(NameSchema)
        def get(self) -> dict[str, str]:
            """Read."""
            assert self.given is opened
            return {"name": "é"}

        @raises(Conflict)
        def post(self) -> None:
            """Fail."""
            assert self.given is opened
            raise Conflict("No.")

    @app.post("/files")
    @takes(files={"file": Upload(required=True)})
    def take(files: Any) -> None:
        seen.append(files["file"])

    @app.get("/undeclared")
    def undeclared() -> Any:
        return {}, 202

    @app.get("/later")
    def later() -> dict[str, str]:
        after_response(lambda: seen.append("later"))
        return {}

    @app.get("/streamed")
    @returns(None, media_types=["text/plain"])
    def streamed() -> Response:
        return Response(iter([b"a", b"b"]), content_type="text/plain")

    @app.get("/where/<name>")
    def where(request: Request, name: str) -> dict[str, str]:
        return {"root": request.root_path, "name": name}

    return app


def test_what_is_provided_is_closed() -> None:
    """After a response, and with the exception of a problem."""
    opened = Opened()
    client = WerkzeugClient(app_of(opened, []))
    assert client.get("/rows", buffered=True).json == {"name": "é"}
    assert opened.ends == ["closed"]
    assert client.post("/rows", buffered=True).status_code == 409
    assert opened.ends == ["closed", "Conflict"]


def test_files_are_closed() -> None:
    seen: list[Any] = []
    client = WerkzeugClient(app_of(Opened(), seen))
    data = {"file": (io.BytesIO(b"x" * 100_000), "a.txt")}
    assert client.post("/files", data=data, buffered=True).status_code == 204
    assert seen[0].stream.closed


def test_functions_after_the_response_run() -> None:
    seen: list[Any] = []
    client = WerkzeugClient(app_of(Opened(), seen))
    assert client.get("/later", buffered=True).json == {}
    assert seen == ["later"]


def test_an_undeclared_status_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Once for each response; a declared one is not."""
    client = WerkzeugClient(app_of(Opened(), []))
    with caplog.at_level(logging.WARNING, "restkit"):
        assert client.get("/rows", buffered=True).status_code == 200
        assert caplog.messages == []
        assert client.get("/undeclared", buffered=True).status_code == 202
    assert "202" in caplog.messages[0]


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("/rows", {}),
        ("/rows", {"method": "HEAD"}),
        ("/rows", {"method": "OPTIONS"}),
        ("/rows", {"method": "DELETE"}),
        ("/rows", {"headers": {"Accept": "text/html"}}),
        ("/rows?a=1", {}),
        ("/nothing", {}),
        ("/streamed", {}),
        ("/where/a", {}),
        ("/where/a%2Fb", {}),
        ("/where/a/", {}),
        ("/files", {"method": "POST"}),
        ("/openapi.json", {}),
    ],
    ids=str,
)
def test_responses_are_those_of_the_test_client(url: str, options: dict[str, Any]) -> None:
    app = app_of(Opened(), [])
    method = options.pop("method", "GET")
    served = WerkzeugClient(app).open(url, method=method, buffered=True, **options)
    seen = Client(app).request(method, url, **options)
    assert (served.status_code, served.data) == (seen.status, seen.body)
    assert sorted(served.headers.items()) == sorted(seen.headers.items())


def test_a_prefix_and_a_host_are_checked() -> None:
    client = WerkzeugClient(app_of(Opened(), []))
    found = client.get(
        "/where/a", environ_overrides={"SCRIPT_NAME": "//evil.example/"}, buffered=True
    )
    assert found.json == {"root": "/evil.example", "name": "a"}
    found = client.get("/where/a", environ_overrides={"HTTP_HOST": 'evil"<x>'}, buffered=True)
    assert found.status_code == 400
