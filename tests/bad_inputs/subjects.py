"""What the attacks are made of: stored items, their URLs, valid content, and odd texts."""

from __future__ import annotations

import json
from random import Random
from typing import Any

from .attack import CONTROLS, MARKER, ODD_BYTES

__all__ = [
    "BODIES",
    "PARCEL",
    "READS",
    "SEED",
    "WRITES",
    "encoded",
    "odd_bytes",
    "odd_header",
    "odd_text",
    "some_json",
    "spelled",
]

PARCEL = "0b5c9c3e-6a0f-4a52-9d55-0a3e3a0f4f11"
AUTHOR = {"name": "Jane Austen", "born": "1775-12-16"}
BOOK = {
    "title": "Emma",
    "author_id": 1,
    "genre": "fiction",
    "published": "1815-12-23",
    "pages": 474,
    "price": "9.50",
    "tags": ["a"],
}
ITEM = {
    "sku": "a-1",
    "name": "Lamp",
    "count": 3,
    "weight": 1.5,
    "price": "12.00",
    "added": "2026-01-02T03:04:05",
    "public": True,
    "data": {"a": [1]},
}
SENT_PARCEL = {"label": "Lamp", "sent": "2026-01-02"}

# In the order in which they are stored: method, path, content.
SEED: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/authors", AUTHOR),
    ("POST", "/authors", {"name": "George Eliot", "born": None}),
    ("POST", "/books", BOOK),
    ("POST", "/books", BOOK | {"title": "Persuasion", "pages": None}),
    ("POST", "/books", BOOK | {"title": "Romola", "author_id": 2, "genre": "history"}),
    ("POST", "/items", ITEM),
    ("POST", "/items", ITEM | {"sku": "b-2", "name": "Desk", "count": None}),
    ("PUT", f"/parcels/{PARCEL}", SENT_PARCEL),
)

READS = (
    "/authors",
    "/authors/1",
    "/authors/1/books",
    "/authors/1/books/1",
    "/books",
    "/books/1",
    "/books/1/cover",
    "/items",
    "/items/a-1",
    "/items/totals",
    "/parcels",
    f"/parcels/{PARCEL}",
    "/pictures",
    "/echo",
    "/words",
)
# Method, path and what is valid there.
WRITES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", "/authors", AUTHOR | {"name": "Anne"}),
    ("PUT", "/authors/1", AUTHOR),
    ("PATCH", "/authors/1", {"born": None}),
    ("POST", "/books", BOOK),
    ("PUT", "/books/1", BOOK),
    ("PATCH", "/books/1", {"pages": 5}),
    ("POST", "/items", ITEM | {"sku": "d-4"}),
    ("PUT", "/items/a-1", ITEM),
    ("PUT", "/items/e-5", ITEM | {"sku": "e-5"}),
    ("PATCH", "/items/a-1", {"count": 4}),
    ("POST", "/items/bulk", {"create": [ITEM | {"sku": "f-6"}]}),
    ("POST", "/parcels", SENT_PARCEL),
    ("PUT", f"/parcels/{PARCEL}", SENT_PARCEL),
    ("PATCH", f"/parcels/{PARCEL}", {"label": "Desk"}),
)
BODIES = {path: body for _, path, body in WRITES}

_TEXTS = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ufeff",
    "\u202e",
    "\u2028",
    "e\u0301",
    "\U0001f600",
    "\uffff",
    "\x7f\x80\x9f",
    "'",
    "' OR 1=1 --",
    '"',
    "%",
    "%00",
    "_",
    "\\",
    "${7*7}",
    "{{7*7}}",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "a" * 300,
    "a" * 10_000,
    "null",
    "NaN",
    "-0",
    "0x1",
    "1e400",
    "9" * 25,
    "٣",
    "1_000",
    "__proto__",
    "constructor",
    "=1+1",
    "\r\nSet-Cookie: a=b",
)


def odd_text(rng: Random) -> str:
    """Return a text that somebody may not have thought of."""
    picked = rng.choice(_TEXTS)
    if rng.random() < 0.3:
        picked += rng.choice(_TEXTS)
    if rng.random() < 0.1:
        picked += chr(rng.choice([*range(0x20, 0x250), *range(0x3000, 0x3100)]))
    return picked


def odd_bytes(rng: Random, length: int = 12) -> bytes:
    """Return bytes that are controls and not ASCII, with letters between them."""
    letters = ODD_BYTES + CONTROLS + b'abc",;=()<>@:\\/[]?{} \t' + bytes(range(128, 256))
    return bytes(rng.choices(letters, k=rng.randint(1, length)))


def odd_header(rng: Random) -> bytes:
    """Return the value of a header: odd bytes without an end of line."""
    # gunicorn refuses controls itself; most values must come as far as the application.
    without = b"\r\n" if rng.random() < 0.2 else CONTROLS.replace(b"\t", b"")
    found = odd_bytes(rng, 30).translate(None, without)
    return rng.choice([found, found * 200, MARKER + found, b'"' + found, found + b'"'])


def spelled(text: str) -> str:
    """Percent-encode every byte of a text."""
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def encoded(value: object) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode()


def some_json(rng: Random, depth: int = 3) -> Any:
    """Return a JSON value of any kind."""
    kind = rng.randrange(9 if depth else 7)
    if kind == 7:
        return [some_json(rng, depth - 1) for _ in range(rng.randint(0, 4))]
    if kind == 8:
        return {odd_text(rng)[:50]: some_json(rng, depth - 1) for _ in range(rng.randint(0, 4))}
    scalars: list[Any] = [
        None,
        rng.random() < 0.5,
        rng.choice([0, -1, 2**31, 2**53, 2**63 - 1, -(2**63), rng.randint(-9999, 9999)]),
        rng.choice([0.0, -0.0, 1e308, 5e-324, 0.1, -1.5]),
        odd_text(rng),
        MARKER.decode(),
        rng.choice(["2026-02-30", "0000-00-00", "9999-12-31T23:59:60Z", "24:00", "1.5", "1"]),
    ]
    return scalars[kind]
