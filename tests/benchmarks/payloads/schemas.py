"""The marshmallow schemas of the payloads, for the programs that validate with marshmallow."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from . import events, payments, specimens
from .zones import ZONES

__all__ = [
    "EventSchema",
    "IssueSchema",
    "NewIssueSchema",
    "OrderSchema",
    "PaymentSchema",
    "SearchSchema",
    "SpecimenSchema",
]


def _money() -> fields.Decimal:
    return fields.Decimal(as_string=True, required=True, validate=validate.Range(min=0))


class LineSchema(Schema):
    sku = fields.Str(required=True, validate=validate.Length(1, 20))
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    quantity = fields.Int(required=True, validate=validate.Range(1, 1000))
    gift = fields.Bool(required=True)


class OrderSchema(Schema):
    reference = fields.Str(required=True, validate=validate.Length(1, 40))
    customer = fields.Str(required=True, validate=validate.Length(1, 100))
    email = fields.Email(required=True)
    account = fields.UUID(required=True)
    placed_at = fields.AwareDateTime(required=True)
    deliver_by = fields.AwareDateTime(required=True)
    subtotal = _money()
    discount = _money()
    shipping = _money()
    tax = _money()
    total = _money()
    deposit = _money()
    items = fields.Nested(LineSchema, many=True, required=True, validate=validate.Length(1, 100))


class PaymentSchema(Schema):
    id = fields.Int()
    key = fields.UUID()
    payer = fields.Str()
    amount = fields.Decimal(as_string=True)
    fee = fields.Decimal(as_string=True)
    status = fields.Enum(payments.Status, by_value=True)
    method = fields.Enum(payments.Method, by_value=True)
    created_at = fields.AwareDateTime()
    due_on = fields.Date()
    cutoff = fields.Time()


class SearchSchema(Schema):
    limit = fields.Int(required=True, validate=validate.Range(1, 100))
    exact = fields.Bool(required=True)
    since = fields.Date(required=True)
    status = fields.Enum(payments.Status, by_value=True, required=True)
    tag = fields.List(fields.Str(), required=True, validate=validate.Length(max=10))


# the issues


class UserSchema(Schema):
    login = fields.Str()
    id = fields.Int()
    avatar_url = fields.Url()
    html_url = fields.Url()
    type = fields.Str()
    site_admin = fields.Bool()


class LabelSchema(Schema):
    id = fields.Int()
    name = fields.Str()
    color = fields.Str()
    description = fields.Str(allow_none=True)
    default = fields.Bool()


class MilestoneSchema(Schema):
    id = fields.Int()
    number = fields.Int()
    title = fields.Str()
    description = fields.Str(allow_none=True)
    state = fields.Str()
    creator = fields.Nested(UserSchema)
    due_on = fields.AwareDateTime(allow_none=True)


class ReactionsSchema(Schema):
    url = fields.Url()
    total_count = fields.Int()
    plus_one = fields.Int(data_key="+1")
    minus_one = fields.Int(data_key="-1")
    laugh = fields.Int()
    hooray = fields.Int()
    confused = fields.Int()
    heart = fields.Int()
    rocket = fields.Int()
    eyes = fields.Int()


class IssueSchema(Schema):
    id = fields.Int()
    number = fields.Int()
    url = fields.Url()
    html_url = fields.Url()
    comments_url = fields.Url()
    title = fields.Str()
    body = fields.Str(allow_none=True)
    state = fields.Str()
    state_reason = fields.Str(allow_none=True)
    locked = fields.Bool()
    comments = fields.Int()
    author_association = fields.Str()
    user = fields.Nested(UserSchema)
    assignee = fields.Nested(UserSchema, allow_none=True)
    assignees = fields.Nested(UserSchema, many=True)
    labels = fields.Nested(LabelSchema, many=True)
    milestone = fields.Nested(MilestoneSchema, allow_none=True)
    reactions = fields.Nested(ReactionsSchema)
    created_at = fields.AwareDateTime()
    updated_at = fields.AwareDateTime()
    closed_at = fields.AwareDateTime(allow_none=True)


class NewIssueSchema(Schema):
    title = fields.Str(required=True, validate=validate.Length(1, 256))
    body = fields.Str(required=True, allow_none=True, validate=validate.Length(max=65_536))
    milestone = fields.Int(required=True, allow_none=True, strict=True)
    labels = fields.List(fields.Str(), required=True, validate=validate.Length(max=50))
    assignees = fields.List(fields.Str(), required=True, validate=validate.Length(max=10))
    source_url = fields.Url(required=True, allow_none=True)


# the events


def _zone_is_known(name: str) -> None:
    if name not in ZONES:
        raise ValidationError("Not a time zone.")


class MomentSchema(Schema):
    date_time = fields.AwareDateTime(required=True)
    time_zone = fields.Str(required=True, validate=_zone_is_known)


class LocationSchema(Schema):
    name = fields.Str(required=True, validate=validate.Length(1, 200))
    latitude = fields.Decimal(as_string=True, required=True, validate=validate.Range(-90, 90))
    longitude = fields.Decimal(as_string=True, required=True, validate=validate.Range(-180, 180))
    entrance = fields.Str(required=True, allow_none=True)


class RecurrenceSchema(Schema):
    frequency = fields.Str(required=True, validate=validate.OneOf(events.FREQUENCIES))
    interval = fields.Int(required=True, validate=validate.Range(1, 366))
    by_day = fields.List(
        fields.Str(validate=validate.OneOf(events.WEEKDAYS)),
        required=True,
        validate=validate.Length(max=7),
    )
    until = fields.AwareDateTime(required=True, allow_none=True)


class AttendeeSchema(Schema):
    email = fields.Email(required=True)
    name = fields.Str(required=True, validate=validate.Length(1, 100))
    optional = fields.Bool(required=True)
    response = fields.Enum(events.Response, by_value=True, required=True)


class ReminderSchema(Schema):
    method = fields.Str(required=True, validate=validate.OneOf(("email", "popup")))
    minutes = fields.Int(required=True, validate=validate.Range(0, 40_320))


class EventSchema(Schema):
    uid = fields.UUID(required=True)
    summary = fields.Str(required=True, validate=validate.Length(1, 200))
    description = fields.Str(required=True, allow_none=True)
    visibility = fields.Enum(events.Visibility, by_value=True, required=True)
    all_day = fields.Bool(required=True)
    start = fields.Nested(MomentSchema, required=True)
    end = fields.Nested(MomentSchema, required=True)
    location = fields.Nested(LocationSchema, required=True, allow_none=True)
    recurrence = fields.Nested(
        RecurrenceSchema, many=True, required=True, validate=validate.Length(max=10)
    )
    excluded = fields.List(fields.Date(), required=True, validate=validate.Length(max=100))
    attendees = fields.Nested(
        AttendeeSchema, many=True, required=True, validate=validate.Length(max=200)
    )
    reminders = fields.Nested(
        ReminderSchema, many=True, required=True, validate=validate.Length(max=5)
    )
    labels = fields.Dict(
        keys=fields.Str(), values=fields.Str(validate=validate.Length(max=63)), required=True
    )
    meeting_url = fields.Url(required=True, allow_none=True)


# every field


class PartSchema(Schema):
    name = fields.Str(required=True)
    size = fields.Int(load_default=0)


class SpecimenSchema(Schema):
    text = fields.Str(required=True)
    integer = fields.Int(required=True)
    number = fields.Float(required=True)
    truth = fields.Bool(required=True)
    amount = fields.Decimal(as_string=True, required=True)
    rounded = fields.Decimal(places=2, as_string=True, required=True)
    key = fields.UUID(required=True)
    moment = fields.DateTime(required=True)
    aware = fields.AwareDateTime(required=True)
    naive = fields.NaiveDateTime(required=True)
    day = fields.Date(required=True)
    clock = fields.Time(required=True)
    span = fields.TimeDelta(required=True)
    email = fields.Email(required=True)
    link = fields.Url(required=True)
    address = fields.IP(required=True)
    ipv4 = fields.IPv4(required=True)
    ipv6 = fields.IPv6(required=True)
    interface = fields.IPInterface(required=True)
    interface4 = fields.IPv4Interface(required=True)
    interface6 = fields.IPv6Interface(required=True)
    color = fields.Enum(specimens.Color, required=True)
    rank = fields.Enum(specimens.Rank, by_value=True, required=True)
    raw = fields.Raw(required=True, allow_none=True)
    version = fields.Constant(specimens.VERSION)
    integers = fields.List(fields.Int(), required=True)
    pair = fields.Tuple((fields.Str(), fields.Int()), required=True)
    counts = fields.Dict(keys=fields.Str(), values=fields.Int(), required=True)
    weights = fields.Dict(keys=fields.Str(), values=fields.Float(), required=True)
    nested = fields.Nested(PartSchema, required=True)
    many = fields.Nested(PartSchema, many=True, required=True)
    plucked = fields.Pluck(PartSchema, "name", required=True)
    optional = fields.Str(required=True, allow_none=True)
    loud = fields.Function(lambda made: made["text"].upper())
    length = fields.Method("length_of")

    def length_of(self, made: dict[str, Any]) -> int:
        """Return the length of the text."""
        return len(made["text"])
