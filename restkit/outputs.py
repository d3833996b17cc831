"""From a method's value to a response: the status picks the serializer, a 201 gets its Location.

One writer is made for each Operation at mount; it takes the request, the resource, the method's value and
the media type that was negotiated.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from operator import length_hint
from typing import Any

from werkzeug.wrappers import Response as WerkzeugResponse

from . import problems
from .contract import Header, Operation, Output
from .errors import ContractError, DeclarationError
from .media import Media, dumps_json, dumps_json_chunks, dumps_ndjson
from .problems import problem_class
from .request import Request
from .response import Answer, Chunks, Outgoing, close_if_open, header_items

__all__ = ["LOCATION", "Locate", "Writer", "allow_answer", "location_variable", "observe", "offered", "writer_of"]

Writer = Callable[[Request, Any, str], Outgoing]
Locate = Callable[[Request, Any], "str | None"]
LOCATION = Header("Location", "The URL of what was made.", {"type": "string", "format": "uri-reference"}, required=True)
_log = logging.getLogger("restkit")
_CHECK = "restkit.contract"
_NDJSON = "application/x-ndjson"
_TEXTUAL = ("text/", "application/xml", "application/javascript")


def offered(operation: Operation) -> tuple[str, ...]:
    """Return the media types among which Accept chooses, () where there is nothing to choose."""
    types = [t for output in operation.outputs if output.has_content for t in output.media_types]
    return () if any("*" in each for each in types) else tuple(dict.fromkeys(types))


def writer_of(operation: Operation, media: Media, locate: Locate | None, contract: str) -> Writer:
    """Make the writer of an Operation.

    Args:
        operation: The record.
        media: The media types that the App knows.
        locate: Gives the URL of what was made, for a 201; None where it is not known.
        contract: The setting of that name: what becomes of a status or media type that is not declared.
    """
    primary = operation.outputs[0]
    writers = {output.status: _content_writer(output, operation, media) for output in operation.outputs}
    silent = {output.status for output in operation.outputs if not output.has_content}
    vary = [("Vary", "Accept")] if len(offered(operation)) > 1 else []

    def write(request: Request, value: Any, media_type: str) -> Outgoing:
        status, headers = primary.status, ()
        if isinstance(value, WerkzeugResponse):
            if value.status_code in (204, 304):
                _strip_content(value)
            observe(request, operation, value.status_code, value.mimetype or "", contract)
            return value
        if type(value) is tuple:
            value, status, headers = _unpack(value, primary.status, operation)
            if 400 <= status <= 599:
                raise _returned_error(status, operation)
        if value is None and status == primary.status and primary.has_content:
            status = 204
        content = writers.get(status)
        if content is None:
            observe(request, operation, status, "", contract)
            return _undeclared(operation, value, status, headers)
        if value is not None and status in silent:
            message = f"{operation.place} returned data with status {status}, which is declared without: annotate it."
            _tell(message, "raise" if _CHECK in request.environ else contract)
        data, answer = content(value, media_type)
        if headers:
            _add_headers(answer, headers)
        if vary:
            answer.headers += vary
        if status == 201 and locate is not None and not _has(answer, "location"):
            url = locate(request, data)
            if url is not None:
                answer.headers.append(("Location", url))
        return answer

    return write


def _unpack(value: tuple[Any, ...], status: int, operation: Operation) -> tuple[Any, int, Any]:
    """Take ``(data, status)``, ``(data, headers)`` or ``(data, status, headers)`` apart."""
    if len(value) == 2 and isinstance(value[1], int):
        return value[0], value[1], ()
    if len(value) == 2:
        return value[0], status, value[1]
    if len(value) == 3 and isinstance(value[1], int):
        return value
    raise DeclarationError(
        f"{operation.place} returned a tuple of {len(value)}; return data, (data, status), (data, headers) or "
        "(data, status, headers)."
    )


def _returned_error(status: int, operation: Operation) -> DeclarationError:
    """Say how an error is answered: raised, what was provided is rolled back."""
    named = problem_class(status).__name__
    how = f"raise {named}" if hasattr(problems, named) else f"raise a Problem with status = {status}"
    return DeclarationError(
        f"{operation.place} returned a tuple with the status {status}; {how}, so that it is an "
        "application/problem+json and what was provided is rolled back."
    )


def _strip_content(response: WerkzeugResponse) -> None:
    """Take away what speaks of content that there is not (RFC 9110, sections 15.3.5 and 15.4.5)."""
    for name in ("Content-Type", "Content-Length"):
        response.headers.pop(name, None)


def _add_headers(answer: Answer, headers: Any) -> None:
    items = header_items(headers)
    names = {name.lower() for name, _ in items}
    answer.headers = [item for item in answer.headers if item[0].lower() not in names] + items


def _has(answer: Answer, name: str) -> bool:
    return any(header.lower() == name for header, _ in answer.headers)


def _undeclared(operation: Operation, value: Any, status: int, headers: Any) -> Answer:
    """Answer with a status that is not declared; whether that is an error the contract check decides."""
    if not 200 <= status <= 599:
        raise ContractError(f"{operation.place} answered status {status!r}, which is no HTTP status of an answer.")
    if value is None or status in (204, 205, 304):
        answer = Answer(status, [], b"")
    else:
        body = dumps_json(value)
        answer = Answer(status, _content_headers("application/json", body), body)
    if headers:
        _add_headers(answer, headers)
    return answer


def _content_headers(media_type: str, body: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", media_type), ("Content-Length", str(len(body)))]


def observe(request: Request, operation: Operation, status: int, media_type: str, contract: str) -> None:
    """Tell of an answer that is outside the Operation's contract, where declarations alone can show it.

    Under the test client and the dev server a whole check follows, and this one leaves it the word.

    Args:
        request: What is answered.
        operation: The record.
        status: The answer's status.
        media_type: Of its content, ``""`` where there is none.
        contract: ``"log"``, ``"raise"`` or ``"off"``.

    Raises:
        ContractError: The setting is ``"raise"``.
    """
    if contract == "off" or status == 500 or _CHECK in request.environ:
        return
    output = operation.output(status)
    if status not in operation.statuses:
        hint = f"@raises({problem_class(status).__name__})" if status >= 400 else f"@returns(..., status={status})"
        message = f"{operation.place} answered status {status}, which it does not declare: add {hint}."
    elif output is not None and media_type and not any(fnmatchcase(media_type, each) for each in output.media_types):
        message = f"{operation.place} answered {media_type}, which it does not declare: add it to media_types."
    else:
        return
    _tell(message, contract)


def _tell(message: str, contract: str) -> None:
    if contract == "raise":
        raise ContractError(message)
    if contract == "log":
        _log.warning(message)


# content

_ContentWriter = Callable[[Any, str], "tuple[Any, Answer]"]


def _content_writer(output: Output, operation: Operation, media: Media) -> _ContentWriter:
    status = output.status
    if not output.has_content:
        empty = [] if status in (204, 304) else [("Content-Type", "text/plain"), ("Content-Length", "0")]
        return lambda value, media_type: (None, Answer(status, list(empty), b""))
    encoders = {media_type: _encoder(media_type, media, operation) for media_type in output.media_types}
    default = output.media_types[0]
    types = {media_type: _content_type(media_type) for media_type in encoders}
    bound = output.schema
    dump = bound.dump if bound is not None else None
    dump_one = bound.dump_one if bound is not None else None
    many = bound is not None and bound.many
    misfits = bound.misfits if bound is not None else ()

    def write(value: Any, media_type: str) -> tuple[Any, Answer]:
        if media_type not in encoders:
            media_type = default
        if isinstance(value, Iterator):
            if not many and bound is not None and media_type != _NDJSON:
                raise _misfit(value, many, operation)
            return None, _stream(status, value, dump_one, media_type, types[media_type], operation)
        if misfits and isinstance(value, misfits) and media_type != _NDJSON:
            raise _misfit(value, many, operation)
        if media_type == _NDJSON:
            body = b"".join(dumps_ndjson(value if dump_one is None else map(dump_one, value)))
            return None, Answer(status, _content_headers(media_type, body), body)
        data = value if dump is None else dump(value)
        encode = encoders[media_type]
        # PERF: what the compiled dumper wrote has no NaN; looking for one in a text with nulls costs as much again.
        body = (
            dumps_json(data, finite=True)
            if bound is not None and bound.finite and encode is dumps_json
            else encode(data)
        )
        return data, Answer(status, [("Content-Type", types[media_type]), ("Content-Length", str(len(body)))], body)

    return write


def _misfit(value: Any, many: bool, operation: Operation) -> DeclarationError:
    """Name the mistake that would answer an empty object, and what to write."""
    declared = "many values: return a list" if many else "one value"
    hint = (
        ""
        if many or isinstance(value, (str, bytes, int, float))
        else (": annotate the method with list[...] or Iterator[...], or write @returns(..., many=True)")
    )
    return DeclarationError(
        f"{operation.place} returned a {type(value).__name__}, but its schema is declared for {declared}{hint}."
    )


def _content_type(media_type: str) -> str:
    if media_type == "*/*":
        return "application/json"
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _encoder(media_type: str, media: Media, operation: Operation) -> Callable[[Any], bytes]:
    """Return what turns data into bytes; text and bytes stay as they are where the type is not JSON."""
    if media_type == "application/json":
        return dumps_json
    handler = media.find(media_type)
    if handler is not None and media_type not in ("text/plain",):
        return handler.dumps
    place = operation.place

    def encode(value: Any) -> bytes:
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        if media_type == "*/*":
            return dumps_json(value)
        raise DeclarationError(
            f"{place} returned {type(value).__name__} as {media_type}; return str or bytes, or register a handler for "
            "the media type at app.media."
        )

    return encode


def _stream(
    status: int,
    values: Iterator[Any],
    dump_one: Callable[[Any], Any] | None,
    media_type: str,
    content_type: str,
    operation: Operation,
) -> Answer:
    """Answer with what an iterator yields, as it yields it.

    The first chunk is made here, so that an exception before it is still a proper answer. Where nothing is
    left after it the answer is plain, and what was provided is closed before it starts.
    """
    ended: list[bool] = []
    items: Iterable[Any] = itertools.chain(values if dump_one is None else map(dump_one, values), _mark(ended))
    if media_type == _NDJSON:
        chunks = dumps_ndjson(items)
    elif media_type in ("application/json", "*/*") or media_type.endswith("+json"):
        chunks = dumps_json_chunks(items)
    else:
        chunks = (_raw(item, media_type, operation) for item in items)
    try:
        first = next(chunks, b"")
        if not ended and length_hint(values, -1) != 0:
            return Answer(status, [("Content-Type", content_type)], Chunks(first, chunks, values))
        body = first + b"".join(chunks)
    except BaseException:
        close_if_open(values)
        raise
    close_if_open(values)
    return Answer(status, _content_headers(content_type, body), body)


def _mark(ended: list[bool]) -> Iterator[Any]:
    """Yield nothing, and tell that it was asked: what stands before it in a chain is exhausted."""
    ended.append(True)
    yield from ()


def _raw(item: Any, media_type: str, operation: Operation) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item)
    raise DeclarationError(
        f"{operation.place} yielded {type(item).__name__} as {media_type}; yield str or bytes, or declare a JSON media "
        "type."
    )


# headers of the stage


def allow_answer(allow: str, accept_patch: str) -> Answer:
    """Return the answer to OPTIONS: 204 with Allow (RFC 9110, 9.3.7) and Accept-Patch (RFC 5789, 3.1)."""
    headers = [("Allow", allow)]
    if accept_patch:
        headers.append(("Accept-Patch", accept_patch))
    return Answer(204, headers, b"")


def location_variable(variables: Iterable[str], output: Output) -> tuple[str, str] | None:
    """Say which member of a 201's content is the one variable more that the item's URL has.

    Args:
        variables: The variables that the item's pattern has and the collection's has not.
        output: The 201.

    Returns:
        (variable, member of the content), None where it is not known: the variable's own name, or what
        follows its last underscore (``id`` for ``book_id``).
    """
    names = list(variables)
    if len(names) != 1 or output.schema is None or output.schema.many:
        return None
    known: Mapping[str, Any] = output.schema.dump_fields
    for member in (names[0], names[0].rpartition("_")[2]):
        if member in known:
            return names[0], member
    return None
