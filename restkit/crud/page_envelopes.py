"""Page formats with another content: a plain array, or members with names of your own."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema
from marshmallow import fields as ma

from ..errors import DeclarationError
from .page_format import (
    ListedPage,
    PageFormat,
    PageQuery,
    PageSizes,
    Window,
    count_field,
    items_field,
    next_field,
)
from .page_formats import Keyset, PageNumbers
from .store import AnyField

__all__ = ["Bare", "Named"]


class _Envelope(PageFormat):
    """A format with the pages of another one: its parameters and its links."""

    def __init__(self, paging: PageFormat, name: str) -> None:
        """Keep the other format.

        Args:
            paging: The other format.
            name: The name of this format, for messages.
        """
        if not isinstance(paging, PageFormat):
            raise DeclarationError(
                f"{name}(paging=...) must be a page format such as LimitOffset(), got {paging!r}."
            )
        self.paging = paging
        self.has_cursors = paging.has_cursors

    def parameters(self, sizes: PageSizes, /) -> Mapping[str, AnyField]:
        """Return the query parameters."""
        return self.paging.parameters(sizes)

    def window(self, query: PageQuery, sizes: PageSizes, /) -> Window:
        """Return the window that the validated query parameters select."""
        return self.paging.window(query, sizes)

    def place(self, window: Window, /) -> Mapping[str, str | None]:
        """Return the query parameters of a link to another page of the same size."""
        return self.paging.place(window)


class Bare(_Envelope):
    """Pages that are a plain array of items; other pages are in the header ``Link``.

    ::

        paging = Bare(total="X-Total-Count", paging=PageNumbers())
    """

    def __init__(self, *, total: str = "", paging: PageFormat | None = None) -> None:
        """Make the format.

        Args:
            total: The header in which each page has the total. Without one, ``Total-Count`` has it
                if a client asks for it.
            paging: The format whose query parameters the pages have; `Keyset` by default.
        """
        super().__init__(Keyset() if paging is None else paging, "Bare")
        if total:
            self.is_counted = True
            self.total_header = total

    def schema(self, item: type[Schema], /) -> None:
        """Return None: the content is a plain array."""

    def content(self, page: ListedPage, /) -> object:
        """Return the items."""
        return page.items


class Named(_Envelope):
    """Pages whose members have names of your own: ``{"articles": [...], "articlesCount": 93}``.

    ::

        paging = Named("articles", total="articlesCount", paging=LimitOffset())
    """

    def __init__(
        self,
        items: str,
        *,
        total: str = "",
        next: str = "",  # as in the content
        previous: str = "",
        page: str = "",
        pages: str = "",
        paging: PageFormat | None = None,
    ) -> None:
        """Name the members; those without a name are left out.

        Args:
            items: The items.
            total: The number of items on all pages.
            next: The URL of the next page, null on the last page.
            previous: The URL of the previous page, null on the first page.
            page: The number of the page.
            pages: The number of pages.
            paging: The format whose query parameters the pages have; `Keyset` by default.

        Raises:
            DeclarationError: Two members have one name, or pages without numbers are numbered.
        """
        super().__init__(Keyset() if paging is None else paging, "Named")
        self._items = items
        named = {"total": total, "next": next, "previous": previous, "page": page, "pages": pages}
        self._names = {member: name for member, name in named.items() if name}
        given = [items, *self._names.values()]
        if not items or len({*given}) < len(given):
            raise DeclarationError(
                f"Named needs a different name for each member of a page, got {given!r}."
            )
        if page and not isinstance(self.paging, PageNumbers):
            raise DeclarationError(
                f"Named(page={page!r}) needs numbered pages. Add paging=PageNumbers()."
            )
        if pages and self.has_cursors:
            raise DeclarationError(
                f"Named(pages={pages!r}) needs pages without cursors. Add paging=PageNumbers() or "
                "paging=LimitOffset()."
            )
        self.is_counted = bool(total or pages)

    @property
    def suffix(self) -> str:
        """The end of the name of the content's schema."""
        return "List"

    def schema(self, item: type[Schema], /) -> Mapping[str, AnyField]:
        """Return the members of the content."""
        previous = "The URL of the previous page, null on the first page."
        made: dict[str, AnyField] = {
            "total": count_field("The number of items on all pages."),
            "next": next_field(),
            "previous": ma.Str(required=True, allow_none=True, metadata={"description": previous}),
            "page": count_field("The number of the page."),
            "pages": count_field("The number of pages."),
        }
        named = {name: made[member] for member, name in self._names.items()}
        return {self._items: items_field(item), **named}

    def content(self, page: ListedPage, /) -> object:
        """Return the named members."""
        known: dict[str, object] = {
            "total": page.total,
            "next": page.links.get("next"),
            "previous": page.links.get("prev"),
            "page": page.number,
            "pages": page.pages,
        }
        named = {name: known[member] for member, name in self._names.items()}
        return {self._items: page.items, **named}
