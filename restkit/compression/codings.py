"""Content codings: compressors that send each chunk at once."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib.util import find_spec
from typing import Protocol

from ..errors import DeclarationError, MissingExtraError

__all__ = ["CODINGS", "Compressor", "Make", "installed_codings", "maker_of"]

CODINGS = ("zstd", "br", "gzip")
"""The codings, the preferred one first."""
_PACKAGES = {"zstd": "zstandard", "br": "brotli"}


class Compressor(Protocol):
    """A compressor of one response."""

    def chunk(self, data: bytes, /) -> bytes:
        """Return compressed data from which a client gets all of ``data``."""
        ...

    def whole(self, data: bytes, /) -> bytes:
        """Return the compressed data of a whole content."""
        ...

    def end(self) -> bytes:
        """Return the end of the content."""
        ...


Make = Callable[[], Compressor]


class _Gzip:
    def __init__(self) -> None:
        # PERF: level 6 takes twice the time of 4 for 2 % less. 31 means gzip; its time is 0, so
        # that the same content has the same bytes.
        self._made = zlib.compressobj(4, zlib.DEFLATED, 31)

    def chunk(self, data: bytes, /) -> bytes:
        return self._made.compress(data) + self._made.flush(zlib.Z_SYNC_FLUSH)

    def whole(self, data: bytes, /) -> bytes:
        return self._made.compress(data) + self._made.flush()

    def end(self) -> bytes:
        return self._made.flush()


def installed_codings() -> tuple[str, ...]:
    """Return the codings whose packages are installed."""
    return tuple(each for each in CODINGS if each == "gzip" or find_spec(_PACKAGES[each]))


def maker_of(coding: str) -> Make:
    """Return the function that makes a compressor.

    Raises:
        DeclarationError: There is no such coding.
        MissingExtraError: Its package is not installed.
    """
    if coding == "gzip":
        return _Gzip
    if coding not in _PACKAGES:
        raise DeclarationError(
            f"Compression(codings=...) has {coding!r}. It may have {', '.join(CODINGS)}."
        )
    if find_spec(_PACKAGES[coding]) is None:
        raise MissingExtraError(f"The content coding {coding}", "compression")
    if coding == "br":
        from .brotli_coding import Brotli  # its package is an extra

        return Brotli
    from .zstd_coding import Zstandard  # its package is an extra

    return Zstandard
