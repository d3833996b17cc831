"""HTTPBasic: user names and passwords (RFC 7617)."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from restkit import App, DeclarationError, Request, access
from restkit.security import HTTPBasic
from restkit.testing import Client

CHALLENGE = 'Basic realm="The \\"vault\\"", charset="UTF-8"'


def check(username: str, password: str) -> dict[str, Any] | None:
    known = {"ada": "päss:word", "tom": "secret"}
    if known.get(username) != password:
        return None
    return {"name": username, "scopes": ["read"] if username == "tom" else ["read", "write"]}


def service(**options: Any) -> Client:
    options = {"scopes": lambda caller: caller["scopes"], "realm": 'The "vault"'} | options
    basic = HTTPBasic(check, **options)
    app = App("Vault", security=basic)

    @app.get("/me")
    def me(request: Request) -> dict[str, Any]:
        return {"name": request.caller["name"]}

    @app.delete("/me")
    @access(security=basic.scopes("write"))
    def leave() -> None: ...

    return Client(app)


def credentials(text: str | bytes) -> dict[str, str]:
    data = text.encode() if isinstance(text, str) else text
    return {"Authorization": "Basic " + base64.b64encode(data).decode()}


def test_the_caller_is_what_the_function_returns() -> None:
    client = service()
    assert client.get("/me", headers=credentials("ada:päss:word")).json == {"name": "ada"}
    assert client.delete("/me", headers=credentials("ada:päss:word")).status == 204


def test_a_caller_without_the_scope_is_forbidden() -> None:
    response = service().delete("/me", headers=credentials("tom:secret"))
    assert response.status == 403
    assert response.json["detail"] == "The caller lacks a permission that this request needs."


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "Send a user name and a password."),
        ({"Authorization": "Basic"}, "Send a user name and a password."),
        ({"Authorization": "Basic é"}, "Send a user name and a password."),
        ({"Authorization": "Basic YWRh"}, "Send a user name and a password."),
        ({"Authorization": "Bearer YWRhOnA="}, "Send a user name and a password."),
        (credentials("tom:secret\0"), "Send a user name and a password."),
        (credentials("tom\n:secret"), "Send a user name and a password."),
        (credentials("tom:secre"), "The user name or the password is wrong."),
        (credentials("tom:secret "), "The user name or the password is wrong."),
        (credentials("Tom:secret"), "The user name or the password is wrong."),
        (credentials("eve:secret"), "The user name or the password is wrong."),
        (credentials(":"), "The user name or the password is wrong."),
        (credentials("ada:päss:word".encode("latin-1")), "Send a user name and a password."),
    ],
)
def test_other_credentials_are_a_401_with_the_challenge(
    headers: dict[str, str], detail: str
) -> None:
    response = service().get("/me", headers=headers)
    assert (response.status, response.json["detail"]) == (401, detail)
    assert response.headers["WWW-Authenticate"] == CHALLENGE


def test_false_means_wrong_credentials() -> None:
    app = App("Vault", security=HTTPBasic(lambda username, password: password == "right"))
    app.get("/")(lambda: {})
    assert Client(app).get("/", headers=credentials("a:right")).status == 200
    assert Client(app).get("/", headers=credentials("a:wrong")).status == 401


def test_the_function_may_take_the_request() -> None:
    def by_host(username: str, password: str, request: Request) -> object:
        return request.host if password == "p" else None

    app = App("Vault", security=HTTPBasic(by_host))

    @app.get("/")
    def host(request: Request) -> dict[str, Any]:
        return {"host": request.caller}

    assert Client(app).get("/", headers=credentials("a:p")).json == {"host": "localhost"}


def test_the_document() -> None:
    basic = HTTPBasic(check, description="Those of the intranet.")
    assert basic.document() == {
        "type": "http",
        "scheme": "basic",
        "description": "Those of the intranet.",
    }
    assert HTTPBasic(check).document() == {"type": "http", "scheme": "basic"}
    assert HTTPBasic(check).name == "basic"


def test_scopes_of_a_scheme_that_knows_none_are_told() -> None:
    says = r"An operation demands scopes of HTTPBasic, which knows none. Write HTTPBasic\(\.\.\., s"
    with pytest.raises(DeclarationError, match=says):
        service(scopes=None).delete("/me", headers=credentials("tom:secret"))


async def later(username: str, password: str) -> None: ...


@pytest.mark.parametrize(
    ("arguments", "options", "says"),
    [
        ((5,), {}, r"The check of HTTPBasic must be a function of \(username, password\), got 5."),
        ((lambda name: None,), {}, "The check of HTTPBasic is .* cannot be called as a function"),
        ((later,), {}, "The check of HTTPBasic"),
        ((check,), {"realm": "a\nb"}, "HTTPBasic: realm must be a string of printable ASCII"),
        ((check,), {"realm": "Büro"}, "HTTPBasic: realm must be a string of printable ASCII"),
        ((check,), {"realm": ""}, "HTTPBasic: realm must be a string of printable ASCII"),
        ((check,), {"scopes": lambda: ()}, "scopes of HTTPBasic"),
    ],
)
def test_mistakes_are_told(arguments: Any, options: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        HTTPBasic(*arguments, **options)
