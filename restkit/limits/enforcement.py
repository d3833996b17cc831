"""The limits of one Operation: checked in stages, and written into the headers of responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

from ..contract import Failure, Operation
from ..contributor import Contribution
from ..environ_keys import FAILED
from ..middleware import Boundary, Endpoint
from ..request import Request
from ..response import Outgoing, PlainResponse
from .concurrency import Concurrency, release, release_after
from .counters import CountersUnavailable, Usage, whole_seconds
from .deadline import Deadline
from .one_rate import counting, limited_by_rate
from .rates import QUOTA_HEADERS, Failures, QuotaExceeded, Rate
from .sizes import Sizes

__all__ = ["after_authentication", "limited", "limits_contribution"]

_TAKEN = "restkit.limits"
_Limit = Rate | Failures
_Limits = tuple["Rate | Failures | Concurrency | Sizes | Deadline", ...]


class _Taken:
    """The counts of one request in its limits.

    Attributes:
        counted: The limits in which the request is counted, with its identity.
        failures: Those that count it as a failure, until the credentials are found valid.
        valid: Those that took it back since.
        violated: The limit that rejected the request.
    """

    counted: tuple[tuple[Rate, str, Usage], ...] = ()
    failures: tuple[tuple[Failures, str, Usage], ...] = ()
    valid: tuple[tuple[Failures, str, Usage], ...] = ()
    violated: tuple[_Limit, Usage] | None = None


def limits_contribution(operation: Operation) -> Contribution:
    """Return the problems and headers of an Operation's limits."""
    limits = _applying(operation)
    failures: list[Failure] = []
    for each in limits:
        failures += each.failures
    if not limits:
        return Contribution()
    has_rates = any(isinstance(each, Rate) for each in limits)
    documents = [dict(each.document) for each in limits]
    return Contribution(
        failures=tuple(failures),
        headers=QUOTA_HEADERS if has_rates else (),
        extensions={"x-rate-limits": documents},
    )


def _applying(operation: Operation) -> _Limits:
    limits = cast("_Limits", operation.limits)
    return tuple(each for each in limits if each.applies(operation))


def limited(operation: Operation, endpoint: Endpoint, boundary: Boundary) -> Endpoint:
    """Put an Operation's limits around its endpoint, inside of all middleware.

    Args:
        operation: The record.
        endpoint: The endpoint.
        boundary: The callable that turns an exception into a response.
    """
    limits = _applying(operation)
    _bind(limits, operation)
    if len(limits) == 1 and type(limits[0]) is Rate:
        return limited_by_rate(limits[0], endpoint, boundary)
    slots = [each for each in limits if isinstance(each, Concurrency)]
    begin = _beginning(limits)

    def respond(request: Request) -> Outgoing:
        taken = request.environ[_TAKEN] = _Taken()
        held: list[Concurrency] = []
        try:
            try:
                for slot in slots:
                    slot.enter()
                    held.append(slot)
                begin(request, taken)
                response = endpoint(request)
            except Exception as error:  # noqa: BLE001  # the boundary decides which exceptions leave
                request.environ[FAILED] = True
                response = boundary(request, error)
            _settle(taken, response)
        except BaseException:
            release(held)
            raise
        if held:
            release_after(response, held)
        return response

    return respond


def _beginning(limits: _Limits) -> Callable[[Request, _Taken], None]:
    """Return the function that checks deadlines, sizes and early limits before authentication."""
    begins = [each.begin for each in limits if isinstance(each, (Deadline, Sizes))]
    early = [each for each in limits if isinstance(each, _Limit) and each.is_early]

    def begin(request: Request, taken: _Taken) -> None:
        for each in begins:
            each(request)
        for limit in early:
            _take(limit, request, taken)

    return begin


def _bind(limits: _Limits, operation: Operation) -> None:
    for each in limits:
        if isinstance(each, _Limit):
            each.bind(f"{operation.method} {operation.host}{operation.path}")


