"""Which responses are stored, for how long, and with which headers: the rules by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import Headers

from restkit import Response
from restkit.caching import Cache
from restkit.caching.storing import content_of, distinct, lifetime_of, with_fields
from restkit.response import PlainResponse

KEYED = {"accept", "x-tenant"}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([], (60, 20, 30)),
        ([("Content-Type", "text/plain"), ("X-A", "no-store")], (60, 20, 30)),
        ([("Cache-Control", "public")], (60, 20, 30)),
        ([("CACHE-CONTROL", "max-age=10")], (10, 20, 30)),
        ([("Cache-Control", "max-age=61")], (60, 20, 30)),
        ([("Cache-Control", "max-age=1")], (1, 20, 30)),
        ([("Cache-Control", "max-age=0")], None),
        ([("Cache-Control", "max-age=5, s-maxage=7")], (7, 20, 30)),
        ([("Cache-Control", "s-maxage=0, max-age=5")], None),
        ([("Cache-Control", "max-age=5"), ("cache-control", "must-revalidate")], (5, 0, 0)),
        ([("Cache-Control", "proxy-revalidate")], (60, 0, 0)),
        ([("Cache-Control", "no-store")], None),
        ([("Cache-Control", "max-age=5, no-cache")], None),
        ([("Set-Cookie", "a=1")], None),
        ([("X-A", "1"), ("set-cookie", "a=1"), ("X-B", "1")], None),
        ([("Vary", "Accept")], (60, 20, 30)),
        ([("vary", "X-Tenant , ACCEPT,")], (60, 20, 30)),
        ([("Vary", "Accept, Cookie")], None),
        ([("Vary", "*")], None),
        ([("Vary", "")], (60, 20, 30)),
    ],
)
def test_how_long_a_response_is_stored(
    headers: list[tuple[str, str]], expected: tuple[float, ...] | None
) -> None:
    cache = Cache(60, stale=20, stale_if_error=30)
    assert lifetime_of(headers, cache, KEYED) == expected


@pytest.mark.parametrize(
    ("shared", "expected"), [(False, (60, 0, 0)), (True, None)], ids=["each caller", "shared"]
)
def test_what_is_private_is_stored_for_one_caller(
    shared: bool, expected: tuple[float, ...] | None
) -> None:
    cache = Cache(60, shared=shared)
    assert lifetime_of([("Cache-Control", "private")], cache, KEYED) == expected


def passed_through() -> Response:
    response = Response(b"a")
    response.direct_passthrough = True
    return response


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (PlainResponse(200, [("A", "1")], b"a"), ([("A", "1")], b"a")),
        (PlainResponse(200, [], b""), ([], b"")),
        (PlainResponse(201, [], b"a"), None),
        (PlainResponse(200, [], iter([b"a"])), None),
        (Response(b"a", headers=Headers([("A", "1")])), b"a"),
        (Response(b"a", 203), None),
        (Response(b"a", 404), None),
        (Response(iter([b"a"])), None),
        (passed_through(), None),
    ],
)
def test_what_can_be_stored(response: Any, expected: object) -> None:
    """Whole content of a 200."""
    found = content_of(response)
    if isinstance(expected, bytes):
        assert found is not None
        assert found[1] == expected
        assert ("A", "1") in found[0]
    else:
        assert found == expected


TAG = ("ETag", '"ca978112ca1bbdcafac231b39a23dc4d"')
CONTROL = ("Cache-Control", "max-age=60")


@pytest.mark.parametrize(
    ("headers", "vary", "body", "expected"),
    [
        ([], [], b"a", [CONTROL, TAG]),
        ([], [], None, [CONTROL]),
        ([("X", "1")], ["Accept"], None, [("X", "1"), ("Vary", "Accept"), CONTROL]),
        (
            [("Vary", "cookie, ACCEPT"), ("X", "1"), ("vary", "Host")],
            ["Accept"],
            None,
            [("X", "1"), ("Vary", "Accept, cookie, Host"), CONTROL],
        ),
        ([("Vary", "Accept, *")], ["Cookie"], None, [("Vary", "*"), CONTROL]),
        ([("Vary", "")], [], None, [CONTROL]),
        ([("cache-control", "no-store")], [], None, [("cache-control", "no-store")]),
        ([("etag", '"own"')], [], b"a", [("etag", '"own"'), CONTROL]),
    ],
)
def test_headers_of_a_stored_response(
    headers: list[tuple[str, str]],
    vary: list[str],
    body: bytes | None,
    expected: list[tuple[str, str]],
) -> None:
    """Those of the method stay; Vary has each name once."""
    before = list(headers)
    assert with_fields(headers, "max-age=60", vary, body) == expected
    assert headers == before


def test_names_of_headers_once_each() -> None:
    assert distinct([" A", "b", "a", "", " ", "B ", "c"]) == ["A", "b", "c"]
