"""`Breaker`: no requests to a peer that has failed too often, until one shows that it works."""

from __future__ import annotations

import math
import threading
import time
from typing import Literal

from ..errors import DeclarationError
from .peer_problems import PeerUnavailable

__all__ = ["Breaker", "Permit", "State"]

State = Literal["closed", "open", "half-open"]
_SLICES = 10


class Permit:
    """The permit to send one request, whose outcome it reports once.

    Attributes:
        epoch: The number of the breaker's state when it was given.
        ends: When a probe counts as lost, by the monotonic clock; None for other requests.
    """

    __slots__ = ("_breaker", "_is_used", "ends", "epoch")

    def __init__(self, breaker: Breaker, epoch: int, ends: float | None) -> None:
        """Make a permit."""
        self._breaker = breaker
        self._is_used = False
        self.epoch = epoch
        self.ends = ends

    def report(self, has_worked: bool | None) -> None:
        """Say whether the peer has worked; None if the request says nothing about that."""
        if not self._is_used:
            self._is_used = True
            self._breaker._note(self, has_worked)


class Breaker:
    """The breaker of one peer in one process.

    It is closed while requests work. If of at least ``least`` requests in ``window`` seconds the
    ``ratio`` has failed, it opens: no request is sent for ``pause`` seconds. Then it is half-open:
    one request at a time may try. One that works closes it, one that fails opens it for twice the
    time. It is not shared by processes: one of them may have lost its network alone.
    """

    def __init__(
        self,
        *,
        window: float = 10.0,
        least: int = 10,
        ratio: float = 0.5,
        pause: float = 2.0,
        longest: float = 30.0,
    ) -> None:
        """Make a closed breaker.

        Args:
            window: The seconds in which requests are counted.
            least: The number of requests below which it stays closed.
            ratio: The share of failed requests, from 0 to 1, at which it opens.
            pause: The seconds for which it is open at first.
            longest: The most seconds for which it is open.

        Raises:
            DeclarationError: A number is out of range.
        """
        is_fine = window > 0 and least >= 1 and 0 < ratio <= 1 and 0 < pause <= longest
        if not is_fine:
            raise DeclarationError(
                "Breaker(...): window and pause must be seconds above 0, least at least 1, ratio "
                "above 0 and at most 1, and longest no less than pause."
            )
        self._slice = window / _SLICES
        self._least = least
        self._ratio = ratio
        self._first, self._longest = pause, longest
        self._pause = pause
        self._lock = threading.Lock()
        self._slices: dict[int, list[int]] = {}
        self._until: float | None = None  # None if it is closed
        self._probe: Permit | None = None
        self._epoch = 0

    @property
    def state(self) -> State:
        """Whether requests are sent: ``"closed"``, ``"open"``, or ``"half-open"`` for one."""
        until = self._until
        if until is None:
            return "closed"
        return "open" if time.monotonic() < until else "half-open"

    def enter(self, peer: str) -> Permit:
        """Return the permit to send a request, which must `report`.

        Args:
            peer: The name of the peer, for the message.

        Raises:
            PeerUnavailable: The breaker is open, or another request tries already.
        """
        with self._lock:
            if self._until is None:
                return Permit(self, self._epoch, None)
            now = time.monotonic()
            probe = self._probe
            # A probe whose thread is stuck, such as in the look-up of a name, must not be the last.
            is_tried = probe is not None and probe.ends is not None and now < probe.ends
            if now >= self._until and not is_tried:
                self._probe = Permit(self, self._epoch, now + self._longest)
                return self._probe
            left = max(self._until - now, 1.0)
        raise PeerUnavailable(
            f"The service {peer} has failed too often lately. Retry later.",
            headers={"Retry-After": str(math.ceil(left))},
        )

    def _note(self, permit: Permit, has_worked: bool | None) -> None:
        with self._lock:
            if permit is self._probe:
                self._probe = None
                if has_worked is not None:
                    self._settle(has_worked)
            elif permit.epoch == self._epoch and self._until is None and has_worked is not None:
                self._count(has_worked)

    def _settle(self, has_worked: bool) -> None:
        """Close after a probe that worked, or open again for longer."""
        if has_worked:
            self._until, self._pause = None, self._first
            self._slices.clear()
        else:
            self._until = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, self._longest)
        self._epoch += 1

    def _count(self, has_worked: bool) -> None:
        """Count the outcome of a request, and open if too many have failed."""
        index = int(time.monotonic() / self._slice)
        for each in [old for old in self._slices if old <= index - _SLICES]:
            del self._slices[each]
        current = self._slices.setdefault(index, [0, 0])
        current[0] += 1
        current[1] += not has_worked
        total = sum(each[0] for each in self._slices.values())
        failed = sum(each[1] for each in self._slices.values())
        if total >= self._least and failed >= total * self._ratio:
            self._settle(has_worked=False)