def after_authentication(operation: Operation) -> Callable[[Request], None] | None:
    """Return the step between authentication and authorization, None if there is nothing to do.

    It counts the limits by caller, and takes back the failures of valid credentials.
    """
    applying = _applying(operation)
    if len(applying) == 1 and type(applying[0]) is Rate:
        return None if applying[0].is_early else counting(applying[0])
    is_guarded = bool(operation.security)
    late = [each for each in applying if isinstance(each, _Limit) and not each.is_early]
    takes_back = is_guarded and any(isinstance(each, Failures) for each in applying)
    return _counting_late(late, is_guarded) if late or takes_back else None


def _counting_late(late: Sequence[_Limit], is_guarded: bool) -> Callable[[Request], None]:
    def step(request: Request) -> None:
        taken: _Taken = request.environ[_TAKEN]
        if taken.failures and is_guarded:
            _take_back_failures(taken)
        for limit in late:
            _take(limit, request, taken)

    return step


def _take_back_failures(taken: _Taken) -> None:
    """Take back the count of failures: the credentials are valid."""
    for limit, identity, usage in taken.failures:
        _add(limit, identity, usage, -1)
    taken.valid, taken.failures = taken.failures, ()


def _take(limit: _Limit, request: Request, taken: _Taken) -> None:
    """Count a request, or reject it."""
    identity = limit.key(request)
    if identity is None:
        return
    try:
        usage = limit.take(identity)
    except CountersUnavailable:
        if isinstance(limit, Failures):
            raise limit.refused(request) from None
        return
    if not usage.is_allowed:
        taken.violated = limit, usage
        for counted in taken.counted:
            _add(*counted, -1)
        taken.counted = ()
        raise QuotaExceeded.of(limit.name, whole_seconds(usage.seconds))
    if isinstance(limit, Failures):
        taken.failures = (*taken.failures, (limit, identity, usage))
    else:
        taken.counted = (*taken.counted, (limit, identity, usage))


def _add(limit: _Limit, identity: str, usage: Usage, amount: int) -> None:
    try:
        limit.add(identity, usage, amount)
    except CountersUnavailable:
        return  # the window ends all the same


def _settle(taken: _Taken, response: Outgoing) -> None:
    """Settle the counts by the status of the response, and write the headers."""
    status = response.status if isinstance(response, PlainResponse) else response.status_code
    if taken.failures or taken.valid:
        _settle_failures(taken, status)
    if status == 304:
        for counted in taken.counted:
            _add(*counted, -1)
    if headers := _headers(taken):
        if isinstance(response, PlainResponse):
            response.headers = response.headers + headers
        else:
            response.headers.extend(headers)


def _settle_failures(taken: _Taken, status: int) -> None:
    """Count a failure that is none, or that was taken back, as the response shows."""
    for limit, identity, usage in taken.failures:
        if taken.violated is not None or status not in limit.statuses:
            _add(limit, identity, usage, -1)
    for limit, identity, usage in taken.valid:
        if status in limit.statuses:
            _add(limit, identity, usage, 1)


def _headers(taken: _Taken) -> list[tuple[str, str]]:
    """Return RateLimit and RateLimit-Policy (draft-ietf-httpapi-ratelimit-headers-10)."""
    counted = taken.counted
    if len(counted) == 1 and taken.violated is None:
        limit, _, usage = counted[0]
        return [limit.policy_header, ("RateLimit", limit.state_of(usage))]
    shown: list[tuple[_Limit, Usage]] = [(limit, usage) for limit, _, usage in counted]
    if taken.violated is not None:
        shown.append(taken.violated)
    if not shown:
        return []
    policies = ", ".join([limit.policy for limit, _ in shown])
    states = ", ".join([limit.state_of(usage) for limit, usage in shown])
    return [("RateLimit-Policy", policies), ("RateLimit", states)]
