"""HTTPBearer: tokens that a function knows (RFC 6750)."""

from __future__ import annotations

from typing import Any

import pytest

from restkit import App, DeclarationError, Request, access, anonymous
from restkit.security import HTTPBearer
from restkit.testing import Client

TOKENS = {"abc": "read write", "guest": "read", "dots.and-dashes_~+/==": "read"}


def find(token: str) -> dict[str, str] | None:
    return {"token": token, "scope": TOKENS[token]} if token in TOKENS else None


def service(**options: Any) -> Client:
    bearer = HTTPBearer(find, **{"scopes": lambda caller: caller["scope"]} | options)
    app = App("Notes", security=bearer)

    @app.get("/me")
    def me(request: Request) -> dict[str, Any]:
        return {"token": request.caller["token"]}

    @app.delete("/me")
    @access(security=bearer.scopes("read", "write"))
    def leave() -> None: ...

    @app.get("/maybe")
    @access(security=bearer | anonymous)
    def maybe(request: Request) -> dict[str, Any]:
        return {"known": request.caller is not None}

    return Client(app)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("token", list(TOKENS))
def test_a_known_token(token: str) -> None:
    assert service().get("/me", headers=bearer(token)).json == {"token": token}


def test_the_name_of_the_scheme_has_no_case() -> None:
    assert service().get("/me", headers={"Authorization": "bEARER abc"}).status == 200


def test_without_a_token_the_challenge_has_no_error() -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer"}):
        response = service(realm="notes").get("/me", headers=headers)
        assert response.status == 401
        assert response.headers["WWW-Authenticate"] == 'Bearer realm="notes"'
        assert response.json["detail"] == "Send a token: Authorization: Bearer <token>."


@pytest.mark.parametrize("token", ["abcd", "ABC", "x" * 8192, "x" * 8193, "abc=", "=" * 4])
def test_another_token_is_invalid(token: str) -> None:
    response = service().get("/me", headers=bearer(token))
    assert response.status == 401
    says = "The token is not valid, or has expired."
    assert response.headers["WWW-Authenticate"] in (
        f'Bearer realm="api", error="invalid_token", error_description="{says}"',
        'Bearer realm="api"',  # no token by its grammar
    )
    assert token not in response.text


def test_a_long_token_is_not_looked_up() -> None:
    asked: list[str] = []
    app = App("Notes", security=HTTPBearer(asked.append))
    app.get("/")(lambda: {})
    Client(app).get("/", headers=bearer("x" * 8193))
    assert asked == []
    Client(app).get("/", headers=bearer("x" * 8192))
    assert [len(each) for each in asked] == [8192]


def test_a_token_without_the_scopes_is_told_which_ones() -> None:
    response = service().delete("/me", headers=bearer("guest"))
    assert response.status == 403
    assert response.json["detail"] == "The token lacks a scope that this request needs."
    assert response.headers["WWW-Authenticate"] == (
        'Bearer realm="api", error="insufficient_scope", scope="read write"'
    )
    assert service().delete("/me", headers=bearer("abc")).status == 204


def test_two_headers_are_a_400() -> None:
    response = service().get("/me", headers={"Authorization": "Bearer abc, Bearer guest"})
    assert response.status == 400


def test_an_optional_token_must_be_right() -> None:
    client = service()
    assert client.get("/maybe").json == {"known": False}
    assert client.get("/maybe", headers=bearer("abc")).json == {"known": True}
    assert client.get("/maybe", headers=bearer("nope")).status == 401


def test_metadata_of_the_resource_stand_in_every_challenge() -> None:
    url = "https://api.example/.well-known/oauth-protected-resource"
    client = service(resource_metadata=url)
    for headers in ({}, bearer("nope")):
        found = client.get("/me", headers=headers).headers["WWW-Authenticate"]
        assert f'realm="api", resource_metadata="{url}"' in found


def test_the_document() -> None:
    client = service(bearer_format="opaque", description="Of the settings page.")
    document = client.get("/openapi.json", headers=bearer("abc")).json
    assert document["components"]["securitySchemes"]["bearer"] == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "opaque",
        "description": "Of the settings page.",
    }
    assert "WWW-Authenticate" in document["components"]["responses"]["Forbidden"]["headers"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"resource_metadata": "metadata"}, "HTTPBearer: resource_metadata must be an absolute"),
        ({"resource_metadata": "https://a/ b"}, "HTTPBearer: resource_metadata must be an absol"),
        ({"scopes": 5}, "scopes of HTTPBearer must be a function"),
    ],
)
def test_mistakes_are_told(options: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        HTTPBearer(find, **options)
