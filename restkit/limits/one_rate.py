"""A `Rate` that is the only limit of an Operation, on a shorter way than several limits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ..environ_keys import FAILED
from ..middleware import Boundary, Endpoint
from ..request import Request
from ..response import Outgoing, PlainResponse
from .counters import CountersUnavailable, Usage, whole_seconds
from .rates import QuotaExceeded, Rate

__all__ = ["counting", "limited_by_rate"]

_COUNTED = "restkit.limits.one_rate"


def limited_by_rate(limit: Rate, endpoint: Endpoint, boundary: Boundary) -> Endpoint:
    """Put a limit around an endpoint.

    Args:
        limit: The limit. Unless it is early, the endpoint counts the request, by `counting`.
        endpoint: The endpoint.
        boundary: The callable that turns an exception into a response.
    """
    count = counting(limit) if limit.is_early else None

    def respond(request: Request) -> Outgoing:
        request.environ[_COUNTED] = None  # an inner request may have its own
        try:
            if count is not None:
                count(request)
            response = endpoint(request)
        except Exception as error:  # noqa: BLE001  # the boundary decides which exceptions leave
            request.environ[FAILED] = True
            response = boundary(request, error)
        counted: tuple[str, Usage] | None = request.environ[_COUNTED]
        return response if counted is None else _finished(response, limit, *counted)

    return respond


def counting(limit: Rate) -> Callable[[Request], None]:
    """Return the function that counts a request, or raises QuotaExceeded."""
    key = limit.key

    def count(request: Request) -> None:
        identity = key(request)
        if identity is None:
            return
        try:
            usage = limit.take(identity)
        except CountersUnavailable:
            return
        request.environ[_COUNTED] = identity, usage
        if not usage.is_allowed:
            raise QuotaExceeded.of(limit.name, whole_seconds(usage.seconds))

    return count


def _finished(response: Outgoing, limit: Rate, identity: str, usage: Usage) -> Outgoing:
    """Return a response with the headers of its limit; a 304 is not counted."""
    headers = [limit.policy_header, ("RateLimit", limit.state_of(usage))]
    if isinstance(response, PlainResponse):
        status = response.status
        response.headers = response.headers + headers
    else:
        status = response.status_code
        response.headers.extend(headers)
    if status == 304 and usage.is_allowed:
        with suppress(CountersUnavailable):  # the window ends all the same
            limit.add(identity, usage, -1)
    return response
