"""Payloads with the fields that everyday schemas have: money, enumerations, times with zones."""

from __future__ import annotations

import copy
import datetime as dt
import enum
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

__all__ = [
    "FAULTS",
    "FAULTY_ORDER",
    "ORDER",
    "QUERY",
    "Currency",
    "Invoice",
    "State",
    "invoices",
    "written_invoice",
]

_ZONE = dt.timezone(dt.timedelta(hours=2))


class Currency(enum.Enum):
    EUR = "EUR"
    USD = "USD"


class State(enum.Enum):
    OPEN = "open"
    PAID = "paid"
    OVERDUE = "overdue"


_MONEY = {
    "subtotal": "129.90",
    "discount": "12.99",
    "shipping": "4.90",
    "tax": "23.14",
    "tip": "0.00",
    "total": "144.95",
}
_ITEMS = [
    {"sku": f"BK-{number:05}", "title": f"Volume {number}", "quantity": number}
    for number in range(1, 6)
]
ORDER: dict[str, Any] = {
    "account": "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77",
    "email": "ada@example.com",
    "currency": "EUR",
    "placed_at": "2026-03-01T09:30:15+02:00",
    "deliver_at": "2026-03-04T16:00:00+02:00",
    **_MONEY,
    "items": _ITEMS,
}
"""Twelve fields, six of them decimals, and five items."""


def _faulty(order: dict[str, Any]) -> dict[str, Any]:
    made = copy.deepcopy(order)
    made["email"] = "ada"
    made["tax"] = "much"
    made["items"][2]["quantity"] = 0
    return made


FAULTY_ORDER = _faulty(ORDER)
FAULTS = ("email", "tax", "quantity")

QUERY = "limit=20&since=2026-03-01&paid=true&minimum=12.50&state=OPEN"
"""Five typed parameters: a number, a date, a boolean, a decimal and an enumeration."""


@dataclass
class Invoice:
    """Ten attributes: three decimals, two enumerations, three times."""

    id: uuid.UUID
    number: str
    net: Decimal
    tax: Decimal
    total: Decimal
    currency: Currency
    state: State
    issued_at: dt.datetime
    due_on: dt.date
    paid_at: dt.datetime | None


def _invoice(number: int) -> Invoice:
    cent = Decimal("0.01")
    net = (Decimal(1000 + number * 37) / 100).quantize(cent)
    tax = (net / 5).quantize(cent)
    issued = dt.datetime(2026, 1 + number % 12, 1 + number % 28, number % 24, 30, tzinfo=_ZONE)
    return Invoice(
        id=uuid.UUID(int=number * 2**96 + number),
        number=f"2026-{number:05}",
        net=net,
        tax=tax,
        total=net + tax,
        currency=Currency.USD if number % 3 else Currency.EUR,
        state=list(State)[number % 3],
        issued_at=issued,
        due_on=issued.date() + dt.timedelta(days=30),
        paid_at=issued + dt.timedelta(days=9) if number % 2 else None,
    )


def invoices(count: int) -> list[Invoice]:
    """Return the objects of a list."""
    return [_invoice(number) for number in range(1, count + 1)]


def written_invoice(invoice: Invoice) -> dict[str, Any]:
    """Return an invoice as a response has it."""
    return {
        "id": str(invoice.id),
        "number": invoice.number,
        "net": str(invoice.net),
        "tax": str(invoice.tax),
        "total": str(invoice.total),
        "currency": invoice.currency.name,
        "state": invoice.state.value,
        "issued_at": invoice.issued_at.isoformat(),
        "due_on": invoice.due_on.isoformat(),
        "paid_at": invoice.paid_at and invoice.paid_at.isoformat(),
    }
