"""Pagination: the size of pages, where they begin, and the links between them.

Keyset pages begin after an item, so that inserts and deletes do not shift them, and the last page
costs as much as the first. Offset pages skip a number of items, for clients that jump to a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode

from marshmallow import fields as ma
from marshmallow import validate

from ..errors import DeclarationError
from ..http.uris import quote_path
from ..problems import BadRequest, InvalidItem
from ..request import Request
from .cursors import MAX_LENGTH, CursorCipher
from .query import Order, Page
from .store import AnyField, Attribute

__all__ = ["Pager", "Paging", "Window"]

Paging = Literal["keyset", "offset"]
MAX_OFFSET = 2**31 - 1

_BAD_CURSOR: InvalidItem = {
    "parameter": "cursor",
    "location": "query",
    "detail": "Not a valid cursor.",
    "code": "cursor",
}


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a collection that a query selects."""

    limit: int
    after: tuple[object, ...] | None = None
    before: tuple[object, ...] | None = None
    offset: int = 0


class Pager:
    """The pagination of one collection."""

    def __init__(
        self, paging: str, size: int, largest: int, cipher: CursorCipher, declared_at: str
    ) -> None:
        """Check and keep the sizes.

        Args:
            paging: ``"keyset"`` or ``"offset"``.
            size: The default number of items on a page.
            largest: The largest number of items on a page.
            cipher: The writer and reader of the cursors.
            declared_at: The name of the class, for messages.

        Raises:
            DeclarationError: The paging is unknown, or the sizes are impossible.
        """
        if paging not in ("keyset", "offset"):
            raise DeclarationError(
                f"{declared_at}.paging must be 'keyset' or 'offset', got {paging!r}."
            )
        if not 1 <= size <= largest:
            raise DeclarationError(
                f"{declared_at}.page_size must be between 1 and max_page_size, got page_size "
                f"{size} and max_page_size {largest}."
            )
        self._keyset = paging == "keyset"
        self._size = size
        self._largest = largest
        self._cipher = cipher

    def fields(self) -> dict[str, AnyField]:
        """Return the query parameters."""
        limit = ma.Int(
            load_default=self._size,
            validate=validate.Range(1, self._largest),
            metadata={"description": "The maximum number of items on the page."},
        )
        if self._keyset:
            # NOTE: the description of the 400 documents the cursor, not a parameter. The server
            # rejects every string that it did not send; a string parameter would promise too much.
            cursor = ma.Str(validate=validate.Length(1, MAX_LENGTH), metadata={"documented": False})
            return {"limit": limit, "cursor": cursor}
        offset = ma.Int(
            load_default=0,
            validate=validate.Range(0, MAX_OFFSET),
            metadata={"description": "The number of items to skip."},
        )
        return {"limit": limit, "offset": offset}

    def window(
        self,
        query: Mapping[str, Any],
        order: Sequence[Order],
        attributes: Sequence[Attribute],
        find: Callable[[object], tuple[object, ...] | None],
    ) -> Window:
        """Return the window that validated query parameters select.

        Args:
            query: The validated query parameters.
            order: The order of the query.
            attributes: The attribute of each sort key.
            find: A function that returns the sort key values of the item of a key, or None.

        Raises:
            BadRequest: The cursor is not valid for this collection and sort order.
        """
        cursor = query.get("cursor")
        if cursor is None:
            return Window(query["limit"], offset=query.get("offset", 0))
        try:
            backwards, values = self._read(cursor, order, attributes, find)
        except ValueError:
            raise BadRequest(
                "The cursor is not valid for this collection and sort order. Start at the first "
                "page.",
                errors=[_BAD_CURSOR],
            ) from None
        if backwards:
            return Window(query["limit"], before=values)
        return Window(query["limit"], after=values)

    def _read(
        self,
        cursor: str,
        order: Sequence[Order],
        attributes: Sequence[Attribute],
        find: Callable[[object], tuple[object, ...] | None],
    ) -> tuple[bool, tuple[object, ...]]:
        try:
            return self._cipher.read(_named(order), cursor, attributes)
        except ValueError:
            backwards, (key,) = self._cipher.read(_by_key(order), cursor, attributes[-1:])
        values = find(key)
        if values is None:
            raise ValueError("the first item of the page was removed")
        return backwards, values

    def _cursor(self, order: Sequence[Order], backwards: bool, values: tuple[object, ...]) -> str:
        """Return a cursor with the sort key values, or only the key if they are too long."""
        cursor = self._cipher.write(_named(order), backwards, values)
        if len(cursor) <= MAX_LENGTH:
            return cursor
        return self._cipher.write(_by_key(order), backwards, values[-1:])

    def links(
        self,
        request: Request,
        window: Window,
        order: Sequence[Order],
        page: Page[object],
        ends: Sequence[tuple[object, ...]],
    ) -> dict[str, str]:
        """Return the URLs of other pages by relation: ``first``, ``prev``, ``next`` (RFC 8288).

        Args:
            request: The request for the page.
            window: The window of the page.
            order: The order.
            page: The page.
            ends: The sort key values of its first and its last item; empty for an empty page.
        """
        at = _Address(request)
        if not self._keyset:
            return _offset_links(at, window, has_next=page.has_next)
        links: dict[str, str] = {}
        if window.after is not None or window.before is not None:
            links["first"] = at.url("cursor", None)
        if page.has_previous and ends:
            links["prev"] = at.url("cursor", self._cursor(order, True, ends[0]))
        if page.has_next and ends:
            links["next"] = at.url("cursor", self._cursor(order, False, ends[-1]))
        return links


def _named(order: Sequence[Order]) -> str:
    return ",".join("-" * each.descending + each.name for each in order)


def _by_key(order: Sequence[Order]) -> str:
    """Return the signed name of an order for cursors that hold only the key of an item."""
    return f"{_named(order)} of an item"


class _Address:
    """The URL of a request, in which one parameter can be replaced."""

    def __init__(self, request: Request) -> None:
        self._path = quote_path(request.root_path + request.path)
        query: str = request.environ.get("QUERY_STRING", "")
        self._pairs = parse_qsl(
            query.encode("latin-1").decode("utf-8", "replace"), keep_blank_values=True
        )

    def url(self, parameter: str, value: str | None) -> str:
        pairs = [pair for pair in self._pairs if pair[0] != parameter]
        if value is not None:
            pairs.append((parameter, value))
        return f"{self._path}?{urlencode(pairs)}" if pairs else self._path


def _offset_links(at: _Address, window: Window, *, has_next: bool) -> dict[str, str]:
    limit, offset = window.limit, window.offset
    links: dict[str, str] = {}
    if offset:
        links["first"] = at.url("offset", None)
        links["prev"] = at.url("offset", str(max(0, offset - limit)))
    if has_next and offset + limit <= MAX_OFFSET:
        links["next"] = at.url("offset", str(offset + limit))
    return links
