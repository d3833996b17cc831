"""APIKey: keys in a header, a cookie or the query."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, DeclarationError, Request, access
from restkit.security import APIKey
from restkit.testing import Client

KEY = "0123456789abcdef"
OTHER = "fedcba9876543210"


def service(**place: Any) -> Client:
    scheme = APIKey(
        keys={KEY: {"name": "ada", "scopes": []}, OTHER: {"name": "tom", "scopes": ["write"]}},
        scopes=lambda caller: caller["scopes"],
        **place,
    )
    app = App("Orders", security=scheme)

    @app.get("/me")
    def me(request: Request) -> dict[str, Any]:
        return {"name": request.caller["name"]}

    @app.delete("/me")
    @access(security=scheme.scopes("write"))
    def leave() -> None: ...

    return Client(app)


PLACES: list[tuple[dict[str, str], Any]] = [
    ({}, lambda key: {"headers": {"X-API-Key": key}}),
    ({"header": "X-Token"}, lambda key: {"headers": {"x-token": key}}),
    ({"query": "key"}, lambda key: {"query": {"key": key}}),
    ({"cookie": "key"}, lambda key: {"headers": {"Cookie": f"key={key}"}}),
    ({"prefix": "Token"}, lambda key: {"headers": {"Authorization": f"Token {key}"}}),
]


@pytest.mark.parametrize(("place", "send"), PLACES)
def test_a_key_where_it_is_declared(place: dict[str, str], send: Any) -> None:
    client = service(**place)
    assert client.get("/me", **send(KEY)).json == {"name": "ada"}
    assert client.get("/me", **send(OTHER)).json == {"name": "tom"}
    assert client.delete("/me", **send(KEY)).status == 403
    assert client.delete("/me", **send(OTHER)).status == 204


@pytest.mark.parametrize(("place", "send"), PLACES)
@pytest.mark.parametrize("key", ["", KEY[:-1], KEY + "x", KEY.upper(), "x" * 1025, "%00"])
def test_another_key_is_a_401(place: dict[str, str], send: Any, key: str) -> None:
    response = service(**place).get("/me", **send(key))
    assert response.status == 401
    (location, name) = next(iter(place.items()), ("header", "X-API-Key"))
    challenge = "Token" if location == "prefix" else f'ApiKey in="{location}", name="{name}"'
    assert response.headers["WWW-Authenticate"] == challenge
    assert key == "" or key not in response.text


def test_a_key_elsewhere_does_not_count() -> None:
    client = service(header="X-Token")
    assert client.get("/me", headers={"Cookie": f"X-Token={KEY}"}).status == 401
    assert client.get("/me", headers={"Authorization": f"Bearer {KEY}"}).status == 401
    assert client.get("/me", query={"X-Token": KEY}).status == 401


@pytest.mark.parametrize(
    "sent",
    [
        {"url": f"/me?key={KEY}&key={OTHER}"},
        {"url": f"/me?key=&key={KEY}"},
    ],
)
def test_two_different_keys_are_no_key(sent: dict[str, str]) -> None:
    assert service(query="key").get(sent["url"]).status == 401


def test_two_keys_in_cookies() -> None:
    client = service(cookie="key")
    assert client.get("/me", headers={"Cookie": f"key={KEY}; key={OTHER}"}).status == 401
    assert client.get("/me", headers={"Cookie": f"key={KEY}; key={KEY}"}).status == 200


def test_what_to_send_is_said() -> None:
    says = {
        "header": "Send one key in the header X-API-Key.",
        "query": "Send one key in the query parameter key.",
        "cookie": "Send one key in the cookie key.",
    }
    assert service().get("/me").json["detail"] == says["header"]
    assert service(query="key").get("/me").json["detail"] == says["query"]
    assert service(cookie="key").get("/me").json["detail"] == says["cookie"]
    wrong = service().get("/me", headers={"X-API-Key": "wrong"})
    assert wrong.json["detail"] == "The key is not valid."


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Token {KEY}", 200),
        (f"token   {KEY} ", 200),
        (KEY, 401),
        ("Token", 401),
        ("Token ", 401),
        (f"Token{KEY}", 401),
        (f"Bearer {KEY}", 401),
        (f"Token {KEY} {KEY}", 401),
        (f"Token {KEY}, Token {KEY}", 401),
    ],
)
def test_a_key_after_a_word_in_authorization(header: str, status: int) -> None:
    response = service(prefix="Token").get("/me", headers={"Authorization": header})
    assert response.status == status


def test_the_detail_of_a_401_may_be_ones_own() -> None:
    own = service(prefix="Token", detail="Get a token at /login.")
    for headers in ({}, {"Authorization": "Token wrong"}):
        assert own.get("/me", headers=headers).json["detail"] == "Get a token at /login."
    plain = service(prefix="Token").get("/me")
    assert plain.json["detail"] == "Send one key: Authorization: Token <key>."


def test_a_function_finds_the_caller() -> None:
    asked: list[str] = []

    def find(key: str, request: Request) -> str | None:
        asked.append(f"{request.method} {key}")
        return "somebody" if key == "k" else None

    app = App("Orders", security=APIKey(find))
    app.get("/")(lambda: {})
    assert Client(app).get("/", headers={"X-API-Key": "k"}).status == 200
    assert Client(app).get("/", headers={"X-API-Key": "x" * 1025}).status == 401
    assert asked == ["GET k"]


def test_the_document() -> None:
    assert APIKey(keys={KEY: 1}, query="key", description="Of a partner.").document() == {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "Of a partner.",
    }
    assert APIKey(keys={KEY: 1}).document() == {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
    }
    assert APIKey(keys={KEY: 1}, prefix="Token").document() == {
        "type": "apiKey",
        "in": "header",
        "name": "Authorization",
        "description": "`Token <key>`",
    }


@pytest.mark.parametrize("length", [16, 1024])
def test_keys_of_the_least_and_the_greatest_length(length: int) -> None:
    key = "k" * length
    app = App("Orders", security=APIKey(keys={key: "ada"}))
    app.get("/me")(lambda: {})
    assert Client(app).get("/me", headers={"X-API-Key": key}).status == 200


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((), {}, "APIKey needs either a function that finds the caller of a key, or keys="),
        ((len,), {"keys": {KEY: 1}}, "APIKey needs either a function"),
        ((), {"keys": {}}, "APIKey: keys must be a mapping with at least one key, got {}"),
        ((), {"keys": [KEY]}, "APIKey: keys must be a mapping"),
        ((), {"keys": {KEY[:-1]: 1}}, "APIKey: a key must be a string of 16 to 1024 characters"),
        ((), {"keys": {"x" * 1025: 1}}, "APIKey: a key must be a string of 16 to 1024"),
        ((), {"keys": {16: 1}}, "APIKey: a key must be a string of 16"),
        ((), {"keys": {KEY: 1}, "header": "X-A", "query": "a"}, "APIKey has header and query, but"),
        ((), {"keys": {KEY: 1}, "header": "a b"}, "APIKey: 'a b' cannot be the name of a header."),
        ((), {"keys": {KEY: 1}, "cookie": ""}, "APIKey: '' cannot be the name of a cookie."),
        ((), {"keys": {KEY: 1}, "header": "authorization"}, "the header authorization is not for"),
        ((), {"keys": {KEY: 1}, "header": "Cookie"}, "the header Cookie is not for API keys"),
        ((), {"keys": {KEY: 1}, "prefix": "A", "header": "X-A"}, "APIKey has header and prefix"),
        ((), {"keys": {KEY: 1}, "prefix": "my key"}, "prefix must be one word, such as 'Token'"),
        ((), {"keys": {KEY: 1}, "prefix": ""}, "prefix must be one word"),
        ((), {"keys": {KEY: 1}, "prefix": "bearer"}, r"write HTTPBearer\(...\) for the prefix"),
    ],
)
def test_mistakes_are_told(arguments: Any, options: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        APIKey(*arguments, **options)
