"""The ids that connect a request with its log lines, and with the requests that it causes."""

from __future__ import annotations

import os
import random
import re
from typing import TYPE_CHECKING

from ..environ_keys import CORRELATION, REQUEST_ID
from ..request import Request, current_request
from .trace_context import RANDOM, parse_traceparent, parse_tracestate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..contract import Operation

__all__ = ["ID_PATTERN", "Correlation", "correlate", "correlation_of", "outgoing_headers"]

ID_PATTERN = "[A-Za-z0-9._-]{1,128}"
_ID = re.compile(ID_PATTERN)

# A generator of its own: the seed of a program must not repeat the ids, nor that of a fork.
_random = random.Random()  # noqa: S311  # an id is no secret
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)


class Correlation:
    """The ids of one request.

    Attributes:
        request_id: The id of the request, as the client or a proxy chose it, or made here.
        trace_id: The id of the trace: 32 hexadecimal digits.
        span_id: The id of this request in the trace: 16 hexadecimal digits.
        parent_id: The id of the caller's span, "" if the trace begins here.
        flags: The flags of the trace.
        state: The tracestate.
        operation: The Operation, None for an unknown URL or method, or before routing.
    """

    # PERF: one is made for each request; a Record costs 500 instructions more.
    __slots__ = ("flags", "operation", "parent_id", "request_id", "span_id", "state", "trace_id")

    operation: Operation | None

    def __init__(self, environ: WSGIEnvironment) -> None:
        """Read the headers of a request."""
        bits = _random.getrandbits
        given: str = environ.get("HTTP_X_REQUEST_ID", "")
        # SECURITY: an id of a client goes into logs and headers.
        is_given = given and _ID.fullmatch(given)
        self.request_id = given if is_given else f"{bits(128):032x}"
        self.span_id = f"{bits(64) or 1:016x}"
        self.operation = None
        parent = None
        if "HTTP_TRACEPARENT" in environ:
            parent = parse_traceparent(environ["HTTP_TRACEPARENT"])
        if parent is None:
            self.trace_id, self.parent_id = f"{bits(128) or 1:032x}", ""
            self.flags, self.state = RANDOM, ""
        else:
            self.trace_id, self.parent_id, self.flags = parent
            self.state = parse_tracestate(environ.get("HTTP_TRACESTATE", ""))

    @property
    def traceparent(self) -> str:
        """The header ``traceparent`` of requests that this one causes."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags:02x}"


def correlate(environ: WSGIEnvironment) -> Correlation:
    """Give a request its ids."""
    made = environ[CORRELATION] = Correlation(environ)
    environ[REQUEST_ID] = made.request_id
    return made


def correlation_of(request: Request | None = None) -> Correlation | None:
    """Return the ids of a request, None without a `Service`.

    Args:
        request: The request, the current one by default.
    """
    if request is None:
        request = current_request.get(None)
    found: Correlation | None = None if request is None else request.environ.get(CORRELATION)
    return found


def outgoing_headers(request: Request | None = None) -> dict[str, str]:
    """Return the headers by which the requests to other services belong to this request.

    ::

        httpx.get("http://stock/items", headers=outgoing_headers())

    They are ``X-Request-Id``, ``traceparent`` and, if the caller sent one, ``tracestate``. Without
    a current request, or without a `Service`, there are none.

    Args:
        request: The request, the current one by default.
    """
    ids = correlation_of(request)
    if ids is None:
        return {}
    headers = {"X-Request-Id": ids.request_id, "traceparent": ids.traceparent}
    return {**headers, "tracestate": ids.state} if ids.state else headers
