"""A value to the content of an answer: dumped by its schema, written in its media type, or streamed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import length_hint
from typing import TYPE_CHECKING, Any

from ..contract import Operation, Output
from ..encoding import dumps_json, dumps_json_chunks, dumps_ndjson
from ..errors import DeclarationError
from ..media import Media
from ..response import Chunks, PlainResponse, close_if_open

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = ["PLAIN", "ContentWriter", "SerializedContent", "content_headers", "content_writer"]

_NDJSON = "application/x-ndjson"

# PERF: what is surely neither a Response nor an iterator; to ask the latter of a value costs 2 thousand instructions.
PLAIN = frozenset({dict, list, tuple, str, int, float, bool, type(None)})

ContentWriter = Callable[[Any, str], "tuple[Any, PlainResponse]"]


class SerializedContent:
    """Is data that is dumped already, and may be written already, which a method returns in place of a value."""

    __slots__ = ("body", "data")

    def __init__(self, data: Any, body: bytes | None = None) -> None:
        """Wrap JSON data.

        Args:
            data: What was dumped, from which a 201 takes its Location; it is not needed where there is a body.
            body: The same as JSON.
        """
        self.data = data
        self.body = body


def content_headers(media_type: str, body: bytes) -> list[tuple[str, str]]:
    """Return the headers that describe content."""
    return [("Content-Type", media_type), ("Content-Length", str(len(body)))]


def content_writer(
    output: Output, operation: Operation, media: Media, *, keep: bool
) -> ContentWriter:
    """Make the writer of one status.

    Args:
        output: The status, and what is declared of it.
        operation: The record, for messages.
        media: The media types that the App knows.
        keep: Whether what was dumped is needed beside its bytes.

    Returns:
        A callable of the value and the media type that was negotiated; it returns what was dumped (None where that is
        not kept) and the answer.
    """
    status = output.status
    if not output.has_content:
        empty = (
            []
            if status in (204, 304)
            else [("Content-Type", "text/plain"), ("Content-Length", "0")]
        )
        return lambda value, media_type: (None, PlainResponse(status, list(empty), b""))
    bound = output.schema
    encoders = {
        each: _serializer(each, bound, media, operation, keep=keep) for each in output.media_types
    }
    default = output.media_types[0]
    types = {media_type: ("Content-Type", _content_type(media_type)) for media_type in encoders}
    many = bound is not None and bound.many
    misfits = bound.misfits if bound is not None else ()

    def write(value: Any, media_type: str) -> tuple[Any, PlainResponse]:
        if media_type not in encoders:
            media_type = default
        if type(value) not in PLAIN and isinstance(value, Iterator):
            if not many and bound is not None and media_type != _NDJSON:
                raise _misfit(value, many, operation)
            return None, _stream(status, value, bound, media_type, types[media_type][1], operation)
        if misfits and isinstance(value, misfits) and media_type != _NDJSON:
            raise _misfit(value, many, operation)
        if type(value) is SerializedContent:
            data = value.data
            body = dumps_json(data) if value.body is None else value.body
        else:
            data, body = encoders[media_type](value)
        return data, PlainResponse(
            status, [types[media_type], ("Content-Length", str(len(body)))], body
        )

    return write


_Serialize = Callable[[Any], "tuple[Any, bytes]"]


def _serializer(
    media_type: str, bound: BoundSchema | None, media: Media, operation: Operation, *, keep: bool
) -> _Serialize:
    """Return what turns a value into what was dumped of it (None where that is not kept) and its bytes."""
    if media_type == _NDJSON:
        return lambda value: (
            None,
            b"".join(dumps_ndjson(value, dumps_json if bound is None else bound.json_writer.one)),
        )
    encode = _encoder(media_type, media, operation)
    if bound is None:
        return lambda value: (value, encode(value))
    if encode is dumps_json:
        # What is dumped is on its way no value that anyone sees, save for the Location of what was made.
        if keep and not bound.many:
            return lambda value: bound.json_writer.pair(value)
        if bound.many:
            return lambda value: (None, bound.json_writer.many(value))
        return lambda value: (None, bound.json_writer.one(value))

    def serialize(value: Any) -> tuple[Any, bytes]:
        data = bound.dump(value)
        return data, encode(data)

    return serialize


def _misfit(value: Any, many: bool, operation: Operation) -> DeclarationError:
    """Name the mistake that would answer an empty object, and what to write."""
    declared = "many values: return a list" if many else "one value"
    hint = (
        ""
        if many or isinstance(value, (str, bytes, int, float))
        else (
            ": annotate the method with list[...] or Iterator[...], or write @returns(..., many=True)"
        )
    )
    return DeclarationError(
        f"{operation.declared_at} returned a {type(value).__name__}, but its schema is declared for {declared}{hint}."
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
    place = operation.declared_at

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
    bound: BoundSchema | None,
    media_type: str,
    content_type: str,
    operation: Operation,
) -> PlainResponse:
    """PlainResponse with what an iterator yields, as it yields it.

    The first chunk is made here, so that an exception before it is still a proper answer. Where nothing is
    left after it the answer is plain, and what was provided is closed before it starts.
    """
    ended: list[bool] = []
    items: Iterable[Any] = itertools.chain(values, _mark(ended))
    write = dumps_json if bound is None else bound.json_writer.one
    if media_type == _NDJSON:
        chunks = dumps_ndjson(items, write)
    elif media_type in ("application/json", "*/*") or media_type.endswith("+json"):
        chunks = dumps_json_chunks(items, write)
    else:
        dumped = items if bound is None else map(bound.dump_one, items)
        chunks = (_raw(item, media_type, operation) for item in dumped)
    try:
        first = next(chunks, b"")
        if not ended and length_hint(values, -1) != 0:
            return PlainResponse(
                status, [("Content-Type", content_type)], Chunks(first, chunks, values)
            )
        body = first + b"".join(chunks)
    except BaseException:
        close_if_open(values)
        raise
    close_if_open(values)
    return PlainResponse(status, content_headers(content_type, body), body)


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
        f"{operation.declared_at} yielded {type(item).__name__} as {media_type}; yield str or bytes, or declare a JSON media "
        "type."
    )
