"""`with_heartbeats`: a source that blocks, read by a thread, so that heartbeats are not missed."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterable
from typing import Generic, TypeVar

from ..stream_shutdown import may_go_on

__all__ = ["with_heartbeats"]

T = TypeVar("T")

_POLL = 0.25
_MOST_LEFT = 100
_left: set[threading.Thread] = set()
"""The threads of streams that have ended, whose sources still block."""


def with_heartbeats(
    source: Iterable[T],
    *,
    every: float = 15,
    ahead: int = 1,
    stop: Callable[[], object] | None = None,
) -> Generator[T | None]:
    """Yield the items of a source, and None when it has none for some seconds.

    ::

        yield from with_heartbeats(pubsub.listen(), stop=pubsub.close)

    A thread reads the source. There the request is not current, and values of `restkit.provide`
    must not be used. An exception of the source is raised here. The iterator ends also when the
    streams of the process have to.

    Args:
        source: An iterable that may block as long as it likes.
        every: The seconds after which None is yielded.
        ahead: How many items the thread may read before they are needed.
        stop: A function that ends a blocking source, called when the iterator ends. Without it the
            thread waits for one more item of the source.

    Raises:
        RuntimeError: The sources of 100 streams that have ended still block.
    """
    _left.difference_update([each for each in _left if not each.is_alive()])
    if len(_left) >= _MOST_LEFT:
        raise RuntimeError(
            f"The sources of {len(_left)} event streams that have ended still block, each with a "
            "thread. Call with_heartbeats(..., stop=...) with a function that ends the source."
        )
    reader = _Reader(source, ahead)
    thread = threading.Thread(target=reader.run, name="restkit-events", daemon=True)
    thread.start()
    try:
        yield from reader.items(every)
    finally:
        reader.stopped.set()
        if stop is not None:
            stop()
        thread.join(_POLL)
        if thread.is_alive():
            _left.add(thread)


class _End:
    """The end of a source, with the exception that ended it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


class _Reader(Generic[T]):
    """A source and the items that a thread has read of it."""

    def __init__(self, source: Iterable[T], ahead: int) -> None:
        self.stopped = threading.Event()
        self._source = source
        self._read: queue.Queue[T | _End] = queue.Queue(max(ahead, 1))

    def run(self) -> None:
        """Read the source, in a thread of its own."""
        try:
            for item in self._source:
                self._put(item)
                if self.stopped.is_set():
                    break
        except BaseException as error:  # noqa: BLE001  # raised again where the items are used
            self._put(_End(error))
        else:
            self._put(_End())
        finally:
            close = getattr(self._source, "close", None)
            if callable(close) and self.stopped.is_set():
                close()

    def _put(self, item: T | _End) -> None:
        while not self.stopped.is_set():
            try:
                self._read.put(item, timeout=_POLL)
            except queue.Full:
                continue
            return

    def items(self, every: float) -> Generator[T | None]:
        """Yield the items that were read, and None after some seconds without an item."""
        until = time.monotonic() + every
        while may_go_on():
            left = until - time.monotonic()
            try:
                item = self._read.get(timeout=max(0.0, min(left, _POLL)))
            except queue.Empty:
                if left > _POLL:
                    continue
                yield None
            else:
                if isinstance(item, _End):
                    if item.error is not None:
                        raise item.error
                    return
                yield item
            until = time.monotonic() + every
