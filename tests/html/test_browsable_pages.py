"""Browsable pages: the response of a JSON resource as a page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import pytest
from marshmallow import Schema, fields, validate
from parsed_pages import HTML, Parsed
from sqlalchemy import ForeignKey, String, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import restkit
from restkit import App, NotFound, Resource, Response, raises, returns
from restkit.crud import CRUDResource, MemoryStore
from restkit.html import Templates
from restkit.openapi import build
from restkit.sqlalchemy import Database
from restkit.testing import Client

JSON = "application/json"
PAGES = Path(restkit.__file__).parent / "html" / "pages" / "browsable"


@dataclass
class Author:
    name: str
    id: int = 0


@dataclass
class Book:
    title: str
    author_id: int
    site: str | None = None
    id: int = 0


class Base(DeclarativeBase):
    """The tables."""


class Shelf(Base):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))


class Copy(Base):
    __tablename__ = "copy"

    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))


class AuthorSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    author_id = fields.Int(required=True)
    site = fields.Str(allow_none=True)


def shop(**settings: Any) -> App:
    """Return an App with two collections."""
    app = App("Shop", version="1.2", **{"browsable": "always", **settings})

    class Authors(CRUDResource[Author]):
        """People who write."""

        store = MemoryStore(Author)
        schema = AuthorSchema

    class Books(CRUDResource[Book]):
        """What is on the shelves."""

        store = MemoryStore(Book)
        schema = BookSchema
        filters = ("title",)
        sorts = ("title",)

    app.add("/authors", Authors)
    app.add("/books", Books)
    return app


@pytest.fixture
def client() -> Client:
    """Return a client of a shop with an author and three books."""
    client = Client(shop())
    client.post("/authors", json={"name": "Le Guin"})
    for title in ("A", "B", "C"):
        client.post("/books", json={"title": title, "author_id": 1})
    return client


def hrefs(page: str) -> list[str]:
    return [str(each["href"]) for each in Parsed(page).all("a")]


# which requests get a page


PAGE, PROBLEM = "text/html; charset=utf-8", "application/problem+json"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html", PAGE),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", PAGE),
        ("text/html;q=0.5", PAGE),
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("application/json, text/html", JSON),
        ("*/*, text/html", JSON),
        ("text/html;q=0.4, application/json;q=0.5", JSON),
        ("text/html;q=0, */*", JSON),
        ("image/avif,image/webp,*/*;q=0.8", JSON),
        ("text/*", PROBLEM),
        ("application/xhtml+xml, text/html", PROBLEM),
        ("text/html " * 100, JSON),
    ],
)
def test_only_a_request_with_html_first_gets_a_page(
    client: Client, accept: str | None, media_type: str
) -> None:
    """Any other client gets JSON, or a 406 as before; Vary says that Accept decides."""
    headers = {} if accept is None else {"Accept": accept}
    response = client.get("/books/1", headers=headers)
    assert response.headers["Content-Type"] == media_type
    assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    ("browsable", "debug", "is_page"),
    [
        (False, False, False),
        (False, True, False),
        (True, False, False),
        (True, True, True),
        ("always", False, True),
    ],
)
def test_pages_are_off_in_production(
    browsable: bool | Literal["always"], debug: bool, is_page: bool
) -> None:
    """``browsable=True`` needs debug; "always" does not."""
    client = Client(shop(browsable=browsable, debug=debug))
    response = client.get("/books", headers={"Accept": "text/html, application/json;q=0.9"})
    assert response.status == 200
    assert response.headers["Content-Type"] == (PAGE if is_page else JSON)
    assert ("Accept" in response.headers["Vary"]) is True


def test_a_setting_says_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """RESTKIT_BROWSABLE=always, and a word that is none stops the start."""
    monkeypatch.setenv("RESTKIT_BROWSABLE", "always")
    assert App("Shop").settings.is_browsable
    monkeypatch.setenv("RESTKIT_BROWSABLE", "sometimes")
    with pytest.raises(restkit.SettingError, match="RESTKIT_BROWSABLE"):
        App("Shop")


def test_an_app_without_pages_loads_nothing_of_them() -> None:
    """Neither Jinja nor the modules of the pages are loaded."""
    program = """
import sys
from restkit import App
from restkit.testing import Client
app = App("Shop", browsable=True)
@app.get("/")
def read():
    return {"a": 1}
