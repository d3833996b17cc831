"""Compression: negotiation, entity tags, ranges, streams, and what is never compressed."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import pytest
import zstandard
from marshmallow import fields
from werkzeug.test import create_environ

from restkit import (
    App,
    DeclarationError,
    NotFound,
    Request,
    Resource,
    Response,
    raises,
    returns,
    takes,
)
from restkit.caching import Cache
from restkit.compression import Compression
from restkit.crud import CRUDResource, MemoryStore
from restkit.html import FileResponse, Session, Sessions
from restkit.security import APIKey, HTTPBasic, HTTPBearer
from restkit.sse import Event, EventStream
from restkit.testing import Client, TestResponse

TEXT = "some text that repeats itself, " * 100


def _zstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": _zstd,
}


def text_of(response: TestResponse) -> str:
    """Return the text of a response, decoded."""
    coding = response.headers.get("Content-Encoding")
    return (DECODERS[coding](response.data) if coding else response.data).decode()


def client(*routes: Callable[[App], object], **options: Any) -> Client:
    app = App("Compressed")
    app.install(Compression(**options))
    app.get("/")(lambda: TEXT)
    for add in routes:
        add(app)
    return Client(app)


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, None),
        ("", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, br", "br"),
        ("gzip;q=1, br;q=0.5", "gzip"),
        ("gzip;q=0", None),
        ("*", "zstd"),
        ("*;q=0", None),
        ("*, zstd;q=0", "br"),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0.5, gzip", "gzip"),
        ("identity;q=0", None),
        ("deflate, compress", None),
        ("gzip;q=2", None),
        ("gzip;level=1", None),
        ("gzip," * 500, None),
    ],
)
def test_the_client_chooses(header: str | None, coding: str | None) -> None:
    headers = {} if header is None else {"Accept-Encoding": header}
    found = client().get("/", headers=headers)
    assert found.headers.get("Content-Encoding") == coding
    assert found.headers["Vary"] == "Accept-Encoding"
    assert found.headers["Content-Length"] == str(len(found.data))
    assert text_of(found) == f'"{TEXT}"'
    assert (len(found.data) < 500) is (coding is not None)


def test_small_and_other_content_is_left() -> None:
    def add(app: App) -> None:
        app.get("/small")(lambda: "x")

        @app.get("/image")
        @returns(None, media_types=("image/png",))
        def image() -> bytes:
            return b"x" * 1000

        @app.get("/none")
        def none() -> None:
            return None

        @app.get("/xml")
        @returns(None, media_types=("application/atom+xml",))
        def xml() -> bytes:
            return b"x" * 1000

    made = client(add)
    small = made.get("/small", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in small.headers
    assert small.headers["Vary"] == "Accept-Encoding"
    forced = made.get("/small", headers={"Accept-Encoding": "gzip, identity;q=0"})
    assert text_of(forced) == '"x"'
    assert forced.headers["Content-Encoding"] == "gzip"
    for path in ("/image", "/none"):
        found = made.get(path, headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in found.headers
        assert "Vary" not in found.headers
    assert made.get("/xml", headers={"Accept-Encoding": "br"}).headers["Content-Encoding"] == "br"


def test_problems_are_compressed_too() -> None:
    def add(app: App) -> None:
        @app.get("/missing")
        @raises(NotFound)
        def missing() -> None:
            raise NotFound(TEXT[:900])

    found = client(add).get("/missing", headers={"Accept-Encoding": "gzip"})
    assert found.status == 404
    assert found.headers["Content-Type"] == "application/problem+json"
    assert "some text" in text_of(found)
    unknown = client(minimum=0).get("/nowhere", headers={"Accept-Encoding": "gzip"})
    assert (unknown.status, unknown.headers["Content-Encoding"]) == (404, "gzip")


def test_head_has_the_headers_of_get() -> None:
    made = client()
    get = made.get("/", headers={"Accept-Encoding": "br"})
    head = made.head("/", headers={"Accept-Encoding": "br"})
    assert head.data == b""
    without = {**get.headers}
    del without["Content-Length"]
    assert {**head.headers} == without
    plain = made.head("/")
    assert {**plain.headers} == {**made.get("/").headers}


@pytest.mark.parametrize("coding", DECODERS)
def test_tags_of_compressed_content(coding: str) -> None:
    """A client that has compressed content can read and write with its tag."""
    from dataclasses import make_dataclass

    note = make_dataclass("Note", [("text", str), ("id", int, 0)])
    store = MemoryStore(note)
    app = App("Notes")
    app.install(Compression())
    app.install(store)
    app.add("/notes", type("Notes", (CRUDResource,), {"model": note}))
    made, accept = Client(app), {"Accept-Encoding": coding}
    made.post("/notes", json={"text": TEXT})
    plain = made.get("/notes/1").headers["ETag"]
    found = made.get("/notes/1", headers=accept)
    tag = found.headers["ETag"]
    assert tag == f'{plain[:-1]}-{coding}"'
    same = made.get("/notes/1", headers={**accept, "If-None-Match": tag})
    assert (same.status, same.headers["ETag"]) == (304, tag)
    assert "Accept-Encoding" in same.headers["Vary"]
    weak = made.get("/notes/1", headers={**accept, "If-None-Match": f"W/{tag}"})
    assert weak.status == 304
    own = made.get("/notes/1", headers={**accept, "If-None-Match": plain})
    assert (own.status, own.headers["ETag"]) == (304, plain)
    assert made.get("/notes/1", headers={"If-None-Match": tag}).status == 200
    other = made.get("/notes/1", headers={**accept, "If-None-Match": '"other", "x-gzip"'})
    assert other.status == 200
    wrong = made.patch("/notes/1", json={"text": "x"}, headers={"If-Match": f'"x-{coding}"'})
    assert wrong.status == 412
    done = made.patch("/notes/1", json={"text": "new"}, headers={"If-Match": tag})
    assert done.status == 200
    assert made.patch("/notes/1", json={"text": "x"}, headers={"If-Match": tag}).status == 412
    assert made.delete("/notes/1", headers={"If-Match": done.headers["ETag"]}).status == 204


def test_weak_tags_stay() -> None:
    def add(app: App) -> None:
        @app.route("/weak")
        class Weak(Resource):
            conditional = True

            def get(self) -> str:
                self.entity_tag = 'W/"a"'
                return TEXT

    found = client(add).get("/weak", headers={"Accept-Encoding": "gzip"})
    assert found.headers["ETag"] == 'W/"a"'
    assert found.headers["Content-Encoding"] == "gzip"


def test_ranges_are_of_the_content_itself(tmp_path: Path) -> None:
    file = tmp_path / "text.txt"
    file.write_text(TEXT)

    def add(app: App) -> None:
        @app.get("/file")
        def get() -> FileResponse:
            return FileResponse(file)

    made, accept = client(add), {"Accept-Encoding": "gzip"}
    whole = made.get("/file", headers=accept)
    assert text_of(whole) == TEXT
    part = made.get("/file", headers={**accept, "Range": "bytes=5-8"})
    assert (part.status, part.data) == (206, TEXT[5:9].encode())
    assert "Content-Encoding" not in part.headers
    assert part.headers["ETag"] != whole.headers["ETag"]
    again = made.get(
        "/file", headers={**accept, "Range": "bytes=5-8", "If-Range": whole.headers["ETag"]}
    )
    assert (again.status, text_of(again)) == (200, TEXT)
    own = made.get(
        "/file", headers={**accept, "Range": "bytes=5-8", "If-Range": part.headers["ETag"]}
    )
    assert own.status == 206


def test_large_files_are_streamed(tmp_path: Path) -> None:
    file = tmp_path / "large.txt"
    file.write_text(TEXT * 1000)

    def add(app: App) -> None:
        @app.get("/file")
        def get() -> FileResponse:
            return FileResponse(file)

    found = client(add).get("/file", headers={"Accept-Encoding": "gzip"})
    assert text_of(found) == TEXT * 1000
    assert "Content-Length" not in found.headers


def test_precompressed_files_are_not_compressed_again(tmp_path: Path) -> None:
    (tmp_path / "app.js").write_text(TEXT)
    (tmp_path / "app.js.gz").write_bytes(gzip.compress(TEXT.encode()))
    (tmp_path / "own.css").write_text(TEXT)
    os.utime(tmp_path / "app.js", (1, 1))
    made = client(lambda app: app.static("/static", tmp_path))
    accept = {"Accept-Encoding": "gzip"}
    found = made.get("/static/app.js", headers=accept)
    assert found.data == (tmp_path / "app.js.gz").read_bytes()
    assert found.headers["Vary"] == "Accept-Encoding"
    tag = found.headers["ETag"]
    same = made.get("/static/app.js", headers={**accept, "If-None-Match": tag})
    assert (same.status, same.headers["ETag"]) == (304, tag)
    assert made.get("/static/own.css", headers=accept).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Encoding": "gzip"},
        {"Cache-Control": "public, no-transform"},
        {"Repr-Digest": "sha-256=:AA==:"},
        {"Set-Cookie": "a=b"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_headers_that_forbid_it(headers: dict[str, str]) -> None:
    def add(app: App) -> None:
        @app.get("/own")
        def own() -> Response:
            return Response(TEXT, mimetype="text/plain", headers=headers)

    found = client(add).get("/own", headers={"Accept-Encoding": "gzip"})
    assert found.data == TEXT.encode()
    assert found.headers.get("Content-Encoding") == headers.get("Content-Encoding")


def test_vary_is_joined() -> None:
    def add(app: App) -> None:
        app.get("/own")(lambda: (TEXT, {"Vary": "Origin"}))
        app.get("/all")(lambda: (TEXT, {"Vary": "*"}))

    made = client(add)
    assert made.get("/own").headers["Vary"] == "Origin, Accept-Encoding"
    assert made.get("/all").headers["Vary"] == "*"


def test_secrets_of_browsers_are_not_compressed() -> None:
    """BREACH needs a browser that sends credentials by itself."""
    app = App("Secret")
    app.install(Compression())
    app.install(Sessions(keys=["k" * 32]))

    @app.get("/session")
    def session(session: Session) -> str:
        return TEXT

    @app.get("/basic", security=HTTPBasic(lambda name, password: name))
    def basic() -> str:
        return TEXT

    @app.get("/cookie", security=APIKey(cookie="key", check=lambda key: key))
    def cookie() -> str:
        return TEXT

    @app.get("/bearer", security=HTTPBearer(lambda token: token))
    def bearer() -> str:
        return TEXT

    made, accept = Client(app), {"Accept-Encoding": "gzip"}
    requests = {
        "/session": {"Cookie": "session=x"},
        "/basic": {"Authorization": "Basic YTpi"},
        "/cookie": {"Cookie": "key=k"},
    }
    for path, headers in requests.items():
        found = made.get(path, headers={**accept, **headers})
        assert found.status == 200, path
        assert "Content-Encoding" not in found.headers, path
        assert "Accept-Encoding" in found.headers["Vary"]
    found = made.get("/bearer", headers={**accept, "Authorization": "Bearer t"})
    assert found.headers["Content-Encoding"] == "gzip"
    trusting = App("Trusting")
    trusting.install(Compression(credentials=True))
    trusting.get("/", security=APIKey(cookie="key", check=lambda key: key))(lambda: TEXT)
    found = Client(trusting).get("/", headers={**accept, "Cookie": "key=k"})
    assert found.headers["Content-Encoding"] == "gzip"


def _events(app: App) -> None:
    @app.route("/events")
    class Events(EventStream):
        def get(self) -> Iterator[Event[str]]:
            for number in range(3):
                yield Event(f"event {number}")


@pytest.mark.parametrize("coding", DECODERS)
def test_each_event_is_sent_at_once(coding: str) -> None:
    app = App("Events")
    app.install(Compression())
    _events(app)
    environ = create_environ("/events", headers={"Accept-Encoding": coding})
    decoders: dict[str, Any] = {
        "gzip": lambda: zlib.decompressobj(31).decompress,
        "br": lambda: brotli.Decompressor().process,
        "zstd": lambda: zstandard.ZstdDecompressor().decompressobj().decompress,
    }
    decode, started = decoders[coding](), []
    body: Any = app(environ, lambda *arguments: started.append(arguments))
    texts = [decode(chunk) for chunk in body]
    body.close()
    assert [f"event {number}".encode() in texts[number + 1] for number in range(3)] == [True] * 3
    assert ("Content-Encoding", coding) in started[0][1]


def test_streams_are_closed_and_fail_as_without() -> None:
    closed: list[str] = []

    def add(app: App) -> None:
        @app.get("/stream")
        def stream() -> Iterator[str]:
            try:
                for _ in range(10_000):
                    yield TEXT
            finally:
                closed.append("stream")

    app = App("Streams")
    app.install(Compression())
    add(app)
    environ = create_environ("/stream", headers={"Accept-Encoding": "gzip"})
    body: Any = app(environ, lambda *arguments: None)
    next(iter(body))
    body.close()
    assert closed == ["stream"]
    found = Client(app).get("/stream", headers={"Accept-Encoding": "gzip"})
    assert text_of(found).count(TEXT) == 10_000


def test_stored_responses_are_compressed_once() -> None:
    app = App("Stored")
    app.install(Compression())

    @app.get("/", cache=Cache(60))
    def get() -> str:
        return TEXT

    made = Client(app)
    first = [made.get("/", headers={"Accept-Encoding": each}) for each in ("gzip", "br", "")]
    again = [made.get("/", headers={"Accept-Encoding": each}) for each in ("gzip", "br", "")]
    assert [text_of(each) for each in (*first, *again)] == [f'"{TEXT}"'] * 6
    assert [each.data for each in first] == [each.data for each in again]
    tags = [each.headers["ETag"] for each in again]
    assert len(set(tags)) == 3
    accept = {"Accept-Encoding": "gzip", "If-None-Match": tags[0]}
    same = made.get("/", headers=accept)
    assert (same.status, same.headers["ETag"]) == (304, tags[0])
    assert same.headers["Vary"] == "Accept-Encoding"


def test_after_response_functions_run() -> None:
    from restkit.response_callbacks import after_response

    done: list[int] = []

    def add(app: App) -> None:
        @app.get("/after")
        def after(request: Request) -> str:
            after_response(lambda: done.append(1), request)
            return TEXT

    found = client(add).get("/after", headers={"Accept-Encoding": "gzip"})
    assert text_of(found) == f'"{TEXT}"'
    assert done == [1]


def test_content_of_requests_is_not_decoded() -> None:
    """RFC 9110, section 12.5.3: the 415 says which codings are accepted."""

    def add(app: App) -> None:
        @app.route("/notes")
        class Notes(Resource):
            @takes(body={"text": fields.Str()})
            def post(self, body: dict[str, Any]) -> int:
                return 1

    made = client(add)
    found = made.post(
        "/notes",
        content=gzip.compress(b"{}"),
        headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
    )
    assert found.status == 415
    assert found.headers["Accept-Encoding"] == "identity"


def test_the_document_has_the_headers() -> None:
    document = client().get("/openapi.json").json
    headers = document["paths"]["/"]["get"]["responses"]["200"]["headers"]
    assert {"Content-Encoding", "Vary"} <= headers.keys()


def test_what_cannot_be_meant() -> None:
    app = App("Twice")
    app.install(Compression())
    with pytest.raises(DeclarationError, match="already"):
        app.install(Compression())
    for options, message in (
        ({"minimum": -1}, "number of bytes"),
        ({"codings": []}, "compresses nothing"),
        ({"codings": ["deflate"]}, "may have zstd, br, gzip"),
        ({"codings": "gzip"}, "sequence of strings"),
        ({"credentials": 1}, "must be True or False"),
    ):
        arguments: dict[str, Any] = options
        with pytest.raises(DeclarationError, match=message):
            Compression(**arguments)
