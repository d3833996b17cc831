"""Parts of URLs as a client sends them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

__all__ = ["DOT_SEGMENTS", "has_dot_segment", "is_local_url", "query_of", "quote_path", "uri_of"]

DOT_SEGMENTS = frozenset((".", ".."))

_PATH = "/!$&'()*+,:;=@"
_URL = "/!$&'()*+,:;=@%?#[]~"


_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN_PATH = _UNRESERVED | {"/"}


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a query of names and values, percent-encoded where it has to be."""
    given = list(pairs)
    # PERF: `urlencode` quotes every name and value in Python; most have nothing to quote.
    if all(_UNRESERVED.issuperset(text) for pair in given for text in pair):
        return "&".join([f"{name}={value}" for name, value in given])
    return urlencode(given)


def quote_path(path: str) -> str:
    """Return a path with everything percent-encoded that cannot stand in it (RFC 3986)."""
    if _PLAIN_PATH.issuperset(path):  # PERF: as most paths are
        return path
    return quote(path, safe=_PATH)


def has_dot_segment(path: str) -> bool:
    """Return whether a path has a segment ``.`` or ``..``, which clients remove from URLs.

    SECURITY: they remove ``%2e`` as well (WHATWG URL, section 4.1), so that quoting does not help.
    """
    # PERF: most paths have no segment that begins with a point.
    return "/." in path and not DOT_SEGMENTS.isdisjoint(path.split("/"))


def uri_of(url: str) -> str:
    """Return a URL with everything percent-encoded that cannot stand in a header.

    Raises:
        ValueError: It has a control character, a white space or a backslash.
    """
    if not _is_clean(url):
        raise ValueError(f"{url!r:.80} has a control character, a white space or a backslash.")
    return quote(url, safe=_URL)


def is_local_url(text: str) -> bool:
    """Return whether a text is a path of this server for every client, perhaps with a query.

    SECURITY: clients drop tabs and line breaks anywhere, read a backslash as a slash, and take
    ``//host`` and ``///host`` for another server (WHATWG URL, section 4.4).
    """
    return text.startswith("/") and text[1:2] != "/" and _is_clean(text)


def _is_clean(url: str) -> bool:
    return not any(each <= " " or each in "\\\x7f" or each.isspace() for each in url)
