"""restkit over a table of payments: a model, and one class."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from sqlalchemy import Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database

from ..ledger import ledger_url
from ..payloads.payments import Method, Status

__all__ = ["ledger"]


class Base(DeclarativeBase):
    pass


class Payment(Base):
    __tablename__ = "payment"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[uuid.UUID]
    payer: Mapped[str] = mapped_column(String(100))
    amount: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    fee: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    status: Mapped[Status]
    method: Mapped[Method]
    created_at: Mapped[dt.datetime]
    due_on: Mapped[dt.date]
    cutoff: Mapped[dt.time]


class Payments(CRUDResource[Payment]):
    model = Payment


def ledger() -> Any:
    app = App("Ledger")
    app.install(Database(ledger_url()))
    app.add("/payments", Payments)
    return app
