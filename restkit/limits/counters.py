"""Counters of requests: how many a client has sent in a window of time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Protocol

from ..errors import DeclarationError
from ..records import Record

__all__ = ["Counters", "CountersUnavailable", "MemoryCounters", "Usage", "usage_of"]


class CountersUnavailable(Exception):
    """Raised when counters cannot be reached, such as those of a stopped Redis."""


class Usage(Record):
    """The state of a quota after a request.

    Attributes:
        is_allowed: Whether the request was counted; one over the quota is not.
        remaining: How many more requests the quota allows at this moment.
        seconds: The seconds until the window ends; for a rejected request, until the next one is
            allowed.
        number: The number of the window.
    """

    is_allowed: bool
    remaining: int
    seconds: float
    number: int


class Counters(Protocol):
    """Counters by scope and identity. Each method is atomic, over all workers that share them."""

    def take(self, scope: str, quota: int, window: float, identity: str, /) -> Usage:
        """Count a request, unless the quota is used up.

        Args:
            scope: The limit.
            quota: How many requests a window allows.
            window: The seconds of a window.
            identity: Who sends the request.

        Raises:
            CountersUnavailable: The counters cannot be reached.
        """
        ...

    def add(self, scope: str, identity: str, window: float, index: int, amount: int, /) -> None:
        """Change the count of a window that is not over for long, such as by -1.

        Raises:
            CountersUnavailable: The counters cannot be reached.
        """
        ...


def usage_of(
    used: int, before: int, quota: int, window: float, fraction: float, index: int, *, taken: bool
) -> Usage:
    """Return the state of a quota, by the sliding window of two counts.

    The count of the window before is weighted by the part of it that is less than a window ago.

    Args:
        used: The requests of this window, the present one included if it was counted.
        before: The requests of the window before.
        quota: How many requests are allowed.
        window: The seconds of a window.
        fraction: How much of this window has passed, from 0 to 1.
        index: The number of this window.
        taken: Whether the present request was counted.
    """
    estimate = before * (1 - fraction) + used
    rest = window * (1 - fraction)
    if taken:
        return Usage(True, max(0, int(quota - estimate)), rest, index)
    if used < quota and before:
        # The window before still weighs too much.
        needed = 1 - (quota - used - 1) / before
        return Usage(False, 0, (needed - fraction) * window, index)
    needed = 0.0 if not used else max(0.0, 1 - (quota - 1) / used)
    return Usage(False, 0, rest + needed * window, index)


_NEARLY_ONE = 1 - 1e-6  # a fraction of a second below it is an error of arithmetic
_new: Callable[[type[Usage], tuple[bool, int, float, int]], Usage] = tuple.__new__


class _Windows:
    """The counts of one limit in this window and in the one before."""

    __slots__ = ("before", "counts", "end", "index")

    def __init__(self) -> None:
        self.index = 0
        self.end = 0.0
        self.counts: dict[str, int] = {}
        self.before: dict[str, int] = {}

    def turn(self, index: int, window: float) -> None:
        """Begin another window."""
        if index != self.index:
            self.before = self.counts if index == self.index + 1 else {}
            self.counts = {}
            self.index = index
        self.end = (index + 1) * window


class MemoryCounters:
    """Counters in the memory of one process, which other workers do not share.

    With N workers, each client may send up to N times the quota; `RedisCounters` are shared.
    """

    def __init__(self, size: int = 100_000, clock: Callable[[], float] = time.monotonic) -> None:
        """Make empty counters.

        Args:
            size: How many identities are counted for a limit in a window. Beyond it the oldest are
                forgotten, so that invented identities do not fill the memory.
            clock: A function that returns the time in seconds.

        Raises:
            DeclarationError: The size is not positive.
        """
        if type(size) is not int or size < 1:
            raise DeclarationError(f"MemoryCounters(size={size!r}): size must be 1 or more.")
        self._size = size
        self._clock = clock
        self._lock = threading.Lock()
        self._scopes: dict[str, _Windows] = {}

    def take(self, scope: str, quota: int, window: float, identity: str, /) -> Usage:
        """Count a request, unless the quota is used up."""
        with self._lock:
            now = self._clock()
            windows = self._scopes.get(scope)
            if windows is None or now >= windows.end:
                windows = self._present(scope, window, now)
            counts = windows.counts
            used = counts.get(identity, 0)
            rest = windows.end - now
            # PERF: what `usage_of` says of a request that is counted.
            remaining: float = quota - used - 1
            before = 0
            if windows.before:
                before = windows.before.get(identity, 0)
                remaining -= before * rest / window
            if remaining >= 0:
                if not used and len(counts) >= self._size:
                    del counts[next(iter(counts))]
                counts[identity] = used + 1
                return _new(Usage, (True, int(remaining), rest, windows.index))
        return usage_of(used, before, quota, window, 1 - rest / window, windows.index, taken=False)

    def _present(self, scope: str, window: float, now: float) -> _Windows:
        """Return the windows of a limit, with the present one begun."""
        windows = self._scopes.setdefault(scope, _Windows())
        windows.turn(int(now / window), window)
        return windows

    def add(self, scope: str, identity: str, window: float, index: int, amount: int, /) -> None:
        """Change the count of this window or of the one before."""
        with self._lock:
            windows = self._scopes.get(scope)
            if windows is None:
                return
            offset = windows.index - index
            counts = windows.counts if offset == 0 else windows.before
            if offset in (0, 1) and identity in counts:
                counts[identity] = max(0, counts[identity] + amount)


def whole_seconds(seconds: float) -> int:
    """Return a time as whole seconds for a header, at least 1."""
    return int(seconds + _NEARLY_ONE) or 1
