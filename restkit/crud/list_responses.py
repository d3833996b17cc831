"""The responses of a list: a page in its format, or only its total for HEAD."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..errors import DeclarationError
from ..rendering.content import SerializedContent
from ..request import Request
from ..response import PlainResponse
from .binding import Binding
from .item_serializer import ItemSerializer
from .page_format import ListedPage, Window, page_text
from .query import Count, ListQuery, Page

__all__ = ["ListResponses"]


class ListResponses:
    """The maker of the responses to one request for a list."""

    __slots__ = ("_binding", "_preferred", "_request", "_window", "query")

    def __init__(
        self,
        binding: Binding,
        request: Request,
        query: ListQuery,
        window: Window,
        preferred: Count | None,
    ) -> None:
        """Keep the wishes of the request.

        Args:
            binding: The binding of the collection.
            request: The request.
            query: The query of the page.
            window: The window of the page.
            preferred: The kind of total that the client prefers.
        """
        self._binding = binding
        self._request = request
        self._window = window
        self._preferred = preferred
        self.query = query

    def page(self, page: Page[object], view: ItemSerializer) -> object:
        """Return the content and the headers of a page.

        Args:
            page: The page.
            view: The serializer of its items.
        """
        listed, headers = self._listed(page)
        text = page_text(self._binding.pager.format.content(listed), view.array(page.items))
        return SerializedContent(None, text), headers

    @property
    def is_total(self) -> bool:
        """Whether the total alone is the response: to HEAD, if it has a total."""
        return self.query.count != "none" and self._request.method == "HEAD"

    def total_query(self) -> ListQuery:
        """Return the query of the total alone."""
        return replace(self.query, limit=0, after=None, before=None, offset=0, expand=())

    def total(self, page: Page[object], content: Mapping[str, str]) -> PlainResponse:
        """Return the response to HEAD: the total, and the links that follow from it.

        Args:
            page: The result of `total_query`.
            content: The headers that describe the content.
        """
        window = self._window
        has_next = window.offset + window.limit < (page.total or 0)
        _, headers = self._listed(Page((), has_next, total=page.total))
        return PlainResponse(200, [*{**content, "Vary": "Accept", **headers}.items()])

    def total_headers(self, total: int | None) -> dict[str, str]:
        """Return the headers of a total, none if it is not known."""
        if total is None:
            return {}
        headers = {self._binding.pager.format.total_header: str(total)}
        if self._preferred is not None:
            headers["Preference-Applied"] = f"count={self._preferred}"
        return headers

    def _listed(self, page: Page[object]) -> tuple[ListedPage, dict[str, str]]:
        """Return a page for its format, and all its headers."""
        binding, query, pager = self._binding, self.query, self._binding.pager
        if page.total is None and pager.format.is_counted:
            raise DeclarationError(
                f"{binding.declared_at}.list returned a Page without a total, which paging = "
                f"{type(pager.format).__name__}(...) needs. Return Page(..., total=...)."
            )
        exact = page
        if query.count != "exact":  # an estimate does not say which page is the last one
            exact = Page(page.items, page.has_next, page.has_previous)
        ends = binding.ends(page, query.order) if pager.format.has_cursors else ()
        links = pager.links(self._request, self._window, query.order, exact, ends)
        headers = self.total_headers(page.total)
        if links:
            parts = [f'<{url}>; rel="{relation}"' for relation, url in links.items()]
            headers["Link"] = ", ".join(parts)
        listed = ListedPage(self._window, len(page.items), page.total, links)
        own = pager.format.headers(listed)
        return listed, {**headers, **own} if own else headers
