"""Media types: handlers, ranges of media types, and the 415."""

from __future__ import annotations

import pytest

from restkit.errors import DeclarationError
from restkit.media import (
    HANDLERS,
    Handler,
    Media,
    check_media_types,
    covering,
    handler_for,
    unsupported,
)
from restkit.problems import BadRequest


def test_handlers_read_and_write() -> None:
    """The handlers at hand round-trip their media types."""
    found = {handler.media_type: handler for handler in HANDLERS}
    assert found["application/x-ndjson"].loads(b'{"a":1}\r\n\n2') == [{"a": 1}, 2]
    assert found["application/x-ndjson"].dumps([{"a": 1}, 2]) == b'{"a":1}\n2\n'
    assert found["text/plain"].loads("\u00e9".encode()) == "\u00e9"
    assert found["text/plain"].dumps("\u00e9") == "\u00e9".encode()
    with pytest.raises(BadRequest, match="not UTF-8"):
        found["text/plain"].loads(b"\xff")
    with pytest.raises(BadRequest):
        found["application/x-ndjson"].loads(b'{"a":1,"a":2}\n')


@pytest.mark.parametrize(
    ("media_type", "known"),
    [
        ("application/json", True),
        ("application/merge-patch+json", True),
        ("application/json-patch+json", True),
        ("application/vnd.shop.book+json", True),
        ("application/x-ndjson", True),
        ("text/plain", True),
        ("text/csv", False),
        ("application/xml", False),
        ("application/jsonp", False),
        ("", False),
    ],
)
def test_handler_for(media_type: str, known: bool) -> None:
    """JSON, anything +json, ndjson and plain text have handlers."""
    assert (handler_for(media_type) is not None) is known


def test_a_registry_is_its_own() -> None:
    """A handler registered on a copy is unknown to the original; it replaces JSON for +json."""
    original = Media(HANDLERS)
    copy = original.copy()
    csv = Handler("text/csv", lambda data: data.split(b","), b",".join)
    quoted = Handler("application/json", lambda data: "mine", lambda value: b"mine")
    own = Handler("application/own+json", lambda data: "own", lambda value: b"own")
    for handler in (csv, quoted, own):
        copy.register(handler)
    assert copy.find("text/csv") is csv
    assert original.find("text/csv") is None
    assert copy.find("application/problem+json") is quoted
    assert copy.find("application/own+json") is own
    assert Media().find("application/own+json") is None


@pytest.mark.parametrize(
    "wrong", ["json", "Application/JSON", "text/plain; charset=utf-8", "text/", "a/b\n", "*/*"]
)
def test_a_handler_needs_a_media_type(wrong: str) -> None:
    """A handler for what is no media type is a mistake at start-up."""
    with pytest.raises(DeclarationError, match="not a media type"):
        Media().register(Handler(wrong, bytes.decode, str.encode))


def test_unsupported_lists_what_is_taken() -> None:
    """415 says what is taken, in the detail and in Accept; for PATCH in Accept-Patch too."""
    problem = unsupported(("application/json", "text/csv"))
    assert problem.status == 415
    assert "application/json, text/csv" in str(problem.detail)
    assert problem.headers == {"Accept": "application/json, text/csv"}
    patch = unsupported(("application/merge-patch+json",), accept_header="Accept-Patch")
    assert patch.headers == {
        "Accept": "application/merge-patch+json",
        "Accept-Patch": "application/merge-patch+json",
    }
    assert unsupported(()).detail == "This URL takes no content."


@pytest.mark.parametrize(
    ("media_type", "found"),
    [
        ("image/png", "image/png"),
        ("image/gif", "image/*"),
        ("text/html", "*/*"),
        ("image/png2", "image/*"),
    ],
)
def test_ranges_cover_media_types(media_type: str, found: str) -> None:
    """The most specific of the declared types and ranges covers a media type."""
    assert covering(["*/*", "image/*", "image/png"], media_type) == found
    assert covering(["image/png"], "image/gif") is None
    assert covering(["image/*"], "imagery/gif") is None


@pytest.mark.parametrize(
    "wrong", ["*/json", "image/p*", "image", "Image/PNG", "text/html; charset=utf-8", "*", "a/b/c"]
)
def test_what_is_no_media_type_is_rejected(wrong: str) -> None:
    """A declaration has media types, and ranges as Accept has them."""
    check_media_types(["image/png", "image/*", "*/*", "application/vnd.x+json"], "Books.get")
    with pytest.raises(DeclarationError, match=r"Books\.get.*is not a media type"):
        check_media_types(["text/csv", wrong], "Books.get")
