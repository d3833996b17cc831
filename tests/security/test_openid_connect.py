"""OpenIDConnect: a provider that describes itself, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from issuer import KEYS, NOW, Server, jwk, serve, token

from restkit import App, DeclarationError, Request
from restkit.security import Claims, OpenIDConnect
from restkit.testing import Client

CONFIGURATION = "/.well-known/openid-configuration"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("restkit.security.jwt_bearer.time.time", lambda: NOW)
    with serve() as running:
        keys = f"{running.url}/keys"
        running.answer(CONFIGURATION, {"issuer": running.url, "jwks_uri": keys})
        running.answer("/keys", {"keys": [jwk(KEYS["RS256"], kid="1")]})
        yield running


def service(issuer: str, **options: Any) -> Client:
    app = App("Books", security=OpenIDConnect(issuer, audience="books", **options))

    @app.get("/me")
    def me(request: Request[Claims]) -> dict[str, Any]:
        return {"subject": request.caller.subject}

    return Client(app)


def bearer(issuer: str, **claims: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {token('RS256', {'kid': '1'}, iss=issuer, **claims)}"}


def test_the_keys_are_found_by_discovery(server: Server) -> None:
    client = service(server.url)
    assert client.get("/me", headers=bearer(server.url)).json == {"subject": "ada"}
    assert client.get("/me", headers=bearer(server.url, jti="2")).status == 200
    assert server.asked == [CONFIGURATION, "/keys"]
    assert client.get("/me", headers=bearer(f"{server.url}/")).status == 401
    assert client.get("/me", headers=bearer(server.url, sub=...)).status == 401


@pytest.mark.parametrize(
    "answer",
    [
        {"issuer": "https://id.example"},
        {"issuer": None},
        {},
        [],
        {"issuer": "https://id.example", "jwks_uri": "/keys"},
        {"jwks_uri": "http://id.example/keys"},
        {"jwks_uri": None},
    ],
)
def test_another_description_is_not_believed(server: Server, answer: Any) -> None:
    if isinstance(answer, dict) and "jwks_uri" in answer:
        own = {"jwks_uri": f"{server.url}/keys"} if answer["jwks_uri"] == "/keys" else {}
        answer = {"issuer": server.url} | answer | own
    server.answer(CONFIGURATION, answer)
    response = service(server.url).get("/me", headers=bearer(server.url))
    assert response.status == 503
    assert "/keys" not in server.asked


def test_the_document() -> None:
    assert OpenIDConnect("https://id.example/", audience="a").document() == {
        "type": "openIdConnect",
        "openIdConnectUrl": f"https://id.example{CONFIGURATION}",
    }
    described = OpenIDConnect("https://id.example", audience="a", description="Ours.")
    assert described.document()["description"] == "Ours."


def test_own_fetching() -> None:
    answers = {
        f"https://id.example{CONFIGURATION}": {
            "issuer": "https://id.example",
            "jwks_uri": "https://id.example/keys",
        },
        "https://id.example/keys": {"keys": [jwk(KEYS["RS256"], kid="1")]},
    }
    client = service("https://id.example", fetch=answers.__getitem__, leeway=10**12)
    assert client.get("/me", headers=bearer("https://id.example")).status == 200


def test_an_issuer_without_tls_is_refused() -> None:
    with pytest.raises(DeclarationError, match=r"OpenIDConnect: 'http:.* is not an https URL"):
        OpenIDConnect("http://id.example", audience="books")
