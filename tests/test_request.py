"""Request: Werkzeug's, worked out lazily; its content read once, within limits."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import fields
from werkzeug.test import create_environ
from werkzeug.wrappers import Request as WerkzeugRequest

from restkit import (
    App,
    BadRequest,
    ContentTooLarge,
    Request,
    Resource,
    UnsupportedMediaType,
    raises,
    returns,
    takes,
)
from restkit.testing import Client

PLAIN = App.__call__

LAZY = ("scheme", "server", "root_path", "path", "query_string", "remote_addr")
MORE = (
    "args",
    "full_path",
    "url",
    "base_url",
    "host",
    "host_url",
    "root_url",
    "is_secure",
    "access_route",
    "content_length",
)
HEADERS = (
    "mimetype",
    "accept_mimetypes",
    "if_match",
    "if_none_match",
    "cache_control",
    "range",
    "user_agent",
    "cookies",
)


def outcome(request: WerkzeugRequest, name: str) -> object:
    try:
        return getattr(request, name)
    except (
        ValueError
    ) as error:  # Werkzeug's args want a query in UTF-8, its url a port that is a number
        return type(error)


def same(environ: dict[str, Any]) -> None:
    ours, theirs = Request(dict(environ)), WerkzeugRequest(dict(environ))
    for name in (*LAZY, *MORE):
        assert outcome(ours, name) == outcome(theirs, name), (name, environ)
    assert list(ours.headers) == list(theirs.headers)
    assert ours.method.upper() == theirs.method
    for name in HEADERS:
        assert str(getattr(ours, name)) == str(getattr(theirs, name)), name


@pytest.mark.parametrize(
    "environ",
    [
        create_environ("/"),
        create_environ("/a/b?c=d&c=e", "https://example.com:8443/shop"),
        create_environ("/%C3%A9%FF", query_string="q=%ff&%00"),
        create_environ("//a//b"),
        create_environ(
            "/",
            headers={
                "Accept": "text/html;q=0.1, */*",
                "If-Match": 'W/"a", "b"',
                "Cookie": "a=b; c",
            },
        ),
        create_environ(
            "/",
            headers={"Range": "bytes=0-1,x", "User-Agent": "x" * 5000, "Cache-Control": "no-store"},
        ),
        create_environ(
            "/", method="POST", data=b"x=1", content_type="application/x-www-form-urlencoded"
        ),
        {
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "unix",
            "SERVER_PORT": "",
            "PATH_INFO": "",
            "REQUEST_METHOD": "GET",
        },
        {
            "wsgi.url_scheme": "https",
            "SERVER_NAME": "h",
            "SERVER_PORT": "443",
            "SCRIPT_NAME": "/r/",
            "PATH_INFO": "x",
        },
        {
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "h",
            "SERVER_PORT": "80",
            "HTTP_HOST": "a b\x00",
            "PATH_INFO": "/",
        },
    ],
)
def test_lazy_attributes_are_werkzeugs(environ: dict[str, Any]) -> None:
    """Every attribute that is worked out late is what Werkzeug's own Request says."""
    same(environ)


latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)


@settings(max_examples=150, deadline=None)
@given(
    path=latin,
    root=latin,
    query=latin,
    # Malformed hosts are a 400 (tests/http/test_request_target.py), others have one spelling.
    host=st.sampled_from(["a", "a.example:8000", "127.0.0.1", "[::1]:8000", "xn--tst-qla.de"]),
    accept=latin,
    cookie=latin,
    port=st.sampled_from(["80", "", "8080"]),
)
def test_lazy_attributes_are_werkzeugs_for_any_bytes(**drawn: str) -> None:
    """The same for whatever bytes a client puts on the wire."""
    same(
        {
            "REQUEST_METHOD": "GET",
            "wsgi.url_scheme": "http",
            "SERVER_NAME": "localhost",
            "SERVER_PORT": drawn["port"],
            "PATH_INFO": drawn["path"],
            "SCRIPT_NAME": drawn["root"],
            "QUERY_STRING": drawn["query"],
            "HTTP_HOST": drawn["host"],
            "HTTP_ACCEPT": drawn["accept"],
            "HTTP_COOKIE": drawn["cookie"],
            "REMOTE_ADDR": "127.0.0.1",
        }
    )


def test_methods_are_as_they_were_sent() -> None:
    """Methods are case-sensitive (RFC 9110, section 9.1), so none is made upper-case."""
    assert Request(create_environ("/", method="GET") | {"REQUEST_METHOD": "get"}).method == "get"


