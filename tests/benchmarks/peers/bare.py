"""The floor: WSGI with nothing but orjson, routed, validated and written by hand."""

from __future__ import annotations

import re
from typing import Any

import orjson

__all__ = [
    "answer",
    "header_middleware",
    "hello",
    "middleware",
    "nesting",
    "routes",
    "services",
]

_JSON = "application/json"
_STATUS = {
    200: "200 OK",
    201: "201 Created",
    404: "404 Not Found",
    422: "422 Unprocessable Content",
}


def answer(start_response: Any, status: int, data: Any) -> list[bytes]:
    body = orjson.dumps(data)
    start_response(_STATUS[status], [("Content-Type", _JSON), ("Content-Length", str(len(body)))])
    return [body]


def hello() -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["PATH_INFO"] == "/":
            return answer(start_response, 200, {"hello": "world"})
        return answer(start_response, 404, {"status": 404})

    return app


def middleware(count: int) -> Any:
    app = hello()
    for _ in range(count):
        app = _around(app)
    return app


def _around(app: Any) -> Any:
    return lambda environ, start_response: app(environ, start_response)


def header_middleware(count: int) -> Any:
    app = hello()
    for _ in range(count):
        app = _adding_header(app)
    return app


def _adding_header(app: Any) -> Any:
    added = ("X-Content-Type-Options", "nosniff")

    def wrapped(environ: Any, start_response: Any) -> Any:
        return app(environ, lambda status, headers: start_response(status, [*headers, added]))

    return wrapped


def services() -> Any:
    import datetime as dt
    import uuid

    from ..cases import LISTS, books

    lists = {f"/lists/{count}": books(count) for count in LISTS}

    def converters(part: list[str]) -> tuple[int, Any]:
        try:
            return 200, {"item": int(part[2]), "part": str(uuid.UUID(part[4]))}
        except ValueError:
            return 404, {"status": 404}

    def orders(environ: Any) -> tuple[int, Any]:
        data = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        faults = _faults_of(data)
        if faults:
            return 422, {"errors": faults}
        data["account"] = uuid.UUID(data["account"])
        data["placed_at"] = dt.datetime.fromisoformat(data["placed_at"])
        data["ship_on"] = dt.date.fromisoformat(data["ship_on"])
        return 201, data

    def app(environ: Any, start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/":
            return answer(start_response, 200, {"hello": "world"})
        if path == "/orders" and environ["REQUEST_METHOD"] == "POST":
            return answer(start_response, *orders(environ))
        if path in lists:
            return answer(start_response, 200, [_book(each) for each in lists[path]])
        part = path.split("/")
        if len(part) == 5 and part[1] == "items" and part[3] == "parts":
            return answer(start_response, *converters(part))
        return answer(start_response, 404, {"status": 404})

    return app


def _book(book: Any) -> dict[str, Any]:
    return {
        "id": book.id,
        "title": book.title,
        "author": book.author,
        "isbn": book.isbn,
        "pages": book.pages,
        "price": book.price,
        "rating": book.rating,
        "available": book.available,
        "published": book.published,
        "added": book.added,
    }


_email = re.compile(r"^[^@\s]+@[^@\s]+\.[^@\s]+$").match
_uuid = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_date = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_datetime = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})"
).fullmatch


def _text(value: Any, low: int, high: int) -> bool:
    return type(value) is str and low <= len(value) <= high


def _number(value: Any, low: int, high: float) -> bool:
    return (type(value) is int or type(value) is float) and low <= value <= high


_CHECKS = (
    ("reference", lambda value: _text(value, 1, 40)),
    ("customer", lambda value: _text(value, 1, 100)),
    ("email", lambda value: type(value) is str and _email(value)),
    ("account", lambda value: type(value) is str and _uuid(value)),
    ("placed_at", lambda value: type(value) is str and _datetime(value)),
    ("ship_on", lambda value: type(value) is str and _date(value)),
    ("currency", lambda value: value in ("EUR", "USD", "GBP")),
    ("total", lambda value: _number(value, 0, 1e300)),
    ("weight", lambda value: type(value) is int and 0 <= value <= 100_000),
    ("express", lambda value: value is True or value is False),
    ("tags", lambda value: type(value) is list and all(type(each) is str for each in value)),
    ("note", lambda value: value is None or _text(value, 0, 500)),
)
_ITEM_CHECKS = (
    ("sku", lambda value: _text(value, 1, 20)),
    ("title", lambda value: _text(value, 1, 200)),
    ("quantity", lambda value: type(value) is int and 1 <= value <= 1000),
    ("price", lambda value: _number(value, 0, 1e300)),
)


def _faults_of(data: dict[str, Any]) -> list[str]:
    faults = [name for name, check in _CHECKS if not check(data.get(name))]
    for number, item in enumerate(data["items"]):
        faults += [
            f"items/{number}/{name}" for name, check in _ITEM_CHECKS if not check(item.get(name))
        ]
    return faults


def routes(count: int) -> Any:
    sections = {f"section-{number}": number for number in range(count)}

    def app(environ: Any, start_response: Any) -> list[bytes]:
        part = environ["PATH_INFO"].split("/")
        number = sections.get(part[1])
        if number is None or len(part) != 3 or not part[2].isdecimal():
            return answer(start_response, 404, {"status": 404})
        return answer(start_response, 200, {"section": number, "item": int(part[2])})

    return app


def nesting(depth: int) -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        data = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        level = data
        for _ in range(depth):
            if not (_text(level["name"], 1, 40) and _number(level["value"], 0, 100)):
                return answer(start_response, 422, {"errors": ["name or value"]})
            level = level.get("child")
        return answer(start_response, 201, data)

    return app
