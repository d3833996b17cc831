"""The Authorization header: Basic, tokens, parameters, and several headers in one value."""

from __future__ import annotations

from base64 import b64encode

import pytest

from restkit.http.authorization import holds_several, parse_authorization


def basic(text: str | bytes) -> str:
    """Return a value with a user name and a password."""
    return f"Basic {b64encode(text.encode() if isinstance(text, str) else text).decode()}"


@pytest.mark.parametrize(
    ("value", "username", "password"),
    [
        (basic("ada:secret"), "ada", "secret"),
        (basic("ada:a:b"), "ada", "a:b"),
        (basic(":"), "", ""),
        (basic("ä:é"), "ä", "é"),
        (basic("ada: ~"), "ada", " ~"),
        (basic("ada:x").replace("Basic", "bASIC"), "ada", "x"),
        (f" \t{basic('ada:x')}\t ", "ada", "x"),
        (basic("ada:x").replace(" ", "   "), "ada", "x"),
    ],
)
def test_a_user_name_and_a_password(value: str, username: str, password: str) -> None:
    """The first colon ends the user name; the scheme's name is found in any case."""
    found = parse_authorization(value)
    assert found is not None
    assert found.type == "basic"
    assert (found.username, found.password) == (username, password)


@pytest.mark.parametrize(
    "value",
    [
        *("", " ", "Basic", "Basic ", "Basic \t", "Bearer", ",", "Bas,ic eA==", "B@sic eA=="),
        *("Basic x", "Basic ====", "Basic YWRhOng", "Basic YWRhOng==", "Basic YWRh\u00e9"),
        *(basic("ada"), basic("a\x00:b"), basic("a:b\x1f"), basic("a:b\x7f"), basic(b"\xff:b")),
        *('Basic username="ada"', "Basic a=1, b=2", "Basic YWRhOnN0, realm=x"),
        *("Digest a b", "Digest a=1,, b", "Digest a=1, a=2", "Digest A=1, a=2"),
        *("Digest a=1, a*=UTF-8''2", "Digest *=1"),
        *("Digest a=1 b=2", 'Digest a="x', 'Digest a="x"y', "Digest =1", "Token a b"),
    ],
)
def test_malformed_credentials_are_none(value: str) -> None:
    """Control characters, bad Base64, lost colons, repeated and broken parameters are refused."""
    assert parse_authorization(value) is None


@pytest.mark.parametrize("token", ["a", "a.b-c_d~e+f/g", "a=", "a==", "eyJh.eyJz.c2ln", "1"])
def test_a_token(token: str) -> None:
    """Every token68 of RFC 9110 is handed over as it is."""
    found = parse_authorization(f"Bearer {token}")
    assert found is not None
    assert found.type == "bearer"
    assert found.token == token
    assert found.parameters == {}


def test_parameters() -> None:
    """Parameters may be quoted, with commas and escapes in them, and have space around the sign."""
    found = parse_authorization('Digest a=1, b = "x, y", c="q\\"r",, d=""')
    assert found is not None
    assert found.token is None
    assert found.parameters == {"a": "1", "b": "x, y", "c": 'q"r', "d": ""}


@pytest.mark.parametrize(
    ("value", "several"),
    [
        ("Bearer a", False),
        ("Bearer a=b", False),
        ("Digest a=1, b=2", False),
        ('Digest a="x, y"', False),
        ("Digest a=1,", False),
        ("Digest a=1, b=2, Bearer x", True),
        ("Bearer a, Bearer b", True),
        ("Bearer a,", False),
        ("Bearer a, b=1", True),
        (f"{basic('ada:x')}, {basic('bob:x')}", True),
        ("Digest a=1, Basic eA==", True),
    ],
)
def test_several_headers_in_one_value(value: str, several: bool) -> None:
    """Servers join repeated headers with commas, which are no parameters of the first one."""
    assert holds_several(value) is several


@pytest.mark.parametrize("unit", ['"\\', '"\\"', '"a', '",', '" ', "\\"])
def test_no_header_takes_long(unit: str) -> None:
    """Counted in calls of nothing: a quadratic pattern would take minutes on a header of 1 MB."""
    value = f"x, {unit * 500_000}"
    assert holds_several(value) in (True, False)
    assert parse_authorization(value) is None
