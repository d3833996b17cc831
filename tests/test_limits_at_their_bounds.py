"""Limits of the public API at their bounds: the last value that is taken, and the next one."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App, Conflict, Request, Resource, raises, takes
from restkit.cookies import cookie
from restkit.errors import DeclarationError
from restkit.http.cache_control import parse_cache_control, request_directives
from restkit.http.conditional import parse_etag_list
from restkit.http.negotiation import Chooser, parse_accept, parse_content_type, parse_prefer
from restkit.masks import MaskRules
from restkit.security import Mask, SecretsFilter, role
from restkit.sse import Event
from restkit.testing import Client


def _raises(call: Callable[[], object], error: type[Exception]) -> bool:
    try:
        call()
    except error:
        return True
    return False


class Part:
    pass


def _rules(number: int) -> object:
    masks: dict[tuple[type, str], Mask] = {
        (Part, f"f{each}"): Mask(role(f"r{each}")) for each in range(number)
    }
    return MaskRules(masks, "shop.Parts")


def _cookie(length: int) -> str:
    rest = len(cookie("name", "", secure=False))
    return cookie("name", "x" * (length - rest), secure=False)


@pytest.mark.parametrize(
    ("make", "most", "error"),
    [
        (lambda size: Event("x", id="a" * size), 1024, ValueError),
        (_cookie, 4096, ValueError),
        (_rules, 12, DeclarationError),
    ],
    ids=["event id", "cookie", "rules of masks"],
)
def test_what_is_too_long_is_refused(
    make: Callable[[int], object], most: int, error: type[Exception]
) -> None:
    assert not _raises(lambda: make(most), error)
    assert _raises(lambda: make(most + 1), error)


def test_the_length_of_a_cookie_is_that_of_the_header() -> None:
    assert len(_cookie(4096)) == 4096


@pytest.mark.parametrize(
    ("count", "most"),
    [
        (lambda size: len(parse_accept(",".join(["a/b"] * size))), 128),
        (lambda size: len(parse_prefer(",".join(f"p{each}" for each in range(size)))), 128),
        (lambda size: len(parse_etag_list(",".join(f'"{each}"' for each in range(size)))), 256),
    ],
    ids=["Accept", "Prefer", "If-Match"],
)
def test_how_many_members_of_a_header_are_read(count: Callable[[int], int], most: int) -> None:
    assert [count(most - 1), count(most), count(most + 1)] == [most - 1, most, most]


@pytest.mark.parametrize(
    ("is_read", "most"),
    [
        (lambda size: len(parse_accept("a/b," + "c/d".rjust(size - 4))) == 2, 4096),
        (lambda size: parse_content_type("a/b".ljust(size)).media_type == "a/b", 4096),
        (lambda size: "b" in parse_cache_control("a,".ljust(size - 1) + "b"), 1024),
    ],
    ids=["Accept", "Content-Type", "Cache-Control"],
)
def test_how_long_a_header_is_read(is_read: Callable[[int], bool], most: int) -> None:
    assert [is_read(most - 1), is_read(most), is_read(most + 1)] == [True, True, False]


@pytest.mark.parametrize("length", [255, 256, 257])
def test_long_headers_are_negotiated_as_short_ones(length: int) -> None:
    """Those of at most 256 characters are remembered."""
    chooser = Chooser(("application/json", "text/plain"))
    header = "text/plain".ljust(length)
    assert [chooser(header), chooser(header)] == ["text/plain", "text/plain"]
    assert (header in chooser._seen) is (length <= 256)
    for number in range(300):
        chooser(f"text/plain, a/{number}")
        assert 1 <= len(chooser._seen) <= 256


@pytest.mark.parametrize(
    ("directive", "expected"),
    [
        ("max-age=2147483647", 2**31 - 1),
        ("max-age=2147483648", 2**31),
        ("max-age=2147483649", 2**31),
        ("max-age=99999999999999999999", 2**31),
        ("max-age=00000000009", 9),
        ("max-age=-1", 0),
        ("max-age", 0),
    ],
)
def test_times_of_directives(directive: str, expected: int) -> None:
    """RFC 9111, section 1.2.2: larger numbers stand for 2 to the power of 31."""
    assert request_directives(directive, None).max_age == expected


def test_max_stale_without_a_time_is_any_time() -> None:
    assert request_directives("max-stale", None).max_stale == 2**31
    assert request_directives("max-stale=5", None).max_stale == 5
    assert request_directives("max-age=5", None).max_stale is None


@pytest.mark.parametrize(("secret", "is_hidden"), [("a-c", False), ("a-cd", True)])
def test_the_shortest_secret_that_is_hidden(secret: str, is_hidden: bool) -> None:
    """A shorter text would hide parts of ordinary words."""
    text, logger, app = io.StringIO(), logging.getLogger("shop.bounds"), App("Orders")
    handler = logging.StreamHandler(text)
    handler.addFilter(SecretsFilter(app))
    logger.addHandler(handler)

    @app.get("/")
    def get(request: Request) -> None:
        logger.warning("cookies %s", dict(request.cookies))

    try:
        Client(app).get("/", headers={"Cookie": f"name={secret}"})
    finally:
        logger.removeHandler(handler)
    assert "cookies" in text.getvalue()
    assert (f"'{secret}'" not in text.getvalue()) is is_hidden


def _problem(**error: str) -> dict[str, Any]:
    app = App("Problems")

    @app.get("/")
    @raises(Conflict)
    def fail() -> None:
        raise Conflict("x", errors=[{"detail": "x", **error}])  # type: ignore[typeddict-item]

    found: dict[str, Any] = Client(app).get("/").problem["errors"][0]
    return found


@pytest.mark.parametrize(
    ("error", "member", "expected"),
    [
        ({"code": "c" * 100}, "code", "c" * 100),
        ({"code": "c" * 101}, "code", "c" * 100),
        ({"pointer": "/" + "p" * 4999}, "pointer", "/" + "p" * 4999),
        ({"pointer": "/a/" + "p" * 4998}, "pointer", "/a"),
        ({"parameter": "q" * 1000}, "parameter", "q" * 1000),
        ({"parameter": "q" * 1001}, "parameter", "q" * 1000),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_members_of_errors_are_cut(error: dict[str, str], member: str, expected: str) -> None:
    """A pointer is cut before a name, since a part of a name would name another value."""
    assert _problem(**error)[member] == expected


def _nested(levels: int) -> type[Schema]:
    inner = Schema.from_dict({"items": fields.List(fields.Int(), validate=validate.Length(max=1))})
    for _ in range(levels):
        inner = Schema.from_dict({"in": fields.Nested(inner)})
    return inner


@pytest.mark.parametrize("levels", [0, 7, 8, 9])
def test_a_list_that_is_too_long_is_refused_at_any_depth(levels: int) -> None:
    """The message is about the list, not about its items, which cost too much."""
    app = App("Lists")

    @app.route("/")
    class Lists(Resource):
        @takes(body=_nested(levels))
        def post(self, body: dict[str, Any]) -> None: ...

    client = Client(app)
    content: dict[str, Any] = {"items": [1]}
    for _ in range(levels):
        content = {"in": content}
    assert client.post("/", json=content).status == 204
    content = {"items": ["x", "y"]}
    for _ in range(levels):
        content = {"in": content}
    response = client.post("/", json=content)
    assert response.status == 422
    path = "/in" * levels + "/items"
    assert [each["pointer"] for each in response.problem["errors"]] == [path]
