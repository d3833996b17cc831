"""The Content-Length headers of responses, made once for each size."""

from __future__ import annotations

__all__ = ["CONTENT_LENGTHS"]

_LARGEST_KEPT = 4096


class _ContentLengths(dict[int, tuple[str, str]]):
    """The header of each size of content; only those of small content are kept."""

    def __missing__(self, size: int) -> tuple[str, str]:
        header = ("Content-Length", str(size))
        if size <= _LARGEST_KEPT:
            self[size] = header
        return header


CONTENT_LENGTHS = _ContentLengths()
"""The name and value of Content-Length by the number of bytes."""
