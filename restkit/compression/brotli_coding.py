"""Brotli (RFC 7932); the only module that imports brotli."""

from __future__ import annotations

from typing import Protocol, cast

import brotli

__all__ = ["Brotli"]

_QUALITY = 4  # PERF: about as fast as gzip; 11 is for files that are compressed once


class _Made(Protocol):
    def process(self, data: bytes, /) -> bytes: ...
    def flush(self) -> bytes: ...
    def finish(self) -> bytes: ...


class Brotli:
    """A compressor."""

    def __init__(self) -> None:
        """Begin a content."""
        self._made = cast("_Made", brotli.Compressor(quality=_QUALITY))

    def chunk(self, data: bytes, /) -> bytes:
        """Return compressed data from which a client gets all of ``data``."""
        return self._made.process(data) + self._made.flush()

    def whole(self, data: bytes, /) -> bytes:
        """Return the compressed data of a whole content."""
        return self._made.process(data) + self._made.finish()

    def end(self) -> bytes:
        """Return the end of the content."""
        return self._made.finish()
