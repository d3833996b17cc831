"""The URLs of other pages: that of a request, with parameters replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, unquote_plus, urlencode

from ..http.uris import query_of, quote_path
from ..parsing.text_values import plain_pairs
from ..request import Request

__all__ = ["PageAddress"]


class PageAddress:
    """The URL of a request, in which parameters can be replaced."""

    def __init__(self, request: Request, is_filter: Callable[[str, str], bool]) -> None:
        """Read the URL of a request.

        Args:
            request: The request.
            is_filter: A function that says whether a parameter has a value that filters.
        """
        self._path = quote_path(request.root_path + request.path)
        self._is_filter = is_filter
        query: str = request.environ.get("QUERY_STRING", "")
        plain = plain_pairs(query)
        if plain is not None:  # PERF: which need no quoting either
            self._parts = [(name, f"{name}={value}") for name, value in plain]
            return
        text = query.encode("latin-1").decode("utf-8", "replace")
        self._parts = [
            (pair[0], urlencode([pair])) for pair in parse_qsl(text, keep_blank_values=True)
        ]

    def url(self, parameters: Mapping[str, str | None]) -> str:
        """Return the URL with parameters replaced; None leaves one out."""
        parts: list[str] = []
        for name, part in self._parts:
            if name not in parameters:
                parts.append(part)
            elif self._is_filter(name, text := unquote_plus(part.partition("=")[2])):
                parts.append(urlencode([(f"{name}__eq", text)]))
        given = [(name, value) for name, value in parameters.items() if value is not None]
        if given:
            parts.append(query_of(given))
        return f"{self._path}?{'&'.join(parts)}" if parts else self._path
