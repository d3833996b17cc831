"""The document and its pages over HTTP."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml
from marshmallow import Schema, fields
from openapi_spec_validator import validate

from restkit import App, NotFound, Resource, operation, raises, returns, takes
from restkit.openapi import build
from restkit.testing import Client

_KINDS = {"text/css; charset=utf-8", "text/javascript; charset=utf-8", "image/png"}


class BookSchema(Schema):
    title = fields.Str(required=True)


class Books(Resource):
    schema = BookSchema

    def get(self) -> list[Any]:
        """List <the> books."""
        return []

    def post(self, body: Any) -> Any:
        return body


def _app(**options: Any) -> App:
    app = App("Books & <more>", version="1.0", **options)
    app.add("/books", Books)
    return app


def _client(**options: Any) -> Client:
    return Client(_app(**options))


def test_the_document_is_served_as_json() -> None:
    """It is the document that build() makes, with an entity tag, to be asked again each time."""
    response = _client().get("/openapi.json")
    assert response.status == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["ETag"].startswith('"')
    document = json.loads(response.body)
    assert document == build(_app())
    validate(document)


def test_the_document_is_served_as_yaml() -> None:
    """The media type is application/yaml (RFC 9512), and the document the same."""
    client = _client()
    response = client.get("/openapi.yaml")
    assert response.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(response.text) == json.loads(client.get("/openapi.json").body)


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
def test_a_document_that_is_known_is_not_sent_again(path: str) -> None:
    """If-None-Match with its entity tag is a 304."""
    client = _client()
    tag = client.get(path).headers["ETag"]
    response = client.get(path, headers={"If-None-Match": tag})
    assert response.status == 304
    assert response.body == b""
    assert response.headers["ETag"] == tag


def test_no_other_host_may_read_the_document_by_default() -> None:
    """Whether scripts of other origins may read it is for the CORS settings to say."""
    assert "Access-Control-Allow-Origin" not in _client().get("/openapi.json").headers


def test_a_document_has_the_version_that_is_set() -> None:
    """The setting openapi_version says which."""
    document = json.loads(_client(openapi_version="3.0.4").get("/openapi.json").body)
    assert document["openapi"] == "3.0.4"


def test_a_mounted_app_serves_its_own_document() -> None:
    """Its server is the prefix; the App above serves all."""
    whole = App("Whole")
    whole.mount("/shop", _app())
    client = Client(whole)
    below = json.loads(client.get("/shop/openapi.json").body)
    assert list(below["paths"]) == ["/books"]
    assert below["servers"] == [{"url": "/shop"}]
    above = json.loads(client.get("/openapi.json").body)
    assert list(above["paths"]) == ["/shop/books"]
    assert above["servers"] == [{"url": "/"}]


def test_urls_can_be_moved_and_turned_off() -> None:
    """Each has a setting; without a document there is no page."""
    moved = _client(openapi_url="/api/spec.json", docs_url="/api/ui", scalar_url=None)
    assert moved.get("/api/spec.yaml").status == 200
    assert 'data-document="/api/spec.json"' in moved.get("/api/ui").text
    assert (
        moved.get("/docs").status
        == moved.get("/scalar").status
        == moved.get("/openapi.json").status
        == 404
    )
    off = _client(openapi_url=None)
    assert (
        off.get("/openapi.json").status
        == off.get("/docs").status
        == off.get("/scalar").status
        == 404
    )


@pytest.mark.parametrize(
    ("path", "styles"), [("/docs", "'self'"), ("/scalar", "'self' 'unsafe-inline'")]
)
def test_the_page_loads_everything_from_this_server(path: str, styles: str) -> None:
    """No URL on it has a host, no script stands in it, and the policy holds it to that."""
    response = _client().get(path)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "connect-src 'self';" in policy
    assert f"style-src {styles};" in policy
    assert "://" not in response.text
    assert re.findall(r"<script(?! src=)", response.text) == []
    assert "onload" not in response.text


@pytest.mark.parametrize(
    ("path", "files", "kinds"), [("/docs", 5, _KINDS), ("/scalar", 3, _KINDS - {"image/png"})]
)
def test_what_the_page_refers_to_is_there(path: str, files: int, kinds: set[str]) -> None:
    """Style sheets, scripts and the icon have their media types, an entity tag,
    and may be kept for long.
    """
    client = _client()
    page = client.get(path).text
    found = re.findall(rf'(?:src|href)="({path}/[^"]+)"', page)
    assert len(found) == files
    for url in found:
        response = client.get(url)
        assert response.status == 200
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert client.get(url, headers={"If-None-Match": response.headers["ETag"]}).status == 304
    assert {client.get(url).headers["Content-Type"] for url in found} == kinds


def test_the_script_takes_no_orders_from_the_url() -> None:
    """No other document can be shown on this page, and no other host is asked for a badge."""
    client = _client()
    found = re.search(r'src="([^"]+swagger-start\.js)"', client.get("/docs").text)
    assert found is not None
    script = client.get(found[1]).text
    assert "queryConfigEnabled: false" in script
    assert "validatorUrl: null" in script
    assert "deepLinking: true" in script


@pytest.mark.parametrize(
    "filename",
    [
        "swagger-ui.js",
        "LICENSE",
        "..%2f__init__.py",
        "%2e%2e",
        "swagger-ui.css%00",
        "",
        "page.css/x",
    ],
)
def test_other_files_are_not_there(filename: str) -> None:
    """Only a fixed list of names is served, so no path leads out."""
    client = _client()
    found = re.search(r'href="(/docs/[^/]+/)page\.css"', client.get("/docs").text)
    assert found is not None
    assert client.get(found[1] + filename).status == 404
    assert client.get("/docs/another/page.css").status == 404


def test_names_are_escaped() -> None:
    """What an App calls itself is text, not markup."""
    for path in ("/docs", "/scalar"):
        text = _client().get(path).text
        assert "<title>Books &amp; &lt;more&gt;</title>" in text


def test_the_page_may_ask_the_servers_of_the_document() -> None:
    """Their origins stand in the policy, those that are none do not."""
    servers = [
        "https://api.example.org/v1",
        "/here",
        "https://{tenant}.example.org",
        "ftp://example.org",
    ]
    policy = _client(servers=servers).get("/docs").headers["Content-Security-Policy"]
    assert "connect-src 'self' https://api.example.org;" in policy


def test_below_another_root_the_urls_have_that_root() -> None:
    """SCRIPT_NAME stands before the page's own URLs and in the document's server."""
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/below",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
    }
    environ |= {"SERVER_PROTOCOL": "HTTP/1.1", "QUERY_STRING": ""}
    text = _get(_app(), {**environ, "PATH_INFO": "/docs"})
    assert 'data-document="/below/openapi.json"' in text
    assert 'src="/below/docs/' in text
    assert json.loads(_get(_app(), {**environ, "PATH_INFO": "/openapi.json"}))["servers"] == [
        {"url": "/below"}
    ]


def _get(app: App, environ: dict[str, Any]) -> str:
    from io import BytesIO
    from wsgiref.util import setup_testing_defaults

    environ["wsgi.input"] = BytesIO()
    environ["wsgi.errors"] = sys.stderr
    setup_testing_defaults(environ)
    # of the test
    result = app(environ, lambda status, headers, exc_info=None: lambda data: None)  # type: ignore[arg-type]
    try:
        return b"".join(result).decode()
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()


_NOT_INSTALLED = """
import sys
sys.modules[sys.argv[1]] = None  # what the import system takes for "not installed"
from restkit import App
from restkit.testing import Client

