"""Headers that edge parts put on every response, also on errors; and preflights of CORS.

An edge part with a method ``response_finisher`` adds headers. It is called when an App is frozen,
so that everything which depends on the Operation alone is decided then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from ..contract import Operation
from ..middleware import Boundary, Endpoint
from ..operations.edge_part import EdgePart
from ..request import Request
from ..response import Outgoing, PlainResponse
from ..routing.handlers import Handler

__all__ = ["Finish", "HeaderList", "answer_preflights", "finished", "set_headers", "with_header"]

HeaderList = list[tuple[str, str]]
Finish = Callable[[Request, Outgoing], None]


class _Finisher(Protocol):
    def response_finisher(self, operation: Operation | None, /) -> Finish: ...


class _Preflight(Protocol):
    def preflight(
        self, environ: Mapping[str, str], handlers: Mapping[str, Handler], /
    ) -> HeaderList | None: ...


def finished(
    call: Endpoint, boundary: Boundary, parts: Sequence[EdgePart], operation: Operation | None
) -> tuple[Endpoint, Boundary]:
    """Return an endpoint and its boundary, whose responses have the headers of edge parts.

    Args:
        call: The endpoint inside its middleware.
        boundary: The callable that turns its exceptions into responses.
        parts: The edge parts, the innermost first.
        operation: The Operation; None for an unknown URL or method.
    """
    for part in parts:
        if hasattr(part, "response_finisher"):
            finish = cast("_Finisher", part).response_finisher(operation)
            call, boundary = _finished_call(call, finish), _finished_boundary(boundary, finish)
    return call, boundary


def _finished_call(call: Endpoint, finish: Finish) -> Endpoint:
    def respond(request: Request) -> Outgoing:
        response = call(request)
        finish(request, response)
        return response

    return respond


def _finished_boundary(boundary: Boundary, finish: Finish) -> Boundary:
    def respond(request: Request, error: Exception) -> Outgoing:
        response = boundary(request, error)
        finish(request, response)
        return response

    return respond


def with_header(endpoint: Endpoint, header: tuple[str, str]) -> Endpoint:
    """Add a header to the responses of an endpoint, if they do not have it."""

    def call(request: Request) -> Outgoing:
        response = endpoint(request)
        if isinstance(response, PlainResponse):
            response.headers.append(header)
        else:
            response.headers.setdefault(*header)
        return response

    return call


def set_headers(response: Outgoing, headers: HeaderList) -> None:
    """Replace the headers of a response."""
    if isinstance(response, PlainResponse):
        response.headers = headers
    else:
        response.headers.clear()
        response.headers.extend(headers)


def answer_preflights(
    handler: Handler,
    parts: Sequence[EdgePart],
    handlers_of: Callable[[Request], Mapping[str, Handler]],
) -> Handler:
    """Return the handler of OPTIONS that also responds to preflights.

    Neither credentials nor limits apply to a preflight, and no middleware sees it.

    Args:
        handler: The handler of OPTIONS.
        parts: The edge parts, the innermost first.
        handlers_of: A function that returns the handlers of a request's URL by method.
    """
    found = [part for part in parts if hasattr(part, "preflight")]
    if not found:
        return handler
    respond, call = cast("_Preflight", found[0]).preflight, handler.call
    finishers = [
        cast("_Finisher", part).response_finisher(handler.operation)
        for part in parts
        if part is not found[0] and hasattr(part, "response_finisher")
    ]

    def options(request: Request) -> Outgoing:
        handlers = handlers_of(request)
        headers = respond(request.environ, handlers)
        if headers is None:
            return call(request)
        allow = ", ".join(sorted({*handlers, "OPTIONS"}))
        response = PlainResponse(204, [("Allow", allow), *headers])
        for finish in finishers:
            finish(request, response)
        return response

    return Handler(options, handler.operation, handler.app, handler.boundary, handler.statuses)
