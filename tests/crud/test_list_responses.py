"""Responses of lists: HEAD with a total, in each page format."""

from __future__ import annotations

from typing import Any

import pytest
from shelf import Book, collection, mounted

from restkit.crud import Bare, CRUDResource, ListQuery, MemoryStore, Page, PageNumbers
from restkit.testing import Client

BOOKS = tuple(Book(f"t{number}", genre="odd" if number % 2 else "even") for number in range(7))
EXACT = {"Prefer": "count=exact"}


@pytest.mark.parametrize("paging", ["keyset", "offset", Bare()])
def test_the_total_by_head(paging: Any) -> None:
    """HEAD with a preference for a total has it in a header, and no content."""
    client = collection(*BOOKS, paging=paging, filters=("genre",))
    response = client.head("/books?genre=odd&limit=1", headers=EXACT)
    assert response.status == 200
    assert response.content == b""
    assert response.headers["Total-Count"] == "3"
    assert response.headers["Preference-Applied"] == "count=exact"
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Vary"] == "Accept"
    assert "Content-Length" not in response.headers
    assert "Total-Count" not in client.head("/books").headers
    assert client.head("/books?genre__x=1", headers=EXACT).status == 422


def test_the_total_by_head_of_numbered_pages() -> None:
    """HEAD has the same links as GET if pages have numbers."""
    client = collection(*BOOKS, paging=PageNumbers(), page_size=3)
    head, get = client.head("/books?page=2"), client.get("/books?page=2")
    assert head.headers["Total-Count"] == get.headers["Total-Count"] == "7"
    assert head.headers["Link"] == get.headers["Link"]


class Watched(CRUDResource[Book]):
    asked: list[int | None] = []

    def list(self, query: ListQuery) -> Page[Book]:
        self.asked.append(query.limit)
        return super().list(query)


def test_head_reads_no_items() -> None:
    """The action of a list decides the total too, and is asked for no items."""
    Watched.asked.clear()
    client = Client(mounted(base=Watched, store=MemoryStore(Book, items=BOOKS)))
    assert client.head("/books", headers=EXACT).headers["Total-Count"] == "7"
    assert Watched.asked == [0]
