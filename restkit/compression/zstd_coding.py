"""Zstandard (RFC 8878); the only module that imports zstandard."""

from __future__ import annotations

import zstandard

__all__ = ["Zstandard"]

_LEVEL = 3


class Zstandard:
    """A compressor."""

    def __init__(self) -> None:
        """Begin a content."""
        self._made = zstandard.ZstdCompressor(level=_LEVEL).compressobj()

    def chunk(self, data: bytes, /) -> bytes:
        """Return compressed data from which a client gets all of ``data``."""
        compressed = self._made.compress(data)
        return compressed + self._made.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def whole(self, data: bytes, /) -> bytes:
        """Return the compressed data of a whole content."""
        return self._made.compress(data) + self._made.flush()

    def end(self) -> bytes:
        """Return the end of the content."""
        return self._made.flush()
