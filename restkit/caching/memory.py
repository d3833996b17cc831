"""`MemoryCache`: stored responses in the memory of one process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection

from ..errors import DeclarationError
from .changes import activate
from .storage import EVERYTHING, Key, StoredResponse

__all__ = ["MemoryCache"]

_OVERHEAD = 600
"""The bytes of a stored response besides its texts and content, measured by tracemalloc."""


class MemoryCache:
    """Stored responses in the memory of one process.

    Other workers have responses of their own, and a write in one worker does not invalidate those
    of the others: `restkit.caching.redis.RedisCache` is shared. Responses that nobody has asked for
    make room for new ones.

    Attributes:
        clock: A function that returns the time in seconds.
    """

    def __init__(
        self,
        size: int = 32 * 1024 * 1024,
        *,
        largest: int = 1024 * 1024,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make an empty storage.

        Args:
            size: The bytes that it may take, headers and keys included.
            largest: The largest response in bytes.
            clock: A function that returns the time in seconds.

        Raises:
            DeclarationError: A size is not a positive number.
        """
        for name, value in (("size", size), ("largest", largest)):
            if type(value) is not int or value < 1:
                raise DeclarationError(f"MemoryCache({name}={value!r}) must be 1 or more bytes.")
        self.clock = clock
        self._size = size
        self._largest = min(largest, size)
        self._lock = threading.Lock()
        self._slots: dict[Key, _Slot] = {}
        self._bytes = 0
        self._number = self._cleared = 0
        self._changed: dict[str, int] = {}
        activate(self)

    @property
    def size(self) -> int:
        """The bytes that the stored responses take."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._slots)

    def begin(self) -> int:
        """Return the number of the last change."""
        return self._number

    def get(self, key: Key, /) -> tuple[int, StoredResponse | None]:
        """Return the number of the last change, and the valid response of a key."""
        # PERF: no lock. The number is read first, so that a response which is valid at that number
        # was so when this began. The tags are looked at once after each change.
        number = self._number
        slot = self._slots.get(key)
        if slot is None:
            return number, None
        if slot.valid_at != number:
            if not self._is_valid(slot.stored):
                with self._lock:
                    self._drop(key, slot)
                return number, None
            slot.valid_at = number
        slot.is_used = True
        return number, slot.stored

    def _is_valid(self, stored: StoredResponse) -> bool:
        begun, changed = stored.begun, self._changed
        if begun < self._cleared:
            return False
        return all(changed.get(tag, begun) <= begun for tag in stored.tags)

    def put(self, key: Key, stored: StoredResponse, /) -> bool:
        """Store a response if it is valid; return whether it was stored."""
        size = _size_of(key, stored)
        if size > self._largest:
            return False
        with self._lock:
            if not self._is_valid(stored):
                return False
            self._drop(key, self._slots.get(key))
            while self._bytes + size > self._size:
                self._evict()
            self._slots[key] = _Slot(stored, size)
            self._bytes += size
            return True

    def _evict(self) -> None:
        """Drop the oldest response that was not asked for since the last time it was the oldest."""
        key, slot = next(iter(self._slots.items()))
        if slot.is_used:
            slot.is_used = False
            self._slots[key] = self._slots.pop(key)
        else:
            self._drop(key, slot)

    def _drop(self, key: Key, slot: _Slot | None) -> None:
        if slot is not None and self._slots.get(key) is slot:
            del self._slots[key]
            self._bytes -= slot.size

    def invalidate(self, tags: Collection[str], /) -> None:
        """Note a change of the data that the tags stand for."""
        with self._lock:
            if EVERYTHING in tags:
                self._forget()
            else:
                self._changed.update(dict.fromkeys(tags, self._number + 1))
            self._number += 1  # last, since readers take no lock

    def clear(self) -> None:
        """Forget all responses."""
        self.invalidate((EVERYTHING,))

    def _forget(self) -> None:
        """Forget all responses, those that are being made too."""
        self._cleared = self._number + 1
        self._changed.clear()
        self._slots.clear()
        self._bytes = 0


class _Slot:
    """The place of a stored response.

    Attributes:
        stored: The response.
        size: The bytes that it takes.
        valid_at: The number of the change after which it was still valid.
        is_used: Whether it was asked for since it was the oldest.
    """

    __slots__ = ("is_used", "size", "stored", "valid_at")

    def __init__(self, stored: StoredResponse, size: int) -> None:
        self.stored = stored
        self.size = size
        self.valid_at = -1
        self.is_used = False


def _size_of(key: Key, stored: StoredResponse) -> int:
    """Return about how many bytes a stored response takes."""
    texts = [*key, *stored.tags]
    for header in stored.headers:
        texts += header
    return _OVERHEAD + sum(map(len, texts)) + 60 * len(texts) + len(stored.body)
