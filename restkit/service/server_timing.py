"""The header Server-Timing of an App in debug (W3C Server Timing): where a request's time went."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..contract import Header
from ..environ_keys import TIMINGS
from ..response import PlainResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.edge import Serve
    from ..dispatch.response_headers import Finish
    from ..request import Request
    from ..response import Outgoing

__all__ = ["SERVER_TIMING", "timed_requests", "with_timings"]

_NAME = "Server-Timing"
_BEGUN = "begun"
_PHASES = ("validate", "call", "serialize")
SERVER_TIMING = Header(
    _NAME,
    "In debug: the milliseconds of the request until its response begins, and those of its steps.",
)


def timed_requests(serve: Serve) -> Serve:
    """Return an application whose requests note when they came."""

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[TIMINGS] = {_BEGUN: time.perf_counter_ns()}
        return serve(environ, start_response)

    return respond


def with_timings(finish: Finish) -> Finish:
    """Return a finisher that also adds Server-Timing."""

    def finished(request: Request, response: Outgoing) -> None:
        finish(request, response)
        timings: dict[str, int] | None = request.environ.get(TIMINGS)
        if timings is not None:
            total = time.perf_counter_ns() - timings[_BEGUN]
            steps = [(each, timings[each]) for each in _PHASES if each in timings]
            parts = [("total", total), *steps]
            _add(response, ", ".join(f"{name};dur={ns / 1e6:.3f}" for name, ns in parts))

    return finished


def _add(response: Outgoing, value: str) -> None:
    """Add the header to those of the program itself."""
    if isinstance(response, PlainResponse):
        response.headers.append((_NAME, value))
    else:
        response.headers.add(_NAME, value)