def test_unknown_attributes_are_errors() -> None:
    """A misspelt attribute is an AttributeError that names it."""
    with pytest.raises(AttributeError, match="'Request' object has no attribute 'heders'"):
        Request(create_environ("/")).heders  # type: ignore[attr-defined]


# content


def request_of(content: bytes, **environ: Any) -> Request:
    return Request({**create_environ("/", method="POST", data=content), **environ})


def chunked(*chunks: bytes, **environ: Any) -> Request:
    stream = io.BytesIO(b"".join(chunks))
    return Request(
        {
            "wsgi.input": stream,
            "wsgi.input_terminated": True,
            "HTTP_TRANSFER_ENCODING": "Chunked",
            **environ,
        }
    )


def test_content_is_read_once() -> None:
    """Later reads, by us or by Werkzeug's get_data, give the same bytes."""
    request = request_of(b'{"a": 1}')
    assert request.has_content
    assert request.read_content(100) == request.read_content(1) == b'{"a": 1}'
    assert request.get_data() == b'{"a": 1}'
    assert request.get_data(as_text=True) == '{"a": 1}'
    assert (
        Request({**create_environ("/"), "CONTENT_TYPE": "application/json"}).read_content(1) == b""
    )


def test_get_data_before_read_content_is_werkzeugs() -> None:
    """Where nothing was read yet, get_data reads."""
    assert request_of(b"abc").get_data() == b"abc"


def test_short_reads_are_put_together() -> None:
    """A stream that gives less than asked is asked again; one that ends early is a 400."""

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 1, 3) if size != -1 else 3)

    request = request_of(b"", **{"wsgi.input": Slow(b"0123456789"), "CONTENT_LENGTH": "10"})
    assert request.read_content(10) == b"0123456789"
    with pytest.raises(BadRequest, match="shorter than its Content-Length"):
        request_of(b"", **{"wsgi.input": Slow(b"0123456789"), "CONTENT_LENGTH": "11"}).read_content(
            20
        )


def test_nothing_is_read_past_content_length() -> None:
    """What follows the content belongs to the next request on the connection."""
    stream = io.BytesIO(b"0123456789")
    assert (
        request_of(b"", **{"wsgi.input": stream, "CONTENT_LENGTH": "4"}).read_content(10) == b"0123"
    )
    assert stream.read() == b"456789"


@pytest.mark.parametrize(
    "length", ["-1", "abc", "1.0", "+1", "1, 1", " 1", "0x1", "1_0", "\u0661", "9" * 20, "9" * 5000]
)
def test_lengths_that_are_none(length: str) -> None:
    """A Content-Length that is not a plain number is a 400 before anything is read."""
    stream = io.BytesIO(b"x" * 10)
    with pytest.raises(BadRequest):
        request_of(b"", **{"wsgi.input": stream, "CONTENT_LENGTH": length}).read_content(100)
    assert stream.tell() == 0


def test_limits() -> None:
    """Content over the limit is a 413: announced, it is dropped unread;
    in chunks, as soon as it is over.
    """
    assert request_of(b"x" * 10).read_content(10) == b"x" * 10
    with pytest.raises(ContentTooLarge, match="larger than 9 bytes"):
        request_of(b"x" * 10).read_content(9)
    with pytest.raises(ContentTooLarge):
        request_of(b"x" * 10).check_length(9)
    huge = io.BytesIO(b"x")
    with pytest.raises(ContentTooLarge):
        request_of(b"", **{"wsgi.input": huge, "CONTENT_LENGTH": "9" * 18}).read_content(9)
    assert huge.tell() == 0
    assert chunked(b"x" * 5, b"y" * 5).read_content(10) == b"x" * 5 + b"y" * 5
    with pytest.raises(ContentTooLarge):
        chunked(b"x" * 5, b"y" * 6).read_content(10)


def test_chunked_content_needs_a_server_that_ends_it() -> None:
    """Where the server does not say that it ends the stream, chunked content is refused,
    not read forever.
    """
    request = chunked(b"x", **{"wsgi.input_terminated": False})
    assert request.has_content
    with pytest.raises(BadRequest, match="Send Content-Length"):
        request.read_content(10)


def test_two_framings_are_refused() -> None:
    """Content-Length beside Transfer-Encoding is a 400: it is how requests are smuggled."""
    with pytest.raises(BadRequest, match="exclude each other"):
        chunked(b"0123456789", CONTENT_LENGTH="4").read_content(100)


