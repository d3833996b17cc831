"""Payments, which are listed: ten fields, among them decimals, enumerations and times."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

__all__ = [
    "Method",
    "Payment",
    "Status",
    "payment_of",
    "payments",
    "stored_payment",
    "written_payment",
]

# NOTE: The offset is not zero, because some serializers write UTC as "Z" and others as "+00:00".
ZONE = dt.timezone(dt.timedelta(hours=2))


class Status(enum.Enum):
    """States, whose names are their values: some programs write the name, others the value."""

    PENDING = "PENDING"
    PAID = "PAID"
    REFUNDED = "REFUNDED"
    FAILED = "FAILED"


class Method(enum.Enum):
    CARD = "CARD"
    TRANSFER = "TRANSFER"
    CASH = "CASH"


@dataclass
class Payment:
    """One payment, as a program holds it."""

    id: int
    key: uuid.UUID
    payer: str
    amount: Decimal
    fee: Decimal
    status: Status
    method: Method
    created_at: dt.datetime
    due_on: dt.date
    cutoff: dt.time


def payment_of(number: int) -> Payment:
    """Return one payment; every number has its own."""
    return Payment(
        id=number,
        key=uuid.UUID(int=0x6F1C2C3E8C1F4A559D330A4C3B1F0000 + number),
        payer=f"Payer {number % 17}",
        amount=Decimal(number * 137 % 90_000 + 100).scaleb(-2),
        fee=Decimal(number % 300 + 10).scaleb(-2),
        status=list(Status)[number % 4],
        method=list(Method)[number % 3],
        created_at=dt.datetime(
            2026,
            1 + number % 12,
            1 + number % 28,
            number % 24,
            number % 60,
            number % 60,
            tzinfo=ZONE,
        ),
        due_on=dt.date(2026, 1 + number % 12, 1 + number % 28),
        cutoff=dt.time(number % 24, number % 60, 30),
    )


def payments(count: int) -> list[Payment]:
    """Return the payments of a list."""
    return [payment_of(number) for number in range(1, count + 1)]


def stored_payment(number: int) -> Payment:
    """Return what a row of the table of payments has; SQLite keeps no zone."""
    payment = payment_of(number)
    return replace(payment, created_at=payment.created_at.replace(tzinfo=None))


def written_payment(payment: Payment) -> dict[str, Any]:
    """Return a payment as it is answered."""
    return {
        "id": payment.id,
        "key": str(payment.key),
        "payer": payment.payer,
        "amount": str(payment.amount),
        "fee": str(payment.fee),
        "status": payment.status.value,
        "method": payment.method.value,
        "created_at": payment.created_at.isoformat(),
        "due_on": payment.due_on.isoformat(),
        "cutoff": payment.cutoff.isoformat(),
    }
