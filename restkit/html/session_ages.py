"""The ages of sessions: how long one is valid without a request, and at all."""

from __future__ import annotations

from collections.abc import Callable

from .session import CREATED, REFRESHED, REMEMBERED, Fields

__all__ = ["Ages"]


class Ages:
    """How long sessions are valid.

    Attributes:
        now: The clock, in seconds.
    """

    def __init__(
        self, *, idle: float, absolute: float, remembered: float, now: Callable[[], float]
    ) -> None:
        """Set the ages in seconds: since the last request, since the login, and of remembered ones.

        A remembered session is valid for the third one, whatever the others say.
        """
        self.now = now
        self._idle, self._absolute = int(idle), int(absolute)
        self._remembered = int(remembered)

    def is_valid(self, fields: Fields) -> bool:
        """Return whether a session is neither idle nor old."""
        created, refreshed = fields.get(CREATED), fields.get(REFRESHED)
        if not isinstance(created, int) or not isinstance(refreshed, int):
            return False
        now = self.now()
        if REMEMBERED in fields:
            return now - created < self._remembered
        return now - refreshed < self._idle and now - created < self._absolute

    def is_stale(self, fields: Fields) -> bool:
        """Return whether a tenth of the idle age is over, so that the session is refreshed."""
        refreshed = fields.get(REFRESHED)
        if REMEMBERED in fields or not isinstance(refreshed, int):
            return False
        return self.now() - refreshed >= self._idle / 10

    def seconds_left(self, fields: Fields) -> int:
        """Return for how many seconds a session is valid that is written now."""
        created = fields.get(CREATED)
        age = int(self.now()) - created if isinstance(created, int) else 0
        if REMEMBERED in fields:
            return max(1, self._remembered - age)
        return max(1, min(self._idle, self._absolute - age))