class Broken(io.RawIOBase):
    """Is a stream whose connection breaks, or whose chunks are none, as servers tell it."""

    def readable(self) -> bool:
        return True

    def __init__(self, error: type[Exception] = OSError) -> None:
        self.error = error

    def readinto(self, buffer: Any) -> int:
        raise self.error("Invalid chunk header")


class CutOff(io.RawIOBase):
    """Is a stream that counts what a chunk announced, not what arrived,
    as Werkzeug's development server does.
    """

    def __init__(self, content: bytes) -> None:
        self.content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        size = len(buffer)
        buffer[0:size] = self.content.read(size)
        return size


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"],
)
def test_chunks_that_are_cut_off_do_not_read_past_the_buffer(content_type: str) -> None:
    """A raw stream that counts more than it gave is a 400, for bodies and forms alike,
    and ends no process.
    """
    app = App("Cut off")
    path = "/body" if content_type == "application/json" else "/form"
    app.post("/body")(takes(body={"a": fields.Str()})(lambda body: body))
    app.post("/form")(takes(form={"a": fields.Str()})(lambda form: form))
    # NOTE: not through wsgiref.validate, behind whose wrapper the raw stream cannot be seen.
    client = Client(lambda environ, start_response: PLAIN(app, environ, start_response))
    for _ in range(50):
        environ = {
            "wsgi.input": CutOff(b'{"a": "b"'),
            "wsgi.input_terminated": True,
            "CONTENT_TYPE": content_type,
            "HTTP_TRANSFER_ENCODING": "chunked",
        }
        assert client.post(path, environ=environ).problem["status"] == 400


READS: dict[str, Callable[[Any], Any]] = {
    "get_data": lambda request: request.get_data(),
    "get_json": lambda request: request.get_json(),
    "form": lambda request: request.form,
    "files": lambda request: request.files,
    "stream": lambda request: request.stream.read(),
    "lines": lambda request: list(request.stream),
}


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=b"])
@pytest.mark.parametrize("name", READS)
def test_a_method_that_reads_by_itself_is_as_safe(name: str, content_type: str) -> None:
    """Content that no input declares is read over the same buffer:
    chunks that are cut off or none are a 400.
    """
    app = App("By itself")

    class Reading(Resource):
        @raises(BadRequest, UnsupportedMediaType)
        def post(self) -> Any:
            return {"read": len(READS[name](self.request) or ())}

    app.add("/", Reading)
    client = Client(lambda environ, start_response: PLAIN(app, environ, start_response))
    environ = {
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": content_type,
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    for stream in (CutOff(b'{"a": "b"'), CutOff(b"--b\r\n"), Broken(), Broken(ChunkError)):
        asked = client.post("/", environ={**environ, "wsgi.input": stream})
        if (name in ("form", "files")) and content_type == "application/json":
            assert asked.json == {"read": 0}
        else:
            assert asked.status in (400, 415)
            assert asked.media_type == "application/problem+json"


class ChunkError(Exception):
    """Is an exception of a server's own: gunicorn's for chunks is no OSError."""


@pytest.mark.parametrize(
    "framing", [{"CONTENT_LENGTH": "9"}, {"HTTP_TRANSFER_ENCODING": "chunked"}]
)
@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"],
)
@pytest.mark.parametrize(
    "error", [OSError, ConnectionResetError, TimeoutError, EOFError, ChunkError]
)
def test_broken_streams_are_the_clients_fault(
    framing: dict[str, str], content_type: str, error: type[Exception]
) -> None:
    """A stream that breaks is a 400 for bodies and forms alike,
    whatever the server raises for it.
    """
    app = App("Broken")
    path = "/body" if content_type == "application/json" else "/form"
    app.post("/body")(takes(body={"a": fields.Str()})(lambda body: body))
    app.post("/form")(takes(form={"a": fields.Str()})(lambda form: form))
    environ = {
        "wsgi.input": Broken(error),
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": content_type,
        **framing,
    }
    assert Client(app).post(path, environ=environ).problem["status"] == 400


def test_a_form_that_ends_before_its_length_is_refused() -> None:
    """A form with fewer bytes than Content-Length is a 400,
    also where all its parts have arrived already.
    """
    app = App("Short")
    app.post("/")(takes(form={"a": fields.Str()})(lambda form: form))
    content = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'
    for terminated in (False, True):
        for missing, status in ((0, 200), (1, 400), (1000, 400)):
            environ = {
                "wsgi.input": io.BytesIO(content),
                "wsgi.input_terminated": terminated,
                "CONTENT_TYPE": "multipart/form-data; boundary=b",
                "CONTENT_LENGTH": str(len(content) + missing),
            }
            assert Client(app).post("/", environ=environ).status == status


