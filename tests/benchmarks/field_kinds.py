"""The fields whose cost is counted: every field of marshmallow, in containers, with validators."""

from __future__ import annotations

import datetime as dt
import enum
import ipaddress
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate

__all__ = ["KINDS", "Kind"]


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Part(Schema):
    name = fields.Str()
    count = fields.Int()


class PartObject:
    def __init__(self) -> None:
        self.name = "bolt"
        self.count = 3


@dataclass(frozen=True)
class Kind:
    """A field to count.

    Attributes:
        make: Returns the field.
        loaded: A JSON value that it loads.
        dumped: A value that it dumps.
    """

    make: Callable[[], fields.Field[Any]]
    loaded: Any
    dumped: Any


def function(value: object) -> None:
    """Accept any value, as a validator of a user's own would."""


_ZONE = dt.timezone(dt.timedelta(hours=2))
_MOMENT = dt.datetime(2026, 3, 1, 9, 30, 15, tzinfo=_ZONE)
_TEXT = "2026-03-01T09:30:15"
_UUID = "6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77"
_PART = {"name": "bolt", "count": 3}
_MAIL = "ada@example.com"
_LINK = "https://example.com/books/7?page=2"


def _same(make: Callable[[], fields.Field[Any]], value: Any) -> Kind:
    return Kind(make, value, value)


def _text(make: Callable[..., fields.Field[Any]], *validators: Callable[[Any], Any]) -> Kind:
    return _same(lambda: make(validate=[*validators]), "text")


def _number(*validators: Callable[[Any], Any]) -> Kind:
    return _same(lambda: fields.Int(validate=[*validators]), 7)


