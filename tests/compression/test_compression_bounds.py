"""Compression at its bounds: sizes, statuses, headers and entity tags."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from werkzeug.test import create_environ

from restkit import App, ErrorFormat, Resource, Response, returns
from restkit.compression import Compression
from restkit.compression.codings import maker_of
from restkit.compression.layer import Options, _Kept, compressing
from restkit.environ_keys import CACHED
from restkit.security import APIKey
from restkit.testing import Client, TestResponse

MIB = 1024 * 1024
GZIP = {"Accept-Encoding": "gzip"}
FORCED = {"Accept-Encoding": "gzip, identity;q=0"}


def respond(response: Callable[[], Response], **options: Any) -> Client:
    app = App("Compressed", contract="off")
    app.install(Compression(**options))

    @app.get("/")
    def get() -> Response:
        return response()

    return Client(app, contract=False)


def text(size: int, status: int = 200, /, **headers: str) -> Callable[[], Response]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: Response("x" * size, status, mimetype="text/plain", headers=named)


def coding_of(response: TestResponse) -> str | None:
    return response.headers.get("Content-Encoding")


@pytest.mark.parametrize(
    ("options", "size", "headers", "coding"),
    [
        ({}, 499, GZIP, None),
        ({}, 500, GZIP, "gzip"),
        ({}, 499, FORCED, "gzip"),
        ({}, 1, FORCED, "gzip"),
        ({}, 0, FORCED, None),
        ({"minimum": 1}, 0, GZIP, None),
        ({"minimum": 1}, 1, GZIP, "gzip"),
        ({"minimum": 0}, 0, GZIP, None),
        ({"minimum": 0}, 1, GZIP, "gzip"),
        ({"minimum": 2}, 1, GZIP, None),
    ],
)
def test_the_smallest_content(
    options: dict[str, Any], size: int, headers: dict[str, str], coding: str | None
) -> None:
    """Content of the minimum is compressed; if a client refuses it as it is, smaller one, too."""
    found = respond(text(size), **options).get("/", headers=headers)
    assert coding_of(found) == coding
    assert found.headers["Content-Length"] == str(len(found.data))
    assert found.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
@pytest.mark.parametrize(("more", "has_length"), [(0, True), (1, False)])
def test_large_content_has_no_length(more: int, has_length: bool, coding: str) -> None:
    """Content of at most one MiB is compressed before it is sent."""
    found = respond(text(MIB + more)).get("/", headers={"Accept-Encoding": coding})
    assert coding_of(found) == coding
    assert ("Content-Length" in found.headers) is has_length


@pytest.mark.parametrize(
    ("status", "headers", "coding"),
    [
        (200, {}, "gzip"),
        (203, {}, "gzip"),
        (205, {}, None),
        (206, {}, None),
        (207, {}, "gzip"),
        (200, {"Content_Range": "bytes 0-899/900"}, None),
        (416, {"Content_Range": "bytes */900"}, None),
        (200, {"Content_Digest": "sha-256=:AA==:"}, None),
        (200, {"Repr_Digest": "sha-256=:AA==:"}, None),
        (200, {"Digest": "sha-256=AA=="}, None),
        (200, {"Content_MD5": "AA=="}, None),
        (200, {"Content_Encoding": "identity"}, None),
        (200, {"Cache_Control": "No-Transform"}, None),
        (200, {"Cache_Control": "no-cache"}, "gzip"),
    ],
)
def test_which_content_is_never_compressed(
    status: int, headers: dict[str, str], coding: str | None
) -> None:
    """Such a response does not depend on Accept-Encoding, and so has no Vary."""
    found = respond(text(900, status, **headers)).get("/", headers=GZIP)
    assert coding_of(found) == (coding or headers.get("Content_Encoding"))
    assert ("Vary" in found.headers) is (coding is not None)


@pytest.mark.parametrize(
    ("headers", "vary", "coding"),
    [
        ({}, {}, "gzip"),
        ({"Cookie": "a=b"}, {}, "gzip"),
        ({"Cookie": "a=b"}, {"Vary": "Origin"}, "gzip"),
        ({}, {"Vary": "Cookie"}, "gzip"),
        ({"Cookie": "a=b"}, {"Vary": "Cookie"}, None),
        ({"Cookie": "a=b"}, {"Vary": "Origin , COOKIE"}, None),
    ],
)
def test_a_response_that_depends_on_cookies(
    headers: dict[str, str], vary: dict[str, str], coding: str | None
) -> None:
    """It is compressed only for clients that send none."""
    found = respond(text(900, 200, **vary)).get("/", headers=GZIP | headers)
    assert coding_of(found) == coding
    trusting = respond(text(900, 200, **vary), credentials=True)
    assert coding_of(trusting.get("/", headers=GZIP | headers)) == "gzip"


@pytest.mark.parametrize(
    ("vary", "expected"),
    [
        ("Accept-Encoding", "Accept-Encoding"),
        ("Origin,accept-encoding", "Origin,accept-encoding"),
        ("Origin, *", "Origin, *"),
        ("Accept", "Accept, Accept-Encoding"),
    ],
)
def test_vary_names_the_header_once(vary: str, expected: str) -> None:
    found = respond(text(900, Vary=vary)).get("/", headers=GZIP)
    assert found.headers["Vary"] == expected


@pytest.mark.parametrize(("length", "coding"), [(1024, "gzip"), (1025, None)])
def test_the_longest_header_that_is_read(length: int, coding: str | None) -> None:
    found = respond(text(900)).get("/", headers={"Accept-Encoding": "gzip".ljust(length)})
    assert coding_of(found) == coding


def _tagged() -> Client:
    app = App("Tagged")
    app.install(Compression())

    @app.route("/")
    class Tagged(Resource):
        conditional = True

        def get(self) -> str:
            self.entity_tag = "v1"
            return "x" * 900

        def put(self) -> str:
            self.entity_tag = "v1"
            return "x" * 900

    return Client(app)


@pytest.mark.parametrize(("length", "status"), [(8192, 304), (8193, 200)])
def test_the_longest_list_of_tags_that_is_read(length: int, status: int) -> None:
    """Longer ones are compared as they are."""
    given = f'"{"o" * (length - 13)}", "v1-gzip"'
    assert len(given) == length
    assert _tagged().get("/", headers={**GZIP, "If-None-Match": given}).status == status


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("GET", {"If-None-Match": '"a", "v1-gzip"'}, 304),
        ("GET", {"If-None-Match": 'W/"v1-gzip"'}, 304),
        ("GET", {"If-None-Match": '"v1-br"'}, 200),
        ("GET", {"If-None-Match": '"v2-gzip"'}, 200),
        ("GET", {"If-Match": '"v1-br"'}, 200),
        ("GET", {"If-Match": '"v2-br"'}, 412),
        ("PUT", {"If-Match": '"a", "v1-zstd"'}, 200),
        ("PUT", {"If-Match": 'W/"v1-gzip"'}, 412),
        ("PUT", {"If-Match": '"v1-deflate"'}, 412),
    ],
)
def test_tags_of_compressed_content_are_read(
    method: str, headers: dict[str, str], status: int
) -> None:
    """A read compares the tags of its own coding, a write those of every coding."""
    found = _tagged().request(method, "/", headers={**GZIP, **headers})
    assert found.status == status


@pytest.mark.parametrize(
    ("media_type", "problem", "documented"),
    [
        ("image/png", "application/x-own", False),
        ("image/svg+xml", "application/x-own", True),
        ("image/*", "application/x-own", True),
        ("image/png", "text/html", True),
    ],
)
def test_which_operations_document_the_headers(
    media_type: str, problem: str, documented: bool
) -> None:
    """Those whose content or problems may be compressible."""
    app = App("Documented", errors=ErrorFormat(problem, None, lambda problem: b""))
    app.install(Compression())

    @app.get("/")
    @returns(None, media_types=(media_type,))
    def image() -> Response:
        return Response(b"", mimetype="image/png")

    operation = Client(app).get("/openapi.json").json["paths"]["/"]["get"]
    headers = operation["responses"]["200"].get("headers", {}).keys()
    assert headers == ({"Content-Encoding", "Vary"} if documented else set())


@pytest.mark.parametrize("size", [100, 900])
def test_the_content_behind_a_compressed_one_is_closed(size: int, tmp_path: Path) -> None:
    """A file that is compressed, or too small for it, is closed after the response."""
    file = tmp_path / "text.txt"
    file.write_text("x" * size)
    app = App("Files")
    app.install(Compression())
    opened: list[BinaryIO] = []

    @app.get("/")
    @returns(None, media_types=("text/plain",))
    def get() -> Response:
        opened.append(file.open("rb"))
        return Response(opened[-1], mimetype="text/plain", headers={"Content-Length": str(size)})

    found = Client(app).get("/", headers=GZIP)
    assert (coding_of(found) is not None) is (size >= 500)
    assert [each.closed for each in opened] == [True]


def test_the_content_is_closed_if_it_cannot_be_read() -> None:
    closed: list[int] = []

    class Broken:
        def __iter__(self) -> Iterator[bytes]:
            yield b"x" * 900
            raise OSError("gone")

        def close(self) -> None:
            closed.append(1)

    def response() -> Response:
        return Response(Broken(), mimetype="text/plain", headers={"Content-Length": "900"})

    with pytest.raises(OSError, match="gone"):
        respond(response).get("/", headers=GZIP)
    assert closed == [1]


class Counted:
    """A compressor without results, which counts how many are made."""

    made = 0

    def __init__(self) -> None:
        Counted.made += 1

    def chunk(self, data: bytes, /) -> bytes:
        return b""

    def whole(self, data: bytes, /) -> bytes:
        return b""

    def end(self) -> bytes:
        return b""


class Copied(Counted):
    """A compressor whose results are as long as the content."""

    def whole(self, data: bytes, /) -> bytes:
        return data


def test_stored_content_is_kept_compressed_up_to_16_mib() -> None:
    """What has no room empties the memory first; what is larger than all of it is not kept."""
    kept = _Kept()

    def made(size: int, coding: str = "gzip", make: type[Counted] = Counted) -> int:
        before = Counted.made
        kept.compressed(b"x" * size, coding, make, is_kept=True)
        return Counted.made - before

    assert [made(1), made(1), made(1, "br"), made(1, "br"), made(1)] == [1, 0, 1, 0, 0]
    for _ in range(2):
        assert made(16 * MIB) == 1  # nothing else has room
        assert [made(16 * MIB), made(16 * MIB + 1), made(16 * MIB + 1)] == [0, 1, 1]
        assert [made(8 * MIB), made(8 * MIB - 1), made(1), made(8 * MIB)] == [1, 1, 1, 0]
        assert [made(1, "br"), made(8 * MIB)] == [1, 1]
        assert [made(8 * MIB - 1), made(1, "br"), made(8 * MIB)] == [1, 0, 0]
    kept = _Kept()
    assert [made(8 * MIB - 1), made(8 * MIB + 1), made(8 * MIB - 1)] == [1, 1, 0]
    kept = _Kept()
    assert [made(8 * MIB), made(8 * MIB), made(8 * MIB + 1), made(8 * MIB)] == [1, 0, 1, 1]
    kept = _Kept()
    assert [made(4 * MIB, each, Copied) for each in ("gzip", "br", "gzip")] == [1, 1, 0]
    assert [made(1), made(4 * MIB, "gzip", Copied)] == [1, 1]


@pytest.mark.parametrize(("is_stored", "expected"), [(True, 1), (False, 2)])
def test_only_stored_responses_are_kept_compressed(is_stored: bool, expected: int) -> None:
    def serve(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if is_stored:
            environ[CACHED] = True
        headers = [("Content-Type", "text/plain"), ("Content-Length", "900")]
        write = start_response("200 OK", headers)
        with pytest.raises(NotImplementedError):
            write(b"")
        return [b"x" * 900]

    application = compressing(serve, Options(500, {"gzip": Counted}, False))
    before = Counted.made
    for _ in range(2):
        application(create_environ(headers=GZIP), lambda *arguments: lambda data: None)
    assert Counted.made - before == expected


@pytest.mark.parametrize(
    ("place", "coding"), [("header", "gzip"), ("query", "gzip"), ("cookie", None)]
)
def test_keys_that_browsers_send_by_themselves(place: str, coding: str | None) -> None:
    """A response to a key of a header is compressed."""
    key: dict[str, Any] = {place: "X-Key"}
    app = App("Keys")
    app.install(Compression())
    scheme = APIKey(keys={"0123456789abcdef": "ada"}, **key)
    app.get("/", security=scheme)(lambda: "x" * 900)
    sent = {"header": {"X-Key": "0123456789abcdef"}, "cookie": {"Cookie": "X-Key=0123456789abcdef"}}
    query = "?X-Key=0123456789abcdef" if place == "query" else ""
    found = Client(app).get(f"/{query}", headers={**GZIP, **sent.get(place, {})})
    assert found.status == 200
    assert coding_of(found) == coding


# the application inside


class Content:
    """Chunks that count how often they are closed."""

    def __init__(self, *chunks: bytes, fails: bool = False) -> None:
        self.chunks = chunks
        self.closed = 0
        self._fails = fails

    def __iter__(self) -> Iterator[bytes]:
        yield from self.chunks
        if self._fails:
            raise OSError("gone")

    def close(self) -> None:
        self.closed += 1


def inner(
    content: Any, *headers: tuple[str, str], status: str = "200 OK", failed: tuple[object, ...] = ()
) -> tuple[list[Any], Any]:
    """Return how a response of an application is started, and its content."""
    started: list[Any] = []

    def serve(environ: dict[str, Any], start: Any) -> Any:
        start(status, [("Content-Type", "text/plain"), *headers], *failed)
        return content

    environ = {"REQUEST_METHOD": "GET", "HTTP_ACCEPT_ENCODING": "gzip"}
    made = compressing(serve, Options(10, {"gzip": maker_of("gzip")}, False))

    def start(*given: object) -> None:
        started.extend(given)

    return started, made(environ, start)


def test_the_error_of_a_response_is_handed_on() -> None:
    """A server replaces headers that it has not sent yet if it gets the error (PEP 3333)."""
    error = (ValueError, ValueError("a"), None)
    started, _ = inner([b"a"], ("Content-Length", "1"), status="500 Wrong", failed=(error,))
    assert started[0] == "500 Wrong"
    assert started[2] is error
    assert len(inner([b"a"], ("Content-Length", "1"))[0]) == 2


@pytest.mark.parametrize("length", [(), (("Content-Length", "20"),)])
def test_compressed_content_is_closed(length: tuple[tuple[str, str], ...]) -> None:
    content = Content(b"a" * 10, b"", b"b" * 10)
    started, body = inner(content, *length)
    assert dict(started[1])["Content-Encoding"] == "gzip"
    assert gzip.decompress(b"".join(body)) == b"a" * 10 + b"b" * 10
    assert content.closed == 0
    body.close()
    assert content.closed == 1


def test_content_that_fails_is_closed() -> None:
    content = Content(b"a" * 20, fails=True)
    with pytest.raises(OSError, match="gone"):
        inner(content, ("Content-Length", "20"))
    assert content.closed == 1


def test_an_application_that_writes_is_refused() -> None:
    def serve(environ: dict[str, Any], start: Any) -> Any:
        start("200 OK", [])(b"a")
        return []

    with pytest.raises(NotImplementedError, match="returns the content"):
        compressing(serve, Options(10, {}, False))({}, lambda *_: None)  # type: ignore[arg-type]
