"""Accept, Content-Type, Prefer, Accept-Encoding and Accept-Language."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from restkit.html.precompressed import chosen_coding
from restkit.http.encodings import accepted_encodings
from restkit.http.negotiation import (
    Chooser,
    MediaRange,
    choose,
    parse_accept,
    parse_content_type,
    parse_prefer,
)

from .fuzzing import fuzz, header_texts, mutated, tokens

KINDS = st.sampled_from(["application", "text", "image", "x"])
SUBTYPES = st.sampled_from(["json", "html", "csv", "problem+json", "x-ndjson"])
QUALITIES = st.sampled_from(["", ";q=1", ";q=0", ";q=0.5", "; q=0.123", ";q=1.0", ";Q=0.25"])
MEDIA = st.tuples(KINDS, SUBTYPES).map("/".join)
RANGES = st.one_of(MEDIA, KINDS.map(lambda kind: f"{kind}/*"), st.just("*/*"))
MEMBERS = st.tuples(RANGES, QUALITIES).map("".join)
ACCEPTS = st.lists(MEMBERS, min_size=1, max_size=6).map(", ".join)
QUOTED = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=8)
OFFERED = st.lists(MEDIA, min_size=1, max_size=4, unique=True).map(tuple)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@fuzz(header=st.one_of(header_texts, mutated(ACCEPTS)), offered=OFFERED)
def test_accept_of_any_text(header: str, offered: tuple[str, ...]) -> None:
    """No text is an error, and the caches change nothing."""
    found = parse_accept(header)
    assert len(found) <= 128
    assert all(0 <= each.quality <= 1 for each in found)
    chooser = Chooser(offered)
    chosen = choose(header, offered)
    assert chosen is None or chosen in offered
    assert chooser(header) == chooser(header) == chosen


def _best(header: str, offered: tuple[str, ...]) -> float:
    """Return the best quality by Werkzeug's parser and the rule of RFC 9110 alone."""
    ranges = [
        (each.split(";")[0].lower(), quality) for each, quality in parse_accept_header(header)
    ]

    def quality_of(media_type: str) -> float:
        kind = media_type.partition("/")[0]
        for name in (media_type, f"{kind}/*", "*/*"):
            named = [quality for each, quality in ranges if each == name]
            if named:
                return max(named)
        return 0.0

    return max(map(quality_of, offered))


@fuzz(header=ACCEPTS, offered=OFFERED)
def test_accept_and_werkzeug(header: str, offered: tuple[str, ...]) -> None:
    """Well-formed headers have the ranges and qualities that Werkzeug reads."""
    mine = sorted((f"{each.type}/{each.subtype}", each.quality) for each in parse_accept(header))
    theirs = parse_accept_header(header, MIMEAccept)
    assert mine == sorted((each.lower(), float(quality)) for each, quality in theirs)
    best = _best(header, offered)
    assert (choose(header, offered) is None) == (best == 0)


@fuzz(
    ranges=st.lists(
        st.tuples(KINDS, SUBTYPES, st.dictionaries(st.sampled_from("abc"), QUOTED, max_size=2)),
        max_size=5,
    )
)
def test_written_ranges_are_read(ranges: list[tuple[str, str, dict[str, str]]]) -> None:
    """Quoted parameters with commas, semicolons and backslashes come back."""
    members = [
        "; ".join(
            [f"{kind}/{subtype}", *(f"{name}={quoted(value)}" for name, value in more.items())]
        )
        for kind, subtype, more in ranges
    ]
    wanted = tuple(
        MediaRange(
            kind, subtype, frozenset((name, value.lower()) for name, value in more.items()), 1.0
        )
        for kind, subtype, more in ranges
    )
    assert parse_accept(", ".join(members)) == wanted


@fuzz(header=st.one_of(header_texts, mutated(MEMBERS)))
def test_content_type_of_any_text(header: str) -> None:
    found = parse_content_type(header)
    assert parse_content_type(header) == found
    assert found.media_type == found.media_type.lower()
    assert "*" not in found.media_type.split("/")


@fuzz(media_type=MEDIA, parameters=st.dictionaries(st.sampled_from("abcdxyz"), QUOTED, max_size=3))
def test_content_type_and_werkzeug(media_type: str, parameters: dict[str, str]) -> None:
    header = media_type + "".join(f"; {name}={quoted(each)}" for name, each in parameters.items())
    found = parse_content_type(header)
    assert (found.media_type, dict(found.parameters)) == (media_type, parameters)
    theirs, their_parameters = parse_options_header(header)
    assert (theirs, their_parameters) == (media_type, parameters)


@fuzz(header=st.one_of(header_texts, mutated(st.lists(tokens, max_size=4).map(", ".join))))
def test_prefer_of_any_text(header: str) -> None:
    found = parse_prefer(header)
    assert len(found) <= 128
    assert all(name == name.lower() for name in found)


@fuzz(preferences=st.dictionaries(tokens.map(str.lower), QUOTED, max_size=4))
def test_written_preferences_are_read(preferences: dict[str, str]) -> None:
    header = ", ".join(f"{name}={quoted(value)}" for name, value in preferences.items())
    assert parse_prefer(header) == preferences


CODINGS = st.sampled_from(["gzip", "br", "zstd", "identity", "*", "x-gzip", "deflate"])
ENCODINGS = st.lists(st.tuples(CODINGS, QUALITIES).map("".join), max_size=5).map(", ".join)


@fuzz(header=st.one_of(header_texts, mutated(ENCODINGS)))
def test_encodings_of_any_text(header: str) -> None:
    found = accepted_encodings(header)
    assert all(0 <= quality <= 1 for quality in found.values())
    offered = {"br": ".br", "gzip": ".gz"}
    assert chosen_coding(header, offered) in {"", "br", "gzip"}


@fuzz(header=ENCODINGS)
def test_encodings_and_werkzeug(header: str) -> None:
    """The last one of a coding counts; Werkzeug keeps all of them."""
    found = accepted_encodings(header)
    theirs: Any = [(each.lower(), quality) for each, quality in parse_accept_header(header)]
    names = {"gzip" if each == "x-gzip" else each for each, _ in theirs}
    assert set(found) == names
    for name, quality in found.items():
        same = {name, "x-gzip"} if name == "gzip" else {name}
        assert quality in [float(each) for coding, each in theirs if coding in same]