class Late:
    def __str__(self): return "Late"
    def __getattr__(self, name): return getattr("Late", name)

app = App("Plain")
late = App("Late", description=Late())

@app.get("/hello")
def hello():
    '''Say <hello>.'''
    return {}

client = Client(app)
response = client.get(sys.argv[2])
other = client.get(sys.argv[3])
policy = response.headers["Content-Security-Policy"]
print(response.status, "script-src" in policy, "<script" in response.text, "<script" in other.text)
print(Client(late).get(sys.argv[2]).headers.get("Vary"), response.headers.get("Vary"))
print(response.text)
"""


@pytest.mark.parametrize(
    ("package", "path", "other", "name"),
    [("swagger_ui", "/docs", "/scalar", "Swagger UI"), ("offapi", "/scalar", "/docs", "Scalar")],
)
def test_without_its_package_a_page_is_plain(
    package: str, path: str, other: str, name: str
) -> None:
    """It says what to install, lists the operations, has no script,
    and the other page has what it needs.
    """
    command = [sys.executable, "-c", _NOT_INSTALLED, package, path, other]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, _, text = done.stdout.partition("\n")
    assert first.split() == ["200", "False", "False", "True"], done.stdout
    # A page with lazy texts, and one without.
    assert text.startswith("Accept-Language, Cookie None\n")
    assert f"For {name} on this page: <code>pip install 'restkit[swagger]'</code>" in text
    assert "<b>GET</b> /hello" in text
    assert "Say &lt;hello&gt;." in text


def test_the_packages_of_the_pages_are_not_imported() -> None:
    """They are located: the one is glue to web frameworks, the other reads all its files."""
    program = """
