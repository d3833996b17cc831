"""What restkit.http.negotiation reads of Accept, Content-Type and Prefer."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minute import within_a_minute

from restkit.http.negotiation import (
    Chooser,
    ContentType,
    choose,
    not_acceptable,
    parse_accept,
    parse_content_type,
    parse_prefer,
)

JSON, HTML, TEXT, CSV = "application/json", "text/html", "text/plain", "text/csv"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"

CHOICES: list[tuple[str | None, tuple[str, ...], str | None]] = [
    (None, (JSON, HTML), JSON),
    ("", (JSON, HTML), JSON),
    ("*/*", (JSON, HTML), JSON),
    (" */* ", (JSON, HTML), JSON),
    ("text/*;q=0.9, image/png;q=0.2, image/*;q=0.1", ("image/*", TEXT), TEXT),
    ("image/png;q=0.9, image/*;q=0.1, text/plain;q=0.5", (TEXT, "image/*"), "image/*"),
    ("image/png;q=0", ("image/*",), None),
    ("text/*;q=0.9, audio/*", ("image/*",), None),
    ("application/json", (JSON,), JSON),
    ("Application/JSON", (HTML, JSON), JSON),
    ("text/html", (JSON,), None),
    ("text/html, application/json", (JSON, HTML), JSON),
    ("text/html;q=0.9, application/json;q=0.8", (JSON, HTML), HTML),
    ("text/*", (JSON, HTML, CSV), HTML),
    ("text/csv; header=present", (JSON, CSV), CSV),
    ("text/csv; header=absent", (JSON, CSV), None),
    ("text/*;q=0.5, text/csv", (JSON, HTML, CSV), CSV),
    ("application/json;q=0", (JSON,), None),
    ("application/json;q=0, */*", (JSON,), None),
    ("application/json;q=0, */*", (JSON, HTML), HTML),
    ("application/json;q=0.000", (JSON,), None),
    ("*/*;q=0", (JSON,), None),
    ("*/*;q=0, application/json", (HTML, JSON), JSON),
    ("*/*;q=0.1, text/html", (JSON, HTML), HTML),
    ("text/plain;q=0.2, text/*;q=0.9", (TEXT, CSV), CSV),
    (FIREFOX, (JSON, HTML), HTML),
    (FIREFOX, (JSON,), JSON),
    (JAVA, (JSON,), JSON),
    (
        "application/json;version=2",
        ("application/json;version=1", "application/json;version=2"),
        "application/json;version=2",
    ),
    ("application/json", ("application/json; version=1",), "application/json; version=1"),
    ("application/json;version=2", (JSON,), None),
    ("text/html;level=1, text/html;q=0.3", (HTML, "text/html;level=1"), "text/html;level=1"),
    ("text/html;level=1;q=0, text/html", ("text/html;level=1", HTML), HTML),
    ("*/*;a=1;b=2, text/plain;q=0", ("text/plain;a=1;b=2",), None),
    ('text/plain;x="a,b;c\\"d"', ('text/plain;x="a,b;c\\"d"',), 'text/plain;x="a,b;c\\"d"'),
    (
        "application/json ; charset=UTF-8 ; q=0.5",
        ("application/json;charset=utf-8",),
        "application/json;charset=utf-8",
    ),
    ("application/json;q=0.5;ext=1", (JSON,), JSON),
    ("application/json;Q=0", (JSON,), None),
    ("application/json;", (JSON,), JSON),
    ("application/json; ; q=0", (JSON,), None),
    # malformed members are ignored, and a header of nothing else is as if it were not there
    ("garbage", (JSON,), JSON),
    (",,,", (JSON,), JSON),
    ("garbage, text/html", (JSON, HTML), HTML),
    ("application/json;q=2", (JSON, HTML), JSON),
    ("application/json;q=2, text/html;q=0.1", (JSON, HTML), HTML),
    ("application/json;q=0.1234, text/html;q=0.1", (JSON, HTML), HTML),
    ("application/json;q=-1, text/html;q=0.1", (JSON, HTML), HTML),
    ("application/json;q=, text/html;q=0.1", (JSON, HTML), HTML),
    ("*/json, text/html;q=0.1", (JSON, HTML), HTML),
    ("application/json html, text/html;q=0.1", (JSON, HTML), HTML),
    ('application/json;x="open, text/html', (JSON, HTML), JSON),
    ("text/html", (), None),
    (None, (), None),
]


@pytest.mark.parametrize(("header", "offered", "chosen"), CHOICES, ids=range(len(CHOICES)))
def test_choose(header: str | None, offered: tuple[str, ...], chosen: str | None) -> None:
    """The client's best is chosen; of equals the server's first; None where nothing is accepted."""
    chooser = Chooser(offered)
    assert [choose(header, offered), chooser(header), chooser(header)] == [chosen] * 3


def test_parse_accept() -> None:
    """Media ranges are lower-case, with their parameters and weight."""
    assert [tuple(each) for each in parse_accept('Text/*;q=0.25, A/B;C="D\\e";q=1;x=y, bad')] == [
        ("text", "*", frozenset(), 0.25),
        ("a", "b", frozenset({("c", "de")}), 1.0),
    ]


HOSTILE = [
    "text/html," * 10_000,
    "text/html;q=0.1," * 100_000,
    ";" * 1_000_000,
    "," * 1_000_000,
    "a/b" + ";x=1" * 250_000,
    'a/b;x="' + "\\" * 1_000_000,
    '"' * 1_000_000,
    "a/b;x=" + '"\\"' * 300_000,
    " " * 1_000_000,
    "a" * 1_000_000,
    "a/" * 500_000,
    "\x00\xff\n" * 300_000,
    "a/b ; " * 160_000,
]


@pytest.mark.parametrize("header", HOSTILE, ids=range(len(HOSTILE)))
def test_absurd_headers_are_bounded(header: str) -> None:
    """Headers of a megabyte are read without backtracking, and never raise."""
    with within_a_minute():
        choose(header, (JSON, HTML))
        Chooser((JSON, HTML))(header)
        assert len(parse_accept(header)) <= 128
        parse_content_type(header)
        parse_content_type(header[:4096])
        assert len(parse_prefer(header)) <= 128


def test_the_cut_of_a_long_header_splits_no_member() -> None:
    """A member that the limit cuts in two is not read at all."""
    header = "application/json;q=0.5, " + "x/y, " * 812 + "text/html;q=0.123456789, " * 20
    assert all(each.subtype in ("json", "y") for each in parse_accept(header))


def test_a_chooser_stays_small() -> None:
    """A chooser remembers at most 256 headers, none longer than 256 characters,
    and still answers right.
    """
    chooser = Chooser((JSON, HTML))
    for i in range(2000):
        assert chooser(f"text/html, x/y{i}") == HTML
        assert len(chooser._seen) <= 256
    seen = dict(chooser._seen)
    assert chooser("text/html," + "x/y," * 100) == HTML
    assert chooser._seen == seen


@given(st.text(alphabet='application/jsontexhml*;q=0.19,"\\ \t', max_size=80))
@settings(max_examples=500, deadline=None)
def test_any_header_is_answered(header: str) -> None:
    """Whatever the header is, nothing raises, and the answer is one of what is offered, or None."""
    assert choose(header, (JSON, HTML)) in (JSON, HTML, None)
    read = parse_content_type(header)
    assert read.media_type == read.media_type.lower()
    assert parse_content_type(header + " " * 300) == read, "a header too long to be remembered"
    assert isinstance(parse_prefer(header), dict)


def test_not_acceptable() -> None:
    """406 lists what is offered."""
    problem = not_acceptable((JSON, HTML))
    assert problem.status == 406
    assert "application/json, text/html" in str(problem.detail)


CONTENT_TYPES: list[tuple[str | None, tuple[str, str | None, str | None]]] = [
    ("application/json", (JSON, None, None)),
    (" Application/JSON ; Charset=UTF-8", (JSON, "utf-8", None)),
    ('application/json;charset="utf-8"', (JSON, "utf-8", None)),
    ("application/json;", (JSON, None, None)),
    ("multipart/form-data; boundary=AbC", ("multipart/form-data", None, "AbC")),
    ('multipart/form-data; boundary="a b;c"', ("multipart/form-data", None, "a b;c")),
    ("application/merge-patch+json", ("application/merge-patch+json", None, None)),
    (None, ("", None, None)),
    ("", ("", None, None)),
    ("json", ("", None, None)),
    ("application/", ("", None, None)),
    ("/json", ("", None, None)),
    ("*/*", ("", None, None)),
    ("application/*", ("", None, None)),
    ("application/json, text/html", ("", None, None)),
    ("application/json charset=utf-8", ("", None, None)),
    ("application/json; charset", ("", None, None)),
    ("application/json; charset=", ("", None, None)),
    ("application/json; charset = utf-8", ("", None, None)),
    ("application/json; charset=utf-8; charset=latin-1", ("", None, None)),
    ("application/json\n", ("", None, None)),
    ("application/json; charset=utf-8\x00", ("", None, None)),
    ("application/js\u00f6n", ("", None, None)),
    ('multipart/form-data; boundary="open', ("", None, None)),
    ("application/json;" + " " * 5000, ("", None, None)),
]


@pytest.mark.parametrize(("header", "parts"), CONTENT_TYPES, ids=range(len(CONTENT_TYPES)))
def test_parse_content_type(header: str | None, parts: tuple[str, str | None, str | None]) -> None:
    """A Content-Type is its media type and parameters; a malformed one has the media type ""."""
    found = parse_content_type(header)
    assert (found.media_type, found.charset, found.boundary) == parts


def test_content_types_are_shared_and_read_only() -> None:
    """The same header gives the same record, whose parameters nobody can change."""
    found = parse_content_type("text/plain; A=B")
    assert found is parse_content_type("text/plain; A=B")
    assert found == ContentType("text/plain", None, None, {"a": "B"})
    with pytest.raises(TypeError):
        found.parameters["a"] = "c"  # type: ignore[index]


PREFERENCES: list[tuple[str | None, dict[str, str]]] = [
    (None, {}),
    ("", {}),
    ("return=minimal", {"return": "minimal"}),
    ("Return=minimal, COUNT=exact", {"return": "minimal", "count": "exact"}),
    ("respond-async, wait=100", {"respond-async": "", "wait": "100"}),
    ("return=minimal, return=representation", {"return": "minimal"}),
    ('foo="a, b; c"; bar=1, x', {"foo": "a, b; c", "x": ""}),
    ('foo; bar="x, y"', {"foo": ""}),
    ('foo=""', {"foo": ""}),
    ("foo=", {"foo": ""}),
    (" return = minimal ", {"return": "minimal"}),
    ("=x, return=minimal, a b", {"return": "minimal"}),
    (",,", {}),
]


@pytest.mark.parametrize(("header", "found"), PREFERENCES, ids=range(len(PREFERENCES)))
def test_parse_prefer(header: str | None, found: dict[str, str]) -> None:
    """Preferences are found by lower-case name; the first of a name wins (RFC 7240, section 2)."""
    assert parse_prefer(header) == found


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "latin-1"])
def test_a_charset_in_accept_decides_nothing(charset: str) -> None:
    """Everything textual is sent as UTF-8, so a charset in Accept excludes nothing."""
    assert choose(f"application/json;charset={charset}", (JSON, HTML)) == JSON
    assert choose(f"application/json;charset={charset};level=1", (JSON, HTML)) is None
