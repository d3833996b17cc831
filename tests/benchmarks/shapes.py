"""The marshmallow schemas that the programs share which validate with marshmallow."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

__all__ = ["BookSchema", "OrderSchema", "tree_schema"]

EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
CURRENCIES = ("EUR", "USD", "GBP")


class ItemSchema(Schema):
    sku = fields.Str(required=True, validate=validate.Length(1, 20))
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    quantity = fields.Int(required=True, validate=validate.Range(1, 1000))
    price = fields.Float(required=True, validate=validate.Range(min=0))


class OrderSchema(Schema):
    reference = fields.Str(required=True, validate=validate.Length(1, 40))
    customer = fields.Str(required=True, validate=validate.Length(1, 100))
    email = fields.Str(required=True, validate=validate.Regexp(EMAIL))
    account = fields.UUID(required=True)
    placed_at = fields.DateTime(required=True)
    ship_on = fields.Date(required=True)
    currency = fields.Str(required=True, validate=validate.OneOf(CURRENCIES))
    total = fields.Float(required=True, validate=validate.Range(min=0))
    weight = fields.Int(required=True, validate=validate.Range(0, 100_000))
    express = fields.Bool(required=True)
    tags = fields.List(fields.Str(), required=True, validate=validate.Length(max=20))
    note = fields.Str(required=True, allow_none=True, validate=validate.Length(max=500))
    items = fields.List(fields.Nested(ItemSchema), required=True, validate=validate.Length(1, 100))


class BookSchema(Schema):
    id = fields.Int()
    title = fields.Str()
    author = fields.Str()
    isbn = fields.Str()
    pages = fields.Int()
    price = fields.Float()
    rating = fields.Float()
    available = fields.Bool()
    published = fields.Date()
    added = fields.DateTime()


def tree_schema(depth: int) -> type[Schema]:
    """Return the schema of an object that holds another, so many deep."""
    members = {
        "name": fields.Str(required=True, validate=validate.Length(1, 40)),
        "value": fields.Int(required=True, validate=validate.Range(0, 100)),
    }
    if depth > 1:
        members["child"] = fields.Nested(tree_schema(depth - 1), required=True)
    return Schema.from_dict(members, name=f"Level{depth}Schema")
