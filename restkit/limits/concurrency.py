"""`Concurrency`: how many requests are answered at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from ..contract import Failure, Header, Operation
from ..errors import DeclarationError
from ..problems import ServiceUnavailable
from ..response import Outgoing, PlainResponse, close_if_open, is_stream

__all__ = ["Concurrency"]

_FULL = Failure(
    ServiceUnavailable,
    "limits",
    "Too many requests are being answered.",
    (Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"}),),
)


class Concurrency:
    """How many requests a worker answers at the same time: ``Concurrency(64)``.

    One more gets a 503 with Retry-After at once, so that slow responses do not pile up. A stream
    counts until its end. Declare it on the App, or on an operation that is expensive.
    """

    def __init__(self, most: int, *, retry_after: int = 1) -> None:
        """Make a limit.

        Args:
            most: How many requests of this process are answered at the same time.
            retry_after: The seconds that a rejected client should wait.

        Raises:
            DeclarationError: A number is not positive.
        """
        if type(most) is not int or most < 1 or type(retry_after) is not int or retry_after < 1:
            raise DeclarationError(
                f"Concurrency({most!r}, retry_after={retry_after!r}): both must be numbers from 1."
            )
        self.most = most
        self._retry_after = str(retry_after)
        self._slots = threading.BoundedSemaphore(most)

    failures: Sequence[Failure] = (_FULL,)

    @property
    def document(self) -> Mapping[str, object]:
        """The limit as a member of ``x-rate-limits``."""
        return {"concurrency": self.most}

    def applies(self, operation: Operation) -> bool:
        """Return True: it applies to every operation."""
        return True

    def enter(self) -> None:
        """Take a slot.

        Raises:
            ServiceUnavailable: All are taken.
        """
        if not self._slots.acquire(blocking=False):
            raise ServiceUnavailable(
                "The service is busy. Retry later.", headers={"Retry-After": self._retry_after}
            )

    def leave(self) -> None:
        """Free the slot."""
        self._slots.release()


class _Held:
    """The body of a stream, which frees its slots when it is closed."""

    def __init__(self, body: Iterable[bytes], held: Sequence[Concurrency]) -> None:
        self._body = body
        self._held = list(held)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Close the body."""
        try:
            close_if_open(self._body)
        finally:
            release(self._held)


def release(held: list[Concurrency]) -> None:
    """Free slots, once."""
    while held:
        held.pop().leave()


def release_after(response: Outgoing, held: list[Concurrency]) -> None:
    """Free slots now, or at the end of a stream."""
    if not held or not is_stream(response):
        release(held)
    elif isinstance(response, PlainResponse):
        response.body = _Held(cast("Iterable[bytes]", response.body), held)
    else:
        response.call_on_close(lambda: release(held))
