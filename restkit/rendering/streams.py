"""The response of an iterator: its values are serialized and sent as the iterator yields them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from operator import length_hint
from typing import TYPE_CHECKING

from ..contract import Operation
from ..encoding import dumps_json, dumps_json_chunks, dumps_ndjson
from ..errors import DeclarationError
from ..media import JSON, NDJSON, Media, is_json
from ..records import Record
from ..response import Chunks, PlainResponse, close_if_open

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = ["Stream", "stream_response"]

_Dumps = Callable[[object], bytes]


class Stream(Record):
    """The values of a streamed response, and how each is written."""

    values: Iterator[object]
    bound: BoundSchema | None
    media_type: str
    content_type: str


# An nginx in front would gather lines until it has 4 KiB.
_EACH_LINE_AT_ONCE = ("X-Accel-Buffering", "no")


def stream_response(
    status: int, stream: Stream, operation: Operation, media: Media
) -> PlainResponse:
    """Return the response of an iterator's values, sent as it yields them.

    The first chunk is made here, so that an exception before it is still a proper response. If
    nothing is left after it the response is plain, and provided values are closed before it starts.
    """
    values = stream.values
    headers = [("Content-Type", stream.content_type)]
    ended: list[bool] = []
    chunks = _chunks(stream, itertools.chain(values, _mark(ended)), operation, media)
    try:
        first = next(chunks, b"")
        if not ended and length_hint(values, -1) != 0:
            if stream.media_type == NDJSON:
                headers = [*headers, _EACH_LINE_AT_ONCE]
            return PlainResponse(status, headers, Chunks(first, chunks, values))
        body = first + b"".join(chunks)
    except BaseException:
        close_if_open(values)
        raise
    close_if_open(values)
    return PlainResponse(status, [*headers, ("Content-Length", str(len(body)))], body)


def _chunks(
    stream: Stream, items: Iterable[object], operation: Operation, media: Media
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
