"""Streams of a request's content: from the server, or copied for a second reading."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

from .problems import BadRequest, ContentTooLarge

__all__ = ["BROKEN", "ChunkedContent", "CopiedContent", "LimitedContent"]

BROKEN = "The content is malformed, or the connection broke before its end."


class ChunkedContent(io.RawIOBase):
    """A server's stream of chunked content, whose errors are the client's fault."""

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
    """One reading of content that was copied, with a position of its own."""

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

    Werkzeug's LimitedStream ends in silence at the limit if all of it is read at once.
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
