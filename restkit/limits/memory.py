"""`MemoryStorage`: idempotency keys in one process, for tests, prototypes and single workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ..contract import Failure
from ..problems import ServiceUnavailable
from ..request import Request

__all__ = ["MemoryStorage"]


class MemoryStorage:
    """A storage in the memory of one process, which other workers do not share.

    Attributes:
        transactional: False: a response is stored after the commit.
        failures: A 503 if the storage is full.
    """

    transactional = False
    failures: Sequence[Failure] = (
        Failure(ServiceUnavailable, "idempotency", "Too many idempotency keys are in use."),
    )

    def __init__(self, size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty storage.

        Args:
            size: The maximum number of keys. Beyond it, requests get a 503 until keys expire.
            clock: A function that returns the time in seconds.
        """
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, tuple[bytes, float]] = {}

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return the stored bytes of a key; store the mark and return None if there are none."""
        now = self._clock()
        with self._lock:
            found = self._found.get(key)
            if found is not None and found[1] > now:
                return found[0]
            if found is None and len(self._found) >= self._size:
                self._found = {name: entry for name, entry in self._found.items() if entry[1] > now}
                if len(self._found) >= self._size:
                    raise ServiceUnavailable("Too many idempotency keys are in use. Retry later.")
            self._found[key] = mark, now + seconds
            return None

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Replace the mark by data."""
        with self._lock:
            found = self._found.get(key)
            if found is not None and found[0] == mark:
                self._found[key] = data, self._clock() + seconds

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Remove the mark."""
        with self._lock:
            found = self._found.get(key)
            if found is not None and found[0] == mark:
                del self._found[key]
