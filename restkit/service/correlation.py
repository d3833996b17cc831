"""The ids that connect a request with its log lines, and with the requests that it causes."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from ..environ_keys import CORRELATION
from ..request import Request, current_request
from .request_summary import Summary
from .trace_context import RANDOM, parse_traceparent, parse_tracestate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..response import Outgoing

__all__ = [
    "ID_PATTERN",
    "Correlation",
    "continued_trace",
    "correlate",
    "correlation_of",
    "outgoing_headers",
]

ID_PATTERN = "[A-Za-z0-9._-]{1,128}"
_LONGEST = 128
_MARKS_TO_LETTERS = bytes.maketrans(b"._-", b"xxx")

# PERF: ids are made in blocks, for 1,300 instructions a request; one at a time they cost six times
# that. They come from the operating system: the seed of a program must not repeat them.
_BLOCK = 256
_made: list[tuple[str, str]] = []
_next_ids = _made.pop
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_made.clear)


_outside: ContextVar[Correlation] = ContextVar("correlation outside of requests")


class Correlation(list[bytes]):
    """The ids of one request.

    It is also a list, for the access log, which returns the content of a response in it.

    Attributes:
        request_id: The id of the request, as the client or a proxy chose it, or made here.
        trace_id: The id of the trace: 32 hexadecimal digits.
        span_id: The id of this request in the trace: 16 hexadecimal digits.
        parent: The caller's trace, span and flags, None if the trace begins here.
        response: The response, for the access log, once it is known.
        summary: The request and its response, for the access log, until it is logged.
    """

    # PERF: one object a request, without an __init__ of its own, which costs a thousand
    # instructions more.
    __slots__ = ("parent", "request_id", "response", "span_id", "summary", "trace_id")

    request_id: str
    trace_id: str
    span_id: str
    parent: tuple[str, str, int] | None
    response: Outgoing | None
    summary: Summary | None

    def identify(self, environ: WSGIEnvironment) -> None:
        """Read the ids of the headers of a request, and make those that it does not have.

        Without either header, the ids of the request and of the trace are the same text.
        """
        try:
            self.request_id, self.span_id = _next_ids()
        except IndexError:
            self.request_id, self.span_id = _new_ids()
        self.trace_id, self.parent = self.request_id, None
        if "HTTP_TRACEPARENT" in environ:
            self.parent = parse_traceparent(environ["HTTP_TRACEPARENT"])
            if self.parent is not None:
                self.trace_id = self.parent[0]
        if "HTTP_X_REQUEST_ID" in environ:
            given: str = environ["HTTP_X_REQUEST_ID"]
            # SECURITY: an id of a client goes into logs and headers.
            if is_id(given):
                self.request_id = given
        environ[CORRELATION] = self

    @property
    def traceparent(self) -> str:
        """The header ``traceparent`` of requests that this one causes."""
        flags = RANDOM if self.parent is None else self.parent[2]
        return f"00-{self.trace_id}-{self.span_id}-{flags:02x}"


def _new_ids() -> tuple[str, str]:
    """Make a block of ids, and return the first: that of a trace and that of a span."""
    traces = os.urandom(16 * _BLOCK).hex(" ", 16).split(" ")
    spans = os.urandom(8 * _BLOCK).hex(" ", 8).split(" ")
    block = list(zip(traces, spans, strict=True))
    first = block.pop()
    _made.extend(block)
    return first


def is_id(text: str) -> bool:
    """Return whether a text can be the id of a request."""
    # PERF: an id of letters, digits and the three marks has become letters; a regular expression
    # costs twice as much.
    return text.encode().translate(_MARKS_TO_LETTERS).isalnum() and len(text) <= _LONGEST


def correlate(environ: WSGIEnvironment) -> Correlation:
    """Give a request its ids."""
    made = Correlation()
    made.identify(environ)
    return made


@contextmanager
def continued_trace(traceparent: str, request_id: str) -> Generator[None]:
    """Give work outside of a request its ids, such as a task of a request that has ended.

    Args:
        traceparent: The header of the trace that it belongs to, "" for a new one.
        request_id: The id in its log lines, and in the requests that it causes.
    """
    made = correlate({"HTTP_TRACEPARENT": traceparent, "HTTP_X_REQUEST_ID": request_id})
    token = _outside.set(made)
    try:
        yield
    finally:
        _outside.reset(token)


def correlation_of(request: Request | None = None) -> Correlation | None:
    """Return the ids of a request, None without a `Service`.

    Args:
        request: The request, the current one by default. Without either, the ids are those of the
            task that runs.
    """
    if request is None:
        request = current_request.get(None)
    if request is None:
        return _outside.get(None)
    found: Correlation | None = request.environ.get(CORRELATION)
    return found


def outgoing_headers(request: Request | None = None) -> dict[str, str]:
    """Return the headers by which the requests to other services belong to this request.

    ::

        httpx2.get("http://stock/items", headers=outgoing_headers())

    They are ``X-Request-Id``, ``traceparent`` and, if the caller sent one, ``tracestate``. A task
    of an `Outbox` has those of the request that enqueued it. Without a current request or task, or
    without a `Service`, there are none.

    Args:
        request: The request, the current one by default.
    """
    if request is None:
        request = current_request.get(None)
    ids = correlation_of(request)
    if ids is None:
        return {}
    headers = {"X-Request-Id": ids.request_id, "traceparent": ids.traceparent}
    if request is not None and ids.parent is not None:
        state = parse_tracestate(request.environ.get("HTTP_TRACESTATE", ""))
        if state:
            headers["tracestate"] = state
    return headers
