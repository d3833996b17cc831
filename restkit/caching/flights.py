"""Single flight: of the requests for one response, one makes it, and the others wait for it."""

from __future__ import annotations

import threading
import time

from .storage import Key

__all__ = ["Flights"]

_LOST = 60
"""The seconds after which a request that has not ended counts as lost."""


class Flights:
    """The responses that are being made in this process."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lock = threading.Lock()
        self._made: dict[Key, tuple[float, threading.Event]] = {}

    def lead(self, key: Key) -> threading.Event | None:
        """Begin to make a response; return None, or the event of another request that makes it."""
        now = time.monotonic()
        with self._lock:
            found = self._made.get(key)
            if found is not None and now - found[0] < _LOST:
                return found[1]
            self._made[key] = now, threading.Event()
            return None

    def leave(self, key: Key) -> None:
        """End, and let the others go on."""
        with self._lock:
            found = self._made.pop(key, None)
        if found is not None:
            found[1].set()
