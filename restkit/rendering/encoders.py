"""From data to the bytes of a media type: by its handler, and by the schema if there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from ..contract import Operation
from ..encoding import dumps_json
from ..errors import DeclarationError
from ..media import JSON, Handler, Media

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema

__all__ = ["Dumps", "content_type_of", "dumps_of", "encoder_of", "own_handler"]

Dumps = Callable[[object], bytes]


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
