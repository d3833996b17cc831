"""The frozen App: dispatching, sending, streams and what was provided for them, threads,
and re-entrancy.
"""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from marshmallow import Schema, fields
from werkzeug.routing import BaseConverter

import restkit
from restkit import (
    App,
    Conflict,
    DeclarationError,
    NotFound,
    Problem,
    Request,
    Resource,
    Response,
    provide,
    raises,
    returns,
)
from restkit.testing import Client


def run(
    app: App, path: str, method: str = "GET", **environ: Any
) -> tuple[str, list[tuple[str, str]], bytes]:
    """Call an App as a server does, without the test client around it."""
    started: list[Any] = []
    body = app(
        {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": "",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": Empty(),
            "wsgi.errors": Errors(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **environ,
        },
        lambda status, headers, exc_info=None: (
            started.append((status, headers)) or (lambda data: None)
        ),
    )
    try:
        content = b"".join(body)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return started[0][0], started[0][1], content


class Empty:
    """Is a ``wsgi.input`` at its end."""

    def read(self, size: int = -1) -> bytes:
        return b""

    readline = read

    def readlines(self, hint: int = -1) -> list[bytes]:
        return []

    def __iter__(self) -> Iterator[bytes]:
        return iter(())


class Errors:
    """Is a ``wsgi.errors`` that keeps nothing."""

    def write(self, text: str) -> None: ...
    def writelines(self, lines: Iterable[str]) -> None: ...
    def flush(self) -> None: ...


# threads


def many_resources() -> App:
    app = App("Many")
    for index in range(40):
        members = {"get": lambda self: {}, "put": lambda self: Response(status=204)}
        app.add(f"/r{index}", type(f"R{index}", (Resource,), members))
    return app


def test_first_requests_of_many_threads_are_all_answered() -> None:
    """Twenty threads on a fresh App at once, some asking for its document,
    get what a warm App answers.
    """
    expected = {"GET": "200", "HEAD": "200", "OPTIONS": "204", "DELETE": "405"}
    wrong: list[object] = []

    def ask(app: App, barrier: threading.Barrier, number: int) -> None:
        barrier.wait()
        for turn in range(6):
            method = list(expected)[(number + turn) % 4]
            path, wanted = f"/r{(number * 7 + turn * 11) % 40}", expected[method]
            if number % 4 == 0 and turn == 0:
                path, method, wanted = "/openapi.json", "GET", "200"
            try:
                status = run(app, path, method)[0]
            except Exception as error:
                status = repr(error)
            if not status.startswith(wanted):
                wrong.append((method, path, status))

    for _ in range(6):
        app, barrier = many_resources(), threading.Barrier(20)
        threads = [
            threading.Thread(target=ask, args=(app, barrier, number)) for number in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert wrong == []


def test_late_routes_redirect_as_others_do() -> None:
    """The slash policy holds for the documents too,
    also when their URL is the very first that is asked.
    """
    response = Client(App("Documents")).get("/docs/")
    assert response.status in (308, 404)
    again = App("Documents")
    Client(again).get("/openapi.json")
    assert Client(again).get("/docs/").status == response.status


def test_the_first_404_composes_only_the_documents() -> None:
    """What answers already is kept when the documents' routes are added."""
    app = many_resources()
    app.freeze()
    dispatcher = app._dispatcher
    assert dispatcher is not None
    before = dispatcher._composed
    assert run(app, "/nowhere")[0].startswith("404")
    assert dispatcher._composed is before
    assert dispatcher._documents is not None
    assert not {entry.resource for entry in dispatcher._documents.entries} & {
        entry.resource for entry in before.entries
    }
    assert run(app, "/openapi.json")[0].startswith("200")
    assert app.url_for("R7") == "/r7"
    assert app.url_for("OpenAPIJSON") == "/openapi.json"


# routing


class Number(BaseConverter):
    """Is a converter whose author forgot to raise ValidationError."""

    def to_python(self, value: str) -> int:
        return int(value)


def test_a_converter_that_raises_is_answered() -> None:
    """A ValueError of a user's converter is a 404, anything else that routing raises a 500;
    nothing escapes.
    """

    class Broken(BaseConverter):
        def to_python(self, value: str) -> int:
            raise KeyError(value)

    app = App("Converters")
    app.converters |= {"number": Number, "broken": Broken}
    app.get("/n/<number:n>")(lambda n: {"n": n})
    app.get("/b/<broken:n>")(lambda n: {"n": n})
    client = Client(app, raise_errors=False)
    assert client.get("/n/5").json == {"n": 5}
    assert client.get("/n/five").problem["status"] == 404
    assert client.get("/b/five").problem["status"] == 500


@pytest.mark.parametrize("host", ["a..example.com", "x" * 70 + ".example.com", "[::1]:80"])
def test_impossible_hosts_match_nothing(host: str) -> None:
    """If an App has host patterns, a Host that is no host name is a 404, not an exception."""
    app = App("Hosts")

    class Tenant(Resource):
        def get(self, tenant: str) -> dict[str, str]:
            return {"tenant": tenant}

    app.add("/x", Tenant, host="<tenant>.example.com")
    client = Client(app)
    assert client.get("/x", environ={"HTTP_HOST": "a.example.com"}).json == {"tenant": "a"}
    assert client.get("/x", environ={"HTTP_HOST": host}).problem["status"] == 404


def test_path_parameters_of_one_request_are_its_own() -> None:
    """What a middleware writes into the path parameters does not reach another request."""
    app = App("Own")
    app.get("/x")(lambda: {"x": 1})

    @app.middleware
    def meddle(request: Request, proceed: Any) -> Response:
        response = proceed(request)
        request.path_parameters["other"] = 1
        return response

    client = Client(app)
    assert [client.get("/x").status for _ in range(3)] == [200, 200, 200]


def test_resources_that_share_a_pattern_keep_their_handlers() -> None:
    """Two resources on one URL pattern answer exceptions each by its own problem handlers,
    HEAD too.
    """

    class Reader(Resource):
        problem_handlers = {KeyError: lambda error, request: Conflict("reader")}

        @raises(Conflict)
        def get(self) -> dict[str, int]:
            raise KeyError

    class Writer(Resource):
        problem_handlers = {KeyError: lambda error, request: Conflict("writer")}

        @raises(Conflict)
        def post(self) -> dict[str, int]:
            raise KeyError

    app = App("Shared")
    app.add("/x", Reader)
    app.add("/x", Writer)
    client = Client(app)
    assert client.get("/x").problem["detail"] == "reader"
    assert client.post("/x").problem["detail"] == "writer"
    assert client.head("/x").status == 409


# streams


def test_an_exception_before_the_first_chunk_is_a_problem() -> None:
    """A generator that fails at once is still answered properly."""
    app = App("Early")

    @app.get("/x")
    @raises(Conflict)
    @returns(None)
    def get() -> Iterator[int]:
        raise Conflict("early")
        yield 1

    assert Client(app).get("/x").problem["detail"] == "early"


log: list[str] = []


@pytest.fixture(autouse=True)
def _empty_log() -> None:
    log.clear()


def session() -> Iterator[str]:
    log.append("open")
    try:
        yield "session"
    except BaseException as error:
        log.append(f"rollback {type(error).__name__}")
        raise
    else:
        log.append("commit")
    finally:
        log.append(f"closed in {Request.current().path}")


def streaming(*, fails: bool = False, count: int = 3) -> App:
    app = App("Streaming")

    class Lines(Resource):
        session = provide(session)

        @returns(None, media_types=["text/plain"])
        def get(self) -> Iterator[str]:
            assert self.session
            try:
                for number in range(count):
                    yield f"line {number}\n"
                    if fails and number == 1:
                        raise RuntimeError("mid-stream")
            finally:
                log.append(f"generator ended in {Request.current().path}")

    app.add("/lines", Lines)
    return app


def test_an_exception_mid_stream_reaches_the_server_and_the_session() -> None:
    """What fails while streaming cannot be an answer any more:
    the server hears of it, the session rolls back.
    """
    with pytest.raises(RuntimeError, match="mid-stream"):
        run(streaming(fails=True), "/lines")
    assert log == ["open", "generator ended in /lines", "rollback RuntimeError", "closed in /lines"]


def test_an_exception_mid_stream_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No answer can tell what fails after the first chunk, so the log does."""
    with caplog.at_level(logging.ERROR, "restkit"), pytest.raises(RuntimeError, match="mid-stream"):
        run(streaming(fails=True), "/lines")
    (record,) = caplog.records
    assert record.name == "restkit"
    assert record.getMessage() == "GET /lines failed while its response was sent"
    assert "RuntimeError: mid-stream" in caplog.text


def test_a_client_that_goes_away_ends_the_stream() -> None:
    """A server that closes early ends the generator and rolls back,
    both with the request still current.
    """
    response = Client(streaming(count=1000)).get("/lines", stream=True)
    assert next(response.iter_chunks()) == b"line 0\n"
    response.close()
    assert log == [
        "open",
        "generator ended in /lines",
        "rollback GeneratorExit",
        "closed in /lines",
    ]


def test_head_of_a_stream_ends_it() -> None:
    """HEAD of a stream sends nothing, and leaves neither the generator nor the session open."""
    assert Client(streaming()).head("/lines").body == b""
    assert log == ["open", "generator ended in /lines", "commit", "closed in /lines"]


def test_head_of_a_streamed_response_ends_it() -> None:
    """The same holds for a Response that the method made around a generator."""
    app = App("Response")

    class Lines(Resource):
        session = provide(session)

        @returns(None, media_types=["text/plain"])
        def get(self) -> Response:
            assert self.session
            return Response((f"{number}" for number in range(3)), mimetype="text/plain")

    app.add("/lines", Lines)
    client = Client(app)
    assert client.get("/lines").text == "012"
    assert client.head("/lines").body == b""
    assert log == ["open", "commit", "closed in /lines"] * 2


def test_a_stream_that_a_middleware_replaces_does_not_leave_the_session_open() -> None:
    """Where a middleware drops or breaks a stream,
    what was provided is closed before the answer.
    """

    def replaces(request: Request, proceed: Any) -> Response:
        proceed(request)
        return Response("other", mimetype="text/plain")

    def breaks(request: Request, proceed: Any) -> Response:
        proceed(request)
        raise KeyError("middleware")

    def recovers(request: Request, proceed: Any) -> Response:
        proceed(request)
        return Response("recovered", mimetype="text/plain")

    for middlewares, status, ending in (
        ([replaces], 200, "commit"),
        ([breaks], 500, "rollback KeyError"),
        ([recovers, breaks], 200, "rollback KeyError"),
    ):
        log.clear()
        app = streaming()
        for middleware in middlewares:
            app.middleware(middleware)
        assert Client(app, raise_errors=False).get("/lines").status == status
        assert log[0] == "open"
        assert log[-2:] == [ending, "closed in /lines"]


def test_a_failure_to_commit_a_heads_stream_is_the_answer() -> None:
    """Where the content is not sent, a failing commit can still be told."""

    def failing() -> Iterator[int]:
        yield 1
        raise Conflict("commit")

    app = App("Commit")

    class Lines(Resource):
        number = provide(failing)

        @raises(Conflict)
        @returns(None)
        def get(self) -> Iterator[int]:
            yield self.number

    app.add("/lines", Lines)
    assert Client(app).head("/lines").status == 409


# provide


@pytest.mark.parametrize("words", ["yields more than once", "yields no value"])
def test_a_factory_that_does_not_yield_once_is_an_error(words: str) -> None:
    """A factory that yields twice or never is the programmer's mistake,
    and is not silently left half done.
    """

    def twice() -> Iterator[int]:
        yield 1
        yield 2

    def never() -> Iterator[int]:
        yield from ()

    app = App("Misuse")
    factory: Callable[[], Iterator[int]] = twice if "once" in words else never
    app.add(
        "/x",
        type("X", (Resource,), {"one": provide(factory), "get": lambda self: {"one": self.one}}),
    )
    with pytest.raises(DeclarationError, match=words):
        Client(app).get("/x")
    assert Client(app, raise_errors=False).get("/x").problem["status"] == 500


def test_a_factory_that_fails_at_its_end_does_not_keep_others_open() -> None:
    """Where one factory fails at its end, those made before it are told of it and closed."""

    def failing() -> Iterator[int]:
        yield 1
        raise RuntimeError("at the end")

    class Two(Resource):
        session = provide(session)
        other = provide(failing)

        def get(self) -> dict[str, Any]:
            return {"session": self.session, "other": self.other}

    app = App("Two")
    app.add("/x", Two)
    assert Client(app, raise_errors=False).get("/x").status == 500
    assert log == ["open", "rollback RuntimeError", "closed in /x"]


# re-entrancy


def test_an_app_may_call_itself() -> None:
    """A request that asks the same App in process finds its own request current again
    afterwards.
    """
    app = App("Self")
    app.get("/inner")(lambda: {"path": Request.current().path})

    class Outer(Resource):
        def get(self) -> dict[str, Any]:
            before = Request.current()
            inner = Client(app).get("/inner").json
            missing = Client(app).get("/nowhere").status
            return {
                "inner": inner,
                "missing": missing,
                "same": Request.current() is before is self.request,
            }

        @returns(None)
        def post(self) -> Iterator[str]:
            yield Client(app).get("/inner").json["path"]
            yield Request.current().path

    app.add("/outer", Outer)
    client = Client(app)
    assert client.get("/outer").json == {"inner": {"path": "/inner"}, "missing": 404, "same": True}
    assert client.post("/outer").json == ["/inner", "/outer"]
    with pytest.raises(RuntimeError):
        Request.current()


def test_streams_that_are_read_in_turns_keep_their_own_request() -> None:
    """Two streams that one thread reads by turns see each its own request."""
    app = App("Turns")

    @app.get("/s/<name>")
    @returns(None, media_types=["text/plain"])
    def get(name: str) -> Iterator[str]:
        for _ in range(3):
            yield Request.current().path

    client = Client(app)
    streams = [client.get(f"/s/{name}", stream=True).iter_chunks() for name in "ab"]
    seen = [next(stream) for _ in range(3) for stream in streams]
    for stream in streams:
        assert list(stream) == []
    assert seen == [b"/s/a", b"/s/b"] * 3


def test_what_is_nowhere_is_answered_anew_each_time() -> None:
    """The 404 of an unknown URL is one answer for all,
    but a server that changes its headers changes no other's.
    """
    app = App("Nowhere")
    status, headers, content = run(app, "/nowhere")
    headers.append(("X-Server", "was here"))
    again = run(app, "/elsewhere", "POST")
    assert status == again[0]
    assert content == again[2]
    assert again[1] == headers[:-1]
    assert b'"There is nothing at this URL."' in content
    assert dict(again[1])["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("error", [Problem, NotFound])
def test_a_handler_of_unknown_urls_is_asked(error: type[Exception]) -> None:
    """Where a handler answers for NotFound, or for a base of it,
    it answers for URLs of nothing too.
    """
    app = App("Nowhere")

    @app.problem_handler(error)
    def handle(raised: Exception, request: Request) -> Response:
        return Response(f"{type(raised).__name__} {request.path}", status=404)

    status, _, content = run(app, "/nowhere")
    assert status == "404 NOT FOUND"
    assert content == b"NotFound /nowhere"


def test_a_validated_post_walks_through_few_files() -> None:
    """From app.py and back: 13 of our files, 15 moves from one to another;
    a class as the body is one file more.
    """

    class ThingSchema(Schema):
        name = fields.Str(required=True)

    class Things(Resource):
        schema = ThingSchema

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return body

    app = App("Walk", contract="off")
    app.add("/things", Things)
    content = b'{"name":"a"}'
    walked: list[str] = []
    home = str(Path(restkit.__file__).parent)

    def step(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(home):
            walked.append(frame.f_code.co_filename.removeprefix(home))

    def post() -> str:
        given = {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(content))}
        return run(app, "/things", "POST", **given, **{"wsgi.input": io.BytesIO(content)})[0]

    for _ in range(3):
        assert post() == "201 Created"  # what is made at the first requests is made
    before = sys.getprofile()
    sys.setprofile(step)
    try:
        post()
    finally:
        sys.setprofile(before)

    assert walked[0] == "/app.py"
    assert len(set(walked)) <= 13, sorted(set(walked))
    assert sum(one != other for one, other in pairwise(walked)) <= 15, walked
