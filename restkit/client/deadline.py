"""The deadline of a call: the moment by which its response must have arrived."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["HEADER", "Deadline", "current_deadline", "deadline_of_calls"]

HEADER = "X-Request-Timeout-Ms"

_current: ContextVar[Deadline | None] = ContextVar("restkit_client_deadline", default=None)


class Deadline:
    """The moment by which the response to a call must have arrived, over all tries.

    Attributes:
        seconds: The seconds that there were at the beginning.
        at: The moment, by the monotonic clock.
    """

    __slots__ = ("at", "seconds")

    def __init__(self, seconds: float) -> None:
        """Begin to count."""
        self.seconds = seconds
        self.at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, at least 0."""
        return max(0.0, self.at - time.monotonic())

    @property
    def milliseconds(self) -> str:
        """The time that is left as the value of a header: whole milliseconds."""
        return str(int(self.left() * 1000))


@contextmanager
def deadline_of_calls(deadline: Deadline) -> Generator[None]:
    """Make a deadline that of the sockets that this thread reads and writes."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def current_deadline() -> Deadline | None:
    """Return the deadline of the call that this thread makes, None outside of one."""
    return _current.get()