import sys
from restkit import App
from restkit.testing import Client
client = Client(App("Empty"))
client.get("/docs")
client.get("/scalar")
print(*(name in sys.modules for name in ("swagger_ui", "offapi", "jinja2")))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False", "False"]


def test_a_document_is_printed_once_for_each_place() -> None:
    """The document is built once for a form and a root, and anew when many roots came between."""
    app, builds = App("Shop"), []

    @app.document_hook
    def count(document: dict[str, Any]) -> None:
        builds.append(document)

    def get(root: str, url: str = "/openapi.json") -> None:
        client = Client(app, base_url=f"http://localhost{root}")
        assert client.get(url).status == 200

    for url in ("/openapi.json", "/openapi.yaml", "/openapi.json", "/openapi.yaml"):
        get("", url)
    before = len(builds)
    get("")
    assert len(builds) == before
    get("/1")
    once = len(builds) - before
    for root in range(2, 15):
        get(f"/{root}")
    assert len(builds) == before + 14 * once
    get("")
    assert len(builds) == before + 14 * once
    get("/15")
    get("")
    assert len(builds) == before + 16 * once


class NoteSchema(Schema):
    text = fields.Str()


@pytest.mark.parametrize(("path", "name"), [("/docs", "Swagger UI"), ("/scalar", "Scalar")])
def test_a_plain_page_lists_every_operation(
    monkeypatch: pytest.MonkeyPatch, path: str, name: str
) -> None:
    """With parameters, responses and what is deprecated, in the order of the document."""
    for each in ("has_swagger_ui", "has_scalar"):
        monkeypatch.setattr(f"restkit.openapi.pages.{each}", lambda: False)
    app = App("Plain <App>")

    @app.get("/notes/<int:number>")
    @takes(headers={"X-Trace": fields.Str(metadata={"description": "A <trace>."})})
    @returns(NoteSchema, description="The <note>.")
    @raises(NotFound)
    def note(number: int, headers: dict[str, str]) -> dict[str, str]:
        """Read a note.

        Also an <old> one.
        """
        return {}

    @app.delete("/notes/<int:number>")
    @operation(deprecated=True)
    def remove(number: int) -> None:
        """Remove a note."""

    page = Client(app).get(path)
    assert page.status == 200
    assert "script-src" not in page.headers["Content-Security-Policy"]
    assert f"For {name} on this page" in page.text
    heads = re.findall(r"<h3 id=\"(\w+)\"(.*?)><b>(\w+)</b> (.*?)</h3>", page.text)
    assert heads == [
        ("note", "", "GET", "/notes/{number}"),
        ("remove", ' class="deprecated"', "DELETE", "/notes/{number}"),
    ]
    assert "<p>Read a note. Also an &lt;old&gt; one.</p>" in page.text
    assert "<p>Remove a note.</p>" in page.text
    rows = re.findall("<tr><th>(.*?)</th><td>(.*?)</td></tr>", page.text)
    assert ("<code>number</code>", "path. ") in rows
    assert ("<code>X-Trace</code>", "header. A &lt;trace&gt;.") in rows
    assert ("200", "The &lt;note&gt;.") in rows
    assert [status for status, _ in rows].count("404") >= 1


@pytest.mark.parametrize(
    ("server", "origin"),
    [
        ("https://api.example", "https://api.example"),
        ("https://api.example:8443/v1", "https://api.example:8443"),
        ({"url": "http://api.example/v1"}, "http://api.example"),
        ("/v1", ""),
        ("ftp://api.example", ""),
        ("https://api.example; script-src *", ""),
        ("https://{name}.example", ""),
        ({"url": "https://api.example' 'unsafe-inline"}, ""),
    ],
)
def test_the_policy_has_the_origins_of_servers(server: Any, origin: str) -> None:
    """Each once, and nothing that would be a directive of its own."""
    app = App("A", servers=[server, server])
    policy = Client(app).get("/docs").headers["Content-Security-Policy"]
    rules = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    assert rules["connect-src"] == f"'self' {origin}".strip()
    assert rules["script-src"] == "'self'"
    assert rules["default-src"] == "'none'"
