"""A store in memory does not pay for its size: pages, reads and changes cost the same."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from dataclasses import replace
from types import FrameType
from typing import Any

import pytest
from shelf import Book, collection

from restkit.crud.memory_index import SharedMap, SortedEntries
from restkit.crud.memory_pages import page_of
from restkit.crud.memory_rows import Row, Rows
from restkit.crud.query import Condition, ListQuery, Order
from restkit.crud.selection import select
from restkit.testing import Client

FEW, MANY = 300, 3000


def lines(ask: Callable[[], object]) -> int:
    """Return how many lines and calls of Python and C are run, instead of the time."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., Any]:
        nonlocal count
        count += 1
        return trace

    def note(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "c_call"

    before = sys.gettrace(), sys.getprofile()
    sys.settrace(trace)
    sys.setprofile(note)
    try:
        ask()
    finally:
        sys.settrace(before[0])
        sys.setprofile(before[1])
    return count


def shelf(count: int) -> Client:
    books = [Book(f"title {number:06}", year=1900 + number % 100) for number in range(count)]
    return collection(*books, sorts=("title", "year"), filters=("year",))


def cost(request: Callable[[Client, int], Any], count: int) -> int:
    """Return the work of the second request, with a key of its own."""
    client = shelf(count)
    assert request(client, 7).status < 300  # what is made at the first request is made
    responses: list[Any] = []
    found = lines(lambda: responses.append(request(client, 8)))
    assert responses[0].status < 300
    return found


PAGE_AT = "/books?limit=20&sort=year"
REQUESTS: dict[str, Callable[[Client, int], Any]] = {
    "the first page": lambda client, key: client.get("/books?limit=20"),
    "a page in another order": lambda client, key: client.get("/books?limit=20&sort=-title"),
    "a page with a common filter": lambda client, key: client.get("/books?limit=2&year=1905"),
    "the next page": lambda client, key: client.get(client.get(PAGE_AT).json["next"]),
    "an item": lambda client, key: client.get(f"/books/{key}"),
    "a PATCH": lambda client, key: client.patch(f"/books/{key}", json={"year": 2000}),
    "a PUT": lambda client, key: client.put(f"/books/{key}", json={"title": "another"}),
    "a POST": lambda client, key: client.post("/books", json={"title": "a new one"}),
    "a DELETE": lambda client, key: client.delete(f"/books/{key}"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_do_not_grow_with_the_store(name: str) -> None:
    """Ten times as many items cost a request hardly more."""
    few, many = cost(REQUESTS[name], FEW), cost(REQUESTS[name], MANY)
    assert many <= few * 1.1 + 100


def test_a_change_after_a_page_keeps_the_orders() -> None:
    """Each list after a write is in order, in both directions, with what was written."""
    client = shelf(1200)
    assert len(client.get("/books?limit=50&sort=year").json["items"]) == 50
    client.patch("/books/700", json={"year": 1, "title": "the first"})
    client.delete("/books/1")
    client.post("/books", json={"title": "the last", "year": 9999})
    first = client.get("/books?limit=1&sort=year").json["items"]
    last = client.get("/books?limit=1&sort=-year").json["items"]
    assert [each["title"] for each in (*first, *last)] == ["the first", "the last"]
    assert client.get("/books?limit=1").json["items"][0]["id"] == 2


@pytest.mark.parametrize("seed", range(40))
def test_pages_are_those_of_a_list(seed: int) -> None:
    """A walk along the order finds the page that sorting all items finds."""
    drawn = random.Random(seed)
    rows = Rows([("id",)])
    for number in range(1, drawn.randint(1, 700)):
        year = drawn.choice([None, *range(1990, 2000)])
        book = Book(f"t{drawn.randint(0, 5)}", year=year, id=number)
        rows.put(Row(number, book, 1))
    items = [row.item for row in rows]
    names = drawn.sample(["title", "year"], drawn.randint(0, 2))
    order = tuple(Order(name, drawn.random() < 0.5) for name in (*names, "id"))
    edge = drawn.choice(items or [Book("t", id=1)])
    values = tuple(getattr(edge, each.name) for each in order)
    query = ListQuery(order=order, limit=drawn.randint(1, 30), count="exact")
    wanted = (Condition("title", "ne", "t3"),)
    for conditions in ((), wanted):
        base = replace(query, conditions=conditions)
        for each in (
            base,
            replace(base, offset=drawn.randint(0, 50)),
            replace(base, after=values),
            replace(base, before=values),
        ):
            assert page_of(rows, each, ()) == select(items, each)


@pytest.mark.parametrize("seed", range(5))
def test_copies_are_independent(seed: int) -> None:
    """What is written to a copy, or to its original, does not reach the other one."""
    drawn = random.Random(seed)
    entries, values = SortedEntries(), SharedMap[int, int]()
    copies: list[tuple[SortedEntries, SharedMap[int, int], dict[int, int]]] = []
    known: dict[int, int] = {}
    for step in range(6000):
        key = drawn.randint(0, 1500)
        if key in known:
            entries.drop(key)
            values.drop(key)
            del known[key]
        else:
            entries.add((key, step))
            values.put(key, step)
            known[key] = step
        if step % 600 == 0:
            copies.append((entries, values, dict(known)))
            entries, values = entries.copied(), values.copied()
    for found, mapped, expected in [*copies, (entries, values, known)]:
        assert list(found) == sorted(expected.items())
        assert len(found) == len(mapped) == len(expected)
        assert {key: mapped.get(key) for key in expected} == expected
        assert mapped.get(-1) is None
        assert all(found.find(key) == (key, value) for key, value in expected.items())
        middle = sorted(expected)[len(expected) // 2] if expected else 0
        assert [key for key, _ in found.after((middle, 10**9))] == [
            key for key in sorted(expected) if key > middle
        ]
        assert [key for key, _ in found.before((middle,))] == [
            key for key in sorted(expected, reverse=True) if key < middle
        ]
