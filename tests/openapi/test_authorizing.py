"""How Swagger UI authorizes people: the origins in its policy, and the page to come back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from restkit import App, Request, Resource, Scheme
from restkit.security import (
    AuthorizationCode,
    ClientCredentials,
    HTTPBearer,
    OAuth2,
    OpenIDConnect,
)
from restkit.testing import Client


def _sources(client: Client, url: str) -> list[str]:
    """Return whom the scripts of a page may send requests to."""
    rules = client.get(url).headers["Content-Security-Policy"].split("; ")
    (rule,) = [each for each in rules if each.startswith("connect-src ")]
    return rule.split()[1:]


def test_swagger_ui_may_ask_the_servers_of_the_flows_for_tokens() -> None:
    app = App("Books", servers=["https://books.example/v1"])
    oauth = OAuth2(
        HTTPBearer({}.get),
        AuthorizationCode(
            "https://login.example/authorize",
            "https://token.example/token",
            refresh_url="https://refresh.example/token",
        ),
        ClientCredentials("https://token.example/services"),
    )
    provider = OpenIDConnect("https://id.example:8443/realm", audience="books")

    @app.route("/books", security=oauth)
    class Books(Resource):
        def get(self) -> list[str]:
            return []

    @app.get("/me", security=provider)
    def me() -> dict[str, str]:
        return {}

    client = Client(app)
    assert _sources(client, "/docs") == [
        "'self'",
        "https://books.example",
        "https://token.example",
        "https://refresh.example",
        "https://id.example:8443",
    ]
    assert _sources(client, "/scalar") == ["'self'", "https://books.example"]


def test_an_origin_cannot_add_to_the_policy() -> None:
    """SECURITY: only a host and a port get into the header."""
    app = App("Books")

    class Own(Scheme):
        name = "own"

        def document(self) -> Mapping[str, object]:
            flow = {"tokenUrl": "https://token.example;script-src *@x/token", "scopes": {}}
            return {"type": "oauth2", "flows": {"clientCredentials": flow}}

        def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
            return "ada"

    @app.get("/me", security=Own())
    def me() -> dict[str, str]:
        return {}

    assert _sources(Client(app), "/docs") == ["'self'"]


def test_the_page_to_come_back_to() -> None:
    """It takes whatever an authorization server sends, and repeats nothing of it."""
    client = Client(App("Books"))
    response = client.get("/docs/oauth2-redirect?code=<b>&state=1&session_state=2&iss=x")
    assert response.status == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = response.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} <= {*policy}
    assert "<b>" not in response.text
    (script,) = [part.split('"')[0] for part in response.text.split('src="')[1:]]
    found = client.get(script)
    assert found.status == 200
    assert found.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "swaggerUIRedirectOauth2" in found.text
    assert 'data-redirect="/docs/oauth2-redirect"' in client.get("/docs").text
    assert client.get("/openapi.json").json["paths"] == {}


def test_below_a_prefix_and_at_another_url() -> None:
    outer, inner = App("Outer"), App("Inner", docs_url="/help/")
    outer.mount("/v1", inner)
    client = Client(outer)
    page = client.get("/v1/help/", headers={}).text
    assert 'data-redirect="/v1/help/oauth2-redirect"' in page
    text = client.get("/v1/help/oauth2-redirect").text
    (script,) = [part.split('"')[0] for part in text.split('src="')[1:]]
    assert client.get(script).status == 200


def test_without_pages_there_is_nothing_to_come_back_to() -> None:
    client = Client(App("Books", docs_url=None))
    assert client.get("/docs/oauth2-redirect").status == 404
