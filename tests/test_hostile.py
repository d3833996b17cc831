"""Hostile clients: whatever comes in, in process and over real sockets,
is answered below 500 and changes nothing.
"""

from __future__ import annotations

import gc
import io
import json
import re
import socket
import sqlite3
import sys
import threading
import time
import tracemalloc
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError, fields
from servers import free_port, serve, serve_process
from werkzeug.test import create_environ

from examples.bookstore import create_app
from examples.bookstore.models import Base
from restkit import App, takes
from restkit.sqlalchemy import Database
from restkit.testing import Client, TestResponse

MARKER = "zqPLANTEDqz"
PROBLEM = "application/problem+json"
SECONDS = 10
PLAIN = App.__call__


class Shop:
    """Is a bookstore on a file of its own, with one author, one book and its cover."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "shop.db"
        self.database = Database(f"sqlite:///{self.path}", create=Base.metadata)
        self.app = create_app(self.database)
        self.client = Client(self.app)
        self.author = {"name": "Jane Austen", "born": "1775-12-16"}
        self.book = {
            "title": "Emma",
            "author_id": 1,
            "genre": "fiction",
            "pages": 474,
            "price": "9.50",
            "tags": ["a"],
        }
        assert self.client.post("/authors", json=self.author).status == 201
        assert self.client.post("/books", json=self.book).status == 201
        cover = {"cover": ("cover.png", b"\x89PNG", "image/png")}
        assert self.client.put("/books/1/cover", files=cover).status == 204
        self.tag = self.client.get("/books/1").headers["ETag"]

    def rows(self) -> list[Any]:
        """Return everything that is stored."""
        with closing(sqlite3.connect(self.path)) as connection:
            return [
                list(connection.execute(f"select * from {table} order by 1"))
                for table in ("author", "book", "cover")
            ]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop"))
    yield shop
    shop.database.close()


@pytest.fixture
def unchanged(shop: Shop) -> Iterator[Shop]:
    before = shop.rows()
    yield shop
    assert shop.rows() == before


def ask(client: Client, method: str, path: str, environ: dict[str, Any]) -> TestResponse:
    """Send a request with keys of the environment;
    the client keeps cookies, so that one goes as a header.
    """
    cookies = {"Cookie": environ["HTTP_COOKIE"]} if "HTTP_COOKIE" in environ else {}
    return client.request(method, path, environ=environ, headers=cookies)


def refused(response: TestResponse, *statuses: int) -> None:
    """Assert that an answer is a proper refusal that echoes nothing."""
    assert 400 <= response.status < 500, response.text[:500]
    assert not statuses or response.status in statuses, response.text[:500]
    assert response.media_type == PROBLEM
    assert response.json["status"] == response.status
    assert MARKER not in response.text
    assert MARKER not in str(response.headers)
    assert len(response.body) < 64 * 1024


# content

M = MARKER.encode()
MALFORMED: dict[str, bytes] = {
    "empty": b"",
    "white space": b" \r\n\t ",
    "truncated string": b'{"name": "' + M,
    "truncated object": b'{"name": "' + M + b'",',
    "trailing text": b'{"name": "x"}' + M,
    "two values": b'{"name": "' + M + b'"} {}',
    "trailing comma": b'{"name": "' + M + b'",}',
    "single quotes": b"{'name': '" + M + b"'}",
    "comment": b'{"name": "x"} /* ' + M + b" */",
    "deep arrays": b"[" * 100_000,
    "deep arrays closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"name":' * 100_000 + b"1" + b"}" * 100_000,
    "deep inside": b'{"name": ' + b"[" * 65 + b"]" * 65 + b"}",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "1e400": b'{"name": 1e400}',
    "duplicate names": b'{"name": "' + M + b'", "name": "b"}',
    "escaped duplicate": b'{"name": "' + M + b'", "n\\u0061me": "b"}',
    "lone surrogate": b'{"name": "\\ud800' + M + b'"}',
    "raw surrogate": b'{"name": "\xed\xa0\x80' + M + b'"}',
    "escaped NUL": b'{"name": "\\u0000' + M + b'"}',
    "raw NUL": b'{"name": "\x00' + M + b'"}',
    "raw control": b'{"name": "\n' + M + b'"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "UTF-16-LE": '{"name": "x"}'.encode("utf-16-le"),
    "UTF-16-BE": '{"name": "x"}'.encode("utf-16-be"),
    "UTF-32": '{"name": "x"}'.encode("utf-32"),
    "BOM": b'\xef\xbb\xbf{"name": "x"}',
    "invalid UTF-8": b'{"name": "\xff\xfe' + M + b'"}',
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "5,000 digits": b'{"name": ' + b"9" * 5_000 + b"}",
    "5,000 digits of a fraction": b'{"name": 0.' + b"9" * 5_000 + b"}",
    "leading zero": b'{"name": 01}',
    "hexadecimal": b'{"name": 0x1}',
    "bare word": M,
    "form": b"name=" + M,
    "XML": b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    "random bytes": bytes(range(256)) * 40,
    "zip bomb": b"PK\x03\x04" + b"\0" * 10_000,
}
TOO_LARGE: dict[str, bytes] = {
    "20 MB of text": b'{"name": "' + b"x" * 20_000_000 + b'"}',
    "20 MB of brackets": b"[" * 20_000_000,
    "20 MB of digits": b"1" * 20_000_000,
    "20 MB of spaces": b" " * 20_000_000,
}
INVALID: dict[str, Any] = {
    "null": None,
    "a number": 5,
    "a text": MARKER,
    "a list": [MARKER],
    "nothing": {},
    "unknown members": {"extra": MARKER, "<script>": MARKER, "a/b~c": MARKER},
    "wrong types": {
        "name": [MARKER],
        "title": {"": MARKER},
        "author_id": MARKER,
        "genre": MARKER,
        "born": MARKER,
    },
    "too long": {"name": MARKER * 100, "title": MARKER * 100, "author_id": 1, "genre": "fiction"},
    "out of range": {
        "name": "",
        "title": "",
        "author_id": 0,
        "genre": "fiction",
        "pages": 2**63 - 1,
        "price": 1e300,
    },
    "over 64 bits": {"author_id": 1e30, "pages": 1e18, "price": "9" * 41, "name": 1},
    "impossible dates": {
        "name": "x",
        "born": "2023-02-30",
        "title": "x",
        "published": "0000-01-01",
        "genre": "fiction",
    },
    "many tags": {
        "title": "x",
        "author_id": 1,
        "genre": "fiction",
        "tags": [MARKER] * 1000,
        "name": 5,
    },
    "read-only": {"id": 5, "name": "x", "title": "x", "author_id": 1, "genre": "fiction"},
    "prototype": {"__proto__": {"a": MARKER}, "constructor": MARKER, "__class__": MARKER},
    "10,000 members": {f"n{number}": MARKER for number in range(10_000)},
}
WRITES = [
    ("POST", "/authors"),
    ("PUT", "/authors/1"),
    ("PATCH", "/authors/1"),
    ("POST", "/books"),
    ("PUT", "/books/1"),
    ("PATCH", "/books/1"),
]


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_malformed_content(unchanged: Shop, content: bytes) -> None:
    """Content that is not strict JSON is a 400 at every URL that takes JSON."""
    for method, path in WRITES:
        started = time.monotonic()
        refused(
            unchanged.client.request(
                method, path, content=content, content_type="application/json"
            ),
            400,
        )
        assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize("content", TOO_LARGE.values(), ids=TOO_LARGE)
def test_too_large_content(unchanged: Shop, content: bytes) -> None:
    """20 MB are a 413, whether they are announced or come in chunks."""
    for method, path in WRITES:
        refused(
            unchanged.client.request(
                method, path, content=content, content_type="application/json"
            ),
            413,
        )
    chunks = (content[at : at + 65536] for at in range(0, len(content), 65536))
    refused(unchanged.client.post("/books", content=chunks, content_type="application/json"), 413)


@pytest.mark.parametrize("value", INVALID.values(), ids=INVALID)
def test_invalid_content(unchanged: Shop, value: Any) -> None:
    """JSON that no schema allows is a 422 that points at names and repeats no value."""
    for method, path in WRITES:
        if (method, value) != ("PATCH", {}):
            refused(unchanged.client.request(method, path, json=value), 422)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "text/json",
        "application/xml",
        "application/json-seq",
        "application/json, application/json",
        "application/json; charset=utf-16",
        "application/json; charset=" + MARKER,
        "application/json; a=1; a=2",
        "application/*",
        "*/*",
        "/",
        ";",
        "application",
        "application/json" * 1000,
        MARKER * 1000,
        "multipart/form-data",
        "multipart/form-data; boundary=" + "x" * 5000,
        "application/x-www-form-urlencoded",
        "application/json\x00",
        "\xff\xfe",
        'application/json; charset="utf-8',
    ],
)
def test_wrong_content_types(unchanged: Shop, content_type: str) -> None:
    """A missing, foreign or garbled Content-Type is a 415."""
    for method, path in WRITES:
        content = json.dumps(unchanged.book if "books" in path else unchanged.author).encode()
        refused(
            unchanged.client.request(
                method, path, content=content, environ={"CONTENT_TYPE": content_type}
            ),
            415,
        )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"--b",
        b"--b--",
        b"--b\r\n\r\n" + M,
        b'--b\r\nContent-Disposition: form-data; name="cover"\r\n\r\n' + M,
        b'--b\r\nContent-Disposition: form-data; name="cover"; filename="x\r\n\r\n'
        + M
        + b"\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="cover"; filename="'
        + M
        + b'"\r\n\r\nx\r\n--b--\r\n',
        b'--b\r\nContent-Disposition: form-data; name="other"; filename="x"\r\n\r\n'
        + M
        + b"\r\n--b--\r\n",
        b"--b\r\n" + b"X: y\r\n" * 50_000 + b"\r\nx\r\n--b--\r\n",
        b"--b\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\nx\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="cover"\r\n\r\nx\r\n' * 5_000 + b"--b--\r\n",
        b"\r\n" * 200_000,
        b"-" * 400_000,
        b"--b\r\nContent-Disposition: " + M + b"\r\n\r\n\r\n--b--\r\n",
        (
            b'--b\r\nContent-Disposition: form-data; name="cover"; '
            b"filename*=utf-16''%ff\r\n\r\nx\r\n--b--\r\n"
        ),
        b'--b\r\nContent-Disposition: form-data; name="cover"; filename="a"\r\nContent-Type: '
        + M
        + b"\r\n\r\nx\r\n--b--\r\n",
        b'--b\r\nContent-Disposition: form-data; name="cover"; filename="a"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n!!\r\n--b--\r\n",
    ],
)
def test_malformed_uploads(unchanged: Shop, content: bytes) -> None:
    """Multipart content that is none, or has not the one part that is asked for, is refused."""
    started = time.monotonic()
    options: dict[str, Any] = {
        "content": content,
        "content_type": "multipart/form-data; boundary=b",
    }
    refused(unchanged.client.put("/books/1/cover", **options))
    assert time.monotonic() - started < SECONDS


def test_large_uploads(unchanged: Shop) -> None:
    """Files over the field's size are a 422, forms over the App's a 413."""
    put = unchanged.client.put
    refused(put("/books/1/cover", files={"cover": ("a.png", b"x" * 1_000_001, "image/png")}), 422)
    refused(
        put(
            "/books/1/cover",
            environ={"CONTENT_TYPE": "multipart/form-data; boundary=b", "CONTENT_LENGTH": "9" * 12},
        ),
        413,
    )


def test_many_form_fields_are_quick() -> None:
    """A form with 200,000 fields is refused without a long wait."""
    app = App("Form")
    app.post("/x")(takes(form={"a": fields.Str()})(lambda form: {}))
    client = Client(app)
    for content in (
        b"&".join([b"a"] * 200_000),
        b"&".join(b"n%d" % number for number in range(60_000)),
        b"&" * 400_000,
    ):
        started = time.monotonic()
        response = client.post(
            "/x", content=content, content_type="application/x-www-form-urlencoded"
        )
        assert response.status < 500
        assert time.monotonic() - started < SECONDS


# headers, queries, paths and methods, in process

HEADERS: dict[str, dict[str, str]] = {
    "100 kB of Accept": {"HTTP_ACCEPT": "text/html," * 10_000 + "*/*;q=0.1"},
    "100 kB of one type": {"HTTP_ACCEPT": "a" * 100_000},
    "100 kB of quotes": {"HTTP_ACCEPT": '"' * 100_001},
    "100 kB of backslashes": {"HTTP_ACCEPT": 'a/b;c="' + "\\" * 100_000},
    "binary Accept": {"HTTP_ACCEPT": "\x00\xff;q=\x80"},
    "odd weights": {"HTTP_ACCEPT": "application/json;q=1e5, */*;q=-1, a/b;q=nan"},
    "100 kB of If-Match": {"HTTP_IF_MATCH": '"a",' * 25_000, "HTTP_IF_NONE_MATCH": '"' * 100_000},
    "If-None-Match garbage": {
        "HTTP_IF_NONE_MATCH": "W/" * 50_000,
        "HTTP_IF_MODIFIED_SINCE": "9" * 10_000,
    },
    "dates": {
        "HTTP_IF_MODIFIED_SINCE": "Sun, 31 Feb 9999 99:99:99 GMT",
        "HTTP_IF_UNMODIFIED_SINCE": "\x00",
    },
    "cookie garbage": {"HTTP_COOKIE": ";=;a;=b;\x00=\xff;" + "a=b;" * 20_000 + '"\\'},
    "Range": {"HTTP_RANGE": "bytes=0-0,-1,5-2," + "0-," * 20_000, "HTTP_IF_RANGE": '"'},
    "Expect": {"HTTP_EXPECT": "200-ok" * 1000},
    "Prefer": {"HTTP_PREFER": "return=" + MARKER + '; a="\\' + "," * 50_000},
    "Host": {"HTTP_HOST": "a b:99999999999\x00/" + MARKER},
    "forwarded": {
        "HTTP_X_FORWARDED_HOST": MARKER,
        "HTTP_X_FORWARDED_PROTO": "\x00",
        "HTTP_FORWARDED": 'for="' * 1000,
    },
    "authorization": {"HTTP_AUTHORIZATION": "Basic " + "\xff" * 10_000},
    "override": {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE", "HTTP_X_METHOD": "DELETE"},
    "1,000 headers": {f"HTTP_X_{number}": MARKER for number in range(1000)},
    "type of a GET": {"CONTENT_TYPE": "\x00"},
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_absurd_headers(unchanged: Shop, headers: dict[str, str]) -> None:
    """Whatever a header holds, reading answers below 500,
    and unsafe methods refuse rather than guess.
    """
    for path in (
        "/books",
        "/books/1",
        "/books/1/cover",
        "/authors",
        "/nowhere",
        "/openapi.json",
        "/docs",
    ):
        for method in ("GET", "HEAD", "OPTIONS", "TRACE"):
            started = time.monotonic()
            response = ask(unchanged.client, method, path, headers)
            assert response.status < 500
            assert time.monotonic() - started < SECONDS
            assert MARKER.encode() not in response.body
            assert MARKER not in str(response.headers)
            if response.status >= 400 and method != "HEAD":
                refused(response)


@pytest.mark.parametrize(
    "condition",
    [
        {"HTTP_IF_MATCH": '"nothing"'},
        {"HTTP_IF_MATCH": "W/{tag}"},
        {"HTTP_IF_MATCH": '"a",' * 25_000},
        {"HTTP_IF_MATCH": "\x00"},
        {"HTTP_IF_MATCH": ""},
        {"HTTP_IF_MATCH": '"' * 100_000},
        {"HTTP_IF_NONE_MATCH": "*"},
        {"HTTP_IF_NONE_MATCH": ' "x" , {tag}'},
    ],
)
def test_failing_preconditions_change_nothing(unchanged: Shop, condition: dict[str, str]) -> None:
    """A precondition that is false or cannot be read stops PUT,
    PATCH and DELETE before anything is changed.
    """
    client = unchanged.client
    condition = {name: value.replace("{tag}", unchanged.tag) for name, value in condition.items()}
    for response in (
        client.put("/books/1", json={**unchanged.book, "title": MARKER}, environ=condition),
        client.patch("/books/1", json={"title": MARKER}, environ=condition),
        client.delete("/books/1", environ=condition),
    ):
        refused(response, 412)


@pytest.mark.parametrize(
    "query",
    [
        "x" * 100_000,
        "&".join(f"p{number}={MARKER}" for number in range(10_000)),
        "&".join(["tags__has=a"] * 10_000),
        "title__contains=%00",
        "title__contains=%ff",
        "title__contains=%zz%00",
        "%ff=1",
        "%00=1",
        f"title__contains[]={MARKER}",
        f"title__contains[a][b]={MARKER}",
        f"limit={MARKER}",
        "limit=1&limit=2",
        "limit=" + "9" * 5_000,
        "limit=-1",
        "limit=1e3",
        "limit=%31%00",
        "limit=\xd9\xa1",
        "pages__gte=9223372036854775808",
        "pages__gte=2147483648",
        "price__lte=1e400",
        "price__lte=NaN",
        "author_id__in=" + ",".join("1" * 101),
        "author_id__in=2147483648",
        "published__gte=2023-02-30",
        "sort=" + MARKER,
        "fields=" + MARKER,
        "fields=" + ",".join(["id"] * 100),
        "expand=cover",
        "genre__in=FICTION",
        "genre=Genre.FICTION",
        "tags__has=" + "a" * 1000,
        "tags__has=%00",
        "=",
        "?" * 1000,
        "=".join("a" * 1000),
        "\xff\xfe",
        "title__contains=\x80",
    ],
)
def test_absurd_queries(unchanged: Shop, query: str) -> None:
    """A query that is not what was declared is a 422 that names parameters, not values."""
    started = time.monotonic()
    refused(unchanged.client.get("/books", environ={"QUERY_STRING": query}), 422)
    assert time.monotonic() - started < SECONDS


@pytest.mark.parametrize(
    "path",
    [
        "/books/" + "9" * 23,
        "/books/-1",
        "/books/1.0",
        "/books/%00",
        "/books/1%00",
        "/books/%ff",
        "/books/1/cover/../../../etc/passwd",
        "/books/..%2f..%2fetc%2fpasswd",
        "/books/%D9%A1",
        "/%",
        "/%zz",
        "/" + "a/" * 5_000,
        "/" + "%2e%2e/" * 1_000,
        "/books/1;a=b",
        "/BOOKS",
        "/" + MARKER,
        "/books/1/" + MARKER,
        "/docs/..%2f..%2f..%2fetc%2fpasswd",
        "/docs/%2e%2e/%2e%2e/pyproject.toml",
        "/docs/%2fetc%2fpasswd",
        "/docs/..%5c..%5cassets.py",
        "/docs/assets.py",
        "/docs/__init__.py",
        "/docs/swagger-ui.css%00.png",
        "/docs/" + "a" * 10_000,
        "/openapi.json/",
        "/openapi.json%20",
    ],
)
def test_absurd_paths(unchanged: Shop, path: str) -> None:
    """A URL that is none of ours is a 404 problem for every method,
    the documents' folder included.
    """
    for method in ("GET", "POST", "DELETE"):
        response = unchanged.client.request(method, path)
        assert response.status in (404, 405, 308), response.text
        if response.status != 308:
            refused(response)
        assert b"root:" not in response.body


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(
    "method",
    ["get", "Get", "X" * 10_000, "GET ", "DELETE\x00", "__class__", "", "POST,GET", MARKER],
)
def test_absurd_methods(unchanged: Shop, method: str) -> None:
    """A method that the resource has not, in just that spelling, is a 405 with the full Allow."""
    response = unchanged.client.request(method, "/books/1")
    refused(response, 405)
    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"


def test_a_relaxed_shop_is_no_weaker() -> None:
    """Without strictness unknown input passes, and malformed input is refused all the same."""
    app = App("Relaxed", strict=False)
    app.post("/x")(
        takes(body={"a": fields.Int()}, query={"n": fields.Int()})(lambda body, query: body)
    )
    client = Client(app)
    assert client.post("/x?b=1", json={"a": 1, "c": MARKER}).json == {"a": 1}
    for content in MALFORMED.values():
        refused(client.post("/x", content=content, content_type="application/json"), 400, 422)
    for query in (
        "n=x",
        "n=1&n=2",
        "%ff=1",
        "n=%ff",
        "&".join(f"p{number}" for number in range(10_000)),
    ):
        refused(client.post("/x", json={"a": 1}, environ={"QUERY_STRING": query}), 422)


# what is served


@pytest.mark.parametrize(
    "name", ["HTTP_HOST", "HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_X_FORWARDED_PREFIX"]
)
def test_documents_do_not_repeat_the_host(shop: Shop, name: str) -> None:
    """No header of a request can stand in a document or a page that a cache may keep."""
    for path in ("/openapi.json", "/openapi.yaml", "/docs", "/redoc"):
        fresh = shop.client.get(path)
        forged = shop.client.get(path, environ={name: "evil.example"})
        assert "evil" not in forged.text
        assert "evil" not in str(forged.headers)
        assert forged.headers.get("ETag") == fresh.headers.get("ETag")


def test_links_hold_no_line_breaks(shop: Shop) -> None:
    """What a query says comes back in links only percent-encoded."""
    for number in range(2):
        shop.client.post("/books", json={**shop.book, "title": f"a\r\nX-Evil: {number}"})
    response = shop.client.get("/books?limit=1&title__contains=a%0d%0aX-Evil")
    assert response.headers["Link"].endswith('rel="next"')
    assert "X-Evil" not in response.headers
    assert "\n" not in response.headers["Link"]
    assert len(response.json["items"]) == 1


def test_caches_do_not_grow_with_what_clients_send() -> None:
    """Ten thousand different headers of each kind leave no memory behind."""
    app = App("Caches", contract="off")
    app.post("/x")(
        takes(body={"a": fields.Int()}, headers={"x_a": fields.Str()})(lambda body, headers: {})
    )
    environ = create_environ("/x", method="POST")

    def ask(numbers: range) -> None:
        for number in numbers:
            kind, tag = f"application/x{number}", f'"{number}"'
            content = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": "2", "wsgi.input": io.BytesIO(b"{}")}
            headers = {
                "HTTP_ACCEPT": kind,
                "HTTP_IF_MATCH": tag,
                "HTTP_X_A": kind,
                "HTTP_COOKIE": f"a{number}=b",
            }
            for path in ("/x", f"/unknown/{number}", f"/docs/{number}"):
                PLAIN(
                    app,
                    {**environ, **content, **headers, "PATH_INFO": path},
                    lambda *start: lambda data: None,
                )

    ask(range(600))
    tracemalloc.start()
    try:
        ask(range(600, 1200))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        ask(range(1200, 10_000))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100_000, grown


def test_long_names_and_values_of_bad_bodies_are_not_kept() -> None:
    """Neither an unknown name nor a message with the value of a client stays in memory."""
    app = App("Caches", contract="off")

    def refuse(value: str) -> None:
        raise ValidationError(f"{value} is taken.")

    app.post("/x")(
        takes(body={"a": fields.Str(validate=refuse), "b": fields.Dict(values=fields.Int())})(
            lambda body: {}
        )
    )
    client = Client(app)

    def ask(numbers: range) -> None:
        for number in numbers:
            text = f"{number}" + "x" * 20_000
            for body in ({text: 1}, {"a": text}, {"b": {text: "x"}}, {"a": {text: 1}}):
                assert client.post("/x", json=body).status == 422

    ask(range(20))
    tracemalloc.start()
    try:
        ask(range(20, 40))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        ask(range(40, 100))
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 100_000, grown


def test_writers_at_once_do_not_fail(tmp_path: Path) -> None:
    """Twenty threads that write the same rows at once are answered, each below 500."""
    shop = Shop(tmp_path)
    statuses: list[int] = []

    def write(number: int) -> None:
        client = Client(shop.app)
        statuses.append(client.patch("/books/1", json={"pages": number + 1}).status)
        statuses.append(client.post("/authors", json={"name": f"Author {number % 5}"}).status)
        statuses.append(client.get("/books").status)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(statuses) == 60
    assert set(statuses) <= {200, 201, 409, 412}
    assert statuses.count(201) == 5
    shop.database.close()


# over a socket


def talk(url: str, raw: bytes, *, end: bool = False) -> tuple[int, dict[str, str], bytes]:
    """Send raw bytes to a server and return status, headers and content of its answer.

    Args:
        url: The server's.
        raw: The request, as it stands on the wire.
        end: Whether the client then closes its side.
    """
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=SECONDS) as connection:
        try:
            connection.sendall(raw)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server has answered and closed already
        received = io.BytesIO()
        try:
            while data := connection.recv(65536):
                received.write(data)
        except ConnectionResetError:
            pass
    head, _, body = received.getvalue().partition(b"\r\n\r\n")
    while head.split()[1] == b"100":
        head, _, body = body.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines[1:])
    }
    return int(lines[0].split(" ")[1]), headers, body


def post(headers: bytes, body: bytes = b"", path: bytes = b"/authors") -> bytes:
    return (
        b"POST "
        + path
        + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        + headers
        + b"\r\n"
        + body
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Shop, str]]:
    shop = Shop(tmp_path_factory.mktemp("served"))
    # NOTE: not through wsgiref.validate, which raises for lengths that servers hand over as they
    # came.
    with serve(lambda environ, start_response: PLAIN(shop.app, environ, start_response)) as url:
        yield shop, url
    shop.database.close()


GOOD = b'{"name": "' + M + b'"}'
BROKEN: dict[str, tuple[bytes, bool]] = {
    "no length": (post(b"", GOOD), False),
    "length -1": (post(b"Content-Length: -1\r\n", GOOD), False),
    "length abc": (post(b"Content-Length: abc\r\n", GOOD), False),
    "length with a sign": (post(b"Content-Length: +5\r\n", GOOD), False),
    "length of 5,000 digits": (post(b"Content-Length: " + b"9" * 5000 + b"\r\n", GOOD), False),
    "length over the limit": (post(b"Content-Length: 99999999999\r\n", GOOD), False),
    "lengths that differ": (post(b"Content-Length: 5\r\nContent-Length: 6\r\n", GOOD), False),
    "length larger than sent": (post(b"Content-Length: 5000\r\n", GOOD), True),
    "length smaller than sent": (post(b"Content-Length: 5\r\n", GOOD), False),
    "chunks that are garbage": (post(b"Transfer-Encoding: chunked\r\n", b"zz\r\n" + GOOD), True),
    "chunk of negative size": (
        post(b"Transfer-Encoding: chunked\r\n", b"-5\r\nhello\r\n0\r\n\r\n"),
        True,
    ),
    "chunk of huge size": (
        post(b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffff\r\n" + GOOD),
        True,
    ),
    "chunks cut off": (post(b"Transfer-Encoding: chunked\r\n", b"5\r\nhe"), True),
    "chunks without an end": (
        post(b"Transfer-Encoding: chunked\r\n", b"15\r\n" + GOOD[:21] + b"\r\n"),
        True,
    ),
    "chunks and length": (
        post(
            b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
            b"%x\r\n%b\r\n0\r\n\r\n" % (len(GOOD), GOOD),
        ),
        True,
    ),
    "unknown transfer coding": (post(b"Transfer-Encoding: gzip\r\n", GOOD), True),
    "content coding": (
        post(b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(GOOD), GOOD),
        False,
    ),
    "Expect": (post(b"Expect: 100-continue\r\nContent-Length: 1\r\n", b"{"), False),
    "20 MB": (post(b"Content-Length: 20000000\r\n", b'{"name": "' + b"x" * 20_000_000), True),
    "100 kB of If-Match": (
        b"DELETE /books/1 HTTP/1.1\r\nHost: x\r\nIf-Match: " + b'"a",' * 10_000 + b"\r\n\r\n",
        False,
    ),
    "NUL in a path": (b"GET /books/%00 HTTP/1.1\r\nHost: x\r\n\r\n", False),
    "raw bytes in a path": (b"GET /\xff\xfe\x80 HTTP/1.1\r\nHost: x\r\n\r\n", False),
    "small method": (b"delete /books/1 HTTP/1.1\r\nHost: x\r\n\r\n", False),
    "long method": (b"X" * 5000 + b" /books/1 HTTP/1.1\r\nHost: x\r\n\r\n", False),
    "junk method": (b"G(E)T /books/1 HTTP/1.1\r\nHost: x\r\n\r\n", False),
}


@pytest.mark.parametrize(("raw", "end"), BROKEN.values(), ids=BROKEN)
def test_broken_requests_over_a_socket(server: tuple[Shop, str], raw: bytes, end: bool) -> None:
    """A request that is broken on the wire gets a problem below 500 within seconds,
    and changes nothing.
    """
    shop, url = server
    before = shop.rows()
    status, headers, body = talk(url, raw, end=end)
    assert 400 <= status < 500
    assert headers["content-type"] == PROBLEM
    assert json.loads(body)["status"] == status
    assert M not in body
    assert shop.rows() == before


SERVED: dict[str, bytes] = {
    "1,000 headers": b"GET /books HTTP/1.1\r\nHost: x\r\n"
    + b"".join(b"X-%d: y\r\n" % n for n in range(1000))
    + b"\r\n",
    "a header of 100 kB": b"GET /books HTTP/1.1\r\nHost: x\r\nAccept: "
    + b"a/b," * 25_000
    + b"\r\n\r\n",
    "a query of 100 kB": b"GET /books?title__contains="
    + b"x" * 100_000
    + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "a path of 100 kB": b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw bytes in a query": b"GET /books?title__contains=\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET /books HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /books HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "binary header": (
        b"GET /books HTTP/1.1\r\nHost: x\r\nX-A: \x00\xff\x80\r\nCookie: \xff=\x00;;\r\n\r\n"
    ),
    "folded header": b"GET /books HTTP/1.1\r\nHost: x\r\nX-A: b\r\n c\r\n\r\n",
    "header without a colon": b"GET /books HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "absolute target": b"GET http://evil.example/books HTTP/1.1\r\nHost: x\r\n\r\n",
    "two slashes": b"GET //evil.example/books HTTP/1.1\r\nHost: x\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "only a slash": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "Range": b"GET /books HTTP/1.1\r\nHost: x\r\nRange: bytes=5-2,x\r\n\r\n",
    "body of a GET": b"GET /books HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
}


@pytest.mark.parametrize("raw", SERVED.values(), ids=SERVED)
def test_odd_requests_over_a_socket(server: tuple[Shop, str], raw: bytes) -> None:
    """What the server itself may refuse is answered below 500 too,
    and never sends anybody elsewhere.
    """
    status, headers, body = talk(server[1], raw)
    assert 200 <= status < 500
    assert "evil" not in headers.get("location", "")
    assert b"evil" not in body


@pytest.fixture(scope="module")
def gunicorn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    folder, port = tmp_path_factory.mktemp("gunicorn"), free_port()
    options = (
        f"--bind 127.0.0.1:{port} --workers 1 --threads 4 --log-level error --no-control-socket"
    ).split()
    command = [sys.executable, "-m", "gunicorn", *options, "examples.bookstore:app"]
    root = Path(__file__).parents[1]
    variables = {"RESTKIT_DATABASE_URL": f"sqlite:///{folder / 'shop.db'}", "PYTHONPATH": str(root)}
    with serve_process(command, port=port, cwd=folder, environment=variables) as url:
        assert talk(url, post(LAST + b"Content-Length: 16\r\n", b'{"name": "Emma"}'))[0] == 201
        yield url, folder / "shop.db"


LAST = b"Connection: close\r\n"


def test_hostile_content_under_gunicorn(gunicorn: tuple[str, Path]) -> None:
    """What is refused in process is refused behind a server of production too:
    as a problem, and nothing is changed.
    """
    url, database = gunicorn
    contents = {
        **MALFORMED,
        **TOO_LARGE,
        **{name: json.dumps(value).encode() for name, value in INVALID.items()},
    }
    for name, content in contents.items():
        status, headers, body = talk(
            url, post(LAST + b"Content-Length: %d\r\n" % len(content), content, b"/books")
        )
        assert 400 <= status < 500, (
            name,
            status,
            body,
        )
        assert headers["content-type"] == PROBLEM, (
            name,
            status,
            body,
        )
        assert M not in body, name
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("SELECT count(*) FROM author").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM book").fetchone() == (0,)


@pytest.mark.parametrize(
    ("raw", "end"), [*BROKEN.values(), *((raw, False) for raw in SERVED.values())]
)
def test_broken_requests_under_gunicorn(gunicorn: tuple[str, Path], raw: bytes, end: bool) -> None:
    """What gunicorn refuses itself, and what it hands on, is answered below 500."""
    raw = raw.replace(b"Host: x\r\n", b"Host: x\r\n" + LAST, 1)
    assert 200 <= talk(gunicorn[0], raw, end=end)[0] < 500


def test_a_client_that_hangs_up_is_no_error(
    server: tuple[Shop, str], caplog: pytest.LogCaptureFixture
) -> None:
    """A connection that is closed before, within or after the content leaves no trace,
    and the server answers on.
    """
    shop, url = server
    parts = urlsplit(url)
    before = shop.rows()
    for raw in (
        b"",
        b"GET /bo",
        post(b"Content-Length: 500\r\n", b'{"name": "x'),
        b"GET /openapi.json HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection((parts.hostname, parts.port), timeout=SECONDS) as connection:
            connection.sendall(raw)
    assert talk(url, b"GET /books HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
    assert shop.rows() == before
    assert [record for record in caplog.records if record.name == "restkit"] == []


# fuzz

latin = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=40)
value = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.just(MARKER),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
MEMBERS = ["name", "born", "title", "author_id", "genre", "published", "pages", "price", "tags"]
PARAMETERS = [
    "limit",
    "cursor",
    "sort",
    "fields",
    "expand",
    "title__contains",
    "genre",
    "pages__gte",
    "tags__has",
]
NAMES = [*MEMBERS, *PARAMETERS]
members = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), value, max_size=6)
likely = st.fixed_dictionaries(
    {},
    optional={
        "name": st.text(max_size=210),
        "title": st.text(max_size=210),
        "author_id": st.integers(-1, 3) | value,
        "genre": st.sampled_from(["fiction", "science", "", "FICTION"]) | value,
        "published": st.dates().map(str) | st.text("0123456789-T:Z", max_size=12),
        "born": st.dates().map(str) | value,
        "pages": st.integers() | value,
        "price": st.decimals(allow_nan=True, allow_infinity=True).map(str) | st.floats() | value,
        "tags": st.lists(st.text(max_size=35), max_size=12) | value,
    },
)
bodies = st.one_of(
    st.binary(max_size=200),
    (likely | members | value).map(lambda data: json.dumps(data).encode()),
    likely.map(lambda data: json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")),
)
queries = st.one_of(
    latin,
    st.lists(
        st.tuples(st.sampled_from(NAMES) | latin, latin | st.integers().map(str)), max_size=5
    ).map(lambda pairs: "&".join(f"{name}={text}" for name, text in pairs)),
)
header_names = st.one_of(
    st.sampled_from(
        ["ACCEPT", "COOKIE", "PREFER", "RANGE", "HOST", "AUTHORIZATION", "EXPECT", "ORIGIN"]
    ),
    st.sampled_from(["IF_MATCH", "IF_NONE_MATCH", "IF_MODIFIED_SINCE", "IF_UNMODIFIED_SINCE"]),
    st.sampled_from(["CONTENT_ENCODING", "TRANSFER_ENCODING", "X_FORWARDED_FOR"]),
).map("HTTP_{}".format)
kinds = st.sampled_from(
    [
        "application/json",
        "application/merge-patch+json",
        "application/json-patch+json",
        "multipart/form-data; boundary=b",
        "application/x-www-form-urlencoded",
        "",
    ]
)


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("fuzzed"))
    yield shop
    shop.database.close()


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    at=st.integers(0, 10**6),
    number=st.integers(0, 2) | st.integers(),
    method=st.sampled_from([None, None, None, "HEAD", "OPTIONS", "DELETE"]) | latin,
    body=bodies,
    query=st.just("") | queries,
    headers=st.dictionaries(
        header_names,
        latin | st.sampled_from(['"1"', "*", "*/*", "chunked", "gzip", "return=minimal"]),
        max_size=3,
    ),
    kind=kinds | latin,
    length=st.none() | st.sampled_from(["0", "1", "-1", "1000"]) | latin,
)
def test_random_requests_keep_the_contract(
    fuzzed: Shop,
    at: int,
    number: int,
    method: str | None,
    body: bytes,
    query: str,
    headers: dict[str, str],
    kind: str,
    length: str | None,
) -> None:
    """Random requests to every operation are answered below 500 and as their Operation says."""
    operations = fuzzed.app.operations()
    operation = operations[at % len(operations)]
    path = re.sub(r"\{\w+\}", str(number), operation.path)
    environ: dict[str, Any] = {"QUERY_STRING": query, "CONTENT_TYPE": kind, **headers}
    environ["CONTENT_LENGTH"] = str(len(body)) if length is None else length
    environ["wsgi.input"] = io.BytesIO(body)
    client = Client(lambda environ, start_response: PLAIN(fuzzed.app, environ, start_response))
    response = ask(client, method or operation.method, path, environ)
    assert response.status < 500
    if response.status >= 400:
        assert response.media_type == PROBLEM
        assert MARKER not in response.text
