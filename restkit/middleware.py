"""The middleware protocol, composed once when a resource is mounted; free where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

from werkzeug.wrappers import Response as WerkzeugResponse

from .errors import DeclarationError
from .request import Request
from .response import Outgoing, PlainResponse, Response

__all__ = ["Boundary", "Endpoint", "Middleware", "Proceed", "compose"]

Proceed = Callable[[Request], Response]
Endpoint = Callable[[Request], Outgoing]
Boundary = Callable[[Request, Exception], Outgoing]


class Middleware(Protocol):
    """Is a callable around the answering of a request.

    ``proceed(request)`` always returns a Response: a problem raised further in is one already::

        def timed(request, proceed):
            started = time.perf_counter()
            response = proceed(request)
            response.headers["Server-Timing"] = f"app;dur={(time.perf_counter() - started) * 1000:.1f}"
            return response
    """

    def __call__(self, request: Request, proceed: Proceed, /) -> Response:
        """Answer the request, usually with what ``proceed(request)`` returns."""
        ...


def compose(middleware: Sequence[Middleware], endpoint: Endpoint, boundary: Boundary) -> Endpoint:
    """Put middleware around an endpoint, the first one outermost.

    Args:
        middleware: What to put around it; none leaves the endpoint as it is.
        endpoint: What answers in the end.
        boundary: Turns an exception into an answer, between the layers.

    Returns:
        The endpoint to call.
    """
    for each in reversed(middleware):
        endpoint = _around(each, endpoint, boundary)
    return endpoint


def _around(middleware: Middleware, endpoint: Endpoint, boundary: Boundary) -> Endpoint:
    def proceed(request: Request) -> Response:
        try:
            answer = endpoint(request)
        except Exception as error:  # noqa: BLE001  # the boundary decides what leaves as an exception
            answer = boundary(request, error)
        if isinstance(answer, PlainResponse):
            return answer.to_response()
        return (
            answer
            if isinstance(answer, Response)
            else cast(Response, Response.force_type(answer, request.environ))
        )

    def call(request: Request) -> Response:
        response = middleware(request, proceed)
        if not isinstance(response, WerkzeugResponse):
            raise DeclarationError(
                f"The middleware {getattr(middleware, '__qualname__', middleware)} returned "
                f"{type(response).__name__}; return a Response, usually that of proceed(request)."
            )
        return response

    return call
