"""`Rate` and `Failures`: how many requests a client may send in a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from marshmallow import fields

from ..contract import Failure, Header, Operation
from ..errors import DeclarationError
from ..problems import Problem, ServiceUnavailable
from ..request import Request
from .counters import Counters, MemoryCounters, Usage, whole_seconds
from .identities import Identify, address

if TYPE_CHECKING:
    from ..problem_members import MembersLike

__all__ = ["QUOTA_HEADERS", "Failures", "QuotaExceeded", "Rate"]

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
# What a string of a structured field holds without escapes (RFC 9651, section 3.3.3).
_NAME = r"[\x20\x21\x23-\x5b\x5d-\x7e]*"
_RETRY_AFTER = Header(
    "Retry-After", "The seconds to wait before a retry.", {"type": "integer", "minimum": 1}
)
QUOTA_HEADERS = (
    Header("RateLimit-Policy", "The quotas: name, quota (q) and window in seconds (w)."),
    Header("RateLimit", "What remains of each quota (r), and the seconds until it is renewed (t)."),
)
"""The headers of responses that quotas are counted for (RateLimit-headers, draft 10)."""


_NAMES = fields.List(fields.Str(), required=True, data_key="violated-policies")
_MEMBERS = {"violated_policies": cast("fields.Field[object]", _NAMES)}


class QuotaExceeded(Problem):
    """Raised when a client has sent more requests than a limit allows (429).

    The type is that of draft-ietf-httpapi-ratelimit-headers-10.
    """

    status = 429
    type = "https://iana.org/assignments/http-problem-types#quota-exceeded"
    title = "Quota Exceeded"
    members: ClassVar[MembersLike] = _MEMBERS

    @classmethod
    def of(cls, name: str, seconds: int) -> QuotaExceeded:
        """Return the problem for a limit.

        Args:
            name: The name of the limit.
            seconds: The seconds after which a retry may succeed.
        """
        return cls(
            f"Too many requests. Retry in {seconds} seconds.",
            headers={"Retry-After": str(seconds)},
            violated_policies=[name],
        )


class _Quota:
    """A quota of requests in a window, for each identity.

    Attributes:
        name: The name in headers and problems.
        quota: How many requests are allowed.
        window: The seconds of the window.
        key: The function that says who a request is counted for.
        counters: The counters.
        policy: The limit as RateLimit-Policy has it.
        take: A function that counts a request of an identity, unless the quota is used up.
    """

    _noun = "requests"

    def __init__(
        self,
        quota: int,
        per: str | float | timedelta,
        key: Identify,
        name: str,
        counters: Counters | None,
    ) -> None:
        where = f"{type(self).__name__}({quota!r}, per={per!r})"
        if type(quota) is not int or quota < 1:
            raise DeclarationError(f"{where}: the quota must be a number of {self._noun}, from 1.")
        self.window = _seconds(per, where)
        if not callable(key):
            raise DeclarationError(
                f"{where}: key must be address, principal or a function of the request, got "
                f"{key!r}."
            )
        if not (isinstance(name, str) and re.fullmatch(_NAME, name)):
            raise DeclarationError(
                f"{where}: name must be printable ASCII without quotes and backslashes, got "
                f"{name!r}."
            )
        if counters is not None and not callable(getattr(counters, "take", None)):
            raise DeclarationError(
                f"{where}: counters must be Counters such as MemoryCounters(), got {counters!r}."
            )
        self.quota = quota
        self.key = key
        self.counters = counters or MemoryCounters()
        self._has_own_counters = counters is not None
        unit = per if isinstance(per, str) else f"{self.window:g}s"
        self.name = name or f"{quota}-per-{unit}"
        self.policy = f'"{self.name}";q={quota};w={max(1, round(self.window))}'
        self.policy_header = ("RateLimit-Policy", self.policy)
        self._state = f'"{self.name}";r='
        self._scope = ""
        self.take: Callable[[str], Usage] = partial(self.counters.take, "", quota, self.window)

    @property
    def is_early(self) -> bool:
        """Whether it is checked before authentication, as it needs no caller."""
        return self.key is address

    @property
    def document(self) -> Mapping[str, object]:
        """The limit as a member of ``x-rate-limits``."""
        key = getattr(self.key, "__name__", "custom")
        return {
            "name": self.name,
            "quota": self.quota,
            "window": self.window,
            "key": key if key in ("address", "principal") else "custom",
        }

    def bind(self, scope: str) -> None:
        """Name the limit in shared counters, by the first operation that has it."""
        if not self._scope:
            self._scope = f"{scope} {self.name}"
            self.take = partial(self.counters.take, self._scope, self.quota, self.window)

    def share(self, counters: Counters) -> None:
        """Count in the counters of an App, unless the limit was declared with its own."""
        if not self._has_own_counters:
            self.counters = counters
            self.take = partial(counters.take, self._scope, self.quota, self.window)

    def state_of(self, usage: Usage) -> str:
        """Return the rest of the quota, as RateLimit has it."""
        return f"{self._state}{usage.remaining};t={whole_seconds(usage.seconds)}"

    def add(self, identity: str, usage: Usage, amount: int) -> None:
        """Change the count of the window in which a request was counted."""
        self.counters.add(self._scope, identity, self.window, usage.number, amount)


class Rate(_Quota):
    """How many requests a client may send in a time: ``Rate(10, per="minute")``.

    One more is a 429 with Retry-After. Responses have RateLimit and RateLimit-Policy. A 304 is not
    counted. One object has one count for each client, wherever it is declared: on the App for all
    operations together, on an operation for this one.

    If the counters are away, requests are let through, without the headers.
    """

    is_closing = False
    statuses: frozenset[int] = frozenset()

    def __init__(
        self,
        quota: int,
        per: str | float | timedelta,
        *,
        key: Identify = address,
        name: str = "",
        counters: Counters | None = None,
    ) -> None:
        """Make a limit.

        Args:
            quota: How many requests are allowed in any window, by the sliding window of two counts.
            per: ``"second"``, ``"minute"``, ``"hour"``, ``"day"``, seconds or a timedelta.
            key: Who a request is counted for: `address`, `principal` or a function of the request.
                None from the function lets the request pass uncounted. All but `address` are
                checked after authentication.
            name: The name in the headers, such as ``"writes"``.
            counters: The counters; by default those of the setting ``redis_url``, or else of this
                process.

        Raises:
            DeclarationError: An argument cannot be meant.
        """
        super().__init__(quota, per, key, name, counters)

    def applies(self, operation: Operation) -> bool:
        """Return whether the limit can apply to an operation."""
        return True

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that it may cause."""
        said = f"More than {self.quota} requests in {self.window:g} seconds ({self.name})."
        return (Failure(QuotaExceeded, "limits", said, (_RETRY_AFTER,)),)


