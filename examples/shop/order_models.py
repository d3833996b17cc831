"""The tables, schemas and the event of the orders."""

from __future__ import annotations

import enum
from uuid import UUID

from marshmallow import Schema, fields, validate
from sqlalchemy import Enum, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit.events import EndpointRecord, Event


class Status(enum.Enum):
    PENDING = "pending"
    PAID = "paid"
    DECLINED = "declined"


class Base(DeclarativeBase):
    type_annotation_map = {Status: Enum(Status, native_enum=False, length=20)}


class Order(Base):
    __tablename__ = "order"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(40))
    quantity: Mapped[int]
    card: Mapped[str] = mapped_column(String(40))
    reservation_id: Mapped[int]
    cents: Mapped[int]
    status: Mapped[Status]


class Endpoint(EndpointRecord, Base):
    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)


class OrderSchema(Schema):
    id = fields.UUID(dump_only=True)
    sku = fields.Str(
        required=True,
        validate=validate.Length(1, 40),
        metadata={"examples": ["lamp"]},
    )
    quantity = fields.Int(required=True, validate=validate.Range(1, 100))
    card = fields.Str(
        required=True,
        load_only=True,
        validate=(validate.Length(4, 40), validate.Regexp(r"^[a-z0-9_]+\Z")),
        metadata={"description": "The provider's token of a card.", "examples": ["card_visa"]},
    )
    cents = fields.Int(dump_only=True, metadata={"description": "The price of all pieces."})
    status = fields.Enum(Status, by_value=True, dump_only=True)


class EndpointSchema(Schema):
    id = fields.Int(dump_only=True)
    url = fields.Str(
        required=True,
        validate=(
            validate.Length(10, 2000),
            validate.Regexp(r"^https?://[A-Za-z0-9.:-]+(/[!-~]*)?\Z"),
        ),
        metadata={"examples": ["https://warehouse.example/hooks"]},
    )
    secrets = fields.List(
        fields.Str(validate=validate.Regexp(r"^whsec_[A-Za-z0-9+/]{32,86}={0,2}\Z")),
        required=True,
        load_only=True,
        validate=validate.Length(1, 2),
    )
    events = fields.List(
        fields.Str(validate=validate.OneOf(["order.placed"])),
        required=True,
        validate=validate.Length(1, 1),
    )


class OrderPlaced(Event):
    """An order was accepted; it may not be paid yet."""

    type = "order.placed"
    schema = OrderSchema
