"""The catalogue: items, how many pieces there are, and reservations of them."""

from __future__ import annotations

from dataclasses import dataclass

from marshmallow import Schema, fields, validate
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Settings, provide, raises
from restkit.crud import CRUDResource
from restkit.limits import CallerDeadline, Idempotency
from restkit.service import Service
from restkit.sqlalchemy import Database, SQLAlchemyStorage, Versioned, session

from .problems import OutOfStock, UnknownItem

_SKU = validate.Length(1, 40)
_WEEK = 7 * 24 * 3600  # longer than the worker of the orders tries


class Base(DeclarativeBase):
    pass


class Item(Versioned, Base):
    __tablename__ = "item"

    sku: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    cents: Mapped[int]
    stock: Mapped[int]


class Reservation(Base):
    __tablename__ = "reservation"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(ForeignKey("item.sku"), index=True)
    quantity: Mapped[int]
    cents: Mapped[int]


class ItemSchema(Schema):
    sku = fields.Str(dump_only=True, validate=_SKU, metadata={"examples": ["lamp"]})
    name = fields.Str(required=True, validate=validate.Length(1, 100))
    cents = fields.Int(required=True, validate=validate.Range(1, 1_000_000))
    stock = fields.Int(required=True, validate=validate.Range(0, 1_000_000))


class ReservationSchema(Schema):
    id = fields.Int(dump_only=True)
    sku = fields.Str(required=True, validate=_SKU, metadata={"examples": ["lamp"]})
    quantity = fields.Int(required=True, validate=validate.Range(1, 100))
    cents = fields.Int(dump_only=True, metadata={"description": "The price of all pieces."})


class Items(CRUDResource[Item]):
    """Items that are for sale."""

    model = Item
    schema = ItemSchema
    methods = {"GET", "PUT"}
    upsert = True


class Reservations(CRUDResource[Reservation]):
    """Pieces that are put aside for an order."""

    model = Reservation
    schema = ReservationSchema
    methods = {"GET", "POST", "DELETE"}
    idempotency = Idempotency(SQLAlchemyStorage(Base), required=True, expiry=_WEEK)
    session = provide(session)

    @raises(OutOfStock, UnknownItem)
    def create(self, item: Reservation) -> Reservation:
        """Take the pieces out of the stock."""
        found = self.session.get(Item, item.sku, with_for_update=True)
        if found is None:
            raise UnknownItem("The catalogue has no item with this number.")
        if found.stock < item.quantity:
            raise OutOfStock("There are fewer pieces than you want. Order fewer, or later.")
        found.stock -= item.quantity
        item.cents = found.cents * item.quantity
        return super().create(item)

    def delete(self, item: Reservation) -> None:
        """Put the pieces back."""
        self.session.get_one(Item, item.sku, with_for_update=True).stock += item.quantity
        super().delete(item)


@dataclass(frozen=True, kw_only=True)
class CatalogueSettings(Settings, prefix="CATALOGUE_"):
    database_url: str = "sqlite:///catalogue.db"


def create_app(settings: CatalogueSettings | None = None) -> App:
    """Make the App; the database is opened when the first request comes."""
    to = settings or CatalogueSettings.load()
    database = Database(to.database_url, create=Base.metadata)
    service = Service(
        checks={"database": database.ping},
        critical=["database"],
        documented=False,
        logs="json",
        metrics="/metrics",
    )
    app = App("Catalogue", settings=to, extensions=[database, service, CallerDeadline(longest=5)])
    app.add("/items", Items)
    app.add("/reservations", Reservations)
    return app
