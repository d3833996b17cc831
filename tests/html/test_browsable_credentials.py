"""The credentials that somebody types on a browsable page: where each scheme has them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from werkzeug.http import parse_cookie

from restkit import App, Scheme
from restkit.environ_keys import QUERY_KEYS
from restkit.html.browsable.credentials import (
    Credentials,
    credentials_of,
    expired_cookie,
    kept_credentials,
    scheme_forms,
)
from restkit.request import Request
from restkit.security import APIKey, ClientCredentials, HTTPBasic, HTTPBearer, OAuth2


def check(*given: str) -> str:
    return given[0]


class Own(Scheme):
    """A scheme of a user, with any document."""

    def __init__(self, name: str, document: Mapping[str, object]) -> None:
        self.name = name
        self._document = document

    def authenticate(self, request: Request, scopes: object) -> None:
        return None

    def document(self) -> dict[str, object]:
        return dict(self._document)


class Login(Own):
    """A scheme with a page of its own to log in."""

    def login_url(self, request: Request) -> str:
        return "/login"


SCHEMES: dict[str, Any] = {
    "header": APIKey(check, header="X-Key", name="header"),
    "cookie": APIKey(check, cookie="key", name="cookie"),
    "query": APIKey(check, query="key", name="query"),
    "basic": HTTPBasic(check, name="basic"),
    "bearer": HTTPBearer(check, name="bearer"),
    "oauth2": OAuth2(HTTPBearer(check), ClientCredentials("https://a.example/token")),
    "digest": Own("digest", {"type": "http", "scheme": "DIGEST"}),
    "odd": Own("odd", {"type": "mutualTLS", "scheme": "digest"}),
    "own-query": Own("own-query", {"type": "apiKey", "in": "query", "name": "k"}),
    "login": Login("login", {"type": "apiKey", "in": "cookie", "name": "session"}),
}


@pytest.mark.parametrize(
    ("scheme", "fields", "expected"),
    [
        ("header", {"token": " k "}, ("header", "header", "X-Key", "k")),
        ("cookie", {"token": "k"}, ("cookie", "cookie", "key", "k")),
        ("query", {"token": "k"}, ("query", "query", "key", "k")),
        ("bearer", {"token": "t"}, ("bearer", "header", "Authorization", "Bearer t")),
        ("oauth2", {"token": "t"}, ("oauth2", "header", "Authorization", "Bearer t")),
        ("digest", {"token": "t"}, ("digest", "header", "Authorization", "Digest t")),
        ("odd", {"token": "t"}, ("odd", "header", "Authorization", "Bearer t")),
        (
            "basic",
            {"username": "ada", "password": "p:é"},
            ("basic", "header", "Authorization", "Basic YWRhOnA6w6k="),
        ),
        ("basic", {"username": "ada"}, ("basic", "header", "Authorization", "Basic YWRhOg==")),
        ("basic", {"password": "p"}, None),
        ("bearer", {"token": "  "}, None),
        ("bearer", {}, None),
        ("unknown", {"token": "t"}, None),
    ],
)
def test_what_somebody_types_becomes_credentials(
    scheme: str, fields: dict[str, str], expected: tuple[str, ...] | None
) -> None:
    assert credentials_of(SCHEMES, {"scheme": scheme, **fields}) == expected


def test_a_form_names_its_scheme() -> None:
    assert credentials_of(SCHEMES, {"token": "t"}) is None


def test_the_form_of_each_scheme() -> None:
    """A scheme of the program's own with a key in the query has none: a link would keep the key."""
    app = App("Forms")
    for name, scheme in SCHEMES.items():
        app.get(f"/{name}", security=scheme)(lambda: {})
    request = Request({"REQUEST_METHOD": "GET"})
    forms = {each.name: each[1:] for each in scheme_forms(app.operations(), request)}
    assert forms == {
        "header": ("token", ""),
        "cookie": ("token", ""),
        "query": ("token", ""),
        "basic": ("basic", ""),
        "bearer": ("token", ""),
        "oauth2": ("token", ""),
        "digest": ("token", ""),
        "odd": ("token", ""),
        "login": ("link", "/login"),
    }


