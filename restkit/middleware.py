"""The middleware protocol, and its composition at start-up. Without middleware it costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from werkzeug.wrappers import Response as WerkzeugResponse

from .environ_keys import FAILED, PROCEEDED, RESPONDED_BY
from .errors import DeclarationError
from .request import Request
from .response import DeferredResponse, Outgoing, PlainResponse, Response

__all__ = [
    "RESPOND_TO",
    "Boundary",
    "Endpoint",
    "Middleware",
    "Proceed",
    "compose",
    "sets_deadline",
]

Proceed = Callable[[Request], Response]
"""The rest of the way of a request, which a middleware calls: `proceed(request)`."""
Endpoint = Callable[[Request], Outgoing]
Boundary = Callable[[Request, Exception], Outgoing]


_deferred = DeferredResponse.of
RESPOND_TO = "respond_to"
"""An attribute of ``proceed``: a function from a request and an exception to the response."""


class Middleware(Protocol):
    """A callable around the inner middleware and the operation.

    ``proceed(request)`` always returns a Response: a problem that is raised inside has become one.
    ``request.operation`` and ``request.app`` are set::

        def timed(request, proceed):
            started = time.perf_counter()
            response = proceed(request)
            elapsed = (time.perf_counter() - started) * 1000
            response.headers["Server-Timing"] = f"app;dur={elapsed:.1f}"
            return response
    """

    def __call__(self, request: Request, proceed: Proceed, /) -> Response:
        """Return the response, usually the one that ``proceed(request)`` returns."""
        ...


def compose(middleware: Sequence[Middleware], endpoint: Endpoint, boundary: Boundary) -> Endpoint:
    """Put middleware around an endpoint, the first one outermost.

    Args:
        middleware: The middleware; none leaves the endpoint as it is.
        endpoint: The innermost callable.
        boundary: A callable that turns an exception into a response, between the layers.

    Returns:
        The endpoint to call.
    """
    for index, each in reversed(list(enumerate(middleware))):
        endpoint = _layer(each, endpoint, boundary, is_outermost=index == 0)
    return endpoint


def sets_deadline(middleware: object) -> bool:
    """Return whether middleware sets the deadline of requests, which their methods keep to."""
    return getattr(middleware, "sets_deadline", False) is True


def _layer(
    middleware: Middleware, endpoint: Endpoint, boundary: Boundary, *, is_outermost: bool
) -> Endpoint:
    def proceed(request: Request) -> Response:
        try:
            response = endpoint(request)
        except Exception as error:  # noqa: BLE001  # the boundary decides which exceptions leave
            return respond_to(request, error)
        if type(response) is PlainResponse:  # PERF: most are; `_settled` handles all others
            request.environ[PROCEEDED] = response.status
            return _deferred(response)
        return _settled(request, response)

    def respond_to(request: Request, error: Exception) -> Response:
        request.environ[FAILED] = True
        return _settled(request, boundary(request, error))

    # For restkit's own middleware that fails after `proceed`, such as a session that cannot be
    # stored: it turns the exception into a response here.
    vars(proceed)[RESPOND_TO] = respond_to

    def call(request: Request) -> Outgoing:
        response = middleware(request, proceed)
        if type(response) is DeferredResponse:
            return response.outgoing() if is_outermost else response
        if not isinstance(response, WerkzeugResponse):
            raise DeclarationError(
                f"The middleware {_name_of(middleware)} returned {type(response).__name__}. Return "
                "a Response, usually that of proceed(request)."
            )
        if request.environ.get(PROCEEDED) != response.status_code:
            request.environ[RESPONDED_BY] = _name_of(middleware)
        return response

    return call


def _settled(request: Request, response: Outgoing) -> Response:
    """Return an inner response as a Response, and note its status in the environ."""
    if type(response) is PlainResponse:
        request.environ[PROCEEDED] = response.status
        return _deferred(response)
    if type(response) is DeferredResponse:
        # PERF: the innermost layer has noted its status already, and setting another status would
        # have made it a Response of another type.
        return response
    if not isinstance(response, Response):
        response = Response.force_type(cast(Response, response), request.environ)
    made = cast(Response, response)
    request.environ[PROCEEDED] = made.status_code
    return made


def _name_of(middleware: Middleware) -> str:
    name: object = getattr(middleware, "__qualname__", None)
    return name if isinstance(name, str) else type(middleware).__qualname__
