"""From a method's value to a response: the status picks the serializer, a 201 gets its Location.

One writer is made for each Operation at mount. It takes the request, the value that the method
returned and the negotiated media type.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from werkzeug.wrappers import Response as WerkzeugResponse

from ..contract import Operation, Output, offered_types
from ..encoding import dumps_json
from ..environ_keys import CONTRACT_CHECK
from ..errors import ContractError
from ..media import Media
from ..redirects import Redirect
from ..request import Request
from ..response import HeaderItems, Outgoing, PlainResponse, header_items
from ..response_value import ResponseValue
from .content import (
    ContentWriter,
    content_headers,
    content_writer,
    empty_writer,
)
from .data_writer import DATA_TYPES, data_writer
from .returned_tuples import unpacked
from .returned_values import (
    REJECTED,
    forgotten_return,
    missing_data,
    rejected_headers,
    rejected_value,
    returned_error,
    unexpected_data,
    unserializable,
    untyped_content,
)

__all__ = [
    "Locate",
    "Writer",
    "offered",
    "options_response",
    "writer_of",
]

Writer = Callable[[Request, object, str], Outgoing]
Locate = Callable[[Request, object], "str | None"]
_Complete = Callable[[Request, PlainResponse, object], None]
_READY = (WerkzeugResponse, PlainResponse, Redirect, ResponseValue, *REJECTED)
_log = logging.getLogger("restkit")


def offered(operation: Operation) -> tuple[str, ...]:
    """Return the media types among which Accept chooses, () if there is nothing to choose."""
    return offered_types(operation.outputs)


def writer_of(operation: Operation, media: Media, locate: Locate | None, contract: str) -> Writer:
    """Make the writer of an Operation.

    Args:
        operation: The record.
        media: The App's media types.
        locate: Returns the URL of a created item, for a 201; None if it is not known.
        contract: The setting of that name, for statuses and media types that are not declared.
    """
    writers = _StatusWriters(operation, media, locate, contract)
    status = operation.outputs[0].status
    usual = writers.content.get(status)
    if usual is None:
        return writers.write
    complete = writers.completions.get(status)

    def write(request: Request, value: object, media_type: str) -> Outgoing:
        kind = type(value)
        if kind not in DATA_TYPES and (kind is tuple or value is None or isinstance(value, _READY)):
            return writers.write(request, value, media_type)
        try:
            data, response = usual(value, media_type)
        except Exception as error:
            found = unserializable(error, value, operation)
            if found is None:
                raise
            raise found from error
        if complete is not None:
            complete(request, response, data)
        return response

    return write if complete is not None else data_writer(operation, media, write)


class _StatusWriters:
    """The writers of all statuses of an Operation, for values of every kind.

    Attributes:
        content: The writer of each declared status with content.
        completions: The functions that add headers to responses of a status, if it has any.
    """

    def __init__(
        self, operation: Operation, media: Media, locate: Locate | None, contract: str
    ) -> None:
        self._operation = operation
        self._contract = contract
        self._usual = operation.outputs[0].status
        self.content = _content_writers(operation, media, located=locate is not None)
        self._empty = {output.status: empty_writer(output.status) for output in operation.outputs}
        self._filled = {each.status for each in operation.outputs if each.schema is not None}
        self.completions: dict[int, _Complete] = {}
        for status in self.content:
            if complete := _completion(operation, status, locate):
                self.completions[status] = complete
        self._vary = _vary(operation)
        self._known: set[type[ResponseValue]] = set()

    def write(self, request: Request, value: object, media_type: str) -> Outgoing:
        """Return the response for a value, a tuple or a ready response."""
        if isinstance(value, _READY):
            return self._ready(request, value)
        stated: int | None = None
        headers: HeaderItems = ()
        if type(value) is tuple:
            value, stated, headers = unpacked(value, self._operation)
        if isinstance(value, ResponseValue):
            response = self._responded(request, value)
            _add_headers(response, headers, self._operation)
            return response
        status = self._status(request, stated, value)
        if value is not None and status in self.content:
            data, response = self._serialized(status, value, media_type)
            _add_headers(response, headers, self._operation)
            if status in self.completions:
                self.completions[status](request, response, data)
            return response
        if value is None and status in self._empty:
            _, response = self._empty[status](None, media_type)
            _add_headers(response, headers, self._operation)
            response.headers += self._vary
            return response
        if status in self._empty:
            self._report(unexpected_data(status, self._operation), request)
        return _undeclared(self._operation, value, status, headers)

    def _ready(self, request: Request, value: object) -> Outgoing:
        """Return the response for a value that is no content; reject invalid values."""
        if isinstance(value, Redirect):
            return self._redirect(request, value)
        if isinstance(value, ResponseValue):
            return self._responded(request, value)
        return _finished(value, self._operation)

    def _redirect(self, request: Request, value: Redirect) -> PlainResponse:
        _, response = empty_writer(value.status)(None, "")
        response.headers.append(("Location", value.location(request)))
        response.headers += self._vary
        return response

    def _responded(self, request: Request, value: ResponseValue) -> PlainResponse:
        """Return the response of a value that responds itself, and that the verb declares."""
        if type(value) not in self._known:
            value.check_declared(self._operation)
            self._known.add(type(value))
        response = value.respond(request)
        response.headers += self._vary
        return response

    def _serialized(
        self, status: int, value: object, media_type: str
    ) -> tuple[object, PlainResponse]:
        try:
            return self.content[status](value, media_type)
        except Exception as error:
            found = unserializable(error, value, self._operation)
            if found is None:
                raise
            raise found from error

    def _status(self, request: Request, status: int | None, value: object) -> int:
        """Return a stated status, or the implied one; reject errors and missing data."""
        if status is None:
            return self._implied(request, value)
        if value is None and status in self._filled:
            self._report(missing_data(status, self._operation), request)
        if 400 <= status <= 599 and status not in self._empty:
            raise returned_error(status, self._operation)
        return status

    def _implied(self, request: Request, value: object) -> int:
        """Return the status of a value without one: the usual status, or 204 for no value."""
        if value is not None or self._usual not in self.content:
            return self._usual
        if 204 not in self._empty:
            self._report(forgotten_return(self._operation), request)
        return 204

    def _report(self, message: str, request: Request) -> None:
        """Raise a ContractError where the contract is checked, and log the message elsewhere."""
        contract = "raise" if CONTRACT_CHECK in request.environ else self._contract
        if contract == "raise":
            raise ContractError(message)
        if contract == "log":
            _log.warning(message)


def _content_writers(
    operation: Operation, media: Media, *, located: bool
) -> dict[int, ContentWriter]:
    """Make the writer of each status with content; the media type picks one of several."""
    found: dict[int, list[Output]] = {}
    for output in operation.outputs:
        found.setdefault(output.status, []).append(output)
    writers: dict[int, ContentWriter] = {}
    for status, outputs in found.items():
        if outputs[0].has_content:
            keep = status == 201 and located
            made = [content_writer(each, operation, media, keep=keep) for each in outputs]
            writers[status] = _picker(outputs, made)
    return writers


def _picker(outputs: list[Output], writers: list[ContentWriter]) -> ContentWriter:
    first = writers[0]
    if len(writers) == 1:
        return first
    by_type: dict[str, ContentWriter] = {}
    for output, writer in zip(outputs, writers, strict=True):
        for media_type in output.media_types:
            by_type.setdefault(media_type, writer)
    return lambda value, media_type: by_type.get(media_type, first)(value, media_type)


# headers


def _vary(operation: Operation) -> list[tuple[str, str]]:
    """Return Vary if Accept chooses a media type (RFC 9110, section 12.5.5)."""
    return [("Vary", "Accept")] if len(offered(operation)) > 1 else []


def _completion(operation: Operation, status: int, locate: Locate | None) -> _Complete | None:
    """Make the function that adds headers to responses with content, None without headers."""
    vary = _vary(operation)
    ranged = any("*" in each for each in offered(operation))
    locate = locate if status == 201 else None
    if not vary and not ranged and locate is None:
        return None

    def complete(request: Request, response: PlainResponse, data: object) -> None:
        response.headers += vary
        if ranged:
            _check_type(response, operation)
        if locate is not None and data:
            _add_location(response, request, data, locate)

    return complete


def _check_type(response: PlainResponse, operation: Operation) -> None:
    """Reject content of a media type range without the Content-Type of the method."""
    if not _has(response, "content-type"):
        raise untyped_content(operation)


def _add_location(response: PlainResponse, request: Request, data: object, locate: Locate) -> None:
    """Add the URL of a created item, if the method did not."""
    url = None if _has(response, "location") else locate(request, data)
    if url is not None:
        response.headers.append(("Location", url))


def _finished(value: object, operation: Operation) -> Outgoing:
    """Return a ready response; reject a value that no method can return."""
    if isinstance(value, PlainResponse):
        return value
    if not isinstance(value, WerkzeugResponse):
        raise rejected_value(value, operation)
    if value.status_code in (204, 304):
        _strip_content(value)
    return value


def _strip_content(response: WerkzeugResponse) -> None:
    """Remove the headers of content from a response without (RFC 9110, 15.3.5 and 15.4.5)."""
    for name in ("Content-Type", "Content-Length"):
        response.headers.pop(name, None)


def _add_headers(response: PlainResponse, headers: HeaderItems, operation: Operation) -> None:
    """Add headers to a response, in place of its own of the same names."""
    if not headers:
        return
    try:
        items = header_items(headers)
    except (TypeError, ValueError) as error:
        raise rejected_headers(headers, error, operation) from None
    names = {name.lower() for name, _ in items}
    response.headers = [item for item in response.headers if item[0].lower() not in names] + items


def _has(response: PlainResponse, name: str) -> bool:
    return any(header.lower() == name for header, _ in response.headers)


def _undeclared(
    operation: Operation, value: object, status: int, headers: HeaderItems
) -> PlainResponse:
    """Return a response whose status is not declared; the contract check decides about it."""
    if value is None or status in (204, 205, 304):
        response = PlainResponse(status, [], b"")
    else:
        body = dumps_json(value)
        response = PlainResponse(status, content_headers("application/json", body), body)
    _add_headers(response, headers, operation)
    return response


def options_response(allow: str, accept_patch: str, accept_query: str = "") -> PlainResponse:
    """Return the 204 of OPTIONS: Allow (RFC 9110, 9.3.7), Accept-Patch (RFC 5789), Accept-Query."""
    headers = [("Allow", allow)]
    if accept_patch:
        headers.append(("Accept-Patch", accept_patch))
    if accept_query:
        headers.append(("Accept-Query", accept_query))
    return PlainResponse(204, headers, b"")
