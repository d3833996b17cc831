"""The endpoint as a protected resource of OAuth 2.0 (RFC 9728)."""

from __future__ import annotations

import pytest
from agents import Agent, shelf_app

from restkit import App, CollisionError, DeclarationError
from restkit.mcp import MCP
from restkit.openapi.document import build
from restkit.security import AuthorizationCode, HTTPBasic, HTTPBearer, JWTBearer, OAuth2
from restkit.testing import Client

_SECRET = "0123456789abcdef0123456789abcdef"
_URL = "/.well-known/oauth-protected-resource"


def _jwt() -> JWTBearer:
    return JWTBearer(
        issuer="https://id.example", audience="books", algorithms=["HS256"], key=_SECRET
    )


def _guarded() -> App:
    oauth = OAuth2(
        _jwt(),
        AuthorizationCode(
            "https://id.example/authorize",
            "https://id.example/token",
            scopes={"books": "Read the books."},
        ),
    )
    app = shelf_app(security=oauth.scopes("books"))
    app.install(MCP(["Books"]))
    return app


def test_a_request_without_a_token() -> None:
    """The 401 of the endpoint says where the metadata is."""
    response = Agent(_guarded(), Host="api.example").send("tools/list")
    assert response.status == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"] == (
        f'Bearer resource_metadata="http://api.example{_URL}/mcp", realm="api"'
    )


@pytest.mark.parametrize("url", [_URL, f"{_URL}/mcp"])
def test_the_metadata(url: str) -> None:
    """It is public, and names the resource, the servers and the scopes."""
    client = Client(_guarded(), base_url="http://api.example")
    response = client.get(url)
    assert response.status == 200
    assert response.json == {
        "resource": "http://api.example/mcp",
        "resource_name": "Shelf",
        "authorization_servers": ["https://id.example"],
        "scopes_supported": ["books"],
        "bearer_methods_supported": ["header"],
    }


def test_the_metadata_of_a_mounted_app() -> None:
    """The URLs are those below the prefix, and below that of the server."""
    outer = App("Outer")
    outer.mount("/v1", _guarded())
    client = Client(outer, base_url="http://api.example/root")
    response = client.post("/v1/mcp", json={})
    place = f"http://api.example/root/v1{_URL}/mcp"
    assert f'resource_metadata="{place}"' in response.headers["WWW-Authenticate"]
    found = client.get(f"/v1{_URL}/mcp").json
    assert found["resource"] == "http://api.example/root/v1/mcp"
    assert found["authorization_servers"] == ["https://id.example"]


def test_security_of_a_mount() -> None:
    """Security that is declared around the App counts."""
    inner, outer = shelf_app(), App("Outer")
    inner.install(MCP(["Books"]))
    outer.mount("/v1", inner, security=_jwt())
    found = Client(outer).get(f"/v1{_URL}")
    assert found.json["authorization_servers"] == ["https://id.example"]


def test_nothing_to_protect() -> None:
    """Without tokens there is no metadata: an App that is open, and one of passwords."""
    for options in ({}, {"security": HTTPBasic(lambda name, password: None)}):
        app = shelf_app(**options)
        app.install(MCP(["Books"]))
        assert Client(app).get(_URL).status == 404
    app = shelf_app(security=HTTPBasic(lambda name, password: None))
    app.install(MCP(["Books"]))
    header = Agent(app).send("tools/list").headers["WWW-Authenticate"]
    assert "resource_metadata" not in header


def test_servers_that_are_named() -> None:
    """The program may name the servers, for tokens that only a function knows."""
    app = shelf_app(security=HTTPBearer(lambda token: None))
    app.install(MCP(["Books"], authorization_servers=["https://login.example"]))
    found = Client(app).get(_URL).json
    assert found["authorization_servers"] == ["https://login.example"]


def test_a_url_of_the_program_is_kept() -> None:
    """A scheme that names metadata of its own keeps it."""
    tokens = HTTPBearer(lambda token: None, resource_metadata="https://api.example/own")
    app = shelf_app(security=tokens)
    app.install(MCP(["Books"]))
    header = Agent(app).send("tools/list").headers["WWW-Authenticate"]
    assert header == 'Bearer realm="api", resource_metadata="https://api.example/own"'


def test_two_endpoints() -> None:
    """Each has a URL of its own; two at one URL collide."""
    app = shelf_app()
    app.install(MCP(["Books"]))
    app.install(MCP(["listTitles"], url="/titles-mcp"))
    with pytest.raises(CollisionError):
        app.install(MCP(["Books"]))
    assert [*Agent(app, url="/titles-mcp").tools()] == ["listTitles"]


def test_the_document() -> None:
    """The endpoint is in the document if that is asked for, with what it may respond."""
    app = shelf_app(security=_jwt())
    app.install(MCP(["Books"], documented=True))
    paths = build(app)["paths"]
    assert {"200", "202", "400", "401", "403", "404", "406", "413", "415"} <= paths["/mcp"]["post"][
        "responses"
    ].keys()
    names = {each["name"] for each in paths["/mcp"]["post"]["parameters"]}
    assert names == {"MCP-Protocol-Version", "Mcp-Method", "Mcp-Name", "Origin"}
    plain = shelf_app()
    plain.install(MCP(["Books"]))
    assert [*Client(plain).get("/openapi.json").json["paths"]] == [
        "/books",
        "/books/{id}",
        "/titles",
    ]


def test_a_public_endpoint_of_a_guarded_app() -> None:
    """The 401 of a tool is declared, wherever the security of the tool is."""
    app = shelf_app(security=_jwt())
    app.install(MCP(["Books"], public=True, documented=True))
    outer = App("Outer")
    outer.mount("/guarded", shelf_app(), security=HTTPBearer(lambda token: None))
    outer.install(MCP(["Books"], documented=True))
    for each in (app, outer):
        assert "401" in build(each)["paths"]["/mcp"]["post"]["responses"]
        found = Agent(each).send("tools/call", {"name": "listBooks", "arguments": {}})
        assert found.status == 401
        assert "WWW-Authenticate" in found.headers


def test_a_public_endpoint_cannot_know_its_caller() -> None:
    """With documents by caller, tools with security would never be listed."""
    app = shelf_app(security=_jwt(), docs_by_caller=True)
    app.install(MCP(["Books"], public=True))
    with pytest.raises(DeclarationError, match=r"knows no caller.*Remove public=True"):
        app.freeze()
