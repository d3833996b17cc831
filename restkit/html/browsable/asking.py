"""Which requests ask for a page, and the parameters of pages."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from ...http.negotiation import parse_accept

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = [
    "HEADER",
    "RAW",
    "SEARCHED",
    "TAG",
    "asks_for_page",
    "inner_query",
    "page_query",
    "with_parameter",
]

RAW = "_raw"
"""The query parameter that asks for the response without a page; its value is the media type."""
SEARCHED = "_search"
"""The hidden field of the form of query parameters."""
TAG = "_tag"
"""The entity tag that a form demands, as a field or, beside files, in the query."""

HEADER = "_header."
"""The beginning of the names of fields that are request headers."""

_OWN = (RAW, SEARCHED, TAG)
_LONGEST = 256
_LONGEST_QUERY = 8192  # characters


def asks_for_page(environ: WSGIEnvironment) -> bool:
    """Return whether a client prefers HTML to everything else, as browsers do.

    ``text/html`` must be the first media type of Accept, and no other one may have more weight. A
    page repeats its query in each link and form, so a long query gets no page.
    """
    accept: str | None = environ.get("HTTP_ACCEPT")
    if len(environ.get("QUERY_STRING", "")) > _LONGEST_QUERY:
        return False
    if not accept or len(accept) > _LONGEST or "text/html" not in accept:
        return False
    return _prefers_html(accept)


@lru_cache(64)
def _prefers_html(accept: str) -> bool:
    ranges = parse_accept(accept)
    first = ranges[0] if ranges else None
    if first is None or (first.type, first.subtype) != ("text", "html"):
        return False
    return 0 < first.quality == max(each.quality for each in ranges)


def page_query(environ: WSGIEnvironment) -> dict[str, str]:
    """Return the parameters of pages in a query, by name."""
    query = environ.get("QUERY_STRING", "")
    if not _has_own(query):
        return {}
    return {name: text for name, text in query_pairs(query) if _is_own(name)}


def inner_query(query: str, *, searched: bool) -> str:
    """Return a query without the parameters of pages.

    Args:
        query: The query.
        searched: Whether a form has sent it: empty fields are left out, and ``tags[]`` is ``tags``.
    """
    if not _has_own(query):
        return query
    return urlencode(_kept(query_pairs(query), searched=searched))


def _has_own(query: str) -> bool:
    return HEADER in query or any(name in query for name in _OWN)


def _is_own(name: str) -> bool:
    return name in _OWN or name.startswith(HEADER)


def with_parameter(url: str, name: str, text: str) -> str:
    """Return a URL with another query parameter."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode([(name, text)])}"


def _kept(pairs: Iterable[tuple[str, str]], *, searched: bool) -> list[tuple[str, str]]:
    kept = [each for each in pairs if not _is_own(each[0])]
    if not searched:
        return kept
    return [(name.removesuffix("[]"), text) for name, text in kept if text]


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Return the names and values of a query, as a WSGI environ has it; [] if there are too many.

    Invalid UTF-8 is replaced. The response reports it.
    """
    text = query.encode("latin-1", "replace").decode("utf-8", "replace")
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        return []