class Failures(_Quota):
    """How many failed logins an address may cause in a time: ``Failures(10, per="minute")``.

    While the quota is used up, further requests of the address get a 429 before their credentials
    are checked, right ones too. A request is counted before its credentials are checked, and the
    count is taken back when they are valid, so that requests at the same moment are not more
    guesses.

    If the counters are away, requests get a 503: nobody guesses passwords meanwhile.
    """

    is_closing = True
    _noun = "failures"

    def __init__(
        self,
        quota: int,
        per: str | float | timedelta,
        *,
        key: Identify = address,
        name: str = "",
        statuses: Collection[int] = (401,),
        counters: Counters | None = None,
    ) -> None:
        """Make a limit.

        Args:
            quota: How many failures are allowed in any window.
            per: ``"second"``, ``"minute"``, ``"hour"``, ``"day"``, seconds or a timedelta.
            key: Who a failure is counted for; a function of the request.
            name: The name in the problem, such as ``"logins"``.
            statuses: The statuses of failures. Operations that declare none of them are not
                limited.
            counters: The counters; by default those of the setting ``redis_url``, or else of this
                process.

        Raises:
            DeclarationError: An argument cannot be meant.
        """
        super().__init__(quota, per, key, name or f"{quota}-failures", counters)
        self.statuses = frozenset(statuses)
        if not self.statuses or not all(
            type(each) is int and 400 <= each <= 499 for each in self.statuses
        ):
            raise DeclarationError(
                f"Failures(statuses=...) must have statuses from 400 to 499, got {statuses!r}."
            )

    @property
    def is_early(self) -> bool:
        """True: it is checked before authentication."""
        return True

    def applies(self, operation: Operation) -> bool:
        """Return whether an operation declares one of the statuses."""
        return not self.statuses.isdisjoint(operation.statuses)

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that it may cause."""
        said = f"More than {self.quota} failures in {self.window:g} seconds ({self.name})."
        away = "Failed logins cannot be counted at the moment."
        return (
            Failure(QuotaExceeded, "limits", said, (_RETRY_AFTER, *QUOTA_HEADERS)),
            Failure(ServiceUnavailable, "limits", away, (_RETRY_AFTER,)),
        )

    def refused(self, request: Request) -> ServiceUnavailable:
        """Return the problem of a request while the counters are away."""
        return ServiceUnavailable(
            "Credentials cannot be checked at the moment. Retry later.",
            headers={"Retry-After": "2"},
        )


def _seconds(per: str | float | timedelta, where: str) -> float:
    """Return a window in seconds."""
    if isinstance(per, str):
        if per not in _UNITS:
            raise DeclarationError(
                f"{where}: per must be {', '.join(_UNITS)}, a number of seconds or a timedelta."
            )
        return float(_UNITS[per])
    seconds = per.total_seconds() if isinstance(per, timedelta) else per
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not seconds > 0:
        raise DeclarationError(f"{where}: per must be above 0 seconds.")
    return float(seconds)
