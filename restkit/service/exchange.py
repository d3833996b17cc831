"""The edge of a `Service`: the ids of each request, sent back with each response."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..contract import Header, Operation, Parameter
from ..contributor import Contribution
from ..dispatch.response_headers import set_headers
from ..environ_keys import CORRELATION
from ..response import PlainResponse
from .correlation import ID_PATTERN, Correlation, correlate
from .problem_ids import MEMBER, identify_problem
from .request_summary import summaries_of

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.edge import Serve
    from ..dispatch.response_headers import Finish
    from ..request import Request
    from ..response import Outgoing

__all__ = ["CONTRIBUTION", "correlated", "finisher"]

_NAME = "X-Request-Id"
_FIRST_ERROR = 400
_LOWERED, _SIZE = _NAME.lower(), len(_NAME)
_MEANING = "The id of the request, as in the logs."
_SCHEMA = {"type": "string", "pattern": f"^{ID_PATTERN}$"}
_ID = Header(_NAME, _MEANING, _SCHEMA, required=True)
CONTRIBUTION = Contribution(
    headers=(_ID,),
    problem_members={MEMBER: {**_SCHEMA, "description": _MEANING}},
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


def finisher(operation: Operation | None, *, is_observed: bool) -> Finish:
    """Return the function that adds the id of the request to a response.

    Args:
        operation: The Operation, None for an unknown URL or method.
        is_observed: Whether the response is noted for the access log or metrics.
    """
    known, summary_of = summaries_of(operation)

    def finish(request: Request, response: Outgoing) -> None:
        environ = request.environ
        try:
            ids: Correlation = environ[CORRELATION]
        except KeyError:
            # A mount with variables or a host has no layer of its own in front of routing.
            ids = correlate(environ)
        if type(response) is not PlainResponse:
            identify_problem(response, ids.request_id)
            if is_observed:
                ids.response = response
                ids.summary = summary_of(environ, _status_of(response))
            _replace(response, ids.request_id)
            return
        if is_observed:
            status = response.status
            ids.response = response
            ids.summary = known.get(
                (environ["REQUEST_METHOD"], environ.get("PATH_INFO"), status)
            ) or summary_of(environ, status)
        if response.status >= _FIRST_ERROR:
            identify_problem(response, ids.request_id)
        for name, _ in response.headers:
            if len(name) == _SIZE and name.lower() == _LOWERED:
                _replace(response, ids.request_id)
                break
        else:
            response.headers.append((_NAME, ids.request_id))

    return finish


def _status_of(response: Outgoing) -> int:
    return response.status if isinstance(response, PlainResponse) else response.status_code


def _replace(response: Outgoing, request_id: str) -> None:
    """Set the header in place of those of its name."""
    headers = response.headers if isinstance(response, PlainResponse) else [*response.headers]
    others = [each for each in headers if each[0].lower() != _LOWERED]
    set_headers(response, [*others, (_NAME, request_id)])
