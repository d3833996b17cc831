"""`CallerDeadline`: the deadline that a caller sends along, which this service keeps to."""

from __future__ import annotations

import time

from ..contract import Failure, Operation, Parameter
from ..contributor import Contribution
from ..environ_keys import DEADLINE
from ..errors import DeclarationError
from ..middleware import Proceed
from ..problems import GatewayTimeout
from ..request import Request
from ..response import Response
from .deadline import LONGEST, OF_CALLER, check_deadline, is_seconds

__all__ = ["OF_DEADLINES", "CallerDeadline"]

OF_DEADLINES = "The milliseconds for which the caller waits. Another value is ignored."
"""The description of the headers in documents."""

_ENVOY = "X-Envoy-Expected-Rq-Timeout-Ms"
_MOST_DIGITS = 9
_LATE = Failure(
    GatewayTimeout,
    "deadline",
    "The time that the caller has for the request is over. Nothing was changed.",
)


class CallerDeadline:
    """The deadlines that callers send along: ``app.install(CallerDeadline())``.

    The header ``X-Request-Timeout-Ms`` says how many milliseconds the caller waits for a response:
    a duration, since clocks differ. If they are over before the method is called, the request gets
    a 504: nobody waits for its response. During the method, the deadline is checked as a `Deadline`
    is, and `seconds_left` and each `restkit.client.Client` know the rest of it. The header that
    Envoy sends, ``X-Envoy-Expected-Rq-Timeout-Ms``, is read too; the nearer deadline applies.
    """

    sets_deadline = True

    def __init__(
        self, *, longest: float | None = None, header: str = "X-Request-Timeout-Ms"
    ) -> None:
        """Make the extension.

        Args:
            longest: The seconds of requests whose caller says nothing, or more than that.
            header: The header.

        Raises:
            DeclarationError: The number is not positive, or over a day.
        """
        if longest is not None and not is_seconds(longest):
            raise DeclarationError(
                f"CallerDeadline(longest={longest!r}): it must be a number of seconds, above 0 and "
                f"at most {LONGEST}, or None."
            )
        self._longest = longest
        self._headers = (header, _ENVOY)
        self._keys = tuple(f"HTTP_{each.upper().replace('-', '_')}" for each in self._headers)
        parameters = tuple(Parameter(each, description=OF_DEADLINES) for each in self._headers)
        self._contribution = Contribution(
            failures=(_LATE,), parameters=parameters, middleware=(self,)
        )

    def install(self, app: object, /) -> None:
        """Do nothing: the contribution is all."""

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the headers and the 504, and stand around the operation."""
        return self._contribution

    def __call__(self, request: Request, proceed: Proceed, /) -> Response:
        """Begin to count the time of a request."""
        left = self._seconds(request)
        if left is not None:
            ends = time.monotonic() + left
            known: tuple[float, str] | None = request.environ.get(DEADLINE)
            if known is None or ends < known[0]:
                request.environ[DEADLINE] = ends, OF_CALLER
                check_deadline(request)
        return proceed(request)

    def _seconds(self, request: Request) -> float | None:
        found = [] if self._longest is None else [self._longest]
        for key in self._keys:
            text: str = request.environ.get(key, "")
            if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS:
                found.append(int(text) / 1000)
        return min(found, default=None)
