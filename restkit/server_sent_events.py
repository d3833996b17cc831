"""Server-sent events (WHATWG HTML, section 9.2): events, their types, and their text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Generic, TypeVar

from .records import Record

if TYPE_CHECKING:
    from .schemas.bound import BoundSchema

__all__ = ["COMMENT", "EVENT_STREAM", "Event", "EventTypes", "encode_event", "encode_retry"]

T = TypeVar("T")

EVENT_STREAM = "text/event-stream"
COMMENT = b":\n\n"
_MAX_ID = 1024
# What the format reads as the end of a line; str.splitlines() knows more ends.
_line_end = re.compile("\r\n|\r|\n")
_control = re.compile("[\x00-\x1f\x7f]")


class EventTypes(Record):
    """The event types of a stream, each with the schema of its data.

    Attributes:
        schemas: The schema by event type; None for data that is text. ``message`` is the type of
            events without one.
        retry: The reconnection time in milliseconds, None for that of the client.
        max_age: The seconds after which a stream ends, None for a stream without an end.
    """

    schemas: Mapping[str, BoundSchema | None]
    retry: int | None = None
    max_age: float | None = None


class Event(Generic[T]):
    """One event of a stream.

    Attributes:
        value: The value, which the schema of the event type dumps; text without a schema.
        id: The last event ID of the client from now on. A client that reconnects sends it.
        event: The event type, None for ``message``.
        retry: The reconnection time in milliseconds from now on.
    """

    __slots__ = ("event", "id", "retry", "value")

    def __init__(
        self,
        value: T,
        *,
        id: str | int | None = None,
        event: str | None = None,
        retry: int | None = None,
    ) -> None:
        """Make an event.

        Raises:
            ValueError: The id has a control character or more than 1,024 characters, or ``retry``
                is negative.
        """
        self.value = value
        self.id = None if id is None else str(id)
        self.event = event
        self.retry = retry
        # A client sends the id in a header, where a control character could not stand.
        if self.id is not None and (len(self.id) > _MAX_ID or _control.search(self.id)):
            raise ValueError(
                f"Event(id={self.id[:40]!r}) has a control character or more than {_MAX_ID} "
                "characters, and a client could not send it as Last-Event-ID."
            )
        if retry is not None and retry < 0:
            raise ValueError(f"Event(retry={retry}) is negative. Give milliseconds.")

    def __repr__(self) -> str:
        named = {"id": self.id, "event": self.event, "retry": self.retry}
        given = [f"{name}={value!r}" for name, value in named.items() if value is not None]
        return f"Event({', '.join([repr(self.value), *given])})"


def encode_event(event: Event[object], data: str) -> bytes:
    """Return an event in the format of event streams (section 9.2.5).

    Args:
        event: The event.
        data: Its data. Each of its lines becomes one field.
    """
    lines = [] if event.event is None else [f"event: {event.event}"]
    if event.id is not None:
        lines.append(f"id: {event.id}")
    if event.retry is not None:
        lines.append(f"retry: {event.retry}")
    lines += [f"data: {each}" for each in _line_end.split(data)]
    return ("\n".join(lines) + "\n\n").encode()


def encode_retry(milliseconds: int) -> bytes:
    """Return the field that sets the reconnection time, without an event."""
    return f"retry: {milliseconds}\n\n".encode("ascii")
