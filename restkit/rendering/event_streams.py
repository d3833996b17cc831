"""Event streams: each event is dumped by the schema of its type, and sent at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from ..contract import Operation, Output
from ..environ_keys import UNEXPECTED_ERRORS
from ..errors import DeclarationError
from ..request import Request
from ..response import PlainResponse, close_if_open
from ..server_sent_events import (
    COMMENT,
    EVENT_STREAM,
    Event,
    EventTypes,
    encode_event,
    encode_retry,
)
from ..stream_shutdown import may_go_on

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = ["event_writer"]

_Write = Callable[[object, str], "tuple[object, PlainResponse]"]
_Texts = Mapping[str, "Callable[[object], str] | None"]
_MESSAGE = "message"
_RETRY = 3000  # milliseconds, as browsers have it
_log = logging.getLogger("restkit")
_warned: set[str] = set()


def event_writer(output: Output, types: EventTypes, operation: Operation) -> _Write:
    """Make the writer of an event stream.

    Args:
        output: The response.
        types: Its event types.
        operation: The Operation, for messages.
    """
    status = output.status
    texts = {name: _text_of(bound) for name, bound in types.schemas.items()}
    opening = COMMENT if types.retry is None else encode_retry(types.retry)

    def write(value: object, media_type: str) -> tuple[object, PlainResponse]:
        if not isinstance(value, Iterable) or isinstance(value, (str, bytes, Mapping)):
            raise DeclarationError(
                f"{operation.declared_at} returned {type(value).__name__}; an event stream is an "
                "iterator of Event and None."
            )
        end_unit_of_work()
        warn_about_threads(operation)
        until = None if types.max_age is None else time.monotonic() + types.max_age
        body = EventBody(iter(value), opening, until, texts, operation, types.retry)
        headers = [
            ("Content-Type", f"{EVENT_STREAM}; charset=utf-8"),
            ("Cache-Control", "no-store"),
            ("X-Accel-Buffering", "no"),  # nginx
        ]
        return None, PlainResponse(status, headers, body)

    return write


class EventBody:
    """The body of an event stream, one chunk for each event.

    The first chunk is sent before the first event, so that a client knows that it is connected.
    """

    # A unit of work ends with each event: a stream that waits for the next one has no connection
    # to the database, and an event that was sent is committed.

    def __init__(
        self,
        values: Iterator[object],
        opening: bytes,
        until: float | None,
        texts: _Texts,
        operation: Operation,
        retry: int | None = None,
    ) -> None:
        """Make the body of a returned stream.

        Args:
            values: The events.
            opening: The first chunk.
            until: The end of the stream on the monotonic clock, None without one.
            texts: The functions from a value to its data, by event type.
            operation: The Operation, for messages.
            retry: The milliseconds after which a client reconnects, None for the client's own time.
        """
        self._values = values
        self._opening = opening
        self._until = until
        self._texts = texts
        self._operation = operation
        self._retry = _RETRY if retry is None else retry
        self._has_stopped = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        """Return the next event or heartbeat.

        Raises:
            StopIteration: The events are over, the stream is too old, or the worker stops.
        """
        if self._opening:
            opening, self._opening = self._opening, b""
            return opening
        is_old = self._until is not None and time.monotonic() > self._until
        if is_old or self._has_stopped:
            self.close()
            raise StopIteration
        if not may_go_on():
            return self._last()
        try:
            chunk = self._chunk(next(self._values))
        except StopIteration:
            if may_go_on():
                raise
            return self._last()  # the method has noticed that the streams stop
        end_unit_of_work()
        return chunk

    def _last(self) -> bytes:
        """End the stream of a process that stops, and return when its client connects again.

        Each client gets another time: not all of them may reach the other processes at once.
        """
        import random  # cold start: few responses end like this

        self._has_stopped = True
        self.close()
        return encode_retry(random.randint(self._retry, 2 * self._retry + 1))  # noqa: S311

    def close(self) -> None:
        """Close the method's generator."""
        close_if_open(self._values)

    def _chunk(self, item: object) -> bytes:
        if item is None:
            return COMMENT
        if not isinstance(item, Event):
            raise DeclarationError(
                f"{self._operation.declared_at} yielded {type(item).__name__}. Yield Event(value), "
                "or None for a heartbeat."
            )
        kind = item.event or _MESSAGE
        if kind not in self._texts:
            known = ", ".join(self._texts)
            raise DeclarationError(
                f"{self._operation.declared_at} yielded an event of type {kind!r}; the stream "
                f"declares {known}. Add its schema to `events` of the class."
            )
        text = self._texts[kind]
        if text is not None:
            return encode_event(item, text(item.value))
        if not isinstance(item.value, str):
            raise DeclarationError(
                f"{self._operation.declared_at} yielded an event of type {kind!r} with "
                f"{type(item.value).__name__} as its value, and that type has no schema: its data "
                "is text. Declare a schema, or yield a str."
            )
        return encode_event(item, item.value)


def end_unit_of_work() -> None:
    """Close the values that were provided for the current request; they are made anew on use."""
    provided = Request.current().provided
    if provided is not None:
        provided.close()


def warn_about_threads(operation: Operation) -> None:
    """Log once that each stream takes a whole process, if the server has no threads."""
    environ = Request.current().environ
    is_test = UNEXPECTED_ERRORS in environ
    if environ.get("wsgi.multithread", True) or is_test or operation.declared_at in _warned:
        return
    _warned.add(operation.declared_at)
    _log.warning(
        "%s is an event stream, but the server runs one request at a time in this process: an open "
        "stream blocks all others. Serve it with threads: gunicorn --worker-class gthread "
        "--threads 100.",
        operation.declared_at,
    )


def _text_of(bound: BoundSchema | None) -> Callable[[object], str] | None:
    """Return the function from a value to JSON, None for text."""
    if bound is None:
        return None
    writer = bound.json_writer
    if bound.many:
        return lambda value: writer.many(cast("Iterable[object]", value)).decode()
    return lambda value: writer.one(value).decode()
