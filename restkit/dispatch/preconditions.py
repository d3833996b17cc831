"""Conditional responses of an Operation: validators, 304 and 412 (RFC 9110, section 13)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from ..contract import Operation
from ..environ_keys import CONTRACT_CHECK
from ..errors import DeclarationError
from ..http.conditional import (
    NOTHING_GIVEN,
    EntityTag,
    Outcome,
    Preconditions,
    evaluate,
    failure_detail,
    format_http_date,
)
from ..http.methods import SAFE_METHODS
from ..problems import PreconditionFailed, PreconditionRequired
from ..rendering.data_writer import DATA_TYPES
from ..rendering.response_writer import Writer
from ..request import Request
from ..resource import TAG_ALONE, Resource
from ..response import Outgoing, PlainResponse, close_if_open, discard
from ..response_value import ResponseValue

__all__ = ["Finish", "finisher_of", "require_precondition"]

_log = logging.getLogger("restkit")
_READING = ("GET", "HEAD", "QUERY")
# The headers of a GET's response that a 304 has too (RFC 9110, section 15.4.5), and the date that
# replaces an ETag.
_KEPT = frozenset(
    {"cache-control", "content-location", "date", "etag", "expires", "vary", "last-modified"}
)

Finish = Callable[[Request, "tuple[Resource | None, object]", str, Writer], Outgoing]


def finisher_of(operation: Operation) -> Finish | None:
    """Return the writer of conditional responses with their validators, None without conditions."""
    if not operation.conditional or operation.method == "OPTIONS":
        return None
    return _reading(operation) if operation.method in _READING else _changing(operation)


def _reading(operation: Operation) -> Finish:
    method = operation.method
    streams = 200 <= operation.outputs[0].status < 300

    def finish(
        request: Request, made: tuple[Resource | None, object], chosen: str, write: Writer
    ) -> Outgoing:
        resource, value = made
        # PERF: to ask the usual values whether they are of an abstract class costs more.
        is_data = type(value) in DATA_TYPES
        if resource is None or (not is_data and isinstance(value, ResponseValue)):
            return write(request, value, chosen)
        given = Preconditions.from_environ(request.environ)
        if streams and not is_data:
            value = _unless_dropped(value, request, given, resource)
        response = write(request, value, chosen)
        if resource._stated is TAG_ALONE and type(response) is PlainResponse:
            # PERF: a resource that set its entity tag alone; `_validated` costs twice as much.
            text = _add_tag(response, resource._entity_tag, is_alone=is_data)
            if given is NOTHING_GIVEN:
                return response
            if given == (None, text, None, None, True) and response.status == 200:
                return _not_modified(response.headers)
        return _validated(request, response, resource, (given, method))

    return finish


def _validated(
    request: Request, response: Outgoing, resource: Resource, asked: tuple[Preconditions, str]
) -> Outgoing:
    """Return the response to a safe method with its validators, or a 304 in its place."""
    given, method = asked
    status = _add_validators(response, resource, method)
    if not given.given or not 200 <= status < 300:
        return response
    if resource.is_stated or method != "HEAD":
        return _decided(response, _outcome(request, given, resource), given)
    return response


def _changing(operation: Operation) -> Finish:
    method = operation.method

    def finish(
        request: Request, made: tuple[Resource | None, object], chosen: str, write: Writer
    ) -> Outgoing:
        resource, value = made
        response = write(request, value, chosen)
        if resource is None:
            return response
        given = Preconditions.from_environ(request.environ)
        status = _add_validators(response, resource, method)
        if given.given and not resource.is_stated and status < 400 and _decides(given):
            discard(response)
            raise _unstated(operation, request)
        return response

    return finish


def _decides(given: Preconditions) -> bool:
    """Return whether a precondition must be evaluated before a change."""
    return given.guards() or given.if_none_match is not None


def _add_validators(response: Outgoing, resource: Resource, method: str) -> int:
    """Add a resource's validators to a response, and return its status."""
    status = response.status if isinstance(response, PlainResponse) else response.status_code
    _add_missing(response, _validators_of(resource, method, status))
    return status


