"""The msgspec structs of the payloads, for the programs that validate with msgspec.

What msgspec has no constraint for, such as the range of a decimal, is checked after it: the
documented place is ``__post_init__``. Structs that are only written have no constraints.
"""

# NOTE: No "annotations" from __future__: the frameworks must see the types.

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
    ip_address,
    ip_interface,
)
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

from .events import Response, Visibility
from .payments import Method, Status
from .specimens import Color, Rank
from .zones import ZONES

__all__ = [
    "Event",
    "Issue",
    "NewIssue",
    "Order",
    "Payment",
    "Search",
    "Specimen",
    "WrittenSpecimen",
    "computed",
]

EMAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"
Email = Annotated[str, Meta(pattern=EMAIL)]
Aware = Annotated[dt.datetime, Meta(tz=True)]
Naive = Annotated[dt.datetime, Meta(tz=False)]
Link = Annotated[str, Meta(pattern=r"^https?://[^\s/$.?#][^\s]*$")]


class Model(Struct, forbid_unknown_fields=True):
    """An object that is read."""


def _within(value: Decimal, low: int, high: int) -> None:
    if not (value.is_finite() and low <= value <= high):
        raise ValueError(f"Expected a decimal from {low} to {high}")


class Line(Model):
    sku: Annotated[str, Meta(min_length=1, max_length=20)]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    quantity: Annotated[int, Meta(ge=1, le=1000)]
    gift: bool


class Order(Model):
    reference: Annotated[str, Meta(min_length=1, max_length=40)]
    customer: Annotated[str, Meta(min_length=1, max_length=100)]
    email: Email
    account: UUID
    placed_at: Aware
    deliver_by: Aware
    subtotal: Decimal
    discount: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    deposit: Decimal
    items: Annotated[list[Line], Meta(min_length=1, max_length=100)]

    def __post_init__(self) -> None:
        for name in ("subtotal", "discount", "shipping", "tax", "total", "deposit"):
            _within(getattr(self, name), 0, 10**12)


class Search(Model):
    __dmr_force_list__: ClassVar[frozenset[str]] = frozenset({"tag"})

    limit: Annotated[int, Meta(ge=1, le=100)]
    exact: bool
    since: dt.date
    status: Status
    tag: Annotated[list[str], Meta(max_length=10)]


# what is written


class Payment(Struct):
    id: int
    key: UUID
    payer: str
    amount: Decimal
    fee: Decimal
    status: Status
    method: Method
    created_at: Aware
    due_on: dt.date
    cutoff: dt.time


class User(Struct):
    login: str
    id: int
    avatar_url: str
    html_url: str
    type: str
    site_admin: bool


class Label(Struct):
    id: int
    name: str
    color: str
    description: str | None
    default: bool


class Milestone(Struct):
    id: int
    number: int
    title: str
    description: str | None
    state: str
    creator: User
    due_on: Aware | None


class Reactions(Struct):
    url: str
    total_count: int
    plus_one: int = field(name="+1")
    minus_one: int = field(name="-1")
    laugh: int
    hooray: int
    confused: int
    heart: int
    rocket: int
    eyes: int


class Issue(Struct):
    id: int
    number: int
    url: str
    html_url: str
    comments_url: str
    title: str
    body: str | None
    state: str
    state_reason: str | None
    locked: bool
    comments: int
    author_association: str
    user: User
    assignee: User | None
    assignees: list[User]
    labels: list[Label]
    milestone: Milestone | None
    reactions: Reactions
    created_at: Aware
    updated_at: Aware
    closed_at: Aware | None


class NewIssue(Model):
    title: Annotated[str, Meta(min_length=1, max_length=256)]
    body: Annotated[str, Meta(max_length=65_536)] | None
    milestone: int | None
    labels: Annotated[list[str], Meta(max_length=50)]
    assignees: Annotated[list[str], Meta(max_length=10)]
    source_url: Link | None


# the events


class Moment(Model):
    date_time: Aware
    time_zone: str

    def __post_init__(self) -> None:
        if self.time_zone not in ZONES:
            raise ValueError("Not a time zone.")


class Location(Model):
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    latitude: Decimal
    longitude: Decimal
    entrance: str | None

    def __post_init__(self) -> None:
        _within(self.latitude, -90, 90)
        _within(self.longitude, -180, 180)


class Recurrence(Model):
    frequency: Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
    interval: Annotated[int, Meta(ge=1, le=366)]
    by_day: Annotated[list[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]], Meta(max_length=7)]
    until: Aware | None


class Attendee(Model):
    email: Email
    name: Annotated[str, Meta(min_length=1, max_length=100)]
    optional: bool
    response: Response


class Reminder(Model):
    method: Literal["email", "popup"]
    minutes: Annotated[int, Meta(ge=0, le=40_320)]


class Event(Model):
    uid: UUID
    summary: Annotated[str, Meta(min_length=1, max_length=200)]
    description: str | None
    visibility: Visibility
    all_day: bool
    start: Moment
    end: Moment
    location: Location | None
    recurrence: Annotated[list[Recurrence], Meta(max_length=10)]
    excluded: Annotated[list[dt.date], Meta(max_length=100)]
    attendees: Annotated[list[Attendee], Meta(max_length=200)]
    reminders: Annotated[list[Reminder], Meta(max_length=5)]
    labels: dict[str, Annotated[str, Meta(max_length=63)]]
    meeting_url: Link | None


# every field


_ADDRESSES: dict[str, Callable[[str], Any]] = {
    "address": ip_address,
    "ipv4": IPv4Address,
    "ipv6": IPv6Address,
    "interface": ip_interface,
    "interface4": IPv4Interface,
    "interface6": IPv6Interface,
}


class Part(Model):
    name: str
    size: int = 0


class Specimen(Model, kw_only=True):
    """Every field; a span of time stays a number of seconds, and addresses stay texts."""

    text: str
    integer: int
    number: float
    truth: bool
    amount: Decimal
    rounded: Decimal
    key: UUID
    moment: dt.datetime
    aware: Aware
    naive: Naive
    day: dt.date
    clock: dt.time
    span: float
    email: Email
    link: Link
    address: str
    ipv4: str
    ipv6: str
    interface: str
    interface4: str
    interface6: str
    color: Color
    rank: Rank
    raw: Any
    version: Literal["v1"]
    integers: list[int]
    pair: tuple[str, int]
    counts: dict[str, int]
    weights: dict[str, float]
    nested: Part
    many: list[Part]
    plucked: str
    optional: str | None

    def __post_init__(self) -> None:
        self.rounded = self.rounded.quantize(Decimal("0.01"))
        for name, read in _ADDRESSES.items():
            read(getattr(self, name))


class WrittenSpecimen(Specimen, kw_only=True):
    """Every field, and the two that are computed."""

    loud: str
    length: int


def computed(specimen: Specimen) -> WrittenSpecimen:
    """Return what is written of a specimen."""
    found = {name: getattr(specimen, name) for name in specimen.__struct_fields__}
    return WrittenSpecimen(**found, loud=specimen.text.upper(), length=len(specimen.text))
