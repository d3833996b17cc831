"""Parts of URLs as a client sends them."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["quote_path"]

_PATH = "/!$&'()*+,:;=@"


def quote_path(path: str) -> str:
    """Return a path with everything percent-encoded that cannot stand in it (RFC 3986)."""
    return quote(path, safe=_PATH)
