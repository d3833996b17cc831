"""Page formats with items and links: by keyset, by limit and offset, by page numbers."""

from __future__ import annotations

from collections.abc import Mapping

from marshmallow import Schema, validate
from marshmallow import fields as ma

from ..errors import DeclarationError
from .cursors import MAX_LENGTH
from .page_format import (
    MAX_OFFSET,
    ListedPage,
    PageFormat,
    PageQuery,
    PageSizes,
    Window,
    count_field,
    items_field,
    next_field,
    size_field,
)
from .store import AnyField

__all__ = ["Keyset", "LimitOffset", "PageNumbers"]


class _ItemsAndNext(PageFormat):
    """The content ``{"items": [...], "next": ...}``, with ``total`` if a client asks for it."""

    @property
    def suffix(self) -> str:
        """The end of the name of the content's schema."""
        return "Page"

    def schema(self, item: type[Schema], /) -> Mapping[str, AnyField]:
        """Return the members of the content."""
        total = "The number of items on all pages, if `Prefer: count` requests it."
        return {
            "items": items_field(item),
            "next": next_field(),
            "total": ma.Int(metadata={"description": total}),
        }

    def content(self, page: ListedPage, /) -> object:
        """Return the items, the URL of the next page, and the total if it is known."""
        made: dict[str, object] = {"items": page.items, "next": page.links.get("next")}
        if page.total is not None:
            made["total"] = page.total
        return made


class Keyset(_ItemsAndNext):
    """Pages that begin after an item: ``{"items": [...], "next": "/books?cursor=..."}``.

    Inserts and deletes do not shift them, and the last page costs as much as the first.
    """

    has_cursors = True

    def __init__(self, *, limit: str = "limit", cursor: str = "cursor") -> None:
        """Name the query parameters.

        Args:
            limit: The parameter with the number of items.
            cursor: The parameter with the cursor, which only links contain.
        """
        _check_names("Keyset", limit=limit, cursor=cursor)
        self.limit = limit
        self.cursor = cursor

    def parameters(self, sizes: PageSizes, /) -> Mapping[str, AnyField]:
        """Return the query parameters."""
        # NOTE: the description of the 400 documents the cursor, not a parameter. The server
        # rejects every string that it did not send; a string parameter would promise too much.
        cursor = ma.Str(validate=validate.Length(1, MAX_LENGTH), metadata={"documented": False})
        return {self.limit: size_field(sizes), self.cursor: cursor}

    def window(self, query: PageQuery, sizes: PageSizes, /) -> Window:
        """Return the window that the validated query parameters select."""
        return Window(query[self.limit], 0, query.get(self.cursor))

    def place(self, window: Window, /) -> Mapping[str, str | None]:
        """Return the cursor of another page."""
        return {self.cursor: window.cursor}


class LimitOffset(_ItemsAndNext):
    """Pages that skip a number of items: ``?limit=20&offset=40``."""

    def __init__(self, *, limit: str = "limit", offset: str = "offset") -> None:
        """Name the query parameters.

        Args:
            limit: The parameter with the number of items.
            offset: The parameter with the number of items to skip.
        """
        _check_names("LimitOffset", limit=limit, offset=offset)
        self.limit = limit
        self.offset = offset

    def parameters(self, sizes: PageSizes, /) -> Mapping[str, AnyField]:
        """Return the query parameters."""
        offset = ma.Int(
            load_default=0,
            validate=validate.Range(0, MAX_OFFSET),
            metadata={"description": "The number of items to skip."},
        )
        return {self.limit: size_field(sizes), self.offset: offset}

    def window(self, query: PageQuery, sizes: PageSizes, /) -> Window:
        """Return the window that the validated query parameters select."""
        return Window(query[self.limit], query[self.offset])

    def place(self, window: Window, /) -> Mapping[str, str | None]:
        """Return the number of items that another page skips."""
        return {self.offset: str(window.offset) if window.offset else None}


class PageNumbers(PageFormat):
    """Numbered pages with totals: ``{"items": [...], "page": 2, "pages": 5, "total": 93}``.

    A page after the last one is empty.
    """

    is_counted = True

    def __init__(self, *, page: str = "page", size: str = "per_page") -> None:
        """Name the query parameters.

        Args:
            page: The parameter with the number of the page, from 1.
            size: The parameter with the number of items.
        """
        _check_names("PageNumbers", page=page, size=size)
        self.page = page
        self.size = size

    @property
    def suffix(self) -> str:
        """The end of the name of the content's schema."""
        return "NumberedPage"

    def parameters(self, sizes: PageSizes, /) -> Mapping[str, AnyField]:
        """Return the query parameters."""
        page = ma.Int(
            load_default=1,
            validate=validate.Range(1, MAX_OFFSET // sizes.largest + 1),
            metadata={"description": "The number of the page."},
        )
        return {self.page: page, self.size: size_field(sizes)}

    def window(self, query: PageQuery, sizes: PageSizes, /) -> Window:
        """Return the window that the validated query parameters select."""
        size = query[self.size]
        return Window(size, (query[self.page] - 1) * size)

    def place(self, window: Window, /) -> Mapping[str, str | None]:
        """Return the number of another page."""
        number = window.offset // window.limit + 1
        return {self.page: str(number) if number > 1 else None}

    def schema(self, item: type[Schema], /) -> Mapping[str, AnyField]:
        """Return the members of the content."""
        return {
            "items": items_field(item),
            "page": count_field("The number of the page."),
            "pages": count_field("The number of pages."),
            "total": count_field("The number of items on all pages."),
        }

    def content(self, page: ListedPage, /) -> object:
        """Return the items, the number of the page, and the totals."""
        return {
            "items": page.items,
            "page": page.number,
            "pages": page.pages,
            "total": page.total,
        }


def _check_names(declared_at: str, **names: str) -> None:
    """Reject names of parameters that are not distinct strings."""
    for argument, name in names.items():
        if not isinstance(name, str) or not name:
            raise DeclarationError(
                f"{declared_at}({argument}={name!r}) must be the name of a query parameter. Write "
                f"{declared_at}({argument}={argument!r})."
            )
    if len({*names.values()}) < len(names):
        raise DeclarationError(
            f"{declared_at} needs a name of its own for each query parameter, got "
            f"{', '.join(f'{key}={value!r}' for key, value in names.items())}."
        )
