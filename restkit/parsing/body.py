"""The reader of a request's content: by its media type to the value that a method declared."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, cast

from werkzeug.wsgi import LimitedStream

from ..content_streams import LimitedContent
from ..contract import Input, Operation
from ..errors import DeclarationError
from ..http.negotiation import parse_content_type
from ..media import Media, covering, unsupported
from ..problems import BadRequest, InvalidItem, UnprocessableContent
from ..request import Request
from ..schemas.bound import BoundSchema, Fault
from ..settings import Settings
from .pointers import pointer

__all__ = ["Reader", "body_reader", "content_stream", "in_body", "media_type_of"]

Reader = Callable[[Request], object]
_UTF_8 = ("utf-8", "utf8")


def body_reader(
    inputs: Sequence[Input],
    operation: Operation,
    settings: Settings,
    media: Media,
    form: Callable[[Input], Reader],
) -> Reader:
    """Make the reader of a body; each of the inputs has media types of its own.

    Args:
        inputs: The bodies that are declared.
        operation: The Operation.
        settings: The App's settings.
        media: The App's media types.
        form: Makes the reader of a body that is sent as a form.
    """
    readers: dict[str, Reader] = {}
    for each in inputs:
        is_form = each.schema is not None and each.schema.source == "form"
        readers.update(
            dict.fromkeys(each.media_types, form(each))
            if is_form
            else _readers_by_type(each, operation, settings, media)
        )
    any_charset = frozenset(
        media_type
        for each in inputs
        if each.raw in ("bytes", "stream")
        for media_type in each.media_types
    )
    taken = tuple(readers)
    header = "Accept-Patch" if operation.method == "PATCH" else "Accept"

    def read(request: Request) -> object:
        environ = request.environ
        found = readers.get(environ.get("CONTENT_TYPE", ""))
        if found is None or "HTTP_CONTENT_ENCODING" in environ:
            found = readers[media_type_of(request, taken, header, any_charset)]
        return found(request)

    return read


def _readers_by_type(
    each: Input, operation: Operation, settings: Settings, media: Media
) -> Iterator[tuple[str, Reader]]:
    if each.raw is not None:
        limit = each.max_size or settings.max_upload_size
        reader = _RAW[each.raw](limit)
        for media_type in each.media_types:
            yield media_type, reader
        return
    if each.schema is None:
        return
    for media_type in each.media_types:
        handler = media.find(media_type)
        if handler is None:
            raise DeclarationError(
                f"{operation.declared_at} takes {media_type}, which no handler reads. Register one "
                "with app.media.register(), or declare raw content: takes(body=bytes, ...)."
            )
        limit = each.max_size or settings.max_body_size
        yield media_type, _schema_reader(each, each.schema, media_type, handler.loads, limit)


def _schema_reader(
    each: Input,
    schema: BoundSchema,
    media_type: str,
    decode: Callable[[bytes], object],
    limit: int,
) -> Reader:
    load, shape, convert = schema.loader(_unprocessable), each.shape, each.convert

    def read(request: Request) -> object:
        data = decode(request.read_content(limit))
        if convert is not None:
            return convert(media_type, data)
        value = load(data)
        return value if shape is None else shape(value)

    return read


def _unprocessable(faults: Sequence[Fault]) -> UnprocessableContent:
    return UnprocessableContent(errors=[in_body(fault) for fault in faults])


def _bytes_reader(limit: int) -> Reader:
    return lambda request: request.read_content(limit)


def _text_reader(limit: int) -> Reader:
    def read(request: Request) -> str:
        try:
            return request.read_content(limit).decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadRequest(f"The body is not UTF-8 at byte {error.start}.") from None

    return read


def _stream_reader(limit: int) -> Reader:
    def read(request: Request) -> IO[bytes]:
        request.check_length(limit)
        return content_stream(request, limit)

    return read


_RAW: Mapping[str, Callable[[int], Reader]] = {
    "bytes": _bytes_reader,
    "text": _text_reader,
    "stream": _stream_reader,
}


def content_stream(request: Request, limit: int) -> IO[bytes]:
    """Return the content as a stream, which raises if it ends before Content-Length or is too long.

    Args:
        request: The request.
        limit: The largest size in bytes, for content without Content-Length.
    """
    request.buffer_chunks()
    length = request.content_length
    if length is None:
        if not request.has_content:
            return io.BytesIO()
        return io.BufferedReader(LimitedContent(request.environ["wsgi.input"], limit))
    stream: object = LimitedStream(request.environ["wsgi.input"], length)
    return cast("IO[bytes]", stream)


def media_type_of(
    request: Request,
    taken: tuple[str, ...],
    header: str = "Accept",
    any_charset: frozenset[str] = frozenset(),
) -> str:
    """Return the declared media type that covers the content's (RFC 9110, section 8.3).

    Args:
        request: The request.
        taken: The media types and ranges (``image/*``) that are declared.
        header: The header of a 415 that lists them, besides Accept.
        any_charset: Those of them whose content is not decoded.

    Raises:
        UnsupportedMediaType: None covers it, or the content has a coding (415).
        BadRequest: There is no content (400).
    """
    coding = request.environ.get("HTTP_CONTENT_ENCODING", "")
    if coding.strip().lower() not in ("", "identity"):
        problem = unsupported(taken, accept_header=header)
        problem.detail = "The content has a coding; send it without Content-Encoding."
        problem.headers["Accept-Encoding"] = "identity"
        raise problem
    content_type = parse_content_type(request.environ.get("CONTENT_TYPE"))
    found = covering(taken, content_type.media_type or "application/octet-stream")
    if not request.environ.get("CONTENT_TYPE"):
        if not request.has_content:
            raise BadRequest("The request has no content; send " + " or ".join(taken) + ".")
        # RFC 9110, section 8.3: content without a type may be taken for application/octet-stream.
        found = found if found in any_charset else None
    elif not content_type.media_type:
        found = None
    charset = (content_type.charset or "utf-8").lower()
    if found is None or (charset not in _UTF_8 and found not in any_charset):
        raise unsupported(taken, accept_header=header)
    return found


def in_body(fault: Fault) -> InvalidItem:
    """Word a fault of content as an item of a problem's ``errors``."""
    path, detail, code = fault
    return {"pointer": pointer(path), "detail": detail, "code": code}
