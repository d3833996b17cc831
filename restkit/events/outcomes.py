"""The outcome of one attempt at a row, and when the next attempt is."""

from __future__ import annotations

import random

from ..records import Record

__all__ = ["DONE", "TRIES", "Outcome", "delay_after"]

_MINUTE, _HOUR = 60, 3600
# Standard Webhooks 1.0.0, "Retry schedule": ten attempts within about three days.
_DELAYS = (
    5,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
_JITTER = 0.1
_LONGEST_WAIT = 24 * _HOUR
TRIES = len(_DELAYS) + 1
"""The attempts at a row, after which it stays as it is."""


class Outcome(Record):
    """The outcome of an attempt.

    Attributes:
        error: The error message, for people; ``""`` if the row is done.
        retry_after: The seconds that the receiver wants to be left alone.
        is_removed: Whether the row has been removed already.
    """

    error: str = ""
    retry_after: float = 0
    is_removed: bool = False


DONE = Outcome()
"""The outcome of a row that is done."""


def delay_after(attempts: int, retry_after: float) -> float | None:
    """Return the seconds until the next attempt, None if there is none.

    Args:
        attempts: The attempts so far.
        retry_after: The seconds that the receiver wants to wait; a day at the most.
    """
    if attempts >= TRIES:
        return None
    usual = _DELAYS[attempts - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311
    return max(usual, min(retry_after, _LONGEST_WAIT))
