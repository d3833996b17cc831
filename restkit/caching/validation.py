"""Conditional requests for stored responses (RFC 9111, section 4.3; RFC 9110, section 13)."""

from __future__ import annotations

from collections.abc import MutableMapping

from ..contract import Operation
from ..http.conditional import (
    EntityTag,
    Outcome,
    Preconditions,
    evaluate,
    failure_detail,
    parse_http_date,
)
from ..problems import PreconditionFailed
from ..request import Request
from ..response import Outgoing, PlainResponse, discard

__all__ = ["conditions_of", "decided", "restored"]

_HEADERS = (
    *("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"),
    *("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"),
)
# The headers of a 304 (RFC 9110, section 15.4.5), and the date that replaces an ETag.
_KEPT = frozenset(
    {"age", "cache-control", "content-location", "date", "etag", "expires", "vary", "last-modified"}
)


def conditions_of(environ: MutableMapping[str, object]) -> dict[str, object]:
    """Take the preconditions out of a request, whose method makes the whole response then."""
    return {name: environ.pop(name) for name in _HEADERS if name in environ}


def restored(request: Request, conditions: dict[str, object]) -> None:
    """Put the preconditions back."""
    request.environ.update(conditions)


def decided(request: Request, response: Outgoing, operation: Operation) -> Outgoing:
    """Return a response, or the 304 in its place.

    Raises:
        PreconditionFailed: A precondition of an operation with validators of its own is false.
    """
    if isinstance(response, PlainResponse):
        status, headers = response.status, response.headers
    else:
        status, headers = response.status_code, list(response.headers.items())
    if status != 200:
        return response
    given = Preconditions.from_environ(request.environ)
    if not operation.conditional:  # as without a cache, If-Match has no meaning
        given = given._replace(if_match=None, if_unmodified_since=None)
    found = {name.lower(): value for name, value in headers}
    outcome = evaluate(
        request.method,
        given,
        _tag(found.get("etag")),
        parse_http_date(found["last-modified"]) if "last-modified" in found else None,
    )
    if outcome is Outcome.PROCEED:
        return response
    discard(response)
    if outcome is Outcome.FAILED:
        raise PreconditionFailed(failure_detail(given))
    return PlainResponse(304, [item for item in headers if item[0].lower() in _KEPT], b"")


def _tag(text: str | None) -> EntityTag | None:
    try:
        return None if text is None else EntityTag.parse(text)
    except ValueError:
        return None
