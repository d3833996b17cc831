"""From a method's value to a response: the status picks the serializer, a 201 gets its Location.

One writer is made for each Operation at mount. It takes the request, the value that the method
returned and the negotiated media type.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response as WerkzeugResponse

from .. import problems
from ..contract import Operation, Output, offered_types
from ..encoding import dumps_json
from ..environ_keys import CONTRACT_CHECK
from ..errors import ContractError, DeclarationError
from ..media import Media
from ..problems import problem_class
from ..request import Request
from ..response import Outgoing, PlainResponse, header_items
from .content import PLAIN, ContentWriter, content_headers, content_writer, empty_writer
from .returned_values import REJECTED, forgotten_return, rejected_value, unserializable

__all__ = [
    "Locate",
    "Writer",
    "offered",
    "options_response",
    "writer_of",
]

Writer = Callable[[Request, Any, str], Outgoing]
Locate = Callable[[Request, Any], "str | None"]
_READY = (WerkzeugResponse, PlainResponse, *REJECTED)
_log = logging.getLogger("restkit")


def offered(operation: Operation) -> tuple[str, ...]:
    """Return the media types among which Accept chooses, () where there is nothing to choose."""
    return offered_types(operation.outputs)


def writer_of(operation: Operation, media: Media, locate: Locate | None, contract: str) -> Writer:
    """Make the writer of an Operation.

    Args:
        operation: The record.
        media: The App's media types.
        locate: Returns the URL of a created item, for a 201; None if it is not known.
        contract: The setting of that name, for statuses and media types that are not declared.
    """
    usual, has_content = operation.outputs[0].status, operation.outputs[0].has_content
    writers = _writers(operation, media, located=locate is not None)
    silent = {output.status for output in operation.outputs if not output.has_content}
    empty = {output.status: empty_writer(output.status) for output in operation.outputs}
    types = offered(operation)
    vary = [("Vary", "Accept")] if len(types) > 1 else []
    ranged = any("*" in each for each in types)

    def report(message: str, request: Request) -> None:
        _tell(message, "raise" if CONTRACT_CHECK in request.environ else contract)

    def check_status(status: int) -> None:
        if 400 <= status <= 599 and status not in writers:
            raise _returned_error(status, operation)

    def without_value(
        status: int, explicit: bool, request: Request
    ) -> tuple[int, ContentWriter | None]:
        if explicit:
            return status, empty.get(status)
        if status == usual and has_content:
            status = 204
        if status not in writers:
            report(forgotten_return(operation), request)
        return status, writers.get(status)

    def write(request: Request, value: Any, media_type: str) -> Outgoing:
        kind = type(value)
        if kind not in PLAIN and isinstance(value, _READY):
            return _finished(value, operation)
        status, headers, explicit = usual, (), False
        if kind is tuple:
            value, stated, headers = _unpack(value, operation)
            if stated is not None:
                status, explicit = stated, True
                check_status(status)
        content = writers.get(status)
        if value is None:
            status, content = without_value(status, explicit, request)
        if content is None:
            return _undeclared(operation, value, status, headers)
        if status in silent and value is not None:
            report(_unexpected_data(status, operation), request)
            return _undeclared(operation, value, status, headers)
        try:
            data, response = content(value, media_type)
        except Exception as error:
            found = unserializable(error, value, operation)
            if found is None:
                raise
            raise found from error
        if headers:
            _add_headers(response, headers)
        if vary:
            response.headers += vary
        if ranged and value is not None and status not in silent:
            _check_type(response, operation)
        if status == 201 and locate is not None and data:
            _add_location(response, request, data, locate)
        return response

    return write


def _check_type(response: PlainResponse, operation: Operation) -> None:
    """Reject content of a media type range whose type the method does not say."""
    if not _has(response, "content-type"):
        raise _untyped(operation)


def _add_location(response: PlainResponse, request: Request, data: object, locate: Locate) -> None:
    """Add the URL of a created item, if the method did not."""
    url = None if _has(response, "location") else locate(request, data)
    if url is not None:
        response.headers.append(("Location", url))


def _unexpected_data(status: int, operation: Operation) -> str:
    """Return the message for data under a status that is declared without content."""
    return (
        f"{operation.declared_at} returned data with status {status}, which is declared without "
        "content. Annotate the method with the type that it returns, or return nothing."
    )


def _finished(value: object, operation: Operation) -> Outgoing:
    """Return a ready response; reject a value that no method can return."""
    if isinstance(value, PlainResponse):
        return value
    if not isinstance(value, WerkzeugResponse):
        raise rejected_value(value, operation)
    if value.status_code in (204, 304):
        _strip_content(value)
    return value


def _unpack(value: tuple[Any, ...], operation: Operation) -> tuple[Any, int | None, Any]:
    """Return data, status (None if there is none) and headers of a tuple."""
    if len(value) in (2, 3) and _is_status(value[0]) and not isinstance(value[1], int):
        raise DeclarationError(
            f"{operation.declared_at} returned a tuple that begins with the status {value[0]:d}. "
            "The order is data first: return data, status, or return data, status, headers."
        )
    if len(value) == 2 and isinstance(value[1], int):
        return value[0], value[1], ()
    if len(value) == 2 and not isinstance(value[1], (str, bytes)):
        return value[0], None, value[1]
    if len(value) == 3 and isinstance(value[1], int):
        return value
    raise DeclarationError(
        f"{operation.declared_at} returned a tuple of {len(value)}; return data, (data, status), "
        "(data, headers) or (data, status, headers)."
    )


def _is_status(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599


def _untyped(operation: Operation) -> DeclarationError:
    """Name the mistake of content whose media type is only known as a range."""
    ranges = ", ".join(each for each in offered(operation) if "*" in each)
    return DeclarationError(
        f"{operation.declared_at} declares {ranges} and returned content without its media type: "
        'return data, {"Content-Type": "image/png"}, for example.'
    )


def _returned_error(status: int, operation: Operation) -> DeclarationError:
    """Say how an error is answered: raised, what was provided is rolled back."""
    named = problem_class(status).__name__
    how = (
        f"raise {named}" if hasattr(problems, named) else f"raise a Problem with status = {status}"
    )
    return DeclarationError(
        f"{operation.declared_at} returned a tuple with the status {status}; {how}, so that it is "
        "application/problem+json and what was provided is rolled back."
    )


def _strip_content(response: WerkzeugResponse) -> None:
    """Take away what speaks of content that there is not (RFC 9110, sections 15.3.5 and 15.4.5)."""
    for name in ("Content-Type", "Content-Length"):
        response.headers.pop(name, None)


def _add_headers(response: PlainResponse, headers: Any) -> None:
    items = header_items(headers)
    names = {name.lower() for name, _ in items}
    response.headers = [item for item in response.headers if item[0].lower() not in names] + items


def _has(response: PlainResponse, name: str) -> bool:
    return any(header.lower() == name for header, _ in response.headers)


def _undeclared(operation: Operation, value: Any, status: int, headers: Any) -> PlainResponse:
    """Return a response whose status is not declared; the contract check decides about it."""
    if not 200 <= status <= 599:
        raise ContractError(
            f"{operation.declared_at} answered status {status!r}, which is no HTTP status of a "
            "response."
        )
    if value is None or status in (204, 205, 304):
        response = PlainResponse(status, [], b"")
    else:
        body = dumps_json(value)
        response = PlainResponse(status, content_headers("application/json", body), body)
    if headers:
        _add_headers(response, headers)
    return response


def _tell(message: str, contract: str) -> None:
    if contract == "raise":
        raise ContractError(message)
    if contract == "log":
        _log.warning(message)


# content


def _writers(operation: Operation, media: Media, *, located: bool) -> dict[int, ContentWriter]:
    """Make the writer of each status; the media type picks one of several."""
    found: dict[int, list[Output]] = {}
    for output in operation.outputs:
        found.setdefault(output.status, []).append(output)
    return {
        status: _picker(
            outputs,
            [
                content_writer(each, operation, media, keep=status == 201 and located)
                for each in outputs
            ],
        )
        for status, outputs in found.items()
    }


def _picker(outputs: list[Output], writers: list[ContentWriter]) -> ContentWriter:
    first = writers[0]
    if len(writers) == 1:
        return first
    by_type: dict[str, ContentWriter] = {}
    for output, writer in zip(outputs, writers, strict=True):
        for media_type in output.media_types:
            by_type.setdefault(media_type, writer)
    return lambda value, media_type: by_type.get(media_type, first)(value, media_type)


# headers of the stage


def options_response(allow: str, accept_patch: str, accept_query: str = "") -> PlainResponse:
    """Return the 204 of OPTIONS: Allow (RFC 9110, 9.3.7), Accept-Patch (RFC 5789), Accept-Query."""
    headers = [("Allow", allow)]
    if accept_patch:
        headers.append(("Accept-Patch", accept_patch))
    if accept_query:
        headers.append(("Accept-Query", accept_query))
    return PlainResponse(204, headers, b"")
