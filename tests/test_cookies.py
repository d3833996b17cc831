"""Cookies that a method sets: their attributes, and what browsers would refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from werkzeug.http import parse_cookie

from restkit import App, cookie, expired_cookie
from restkit.testing import Client


def theme_app() -> App:
    app = App("Theme")

    @app.post("/theme/<name>")
    def choose(name: str) -> tuple[dict[str, str], int, dict[str, str]]:
        return {"theme": name}, 200, {"Set-Cookie": cookie("theme", name, max_age=60)}

    @app.delete("/theme")
    def forget() -> tuple[None, int, list[tuple[str, str]]]:
        return (
            None,
            204,
            [
                ("Set-Cookie", expired_cookie("theme")),
                ("Set-Cookie", cookie("seen", "1", http_only=False, same_site="Strict")),
            ],
        )

    return app


def test_a_cookie_is_a_header_of_the_response() -> None:
    client = Client(theme_app())
    response = client.post("/theme/dark")

    assert response.headers["Set-Cookie"] == (
        "theme=dark; Max-Age=60; HttpOnly; Path=/; SameSite=Lax"
    )
    assert client.get_cookie("theme") == "dark"
    client.delete("/theme")
    assert client.get_cookie("theme") is None
    assert client.get_cookie("seen") == "1"


def test_under_tls_a_cookie_is_secure() -> None:
    client = Client(theme_app(), base_url="https://localhost")
    assert "; Secure" in client.post("/theme/dark").headers["Set-Cookie"]
    assert "; Secure" in cookie("a", "b"), "outside of a request nothing says otherwise"
    assert "Secure" not in cookie("a", "b", secure=False)


def test_a_value_cannot_add_attributes() -> None:
    for value in ("a; Domain=evil.example", "a\r\nSet-Cookie: b=c", 'a"b', "é", "a,b", "\x00"):
        made = cookie("a", value)
        assert "\r" not in made
        assert "\n" not in made
        assert made.count(";") == 4
    assert cookie("a", "b", max_age=timedelta(days=1)).startswith("a=b; Max-Age=86400;")


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("", {}, "name of a cookie"),
        ("a b", {}, "name of a cookie"),
        ("a;b", {}, "name of a cookie"),
        ("a\r\nb", {}, "name of a cookie"),
        ("ä", {}, "name of a cookie"),
        ("a", {"path": "/; Domain=x"}, "path"),
        ("a", {"path": "a"}, "path"),
        ("a", {"same_site": "lax"}, "Lax, Strict or None"),
        ("a", {"same_site": "None", "secure": False}, "secure=True"),
        ("__Secure-a", {"secure": False}, "secure=True"),
        ("__Host-a", {"path": "/b"}, "no domain"),
        ("__Host-a", {"domain": "example.com"}, "no domain"),
    ],
)
def test_a_cookie_that_browsers_refuse_is_an_error(name: str, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cookie(name, "b", **options)


def test_a_cookie_that_is_too_large_is_an_error() -> None:
    assert len(cookie("a", "x" * 4000)) <= 4096
    with pytest.raises(ValueError, match="4096"):
        cookie("a", "x" * 4096)


def test_control_characters_are_escaped_in_a_cookie() -> None:
    """Each of them comes back, and no header has one."""
    client = Client(theme_app())
    for number in [*range(32), 127]:
        made = cookie("theme", f"a{chr(number)}", secure=False)
        assert made.isprintable()
        assert parse_cookie(made.partition(";")[0])["theme"] == f"a{chr(number)}"
    assert client.post("/theme/a%1Bb").status == 200
    assert client.get_cookie("theme") == "a\x1bb"
