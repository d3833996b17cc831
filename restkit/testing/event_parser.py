"""Event streams as a client reads them (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

import codecs
import json
import re

from ..records import Record
from .json_values import Value

__all__ = ["EventParser", "ReceivedEvent"]

_RETRY = "[0-9]{1,19}"  # Python converts no text of more than 4,300 digits
_line_end = re.compile("\r\n|\r|\n")


class ReceivedEvent(Record):
    """An event that a client received.

    Attributes:
        data: The data.
        event: The event type, ``message`` by default.
        id: The last event ID, which a client sends when it reconnects; ``""`` without one.
        retry: The reconnection time in milliseconds, None if no event has set it.
    """

    data: str
    event: str = "message"
    id: str = ""
    retry: int | None = None

    @property
    def json(self) -> Value:
        """The data, decoded as JSON.

        Raises:
            ValueError: The data is not JSON.
        """
        return json.loads(self.data)


class EventParser:
    """A parser of an event stream that arrives in chunks."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._rest = ""
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> list[ReceivedEvent]:
        """Return the events that end in a chunk."""
        text = self._rest + self._decoder.decode(chunk)
        held = ""
        if text.endswith("\r"):  # perhaps the first half of a line's end
            text, held = text[:-1], "\r"
        *lines, rest = _line_end.split(text)
        self._rest = rest + held
        found = [self._line(line) for line in lines]
        return [each for each in found if each is not None]

    def _line(self, line: str) -> ReceivedEvent | None:
        """Take one line; return the event that an empty line ends."""
        if not line:
            return self._dispatched()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._event = value
        elif name == "id" and "\0" not in value:
            self._id = value
        elif name == "retry" and re.fullmatch(_RETRY, value):
            self._retry = int(value)
        return None

    def _dispatched(self) -> ReceivedEvent | None:
        data, event = self._data, self._event
        self._data, self._event = [], ""
        if not data:
            return None
        return ReceivedEvent("\n".join(data), event or "message", self._id, self._retry)
