"""A value to the content of a response: serialized, encoded in its media type, or streamed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import length_hint
from typing import TYPE_CHECKING, Any

from ..contract import Operation, Output
from ..encoding import dumps_json, dumps_json_chunks, dumps_ndjson
from ..errors import DeclarationError
from ..json_parsing import loads_json
from ..media import JSON, NDJSON, Handler, Media, is_json
from ..records import Record
from ..response import Chunks, PlainResponse, close_if_open

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = [
    "PLAIN",
    "ContentWriter",
    "SerializedContent",
    "check_outputs",
    "content_headers",
    "content_writer",
    "empty_writer",
]

# PERF: types that are neither a Response nor an iterator; asking a value costs 2 thousand
# instructions.
PLAIN = frozenset({dict, list, tuple, str, int, float, bool, type(None)})

_Dumps = Callable[[object], bytes]
_Written = tuple[object, PlainResponse]
ContentWriter = Callable[[object, str], _Written]


class SerializedContent:
    """Data that is serialized already, and may be JSON text already, in place of a value."""

    __slots__ = ("body", "data")

    def __init__(self, data: object, body: bytes | None = None) -> None:
        """Wrap JSON data.

        Args:
            data: The serialized data, from which a 201 takes its Location; not needed with a body.
            body: The same data as JSON.
        """
        self.data = data
        self.body = body


def content_headers(media_type: str, body: bytes) -> list[tuple[str, str]]:
    """Return the headers that describe content."""
    return [("Content-Type", media_type), ("Content-Length", str(len(body)))]


def check_outputs(operation: Operation, media: Media) -> None:
    """Reject schemas in media types that no handler writes.

    Raises:
        DeclarationError: An output has such a media type.
    """
    for output in operation.outputs:
        if output.schema is None or output.schema.is_open:
            continue
        for media_type in output.media_types:
            if media_type not in ("*/*", NDJSON) and _own_handler(media_type, media) is None:
                raise DeclarationError(
                    f"{operation.declared_at} returns {output.schema.declared.__name__} as "
                    f"{media_type}, which nothing writes. Leave the schema out and return str or "
                    "bytes, or register a Handler of the media type with app.media.register()."
                )


def _own_handler(media_type: str, media: Media) -> Handler | None:
    """Return the handler that serializes data, None if only str and bytes can be sent."""
    handler = media.find(media_type)
    is_text = handler is not None and handler.dumps is str.encode
    return None if is_text else handler


def content_writer(
    output: Output, operation: Operation, media: Media, *, keep: bool
) -> ContentWriter:
    """Make the writer of one status.

    Args:
        output: The status and its declaration.
        operation: The Operation, for messages.
        media: The App's media types.
        keep: Whether the serialized data is needed besides its bytes.

    Returns:
        A callable of the value and the negotiated media type; it returns the serialized data (None
        if that is not kept) and the response.
    """
    status = output.status
    if not output.has_content:
        return empty_writer(status)
    bound = output.schema
    serializers = _serializers(output, operation, media, keep=keep)
    default = output.media_types[0]
    usual = serializers[default]
    many = bound is not None and bound.many
    rejected_types = () if bound is None else bound.misfits
    wraps_many = bound is not None and bound.wraps_many
    reserialize = _other_writers(serializers, media)

    def stream(value: Iterator[object], media_type: str) -> _Written:
        if wraps_many and media_type != NDJSON:
            return write(list(value), media_type)
        if not many and bound is not None and media_type != NDJSON:
            raise _misfit(value, many, operation)
        _, (_, content_type) = serializers[media_type]
        return None, _stream(
            status, _Stream(value, bound, media_type), content_type, operation, media
        )

    def write(value: object, media_type: str) -> _Written:
        found = serializers.get(media_type)
        serialize, content_type = usual if found is None else found
        if found is None:
            media_type = default
        kind = type(value)
        if kind not in PLAIN and isinstance(value, Iterator):
            return stream(value, media_type)
        if rejected_types and isinstance(value, rejected_types) and media_type != NDJSON:
            raise _misfit(value, many, operation)
        if type(value) is SerializedContent:
            data, body = _serialized(value, reserialize.get(media_type))
        else:
            data, body = serialize(value)
        return data, PlainResponse(status, [content_type, ("Content-Length", str(len(body)))], body)

    return _typed(write, serializers)


def _serializers(
    output: Output, operation: Operation, media: Media, *, keep: bool
) -> dict[str, tuple[_Serialize, tuple[str, str]]]:
    """Return the serializer of each media type, with its Content-Type."""
    return {
        each: (
            _serializer(each, output.schema, media, operation, keep=keep),
            ("Content-Type", _content_type(each)),
        )
        for each in output.media_types
    }


def empty_writer(status: int) -> ContentWriter:
    """Make the writer of a status without content."""
    headers: list[tuple[str, str]] = []
    if status not in (204, 304):  # RFC 9110, section 8.6: these have no Content-Length
        # NOTE: wsgiref.validate demands a Content-Type even for a response of length 0.
        headers = [("Content-Type", "text/plain"), ("Content-Length", "0")]
    return lambda value, media_type: (None, PlainResponse(status, list(headers), b""))


def _typed(write: ContentWriter, types: Iterable[str]) -> ContentWriter:
    """Send the Content-Type of ranges as the value or the method says."""
    if "*/*" in types:
        return _typed_by_value(write)
    has_range = any("*" in each for each in types)
    return _without_type(write) if has_range else write


def _typed_by_value(write: ContentWriter) -> ContentWriter:
    """Send text and bytes of any media type as what they are, not as JSON."""

    def write_typed(value: object, media_type: str) -> _Written:
        data, response = write(value, media_type)
        if isinstance(value, str):
            response.headers[0] = ("Content-Type", "text/plain; charset=utf-8")
        elif isinstance(value, (bytes, bytearray, memoryview)):
            response.headers[0] = ("Content-Type", "application/octet-stream")
        return data, response

    return write_typed


def _without_type(write: ContentWriter) -> ContentWriter:
    """Leave out the Content-Type of a range (``image/*``): the method says which one it is."""

    def write_untyped(value: object, media_type: str) -> _Written:
        data, response = write(value, media_type)
        response.headers = [each for each in response.headers if "*" not in each[1]]
        return data, response

    return write_untyped


def _serialized(value: SerializedContent, dumps: _Dumps | None) -> tuple[object, bytes]:
    """Return the data and bytes of serialized content; ``dumps`` is another writer than JSON's."""
    if dumps is None:
        return value.data, dumps_json(value.data) if value.body is None else value.body
    data = value.data if value.body is None else loads_json(value.body)
    return value.data, dumps(data)


def _other_writers(media_types: Iterable[str], media: Media) -> dict[str, _Dumps]:
    """Return what writes serialized content in media types that restkit does not write as JSON."""
    found: dict[str, _Dumps] = {}
    for each in media_types:
        handler = media.find(each)
        if handler is not None and handler.dumps is not dumps_json:
            found[each] = handler.dumps
    return found


_Serialize = Callable[[Any], "tuple[object, bytes]"]


def _serializer(
    media_type: str, bound: BoundSchema | None, media: Media, operation: Operation, *, keep: bool
) -> _Serialize:
    """Return the function from a value to its serialized data (None if not kept) and bytes."""
    if media_type == NDJSON:
        write_item = dumps_json if bound is None else bound.json_writer.one
        return lambda value: (None, b"".join(dumps_ndjson(value, write_item)))
    encode = _encoder(media_type, media, operation)
    if bound is None:
        return lambda value: (value, encode(value))
    if encode is dumps_json:
        # The serialized data is not needed on its way, save for the Location of a created item.
        if keep and not bound.many:
            return lambda value: bound.json_writer.pair(value)
        if bound.many:
            return lambda value: (None, bound.json_writer.many(value))
        return lambda value: (None, bound.json_writer.one(value))

    def serialize(value: object) -> tuple[object, bytes]:
        data = bound.dump(value)
        return data, encode(data)

    return serialize


def _misfit(value: object, many: bool, operation: Operation) -> DeclarationError:
    """Name the mistake that would be an empty object, and the remedy."""
    declared = "many values: return a list" if many else "one value"
    hint = (
        ": annotate the method with list[...] or Iterator[...], or write @returns(..., many=True)"
    )
    if many or isinstance(value, (str, bytes, int, float)):
        hint = ""
    return DeclarationError(
        f"{operation.declared_at} returned a {type(value).__name__}, but its schema is declared "
        f"for {declared}{hint}."
    )


def _content_type(media_type: str) -> str:
    if media_type == "*/*":
        return JSON
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _encoder(media_type: str, media: Media, operation: Operation) -> _Dumps:
    """Return the function from data to bytes; without a handler text and bytes stay as they are."""
    handler = _own_handler(JSON if media_type == "*/*" else media_type, media)
    if handler is not None and media_type != "*/*":
        return handler.dumps
    declared_at = operation.declared_at

    def encode(value: object) -> bytes:
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, (bytes, bytearray, memoryview)):
            return bytes(value)
        if handler is not None:
            return handler.dumps(value)
        raise DeclarationError(
            f"{declared_at} returned {type(value).__name__} as {media_type}; return str or bytes, "
            "or register a handler for the media type at app.media."
        )

    return encode