client = Client(app)
assert client.get("/", headers={"Accept": "text/html, */*;q=0.1"}).json == {"a": 1}
print([each for each in sys.modules if "browsable" in each or each == "jinja2"])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_mounted_apps_decide_themselves() -> None:
    """An App has pages if its own settings say so, wherever it is mounted."""
    outer, inner = App("Outer"), App("Inner", browsable="always")
    outer.get("/plain")(_hello)
    inner.get("/page")(_hello)
    outer.mount("/inner", inner)
    client = Client(outer)
    assert client.get("/inner/page", headers=HTML).headers["Content-Type"].startswith("text/html")
    assert client.get("/plain", headers=HTML).headers["Content-Type"] == JSON
    assert client.get("/nothing", headers=HTML).headers["Content-Type"].endswith("+json")
    assert client.get("/inner/nothing", headers=HTML).headers["Content-Type"].startswith("text/h")


def _hello() -> dict[str, str]:
    return {"hello": "world"}


# the document


def test_pages_are_in_the_document_and_pass_the_contract_check(client: Client) -> None:
    """Each response that may be a page has text/html, a 204 as 200; without pages none has."""
    paths = build(shop())["paths"]
    for path, method in (("/books", "get"), ("/books", "post"), ("/books/{id}", "patch")):
        responses = paths[path][method]["responses"]
        for status, response in responses.items():
            if "$ref" not in response and status not in ("204", "304"):
                assert "text/html" in response["content"], (path, method, status)
    assert paths["/books/{id}"]["delete"]["responses"]["200"]["content"].keys() == {"text/html"}
    assert "_method=DELETE" in paths["/books/{id}"]["delete"]["description"]
    assert "text/html" not in str(build(shop(browsable=True)))


# the page


def test_the_page_has_the_skeleton_that_assistive_technology_needs(client: Client) -> None:
    """Language, title, one h1, one main, a link that skips to it, and no positive tabindex."""
    page = Parsed(client.get("/books/1", headers=HTML).text)
    assert page.all("html")[0]["lang"] == "en"
    assert page.all("title")[0].text == "GET /books/1 · Shop"
    assert [len(page.all(each)) for each in ("h1", "main")] == [1, 1]
    [main] = page.all("main")
    assert page.all("a")[0]["href"] == f"#{main['id']}"
    assert all(each.attributes.get("tabindex") in (None, "0", "-1") for each in page.elements)
    ids = [each["id"] for each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))


