"""Accept-Encoding (RFC 9110, section 12.5.3), and what is worth compressing."""

from __future__ import annotations

import pytest

from restkit.http.encodings import (
    accepted_encodings,
    chosen_encoding,
    is_compressible,
    refuses_identity,
)


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("", {}),
        ("gzip", {"gzip": 1.0}),
        ("GZIP;Q=0.5 , br", {"gzip": 0.5, "br": 1.0}),
        ("x-gzip;q=0", {"gzip": 0.0}),
        ("gzip ; q=0.123,\t*;q=1.000", {"gzip": 0.123, "*": 1.0}),
        ("gzip;q=0.1234, br", {"br": 1.0}),
        ("gzip;q=1.1, br;q=2, a b, zstd", {"zstd": 1.0}),
        ("gzip;q=, ;q=1, br;level=1,", {}),
        ("gzip;q=0.1, gzip;q=0.9", {"gzip": 0.9}),
    ],
)
def test_the_qualities_of_codings(header: str, accepted: dict[str, float]) -> None:
    """Malformed members say nothing."""
    assert accepted_encodings(header) == accepted


@pytest.mark.parametrize(("length", "is_read"), [(1024, True), (1025, False)])
def test_a_long_header_says_nothing(length: int, is_read: bool) -> None:
    assert bool(accepted_encodings("gzip".rjust(length))) is is_read


@pytest.mark.parametrize(
    ("header", "chosen"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("br, gzip", "br"),
        ("gzip, br;q=0.5", "gzip"),
        ("gzip;q=0.5, br;q=0.5", "br"),
        ("gzip;q=0", ""),
        ("*", "br"),
        ("*;q=0.5, br;q=0", "gzip"),
        ("*;q=0", ""),
        ("deflate", ""),
        ("gzip;q=0.5, identity", ""),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity;q=0", ""),
    ],
)
def test_the_coding_that_a_client_likes_best(header: str, chosen: str) -> None:
    """The preferred one among equals; none if it likes content without a coding better."""
    assert chosen_encoding(accepted_encodings(header), ["br", "gzip"]) == chosen


@pytest.mark.parametrize(
    ("header", "refuses"),
    [
        ("", False),
        ("gzip", False),
        ("identity;q=0", True),
        ("identity;q=0.001", False),
        ("*;q=0", True),
        ("*;q=0.5", False),
        ("*;q=0, identity", False),
        ("*, identity;q=0", True),
    ],
)
def test_clients_that_refuse_content_without_a_coding(header: str, refuses: bool) -> None:
    assert refuses_identity(accepted_encodings(header)) is refuses


@pytest.mark.parametrize(
    ("media_type", "compressible"),
    [
        ("text/plain", True),
        ("Text/HTML; charset=utf-8", True),
        ("application/json", True),
        ("application/vnd.x+json", True),
        ("image/svg+xml", True),
        ("application/x+json; a=b", True),
        ("font/woff2", False),
        ("image/png", False),
        ("application/octet-stream; a=text/plain", False),
        ("", False),
    ],
)
def test_what_is_worth_compressing(media_type: str, compressible: bool) -> None:
    assert is_compressible(media_type) is compressible
