"""What restkit.http.conditional makes of entity tags, dates and preconditions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minute import within_a_minute

from restkit.http.conditional import (
    EntityTag,
    Outcome,
    Preconditions,
    evaluate,
    format_http_date,
    parse_etag_list,
    parse_http_date,
)

A, B, WEAK_A = EntityTag("a"), EntityTag("b"), EntityTag("a", weak=True)
GO, UNCHANGED, FAILED = Outcome.PROCEED, Outcome.NOT_MODIFIED, Outcome.FAILED
WHEN = datetime(2024, 5, 6, 7, 8, 9, 654321, tzinfo=UTC)
SAME, BEFORE, AFTER = (format_http_date(WHEN + timedelta(seconds=s)) for s in (0, -1, 1))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("abc", '"abc"'),
        ('"abc"', '"abc"'),
        ('W/"abc"', 'W/"abc"'),
        (7, '"7"'),
        ("", '""'),
        ("a,b", '"a,b"'),
        ("\u00e9", '"\u00e9"'),
        ("W/abc", '"W/abc"'),
        (WEAK_A, 'W/"a"'),
    ],
)
def test_tags_are_made_of_values(value: str | int | EntityTag, text: str) -> None:
    """A version number, a plain value and a written tag all make a tag, which reads back."""
    tag = EntityTag.of(value)
    assert str(tag) == text
    assert EntityTag.parse(text) == tag


@pytest.mark.parametrize(
    "value",
    ["a b", "a\tb", "a\nb", "a\r", "\x00", "\x7f", "\u0100", 'a"b', '"a', 'w/"a"', '"a" ', '""a'],
)
def test_a_tag_has_no_other_characters(value: str) -> None:
    """White space, controls, quotes and what Latin-1 lacks are a ValueError:
    no header can be split by a tag.
    """
    with pytest.raises(ValueError):
        EntityTag.of(value)


def test_the_constructor_checks_too() -> None:
    """A tag made by hand is checked as well, and `parse` wants the quotes."""
    with pytest.raises(ValueError, match="visible"):
        EntityTag('a"')
    with pytest.raises(ValueError, match="written"):
        EntityTag.parse("a")


def test_comparison() -> None:
    """RFC 9110, section 8.8.3.2, table 3."""
    rows = [
        (EntityTag("1", True), EntityTag("1", True)),
        (EntityTag("1", True), EntityTag("2", True)),
    ]
    rows += [(EntityTag("1", True), EntityTag("1")), (EntityTag("1"), EntityTag("1"))]
    assert [one.strong_match(two) for one, two in rows] == [False, False, False, True]
    assert [one.weak_match(two) for one, two in rows] == [True, False, True, True]


LISTS: list[tuple[str, object]] = [
    ("*", "*"),
    (" * ", "*"),
    ('"a"', (A,)),
    ('"a", "b"', (A, B)),
    ('"a","b" ,\tW/"a"', (A, B, WEAK_A)),
    ('"a,b", "c"', (EntityTag("a,b"), EntityTag("c"))),
    ('""', (EntityTag(""),)),
    (', "a",, ,"b",', (A, B)),
    ("", ()),
    ("a", ()),
    ('"a', ()),
    ('a"', ()),
    ('junk, "b"', (B,)),
    ('w/"a", "b"', (B,)),
    ('"a" "b"', ()),
    ('"a"x, "b"', (B,)),
    ('x"a, "b"', ()),
    ('"a b", "b"', (B,)),
    ('*, "a"', (A,)),
    ('"\\", "b"', (EntityTag("\\"), B)),
]


@pytest.mark.parametrize(("header", "found"), LISTS, ids=range(len(LISTS)))
def test_parse_etag_list(header: str, found: object) -> None:
    """A list of tags is read; commas inside quotes are part of a tag;
    malformed members are left out.
    """
    assert parse_etag_list(header) == found


visible = st.characters(
    min_codepoint=33, max_codepoint=255, exclude_characters='"', exclude_categories=["Cc"]
)
tags = st.builds(EntityTag, st.text(visible, max_size=6), st.booleans())


@given(st.lists(tags, max_size=8), st.sampled_from([",", ", ", " ,\t", ",, "]))
@settings(max_examples=300, deadline=None)
def test_lists_round_trip(listed: list[EntityTag], comma: str) -> None:
    """Any tags that are joined are read back."""
    assert parse_etag_list(comma.join(map(str, listed))) == tuple(listed)


HOSTILE = [
    '"a",' * 250_000,
    '"' * 1_000_001,
    "," * 1_000_000,
    "W/" * 500_000,
    '"' + "a" * 1_000_000,
    " " * 1_000_000,
]


@pytest.mark.parametrize("header", HOSTILE, ids=range(len(HOSTILE)))
def test_absurd_lists_are_bounded(header: str) -> None:
    """A megabyte of tags is read without backtracking, with at most 256 of them."""
    with within_a_minute():
        assert len(parse_etag_list(header)) <= 256
        assert parse_http_date(header) is None


MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
DATES: list[tuple[str, datetime | None]] = [
    ("Sun, 06 Nov 1994 08:49:37 GMT", MOMENT),
    ("Sunday, 06-Nov-94 08:49:37 GMT", MOMENT),
    ("Sun Nov  6 08:49:37 1994", MOMENT),
    ("Sun Nov 16 08:49:37 1994", MOMENT.replace(day=16)),
    ("Thu, 29 Feb 2024 00:00:00 GMT", datetime(2024, 2, 29, tzinfo=UTC)),
    ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ("Wed, 29 Feb 2023 00:00:00 GMT", None),
    ("Sun, 06 Nov 1994 24:00:00 GMT", None),
    ("Sun, 06 Nov 1994 08:60:00 GMT", None),
    ("Sun, 06 Nov 1994 08:49:61 GMT", None),
    ("Sun, 00 Nov 1994 08:49:37 GMT", None),
    ("Sun, 06 Nov 0000 08:49:37 GMT", None),
    ("Sun, 6 Nov 1994 08:49:37 GMT", None),
    ("Sun, 06 nov 1994 08:49:37 GMT", None),
    ("Sun, 06 Nov 1994 08:49:37 UTC", None),
    ("Sun, 06 Nov 1994 08:49:37 +0000", None),
    ("Sun, 06 Nov 1994 08:49:37", None),
    ("Sun, 06 Nov 1994 08:49:37 GMT ", None),
    ("Sun, 06 Nov 1994 08:49:37 GMT\n", None),
    ("Sun, \u0660\u0666 Nov 1994 08:49:37 GMT", None),
    ("1994-11-06T08:49:37Z", None),
    ("784111777", None),
    ("", None),
]


@pytest.mark.parametrize(("text", "moment"), DATES, ids=range(len(DATES)))
def test_parse_http_date(text: str, moment: datetime | None) -> None:
    """All three formats of RFC 9110, section 5.6.7 are read, and nothing else."""
    assert parse_http_date(text) == moment


def test_years_of_two_digits() -> None:
    """A two-digit year is within 50 years ahead, otherwise in the past."""
    this_year = datetime.now(UTC).year
    for ahead, years in ((0, 0), (49, 49), (51, -49), (60, -40)):
        found = parse_http_date(f"Sunday, 06-Nov-{(this_year + ahead) % 100:02} 08:49:37 GMT")
        assert found is not None
        assert (found.year - this_year - years) % 100 == 0
        assert found.year <= this_year + 50


@given(
    st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)),
    st.integers(-14, 14),
)
@settings(max_examples=300, deadline=None)
def test_dates_round_trip(moment: datetime, hours: int) -> None:
    """A moment in any zone is written in GMT and read back to the second."""
    aware = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert parse_http_date(format_http_date(aware)) == aware.replace(microsecond=0)


def test_a_naive_date_is_not_written() -> None:
    """A naive datetime names no moment."""
    assert format_http_date(MOMENT) == "Sun, 06 Nov 1994 08:49:37 GMT"
    with pytest.raises(ValueError, match="aware"):
        format_http_date(datetime(1994, 11, 6))


@given(st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_is_answered(text: str) -> None:
    """No text makes the readers raise."""
    parse_etag_list(text)
    parse_http_date(text)


def conditions(**headers: str) -> Preconditions:
    return Preconditions.from_environ(
        {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    )


def test_from_environ() -> None:
    """The headers are taken from the WSGI keys; without any, one shared record says so."""
    found = conditions(
        if_match="1", if_none_match="2", if_modified_since="3", if_unmodified_since="4"
    )
    assert found == Preconditions("1", "2", "3", "4", True)
    assert not Preconditions.from_environ({"HTTP_ACCEPT": "*/*"}).given
    assert Preconditions.from_environ({}) is Preconditions.from_environ({})
    for name in ("if_match", "if_none_match", "if_modified_since", "if_unmodified_since"):
        assert conditions(**{name: ""}).given


@pytest.mark.parametrize(
    ("headers", "dated", "undated"),
    [
        ({"if_match": '"a"'}, True, True),
        ({"if_match": "*"}, True, True),
        ({"if_none_match": "*"}, True, True),
        ({"if_none_match": '"zzz"'}, False, False),
        ({"if_modified_since": "Thu, 29 Feb 2024 12:00:00 GMT"}, False, False),
        ({"if_unmodified_since": "Thu, 29 Feb 2024 12:00:00 GMT"}, True, False),
        ({"if_unmodified_since": "garbage"}, False, False),
        ({}, False, False),
    ],
)
def test_what_guards_a_change(headers: dict[str, str], dated: bool, undated: bool) -> None:
    """If-Match, If-None-Match: * and a valid date for a resource that has one make a change
    conditional.
    """
    assert conditions(**headers).guards() is dated
    assert conditions(**headers).guards(dated=False) is undated


CASES: list[tuple[str, dict[str, str], Outcome]] = [
    ("GET PUT DELETE", {}, GO),
    # step 1: If-Match, strongly
    ("GET PUT DELETE", {"if_match": '"a"'}, GO),
    ("GET PUT DELETE", {"if_match": '"x", "a"'}, GO),
    ("GET PUT DELETE", {"if_match": '"b"'}, FAILED),
    ("GET PUT DELETE", {"if_match": 'W/"a"'}, FAILED),
    ("GET PUT DELETE", {"if_match": "*"}, GO),
    ("GET PUT DELETE", {"if_match": ""}, FAILED),
    ("GET PUT DELETE", {"if_match": "a"}, FAILED),
    # step 2: If-Unmodified-Since, where there is no If-Match
    ("GET PUT", {"if_unmodified_since": SAME}, GO),
    ("GET PUT", {"if_unmodified_since": AFTER}, GO),
    ("GET PUT", {"if_unmodified_since": BEFORE}, FAILED),
    ("GET PUT", {"if_unmodified_since": "yesterday"}, GO),
    ("GET PUT", {"if_match": '"a"', "if_unmodified_since": BEFORE}, GO),
    ("GET PUT", {"if_match": '"b"', "if_unmodified_since": AFTER}, FAILED),
    # step 3: If-None-Match, weakly
    ("GET HEAD", {"if_none_match": '"a"'}, UNCHANGED),
    ("GET HEAD", {"if_none_match": 'W/"a"'}, UNCHANGED),
    ("GET HEAD", {"if_none_match": '"x", W/"a"'}, UNCHANGED),
    ("GET HEAD", {"if_none_match": "*"}, UNCHANGED),
    ("GET HEAD PUT", {"if_none_match": '"b"'}, GO),
    ("GET HEAD PUT", {"if_none_match": ""}, GO),
    ("PUT POST PATCH DELETE", {"if_none_match": '"a"'}, FAILED),
    ("PUT POST PATCH DELETE", {"if_none_match": "*"}, FAILED),
    # step 4: If-Modified-Since, for GET and HEAD, where there is no If-None-Match
    ("GET HEAD", {"if_modified_since": SAME}, UNCHANGED),
    ("GET HEAD", {"if_modified_since": AFTER}, UNCHANGED),
    ("GET HEAD", {"if_modified_since": BEFORE}, GO),
    ("GET HEAD", {"if_modified_since": "never"}, GO),
    ("PUT POST DELETE", {"if_modified_since": SAME}, GO),
    ("GET HEAD", {"if_none_match": '"b"', "if_modified_since": AFTER}, GO),
    ("GET HEAD", {"if_none_match": '"a"', "if_modified_since": BEFORE}, UNCHANGED),
    # the steps in a row
    ("GET", {"if_match": '"a"', "if_none_match": '"a"'}, UNCHANGED),
    ("PUT", {"if_match": '"a"', "if_none_match": '"a"'}, FAILED),
    ("GET", {"if_match": '"b"', "if_none_match": '"a"'}, FAILED),
    ("GET", {"if_unmodified_since": BEFORE, "if_none_match": '"a"'}, FAILED),
    ("GET", {"if_unmodified_since": SAME, "if_modified_since": SAME}, UNCHANGED),
    # methods that neither read nor change what is there (section 13.2.1)
    ("OPTIONS TRACE CONNECT", {"if_match": '"b"', "if_none_match": "*"}, GO),
]


@pytest.mark.parametrize(("methods", "headers", "outcome"), CASES, ids=range(len(CASES)))
def test_evaluate(methods: str, headers: dict[str, str], outcome: Outcome) -> None:
    """Preconditions are decided in the order of RFC 9110, section 13.2.2."""
    assert methods
    for method in methods.split():
        assert evaluate(method, conditions(**headers), A, WHEN) is outcome


def test_a_weak_tag_never_passes_if_match() -> None:
    """If-Match compares strongly, If-None-Match weakly,
    also where the tag that is there is weak.
    """
    assert evaluate("PUT", conditions(if_match='"a"'), WEAK_A, None) is FAILED
    assert evaluate("PUT", conditions(if_match='W/"a"'), WEAK_A, None) is FAILED
    assert evaluate("PUT", conditions(if_match="*"), WEAK_A, None) is GO
    assert evaluate("GET", conditions(if_none_match='"a"'), WEAK_A, None) is UNCHANGED


def test_where_nothing_is() -> None:
    """If-Match fails where nothing is, If-None-Match:
    * is how one creates, and dates say nothing.
    """
    for header in ("*", '"a"', ""):
        assert evaluate("PUT", conditions(if_match=header), None, None, exists=False) is FAILED
        assert evaluate("PUT", conditions(if_none_match=header), None, None, exists=False) is GO
    assert evaluate("PUT", conditions(if_unmodified_since=BEFORE), None, None, exists=False) is GO
    assert evaluate("GET", conditions(if_modified_since=AFTER), None, None, exists=False) is GO


def test_where_something_without_a_tag_is() -> None:
    """A listed tag matches nothing that has no tag; * matches it."""
    assert evaluate("PUT", conditions(if_match='"a"'), None, None) is FAILED
    assert evaluate("PUT", conditions(if_match="*"), None, None) is GO
    assert evaluate("GET", conditions(if_none_match='"a"'), None, None) is GO
    assert evaluate("GET", conditions(if_none_match="*"), None, None) is UNCHANGED


def test_only_reading_is_ever_not_modified() -> None:
    """304 is for GET and HEAD alone, whatever is sent."""
    choices = [None, "*", '"a"', '"b"', SAME, BEFORE, "bad"]
    for method, *values in product(
        ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"), *[choices] * 4
    ):
        outcome = evaluate(method, Preconditions(*values, True), A, WHEN)
        assert outcome is not UNCHANGED or method in ("GET", "HEAD")
