"""`PageFormat`: the parameters, content and headers of the pages of a collection.

A format says with which parameters clients ask for a page, which schema its content has, and how
the content and the headers are made of a page. The Operation of the list has all of that from the
format, and so do the document and the contract check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, validate
from marshmallow import fields as ma

from ..contract import Header
from ..encoding import dumps_json
from .store import AnyField

__all__ = [
    "ITEMS",
    "MAX_OFFSET",
    "ListedPage",
    "PageFormat",
    "PageQuery",
    "PageSizes",
    "SerializedItems",
    "Window",
    "count_field",
    "items_field",
    "next_field",
    "page_text",
    "pages_of",
    "places_of_items",
    "size_field",
]

PageQuery = Mapping[str, Any]
"""The validated query parameters of a list, whose values are of any type."""

MAX_OFFSET = 2**31 - 1
"""The largest number of items that a page may skip."""


class SerializedItems:
    """The place of the items in the content of a page: they are serialized by themselves."""


ITEMS = SerializedItems()


@dataclass(frozen=True, slots=True)
class PageSizes:
    """The sizes of the pages of a collection.

    Attributes:
        default: The default number of items on a page.
        largest: The largest number of items that a client may request.
    """

    default: int
    largest: int


@dataclass(frozen=True, slots=True)
class Window:
    """The part of a collection that a page has.

    Attributes:
        limit: The maximum number of items.
        offset: The number of items to skip.
        cursor: The cursor at which the page begins, None for the first page.
    """

    limit: int
    offset: int = 0
    cursor: str | None = None


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of which a format makes the content and the headers.

    Attributes:
        window: The part of the collection.
        length: The number of items on the page.
        total: The number of items on all pages, None if it is not known.
        links: The URLs of other pages by relation: ``first``, ``prev``, ``next``, ``last``.
        items: The place of the items in the content.
    """

    window: Window
    length: int = 0
    total: int | None = None
    links: Mapping[str, str] = field(default_factory=dict)
    items: SerializedItems = ITEMS

    @property
    def number(self) -> int:
        """The number of the page, from 1."""
        return self.window.offset // self.window.limit + 1

    @property
    def pages(self) -> int:
        """The number of pages, 0 without items or if the total is not known."""
        return pages_of(self.total or 0, self.window.limit)


def pages_of(total: int, limit: int) -> int:
    """Return the number of pages of a number of items."""
    return -(-total // limit)


class PageFormat:
    """The base class of page formats.

    A format of your own has the parameters of a page, the schema of its content, and functions
    that make the content and the headers::

        class Rows(PageFormat):
            is_counted = True

            def parameters(self, sizes):
                return {"start": fields.Int(load_default=0, validate=validate.Range(0, 10**6))}

            def window(self, query, sizes):
                return Window(sizes.default, offset=query["start"])

            def place(self, window):
                return {"start": str(window.offset)}

            def schema(self, item):
                return {
                    "rows": fields.List(fields.Nested(item), required=True),
                    "count": fields.Int(required=True),
                }

            def content(self, page):
                return {"rows": page.items, "count": page.total}

    Attributes:
        has_cursors: Whether pages begin at a cursor, and not after a number of items.
        is_counted: Whether each page needs the total, which costs one more statement.
        total_header: The response header with the total, if the total is known.
        response_headers: Further response headers, which `headers` returns.
        suffix: The end of the name of the content's schema: ``BookPage``.
    """

    has_cursors: bool = False
    is_counted: bool = False
    total_header: str = "Total-Count"
    response_headers: Sequence[Header] = ()

    @property
    def suffix(self) -> str:
        """The end of the name of the content's schema."""
        return type(self).__name__

    def parameters(self, sizes: PageSizes, /) -> Mapping[str, AnyField]:
        """Return the query parameters, with their bounds.

        Args:
            sizes: The sizes of the collection's pages.
        """
        raise NotImplementedError

    def window(self, query: PageQuery, sizes: PageSizes, /) -> Window:
        """Return the window that the validated query parameters select.

        Args:
            query: The query parameters.
            sizes: The sizes of the collection's pages.
        """
        raise NotImplementedError

    def place(self, window: Window, /) -> Mapping[str, str | None]:
        """Return the query parameters of a link to another page of the same size.

        Returns:
            The parameters that say where the page begins; None removes one.
        """
        raise NotImplementedError

    def schema(self, item: type[Schema], /) -> Mapping[str, AnyField] | type[Schema] | None:
        """Return the schema of the content.

        Args:
            item: The schema of an item in a response.

        Returns:
            The members by name, a schema class, or None for a plain array of items.
        """
        raise NotImplementedError

    def content(self, page: ListedPage, /) -> object:
        """Return the content of a page as JSON data, with ``page.items`` in place of the items."""
        raise NotImplementedError

    def headers(self, page: ListedPage, /) -> Mapping[str, str]:
        """Return the values of the headers in `response_headers`."""
        return {}


# the fields of contents and parameters


def size_field(sizes: PageSizes) -> AnyField:
    """Return the query parameter of the number of items on a page."""
    return ma.Int(
        load_default=sizes.default,
        validate=validate.Range(1, sizes.largest),
        metadata={"description": "The maximum number of items on the page."},
    )


def items_field(item: type[Schema]) -> AnyField:
    """Return the member with the items of a page."""
    return ma.List(
        ma.Nested(item), required=True, metadata={"description": "The items of the page."}
    )


def next_field() -> AnyField:
    """Return the member with the URL of the next page."""
    return ma.Str(
        required=True,
        allow_none=True,
        metadata={"description": "The URL of the next page, null on the last page."},
    )


def count_field(description: str) -> AnyField:
    """Return a member with a number that each page has."""
    return ma.Int(
        required=True, validate=validate.Range(min=0), metadata={"description": description}
    )


# the content of a page


def page_text(content: object, items: bytes) -> bytes:
    """Return the JSON of a page.

    Args:
        content: The content that a page format has made, with a place for the items.
        items: The items as a JSON array.
    """
    if content is ITEMS:
        return items
    if not isinstance(content, Mapping):
        return dumps_json(content)
    members = dict(content)
    first = next(iter(members), None)
    if first is not None and members[first] is ITEMS:
        del members[first]
        start = b"{" + dumps_json(first) + b":" + items
        return start + b"," + dumps_json(members)[1:] if members else start + b"}"
    parts = (dumps_json(name) + b":" + page_text(each, items) for name, each in members.items())
    return b"{" + b",".join(parts) + b"}"


def places_of_items(content: object) -> int:
    """Return the number of places of the items in a content."""
    if isinstance(content, Mapping):
        return sum(map(places_of_items, content.values()))
    return int(content is ITEMS)
