"""Middleware: order, short cuts, problems seen as responses, and responses that stay plain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

from restkit import (
    App,
    DeclarationError,
    Forbidden,
    NotFound,
    Proceed,
    Request,
    Resource,
    Response,
    Upload,
    raises,
    returns,
    takes,
)
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
            return Response('"own"', 200, mimetype="application/json")
        return proceed(request)

    app.get("/x")(raises(Forbidden)(lambda: ran.append(1) or {}))
    client = Client(app)
    assert client.get("/x?door=closed").json["detail"] == "closed"
    assert client.get("/x?door=own").json == "own"
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

    with pytest.raises(DeclarationError, match=r"forgetful returned .*Return a Response"):
        Client(app).get("/x")
    for path in ("/x", "/nowhere"):
        assert Client(app, raise_errors=False).get(path).problem["status"] == 500


# the record


class Seen:
    """A middleware that keeps what it saw of each request."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None, str]] = []

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        operation = request.operation
        method = None if operation is None else operation.method
        self.requests.append((request.method, method, request.app.name))
        return proceed(request)


def test_the_operation_is_known_before_any_middleware_runs() -> None:
    """Middleware of App, mount and resource sees operation and app, for OPTIONS and HEAD too."""
    outer, inner, own = Seen(), Seen(), Seen()

    class Things(Resource):
        middleware = [own]

        def get(self) -> dict[str, int]:
            return {}

    app, mounted = App("Outer"), App("Inner")
    app.middleware(outer)
    mounted.middleware(inner)
    mounted.add("/things", Things)
    app.mount("/v1", mounted)
    client = Client(app)
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        client.request(method, "/v1/things")
    expected = [
        ("GET", "GET", "Inner"),
        ("HEAD", "GET", "Inner"),
        ("OPTIONS", "OPTIONS", "Inner"),
        ("POST", None, "Inner"),
    ]
    assert outer.requests == expected
    assert inner.requests == expected
    assert own.requests == expected
    client.get("/v1/nowhere")
    client.get("/nowhere")
    assert outer.requests[-2:] == [("GET", None, "Inner"), ("GET", None, "Outer")]


# a response stays plain until code needs more of it


def app_with(middleware: Any, **settings: Any) -> Client:
    app = App("Changing", **settings)
    app.middleware(middleware)

    @app.get("/x")
    @returns(None, status=200, media_types=["application/json"])
    @returns(None, status=202, media_types=["application/json"])
    def x() -> dict[str, str]:
        return {"a": "b"}

    return Client(app)


def change_data(response: Response) -> Response:
    response.data = b'{"a":"other"}'
    return response


def wrap_content(response: Response) -> Response:
    response.response = [*response.response, b"   "]  # type: ignore[misc]
    return response


def stream_content(response: Response) -> Response:
    response.response = iter([b'{"a":', b'"b"}'])
    return response


def set_status(response: Response) -> Response:
    response.status = "202 Taken"
    return response


def set_status_code(response: Response) -> Response:
    response.status_code = 202
    return response


def add_cookie(response: Response) -> Response:
    response.set_cookie("seen", "yes")
    return response


def replace_headers(response: Response) -> Response:
    response.headers = Headers([*response.headers, ("X-A", "b")])
    return response


def force_type(response: Response) -> Response:
    class Own(WerkzeugResponse):
        pass

    forced = Own.force_type(response)
    assert type(forced) is Own
    return forced  # type: ignore[return-value]


def another(response: Response) -> Response:
    return Response(b"{}", 202, mimetype="application/json")


