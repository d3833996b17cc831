"""Pagination: the pages of one collection in its page format, and the links between them.

Keyset pages begin after an item, so that inserts and deletes do not shift them, and the last page
costs as much as the first. Other pages skip a number of items, for clients that jump to a page.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Literal

from marshmallow import Schema

from ..contract import Failure, Header
from ..errors import DeclarationError
from ..problems import BadRequest, InvalidItem, UnprocessableContent
from ..request import Request
from .cursors import LOST, MAX_LENGTH, CursorCipher
from .page_address import PageAddress
from .page_format import (
    MAX_OFFSET,
    ListedPage,
    PageFormat,
    PageQuery,
    PageSizes,
    Window,
    pages_of,
    places_of_items,
)
from .page_formats import Keyset, LimitOffset
from .query import Count, Order, Page
from .schema_classes import page_of
from .store import AnyField, Attribute

__all__ = ["Pager", "Paging"]

Paging = Literal["keyset", "offset"] | PageFormat
_Values = tuple[object, ...]
_NAMED: dict[object, Callable[[], PageFormat]] = {"keyset": Keyset, "offset": LimitOffset}


class Pager:
    """The pagination of one collection.

    Attributes:
        format: The page format.
        count: The kind of total that pages have if a client prefers none.
        is_filter: A function that says whether a parameter has a value that filters.
    """

    def __init__(
        self,
        paging: object,
        size: int,
        largest: int,
        cipher: CursorCipher,
        declared_at: str,
        keys: Sequence[str] = (),
    ) -> None:
        """Check and keep the format and the sizes.

        Args:
            paging: ``"keyset"``, ``"offset"`` or a page format.
            size: The default number of items on a page.
            largest: The largest number of items on a page.
            cipher: The writer and reader of the cursors.
            declared_at: The name of the class, for messages.
            keys: The attributes that identify an item; the last one of an order by default.

        Raises:
            DeclarationError: The paging is no page format, or the sizes are impossible.
        """
        if not 1 <= size <= largest:
            raise DeclarationError(
                f"{declared_at}.page_size must be between 1 and max_page_size, got page_size "
                f"{size} and max_page_size {largest}."
            )
        self.format = _format_of(paging, declared_at)
        self.count: Count = "exact" if self.format.is_counted else "none"
        self._declared_at = declared_at
        self._sizes = PageSizes(size, largest)
        self._cipher = cipher
        self._keys = tuple(keys)
        self._parameters = dict(self.format.parameters(self._sizes))
        self.is_filter: Callable[[str, str], bool] = _never
        _check_format(self.format, self._sizes, declared_at)

    def fields(self) -> dict[str, AnyField]:
        """Return the query parameters."""
        return self._parameters

    def check_names(self, others: Container[str]) -> None:
        """Reject a query parameter with the name of another one of the list.

        Args:
            others: The names of the others.

        Raises:
            DeclarationError: Two parameters have one name.
        """
        for name in self._parameters:
            if name in others:
                raise DeclarationError(
                    f"{self._declared_at}.paging has the query parameter {name!r}, but the list "
                    "has another one of that name. Rename it, as in PageNumbers(page='p')."
                )

    def schema(self, item: type[Schema]) -> type[Schema] | None:
        """Return the schema class of a page, None for a plain array of items.

        Args:
            item: The schema class of an item in a response.
        """
        found = self.format.schema(item)
        if found is None or isinstance(found, type):
            return found
        return page_of(item, self.format.suffix, found)

    def headers(self) -> tuple[Header, ...]:
        """Return the declared headers of a page."""
        condition = "" if self.format.is_counted else ", if `Prefer: count` requests it"
        described = f"The number of items on all pages{condition}."
        total = Header(self.format.total_header, described, {"type": "integer", "minimum": 0})
        return (total, *self.format.response_headers)

    def failures(self) -> tuple[Failure, ...]:
        """Return the problems of parameters that are no 422."""
        if not self.format.has_cursors:
            return ()
        described = (
            f"The `{self._cursor_name}` parameter, which the links to pages contain, is not valid "
            "for this collection and sort order."
        )
        return (Failure(BadRequest, "paging", described),)

    @property
    def _cursor_name(self) -> str:
        """The query parameter with the cursor."""
        return next(iter(self.format.place(Window(self._sizes.default))))

    def window(self, query: PageQuery) -> Window:
        """Return the window that validated query parameters select.

        Raises:
            UnprocessableContent: The window is beyond the bounds of the collection's pages.
        """
        window = self.format.window(query, self._sizes)
        if not (1 <= window.limit <= self._sizes.largest and 0 <= window.offset <= MAX_OFFSET):
            raise UnprocessableContent(
                errors=[
                    _fault(name, "The page is out of range.", "range")
                    for name in self._parameters
                    if name in query
                ]
            )
        return window

    def edges(
        self,
        window: Window,
        order: Sequence[Order],
        attributes: Mapping[str, Attribute],
        find: Callable[[_Values], _Values | None],
    ) -> tuple[_Values | None, _Values | None]:
        """Return the sort key values after which a page begins, or before which it ends.

        Args:
            window: The window of the page.
            order: The order of the query.
            attributes: The attributes by name.
            find: A function that returns the sort key values of the item with the values of a key,
                or None.

        Raises:
            BadRequest: The cursor is not valid for this collection and sort order.
        """
        if window.cursor is None:
            return None, None
        keys = [attributes[each.name] for each in order]
        try:
            backwards, values = self._read(window.cursor, order, keys, find)
        except ValueError:
            raise BadRequest(
                "The cursor is not valid for this collection and sort order. Start at the first "
                "page.",
                errors=[_fault(self._cursor_name, "Not a valid cursor.", "cursor")],
            ) from None
        return (None, values) if backwards else (values, None)

    def _read(
        self,
        cursor: str,
        order: Sequence[Order],
        attributes: Sequence[Attribute],
        find: Callable[[_Values], _Values | None],
    ) -> tuple[bool, _Values]:
        try:
            backwards, held = self._cipher.read(_named(order), cursor, attributes)
            if LOST not in held:
                return backwards, held
            key = tuple(held[at] for at in self._places(order))
        except ValueError:
            named = [attributes[at] for at in self._places(order)]
            backwards, key = self._cipher.read(_by_key(order), cursor, named)
        values = None if LOST in key else find(key)
        if values is None:
            raise ValueError("the first item of the page was removed")
        return backwards, values

    def _cursor(self, order: Sequence[Order], backwards: bool, values: _Values) -> str:
        """Return a cursor with the sort key values, or only the key if they are too long."""
        cursor = self._cipher.write(_named(order), backwards, values)
        if len(cursor) <= MAX_LENGTH:
            return cursor
        key = tuple(values[at] for at in self._places(order))
        return self._cipher.write(_by_key(order), backwards, key)

    def _places(self, order: Sequence[Order]) -> Sequence[int]:
        """Return where the attributes of the key are in an order."""
        names = [each.name for each in order]
        return [names.index(name) for name in self._keys] or [-1]

    def links(
        self,
        request: Request,
        window: Window,
        order: Sequence[Order],
        page: Page[object],
        ends: Sequence[_Values],
    ) -> dict[str, str]:
        """Return the URLs of other pages by relation (RFC 8288).

        Args:
            request: The request for the page.
            window: The window of the page.
            order: The order.
            page: The page; its total must be exact.
            ends: The sort key values of its first and its last item; empty for an empty page.
        """
        if self.format.has_cursors:
            windows = self._neighbors(window, order, page, ends)
        else:
            windows = _numbered(window, page)
        if not windows:
            return {}
        at = PageAddress(request, self.is_filter)
        return {relation: at.url(self.format.place(each)) for relation, each in windows.items()}

    def _neighbors(
        self, window: Window, order: Sequence[Order], page: Page[object], ends: Sequence[_Values]
    ) -> dict[str, Window]:
        """Return the windows before and after a keyset page."""
        limit = window.limit
        found: dict[str, Window] = {}
        if window.cursor is not None:
            found["first"] = Window(limit)
        if page.has_previous and ends:
            found["prev"] = Window(limit, 0, self._cursor(order, True, ends[0]))
        if page.has_next and ends:
            found["next"] = Window(limit, 0, self._cursor(order, False, ends[-1]))
        return found


def _numbered(window: Window, page: Page[object]) -> dict[str, Window]:
    """Return the windows around a page that skips items, the last one if the total is known."""
    limit, offset = window.limit, window.offset
    start = offset % limit  # pages need not begin at a multiple of their size
    last = None
    if page.total is not None:
        last = start + max(0, pages_of(page.total - start, limit) - 1) * limit
    found: dict[str, Window] = {}
    if offset:
        before = max(0, offset - limit)
        found["first"] = Window(limit)
        found["prev"] = Window(limit, before if last is None else min(before, last))
    if page.has_next and offset + limit <= MAX_OFFSET:
        found["next"] = Window(limit, offset + limit)
    if last is not None and offset < last <= MAX_OFFSET:
        found["last"] = Window(limit, last)
    return found


def _fault(parameter: str, detail: str, code: str) -> InvalidItem:
    return {"parameter": parameter, "location": "query", "detail": detail, "code": code}


def _named(order: Sequence[Order]) -> str:
    return ",".join("-" * each.descending + each.name for each in order)


def _by_key(order: Sequence[Order]) -> str:
    """Return the signed name of an order for cursors that hold only the key of an item."""
    return f"{_named(order)} of an item"


def _never(name: str, text: str) -> bool:
    return False


# start-up


def _format_of(paging: object, declared_at: str) -> PageFormat:
    if isinstance(paging, PageFormat):
        return paging
    named = _NAMED.get(paging) if isinstance(paging, str) else None
    if named is None:
        raise DeclarationError(
            f"{declared_at}.paging must be 'keyset', 'offset' or a page format such as "
            f"PageNumbers(), got {paging!r}."
        )
    return named()


def _check_format(format: PageFormat, sizes: PageSizes, declared_at: str) -> None:
    """Reject a format whose content has no items, or whose headers are not declared."""
    total = 0 if format.is_counted else None
    page = ListedPage(Window(sizes.default), 0, total)
    if places_of_items(format.content(page)) != 1:
        raise DeclarationError(
            f"{declared_at}.paging: {type(format).__name__}.content() must have page.items once, "
            'as in {"items": page.items}.'
        )
    declared = {each.name.lower() for each in format.response_headers}
    for name in format.headers(page):
        if name.lower() not in declared:
            raise DeclarationError(
                f"{declared_at}.paging: {type(format).__name__}.headers() returns {name}, which "
                f'is not declared. Add Header("{name}", ...) to its response_headers.'
            )
