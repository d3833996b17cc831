"""The content of a request, read from the server within limits."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING, cast

from .problems import BadRequest, ContentTooLarge

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["ContentReader"]

_CHUNK = 64 * 1024
_DRAIN = 64 * 1024 * 1024
_IN_MEMORY = 512 * 1024


class ContentReader:
    """The part of a request that reads its content.

    Attributes:
        environ: The WSGI environment.
        form_parsed: Whether files may be open: those of a form, or of content that is kept.
    """

    environ: WSGIEnvironment
    form_parsed = False
    _content: bytes | None = None
    _kept: IO[bytes] | None = None

    def read_content(self, limit: int) -> bytes:
        """Read the whole content, once; later calls return the same bytes.

        Args:
            limit: The largest size in bytes.

        Raises:
            ContentTooLarge: The content is over the limit (413).
            BadRequest: Content-Length is not a number or stands beside Transfer-Encoding, or the
                content is cut off or malformed (400).
        """
        if self._content is None:
            length = self._length(limit)
            self._content = (
                self._read_chunked(limit) if length is None else self._read_exactly(length)
            )
        return self._content

    @property
    def has_content(self) -> bool:
        """Whether content was announced, by Content-Length or Transfer-Encoding."""
        return self.environ.get("CONTENT_LENGTH") not in (None, "", "0") or self._is_chunked

    @property
    def _is_chunked(self) -> bool:
        return "chunked" in cast(str, self.environ.get("HTTP_TRANSFER_ENCODING", "")).lower()

    def check_length(self, limit: int) -> None:
        """Refuse content that is announced as larger than the limit, before any of it is read.

        Raises:
            ContentTooLarge: Content-Length is over the limit (413).
            BadRequest: Content-Length is not a number (400).
        """
        self._length(limit)

    def _length(self, limit: int) -> int | None:
        header = self.environ.get("CONTENT_LENGTH")
        if header in (None, ""):
            if not self._is_chunked:
                return 0
            if not self.environ.get("wsgi.input_terminated"):
                raise BadRequest("This server cannot read chunked content: send a Content-Length.")
            return None
        if self._is_chunked:
            # SECURITY: what stands before us may have gone by the other of the two (RFC 9112,
            # section 6.3).
            raise BadRequest("Content-Length and Transfer-Encoding exclude each other.")
        if not (header.isascii() and header.isdecimal() and len(header) < 20):
            raise BadRequest("Content-Length is not a number of bytes.")
        length = int(header)
        if length > limit:
            self._drain(length)
            raise _too_large(limit)
        return length

    def _read_exactly(self, length: int) -> bytes:
        if not length:
            return b""
        data = self._read(length)
        if len(data) < length:
            parts = [data]
            missing = length - len(data)
            while data and missing:
                data = self._read(missing)
                parts.append(data)
                missing -= len(data)
            if missing:
                raise BadRequest("The content is shorter than Content-Length says.")
            data = b"".join(parts)
        return data

    def buffer_chunks(self) -> None:
        """Put a buffer around a server's stream of chunked content, before anything reads it.

        SECURITY: ``RawIOBase.read`` believes the count that ``readinto`` returns. Werkzeug's
        development server returns one that is too large where a chunk is cut off, and CPython then
        reads past its buffer, up to the end of the process. ``BufferedReader`` hands out a buffer
        of fixed size, and checks the count.
        """
        stream = self.environ["wsgi.input"]
        if self._is_chunked and not isinstance(stream, io.BufferedReader):
            from .content_streams import ChunkedContent  # cold start

            self.environ["wsgi.input"] = io.BufferedReader(ChunkedContent(stream), _CHUNK)

    def _read_chunked(self, limit: int) -> bytes:
        self.buffer_chunks()
        parts: list[bytes] = []
        size = 0
        while data := self._read(_CHUNK):
            size += len(data)
            if size > limit:
                self._drain(_DRAIN)
                raise _too_large(limit)
            parts.append(data)
        return b"".join(parts)

    def _drain(self, length: int) -> None:
        """Read and drop the rest of the content, within bounds, so that the client hears us."""
        left = length if length <= _DRAIN else 0
        while left > 0 and (data := self._read(min(_CHUNK, left))):
            left -= len(data)

    def _read(self, size: int) -> bytes:
        """Read from the server; a broken connection or malformed chunks are the client's fault."""
        try:
            data: bytes = self.environ["wsgi.input"].read(size)
        except Exception:  # noqa: BLE001  # servers have exceptions of their own
            from .content_streams import BROKEN  # cold start

            raise BadRequest(BROKEN) from None
        return data

    def _keep_content(self, limit: int) -> IO[bytes]:
        """Copy the content, so that middleware and the framework can both read it."""
        import tempfile  # cold start

        from .content_streams import CopiedContent  # cold start

        length = self._length(limit)
        kept = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
        self._kept, self.form_parsed = kept, True
        self.buffer_chunks()
        size = 0
        while data := self._read(_CHUNK if length is None else min(_CHUNK, length - size)):
            size += len(data)
            if size > limit:
                self._drain(_DRAIN)
                raise _too_large(limit)
            kept.write(data)
        if length is not None and size < length:
            raise BadRequest("The content is shorter than Content-Length says.")
        self.environ["wsgi.input"] = io.BufferedReader(CopiedContent(kept))
        return io.BufferedReader(CopiedContent(kept))


def _too_large(limit: int) -> ContentTooLarge:
    return ContentTooLarge(f"The content is larger than {limit} bytes.")
