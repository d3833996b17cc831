"""Which requests are sent once more, when, and how many of them."""

from __future__ import annotations

import random
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from .peer_operation import PeerOperation
from .reply import Reply

__all__ = ["Budget", "can_repeat", "is_passing", "pause_before", "seconds_to_wait"]

_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "QUERY"})
# What says that the request was not processed, or that another server may process it.
_PASSING = frozenset({429, 502, 503, 504})
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0
_SHARE, _WINDOW, _LEAST = 0.2, 10.0, 3

_random = random.Random()  # noqa: S311  # a generator that no seed of a program makes repeat


def can_repeat(operation: PeerOperation) -> bool:
    """Return whether a request may be sent twice and have its effect once.

    An operation that takes an Idempotency-Key gets one with each call.
    """
    return operation.method in _IDEMPOTENT or operation.takes_key


def is_passing(reply: Reply) -> bool:
    """Return whether the same request may soon get another response."""
    return reply.status in _PASSING


def pause_before(retry: int, wait: float | None) -> float:
    """Return the seconds before a retry.

    Args:
        retry: The number of the retry, from 1.
        wait: The seconds that the peer asks for, None if it does not.
    """
    most = min(_FIRST_PAUSE * 2 ** (retry - 1), _LONGEST_PAUSE)
    jitter = _random.uniform(0, most)  # full: clients of one failure do not return together
    return jitter if wait is None else wait + jitter


def seconds_to_wait(reply: Reply) -> float | None:
    """Return the seconds of Retry-After (RFC 9110, section 10.2.3), None without a valid one."""
    text = reply.headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a year or a zone of many digits
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())


class Budget:
    """The number of retries to one peer: a fifth of the requests, over all threads.

    A peer that fails for everybody gets 1.2 times its requests, not three times of them. A few
    retries are always allowed, for programs that call rarely.
    """

    def __init__(self) -> None:
        """Begin to count."""
        self._lock = threading.Lock()
        self._current = self._before = (0, 0)
        self._index = 0

    def count(self) -> None:
        """Count a request that is no retry."""
        with self._lock:
            self._turn()
            self._current = self._current[0] + 1, self._current[1]

    def take(self) -> bool:
        """Return whether a retry is allowed, and count it."""
        with self._lock:
            self._turn()
            requests = self._current[0] + self._before[0]
            retries = self._current[1] + self._before[1]
            if retries >= max(_LEAST, requests * _SHARE):
                return False
            self._current = self._current[0], self._current[1] + 1
            return True

    def _turn(self) -> None:
        """Begin a new half of the window, if it is time to."""
        index = int(time.monotonic() / (_WINDOW / 2))
        if index != self._index:
            self._before = self._current if index == self._index + 1 else (0, 0)
            self._current, self._index = (0, 0), index
