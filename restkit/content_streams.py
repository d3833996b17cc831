"""The less common kinds of request content: chunked, too large, copied, or read as a stream.

The module is separate because few programs need it (cold start).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, NoReturn, cast

if TYPE_CHECKING:
    from typing import Protocol

    from _typeshed import WriteableBuffer

    from .settings import Settings

    class _Content(Protocol):
        """The part of an Input that reading content needs."""

        @property
        def location(self) -> str: ...
        @property
        def schema(self) -> object: ...
        @property
        def max_size(self) -> int | None: ...


from .problems import BadRequest, ContentTooLarge

__all__ = [
    "BROKEN",
    "CHUNK",
    "ChunkedContent",
    "CopiedContent",
    "LimitedContent",
    "copy_all",
    "read_all",
    "refuse_rest",
    "size_limit",
]

BROKEN = "The content is malformed, or the connection broke before its end."
CHUNK = 64 * 1024
_DRAIN = 64 * 1024 * 1024
_IN_MEMORY = 512 * 1024
_Read = Callable[[int], bytes]


class ChunkedContent(io.RawIOBase):
    """A server's stream of chunked content, whose read errors become a BadRequest (400).

    SECURITY: read it through ``BufferedReader``. ``RawIOBase.read`` trusts the count that
    ``readinto`` returns. If a chunk is cut off, Werkzeug's development server returns a count that
    is too large, and CPython then reads memory past its buffer, or crashes. ``BufferedReader``
    passes a buffer of fixed size, and checks the count.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer; return the number of bytes."""
        try:
            if isinstance(self._stream, io.RawIOBase):
                return self._stream.readinto(buffer) or 0
            data = self._stream.read(len(memoryview(buffer)))
            memoryview(buffer)[: len(data)] = data
        except Exception:  # noqa: BLE001  # servers have exceptions of their own
            raise BadRequest(BROKEN) from None
        return len(data)


class CopiedContent(io.RawIOBase):
    """A reader of copied content; several readers of one copy have separate positions."""

    def __init__(self, kept: IO[bytes]) -> None:
        self._kept = kept
        self._position = 0

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer; return the number of bytes."""
        self._kept.seek(self._position)
        data = self._kept.read(len(memoryview(buffer)))
        memoryview(buffer)[: len(data)] = data
        self._position += len(data)
        return len(data)


class LimitedContent(io.RawIOBase):
    """Chunked content that raises if it is longer than its limit.

    Werkzeug's LimitedStream truncates the content without an error if it is read all at once.
    """

    def __init__(self, stream: io.BufferedReader, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._left = limit

    def readable(self) -> bool:
        """Return True: the stream can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into a buffer; return the number of bytes.

        Raises:
            ContentTooLarge: The content is over the limit (413).
        """
        data = self._stream.read1(min(len(memoryview(buffer)), self._left + 1))
        if len(data) > self._left:
            raise ContentTooLarge(f"The content is larger than {self._limit} bytes.")
        memoryview(buffer)[: len(data)] = data
        self._left -= len(data)
        return len(data)


def read_all(read: _Read, limit: int) -> bytes:
    """Read content of unknown length to its end.

    Args:
        read: A function that reads at most that many bytes from the server.
        limit: The largest size in bytes.

    Raises:
        ContentTooLarge: The content is over the limit (413).
    """
    parts: list[bytes] = []
    size = 0
    while data := read(CHUNK):
        size += len(data)
        if size > limit:
            refuse_rest(read, _DRAIN, limit)
        parts.append(data)
    return b"".join(parts)


def copy_all(read: _Read, length: int | None, limit: int) -> IO[bytes]:
    """Copy content to memory, or to a temporary file if it is large.

    Args:
        read: A function that reads at most that many bytes from the server.
        length: The Content-Length, None for content of unknown length.
        limit: The largest size in bytes.

    Raises:
        ContentTooLarge: The content is over the limit (413).
        BadRequest: The content ends before its Content-Length (400).
    """
    import tempfile  # cold start

    kept = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
    try:
        _fill(kept, read, length, limit)
    except BaseException:
        kept.close()
        raise
    return kept


def _fill(kept: IO[bytes], read: _Read, length: int | None, limit: int) -> None:
    size = 0
    while data := read(CHUNK if length is None else min(CHUNK, length - size)):
        size += len(data)
        if size > limit:
            refuse_rest(read, _DRAIN, limit)
        kept.write(data)
    if length is not None and size < length:
        raise BadRequest("The content is shorter than its Content-Length.")


def refuse_rest(read: _Read, length: int, limit: int) -> NoReturn:
    """Read and drop the rest of content that is too large, then raise the 413.

    Many clients read the response only after they have sent their whole request.

    Args:
        read: A function that reads at most that many bytes from the server.
        length: The largest number of bytes left to read. If it is over 64 MiB, nothing is read.
        limit: The largest size in bytes.

    Raises:
        ContentTooLarge: Always (413).
    """
    left = length if length <= _DRAIN else 0
    while left > 0 and (data := read(min(CHUNK, left))):
        left -= len(data)
    raise ContentTooLarge(f"The content is larger than {limit} bytes.")


def size_limit(declared: _Content, settings: Settings) -> int:
    """Return the largest size in bytes of the content of an input."""
    if declared.location == "body" and declared.schema is not None:
        return declared.max_size or settings.max_body_size
    return declared.max_size or settings.max_upload_size
