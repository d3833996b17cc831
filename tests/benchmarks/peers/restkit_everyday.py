"""restkit: money, enumerations and times with zones; a query with typed parameters."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from restkit import App, Resource, takes

from ..everyday import Currency, Invoice, State, invoices

__all__ = ["everyday"]


class ItemSchema(Schema):
    sku = fields.Str(required=True, validate=validate.Length(1, 20))
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    quantity = fields.Int(required=True, validate=validate.Range(1, 1000))


def _money() -> fields.Decimal:
    return fields.Decimal(2, required=True, validate=validate.Range(min=0))


class MoneyOrderSchema(Schema):
    account = fields.UUID(required=True)
    email = fields.Email(required=True)
    currency = fields.Enum(Currency, required=True)
    placed_at = fields.AwareDateTime(required=True)
    deliver_at = fields.AwareDateTime(required=True)
    subtotal = _money()
    discount = _money()
    shipping = _money()
    tax = _money()
    tip = _money()
    total = _money()
    items = fields.Nested(ItemSchema, many=True, required=True, validate=validate.Length(1, 100))


class InvoiceSchema(Schema):
    id = fields.UUID()
    number = fields.Str()
    net = fields.Decimal(2)
    tax = fields.Decimal(2)
    total = fields.Decimal(2)
    currency = fields.Enum(Currency)
    state = fields.Enum(State, by_value=True)
    issued_at = fields.AwareDateTime()
    due_on = fields.Date()
    paid_at = fields.AwareDateTime()


class SearchSchema(Schema):
    limit = fields.Int(validate=validate.Range(1, 100))
    since = fields.Date()
    paid = fields.Bool()
    minimum = fields.Decimal()
    state = fields.Enum(State)


def everyday() -> Any:
    app = App("Everyday")
    found = invoices(100)

    @app.route("/money-orders")
    class MoneyOrders(Resource):
        schema = MoneyOrderSchema

        def post(self, body: dict[str, Any]) -> dict[str, Any]:
            return body

    @app.route("/invoices")
    class Invoices(Resource):
        schema = InvoiceSchema

        def get(self) -> list[Invoice]:
            return found

    @app.get("/search")
    @takes(query=SearchSchema)
    def search(query: dict[str, Any]) -> dict[str, int]:
        return {"found": len(query)}

    return app
