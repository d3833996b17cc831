"""`MemoryStorage`: idempotency keys in one process, for tests, prototypes and single workers."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence

from ..contract import Failure
from ..errors import DeclarationError
from ..problems import ServiceUnavailable
from ..records import Record
from ..request import Request

__all__ = ["MemoryStorage"]

_CALLER = 16  # the digits of a key that identify its caller
_ENTRY = 300  # about the bytes of an entry without its data
_FULL = "Too many idempotency keys are in use. Retry later."


class _Entry(Record):
    data: bytes
    expires: float

    @property
    def size(self) -> int:
        return len(self.data) + _ENTRY


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

    def __init__(
        self,
        size: int = 10_000,
        clock: Callable[[], float] = time.monotonic,
        *,
        max_bytes: int = 64 * 1024 * 1024,
        share: float = 0.25,
    ) -> None:
        """Make an empty storage.

        Args:
            size: The maximum number of keys. Beyond it, requests get a 503 until keys expire.
            clock: A function that returns the time in seconds.
            max_bytes: The maximum size of all responses together. A response beyond it is not
                stored: until its key expires, a retry gets a 409.
            share: The part of both limits that one caller may use.

        Raises:
            DeclarationError: A limit is not positive, or the share is not between 0 and 1.
        """
        if size < 1 or max_bytes < 1 or not 0 < share <= 1:
            raise DeclarationError(
                "MemoryStorage: size and max_bytes must be above 0, and share above 0 and at most "
                f"1. Got {size}, {max_bytes} and {share}."
            )
        self._limits = (size, max_bytes)
        self._shares = (max(1, int(size * share)), max(1, int(max_bytes * share)))
        self._clock = clock
        self._lock = threading.Lock()
        self._found: dict[str, _Entry] = {}
        self._bytes: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._swept = clock()

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return the stored bytes of a key; store the mark and return None if there are none."""
        now = self._clock()
        with self._lock:
            found = self._found.get(key)
            if found is not None and found.expires > now:
                return found.data
            self._remove(key)
            entry = _Entry(mark, now + seconds)
            if not self._fits(key, entry, 1):
                self._sweep(now)
                if not self._fits(key, entry, 1):
                    raise ServiceUnavailable(_FULL)
            self._put(key, entry)
            return None

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Replace the mark by data; if the data does not fit, the mark stays as long."""
        with self._lock:
            found = self._found.get(key)
            if found is None or found.data != mark:
                return
            self._remove(key)
            now = self._clock()
            entry = _Entry(data, now + seconds)
            if not self._fits(key, entry, 0):
                self._sweep(now)
            is_small = self._fits(key, entry, 0)
            self._put(key, entry if is_small else _Entry(mark, now + seconds))

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Remove the mark."""
        with self._lock:
            found = self._found.get(key)
            if found is not None and found.data == mark:
                self._remove(key)

    def _fits(self, key: str, entry: _Entry, more: int) -> bool:
        """Return whether an entry keeps within the limits of all callers and of its own."""
        caller = key[-_CALLER:]
        used = ("", self._limits), (caller, self._shares)
        return all(
            self._counts[name] + more <= count and self._bytes[name] + entry.size <= most
            for name, (count, most) in used
        )

    def _put(self, key: str, entry: _Entry) -> None:
        self._found[key] = entry
        for name in ("", key[-_CALLER:]):  # "" is the sum of all callers
            self._counts[name] += 1
            self._bytes[name] += entry.size

    def _remove(self, key: str) -> None:
        entry = self._found.pop(key, None)
        if entry is None:
            return
        for name in ("", key[-_CALLER:]):
            self._counts[name] -= 1
            self._bytes[name] -= entry.size
            if not self._counts[name]:
                del self._counts[name], self._bytes[name]

    def _sweep(self, now: float) -> None:
        """Remove expired entries, at most once a second: a full storage must not cost more."""
        if now - self._swept < 1:
            return
        self._swept = now
        for key in [key for key, entry in self._found.items() if entry.expires <= now]:
            self._remove(key)
