"""The order that is posted: twelve fields, of which six are amounts of money, and five items."""

from __future__ import annotations

import json
from typing import Any

__all__ = [
    "faulty_order",
    "order",
    "order_of_bad_items",
    "order_of_unknown_members",
    "order_of_wrong_items",
]

HOSTILE = 65_536
"""The most bytes of a hostile body."""


def order() -> dict[str, Any]:
    """Return an order as a client sends it."""
    return {
        "reference": "PO-2026-000417",
        "customer": "Ada Lovelace",
        "email": "ada.lovelace@mail.example.com",
        "account": "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77",
        "placed_at": "2026-03-01T09:30:15+02:00",
        "deliver_by": "2026-03-05T18:00:00+02:00",
        "subtotal": "129.90",
        "discount": "12.99",
        "shipping": "4.95",
        "tax": "23.15",
        "total": "145.01",
        "deposit": "0.00",
        "items": [
            {
                "sku": f"BK-{number:05}",
                "title": f"Volume {number}, bound in cloth",
                "quantity": number,
                "gift": number % 2 == 0,
            }
            for number in range(1, 6)
        ],
    }


def faulty_order() -> dict[str, Any]:
    """Return an order with three faults: its email, its shipping and the quantity of an item."""
    content = order()
    content["email"] = "ada.lovelace at mail"
    content["shipping"] = "-4.95"
    content["items"][2]["quantity"] = 0
    return content


def order_of_wrong_items() -> bytes:
    """Return an order whose items are numbers, as many as 64 KiB hold."""
    return _filled(["1"] * (HOSTILE // 2))


def order_of_bad_items() -> bytes:
    """Return an order with a hundred items, which are allowed, and four faults in each."""
    item = {"sku": "s" * 260, "title": "t" * 260, "quantity": -1, "gift": "perhaps"}
    return _filled([json.dumps(item)] * 100)


def order_of_unknown_members() -> bytes:
    """Return an order with a hundred items and forty members in each that no schema has."""
    item = {f"unknown{number}": 1 for number in range(40)}
    return _filled([json.dumps(item, separators=(",", ":"))] * 100)


def _filled(items: list[str]) -> bytes:
    content = {**order(), "items": []}
    head = json.dumps(content).removesuffix("]}")
    room = HOSTILE - len(head) - 2
    kept, length = [], 0
    for item in items:
        length += len(item) + 1
        if length > room:
            break
        kept.append(item)
    return f"{head}{','.join(kept)}]}}".encode()
