"""`Deadline`: how long a request may take until its response starts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from ..contract import Failure, Header, Operation
from ..environ_keys import DEADLINE
from ..errors import DeclarationError
from ..middleware import sets_deadline
from ..problems import GatewayTimeout, Problem, ServiceUnavailable
from ..request import Request, current_request
from ..response import Outgoing, PlainResponse, close_if_open, is_stream

__all__ = [
    "LONGEST",
    "OF_CALLER",
    "Deadline",
    "check_deadline",
    "is_seconds",
    "seconds_left",
    "within_deadline",
]

_RETRY_AFTER = Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"})
LONGEST = 24 * 3600
OF_CALLER = ""
"""What the deadline of a caller has in place of a Retry-After: there is nobody to tell it."""


class Deadline:
    """How long a request may take until its response starts: ``Deadline(5)``.

    A request that takes longer gets a 503 with Retry-After, and its unit of work is rolled back, so
    that nothing is changed. No thread can be stopped from outside: the time is compared before and
    after the method, before each statement of a `Database`, and where the program asks with
    `seconds_left`, such as for the time-out of a client. Of several deadlines the earliest applies.
    """

    def __init__(self, seconds: float, *, retry_after: int = 1) -> None:
        """Make a limit.

        Args:
            seconds: The time until the response starts.
            retry_after: The seconds that a rejected client should wait.

        Raises:
            DeclarationError: A number is not positive, or the time is over a day.
        """
        if not is_seconds(seconds):
            raise DeclarationError(
                f"Deadline({seconds!r}): it must be a number of seconds, above 0 and at most "
                f"{LONGEST}."
            )
        if type(retry_after) is not int or retry_after < 1:
            raise DeclarationError(
                f"Deadline(retry_after={retry_after!r}): it must be a number of seconds, from 1."
            )
        self.seconds = seconds
        self._retry_after = str(retry_after)

    @property
    def document(self) -> Mapping[str, object]:
        """The limit as a member of ``x-rate-limits``."""
        return {"deadline": self.seconds}

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that it may cause."""
        said = f"The request took longer than {self.seconds:g} seconds. Nothing was changed."
        return (Failure(ServiceUnavailable, "limits", said, (_RETRY_AFTER,)),)

    def applies(self, operation: Operation) -> bool:
        """Return True: it applies to every operation."""
        return True

    def begin(self, request: Request) -> None:
        """Begin to count the time of a request."""
        ends = time.monotonic() + self.seconds
        known: tuple[float, str] | None = request.environ.get(DEADLINE)
        if known is None or ends < known[0]:
            request.environ[DEADLINE] = ends, self._retry_after


def is_seconds(value: object) -> bool:
    """Return whether a value is a number of seconds, above 0 and at most a day."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 < cast("float", value) <= LONGEST


def seconds_left(most: float | None = None) -> float | None:
    """Return how many seconds of the current request's deadline are left, at least 0.

    Args:
        most: The value without a deadline, or with one that is later: ``timeout=seconds_left(3)``.
    """
    request = current_request.get(None)
    found: tuple[float, str] | None = None
    if request is not None:
        found = request.environ.get(DEADLINE)
    if found is None:
        return most
    left = max(0.0, found[0] - time.monotonic())
    return left if most is None else min(left, most)


def check_deadline(request: Request) -> None:
    """Reject a request whose time is over.

    Raises:
        ServiceUnavailable: It is (503).
        GatewayTimeout: It is that of the caller (504).
    """
    found: tuple[float, str] | None = request.environ.get(DEADLINE)
    if found is not None and time.monotonic() >= found[0]:
        if found[1] == OF_CALLER:
            raise GatewayTimeout("The time of the caller is over. Nothing was changed.")
        raise ServiceUnavailable(
            "The request took too long, and nothing was changed. Retry later.",
            headers={"Retry-After": found[1]},
        )


_Respond = Callable[[Request, Mapping[str, object], str], Outgoing]


def within_deadline(operation: Operation, respond: _Respond) -> _Respond:
    """Check the deadline of an Operation before and after its method, inside the unit of work."""
    limits, others = operation.limits, operation.middleware
    if not any(isinstance(each, Deadline) for each in limits) and not any(
        map(sets_deadline, others)
    ):
        return respond

    def respond_in_time(request: Request, arguments: Mapping[str, object], chosen: str) -> Outgoing:
        check_deadline(request)
        response = respond(request, arguments, chosen)
        try:
            check_deadline(request)
        except Problem:
            if is_stream(response):
                body = response.body if isinstance(response, PlainResponse) else response
                close_if_open(body)
            raise
        return response

    return respond_in_time
