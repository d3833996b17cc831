"""Small parts of the core that a user sees rarely: messages, shorthands and failures at the end."""

from __future__ import annotations

import copy
import datetime as dt
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from marshmallow import Schema, fields

from restkit import (
    App,
    DeclarationError,
    Forbidden,
    Request,
    Resource,
    Scheme,
    SeeOther,
    Unauthorized,
    after_commit,
    anonymous,
    provide,
    returns,
    takes,
)
from restkit.contract import Input
from restkit.redirects import PermanentRedirect
from restkit.testing import Client


class ThingSchema(Schema):
    name = fields.Str(required=True)


class Key(Scheme):
    """A scheme of an API key, in any place."""

    def __init__(self, name: str, document: Mapping[str, object]) -> None:
        self.name = name
        self._document = document

    def document(self) -> Mapping[str, object]:
        return self._document

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        raise Unauthorized


MUTUAL = Key("mutual", {"type": "mutualTLS"})
HEADER = Key("header", {"type": "apiKey", "in": "header", "name": "X-My-Key"})
QUERY = Key("query", {"type": "apiKey", "in": "query", "name": "key"})
COOKIE = Key("cookie", {"type": "apiKey", "in": "cookie", "name": "key"})
BASIC = Key("basic", {"type": "http", "scheme": "basic"})


def status_of(security: Any, path: str = "/x", **environ: Any) -> int:
    app = App("T", security=security)
    app.get("/x")(lambda: {})
    cookies = environ.pop("cookies", {})
    return Client(app).get(path, environ=environ, cookies=cookies).status


@pytest.mark.parametrize(
    ("scheme", "path", "environ"),
    [
        (MUTUAL, "/x", {"SSL_CLIENT_VERIFY": "FAILED"}),
        (MUTUAL, "/x", {"SSL_CLIENT_VERIFY": "SUCCESS"}),
        (HEADER, "/x", {"HTTP_X_MY_KEY": "a"}),
        (QUERY, "/x?key=a", {}),
        (COOKIE, "/x", {"cookies": {"key": "a"}}),
        (BASIC, "/x", {"HTTP_AUTHORIZATION": "Basic a"}),
    ],
)
def test_wrong_credentials_are_no_anonymous_caller(
    scheme: Scheme, path: str, environ: dict[str, Any]
) -> None:
    """Who sends credentials that are refused gets a 401, also if nobody needs any."""
    assert status_of(scheme | anonymous, path, **environ) == 401


@pytest.mark.parametrize("scheme", [MUTUAL, HEADER, QUERY, COOKIE, BASIC])
@pytest.mark.parametrize("environ", [{}, {"SSL_CLIENT_VERIFY": "NONE"}, {"SSL_CLIENT_VERIFY": ""}])
def test_without_credentials_the_caller_is_anonymous(
    scheme: Scheme, environ: dict[str, str]
) -> None:
    """A server that verified no certificate says NONE, or nothing."""
    assert status_of(scheme | anonymous, **environ) == 200


def test_a_tuple_combines_from_the_left() -> None:
    """``(scheme, scopes) & other`` and ``| other`` keep their order."""
    assert repr((BASIC, ("read",)) & HEADER) == "<Requirement basic & header>"
    assert repr((BASIC, ("read",)) | HEADER) == "<Requirement basic | header>"


@pytest.mark.parametrize("method", ["document", "authenticate"])
def test_a_scheme_without_its_methods_says_what_to_write(method: str) -> None:
    """The base class has neither."""

    class Mine(Scheme):
        name = "mine"

    given: tuple[Any, ...] = (None, ()) if method == "authenticate" else ()
    with pytest.raises(DeclarationError, match=rf"Mine has no {method}\(.*Return"):
        getattr(Mine(), method)(*given)


def test_redirects_show_where_they_lead() -> None:
    """The name of a resource or the URL stands in their repr."""
    assert repr(SeeOther("/new")) == "<SeeOther '/new'>"
    assert repr(PermanentRedirect("Books")) == "<PermanentRedirect 'Books'>"


def test_raw_content_has_no_schema() -> None:
    """To ask for it names the location."""
    raw = Input("body", None, ("text/csv",), raw="bytes")
    with pytest.raises(TypeError, match="body is raw content, which has no schema"):
        _ = raw.bound


@pytest.mark.parametrize(
    "value",
    [dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 1, tzinfo=dt.UTC)],
)
def test_the_last_change_is_an_aware_datetime(value: dt.datetime) -> None:
    """A naive one is refused where it is set."""

    class Things(Resource):
        conditional = True

        def get(self) -> dict[str, int]:
            self.last_modified = value
            return {}

    app = App("T")
    app.add("/x", Things)
    if value.tzinfo is not None:
        found = Client(app).get("/x").headers["Last-Modified"]
        assert found == "Wed, 01 Jan 2020 00:00:00 GMT"
        return
    with pytest.raises(ValueError, match=r"Things\.last_modified must be an aware datetime, got"):
        Client(app).get("/x")


def test_a_value_that_fails_to_close_after_a_failed_function_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The commit stands: both failures are logged, and the response is sent."""

    def value() -> Iterator[str]:
        try:
            yield "a"
        finally:
            raise KeyError("closing")

    class Things(Resource):
        unit = provide(value)

        def post(self) -> None:
            def work() -> None:
                assert self.unit == "a"
                raise ValueError("working")

            after_commit(work)

    app = App("T")
    app.add("/x", Things)
    with caplog.at_level(logging.ERROR, "restkit"):
        assert Client(app).post("/x").status == 204
    messages = [record.getMessage() for record in caplog.records]
    assert any("failed after the commit" in each for each in messages)
    assert "A value failed to close" in messages


def test_a_declared_method_can_be_copied() -> None:
    """A copy has the function and its declarations."""
    declared = returns(ThingSchema, status=202)(lambda: {"name": "a"})
    again: Any = copy.copy(declared)
    app = App("T")
    app.get("/x")(again)
    assert Client(app).get("/x").status == 202


def test_the_content_can_be_read_as_a_stream_after_it_was_parsed() -> None:
    """``request.stream`` has the content that was kept."""
    app = App("T")

    @app.post("/x")
    @takes(body=ThingSchema)
    @returns(None)
    def respond(body: dict[str, str]) -> Any:
        return {"text": Request.current().stream.read().decode()}

    sent = b'{"name": "a"}'
    found = Client(app).post("/x", content=sent, content_type="application/json").json
    assert found == {"text": sent.decode()}


@pytest.mark.parametrize(
    ("environ", "server"),
    [
        ({}, None),
        ({"SERVER_NAME": ""}, None),
        ({"SERVER_NAME": "a"}, ("a", None)),
        ({"SERVER_NAME": "a", "SERVER_PORT": "80"}, ("a", 80)),
        ({"SERVER_NAME": "a", "SERVER_PORT": "unix"}, ("a", None)),
    ],
)
def test_the_server_of_a_request(environ: dict[str, Any], server: object) -> None:
    """A server on a socket of a file has no port."""
    base = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.input": io.BytesIO()}
    assert Request({**base, **environ}).server == server


def test_a_forbidden_alternative_is_said_before_an_unknown_caller() -> None:
    """A 403 takes precedence over a 401, in any order."""

    class Denies(Key):
        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            raise Forbidden

    denies = Denies("denies", {"type": "http", "scheme": "bearer"})
    assert status_of(denies | BASIC) == 403
    assert status_of(BASIC | denies) == 403
