"""What is asked and what must be answered:
requests, payloads and expected answers, once for all programs.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from .case import Case, Mismatch, verify
from .everyday import FAULTS, FAULTY_ORDER, ORDER, QUERY, invoices, written_invoice
from .payloads.cases import LEDGER, PAYLOADS

__all__ = [
    "CASES",
    "DATABASE",
    "EVERYDAY",
    "GUARDS",
    "LEDGER",
    "LISTS",
    "PAGES",
    "PAYLOADS",
    "ROUTES",
    "ROWS",
    "SCALING",
    "SESSIONS",
    "SHELVED",
    "WRAPPED",
    "Book",
    "Case",
    "Mismatch",
    "book_of",
    "books",
    "shelved",
    "verify",
]

# NOTE: The offset is not zero, because some serializers write UTC as "Z" and others as "+00:00".
ZONE = dt.timezone(dt.timedelta(hours=2))
ITEM, PART = 42, "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77"
LISTS = (10, 100, 1_000, 10_000)
ROUTES = (5, 50, 500, 5_000)
DEPTHS = tuple(range(1, 9))
SHELVED = 1_000


@dataclass
class Book:
    """Is what a list has: ten attributes of six types."""

    id: int
    title: str
    author: str
    isbn: str
    pages: int
    price: float
    rating: float
    available: bool
    published: dt.date
    added: dt.datetime


# payloads


def _order() -> dict[str, Any]:
    """Return what is posted: twelve fields, and five items of four fields each."""
    return {
        "reference": "PO-2026-000417",
        "customer": "Ada Lovelace",
        "email": "ada@example.com",
        "account": PART,
        "placed_at": "2026-03-01T09:30:15+02:00",
        "ship_on": "2026-03-04",
        "currency": "EUR",
        "total": 129.9,
        "weight": 2400,
        "express": True,
        "tags": ["gift", "fragile", "books"],
        "note": None,
        "items": [
            {
                "sku": f"BK-{number:05}",
                "title": f"Volume {number}",
                "quantity": number,
                "price": 9.5 + number,
            }
            for number in range(1, 6)
        ],
    }


def _faulty_order() -> dict[str, Any]:
    order = _order()
    order["reference"] = ""
    order["weight"] = -1
    order["items"][2]["quantity"] = 0
    return order


def book_of(number: int) -> Book:
    """Return one object of a list; every number has its own."""
    return Book(
        id=number,
        title=f"The Notes of Volume {number}",
        author=f"Author {number % 17}",
        isbn=f"978-0-{number:06}-0",
        pages=100 + number % 700,
        price=5.25 + number % 40,
        rating=(number % 50) / 10,
        available=number % 3 > 0,
        published=dt.date(1950 + number % 75, 1 + number % 12, 1 + number % 28),
        added=dt.datetime(
            2026,
            1 + number % 12,
            1 + number % 28,
            number % 24,
            number % 60,
            number % 60,
            tzinfo=ZONE,
        ),
    )


def books(count: int) -> list[Book]:
    """Return the objects of a list, as a database would hand them over."""
    return [book_of(number) for number in range(1, count + 1)]


def shelved(number: int) -> Book:
    """Return what a row of the table of books has; SQLite keeps no zone."""
    book = book_of(number)
    return replace(book, added=book.added.replace(tzinfo=None))


def _written(book: Book) -> dict[str, Any]:
    return {**vars(book), "published": book.published.isoformat(), "added": book.added.isoformat()}


def _nested(depth: int) -> dict[str, Any]:
    level: dict[str, Any] = {"name": f"level {depth}", "value": depth}
    for number in range(depth - 1, 0, -1):
        level = {"name": f"level {number}", "value": number, "child": level}
    return level


# the cases


def _list(count: int, requests: int, target: int | None = None) -> Case:
    expected = [_written(book) for book in books(count)]
    title = f"list of {count:,} objects of 10 fields"
    return Case(
        f"list-{count}", title, f"/lists/{count}", requests, expected=expected, target=target
    )


def _routes(count: int, requests: int, target: int | None = None) -> Case:
    path = f"/section-{count - 1}/{ITEM}"
    title, expected = f"last of {count:,} routes", {"section": count - 1, "item": ITEM}
    service = f"routes:{count}"
    return Case(
        f"routes-{count}", title, path, requests, service=service, expected=expected, target=target
    )


def _wrapped() -> list[Case]:
    """Return hello inside middleware: the target is that of hello, and 6, 10 or 3 more for each."""
    hello = {"hello": "world"}
    rows = [
        ("middleware-1", "hello inside 1 middleware", "middleware:1", 36),
        ("middleware-3", "hello inside 3 middlewares", "middleware:3", 42),
        ("middleware-header", "hello inside 1 that sets a header", "header_middleware:1", 40),
    ]
    return [
        Case(name, title, "/", 300, service=service, expected=hello, target=target)
        for name, title, service, target in rows
    ]


def _nesting(depth: int) -> Case:
    content = _nested(depth)
    return Case(
        f"nesting-{depth}",
        f"POST nested {depth} deep, validated, serialized back",
        "/tree",
        60,
        method="POST",
        body=json.dumps(content).encode(),
        service=f"nesting:{depth}",
        status=201,
        expected=content,
    )


def _rows() -> list[Case]:
    path = f"/items/{ITEM}/parts/{uuid.UUID(PART)}"
    order, faulty = _order(), json.dumps(_faulty_order()).encode()
    posted = json.dumps(order).encode()
    post = "POST, 12 fields + 5 nested items, validated, serialized back"
    names = ("reference", "weight", "quantity")
    return [
        Case("hello", "hello JSON", "/", 300, expected={"hello": "world"}, target=40),
        Case(
            "converters",
            "two path converters (int, uuid)",
            path,
            300,
            expected={"item": ITEM, "part": PART},
            target=80,
        ),
        Case(
            "post",
            post,
            "/orders",
            100,
            method="POST",
            body=posted,
            status=201,
            expected=order,
            target=320,
        ),
        Case(
            "errors",
            "the same, 3 errors",
            "/orders",
            100,
            method="POST",
            body=faulty,
            status=422,
            faults=names,
            target=450,
        ),
        _list(100, 20, target=2_000),
        Case("missing", "404", "/nowhere", 300, status=404, target=60),
        _routes(500, 100, target=80),
    ]


def _database() -> list[Case]:
    page = [_written(shelved(number)) for number in range(1, 101)]
    posted = {name: value for name, value in page[ITEM - 1].items() if name != "id"}
    read = Case(
        "database-list",
        "list of 100 items",
        "/books?limit=100",
        20,
        service="database",
        expected=page,
    )
    one = replace(read, name="database-item", title="one item", path=f"/books/{ITEM}", requests=60)
    create = replace(
        one, name="database-create", title="POST of an item", path="/books", status=201, more=True
    )
    same = {name: value for name, value in page[ITEM - 1].items() if name != "pages"}
    update = replace(
        one,
        name="database-update",
        title="PATCH of one field",
        method="PATCH",
        more=True,
        expected=same,
    )
    return [
        read,
        replace(one, expected=page[ITEM - 1]),
        replace(create, method="POST", body=json.dumps(posted).encode(), expected=posted),
        replace(update, body=b'{"pages": 1}', other=b'{"pages": 2}'),
    ]


def _pages() -> list[Case]:
    title, row = "page of 50 rows, Jinja", "<td>The Notes of Volume 50</td>"
    static = "static file of 1 kB"
    return [
        Case("page-50", title, "/books", 60, service="pages", expected=row),
        Case("static", static, "/static/style.css", 60, service="static", expected="color: teal"),
    ]


def _sessions() -> list[Case]:
    # Signed by the key of the programs, at the moment at which their clock stands.
    cookie = (
        "theme=dark; session=eyJ1IjoiNyIsIjpuYW1lIjoiQWRhIExvdmVsYWNlIiwiOmJvb2tzIjpbMSwyLDNdLCJ0"
        "IjoxODAwMDAwMDAwLCJjIjoxODAwMDAwMDAwfQ.rjnBZrDJYbUqT1VbESTLamPsCGMfejg1LZ5nK52o5IM"
    )
    title, expected = "one value of a session, signed cookie", {"name": "Ada Lovelace"}
    read = Case("session-read", title, "/name", 300, service="sessions", expected=expected)
    unused = replace(read, name="session-unused", title="the same without a session", path="/none")
    return [replace(read, cookie=cookie), replace(unused, cookie=cookie)]


def _everyday() -> list[Case]:
    money = Case(
        "money-order",
        "POST of an order with places, ranges, an enumeration, aware times, 5 items",
        "/money-orders",
        100,
        method="POST",
        body=json.dumps(ORDER).encode(),
        service="everyday",
        status=201,
        expected=ORDER,
    )
    faulty = replace(
        money,
        name="money-order-errors",
        title="the same, 3 errors",
        body=json.dumps(FAULTY_ORDER).encode(),
        status=422,
        expected=None,
        faults=FAULTS,
    )
    found = [written_invoice(each) for each in invoices(100)]
    title = "list of 100 with 3 decimals, 2 enumerations and 3 times each"
    listed = Case(
        "invoices-100", title, "/invoices", 20, service="everyday", expected=found, target=1_900
    )
    title, path = "query with 5 typed parameters", f"/search?{QUERY}"
    expected = {"found": 5}
    query = Case("query-5", title, path, 200, service="everyday", expected=expected, target=60)
    return [money, faulty, listed, query]


def _guards() -> list[Case]:
    key = "k3y-of-the-warehouse"
    token = (  # signed by the secret of the program, until the year 2096
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJhZGEiLCJhdWQiOiJoZWxsbyIsImlzcyI"
        "6Imh0dHBzOi8vaWQuZXhhbXBsZSIsImV4cCI6NDAwMDAwMDAwMCwic2NvcGUiOiJyZWFkIn0.aOJ157h"
        "eTCRMMdbjN26whPmJTBw-PUlFiZzpw2mBwrQ"
    )
    title, expected = "hello with CORS", {"hello": "world"}
    cors = Case("cors", title, "/", 300, service="cors", expected=expected)
    origin = {"HTTP_ORIGIN": "https://app.example"}
    return [
        replace(cors, environ=origin),
        replace(
            cors,
            name="cors-refused",
            title="hello with CORS, another origin",
            environ={"HTTP_ORIGIN": "https://evil.example"},
        ),
        replace(cors, name="cors-absent", title="hello with CORS, no Origin"),
        replace(cors, name="limited", title="hello with a rate limit", service="limited"),
        replace(cors, name="hello-schema", title="hello with a schema", service="with_schema"),
        replace(cors, name="cache-hit", title="hello from the response cache", service="cached"),
        replace(cors, name="secure", title="hello with security headers", service="secure"),
        replace(cors, name="public", title="hello, public in a guarded App", service="public"),
        replace(
            cors,
            name="guarded",
            title="hello with a bearer token, a scope and a rate limit",
            service="guarded",
            environ={"HTTP_AUTHORIZATION": f"Bearer {key}"},
        ),
        replace(
            cors,
            name="keyed",
            title="hello with an API key, a scope and a rate limit",
            service="keyed",
            environ={"HTTP_X_API_KEY": key},
        ),
        replace(
            cors,
            name="signed",
            title="hello with a JWT that was verified before, a scope and a rate limit",
            service="signed",
            environ={"HTTP_AUTHORIZATION": f"Bearer {token}"},
        ),
        *_services(cors),
    ]


def _services(hello: Case) -> list[Case]:
    sent = {
        "HTTP_X_REQUEST_ID": "4bf92f3577b34da6a3ce929d0e0e4736",
        "HTTP_TRACEPARENT": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    ids = replace(hello, name="service", title="hello with ids and a trace", service="service")
    logged = "hello with ids, a trace and a JSON access log"
    return [
        ids,
        replace(ids, name="service-sent", title=f"{ids.title} that were sent", environ=sent),
        replace(ids, name="logged", title=logged, service="logged"),
        replace(
            ids, name="logged-sent", title=f"{logged}, sent ids", service="logged", environ=sent
        ),
    ]


EVERYDAY: Mapping[str, Case] = {case.name: case for case in _everyday()}
GUARDS: Mapping[str, Case] = {case.name: case for case in _guards()}
SESSIONS: Mapping[str, Case] = {case.name: case for case in _sessions()}
PAGES: Mapping[str, Case] = {case.name: case for case in _pages()}
WRAPPED: Mapping[str, Case] = {case.name: case for case in _wrapped()}
ROWS: Mapping[str, Case] = {case.name: case for case in _rows()}
SCALING: Mapping[str, Mapping[int, Case]] = {
    "list": {count: _list(count, max(3, 2_000 // count)) for count in LISTS},
    "routes": {count: _routes(count, 100) for count in ROUTES},
    "nesting": {depth: _nesting(depth) for depth in DEPTHS},
}
DATABASE: Mapping[str, Case] = {case.name: case for case in _database()}
CASES: Mapping[str, Case] = {
    **{case.name: case for group in SCALING.values() for case in group.values()},
    **ROWS,
    **EVERYDAY,
    **WRAPPED,
    **DATABASE,
    **PAGES,
    **SESSIONS,
    **GUARDS,
    **PAYLOADS,
    **LEDGER,
}
