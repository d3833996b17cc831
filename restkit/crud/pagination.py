"""Pages of a collection: their size, where they begin, and the links between them.

Keyset pages begin behind an item, so that inserts and deletes move nothing, and the last page costs what the first
does. Counted pages pass over a number of items, for those who need to jump.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode

from marshmallow import fields as ma
from marshmallow import validate

from ..errors import DeclarationError
from ..problems import BadRequest
from ..request import Request
from .cursors import CursorSigner
from .query import Order, Page

__all__ = ["Pager", "Paging", "Window"]

Paging = Literal["keyset", "offset"]
MAX_OFFSET = 2**31 - 1
_MAX_CURSOR = 2000  # of a URL that every server and proxy takes
_ROOT = "/!$&'()*+,:;=@"


@dataclass(frozen=True, slots=True)
class Window:
    """Is which part of a collection a query asks for."""

    limit: int
    after: tuple[Any, ...] | None = None
    before: tuple[Any, ...] | None = None
    offset: int = 0


class Pager:
    """Is the pages of one collection."""

    def __init__(
        self, paging: str, size: int, largest: int, signer: CursorSigner, declared_at: str
    ) -> None:
        """Make the pages.

        Args:
            paging: ``"keyset"``, or ``"offset"``.
            size: How many items a page has where nothing is said.
            largest: How many it may have at the most.
            signer: Of the cursors.
            declared_at: Where it is declared, for messages.

        Raises:
            DeclarationError: The sizes are no sizes.
        """
        if paging not in ("keyset", "offset"):
            raise DeclarationError(
                f"{declared_at}.paging is {paging!r}; it is 'keyset' or 'offset'."
            )
        if not 1 <= size <= largest:
            raise DeclarationError(
                f"{declared_at}.page_size is {size} and max_page_size {largest}; a page has at least one item, and page_size "
                "at most max_page_size."
            )
        self._keyset = paging == "keyset"
        self._size = size
        self._largest = largest
        self._signer = signer

    def fields(self) -> dict[str, ma.Field[Any]]:
        """Return the query parameters."""
        limit = ma.Int(
            load_default=self._size,
            validate=validate.Range(1, self._largest),
            metadata={"description": "How many items a page has."},
        )
        if self._keyset:
            # NOTE: the document says it in the words of the 400, not as a parameter: any text that no answer gave is a
            # 400, so a parameter of type string would promise what cannot be kept.
            cursor = ma.Str(
                validate=validate.Length(1, _MAX_CURSOR), metadata={"documented": False}
            )
            return {"limit": limit, "cursor": cursor}
        offset = ma.Int(
            load_default=0,
            validate=validate.Range(0, MAX_OFFSET),
            metadata={"description": "How many items to pass over."},
        )
        return {"limit": limit, "offset": offset}

    def window(
        self,
        query: Mapping[str, Any],
        order: Sequence[Order],
        kinds: Sequence[type[enum.Enum] | None],
        find: Callable[[Any], tuple[Any, ...] | None],
    ) -> Window:
        """Return the part that a validated query asks for.

        Args:
            query: The validated query.
            order: The order that it asks for.
            kinds: The enumeration of each of its keys that is one.
            find: Returns the values of the order's keys of the item that is named, None where there is none.

        Raises:
            BadRequest: The cursor is none of this collection in this order.
        """
        cursor = query.get("cursor")
        if cursor is None:
            return Window(query["limit"], offset=query.get("offset", 0))
        try:
            backwards, values = self._place(cursor, order, kinds, find)
        except ValueError:
            raise BadRequest(
                "The cursor is none of this collection in this order.",
                errors=[
                    {
                        "parameter": "cursor",
                        "location": "query",
                        "detail": "Not a cursor.",
                        "code": "cursor",
                    }
                ],
            ) from None
        return (
            Window(query["limit"], before=values)
            if backwards
            else Window(query["limit"], after=values)
        )

    def _place(
        self,
        cursor: str,
        order: Sequence[Order],
        kinds: Sequence[type[enum.Enum] | None],
        find: Callable[[Any], tuple[Any, ...] | None],
    ) -> tuple[bool, tuple[Any, ...]]:
        try:
            return self._signer.read(_named(order), cursor, kinds)
        except ValueError:
            backwards, (key,) = self._signer.read(_by_key(order), cursor, (None,))
        values = find(key)
        if values is None:
            raise ValueError("the item that the page begins at is gone")
        return backwards, values

    def _cursor(self, order: Sequence[Order], backwards: bool, values: tuple[Any, ...]) -> str:
        """Return the cursor of a place: the values there, or the item alone where they are too long for a URL."""
        cursor = self._signer.write(_named(order), backwards, values)
        return (
            cursor
            if len(cursor) <= _MAX_CURSOR
            else self._signer.write(_by_key(order), backwards, values[-1:])
        )

    def links(
        self,
        request: Request,
        window: Window,
        order: Sequence[Order],
        page: Page[Any],
        ends: Sequence[tuple[Any, ...]],
    ) -> dict[str, str]:
        """Return the URLs of other pages by their relation: ``first``, ``prev``, ``next`` (RFC 8288).

        Args:
            request: Whose answer the page is.
            window: What was asked for.
            order: The order.
            page: The page.
            ends: The values of the order's keys of its first and its last item, () where it is empty.
        """
        at = _Address(request)
        links: dict[str, str] = {}
        if not self._keyset:
            limit, offset = window.limit, window.offset
            if offset:
                links = {
                    "first": at.url("offset", None),
                    "prev": at.url("offset", str(max(0, offset - limit))),
                }
            if page.has_next and offset + limit <= MAX_OFFSET:
                links["next"] = at.url("offset", str(offset + limit))
            return links
        if window.after is not None or window.before is not None:
            links["first"] = at.url("cursor", None)
        if page.has_previous and ends:
            links["prev"] = at.url("cursor", self._cursor(order, True, ends[0]))
        if page.has_next and ends:
            links["next"] = at.url("cursor", self._cursor(order, False, ends[-1]))
        return links


def _named(order: Sequence[Order]) -> str:
    return ",".join(("-" if each.descending else "") + each.name for each in order)


def _by_key(order: Sequence[Order]) -> str:
    """Return what signs a cursor that names an item by its key, the last of each order, instead of its values."""
    return f"{_named(order)} of an item"


class _Address:
    """Is a request's URL, of which one parameter is replaced."""

    def __init__(self, request: Request) -> None:
        self._path = quote(request.root_path + request.path, safe=_ROOT)
        query: str = request.environ.get("QUERY_STRING", "")
        self._pairs = parse_qsl(
            query.encode("latin-1").decode("utf-8", "replace"), keep_blank_values=True
        )

    def url(self, parameter: str, value: str | None) -> str:
        pairs = [pair for pair in self._pairs if pair[0] != parameter]
        if value is not None:
            pairs.append((parameter, value))
        return f"{self._path}?{urlencode(pairs)}" if pairs else self._path