def test_a_break_while_draining_is_quiet() -> None:
    """A connection that breaks while too large content is dropped does not hide what happened."""
    with pytest.raises((ContentTooLarge, BadRequest)):
        request_of(b"", **{"wsgi.input": Broken(), "CONTENT_LENGTH": "100"}).read_content(10)


def test_the_method_may_read_the_content_again() -> None:
    """A method that takes a body still finds the raw bytes, to check a signature for instance."""
    app = App("Raw")

    class Raw(Resource):
        @takes(body={"a": fields.Int()})
        @returns(None)
        def post(self, body: dict[str, int]) -> Any:
            return {
                "raw": self.request.get_data(as_text=True),
                "json": self.request.get_json(),
                "a": body["a"],
            }

    app.add("/x", Raw)
    response = Client(app).post("/x", content=b'{ "a":1 }', content_type="application/json")
    assert response.json == {"raw": '{ "a":1 }', "json": {"a": 1}, "a": 1}


def test_content_that_nobody_declared_has_a_limit() -> None:
    """What a method reads by itself is limited too, by `max_upload_size`."""
    app = App("Undeclared", max_body_size=10, max_upload_size=20)

    class Raw(Resource):
        @returns(None)
        def post(self) -> Any:
            return {"size": len(self.request.get_data())}

    app.add("/x", Raw)
    client = Client(app, contract=False)
    assert client.post("/x", content=b"x" * 20).json == {"size": 20}
    assert client.post("/x", content=b"x" * 21).problem["status"] == 413


def test_current_is_per_context() -> None:
    """Without a request Request.current() is an error that says when there is one."""
    with pytest.raises(RuntimeError, match="only during a request"):
        Request.current()

    app = App("Current")

    @app.get("/x")
    @returns(None)
    def get() -> Iterator[bool]:
        yield Request.current() is Request.current()

    assert Client(app).get("/x").json == [True]


def test_content_with_a_length_is_not_buffered() -> None:
    """A server's stream stays as it is if the content is not chunked."""
    stream = io.BytesIO(b"abc")
    request = request_of(b"", **{"wsgi.input": stream, "CONTENT_LENGTH": "3"})
    request.buffer_chunks()
    assert request.environ["wsgi.input"] is stream


class Recorded(io.BytesIO):
    """A stream that records the sizes that it is asked for."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content)
        self.sizes: list[int] = []

    def read(self, size: int | None = -1) -> bytes:
        self.sizes.append(-1 if size is None else size)
        return super().read(size)


@pytest.mark.parametrize("length", [10, 70_000, 200_000])
def test_draining_reads_all_of_the_content_and_no_more(length: int) -> None:
    """Content over the limit is read to its end, so that the client sees the 413,
    and no further.
    """
    stream = Recorded(b"x" * length + b"GET / HTTP/1.1")
    with pytest.raises(ContentTooLarge):
        request_of(b"", **{"wsgi.input": stream, "CONTENT_LENGTH": str(length)}).read_content(9)
    assert stream.tell() == length
    assert sum(stream.sizes) == length


def test_a_megabyte_is_drained_in_chunks_too() -> None:
    """After a 413 all of a megabyte in chunks has been read."""
    request = chunked(b"x" * 1_000_000)
    with pytest.raises(ContentTooLarge):
        request.read_content(9)
    assert request.environ["wsgi.input"].read(1) == b""


@pytest.mark.parametrize("name", ["path", "scheme", "query_string", "headers"])
def test_lazy_attributes_on_the_class(name: str) -> None:
    """On the class, an attribute that is made when touched is what describes it."""
    assert getattr(Request, name) is vars(Request)[name]


def test_files_of_a_form_that_the_method_reads_itself_are_closed() -> None:
    """A form that no input declares is closed after the response, with its temporary files."""
    files: list[Any] = []

    class Pictures(Resource):
        @raises(BadRequest)
        def post(self) -> dict[str, int]:
            files.extend(self.request.files.values())
            return {"files": len(files)}

    app = App("Pictures")
    app.add("/pictures", Pictures)
    big = ("a.png", b"x" * 600_000, "image/png")
    response = Client(app).post("/pictures", files={"picture": big})
    assert response.json == {"files": 1}
    assert files[0].stream.closed