def test_pages_have_a_strict_policy_and_no_script(client: Client) -> None:
    """No script at all, no inline style, own files below 40 kB, nothing from another host."""
    response = client.get("/books/1", headers=HTML)
    policy = response.headers["Content-Security-Policy"]
    assert policy == (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=", response.text)
    assert sum(each.stat().st_size for each in PAGES.rglob("*.*")) < 40_000
    [style] = [
        str(each["href"])
        for each in Parsed(response.text).elements
        if each.tag == "link" and each["rel"] == "stylesheet"
    ]
    sheet = client.get(style)
    assert sheet.status == 200
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in sheet.headers["Cache-Control"]
    assert "url(" not in sheet.text
    assert client.get("/_browsable/style.00000000.css").status == 404


class _Text(HTMLParser):
    """The texts of the elements of a class."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text = ""
        self._is_in = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_in = self._is_in or (tag == "pre" and ("id", "body") in attrs)

    def handle_endtag(self, tag: str) -> None:
        self._is_in = self._is_in and tag != "pre"

    def handle_data(self, data: str) -> None:
        self.text += data if self._is_in else ""


def test_the_page_shows_the_response(client: Client) -> None:
    """Status, media type, size, time, headers, and the JSON with all its values."""
    response = client.get("/books/1", headers=HTML)
    assert json.loads(_Text(response.text).text) == client.get("/books/1").json
    page = Parsed(response.text)
    assert page.all("h2")[0].text == "200 OK"
    facts = next(each.text for each in page.all("p") if each.attributes.get("class") == "facts")
    assert re.fullmatch(r"application/json, \d+ bytes, \d+\.\d ms", facts)
    names = [each.text for each in page.all("dt")]
    assert "ETag" in names
    assert response.headers["ETag"] == client.get("/books/1").headers["ETag"]


@pytest.mark.parametrize(("url", "status"), [("/books/99", 404), ("/nothing", 404)])
def test_problems_are_pages_with_their_status(client: Client, url: str, status: int) -> None:
    """Unknown items and unknown URLs too; the page has what the JSON says."""
    response = client.get(url, headers=HTML)
    assert response.status == status
    assert client.get(url).json["detail"] in _Text(response.text).text


@pytest.mark.parametrize(
    "query", ["\xff", "title=\xff", "%FF=1", "&" * 2000, "a=b&" * 2000, "title=%00"]
)
def test_queries_that_are_none_are_pages_too(client: Client, query: str) -> None:
    """Bytes that are no UTF-8, and too many names: the page has the problem of the API."""
    response = client.get("/books", headers=HTML, environ={"QUERY_STRING": query})
    assert response.headers["Content-Type"] == PAGE
    api = client.get("/books", environ={"QUERY_STRING": query})
    assert response.status == api.status


def test_redirects_and_files_are_no_pages() -> None:
    """A browser follows a redirect; a resource with HTML of its own stays as it is."""
    app = App("Shop", browsable="always")

    @app.get("/old/")
    def old() -> dict[str, str]:
        return {}

    @app.get("/own")
    @returns(media_types=("text/html",))
    def own() -> str:
        return "<p>own</p>"

    @app.get("/any")
    @returns(media_types=("*/*",))
    def anything() -> Response:
        return Response(b"a", mimetype="text/plain")

    client = Client(app)
    assert client.get("/old", headers=HTML).status == 308
    assert client.get("/own", headers=HTML).text == "<p>own</p>"
    assert client.get("/any", headers=HTML).text == "a"
    assert client.get("/openapi.json", headers=HTML).headers["Content-Type"] == JSON
    assert client.get("/docs", headers=HTML).status == 200


def test_links_lead_to_items_related_items_and_other_pages(client: Client) -> None:
    """Of a list: each item, what its members refer to, and the next page."""
    page = client.get("/books?limit=2", headers=HTML).text
    found = hrefs(page)
    assert {"/books/1", "/books/2", "/docs"} <= set(found)
    [following] = [each.url for each in _links(page) if each.text == "next"]
    assert "/books/3" in hrefs(client.get(following, headers=HTML).text)


@dataclass
class _Named:
    text: str
    url: str


def _links(page: str) -> list[_Named]:
    return [_Named(each.text, str(each["href"])) for each in Parsed(page).all("a")]


def test_members_that_name_items_are_links() -> None:
    """A member with the name of the variable of another URL, and paths that can be read."""
    app = App("Shop", browsable="always")

    @app.get("/authors/<int:author_id>")
    def author(author_id: int) -> dict[str, int]:
        return {"id": author_id}

    @app.get("/books/<int:book_id>")
    def book(book_id: int) -> dict[str, Any]:
        return {
            "author_id": 7,
            "cover": "/authors/8",
            "missing": "/nowhere",
            "site": "https://example.com/a",
            "bad": "javascript:alert(1)",
            "worse": "https://a\x01b",
            "host": "//evil.example/authors/8",
        }

    page = Client(app).get("/books/1", headers=HTML).text
    found = hrefs(page)
    assert {"/authors/7", "/authors/8", "https://example.com/a"} <= set(found)
    assert not [each for each in found if "evil" in each or "nowhere" in each or "java" in each]
    assert 'href="https://example.com/a" rel="noreferrer"' in page


def test_members_of_objects_inside_lead_to_their_own_items() -> None:
    """The id of an author inside a book is that of an author, and not of a book."""
    app = App("Shop", browsable="always")

    @app.get("/books")
    def books() -> dict[str, Any]:
        author = {"id": 7, "name": "A", "books": [{"id": 3}]}
        return {"items": [{"id": 1, "author": author, "other": {"id": 5}}]}

    @app.get("/books/<int:id>")
    def book(id: int) -> dict[str, Any]:
        return {"id": id}

    @app.get("/authors/<int:id>")
    def author(id: int) -> dict[str, Any]:
        return {"id": id}

    found = hrefs(Client(app).get("/books", headers=HTML).text)
    assert {"/books/1", "/authors/7", "/books/3"} <= set(found)
    assert not {"/books/7", "/books/5", "/authors/5"} & set(found)


def test_a_page_makes_no_other_calls() -> None:
    """The method runs once for a page, as for JSON, and no other method does."""
    calls: list[str] = []
    app = App("Shop", browsable="always")

    @app.route("/books")
    class Books(Resource):
        def get(self) -> dict[str, int]:
            calls.append("get")
            return {"id": 1}

        def delete(self) -> None:
            calls.append("delete")

    assert Client(app).get("/books", headers=HTML).status == 200
    assert calls == ["get"]


def test_a_page_has_the_statements_of_the_json() -> None:
    """Lists and items with related rows: as many statements as an API client causes."""
    database = Database("sqlite://", create=Base.metadata)
    app = App("Shop", browsable="always")
    app.install(database)

    class Shelves(CRUDResource[Shelf]):
        model = Shelf

    class Copies(CRUDResource[Copy]):
        model = Copy

    app.add("/shelves", Shelves)
    app.add("/copies", Copies)
    client = Client(app)
    assert client.post("/shelves", json={"name": "A"}).status == 201
    for _ in range(3):
        assert client.post("/copies", json={"shelf_id": 1}).status == 201
    counts: list[list[str]] = []
    for headers in ({}, HTML, {}, HTML):
        seen: list[str] = []

        def note(*given: Any, seen: list[str] = seen) -> None:
            seen.append(str(given[2]))

        event.listen(database.engine, "before_cursor_execute", note)
        for url in ("/copies", "/copies/1"):
            assert client.get(url, headers=headers).status == 200
        event.remove(database.engine, "before_cursor_execute", note)
        counts.append(seen)
    assert counts[2]
    assert counts[3] == counts[2]
    database.close()


def test_a_page_that_fails_is_json(caplog: pytest.LogCaptureFixture) -> None:
    """The response of a GET is sent without its page; a form is not sent twice."""
    app = App("Shop", browsable="always")
    calls: list[str] = []

    @app.route("/things")
    class Things(Resource):
        def get(self) -> dict[str, int]:
            return {"a": 1}

        def post(self) -> dict[str, int]:
            calls.append("post")
            return {"a": 2}

    class Broken(Templates):
        @property
        def environment(self) -> Any:
            raise LookupError("no templates")

    app.install(Broken())
    client = Client(app, contract=False)
    assert client.get("/things", headers=HTML).json == {"a": 1}
    assert client.post("/things", data={}, headers=HTML).status == 500
    assert calls == ["post"]
    assert "The page of /things failed" in caplog.text


def test_head_of_a_page_has_its_headers_alone(client: Client) -> None:
    """HEAD is the page without content."""
    response = client.head("/books/1", headers=HTML)
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert response.body == b""


def test_the_raw_response_is_a_link(client: Client) -> None:
    """The link has the bytes and the media type of the API."""
    page = client.get("/books/1", headers=HTML).text
    raw = next(each.url for each in _links(page) if each.text == "Raw response")
    response = client.get(raw, headers=HTML)
    assert response.headers["Content-Type"] == JSON
    assert response.body == client.get("/books/1").body


def test_conditions_of_the_browser_are_about_the_page(client: Client) -> None:
    """A page is never a 304 of the JSON that it shows."""
    tag = client.get("/books/1").headers["ETag"]
    response = client.get("/books/1", headers={**HTML, "If-None-Match": tag})
    assert response.status == 200


@pytest.mark.parametrize(
    ("content", "media_type", "shown"),
    [
        (b"x" * 300_000, "text/plain", "The rest is not shown"),
        (b"x" * 3_000_000, "text/plain", "The rest is not shown"),
        (b"\x89PNG\0" * 10, "image/png", "The content is not shown"),
        (b"a,b\r\n1,2\r\n", "text/csv", "a,b"),
    ],
)
def test_large_and_binary_content_is_cut_with_a_link(
    content: bytes, media_type: str, shown: str
) -> None:
    """The page stays small, says so, and leads to the whole."""
    app = App("Shop", browsable="always")

    @app.get("/content")
    @returns(media_types=(media_type,))
    def read() -> bytes:
        return content

    client = Client(app)
    response = client.get("/content", headers=HTML)
    assert shown in response.text
    assert len(response.text) < 130_000
    raw = next(each.url for each in _links(response.text) if each.text == "Raw response")
    assert client.get(raw, headers=HTML).body == content


def test_a_large_json_list_is_cut() -> None:
    """Ten thousand items make no page of megabytes, and a long text is cut for itself."""
    app = App("Shop", browsable="always")

    @app.get("/numbers")
    def read() -> dict[str, Any]:
        return {"text": "y" * 50_000, "items": [{"number": each} for each in range(20_000)]}

    page = Client(app).get("/numbers", headers=HTML).text
    assert len(page) < 130_000
    assert "The rest is not shown" in page
    assert "characters</span>" in page


@pytest.mark.parametrize(("length", "is_cut"), [(100_000, False), (100_001, True)])
def test_text_is_cut_after_a_hundred_thousand_characters(length: int, is_cut: bool) -> None:
    app = App("Shop", browsable="always")

    @app.get("/content")
    @returns(media_types=["text/plain"])
    def read() -> str:
        return "x" * length

    page = Client(app).get("/content", headers=HTML).text
    assert ("The rest is not shown" in page) is is_cut
    assert "x" * 100_000 in page
    assert "x" * 100_001 not in page


@pytest.mark.parametrize(("length", "cut"), [(1998, ""), (1999, "1 "), (2008, "10 ")])
def test_a_value_of_json_is_cut_after_two_thousand_characters(length: int, cut: str) -> None:
    """The quotation marks count too."""
    app = App("Shop", browsable="always")

    @app.get("/content")
    def read() -> dict[str, str]:
        return {"text": "x" * length}

    page = Client(app).get("/content", headers=HTML).text
    assert ("characters</span>" in page) is bool(cut)
    assert f"… {cut}characters</span>" in page or not cut


@pytest.mark.parametrize(("at", "is_shown"), [(999, False), (1000, True)])
def test_binary_content_has_a_null_byte_at_its_beginning(at: int, is_shown: bool) -> None:
    app = App("Shop", browsable="always")

    @app.get("/content")
    @returns(media_types=["text/plain"])
    def read() -> bytes:
        return b"x" * at + b"\0"

    page = Client(app).get("/content", headers=HTML).text
    assert ("x" * at in page) is is_shown
    assert ("The content is not shown" in page) is not is_shown


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "'\"><img src=x onerror=alert(1)>", "</pre><h1>x", "{{ 7*7 }}"],
)
def test_content_is_escaped(text: str) -> None:
    """Markup in values, in names of members, in headers and in the URL stays text."""
    app = App("Shop", browsable="always")

    @app.get("/text/<path:name>")
    def read(name: str) -> tuple[dict[str, str], int, dict[str, str]]:
        return {text: text}, 200, {"X-Text": text}

    client = Client(app)
    page = Parsed(client.get("/text/%3Cscript%3E?a=<script>", headers=HTML).text)
    page = Parsed(client.get("/text/%3Cscript%3Ealert%3C%2Fscript%3E", headers=HTML).text)
    assert not page.all("script")
    assert not page.all("img")
    assert len(page.all("h1")) == 1
    assert text in next(each.text for each in page.all("dd") if text[:4] in each.text)


def test_cookies_are_not_shown() -> None:
    """A cookie is set, but its value is not in the page, where scripts could read it."""
    app = App("Shop", browsable="always")

    @app.get("/")
    def read() -> tuple[dict[str, str], int, dict[str, str]]:
        return {}, 200, {"Set-Cookie": "session=secret; HttpOnly"}

    response = Client(app).get("/", headers=HTML)
    assert response.headers["Set-Cookie"] == "session=secret; HttpOnly"
    assert "secret" not in response.text
    assert "session=…; HttpOnly" in response.text


def test_the_page_shows_the_operations(client: Client) -> None:
    """Statuses, problems, parameters, content and schemas of every verb, by links."""
    page = client.get("/books/1", headers=HTML).text
    parsed = Parsed(page)
    terms = [each.text for each in parsed.all("dt")]
    assert {"200", "201", "404", "412", "422"} - {"201"} <= set(terms)
    assert {"#schema-Book", "#schema-Problem", "#schema-BookPatch"} <= set(hrefs(page))
    ids = {str(each["id"]) for each in parsed.elements if "id" in each}
    assert {each[1:] for each in hrefs(page) if each.startswith("#")} <= ids
    assert "x-" not in [each[:2] for each in terms]


def test_the_page_shows_security_and_deprecation() -> None:
    """A scheme with its scopes, and the word that an operation is deprecated."""
    app = App("Shop", browsable="always")

    @app.route("/books")
    class Books(Resource):
        @restkit.operation(deprecated=True)
        @raises(NotFound, description="There are no books.")
        def get(self) -> dict[str, int]:
            """Read the books."""
            return {}

    page = Client(app).get("/books", headers=HTML).text
    assert "Deprecated" in page
    assert "There are no books." in page


def test_the_page_shows_the_request_as_code(client: Client) -> None:
    """As curl, as Python and as HTTP, quoted."""
    page = client.get("/books?title=it%27s", headers=HTML).text
    samples = [each.text for each in Parsed(page).all("pre") if "sample" in str(each["class"])]
    assert len(samples) == 3
    assert "curl 'http://localhost/books?title=it%27s'" in samples[0]
    compile(samples[1], "sample", "exec")
    assert samples[2].startswith("GET /books?title=it%27s HTTP/1.1\nHost: localhost\n")


def test_the_time_of_a_response_is_in_milliseconds() -> None:
    app = App("Clock", browsable="always")

    @app.get("/slow")
    def slow() -> dict[str, int]:
        time.sleep(0.02)
        return {}

    page = Client(app).get("/slow", headers={"Accept": "text/html"}).text
    (shown,) = re.findall(r"([\d.]+) ms</p>", page)
    assert 20 <= float(shown) < 20_000
