"""Parts of URLs as a client sends them."""

from __future__ import annotations

from urllib.parse import quote

__all__ = ["DOT_SEGMENTS", "has_dot_segment", "quote_path"]

DOT_SEGMENTS = frozenset((".", ".."))

_PATH = "/!$&'()*+,:;=@"


def quote_path(path: str) -> str:
    """Return a path with everything percent-encoded that cannot stand in it (RFC 3986)."""
    return quote(path, safe=_PATH)


def has_dot_segment(path: str) -> bool:
    """Return whether a path has a segment ``.`` or ``..``, which clients remove from URLs.

    SECURITY: they remove ``%2e`` as well (WHATWG URL, section 4.1), so that quoting does not help.
    """
    # PERF: most paths have no segment that begins with a point.
    return "/." in path and not DOT_SEGMENTS.isdisjoint(path.split("/"))