class _Stream(Record):
    """The values of a streamed response, and how each is written."""

    values: Iterator[object]
    bound: BoundSchema | None
    media_type: str


def _stream(
    status: int, stream: _Stream, content_type: str, operation: Operation, media: Media
) -> PlainResponse:
    """Return the response of an iterator's values, sent as it yields them.

    The first chunk is made here, so that an exception before it is still a proper response. If
    nothing is left after it the response is plain, and provided values are closed before it starts.
    """
    values = stream.values
    ended: list[bool] = []
    chunks = _chunks(stream, itertools.chain(values, _mark(ended)), operation, media)
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


def _chunks(
    stream: _Stream, items: Iterable[object], operation: Operation, media: Media
) -> Iterator[bytes]:
    bound, media_type = stream.bound, stream.media_type
    if media_type == NDJSON:
        return dumps_ndjson(items, dumps_json if bound is None else bound.json_writer.one)
    if media_type == "*/*" or is_json(media_type):
        return dumps_json_chunks(items, _item_writer(media_type, bound, media))
    dumped = items if bound is None else map(bound.dump_one, items)
    return (_raw(item, media_type, operation) for item in dumped)


def _item_writer(media_type: str, bound: BoundSchema | None, media: Media) -> _Dumps:
    """Return the function that writes one item of a JSON array."""
    handler = media.find(JSON if media_type == "*/*" else media_type)
    if handler is None or handler.dumps is dumps_json:
        return dumps_json if bound is None else bound.json_writer.one
    dumps = handler.dumps
    return dumps if bound is None else (lambda item: dumps(bound.dump_one(item)))


def _mark(ended: list[bool]) -> Iterator[object]:
    """Yield nothing, and note the call: the iterator before it in a chain is exhausted."""
    ended.append(True)
    yield from ()


def _raw(item: object, media_type: str, operation: Operation) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item)
    raise DeclarationError(
        f"{operation.declared_at} yielded {type(item).__name__} as {media_type}; yield str or "
        "bytes, or declare a JSON media type."
    )
