"""The pydantic models of the payloads, for the programs that validate with pydantic."""

# NOTE: No "annotations" from __future__: the frameworks must see the types.

import datetime as dt
from decimal import Decimal
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
)
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    NaiveDatetime,
    PlainSerializer,
    computed_field,
)

from .events import Response, Visibility
from .payments import Method, Status
from .specimens import Color, Rank
from .zones import ZONES

__all__ = ["Event", "Issue", "NewIssue", "Order", "Payment", "Search", "Specimen"]

EMAIL = r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"
Email = Annotated[str, Field(pattern=EMAIL)]
Money = Annotated[Decimal, Field(ge=0)]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Line(Model):
    sku: Annotated[str, Field(min_length=1, max_length=20)]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    quantity: Annotated[int, Field(ge=1, le=1000)]
    gift: bool


class Order(Model):
    reference: Annotated[str, Field(min_length=1, max_length=40)]
    customer: Annotated[str, Field(min_length=1, max_length=100)]
    email: Email
    account: UUID
    placed_at: AwareDatetime
    deliver_by: AwareDatetime
    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    total: Money
    deposit: Money
    items: Annotated[list[Line], Field(min_length=1, max_length=100)]


class Search(Model):
    # For django-modern-rest: what may be repeated in a query.
    __dmr_force_list__: ClassVar[frozenset[str]] = frozenset({"tag"})

    limit: Annotated[int, Field(ge=1, le=100)]
    exact: bool
    since: dt.date
    status: Status
    tag: Annotated[list[str], Field(max_length=10)]


# what is read from the attributes of objects


class Written(BaseModel):
    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True)


class Payment(Written):
    id: int
    key: UUID
    payer: str
    amount: Decimal
    fee: Decimal
    status: Status
    method: Method
    created_at: AwareDatetime
    due_on: dt.date
    cutoff: dt.time


class User(Written):
    login: str
    id: int
    avatar_url: str
    html_url: str
    type: str
    site_admin: bool


class Label(Written):
    id: int
    name: str
    color: str
    description: str | None
    default: bool


class Milestone(Written):
    id: int
    number: int
    title: str
    description: str | None
    state: str
    creator: User
    due_on: AwareDatetime | None


class Reactions(Written):
    url: str
    total_count: int
    plus_one: Annotated[int, Field(serialization_alias="+1")]
    minus_one: Annotated[int, Field(serialization_alias="-1")]
    laugh: int
    hooray: int
    confused: int
    heart: int
    rocket: int
    eyes: int


class Issue(Written):
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
    created_at: AwareDatetime
    updated_at: AwareDatetime
    closed_at: AwareDatetime | None


class NewIssue(Model):
    title: Annotated[str, Field(min_length=1, max_length=256)]
    body: Annotated[str, Field(max_length=65_536)] | None
    milestone: int | None
    labels: Annotated[list[str], Field(max_length=50)]
    assignees: Annotated[list[str], Field(max_length=10)]
    source_url: HttpUrl | None


# the events


def _known(name: str) -> str:
    if name not in ZONES:
        raise ValueError("Not a time zone.")
    return name


class Moment(Model):
    date_time: AwareDatetime
    time_zone: Annotated[str, AfterValidator(_known)]


class Location(Model):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    latitude: Annotated[Decimal, Field(ge=-90, le=90)]
    longitude: Annotated[Decimal, Field(ge=-180, le=180)]
    entrance: str | None


class Recurrence(Model):
    frequency: Literal["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]
    interval: Annotated[int, Field(ge=1, le=366)]
    by_day: Annotated[list[Literal["MO", "TU", "WE", "TH", "FR", "SA", "SU"]], Field(max_length=7)]
    until: AwareDatetime | None


class Attendee(Model):
    email: Email
    name: Annotated[str, Field(min_length=1, max_length=100)]
    optional: bool
    response: Response


class Reminder(Model):
    method: Literal["email", "popup"]
    minutes: Annotated[int, Field(ge=0, le=40_320)]


class Event(Model):
    uid: UUID
    summary: Annotated[str, Field(min_length=1, max_length=200)]
    description: str | None
    visibility: Visibility
    all_day: bool
    start: Moment
    end: Moment
    location: Location | None
    recurrence: Annotated[list[Recurrence], Field(max_length=10)]
    excluded: Annotated[list[dt.date], Field(max_length=100)]
    attendees: Annotated[list[Attendee], Field(max_length=200)]
    reminders: Annotated[list[Reminder], Field(max_length=5)]
    labels: dict[str, Annotated[str, Field(max_length=63)]]
    meeting_url: HttpUrl | None


# every field


def _seconds(span: dt.timedelta) -> float:
    return span.total_seconds()


class Part(Model):
    name: str
    size: int = 0


class Specimen(Model):
    text: str
    integer: int
    number: float
    truth: bool
    amount: Decimal
    rounded: Annotated[Decimal, Field(decimal_places=2)]
    key: UUID
    moment: dt.datetime
    aware: AwareDatetime
    naive: NaiveDatetime
    day: dt.date
    clock: dt.time
    span: Annotated[dt.timedelta, PlainSerializer(_seconds)]
    email: Email
    link: HttpUrl
    address: IPv4Address | IPv6Address
    ipv4: IPv4Address
    ipv6: IPv6Address
    interface: IPv4Interface | IPv6Interface
    interface4: IPv4Interface
    interface6: IPv6Interface
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

    @computed_field
    @property
    def loud(self) -> str:
        return self.text.upper()

    @computed_field
    @property
    def length(self) -> int:
        return len(self.text)
