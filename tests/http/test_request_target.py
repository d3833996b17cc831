"""The host and the prefix of a request, and OPTIONS of the server."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from marshmallow import Schema, fields
from servers import free_port, serve_process
from werkzeug.test import create_environ, run_wsgi_app

from restkit import App, Request, Resource, operation
from restkit.http.request_target import VALID_HOSTS, clean_script_name, host_error
from restkit.testing import Client

ROOT = Path(__file__).parents[2]
BAD_HOSTS = [
    'evil"<x>',
    "a b",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    "user@a",
    "a" * 260,
    "a,b",
    "a:b",
    "a:99999",
    "a:-1",
    "[::1",
    "::1",
    "[g::1]",
    "\u20ac",
    "",
]
GOOD_HOSTS = [
    "a",
    "a.example",
    "A.Example:8000",
    "my_service:80",
    "127.0.0.1",
    "[::1]:8000",
    "[::ffff:1.2.3.4]",
    "a:",
]


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)


class Books(Resource):
    schema = BookSchema

    def get(self) -> list[dict[str, Any]]:
        return []

    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "id": 1}


class BookItem(Resource):
    schema = BookSchema

    def get(self, book_id: int) -> dict[str, Any]:
        return {"id": book_id, "title": "Emma"}

    def delete(self, book_id: int) -> None:
        return None


def shop() -> App:
    app = App("Shop")
    app.add("/books/", Books)
    app.add("/books/<int:book_id>", BookItem)
    return app


@pytest.mark.parametrize("host", ["[:]", "[:::]:80", "[1:2:3:4:5:6:7:8:9]", "[1.2.3.4:]", "[.:]"])
def test_brackets_hold_an_ipv6_address(host: str) -> None:
    """Python makes no URL of another one; the test client does not send it either."""
    environ = create_environ("/books/") | {"HTTP_HOST": host, "SERVER_PROTOCOL": "HTTP/1.1"}
    content, status, _ = run_wsgi_app(shop(), environ, buffered=True)
    assert status == "400 Bad Request"
    assert b"The header Host is malformed." in b"".join(content)


@pytest.mark.parametrize("host", BAD_HOSTS)
@pytest.mark.parametrize("url", ["/books/", "/books/1", "/nowhere", "/openapi.json"])
def test_a_malformed_host_is_a_bad_request(host: str, url: str) -> None:
    """Whatever the URL, a Host that is none is a 400, and is not repeated."""
    sent = host.encode().decode("latin-1")
    response = Client(shop(), raise_errors=False).get(url, environ={"HTTP_HOST": sent})
    assert response.status == 400
    assert "Host" in response.problem["detail"]
    assert "evil" not in response.text


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_a_host_is_a_name_or_an_address_with_an_optional_port(host: str) -> None:
    """Names of containers have underscores; a port may be empty (RFC 3986, section 3.2)."""
    client = Client(shop())
    assert client.get("/books/", environ={"HTTP_HOST": host}).status == 200
    assert client.get("/books/", environ={"HTTP_HOST": host}).status == 200


@pytest.mark.parametrize(("protocol", "status"), [("HTTP/1.1", 400), ("HTTP/1.0", 200)])
def test_a_missing_host(protocol: str, status: int) -> None:
    """HTTP/1.1 demands Host (RFC 9112, section 3.2); HTTP/1.0 does not know it."""

    def without(environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_HOST")
        environ["SERVER_PROTOCOL"] = protocol
        return app(environ, start_response)

    app = shop()
    assert Client(without).get("/books/").status == status


PREFIXES = [
    ("", ""),
    ("/shop", "/shop"),
    ("/shop/", "/shop"),
    ("shop", "/shop"),
    ("/a/b", "/a/b"),
    ("//evil.example", "/evil.example"),
    ("////evil.example//x", "/evil.example/x"),
    ("/\\evil.example", ""),
    ("\\\\evil.example", ""),
    ("/\tevil", ""),
    ("/a\r\nSet-Cookie: b", ""),
    ("https://evil.example", "/https:/evil.example"),
    ("/", ""),
]


@pytest.mark.parametrize(("given", "expected"), PREFIXES)
def test_a_prefix_is_cleaned(given: str, expected: str) -> None:
    """A prefix is "" or one slash and a path."""
    assert clean_script_name(given) == expected


# The validator of the suite stands before the App, and holds servers to a leading slash.
@pytest.mark.parametrize("prefix", [each for each, _ in PREFIXES if each[:1] == "/" != each])
def test_no_url_leads_to_another_host(prefix: str) -> None:
    """Location, redirects, the document's server and its pages stay on the request's host."""
    client = Client(shop(), raise_errors=False)
    environ = {"SCRIPT_NAME": prefix}
    made = client.post("/books/", json={"title": "Emma"}, environ=environ)
    moved = client.get("/books", environ=environ)
    assert made.status == 201
    assert moved.status == 308
    document = client.get("/openapi.json", environ=environ).json
    urls = [made.headers["Location"], moved.headers["Location"], document["servers"][0]["url"]]
    for url in urls:
        target = urlsplit(urljoin("http://localhost/x", url.replace("\\", "/")))
        assert target.netloc == "localhost"


def test_options_of_the_server() -> None:
    """`OPTIONS *` has the methods of all URLs, inside the App's middleware."""
    app = shop()
    seen: list[object] = []

    @app.middleware
    def watch(request: Any, proceed: Any) -> Any:
        seen.append(request.operation)
        return proceed(request)

    response = Client(app).request("OPTIONS", "*")
    assert response.status == 204
    assert response.headers["Allow"] == "DELETE, GET, HEAD, OPTIONS, POST"
    assert response.body == b""
    assert seen == [None]
    assert Client(app).request("GET", "*").status == 404


