"""A whole collection as a stream, from one snapshot or page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Literal

from ..errors import DeclarationError
from ..media import NDJSON
from ..records import Record
from ..response import Chunks, PlainResponse
from .binding import Binding
from .csv_export import CSV, CSVExport, csv_columns, csv_rows
from .item_serializer import ItemSerializer
from .query import ListQuery, Page
from .store import Releasing, Transaction

__all__ = ["StreamFormat", "collection_chunks", "stream_format", "stream_response"]

_PAGE = 500


class StreamFormat(Record):
    """The form of the items of a stream.

    Attributes:
        headers: The headers that describe the content.
        start: The content before the first item.
        write: A function from items to chunks of content.
    """

    headers: Mapping[str, str]
    start: bytes
    write: Callable[[Iterable[object]], Iterator[bytes]]


def stream_format(
    media_type: str, view: ItemSerializer, export: CSVExport | None
) -> StreamFormat | None:
    """Return the form of a stream of all items, None for media types that have pages.

    Args:
        media_type: The media type that the client wants.
        view: The serializer of the items.
        export: The options of CSV.
    """
    if media_type == NDJSON:
        return StreamFormat({"Content-Type": NDJSON}, b"", view.lines)
    if media_type == CSV and export is not None:
        columns = csv_columns(view.schemas)
        rows = csv_rows(view, columns, export.guard)
        return StreamFormat(export.headers, export.start(columns), rows)
    return None


def stream_response(
    format: StreamFormat,
    chunks: Iterator[bytes],
    source: Iterator[object],
    headers: Mapping[str, str],
    check_empty: Callable[[], None],
) -> PlainResponse:
    """Return a stream. A failure before its first item is still a problem response.

    Args:
        format: The form of the items.
        chunks: The items in that form.
        source: The iterator to close if the client disconnects.
        headers: Further headers.
        check_empty: A function that is called if there are no items.
    """
    first = next(chunks, b"")
    if not first:
        check_empty()
    body = Chunks(format.start + first, chunks, source)
    named = {**format.headers, "Vary": "Accept", **headers}
    return PlainResponse(200, list(named.items()), body)


def collection_chunks(
    rows: Transaction[object],
    query: ListQuery,
    format: StreamFormat,
    binding: Binding,
    lines: Literal["snapshot", "pages"],
    own: Callable[[ListQuery], Page[object]] | None = None,
) -> tuple[Iterator[bytes], Iterator[object]]:
    """Return the items of a query in a form, and the iterator to close after the last one.

    Args:
        rows: The transaction.
        query: The query.
        format: The form of the items.
        binding: The binding of the collection.
        lines: Whether the items are one snapshot, or are read page by page.
        own: The ``list`` of the class, which pages are read by, if it overrides it.
    """
    if lines == "pages" or own is not None:
        releasing = rows if lines == "pages" else None
        chunks = _chunks_of_pages(own or rows.list, releasing, query, format, binding)
        return chunks, chunks
    items = rows.stream(query)
    return format.write(items), items


def _chunks_of_pages(
    read: Callable[[ListQuery], Page[object]],
    rows: Transaction[object] | None,
    query: ListQuery,
    format: StreamFormat,
    binding: Binding,
) -> Iterator[bytes]:
    """Yield the items of a query page by page, and hold no connection while the client reads.

    Each page is one transaction. An item that is changed meanwhile so that its place in the order
    moves may be missing or occur twice; with the key as the order, none does.
    """
    after: tuple[object, ...] | None = None
    has_next = True
    while has_next:
        page = read(replace(query, limit=_PAGE, after=after, before=None, offset=0, count="none"))
        content = b"".join(format.write(page.items))
        ends = binding.ends(page, query.order)
        has_next = page.has_next and bool(ends)
        if has_next and ends[-1] == after:
            raise DeclarationError(
                f"{binding.declared_at}.list returns the same page again, so that a stream of its "
                "items would not end. Heed query.after, or return a Page without has_next."
            )
        if isinstance(rows, Releasing):
            rows.release()
        if ends:
            after = ends[-1]
            yield content
