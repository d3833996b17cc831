"""Redirects as returned values: on the wire, in the document, and where they may lead."""

from __future__ import annotations

import marshmallow as ma
import pytest

from restkit import (
    App,
    MovedPermanently,
    PermanentRedirect,
    Resource,
    SeeOther,
    TemporaryRedirect,
    raises,
)
from restkit.http.uris import is_local_url
from restkit.openapi.shared_components import expanded
from restkit.problems import NotFound
from restkit.redirects import Redirect
from restkit.testing import Client

ELSEWHERE = [
    "",
    " /login",
    "//evil.example",
    "///evil.example",
    "////evil.example/..",
    "/\\evil.example",
    "/\\/evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\nSet-Cookie: a=b",
    "\t//evil.example",
    "/\x00/evil.example",
    "/a\x7f",
    "/\u2028/evil.example",
    "/ /evil.example",
    "?next=/",
    "#top",
    ".",
    "../login",
    "@evil.example",
    ":80/evil",
]


class Book(ma.Schema):
    title = ma.fields.Str(required=True)


def shop() -> App:
    app = App("Shop")

    @app.get("/books/<int:book_id>", name="book")
    def book(book_id: int) -> dict[str, int]:
        return {"id": book_id}

    @app.route("/books")
    class Books(Resource):
        schema = Book

        def post(self, body: dict[str, str]) -> SeeOther:
            return SeeOther(book, book_id=7, _query={"from": "é"})

        @raises(NotFound)
        def get(self) -> SeeOther | dict[str, str]:
            if self.request.args:
                return SeeOther(Books)
            return {"title": "Emma"}

    return app


def test_a_redirect_leads_to_the_url_of_its_target() -> None:
    client = Client(shop())

    response = client.post("/books", json={"title": "Emma"})

    assert response.status == 303
    assert response.headers["Location"] == "/books/7?from=%C3%A9"
    assert response.body == b""


def test_the_document_has_the_redirect_with_its_location() -> None:
    document = expanded(Client(shop()).get("/openapi.json").json)
    responses = document["paths"]["/books"]["post"]["responses"]

    assert set(responses) == {"303", "400", "413", "415", "422"}
    assert responses["303"]["headers"]["Location"]["required"] is True
    assert "content" not in responses["303"]


def test_a_union_has_the_redirect_and_what_remains() -> None:
    client = Client(shop())

    responses = client.get("/openapi.json").json["paths"]["/books"]["get"]["responses"]

    assert {"200", "303"} <= set(responses)
    assert "#/components/schemas/Book" in str(responses["200"])
    assert client.get("/books").json == {"title": "Emma"}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (MovedPermanently, 301),
        (SeeOther, 303),
        (TemporaryRedirect, 307),
        (PermanentRedirect, 308),
    ],
)
def test_each_class_has_its_status(kind: type[Redirect], status: int) -> None:
    app = App("Moves")

    def old() -> Redirect:
        return kind("/new?a=b c".replace(" ", "%20"))

    old.__annotations__["return"] = kind
    app.get("/old")(old)
    response = Client(app).get("/old")

    assert (response.status, response.headers["Location"]) == (status, "/new?a=b%20c")


def test_a_redirect_below_a_prefix_has_the_prefix() -> None:
    outer = App("Outer")
    outer.mount("/shop", shop())
    response = Client(outer).post("/shop/books", json={"title": "Emma"})

    assert response.headers["Location"] == "/shop/books/7?from=%C3%A9"


@pytest.mark.parametrize("text", ELSEWHERE)
def test_a_text_that_leads_elsewhere_is_refused(text: str) -> None:
    assert not is_local_url(text)
    with pytest.raises(ValueError, match="not a path of this server"):
        SeeOther(text)


@pytest.mark.parametrize("text", ["https://evil.example", "javascript:alert(1)", "evil.example"])
def test_a_text_without_a_slash_is_a_name_and_leads_nowhere(text: str) -> None:
    app = App("Moves")

    @app.get("/old")
    def old() -> SeeOther:
        return SeeOther(text)

    response = Client(app, raise_errors=False).get("/old")

    assert response.status == 500
    assert "Location" not in response.headers


@pytest.mark.parametrize("text", ["/", "/login", "/a/b?next=%2F%2Fevil#c", "/é", "/a//b", "/@me"])
def test_a_path_of_this_server_is_taken(text: str) -> None:
    assert is_local_url(text)
    SeeOther(text)


def test_a_path_takes_no_variables() -> None:
    with pytest.raises(TypeError, match="neither variables nor _query"):
        SeeOther("/books", book_id=3)
    with pytest.raises(TypeError, match="neither variables nor _query"):
        SeeOther("/books", _query={})


def test_a_trusted_url_may_lead_anywhere() -> None:
    app = App("Moves")

    @app.get("/out")
    def out() -> SeeOther:
        return SeeOther.away("https://id.example/login?state=ü")

    assert Client(app).get("/out").headers["Location"] == "https://id.example/login?state=%C3%BC"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "//id.example", "/login", "https://", "a"])
def test_only_absolute_http_urls_lead_away(url: str) -> None:
    with pytest.raises(ValueError, match="not an absolute URL"):
        SeeOther.away(url)


@pytest.mark.parametrize(
    "url", ["https://id.example/\r\nX: y", "https://id.example\\@evil", "http://a b"]
)
def test_a_trusted_url_has_no_characters_that_split_a_header(url: str) -> None:
    with pytest.raises(ValueError, match="control character"):
        SeeOther.away(url)
