"""FastAPI with SQLModel over a table of payments, as SQLModel's documentation has it."""

# NOTE: No "annotations" from __future__: FastAPI must see the models.

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from pydantic import NaiveDatetime
from sqlmodel import Field, Session, SQLModel, create_engine, select

from ..ledger import ledger_url
from ..payloads.payments import Method, Status

__all__ = ["ledger"]


class PaymentBase(SQLModel):
    key: uuid.UUID
    payer: str = Field(max_length=100)
    amount: Decimal = Field(max_digits=10, decimal_places=2)
    fee: Decimal = Field(max_digits=10, decimal_places=2)
    status: Status
    method: Method
    created_at: NaiveDatetime
    due_on: dt.date
    cutoff: dt.time


class Payment(PaymentBase, table=True):
    id: int | None = Field(default=None, primary_key=True)


class PaymentCreate(PaymentBase):
    pass


class PaymentPublic(PaymentBase):
    id: int


def ledger() -> Any:
    engine = create_engine(ledger_url(), connect_args={"check_same_thread": False})

    def get_session() -> Iterator[Session]:
        with Session(engine) as session:
            yield session

    SessionDep = Annotated[Session, Depends(get_session)]
    app = FastAPI()

    @app.post("/payments", response_model=PaymentPublic, status_code=201)
    def create_payment(payment: PaymentCreate, session: SessionDep) -> Any:
        made = Payment.model_validate(payment)
        session.add(made)
        session.commit()
        session.refresh(made)
        return made

    @app.get("/payments", response_model=list[PaymentPublic])
    def read_payments(
        session: SessionDep,
        offset: int = 0,
        limit: Annotated[int, Query(le=100)] = 100,
    ) -> Any:
        return session.exec(select(Payment).offset(offset).limit(limit)).all()

    return app
