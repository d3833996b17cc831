"""Event streams as a client reads them (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import pytest

from restkit.testing.event_parser import EventParser, ReceivedEvent

STREAM = (
    "\ufeff: a comment\n\nevent: add\ndata: 73857293\n\ndata:first\r\ndata:  second\r\n\r\n"
    "data\r\rid: 1\nid\ndata: x\n\nretry: 5x\nretry: 10\nunknown: y\nid: Zoë\0\nid: ü\ndata: é\n\n"
    "data: cut"
)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 64, 10_000])
def test_chunks_of_any_size(size: int) -> None:
    content = STREAM.encode()
    parser = EventParser()
    found: list[ReceivedEvent] = []
    for start in range(0, len(content), size):
        found += parser.feed(content[start : start + size])
    assert found == [
        ReceivedEvent("73857293", "add"),
        ReceivedEvent("first\n second"),
        ReceivedEvent(""),
        ReceivedEvent("x"),
        ReceivedEvent("é", "message", "ü", 10),
    ]


def test_a_time_that_is_no_time_is_ignored() -> None:
    """More digits than Python converts are none, and the event arrives."""
    stream = f"retry: 10\nretry: {'9' * 5000}\nretry: -1\nretry: \u0663\ndata: x\n\n"
    assert EventParser().feed(stream.encode()) == [ReceivedEvent("x", retry=10)]
