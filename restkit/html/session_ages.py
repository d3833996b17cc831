"""The ages of sessions: how long one is valid without a request, and at all."""

from __future__ import annotations

from collections.abc import Callable

from .session import Session
from .session_fields import CREATED, REFRESHED, REMEMBERED, Fields

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
        self._remembered, self._refresh = int(remembered), idle / 10

    def is_valid(self, fields: Fields, session: Session) -> bool:
        """Return whether a session is neither idle nor old, and note on it whether it is stale.

        It is stale if a tenth of the idle age is over: then it is written again.
        """
        now, created, refreshed = self.now(), fields.get(CREATED), fields.get(REFRESHED)
        if type(created) is not int or type(refreshed) is not int:
            return False
        if REMEMBERED in fields:
            return now - created < self._remembered
        idle = now - refreshed
        if idle >= self._refresh:
            session.is_stale = True
        return idle < self._idle and now - created < self._absolute

    def fresh_until(self, fields: Fields) -> float:
        """Return the time before which a valid session is neither stale nor over."""
        created, refreshed = fields.get(CREATED), fields.get(REFRESHED)
        if not isinstance(created, int) or not isinstance(refreshed, int):
            return 0
        if REMEMBERED in fields:
            return created + self._remembered
        return min(refreshed + self._refresh, created + self._absolute)

    def seconds_left(self, fields: Fields) -> int:
        """Return for how many seconds a session is valid that is written now."""
        created = fields.get(CREATED)
        age = int(self.now()) - created if isinstance(created, int) else 0
        if REMEMBERED in fields:
            return max(1, self._remembered - age)
        return max(1, min(self._idle, self._absolute - age))