@pytest.mark.parametrize("spelling", ["01", "+1", "-0", "-1", "1.0", "1e0", "%201", "1%20", "٣"])
def test_a_number_has_one_spelling(spelling: str) -> None:
    """`/books/01` is not a second URL of `/books/1`."""
    assert Client(shop()).get(f"/books/{spelling}").status == 404
    assert Client(shop()).get("/books/1").status == 200


def test_another_spelling_may_be_anothers() -> None:
    """A text with digits goes to a pattern of text."""
    app = shop()

    @app.get("/books/<book_id>")
    @operation(documented=False)
    def by_slug(book_id: str) -> dict[str, str]:
        return {"slug": book_id}

    assert Client(app).get("/books/01").json == {"slug": "01"}
    assert Client(app).get("/books/0").json["id"] == 0


def test_numbers_of_other_patterns() -> None:
    """Fixed digits keep their zeros; floats and signed numbers have one spelling."""
    app = App("Numbers")

    @app.get("/code/<int(fixed_digits=3):code>")
    def code(code: int) -> dict[str, int]:
        return {"code": code}

    @app.get("/price/<float:price>")
    def price(price: float) -> dict[str, float]:
        return {"price": price}

    @app.get("/level/<int(signed=True):level>")
    def level(level: int) -> dict[str, int]:
        return {"level": level}

    client = Client(app)
    assert client.get("/code/007").json == {"code": 7}
    assert client.get("/price/0.5").json == {"price": 0.5}
    assert client.get("/level/-7").json == {"level": -7}
    wrong = ["/code/7", "/price/00.5", "/price/01.5", "/level/-07", "/level/-0", "/level/+7"]
    assert [client.get(url).status for url in wrong] == [404] * len(wrong)


SERVED = """\
from restkit import App

app = App("Served")


@app.get("/")
def hello():
    return {"hello": "world"}
"""


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_over_a_socket(server: str, tmp_path: Path) -> None:
    """Real servers hand malformed hosts, missing hosts and `OPTIONS *` over as they are."""
    (tmp_path / "served.py").write_text(SERVED)
    port = free_port()
    address = f"127.0.0.1:{port}"
    options = {"gunicorn": ["--bind", address], "waitress": ["--listen", address]}[server]
    command = [sys.executable, "-m", server, *options, "served:app"]
    with serve_process(command, port=port, cwd=tmp_path, environment={"PYTHONPATH": str(ROOT)}):
        assert status_of(port, "GET / HTTP/1.1", "Host: a.example") == 200
        assert status_of(port, "GET / HTTP/1.1", 'Host: evil"<x>') == 400
        assert status_of(port, "GET / HTTP/1.1") == 400
        assert status_of(port, "OPTIONS * HTTP/1.1", "Host: a.example") == 204


def status_of(port: int, *lines: str) -> int:
    """Send a request without content, and return the status."""
    sent = "\r\n".join([*lines, "Connection: close", "", ""])
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(sent.encode())
        return int(connection.recv(1000).split(b" ", 2)[1])


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("my_service", "my_service"),
        ("my_service:8000", "my_service:8000"),
        ("A.Example:80", "a.example"),
        ("a:", "a"),
        ("a:080", "a"),
        ("a:08000", "a:8000"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
    ],
)
def test_a_url_has_the_host_of_the_request(host: str, expected: str) -> None:
    """Each host that is taken stands in the URLs that are built of it, in one spelling."""
    app = App("Shop")

    @app.get("/", name="home")
    def home() -> dict[str, str]:
        return {"url": Request.current().url, "home": app.url_for("home", _external=True)}

    client = Client(app)
    found = client.get("/", environ={"HTTP_HOST": host}).json
    assert found == {"url": f"http://{expected}/", "home": f"http://{expected}/"}


@pytest.mark.parametrize(
    ("host", "is_valid"),
    [
        ("a" * 253 + ":65535", True),
        ("a" * 254 + ":65535", False),
        ("a" * 259, True),
        ("a" * 260, False),
        ("shop.example:65535", True),
        ("shop.example:65536", False),
        ("shop_1.example:65535", True),
        ("shop_1.example:65536", False),
        ("[::1]:65535", True),
        ("[::1]:65536", False),
        ("shop.example:", True),
        ("shop.example:0", True),
        ("shop.example:0x1", False),
        ("shop.example:\u0661", False),
        ("sh\u00f6p.example", False),
        ("-", True),
        (":80", False),
    ],
)
def test_the_bounds_of_a_host(host: str, is_valid: bool) -> None:
    """A host and its port have at most 259 characters, and a port at most 65535."""
    assert (host_error({"HTTP_HOST": host}) == "") is is_valid


def test_the_number_of_remembered_hosts_is_bounded() -> None:
    """Clients make up hosts, of which at most 1,000 valid ones are remembered."""
    before = VALID_HOSTS.copy()
    try:
        VALID_HOSTS.clear()
        for number in range(1100):
            assert host_error({"HTTP_HOST": f"shop{number}.example"}) == ""
        assert len(VALID_HOSTS) == 1000
        assert host_error({"HTTP_HOST": "no host"}) != ""
        assert "no host" not in VALID_HOSTS
    finally:
        VALID_HOSTS.clear()
        VALID_HOSTS.update(before)
