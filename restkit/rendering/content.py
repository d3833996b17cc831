"""From a value to the content of a response: serialized, and encoded in its media type."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from ..contract import Operation, Output
from ..encoding import dumps_json, dumps_ndjson
from ..errors import DeclarationError
from ..json_parsing import loads_json
from ..media import JSON, NDJSON, Handler, Media
from ..response import PlainResponse

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = [
    "CONTENT_LENGTHS",
    "ContentWriter",
    "SerializedContent",
    "check_outputs",
    "content_headers",
    "content_type_of",
    "content_writer",
    "dumps_of",
    "empty_writer",
]

# PERF: types that are no iterators: a look at the type of a value costs a hundred instructions.
_PLAIN = frozenset({dict, list, tuple, str, int, float, bool, type(None)})

Dumps = Callable[[object], bytes]
_Serialize = Callable[[Any], "tuple[object, bytes]"]
_Written = tuple[object, PlainResponse]
# The serializer of a media type, its Content-Type, the types of values that it rejects, and the
# function that writes serialized content if the media type is another than JSON.
_Serializer = tuple[_Serialize, tuple[str, str], tuple[type, ...], "Dumps | None"]
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


_LARGEST_KEPT = 4096


class _ContentLengths(dict[int, tuple[str, str]]):
    """The header of each size of content; only those of small content are kept."""

    def __missing__(self, size: int) -> tuple[str, str]:
        header = ("Content-Length", str(size))
        if size <= _LARGEST_KEPT:
            self[size] = header
        return header


CONTENT_LENGTHS = _ContentLengths()
"""The name and value of Content-Length by the number of bytes."""


def content_headers(media_type: str, body: bytes) -> list[tuple[str, str]]:
    """Return the headers that describe content."""
    return [("Content-Type", media_type), CONTENT_LENGTHS[len(body)]]


def check_outputs(operation: Operation, media: Media) -> None:
    """Reject schemas in media types that no handler serializes.

    Raises:
        DeclarationError: An output has such a media type.
    """
    for output in operation.outputs:
        if output.schema is None or output.schema.is_open:
            continue
        for media_type in output.media_types:
            if media_type not in ("*/*", NDJSON) and own_handler(media_type, media) is None:
                raise DeclarationError(
                    f"{operation.declared_at} returns {output.schema.declared.__name__} as "
                    f"{media_type}, which no handler serializes. Leave the schema out and return "
                    "str or bytes, or register a Handler with app.media.register()."
                )


def content_writer(
    output: Output, operation: Operation, media: Media, *, keep: bool
) -> ContentWriter:
    """Make the writer of one status with content.

    Args:
        output: The status and its declaration.
        operation: The Operation, for messages.
        media: The App's media types.
        keep: Whether the serialized data is needed besides its bytes.

    Returns:
        A callable of the value and the negotiated media type; it returns the serialized data (None
        if that is not kept) and the response.
    """
    if output.events is not None:
        from .event_streams import event_writer  # cold start

        return event_writer(output, output.events, operation)
    status = output.status
    serializers = _serializers(output, operation, media, keep=keep)
    usual = serializers[output.media_types[0]]
    stream = _stream_writer(output, operation, media)

    def write(value: object, media_type: str) -> _Written:
        serialize, content_type, rejected_types, dumps = serializers.get(media_type, usual)
        kind = type(value)
        if kind not in _PLAIN and hasattr(kind, "__next__") and isinstance(value, Iterator):
            streamed = stream(value, media_type)
            if isinstance(streamed, PlainResponse):
                return None, streamed
            value = streamed
        if rejected_types and isinstance(value, rejected_types):
            raise _misfit(value, operation, output)
        if type(value) is SerializedContent:
            data, body = _serialized(value, dumps)
        else:
            data, body = serialize(value)
        return data, PlainResponse(status, [content_type, CONTENT_LENGTHS[len(body)]], body)

    return _typed(write, serializers)


def _stream_writer(
    output: Output, operation: Operation, media: Media
) -> Callable[[Iterator[object], str], PlainResponse | list[object]]:
    """Make the writer of iterators; it returns the items as a list if hooks need all of them."""
    bound = output.schema
    default = output.media_types[0]
    content_types = {each: content_type_of(each) for each in output.media_types}

    def stream(values: Iterator[object], media_type: str) -> PlainResponse | list[object]:
        chosen = media_type if media_type in content_types else default
        if bound is not None and chosen != NDJSON:
            if bound.wraps_many:
                return list(values)
            if not bound.many:
                raise _misfit(values, operation, output)
        from .streams import Stream, stream_response  # cold start: few responses are streams

        made = Stream(values, bound, chosen, content_types[chosen])
        return stream_response(output.status, made, operation, media)

    return stream


def _serializers(
    output: Output, operation: Operation, media: Media, *, keep: bool
) -> dict[str, _Serializer]:
    """Return the serializer of each media type."""
    rejected_types = () if output.schema is None else output.schema.misfits
    found: dict[str, _Serializer] = {}
    for each in output.media_types:
        serialize = _serializer(each, output.schema, media, operation, keep=keep)
        rejected = () if each == NDJSON else rejected_types
        content_type = ("Content-Type", content_type_of(each))
        found[each] = serialize, content_type, rejected, _other_writer(each, media)
    return found


def empty_writer(status: int) -> ContentWriter:
    """Make the writer of a status without content."""
    headers: list[tuple[str, str]] = []
    if status not in (204, 304):  # RFC 9110, section 8.6: these have no Content-Length
        # NOTE: wsgiref.validate demands a Content-Type even for a response of length 0.
        headers = [("Content-Type", "text/plain"), ("Content-Length", "0")]
    return lambda value, media_type: (None, PlainResponse(status, list(headers), b""))


def _typed(write: ContentWriter, types: Iterable[str]) -> ContentWriter:
    """Take the Content-Type of a media range from the value or the method."""
    if "*/*" in types:
        return _typed_by_value(write)
    has_range = any("*" in each for each in types)
    return _without_type(write) if has_range else write


def _typed_by_value(write: ContentWriter) -> ContentWriter:
    """Send text as text/plain and bytes as application/octet-stream, other values as JSON."""

    def write_typed(value: object, media_type: str) -> _Written:
        data, response = write(value, media_type)
        if isinstance(value, str):
            response.headers[0] = ("Content-Type", "text/plain; charset=utf-8")
        elif isinstance(value, (bytes, bytearray, memoryview)):
            response.headers[0] = ("Content-Type", "application/octet-stream")
        return data, response

    return write_typed


def _without_type(write: ContentWriter) -> ContentWriter:
    """Leave out the Content-Type of a range (``image/*``): the method returns the header."""

    def write_untyped(value: object, media_type: str) -> _Written:
        data, response = write(value, media_type)
        response.headers = [each for each in response.headers if "*" not in each[1]]
        return data, response

    return write_untyped


def _serialized(value: SerializedContent, dumps: Dumps | None) -> tuple[object, bytes]:
    """Return the data and bytes of serialized content; ``dumps`` is None for JSON."""
    if dumps is None:
        return value.data, dumps_json(value.data) if value.body is None else value.body
    data = value.data if value.body is None else loads_json(value.body)
    return value.data, dumps(data)


def _other_writer(media_type: str, media: Media) -> Dumps | None:
    """Return the function that writes serialized content in a media type, None for JSON."""
    handler = media.find(media_type)
    return None if handler is None or handler.dumps is dumps_json else handler.dumps


def _serializer(
    media_type: str, bound: BoundSchema | None, media: Media, operation: Operation, *, keep: bool
) -> _Serialize:
    """Return the function from a value to its serialized data (None if not kept) and bytes."""
    if media_type == NDJSON:
        write_item = dumps_json if bound is None else bound.json_writer.one
        return lambda value: (None, b"".join(dumps_ndjson(value, write_item)))
    dumps = dumps_of(media_type, bound, media, operation)
    if bound is None:
        return lambda value: (value, dumps(value))
    if not keep or bound.many:
        # The serialized data is needed only for the Location of a created item.
        return lambda value: (None, dumps(value))
    encode = encoder_of(media_type, media, operation)
    if encode is dumps_json:
        return lambda value: bound.json_writer.pair(value)

    def serialize(value: object) -> tuple[object, bytes]:
        data = bound.dump(value)
        return data, encode(data)

    return serialize


def _misfit(value: object, operation: Operation, output: Output) -> DeclarationError:
    """Return the error for one value in place of many, or many in place of one."""
    many = output.schema is not None and output.schema.many
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


# from data to bytes


def own_handler(media_type: str, media: Media) -> Handler | None:
    """Return the handler that serializes data, None if only str and bytes can be sent."""
    handler = media.find(media_type)
    is_text = handler is not None and handler.dumps is str.encode
    return None if is_text else handler


def content_type_of(media_type: str) -> str:
    """Return the Content-Type of a media type: text is UTF-8, and any type is JSON at first."""
    if media_type == "*/*":
        return JSON
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def encoder_of(media_type: str, media: Media, operation: Operation) -> Dumps:
    """Return the function from data to bytes; without a handler text and bytes stay as they are."""
    handler = own_handler(JSON if media_type == "*/*" else media_type, media)
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
            f"{declared_at} returned {type(value).__name__} as {media_type}. Return str or bytes, "
            "or register a Handler of the media type with app.media.register()."
        )

    return encode


def dumps_of(
    media_type: str, bound: BoundSchema | None, media: Media, operation: Operation
) -> Dumps:
    """Return the function from a value to bytes."""
    encode = encoder_of(media_type, media, operation)
    if bound is None:
        return encode
    if encode is dumps_json:
        return _json_dumps(bound)
    return lambda value: encode(bound.dump(value))


def _json_dumps(bound: BoundSchema) -> Dumps:
    """Return the function from a value to the JSON of a schema, compiled for the first value."""
    write: Dumps | None = None

    def dumps(value: object) -> bytes:
        nonlocal write
        if write is None:
            writer = bound.json_writer
            write = cast("Dumps", writer.many if bound.many else writer.one)
        return write(value)

    return dumps
