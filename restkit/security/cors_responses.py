"""The headers of CORS on the responses of one Operation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ..dispatch.response_headers import HeaderList, set_headers
from ..response import PlainResponse

if TYPE_CHECKING:
    from ..contract import Operation
    from ..dispatch.response_headers import Finish
    from ..request import Request
    from ..response import Outgoing

__all__ = ["finisher"]

_EVERY = "*"
_USUAL = frozenset(
    {
        "Age",
        "Allow",
        "Cache-Control",
        "Content-Length",
        "Content-Security-Policy",
        "Content-Type",
        "ETag",
        "Last-Modified",
        "Link",
        "Location",
        "RateLimit",
        "RateLimit-Policy",
        "Retry-After",
        "Set-Cookie",
        "WWW-Authenticate",
        "X-Request-Id",
    }
)
"""Headers that CORS neither adds to nor replaces."""


class _Policy(Protocol):
    @property
    def origins(self) -> frozenset[str]: ...

    def response_headers(self, origin: str, operation: Operation | None, /) -> HeaderList: ...


def finisher(policy: _Policy, operation: Operation | None) -> Finish:
    """Return the function that puts the headers of CORS on responses of an operation.

    Args:
        policy: The policy.
        operation: The Operation; None at a URL or method without one.
    """
    refused = [("Vary", "Origin")] if policy.origins else []
    tails = {
        origin: refused + policy.response_headers(origin, operation)
        for origin in policy.origins or [_EVERY]
    }
    every = tails.get(_EVERY, refused)  # for other origins

    def finish(request: Request, response: Outgoing) -> None:
        origin = request.environ.get("HTTP_ORIGIN")
        tail = tails.get(origin, every) if origin else refused
        # PERF: the usual headers first; the rest costs two thousand instructions more.
        if type(response) is PlainResponse:
            for name, _ in response.headers:
                if name not in _USUAL:
                    break
            else:
                response.headers = response.headers + tail
                return
        _merge(response, tail)

    return finish


def _merge(response: Outgoing, tail: HeaderList) -> None:
    """Replace the headers of CORS in a response, and add to Vary."""
    headers = response.headers if isinstance(response, PlainResponse) else [*response.headers]
    out: HeaderList = []
    vary = dict(tail).get("Vary", "")
    for name, value in headers:
        lowered = name.lower()
        if lowered == "vary":
            vary = _joined(vary, value)
        elif not lowered.startswith("access-control-"):
            out.append((name, value))
    if vary:
        out.append(("Vary", vary))
    set_headers(response, out + [item for item in tail if item[0] != "Vary"])


def _joined(first: str, more: str) -> str:
    """Return two values of Vary as one."""
    names = [name.strip() for name in more.split(",") if name.strip()]
    if _EVERY in names or first == _EVERY:
        return _EVERY
    known = {name.strip().lower() for name in first.split(",")}
    added = [name for name in names if name.lower() not in known]
    return ", ".join([*filter(None, [first]), *added])
