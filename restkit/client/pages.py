"""`Pages`: the items of a list, over all its pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar, cast
from urllib.parse import urljoin, urlsplit

from .arguments import Arranged
from .peer_problems import PeerFailed
from .reply import Reply

__all__ = ["Pages"]

T = TypeVar("T")

_LINK = re.compile(r"<([^>]*)>((?:\s*;\s*[A-Za-z*-]+\s*=\s*(?:\"[^\"]*\"|[^\s\",;]+))*)")
_PARAMETER = re.compile(r";\s*([A-Za-z*-]+)\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]+))")


class Pages(Generic[T]):
    """The items of a list: ``for item in stock.list_items(kind="book"): ...``.

    Each page is fetched when its first item is wanted; no request is sent before. A new loop begins
    with the first page again.
    """

    def __init__(
        self,
        url: str,
        arranged: Arranged,
        items: str,
        send: Callable[[Arranged], Reply],
    ) -> None:
        """Send nothing yet.

        Args:
            url: The URL of the service.
            arranged: The request for the first page.
            items: The member that has the items, "" if the content is the list itself.
            send: A function that sends a request.
        """
        self._url = url
        self._arranged = arranged
        self._items = items
        self._send = send

    def __iter__(self) -> Iterator[T]:
        """Yield the items of all pages.

        Raises:
            Problem: A page is a problem, or is not received.
        """
        for page in self.pages():
            yield from self._items_of(page)

    def pages(self) -> Iterator[Reply]:
        """Yield the response of each page.

        Raises:
            Problem: A page is a problem, or is not received.
        """
        arranged = self._arranged
        seen: set[str] = set()
        while True:
            page = self._send(arranged)
            yield page
            link = _next(page)
            if link is None:
                return
            url = urljoin(arranged.url or f"{self._url}{arranged.target}", link)
            self._check(url, seen)
            arranged = arranged.at(url)

    def first(self) -> Reply:
        """Return the response of the first page.

        Raises:
            Problem: It is a problem, or is not received.
        """
        return self._send(self._arranged)

    def _check(self, url: str, seen: set[str]) -> None:
        """Reject the URL of a next page that would never end, or leave the service.

        SECURITY: the credentials of the call go along.
        """
        if urlsplit(url)[:2] != urlsplit(self._url)[:2] or url in seen:
            raise PeerFailed(
                f"{self._url}{self._arranged.path}: the next page is at another service, or one "
                "of those before."
            )
        seen.add(url)

    def _items_of(self, page: Reply) -> list[T]:
        found: object = page.data
        if self._items:
            is_object = isinstance(found, Mapping)
            found = cast("Mapping[str, object]", found).get(self._items) if is_object else None
        if not isinstance(found, list):
            raise PeerFailed(f"{self._url}{self._arranged.path} responded with no list of items.")
        return cast("list[T]", found)


def _next(page: Reply) -> str | None:
    """Return the reference of the next page: that of the content, or of the header Link."""
    if isinstance(page.data, Mapping):
        members = cast("Mapping[str, object]", page.data)
        found = members.get("next")
        if isinstance(found, str) or "next" in members:
            return found if isinstance(found, str) else None
    # RFC 8288, section 3: several values may stand in one header or in several.
    for value in page.headers.getlist("Link"):
        for link in _LINK.finditer(value):
            if "next" in _relations(link[2]):
                return link[1]
    return None


def _relations(parameters: str) -> list[str]:
    """Return the relations that the parameters of a link name."""
    for each in _PARAMETER.finditer(parameters):
        if each[1].lower() == "rel":
            return (each[2] or each[3] or "").lower().split()
    return []
