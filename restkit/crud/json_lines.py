"""JSON Lines: a whole collection as a stream, from one snapshot or page by page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..media import NDJSON
from ..response import Chunks, PlainResponse
from .binding import Binding
from .item_serializer import ItemSerializer
from .query import ListQuery
from .store import Releasing, Transaction

__all__ = ["lines_response", "page_lines"]

_PAGE = 500


def lines_response(
    chunks: Iterator[bytes], source: Iterator[object] | None = None
) -> PlainResponse:
    """Return a stream. A failure before its first chunk is still a problem response.

    Args:
        chunks: The content.
        source: The iterator to close if the client disconnects; the chunks by default.
    """
    first = next(chunks, b"")
    body = Chunks(first, chunks, chunks if source is None else source)
    return PlainResponse(200, [("Content-Type", NDJSON)], body)


def page_lines(
    rows: Transaction[object], query: ListQuery, view: ItemSerializer, binding: Binding
) -> Iterator[bytes]:
    """Yield the items of a query page by page, and hold no connection while the client reads.

    Each page is one transaction. An item that is changed meanwhile so that its place in the order
    moves may be missing or occur twice; with the key as the order, none does.
    """
    after: tuple[object, ...] | None = None
    has_next = True
    while has_next:
        page = rows.list(
            replace(query, limit=_PAGE, after=after, before=None, offset=0, count="none")
        )
        content = b"".join(view.lines(page.items))
        ends = binding.ends(page, query.order)
        has_next = page.has_next and bool(ends)
        if isinstance(rows, Releasing):
            rows.release()
        if ends:
            after = ends[-1]
            yield content
