"""Orders: they reserve pieces in the catalogue, and have the payments charge cards.

If the catalogue is away, an order is a 503. An order is accepted as ``pending``, and a task of the
outbox charges the card: at once, or when the payments are back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from restkit import (
    App,
    BadGateway,
    GatewayTimeout,
    Request,
    ServiceUnavailable,
    Settings,
    enqueue,
    provide,
    raises,
)
from restkit.client import Client
from restkit.crud import CRUDResource
from restkit.events import Webhooks, emit
from restkit.limits import CallerDeadline, Idempotency
from restkit.service import Service
from restkit.sqlalchemy import Database, SQLAlchemyStorage

from .order_models import (
    Base,
    Endpoint,
    EndpointSchema,
    Order,
    OrderPlaced,
    OrderSchema,
    Status,
)
from .order_tasks import Peers, charge_order
from .problems import CardDeclined, OutOfStock, UnknownItem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_ORDERS = UUID("6c7c7f0e-5d0a-4f6b-9a55-0c6f4b1f6c0e")  # the namespace of their ids


@raises(BadGateway, ServiceUnavailable, GatewayTimeout)
def catalogue(request: Request) -> Iterator[Client]:
    """Provide the catalogue; it has failed if its problem is not declared here."""
    yield from Peers.of(request).catalogue(request)


class Orders(CRUDResource[Order]):
    """Orders of one item each."""

    model = Order
    schema = OrderSchema
    methods = {"GET", "POST"}
    filters = ("status",)
    idempotency = Idempotency(SQLAlchemyStorage(Base), required=True)
    catalogue = provide(catalogue)

    @raises(OutOfStock, UnknownItem)
    def create(self, item: Order) -> Order:
        """Reserve the pieces; the card is charged when the order is committed."""
        # If this process ends before it has responded, its client sends the key again: it is the
        # same order then, and the pieces are reserved once.
        headers = self.request.headers
        key = (headers["Idempotency-Key"].strip('"'), headers.get("Authorization"))
        item.id = uuid5(_ORDERS, repr(key))
        reserved = self.catalogue.create_reservation(
            sku=item.sku, quantity=item.quantity, idempotency_key=str(item.id)
        )
        item.reservation_id, item.cents = reserved["id"], reserved["cents"]
        item.status = Status.PENDING
        made = super().create(item)
        enqueue(charge_order, str(made.id))
        emit(OrderPlaced, made)
        return made


class Endpoints(CRUDResource[Endpoint]):
    """URLs that get webhooks."""

    model = Endpoint
    schema = EndpointSchema
    methods = {"GET", "POST", "DELETE"}


@dataclass(frozen=True, kw_only=True)
class OrdersSettings(Settings, prefix="ORDERS_"):
    database_url: str = "sqlite:///orders.db"
    catalogue_url: str = "http://127.0.0.1:8001"
    payments_url: str = "http://127.0.0.1:8002"


def create_app(
    settings: OrdersSettings | None = None,
    *,
    catalogue: WSGIApplication | None = None,
    payments: WSGIApplication | None = None,
) -> App:
    """Make the App; the database is opened when the first request comes.

    Args:
        settings: By default those of the environment: ``ORDERS_DATABASE_URL``, and so on.
        catalogue: The App of the catalogue, if it is in this process.
        payments: The App of the payments, if it is in this process.
    """
    to = settings or OrdersSettings.load()
    database = Database(to.database_url, create=Base.metadata)
    stock = Client(
        catalogue or to.catalogue_url,
        timeout=1.5,
        operations=["createReservation", "deleteReservation"],
    )
    bank = Client(
        payments or to.payments_url,
        timeout=1.5,
        operations=["createCharge"],
        problems=[CardDeclined],
    )
    peers = Peers(database, stock, bank)
    webhooks = Webhooks(
        database, events=[OrderPlaced], endpoints=Endpoint, private_networks=["127.0.0.0/8"]
    )
    service = Service(
        checks={"database": database.ping, "catalogue": stock.check, "payments": bank.check},
        critical=["database"],
        documented=False,
        logs="json",
        metrics="/metrics",
    )
    app = App(
        "Orders",
        settings=to,
        extensions=[database, peers, webhooks, service, CallerDeadline(longest=5)],
    )
    app.add("/orders", Orders)
    app.add("/endpoints", Endpoints)
    return app
