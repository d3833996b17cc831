"""Payments: charges of cards, in place of a provider who moves money."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from marshmallow import Schema, fields, validate
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Settings, raises
from restkit.crud import CRUDResource
from restkit.limits import CallerDeadline, Idempotency
from restkit.service import Service
from restkit.sqlalchemy import Database, SQLAlchemyStorage

from .problems import CardDeclined

_WEEK = 7 * 24 * 3600  # longer than the worker of the orders tries


class Base(DeclarativeBase):
    pass


class Charge(Base):
    __tablename__ = "charge"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(unique=True)
    card: Mapped[str] = mapped_column(String(40))
    cents: Mapped[int]


class ChargeSchema(Schema):
    id = fields.Int(dump_only=True)
    order_id = fields.UUID(required=True)
    card = fields.Str(
        required=True,
        load_only=True,
        validate=(validate.Length(4, 40), validate.Regexp(r"^[a-z0-9_]+\Z")),
        metadata={"description": "The provider's token of a card.", "examples": ["card_visa"]},
    )
    cents = fields.Int(required=True, validate=validate.Range(1, 100_000_000))


class Charges(CRUDResource[Charge]):
    """Charges of cards."""

    model = Charge
    schema = ChargeSchema
    filters = ("order_id",)
    methods = {"GET", "POST"}
    idempotency = Idempotency(SQLAlchemyStorage(Base), required=True, expiry=_WEEK)

    @raises(CardDeclined)
    def create(self, item: Charge) -> Charge:
        """Charge the card."""
        if item.card.startswith("card_declined"):
            raise CardDeclined("The bank has declined the card. Use another card.")
        return super().create(item)


@dataclass(frozen=True, kw_only=True)
class PaymentsSettings(Settings, prefix="PAYMENTS_"):
    database_url: str = "sqlite:///payments.db"


def create_app(settings: PaymentsSettings | None = None) -> App:
    """Make the App; the database is opened when the first request comes."""
    to = settings or PaymentsSettings.load()
    database = Database(to.database_url, create=Base.metadata)
    service = Service(
        checks={"database": database.ping},
        critical=["database"],
        documented=False,
        logs="json",
        metrics="/metrics",
    )
    app = App("Payments", settings=to, extensions=[database, service, CallerDeadline(longest=5)])
    app.add("/charges", Charges)
    return app
