"""Tests of heartbeats for sources that block."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Iterator

import pytest

from restkit import App
from restkit.sse import Event, EventStream, heartbeats, stop_streams, with_heartbeats
from restkit.testing import Client
from tests.sse.test_event_streams import running

__all__ = ["running"]


class Source:
    """A source that blocks until a text is put in, or until it is closed."""

    def __init__(self) -> None:
        self.texts: queue.Queue[str | None] = queue.Queue()
        self.ended = threading.Event()

    def listen(self) -> Iterator[str]:
        try:
            while (text := self.texts.get()) is not None:
                yield text
        finally:
            self.ended.set()

    def close(self) -> None:
        self.texts.put(None)


def test_a_source_that_blocks_gets_heartbeats() -> None:
    """A stream sends comments while its source has nothing, and then the item of the source."""
    source = Source()

    class Texts(EventStream):
        def get(self) -> Iterator[Event[str] | None]:
            for text in with_heartbeats(source.listen(), every=0.05, stop=source.close):
                yield None if text is None else Event(text)

    app = App("Texts")
    app.add("/", Texts)
    with Client(app).get("/", stream=True) as response:
        chunks = response.iter_chunks()
        assert next(chunks) == b":\n\n"
        seen = [next(chunks), next(chunks)]
        source.texts.put("a")
        while b"data: a\n\n" not in seen:
            seen.append(next(chunks))
    assert b":\n\n" in seen
    assert source.ended.wait(5)


def test_items_keep_their_order_and_the_end() -> None:
    """A source that does not block is read as it is."""
    assert list(with_heartbeats(iter(range(100)))) == list(range(100))


def test_a_failure_of_the_source_is_raised() -> None:
    """What the source raises, the stream raises, after the items before it."""

    def fails() -> Iterator[int]:
        yield 1
        raise OSError("the connection is gone")

    items = with_heartbeats(fails())
    assert next(items) == 1
    with pytest.raises(OSError, match="the connection is gone"):
        next(items)


def test_a_source_is_read_no_further_than_needed() -> None:
    """The thread waits for the stream: it reads `ahead` items, and one that it holds."""
    read: list[int] = []

    def counts() -> Iterator[int]:
        for number in range(1000):
            read.append(number)
            yield number

    items = with_heartbeats(counts(), ahead=3)
    assert next(items) == 0
    until = time.monotonic() + 1
    while len(read) < 5 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(read) == 5
    items.close()


def test_a_generator_is_closed_with_its_stream() -> None:
    """A source that has more to say is closed, and its thread ends."""
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    items = with_heartbeats(endless())
    assert next(items) == 1
    items.close()
    assert closed.wait(5)


def test_streams_end_although_their_source_blocks(running: None) -> None:
    """A stopping process does not wait for the source, nor for the next heartbeat."""
    source = Source()
    items = with_heartbeats(source.listen(), every=0.05, stop=source.close)
    assert next(items) is None
    stop_streams()
    begun = time.monotonic()
    assert next(items, "end") == "end"
    assert time.monotonic() - begun < 5
    assert source.ended.wait(5)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "_MOST_LEFT", 2)


def test_sources_that_nothing_ends_are_bounded(few: None) -> None:
    """Threads of ended streams do not pile up: after some, a stream is refused with the remedy."""
    sources = [Source() for _ in range(2)]
    for each in sources:
        items = with_heartbeats(each.listen(), every=0.01)
        assert next(items) is None
        items.close()
    with pytest.raises(RuntimeError, match=r"2 event streams that have ended still block.*stop="):
        next(with_heartbeats(iter("a")))
    for each in sources:
        each.close()
        assert each.ended.wait(5)
    until = time.monotonic() + 5
    while any(each.is_alive() for each in heartbeats._left) and time.monotonic() < until:
        time.sleep(0.01)
    assert next(with_heartbeats(iter("a"))) == "a"