_SIMPLE = {
    "Str": _same(fields.Str, "text"),
    "Int": _same(fields.Int, 7),
    "Int(strict=True)": _same(lambda: fields.Int(strict=True), 7),
    "Int(as_string=True)": _same(lambda: fields.Int(as_string=True), 7),
    "Float": _same(fields.Float, 1.5),
    "Float, an integer": _same(fields.Float, 7),
    "Bool": _same(fields.Bool, True),
    "Bool(truthy, falsy)": _same(lambda: fields.Bool(truthy={True, "y"}, falsy={False}), True),
    "Decimal, text": Kind(fields.Decimal, "129.90", Decimal("129.90")),
    "Decimal, number": Kind(fields.Decimal, 129.9, Decimal("129.90")),
    "Decimal(places=2), text": Kind(lambda: fields.Decimal(2), "129.90", Decimal("129.90")),
    "Decimal(places=2), number": Kind(lambda: fields.Decimal(2), 129.9, Decimal("129.90")),
    "Decimal(places=2, as_string=True)": Kind(
        lambda: fields.Decimal(2, as_string=True), "129.90", Decimal("129.90")
    ),
    "DateTime": Kind(fields.DateTime, f"{_TEXT}+02:00", _MOMENT),
    "DateTime, Z": Kind(fields.DateTime, f"{_TEXT}Z", _MOMENT.astimezone(dt.UTC)),
    "DateTime(timestamp)": Kind(lambda: fields.DateTime("timestamp"), 1772350215, _MOMENT),
    "DateTime(rfc)": Kind(
        lambda: fields.DateTime("rfc"), "Sun, 01 Mar 2026 09:30:15 +0200", _MOMENT
    ),
    "DateTime(%Y-%m-%d %H:%M)": Kind(
        lambda: fields.DateTime("%Y-%m-%d %H:%M"), "2026-03-01 09:30", _MOMENT
    ),
    "AwareDateTime": Kind(fields.AwareDateTime, f"{_TEXT}+02:00", _MOMENT),
    "AwareDateTime(default_timezone)": Kind(
        lambda: fields.AwareDateTime(default_timezone=dt.UTC), _TEXT, _MOMENT
    ),
    "NaiveDateTime": Kind(fields.NaiveDateTime, _TEXT, _MOMENT.replace(tzinfo=None)),
    "NaiveDateTime(timezone)": Kind(
        lambda: fields.NaiveDateTime(timezone=dt.UTC), f"{_TEXT}Z", _MOMENT.replace(tzinfo=None)
    ),
    "Date": Kind(fields.Date, "2026-03-01", _MOMENT.date()),
    "Time": Kind(fields.Time, "09:30:15", _MOMENT.time()),
    "TimeDelta": Kind(fields.TimeDelta, 90, dt.timedelta(seconds=90)),
    "UUID": Kind(fields.UUID, _UUID, uuid.UUID(_UUID)),
    "Email": _same(fields.Email, _MAIL),
    "Url": _same(fields.Url, _LINK),
    "Enum by name": Kind(lambda: fields.Enum(Color), "RED", Color.RED),
    "Enum by value": Kind(lambda: fields.Enum(Color, by_value=True), "red", Color.RED),
    "Enum by Int": Kind(lambda: fields.Enum(Level, by_value=fields.Int), 1, Level.LOW),
    "IP": Kind(fields.IP, "192.168.0.17", ipaddress.IPv4Address("192.168.0.17")),
    "IPv4": Kind(fields.IPv4, "192.168.0.17", ipaddress.IPv4Address("192.168.0.17")),
    "IPv6": Kind(fields.IPv6, "2001:db8::17", ipaddress.IPv6Address("2001:db8::17")),
    "IPv4Interface": Kind(
        fields.IPv4Interface, "192.168.0.17/24", ipaddress.IPv4Interface("192.168.0.17/24")
    ),
    "IPv6Interface": Kind(
        fields.IPv6Interface, "2001:db8::17/64", ipaddress.IPv6Interface("2001:db8::17/64")
    ),
    "Constant": _same(lambda: fields.Constant("fixed"), "fixed"),
    "Raw": _same(fields.Raw, {"a": 1}),
    "Function": _same(
        lambda: fields.Function(serialize=lambda obj: "text", deserialize=str.strip), "text"
    ),
}
_CONTAINERS = {
    "List(Str), 3 items": _same(lambda: fields.List(fields.Str()), ["a", "b", "c"]),
    "List(Decimal), 3 items": Kind(
        lambda: fields.List(fields.Decimal()), ["1.50", "2", "3"], [Decimal(1)] * 3
    ),
    "List(Enum), 3 items": Kind(
        lambda: fields.List(fields.Enum(Color)), ["RED", "BLUE", "RED"], [Color.RED] * 3
    ),
    "List(List(Int)), 2 of 2": _same(lambda: fields.List(fields.List(fields.Int())), [[1, 2]] * 2),
    "Dict": _same(fields.Dict, {"a": 1, "b": 2}),
    "Dict(Str, Int), 2 members": _same(
        lambda: fields.Dict(fields.Str(), fields.Int()), {"a": 1, "b": 2}
    ),
    "Dict(Str, Decimal), 2 members": Kind(
        lambda: fields.Dict(fields.Str(), fields.Decimal()),
        {"a": "1.50", "b": "2"},
        {"a": Decimal("1.50"), "b": Decimal(2)},
    ),
    "Tuple(Str, Int)": Kind(lambda: fields.Tuple((fields.Str(), fields.Int())), ["a", 1], ("a", 1)),
    "Nested": Kind(lambda: fields.Nested(Part), _PART, PartObject()),
    "Nested(only)": Kind(lambda: fields.Nested(Part, only=("name",)), {"name": "a"}, PartObject()),
    "Nested(exclude, unknown)": Kind(
        lambda: fields.Nested(Part, exclude=("count",), unknown="exclude"), _PART, PartObject()
    ),
    "Nested(many=True), 1 item": Kind(
        lambda: fields.Nested(Part, many=True), [_PART], [PartObject()]
    ),
    "List(Nested), 1 item": Kind(lambda: fields.List(fields.Nested(Part)), [_PART], [PartObject()]),
    "Dict(Str, Nested), 1 member": Kind(
        lambda: fields.Dict(fields.Str(), fields.Nested(Part)), {"a": _PART}, {"a": PartObject()}
    ),
    "Pluck": Kind(lambda: fields.Pluck(Part, "name"), "bolt", PartObject()),
    "Pluck(many=True), 1 item": Kind(
        lambda: fields.Pluck(Part, "name", many=True), ["bolt"], [PartObject()]
    ),
}
_VALIDATED = {
    "Str, Length": _text(fields.Str, validate.Length(1, 20)),
    "Str, Regexp": _text(fields.Str, validate.Regexp("^[a-z]+$")),
    "Str, OneOf": _text(fields.Str, validate.OneOf(["text", "other"])),
    "Str, NoneOf": _text(fields.Str, validate.NoneOf(["other"])),
    "Str, Equal": _text(fields.Str, validate.Equal("text")),
    "Str, ContainsOnly": _text(fields.Str, validate.ContainsOnly("etx")),
    "Str, ContainsNoneOf": _text(fields.Str, validate.ContainsNoneOf("q")),
    "Str, Predicate": _text(fields.Str, validate.Predicate("isalpha")),
    "Str, And(Length, Regexp)": _text(
        fields.Str, validate.And(validate.Length(1), validate.Regexp("t"))
    ),
    "Str, Email": _same(lambda: fields.Str(validate=validate.Email()), _MAIL),
    "Str, URL": _same(lambda: fields.Str(validate=validate.URL()), _LINK),
    "Str, a function": _text(fields.Str, function),
    "Str, Length and a function": _text(fields.Str, validate.Length(1), function),
    "Int, Range": _number(validate.Range(0, 10)),
    "Int, OneOf": _number(validate.OneOf([1, 7])),
    "Int, a function": _number(function),
    "Decimal, Range": Kind(
        lambda: fields.Decimal(validate=validate.Range(min=0)), "129.90", Decimal("129.90")
    ),
    "Decimal(places=2), Range": Kind(
        lambda: fields.Decimal(2, validate=validate.Range(min=0)), "129.90", Decimal("129.90")
    ),
    "Date, Range": Kind(
        lambda: fields.Date(validate=validate.Range(min=dt.date(2000, 1, 1))),
        "2026-03-01",
        _MOMENT.date(),
    ),
    "List(Str), a function": _same(lambda: fields.List(fields.Str(), validate=function), ["a"]),
    "List(Str), ContainsOnly": _same(
        lambda: fields.List(fields.Str(), validate=validate.ContainsOnly(["a", "b"])), ["a"]
    ),
}
KINDS: dict[str, Kind] = _SIMPLE | _CONTAINERS | _VALIDATED
"""The fields by their names in the table."""
