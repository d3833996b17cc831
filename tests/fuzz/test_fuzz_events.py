"""Events, the Last-Event-ID header, and the headers of rate limits."""

from __future__ import annotations

import re
from typing import Any, cast

from hypothesis import strategies as st

from restkit import DeclarationError, Request
from restkit.limits import Rate
from restkit.problems import UnprocessableContent
from restkit.server_sent_events import Event, encode_event, encode_retry
from restkit.sse.last_event_id import LastEventID, LastEventNumber
from restkit.testing.event_parser import EventParser, ReceivedEvent

from .fuzzing import fuzz, header_texts

CLEAN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
DATA = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def read(data: bytes, size: int) -> list[ReceivedEvent]:
    parser = EventParser()
    return [
        event for at in range(0, len(data), size) for event in parser.feed(data[at : at + size])
    ]


@fuzz(
    events=st.lists(
        st.tuples(
            DATA, st.none() | CLEAN, st.none() | st.just("tick"), st.none() | st.integers(0, 9999)
        ),
        max_size=4,
    ),
    size=st.integers(1, 40),
)
def test_events_there_and_back(events: list[tuple[str, Any, Any, Any]], size: int) -> None:
    """However a stream is cut into chunks; line ends in data become line feeds."""
    made = [Event(data, id=id, event=event, retry=retry) for data, id, event, retry in events]
    stream = b"".join(encode_event(cast("Event[object]", each), each.value) for each in made)
    found = read(encode_retry(5) + stream, size)
    wanted = [re.sub("\r\n|\r", "\n", data) for data, *_ in events]
    assert [each.data for each in found] == wanted
    assert [each.event for each in found] == [event or "message" for _, _, event, _ in events]
    last: str = ""
    for each, (_, id, _, _) in zip(found, events, strict=True):
        last = last if id is None else id
        assert each.id == last


@fuzz(
    stream=st.binary(max_size=80) | st.text("data:ev nt\r\n0id", max_size=60).map(str.encode),
    size=st.integers(1, 9),
)
def test_streams_of_any_bytes(stream: bytes, size: int) -> None:
    assert read(stream, size) == read(stream, 1000)


@fuzz(text=header_texts | st.integers().map(str) | st.text("0123456789\u0663+-_ ", max_size=25))
def test_last_event_ids_of_any_text(text: str) -> None:
    environ: Any = {"HTTP_LAST_EVENT_ID": text.encode().decode("latin-1")}
    request = Request(environ)
    assert LastEventID.from_request(request) == (text or None)
    try:
        number = LastEventNumber.from_request(request)
    except UnprocessableContent:
        assert not (re.fullmatch("[0-9]+", text) and int(text) < 2**63 and len(text) < 20)
        return
    assert (number is None) == (text == "")
    assert number is None or (0 <= number < 2**63 and number == int(text))


# RFC 9651, section 4.2, as far as the two headers need it.
STRING = r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"'
MEMBER = rf"{STRING}(?:;[a-z][a-z0-9_.*-]*=(?:-?[0-9]{{1,15}}|{STRING}))+"


@fuzz(
    quota=st.integers(1, 10**9),
    per=st.floats(0.5, 10**7) | st.sampled_from(["second", "minute", "hour", "day"]),
    name=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12),
)
def test_policies_are_structured_fields(quota: int, per: Any, name: str) -> None:
    """A name that a structured field cannot hold is a mistake of the program."""
    try:
        rate = Rate(quota, per=per, name=name)
    except DeclarationError:
        assert re.search(r'["\\]', name)
        return
    assert re.fullmatch(MEMBER, rate.policy)
    assert f";q={quota};" in rate.policy
