"""Compression of responses: gzip from the standard library, brotli and Zstandard as extras."""

from .compression import Compression

__all__ = ["Compression"]