@pytest.mark.parametrize(
    ("credentials", "environ", "added"),
    [
        (("s", "header", "X-Key", "k"), {}, {"HTTP_X_KEY": "k"}),
        (("s", "header", "X-Key", "é"), {}, {"HTTP_X_KEY": "Ã©"}),
        (("s", "header", "X-Key", "k"), {"HTTP_X_KEY": "own"}, {"HTTP_X_KEY": "own"}),
        (("s", "query", "key", "k"), {"QUERY_STRING": "a=1"}, {QUERY_KEYS: {"key": "k"}}),
        (("s", "cookie", "key", "k"), {}, {"HTTP_COOKIE": "key=k"}),
        (("s", "cookie", "key", "k"), {"HTTP_COOKIE": "a=1"}, {"HTTP_COOKIE": "a=1; key=k"}),
    ],
)
def test_credentials_are_added_to_a_request(
    credentials: tuple[str, str, str, str], environ: dict[str, str], added: dict[str, object]
) -> None:
    """A header of the browser's own stays."""
    before = dict(environ)
    assert Credentials(*credentials).added_to(environ) == {**environ, **added}
    assert environ == before


@pytest.mark.parametrize(("scheme", "name"), [("http", ""), ("https", "__Host-")])
def test_the_cookie_keeps_credentials(scheme: str, name: str) -> None:
    """The scheme says where they belong, and the cookie is for this server alone."""
    environ = {"wsgi.url_scheme": scheme}
    credentials = Credentials("header", "header", "X-Key", "kéy")
    cookie = credentials.cookie(environ)
    assert cookie is not None
    pair, *attributes = cookie.split("; ")
    assert pair.startswith(f"{name}restkit-pages=")
    expected = {"HttpOnly", "Path=/", "SameSite=Strict"}
    assert set(attributes) == expected | ({"Secure"} if name else set())
    sent = {**environ, "HTTP_COOKIE": f"a=1; {pair}"}
    assert kept_credentials(sent, SCHEMES) == credentials
    assert kept_credentials(sent, {}) is None
    other = {**sent, "wsgi.url_scheme": "http" if name else "https"}
    assert kept_credentials(other, SCHEMES) is None
    forgotten = expired_cookie(environ)
    assert dict(parse_cookie(forgotten.partition(";")[0])) == {f"{name}restkit-pages": ""}
    assert "Max-Age=0" in forgotten


@pytest.mark.parametrize("text", ["k", "kk", "kkk", "kkkk", "é"])
def test_credentials_of_any_length_are_kept(text: str) -> None:
    credentials = Credentials("bearer", "header", "Authorization", text)
    sent = {"HTTP_COOKIE": (credentials.cookie({}) or "").partition(";")[0]}
    assert kept_credentials(sent, SCHEMES) == credentials


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "1", '["bearer"]', '["bearer", "k", "k"]', '["other", "k"]', "{}"),
        *('["bearer", 5]', '["bearer", null]', '["bearer", ["k"]]', '["bearer", "a\\u0007"]'),
        *('[["bearer"], "k"]', '[null, "k"]', '[{}, "k"]'),
    ],
)
def test_a_cookie_that_nobody_made_is_no_credentials(content: str) -> None:
    text = base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")
    assert kept_credentials({"HTTP_COOKIE": f"restkit-pages={text}"}, SCHEMES) is None


@pytest.mark.parametrize(("length", "is_kept"), [(2_616, True), (2_617, False)])
def test_credentials_that_are_too_long_for_a_cookie(length: int, is_kept: bool) -> None:
    found = Credentials("s", "header", "X-Key", "k" * length).cookie({})
    assert (found is not None) is is_kept
