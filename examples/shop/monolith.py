"""The three services in one process: the same Apps, mounted."""

from __future__ import annotations

from restkit import App
from restkit.limits import CallerDeadline
from restkit.service import Service

from . import catalogue, orders, payments
from .catalogue import CatalogueSettings
from .orders import OrdersSettings
from .payments import PaymentsSettings


def create_app(
    stock: CatalogueSettings | None = None,
    sales: OrdersSettings | None = None,
    bank: PaymentsSettings | None = None,
) -> App:
    """Make the App; by default, with the settings of the environment.

    Args:
        stock: The settings of the catalogue.
        sales: Those of the orders.
        bank: Those of the payments.
    """
    catalogue_app = catalogue.create_app(stock)
    payments_app = payments.create_app(bank)
    orders_app = orders.create_app(sales, catalogue=catalogue_app, payments=payments_app)
    app = App(
        "Shop",
        version="1.0.0",
        description="A catalogue, orders and payments.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        extensions=[Service(logs="json", metrics="/metrics"), CallerDeadline(longest=5)],
    )
    app.mount("/catalogue", catalogue_app)
    app.mount("/sales", orders_app)
    app.mount("/payments", payments_app)
    return app
