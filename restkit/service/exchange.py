"""The edge of a `Service`: the ids of each request, sent back with each response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..contract import Header, Operation, Parameter
from ..contributor import Contribution
from ..dispatch.response_headers import set_headers
from ..environ_keys import CORRELATION
from ..response import PlainResponse
from .correlation import ID_PATTERN, correlate

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.edge import Serve
    from ..dispatch.response_headers import Finish
    from ..request import Request
    from ..response import Outgoing

__all__ = ["CONTRIBUTION", "correlated", "finisher"]

_NAME = "X-Request-Id"
_ID = Header(
    _NAME,
    "The id of the request, as in the logs.",
    {"type": "string", "pattern": f"^{ID_PATTERN}$"},
    required=True,
)
CONTRIBUTION = Contribution(
    headers=(_ID,),
    parameters=(
        Parameter(
            _NAME,
            description="An id for the request: 1 to 128 letters, digits, `.`, `_` and `-`. "
            "Another value is ignored, and an id is made.",
        ),
        Parameter(
            "traceparent",
            description="The trace of the request (W3C Trace Context). "
            "An invalid value is ignored, and a trace begins.",
        ),
        Parameter(
            "tracestate",
            description="What other services say of the trace. "
            "It is passed on, and ignored if it is invalid.",
        ),
    ),
)


def correlated(serve: Serve) -> Serve:
    """Return an application whose requests have ids."""

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        correlate(environ)
        return serve(environ, start_response)

    return respond


def finisher(operation: Operation | None) -> Finish:
    """Return the function that adds the id of the request to a response."""

    def finish(request: Request, response: Outgoing) -> None:
        # A mount with variables or a host has no layer of its own in front of routing.
        ids = request.environ.get(CORRELATION) or correlate(request.environ)
        ids.operation = operation
        item = (_NAME, ids.request_id)
        if type(response) is PlainResponse:
            for name, _ in response.headers:
                if name == _NAME or name.lower() == "x-request-id":
                    break
            else:
                response.headers = [*response.headers, item]
                return
        headers = response.headers if isinstance(response, PlainResponse) else [*response.headers]
        others = [each for each in headers if each[0].lower() != "x-request-id"]
        set_headers(response, [*others, item])

    return finish
