"""`MemoryStorage`: keys and answers in the memory of one process, for tests, prototypes and single workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from ..contract import Failure
from ..problems import ServiceUnavailable
from ..request import Request

__all__ = ["MemoryStorage"]


class MemoryStorage:
    """Keeps answers in this process: another worker knows nothing of them, and nor does this one when it restarts.

    Attributes:
        transactional: False: an answer is kept when the write is committed.
        failures: A 503 where everything that is kept is still needed, and there is no room for more.
    """

    transactional = False
    failures: Sequence[Failure] = (
        Failure(ServiceUnavailable, "idempotency", "Too many keys are kept now."),
    )

    def __init__(self, size: int = 10_000, clock: Callable[[], float] = time.monotonic) -> None:
        """Make an empty storage.

        Args:
            size: How many keys it has at the most; 503 beyond, until some expire.
            clock: Tells the time, in seconds.
        """
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, tuple[bytes, float]] = {}

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return what is kept under a key; put the mark there, and return None, where nothing is."""
        now = self._clock()
        with self._lock:
            found = self._found.get(key)
            if found is not None and found[1] > now:
                return found[0]
            if found is None and len(self._found) >= self._size:
                self._found = {name: entry for name, entry in self._found.items() if entry[1] > now}
                if len(self._found) >= self._size:
                    raise ServiceUnavailable("Too many keys are kept now; try again later.")
            self._found[key] = mark, now + seconds
            return None

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Put data where the mark is."""
        with self._lock:
            found = self._found.get(key)
            if found is not None and found[0] == mark:
                self._found[key] = data, self._clock() + seconds

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Take the mark away."""
        with self._lock:
            found = self._found.get(key)
            if found is not None and found[0] == mark:
                del self._found[key]