@pytest.mark.parametrize(
    ("change", "status", "body"),
    [
        (change_data, 200, b'{"a":"other"}'),
        (wrap_content, 200, b'{"a":"b"}   '),
        (stream_content, 200, b'{"a":"b"}'),
        (set_status, 202, b'{"a":"b"}'),
        (set_status_code, 202, b'{"a":"b"}'),
        (add_cookie, 200, b'{"a":"b"}'),
        (replace_headers, 200, b'{"a":"b"}'),
        (force_type, 200, b'{"a":"b"}'),
        (another, 202, b"{}"),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
def test_middleware_changes_what_werkzeug_lets_it_change(
    change: Any, status: int, body: bytes
) -> None:
    """Whatever a middleware changes or returns is sent, with a Content-Length that fits or none."""
    client = app_with(lambda request, proceed: change(proceed(request)))
    for _ in range(2):
        response = client.get("/x")
        assert response.status == status
        assert response.body == body
        assert response.headers.get("Content-Length") in (None, str(len(body)))
        assert response.headers["Content-Type"] == "application/json"
    head = client.head("/x")
    assert head.status == status
    assert head.body == b""


def test_proceed_returns_a_response() -> None:
    """What `proceed` returns is a Response, and reading it changes nothing."""
    seen: list[object] = []

    def look(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        seen.append(isinstance(response, Response))
        seen.append(response.status_code)
        seen.append(response.status)
        seen.append(response.headers["content-type"])
        seen.append(response.mimetype)
        seen.append(response.get_data())
        seen.append(response.data)
        seen.append(response.json)
        seen.append(response.is_streamed)
        seen.append(response.get_data(as_text=True))
        return response

    response = app_with(look).get("/x")
    body = b'{"a":"b"}'
    assert seen == [
        True,
        200,
        "200 OK",
        "application/json",
        "application/json",
        body,
        body,
        {"a": "b"},
        False,
        body.decode(),
    ]
    assert response.body == body


def test_headers_of_a_plain_response_are_werkzeugs() -> None:
    """Each way to change headers works, and none reaches a response of another request."""

    def edit(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        headers = response.headers
        headers["X-One"] = "1"
        headers["x-one"] = "2"
        headers.add("X-Two", "a")
        headers.add("X-Two", "b")
        headers.setdefault("X-Three", "c")
        headers.update({"X-Four": "d"})
        headers.extend([("X-Five", "e")])
        del headers["X-Five"]
        headers.setlist("X-Six", ["f", "g"])
        response.vary.add("Origin")
        response.cache_control.max_age = 5
        response.add_etag()
        assert headers == Headers(headers)
        assert Headers(headers) == headers
        assert headers[:1] == Headers([("Content-Type", "application/json")])
        assert "X-Five" not in headers
        with pytest.raises(ValueError, match="newline"):
            headers["X-Bad"] = "a\r\nSet-Cookie: b"
        return response

    client = app_with(edit)
    for _ in range(2):
        headers = client.get("/x").headers
        assert headers.getlist("X-One") == ["2"]
        assert headers.getlist("X-Two") == ["a", "b"]
        assert headers["X-Three"] == "c"
        assert headers["X-Four"] == "d"
        assert headers.getlist("X-Six") == ["f", "g"]
        assert headers["Vary"] == "Origin"
        assert headers["Cache-Control"] == "max-age=5"
        assert headers["ETag"]
        assert headers.getlist("Content-Length") == ["9"]


def test_headers_that_werkzeug_completes_are_completed() -> None:
    """A Location is encoded, and a Content-Length that was removed comes back."""

    def move(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.headers["Location"] = "/bücher"
        del response.headers["Content-Length"]
        return response

    response = app_with(move).get("/x")
    assert response.headers["Location"] == "/b%C3%BCcher"
    assert response.headers["Content-Length"] == "9"


def test_call_on_close_runs_once_the_response_is_sent() -> None:
    """A function of `call_on_close` runs at the end of each response."""
    closed: list[int] = []

    def closing(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        response.call_on_close(lambda: closed.append(1))
        assert not closed
        return response

    assert app_with(closing).get("/x").body == b'{"a":"b"}'
    assert closed == [1]


def test_streams_stay_streams_inside_middleware() -> None:
    """A stream passes middleware chunk by chunk, and may be read by one that wants it all."""
    app = App("Streaming")

    @app.middleware
    def look(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        if "read" in request.args:
            assert response.is_streamed
            assert len(response.get_data()) > 20_000
        else:
            response.headers["X-Seen"] = "yes"
        return response

    class Numbers(Resource):
        @takes(query=Schema.from_dict({"read": fields.Str()}))
        def get(self, query: dict[str, str]) -> Iterator[int]:
            yield from range(20_000)

    app.add("/numbers", Numbers)
    client = Client(app)
    streamed = client.get("/numbers")
    assert streamed.json == list(range(20_000))
    assert streamed.headers["X-Seen"] == "yes"
    assert client.get("/numbers?read=1").json == list(range(20_000))


# content that middleware reads


def read_data(request: Request) -> object:
    return request.get_data()


def read_property(request: Request) -> object:
    return request.data


def read_json(request: Request) -> object:
    return request.get_json(silent=True)


def read_form(request: Request) -> object:
    return (request.form, request.files, request.values)


def read_stream(request: Request) -> object:
    return request.stream.read()


def read_a_part(request: Request) -> object:
    return request.stream.read(3)


def read_lines(request: Request) -> object:
    return list(request.stream)


def read_twice(request: Request) -> object:
    return (request.stream.read(), request.get_data(), request.data)


READING = [
    read_data,
    read_property,
    read_json,
    read_form,
    read_stream,
    read_a_part,
    read_lines,
    read_twice,
]


class NoteSchema(Schema):
    text = fields.Str(required=True)


def notes(read: Any, **settings: Any) -> App:
    """Return an App with a JSON body, a form and files, whose middleware reads the content."""
    app = App("Notes", **settings)

    @app.middleware
    def reading(request: Request, proceed: Proceed) -> Response:
        read(request)
        return proceed(request)

    @app.route("/json")
    class Notes(Resource):
        schema = NoteSchema

        def post(self, body: dict[str, str]) -> dict[str, str]:
            return body

    @app.route("/form")
    class Forms(Resource):
        schema = NoteSchema

        @takes(form=NoteSchema, media_types=["application/x-www-form-urlencoded"])
        def post(self, form: dict[str, str]) -> dict[str, str]:
            return form

    @app.route("/files")
    class Files(Resource):
        schema = NoteSchema

        @takes(form=NoteSchema, files=Schema.from_dict({"file": Upload(required=True)}))
        def post(self, form: dict[str, str], files: dict[str, Any]) -> dict[str, str]:
            return {"text": form["text"] + files["file"].stream.read().decode()}

    return app


@pytest.mark.parametrize("read", READING)
def test_middleware_may_read_the_content(read: Any) -> None:
    """Content that a middleware has read, whole or in part, reaches the method as it was sent."""
    client = Client(notes(read))
    assert client.post("/json", json={"text": "a"}).json == {"text": "a"}
    assert client.post("/form", data={"text": "b"}).json == {"text": "b"}
    sent = client.post("/files", data={"text": "c"}, files={"file": b"d" * 700_000})
    assert sent.json == {"text": "c" + "d" * 700_000}
    chunked = client.post("/json", content=[b'{"text"', b':"e"}'], content_type="application/json")
    assert chunked.json == {"text": "e"}


@pytest.mark.parametrize("read", READING)
def test_middleware_that_reads_does_not_lift_the_limits(read: Any) -> None:
    """Content over the limit is a 413, of a wrong type a 415, cut off a 400, invalid a 422."""
    client = Client(notes(read, max_body_size=100, max_upload_size=2_000))
    assert client.post("/json", json={"text": "a" * 200}).status == 413
    assert client.post("/form", data={"text": "a" * 200}).status == 413
    files = {"file": b"d" * 3_000}
    assert client.post("/files", data={"text": "c"}, files=files).status == 413
    chunks = [b'{"text":"', b"a" * 200, b'"}']
    assert client.post("/json", content=chunks, content_type="application/json").status == 413
    assert client.post("/json", content="{}", content_type="text/plain").status == 415
    assert client.post("/form", content="{}", content_type="application/json").status == 415
    assert client.post("/json", json={}).status == 422
    assert client.post("/form", data={"other": "a"}).status == 422
    cut = client.post("/json", json={"text": "a"}, environ={"CONTENT_LENGTH": "90"})
    assert cut.status == 400


def test_a_method_without_declared_content_reads_the_stream_itself() -> None:
    """What a method reads by itself is not copied, and a middleware's `get_data` is kept for it."""
    app = App("Raw")
    seen: list[bytes] = []

    @app.middleware
    def reading(request: Request, proceed: Proceed) -> Response:
        if request.headers.get("X-Read"):
            request.get_data()
        return proceed(request)

    class Raw(Resource):
        def post(self) -> None:
            seen.append(self.request.get_data())

    app.add("/raw", Raw)
    client = Client(app)
    client.post("/raw", content=b"one", content_type="text/plain")
    client.post("/raw", content=b"two", content_type="text/plain", headers={"X-Read": "yes"})
    assert seen == [b"one", b"two"]


@pytest.mark.parametrize("own", [None, 202])
def test_the_log_names_the_middleware_that_changed_a_status(
    own: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """One that hands on the method's response is not named."""
    app = App("Log", contract="log")

    def watching(request: Request, proceed: Proceed) -> Response:
        response = proceed(request)
        if own is not None:
            response.status_code = own
        return response

    app.middleware(watching)

    @app.get("/x")
    @returns(None, status=200)
    def get() -> Response:
        return Response("", 203)

    with caplog.at_level("WARNING", "restkit"):
        assert Client(app, contract=False).get("/x").status == (own or 203)
    assert str(own or 203) in caplog.text
    assert ("watching" in caplog.text.replace("test_the_log", "")) is (own is not None)
