"""Challenges: one header, whose values are quoted strings."""

from __future__ import annotations

import pytest

from restkit import DeclarationError
from restkit.security.challenges import BearerChallenges, challenge, check_realm


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ([], "Basic"),
        ([("realm", "api")], 'Basic realm="api"'),
        ([("realm", 'a "b" \\c'), ("x", "")], 'Basic realm="a \\"b\\" \\\\c", x=""'),
    ],
)
def test_the_text_of_a_challenge(parameters: list[tuple[str, str]], text: str) -> None:
    assert challenge("Basic", parameters) == {"WWW-Authenticate": text}


@pytest.mark.parametrize("realm", ["api", " ", "~", 'a "b"'])
def test_realms(realm: str) -> None:
    assert check_realm(realm, "Own") == realm


@pytest.mark.parametrize("realm", ["", "é", "a\n", "a\x7f", "\x1f", None, 5, b"api"])
def test_what_is_no_realm(realm: object) -> None:
    with pytest.raises(DeclarationError, match="Own: realm must be"):
        check_realm(realm, "Own")


@pytest.mark.parametrize("url", ["https://a.example/meta", "http://a"])
def test_the_metadata_of_a_resource_stand_in_each_challenge(url: str) -> None:
    made = BearerChallenges("api", url, "Own")
    common = f'Bearer realm="api", resource_metadata="{url}"'
    found = [made.missing(), made.invalid("Bad."), made.insufficient(["read", "write"])]
    assert [each.status for each in found] == [401, 401, 403]
    assert [each.headers["WWW-Authenticate"] for each in found] == [
        common,
        f'{common}, error="invalid_token", error_description="Bad."',
        f'{common}, error="insufficient_scope", scope="read write"',
    ]
    plain = BearerChallenges("api", None, "Own").missing()
    assert plain.headers["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "url",
    ["/meta", "ftp://a.example", "https://", "https://a.example/ b", "xhttps://a", "https://é"],
)
def test_metadata_need_an_absolute_url(url: str) -> None:
    with pytest.raises(DeclarationError, match="Own: resource_metadata must be"):
        BearerChallenges("api", url, "Own")
