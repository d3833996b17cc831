"""`Outage`: when a service that did not respond is asked again."""

from __future__ import annotations

import time

__all__ = ["Outage"]


class Outage:
    """The pauses in which a service is not asked, after it did not respond.

    After each pause one request asks it again; the others do not wait for that.
    """

    def __init__(self, pause: float, longest: float) -> None:
        """Expect no outage.

        Args:
            pause: The first pause in seconds. Each one is twice as long as the one before.
            longest: The longest pause in seconds.
        """
        self.pause = pause
        self._longest = max(pause, longest)
        self._next = 0.0
        self._until = 0.0

    def is_away(self) -> bool:
        """Return whether the service is not to be asked now."""
        if not self._next:
            return False
        now = time.monotonic()
        if now < self._until:
            return True
        self._wait(now, self._next)
        return False

    def begin(self) -> None:
        """Note that the service did not respond."""
        if not self._next:  # else the request that asked again has begun the next pause
            self._wait(time.monotonic(), self.pause)

    def _wait(self, now: float, pause: float) -> None:
        self._until = now + pause
        self._next = min(2 * pause, self._longest)

    def end(self) -> None:
        """Note that the service responded."""
        self._next = 0.0
