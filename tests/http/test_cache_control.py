"""Cache-Control of requests and responses (RFC 9111, section 5.2)."""

from __future__ import annotations

import pytest

from restkit.http.cache_control import (
    RequestDirectives,
    parse_cache_control,
    request_directives,
    seconds_in,
)

MANY = 2**31


@pytest.mark.parametrize(
    ("header", "directives"),
    [
        ("", {}),
        ("no-store", {"no-store": ""}),
        ("No-Store , MAX-AGE=5", {"no-store": "", "max-age": "5"}),
        ("max-age=5,max-age=9", {"max-age": "5"}),
        (
            ',,\t max-age = 5 ,, no-cache="Set-Cookie, X" , a',
            {"max-age": "5", "no-cache": "Set-Cookie, X", "a": ""},
        ),
        ('max-age="5"', {"max-age": "5"}),
        ("a=", {"a": ""}),
        ("a=b c ,d", {"a": "b c", "d": ""}),
        ("=5, (a), b", {"b": ""}),
        ('a="open, b', {"a": "", "b": ""}),
    ],
)
def test_directives_of_a_header(header: str, directives: dict[str, str]) -> None:
    """The first of a name counts, and what is malformed is passed over."""
    assert parse_cache_control(header) == directives


@pytest.mark.parametrize(("length", "is_read"), [(1024, True), (1025, False)])
def test_so_many_characters_are_read(length: int, is_read: bool) -> None:
    header = "no-store".rjust(length, ",")
    assert ("no-store" in parse_cache_control(header)) is is_read


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("60", 60),
        ("007", 7),
        (str(MANY - 1), MANY - 1),
        (str(MANY), MANY),
        (str(MANY + 1), MANY),
        ("9" * 50, MANY),
        ("00000000001", 1),
        ("000000000019", 1),  # eleven digits are read
        ("", 0),
        ("-5", 0),
        ("5.5", 0),
        ("²", 0),
        ("\u0665", 0),
        ("soon", 0),
    ],
)
def test_seconds_of_a_directive(text: str, seconds: int) -> None:
    """What is malformed counts as stale."""
    assert seconds_in({"max-age": text}, "max-age") == seconds


def test_a_directive_that_is_missing_has_no_seconds() -> None:
    assert seconds_in({"max-age": "5"}, "s-maxage") is None


@pytest.mark.parametrize(
    ("header", "pragma", "expected"),
    [
        (None, None, {}),
        (None, "no-cache", {"no_cache": True}),
        (None, "a, No-Cache", {"no_cache": True}),
        (None, "no-store", {}),
        ("", "no-cache", {}),
        ("max-age=5", "no-cache", {"max_age": 5}),
        ("no-cache", None, {"no_cache": True}),
        ("no-store", None, {"no_store": True}),
        ("only-if-cached", None, {"only_if_cached": True}),
        ("max-stale", None, {"max_stale": MANY}),
        ("max-stale=7", None, {"max_stale": 7}),
        ("max-stale=x", None, {"max_stale": 0}),
        ("min-fresh=7", None, {"min_fresh": 7}),
        ("min-fresh", None, {}),
        ("max-age=0", None, {"max_age": 0}),
        (
            "no-cache, no-store, only-if-cached, max-age=1, max-stale=2, min-fresh=3",
            None,
            {
                "no_cache": True,
                "no_store": True,
                "only_if_cached": True,
                "max_age": 1,
                "max_stale": 2,
                "min_fresh": 3,
            },
        ),
    ],
)
def test_what_a_request_asks_for(
    header: str | None, pragma: str | None, expected: dict[str, int]
) -> None:
    """Pragma counts without Cache-Control alone."""
    assert request_directives(header, pragma) == RequestDirectives(**expected)


def test_a_request_that_asks_for_nothing() -> None:
    assert tuple(RequestDirectives()) == (False, False, False, None, None, 0)
