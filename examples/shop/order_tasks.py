"""What a worker does with orders: tasks of the outbox, and the services that they call."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Session

from restkit import App, NotFound, Request
from restkit.client import Client
from restkit.events import Outbox
from restkit.sqlalchemy import Database

from .order_models import Order, Status
from .problems import CardDeclined


def charge_order(order_id: str) -> None:
    """Charge the card of an order; a problem means that the worker tries again.

    However often this runs, the card is charged once: the id of the order is the key.
    """
    peers = Peers.started
    with Session(peers.database.engine) as session:
        order = session.get_one(Order, UUID(order_id))
    status = Status.PAID
    try:  # no transaction is open meanwhile
        peers.payments.create_charge(
            order_id=order_id,
            card=order.card,
            cents=order.cents,
            idempotency_key=order_id,
        )
    except CardDeclined:
        status = Status.DECLINED
    with Session(peers.database.engine) as session, session.begin():
        session.get_one(Order, order.id, with_for_update=True).status = status
        if status is Status.DECLINED:
            peers.outbox.enqueue(release_stock, order.reservation_id, session=session)


def release_stock(reservation_id: int) -> None:
    """Give the pieces of a declined order back."""
    try:
        Peers.started.catalogue.delete_reservation(id=reservation_id)
    except NotFound:
        return  # an attempt before this one did it


class Peers:
    """The services that orders call: of each App, and of the one that runs, for its tasks."""

    started: ClassVar[Peers]

    def __init__(self, database: Database, catalogue: Client, payments: Client) -> None:
        """Declare the tasks."""
        self.database = database
        self.catalogue = catalogue
        self.payments = payments
        self.outbox = Outbox(database, tasks=[charge_order, release_stock])

    @classmethod
    def of(cls, request: Request) -> Peers:
        """Return those of the App that a request is for."""
        return next(each for each in request.app.extensions if isinstance(each, cls))

    def install(self, app: App, /) -> None:
        """Install the outbox, and be the one that tasks use when the App starts."""
        app.install(self.outbox)
        app.on_start(self._start)
        app.on_stop(self.catalogue.close)
        app.on_stop(self.payments.close)

    def _start(self) -> None:
        Peers.started = self