def _outcome(request: Request, given: Preconditions, resource: Resource) -> Outcome:
    return evaluate(request.method, given, resource.entity_tag, resource.last_modified, exists=True)


def _unless_dropped(
    value: object, request: Request, given: Preconditions, resource: Resource
) -> object:
    """Return the value; of an iterator that a response without content has, an empty one."""
    if not given.given or not isinstance(value, Iterator) or not resource.is_stated:
        return value
    if _outcome(request, given, resource) is Outcome.PROCEED:
        return value
    close_if_open(value)
    return iter(())


def _decided(response: Outgoing, outcome: Outcome, given: Preconditions) -> Outgoing:
    """Return the response, or the 304 in its place (RFC 9110, section 13.2.1).

    Raises:
        PreconditionFailed: The precondition is false.
    """
    if outcome is Outcome.PROCEED:
        return response
    discard(response)
    if outcome is Outcome.FAILED:
        raise PreconditionFailed(failure_detail(given))
    headers = response.headers if isinstance(response, PlainResponse) else response.headers.items()
    return _not_modified(headers)


def _not_modified(headers: Iterable[tuple[str, str]]) -> PlainResponse:
    """Return the 304 in the place of a response with some headers."""
    return PlainResponse(304, [item for item in headers if item[0].lower() in _KEPT], b"")


def _unstated(operation: Operation, request: Request) -> Exception:
    """Return the error for a method that did not evaluate a precondition, a programming mistake."""
    message = (
        f"{operation.declared_at} is conditional, but did not set self.entity_tag or "
        "self.last_modified before it responded to a request with a precondition."
    )
    if CONTRACT_CHECK in request.environ:
        return DeclarationError(message)
    # A request header must not cause a 500: log the error, respond 412, roll back provided values.
    _log.error(message)
    return PreconditionFailed("The server could not evaluate the request's precondition.")


def _add_tag(response: PlainResponse, tag: EntityTag | None, *, is_alone: bool) -> str:
    """Add an entity tag, and return its text.

    Args:
        response: The response.
        tag: The tag that the method set.
        is_alone: Whether the method returned data without headers, so that none can be an ETag.
    """
    if tag is None:
        return ""
    text = str(tag) if tag.weak else f'"{tag.value}"'
    if is_alone or all(name.lower() != "etag" for name, _ in response.headers):
        response.headers.append(("ETag", text))
    return text


def _add_missing(response: Outgoing, headers: list[tuple[str, str]]) -> None:
    if not isinstance(response, PlainResponse):
        for name, text in headers:
            response.headers.setdefault(name, text)
    elif headers:
        present = [name.lower() for name, _ in response.headers]
        for item in headers:
            if item[0].lower() not in present:
                response.headers.append(item)


def require_precondition(request: Request) -> None:
    """Reject a request without a precondition that guards a change (428)."""
    if not Preconditions.from_environ(request.environ).guards():
        raise PreconditionRequired(
            "This request requires a precondition. Send If-Match with the ETag that you "
            "last received."
        )


def _validators_of(resource: Resource, method: str, status: int) -> list[tuple[str, str]]:
    """Return the ETag and Last-Modified headers of a response.

    After an unsafe method only values of the new state are sent: values that were set again, or
    those of a POST that created an item (201).
    """
    sent = resource._stated
    if not sent or method == "DELETE":
        return []
    if method not in SAFE_METHODS and (
        resource._renewed or not (method == "POST" and status == 201)
    ):
        sent = resource._renewed
    headers: list[tuple[str, str]] = []
    tag, modified = resource._entity_tag, resource._last_modified
    if tag is not None and "entity_tag" in sent:
        headers.append(("ETag", str(tag)))
    if modified is not None and "last_modified" in sent:
        headers.append(("Last-Modified", format_http_date(modified)))
    return headers
