"""Entity tags, dates, preconditions and ranges."""

from __future__ import annotations

import datetime as dt
from email.utils import format_datetime

from hypothesis import strategies as st
from werkzeug.http import http_date, parse_date, parse_etags, parse_range_header, quote_etag

from restkit.html.byte_ranges import ByteRange, Unsatisfiable, content_range, requested_ranges
from restkit.http.conditional import (
    EntityTag,
    Outcome,
    Preconditions,
    evaluate,
    format_http_date,
    parse_etag_list,
    parse_http_date,
)

from .fuzzing import fuzz, header_texts, mutated

ETAGC = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0xFF, exclude_characters='"\x7f').filter(
        lambda each: not 0x7F <= ord(each) < 0x80
    ),
    max_size=8,
)
TAGS = st.builds(EntityTag, ETAGC, st.booleans())
LISTS = st.lists(TAGS, max_size=5)
METHODS = st.sampled_from(["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "POST"])
MOMENTS = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)).map(
    lambda moment: moment.replace(tzinfo=dt.UTC)
)


@fuzz(tags=LISTS)
def test_entity_tags_there_and_back(tags: list[EntityTag]) -> None:
    for each in tags:
        assert EntityTag.parse(str(each)) == each
    assert parse_etag_list(", ".join(map(str, tags))) == tuple(tags)
    assert parse_etag_list(",,".join(map(str, tags)) + " , ") == tuple(tags)


@fuzz(
    tags=st.lists(
        st.tuples(st.text("abc019-_/", min_size=1, max_size=6), st.booleans()), max_size=5
    )
)
def test_entity_tags_and_werkzeug(tags: list[tuple[str, bool]]) -> None:
    header = ", ".join(quote_etag(value, weak) for value, weak in tags)
    found = parse_etag_list(header)
    theirs = parse_etags(header)
    assert {each.value for each in found if not isinstance(each, str) and each.weak} == theirs._weak
    assert {
        each.value for each in found if not isinstance(each, str) and not each.weak
    } == theirs._strong


@fuzz(header=st.one_of(header_texts, mutated(LISTS.map(lambda tags: ", ".join(map(str, tags))))))
def test_entity_tags_of_any_text(header: str) -> None:
    found = parse_etag_list(header)
    assert found == "*" or len(found) <= 256
    if found != "*":
        assert parse_etag_list(", ".join(map(str, found))) == found


@fuzz(text=st.one_of(header_texts, mutated(MOMENTS.map(format_http_date))))
def test_dates_of_any_text(text: str) -> None:
    found = parse_http_date(text)
    again = None if found is None else parse_http_date(format_http_date(found))
    assert again == found
    assert found is None or found.tzinfo is dt.UTC


@fuzz(moment=MOMENTS)
def test_dates_there_and_back(moment: dt.datetime) -> None:
    """As the standard library and Werkzeug write and read them."""
    whole = moment.replace(microsecond=0)
    text = format_http_date(moment)
    assert parse_http_date(text) == whole
    assert text == format_datetime(whole, usegmt=True)
    assert text == http_date(whole)
    if whole.year >= 1000:  # of 0099 Werkzeug makes 1999
        assert parse_date(text) == whole


@fuzz(
    method=METHODS,
    match=st.none()
    | header_texts
    | LISTS.map(lambda tags: ", ".join(map(str, tags)))
    | st.just("*"),
    none=st.none()
    | header_texts
    | LISTS.map(lambda tags: ", ".join(map(str, tags)))
    | st.just("*"),
    since=st.none() | header_texts | MOMENTS.map(format_http_date),
    until=st.none() | header_texts | MOMENTS.map(format_http_date),
    tag=st.none() | TAGS,
    modified=st.none() | MOMENTS,
    exists=st.booleans(),
)
def test_preconditions(
    method: str,
    match: str | None,
    none: str | None,
    since: str | None,
    until: str | None,
    tag: EntityTag | None,
    modified: dt.datetime | None,
    exists: bool,
) -> None:
    """Reads alone get a 304; what is not there never matches; a failing If-Match always fails."""
    headers = Preconditions(match, none, since, until, True)
    found = evaluate(method, headers, tag, modified, exists=exists)
    assert found is not Outcome.NOT_MODIFIED or method in ("GET", "HEAD")
    if method == "OPTIONS":
        assert found is Outcome.PROCEED
        return
    if match is not None:
        is_any = match.strip(" \t") == "*"
        cannot_match = not exists or (not is_any and tag is not None and tag.weak)
        assert found is Outcome.FAILED or not cannot_match
    if match is none is since is until is None:
        assert found is Outcome.PROCEED


SPECS = st.one_of(
    st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda each: f"{each[0]}-{each[1]}"),
    st.integers(0, 60).map(lambda each: f"{each}-"),
    st.integers(0, 60).map(lambda each: f"-{each}"),
)
HEADERS = st.lists(SPECS, min_size=1, max_size=5).map(lambda each: "bytes=" + ",".join(each))


def ranges_of(header: str, size: int) -> tuple[ByteRange, ...] | None:
    try:
        return requested_ranges(header, size)
    except Unsatisfiable:
        return None


@fuzz(header=st.one_of(header_texts, mutated(HEADERS)), size=st.integers(0, 50))
def test_ranges_of_any_text(header: str, size: int) -> None:
    """Ranges are within the content, and neither overlap nor touch."""
    found = ranges_of(header, size)
    taken: set[int] = set()
    for each in found or ():
        assert 0 <= each.start < each.stop <= size
        assert each.length == each.stop - each.start
        around = set(range(each.start - 1, each.stop + 1))
        assert not taken & around
        taken |= set(range(each.start, each.stop))
        assert content_range(each, size) == f"bytes {each.start}-{each.stop - 1}/{size}"
    assert len(taken) <= size


@fuzz(header=HEADERS, size=st.integers(1, 50))
def test_ranges_and_werkzeug(header: str, size: int) -> None:
    """Well-formed ranges have the bytes that Werkzeug says."""
    theirs = parse_range_header(header)
    found = ranges_of(header, size)
    if theirs is None:  # Werkzeug refuses some that are well-formed, such as overlapping ones
        return
    wanted: set[int] = set()
    for begin, end in theirs.ranges:
        start = max(size + begin, 0) if begin < 0 else begin
        wanted |= set(range(start, min(size, end if end is not None else size)))
    mine = set(range(size)) if found == () else set()
    for each in found or ():
        mine |= set(range(each.start, each.stop))
    assert mine == wanted
