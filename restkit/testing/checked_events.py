"""Event streams that are checked event by event, while the response is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from ..response import close_if_open
from .event_parser import EventParser, ReceivedEvent

__all__ = ["CheckedEvents"]


class CheckedEvents:
    """The body of an event stream; a chunk is sent once its events are checked."""

    def __init__(self, body: Iterable[bytes], check: Callable[[ReceivedEvent], None]) -> None:
        """Put a check around a body.

        Args:
            body: The body.
            check: A function that raises an exception about an event that is invalid.
        """
        self._body = body
        self._check = check

    def __iter__(self) -> Iterator[bytes]:
        """Yield the chunks of the body."""
        parser = EventParser()
        for chunk in self._body:
            for event in parser.feed(chunk):
                self._check(event)
            yield chunk

    def close(self) -> None:
        """Close the body."""
        close_if_open(self._body)
