"""OAuth2: the flows in the document, and tokens that another scheme verifies."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, DeclarationError, access
from restkit.security import (
    AuthorizationCode,
    ClientCredentials,
    HTTPBearer,
    Implicit,
    OAuth2,
    PasswordGrant,
)
from restkit.testing import Client

URL = "https://id.example"
SCOPES = {"read": "Read books.", "write": "Change books."}
tokens = HTTPBearer({"r": "read", "w": "read write"}.get, scopes=lambda caller: caller)


def service(*scopes: str) -> Client:
    code = AuthorizationCode(f"{URL}/authorize", f"{URL}/token", scopes=SCOPES)
    oauth = OAuth2(tokens, code, description="Our provider.")
    app = App("Books", security=oauth)

    @app.post("/books")
    @access(security=oauth.scopes(*scopes))
    def add() -> None: ...

    return Client(app)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_the_other_scheme_verifies_the_token() -> None:
    client = service("write")
    assert client.post("/books", headers=bearer("w")).status == 204
    assert client.post("/books", headers=bearer("r")).status == 403
    assert client.post("/books", headers=bearer("x")).status == 401
    assert client.post("/books").headers["WWW-Authenticate"] == 'Bearer realm="api"'


def test_the_document() -> None:
    document = service("write").get("/openapi.json", headers=bearer("w")).json
    assert document["components"]["securitySchemes"]["oauth2"] == {
        "type": "oauth2",
        "description": "Our provider.",
        "flows": {
            "authorizationCode": {
                "authorizationUrl": f"{URL}/authorize",
                "tokenUrl": f"{URL}/token",
                "scopes": SCOPES,
            }
        },
    }
    assert document["paths"]["/books"]["post"]["security"] == [{"oauth2": ["write"]}]
    assert "WWW-Authenticate" in document["paths"]["/books"]["post"]["responses"]["403"]["headers"]


def test_every_flow() -> None:
    oauth = OAuth2(
        tokens,
        ClientCredentials(f"{URL}/token", scopes=SCOPES, refresh_url=f"{URL}/again"),
        PasswordGrant(f"{URL}/token"),
        Implicit(f"{URL}/authorize"),
        name="provider",
    )
    assert oauth.document() == {
        "type": "oauth2",
        "flows": {
            "clientCredentials": {
                "tokenUrl": f"{URL}/token",
                "refreshUrl": f"{URL}/again",
                "scopes": SCOPES,
            },
            "password": {"tokenUrl": f"{URL}/token", "scopes": {}},
            "implicit": {"authorizationUrl": f"{URL}/authorize", "scopes": {}},
        },
    }
    assert oauth.name == "provider"


def test_a_scope_of_no_flow_is_told() -> None:
    says = "demands the scope 'admin', which no flow of oauth2 has. Add it to scopes= of a flow"
    with pytest.raises(DeclarationError, match=says):
        service("read", "admin")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((5,), "OAuth2 expects the scheme that verifies its tokens first, got 5"),
        ((tokens,), "OAuth2 expects one or more flows of different kinds"),
        ((tokens, 5), "OAuth2 expects one or more flows of different kinds"),
        (
            (tokens, ClientCredentials(f"{URL}/a"), ClientCredentials(f"{URL}/b")),
            "OAuth2 expects one or more flows of different kinds",
        ),
    ],
)
def test_mistakes_are_told(arguments: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        OAuth2(*arguments)


@pytest.mark.parametrize(
    "make",
    [
        lambda: AuthorizationCode("http://id.example/a", f"{URL}/t"),
        lambda: AuthorizationCode(f"{URL}/a", "token"),
        lambda: ClientCredentials(f"{URL}/t", refresh_url="http://id.example/t"),
        lambda: Implicit("http://id.example/a"),
        lambda: PasswordGrant("http://id.example/t"),
    ],
)
def test_flows_use_https(make: Any) -> None:
    with pytest.raises(DeclarationError, match="is not an https URL"):
        make()
