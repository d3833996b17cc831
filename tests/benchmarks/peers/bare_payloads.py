"""The floor with payloads that nobody chose for speed: read and written by hand, with orjson."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import orjson

from ..payloads import events as calendar
from ..payloads import issues as data
from ..payloads import payments as money
from ..payloads.specimens import VERSION, Color, Rank
from ..payloads.zones import ZONES
from .bare_values import (
    Reader,
    aware,
    choice,
    decimal,
    email,
    identifier,
    integer,
    items,
    link,
    nested,
    nullable,
    number,
    read,
    text,
    truth,
)

__all__ = ["events", "issue_list", "issues", "orders", "payments", "search", "specimens"]

_STATUS = {200: "200 OK", 201: "201 Created", 422: "422 Unprocessable Content"}
_MONEY = decimal(0, 10**12)
_LONG = text(0, 65_536)


def _default(value: Any) -> Any:
    return value.total_seconds() if type(value) is dt.timedelta else str(value)


def _answer(start_response: Any, status: int, found: Any) -> list[bytes]:
    body = orjson.dumps(found, default=_default)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(_STATUS[status], headers)
    return [body]


def _posts(
    shape: Mapping[str, Reader], answered: Callable[[Any], Any] = lambda found: found
) -> Any:
    """Return the program that reads a body of this shape and answers with it."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        faults: list[str] = []
        sent = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        found = read(shape, sent, faults)
        if faults:
            return _answer(start_response, 422, {"errors": faults[:100]})
        return _answer(start_response, 201, answered(found))

    return app


_LINE = {
    "sku": text(1, 20),
    "title": text(1, 200),
    "quantity": integer(1, 1000),
    "gift": truth,
}
_ORDER = {
    "reference": text(1, 40),
    "customer": text(1, 100),
    "email": email,
    "account": identifier,
    "placed_at": aware,
    "deliver_by": aware,
    "subtotal": _MONEY,
    "discount": _MONEY,
    "shipping": _MONEY,
    "tax": _MONEY,
    "total": _MONEY,
    "deposit": _MONEY,
    "items": items(nested(_LINE), 100, 1),
}


def orders(behind: int = 0) -> Any:
    """Return the program, behind so many middlewares."""
    app = _posts(_ORDER)
    for _ in range(behind):
        app = _around(app)
    return app


def _around(app: Any) -> Any:
    return lambda environ, start_response: app(environ, start_response)


_MOMENT = {"date_time": aware, "time_zone": choice(ZONES)}
_LOCATION = {
    "name": text(1, 200),
    "latitude": decimal(-90, 90),
    "longitude": decimal(-180, 180),
    "entrance": nullable(_LONG),
}
_RECURRENCE = {
    "frequency": choice(calendar.FREQUENCIES),
    "interval": integer(1, 366),
    "by_day": items(choice(calendar.WEEKDAYS), 7),
    "until": nullable(aware),
}
_ATTENDEE = {
    "email": email,
    "name": text(1, 100),
    "optional": truth,
    "response": calendar.Response,
}
_REMINDER = {"method": choice(("email", "popup")), "minutes": integer(0, 40_320)}


def _table(reader: Reader) -> Reader:
    def read_table(value: Any) -> Any:
        if type(value) is not dict:
            raise ValueError
        return {_LONG(key): reader(each) for key, each in value.items()}

    return read_table


_EVENT = {
    "uid": identifier,
    "summary": text(1, 200),
    "description": nullable(_LONG),
    "visibility": calendar.Visibility,
    "all_day": truth,
    "start": nested(_MOMENT),
    "end": nested(_MOMENT),
    "location": nullable(nested(_LOCATION)),
    "recurrence": items(nested(_RECURRENCE), 10),
    "excluded": items(dt.date.fromisoformat, 100),
    "attendees": items(nested(_ATTENDEE), 200),
    "reminders": items(nested(_REMINDER), 5),
    "labels": _table(text(0, 63)),
    "meeting_url": nullable(link),
}


def events() -> Any:
    return _posts(_EVENT)


_PART = {"name": _LONG, "size": integer(0, 2**63)}


def _constant(value: Any) -> Any:
    return VERSION


def _naive(value: Any) -> Any:
    found = dt.datetime.fromisoformat(value)
    if found.tzinfo is not None:
        raise ValueError
    return found


def _pair(value: Any) -> Any:
    left, right = value
    return _LONG(left), integer(0, 2**63)(right)


def _seconds(value: Any) -> Any:
    return dt.timedelta(seconds=number(value))


_SPECIMEN = {
    "text": _LONG,
    "integer": integer(-(2**63), 2**63),
    "number": number,
    "truth": truth,
    "amount": decimal(-(10**12), 10**12),
    "rounded": lambda value: Decimal(value).quantize(Decimal("0.01")),
    "key": identifier,
    "moment": dt.datetime.fromisoformat,
    "aware": aware,
    "naive": _naive,
    "day": dt.date.fromisoformat,
    "clock": dt.time.fromisoformat,
    "span": _seconds,
    "email": email,
    "link": link,
    "address": ipaddress.ip_address,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
    "interface": ipaddress.ip_interface,
    "interface4": ipaddress.IPv4Interface,
    "interface6": ipaddress.IPv6Interface,
    "color": Color,
    "rank": Rank,
    "raw": lambda value: value,
    "version": _constant,
    "integers": items(integer(-(2**63), 2**63), 10_000),
    "pair": _pair,
    "counts": _table(integer(-(2**63), 2**63)),
    "weights": _table(number),
    "nested": nested(_PART),
    "many": items(nested(_PART), 10_000),
    "plucked": _LONG,
    "optional": nullable(_LONG),
}


def specimens() -> Any:
    def answered(found: Any) -> Any:
        return {**found, "loud": found["text"].upper(), "length": len(found["text"])}

    return _posts(_SPECIMEN, answered)


_NEW_ISSUE = {
    "title": text(1, 256),
    "body": nullable(_LONG),
    "milestone": nullable(integer(0, 2**63)),
    "labels": items(_LONG, 50),
    "assignees": items(_LONG, 10),
    "source_url": nullable(link),
}


def _written(issue: Any) -> dict[str, Any]:
    reactions = dict(vars(issue.reactions))
    plus, minus = reactions.pop("plus_one"), reactions.pop("minus_one")
    return {**vars(issue), "reactions": {**reactions, "+1": plus, "-1": minus}}


def issues() -> Any:
    def made(posted: Any) -> Any:
        return _written(data.issue_made_of(posted["title"], posted["body"]))

    return _posts(_NEW_ISSUE, made)


def issue_list() -> Any:
    found = data.issues(100)

    def app(environ: Any, start_response: Any) -> Any:
        return _answer(start_response, 200, [_written(each) for each in found])

    return app


def payments() -> Any:
    found = money.payments(100)

    def app(environ: Any, start_response: Any) -> list[bytes]:
        return _answer(start_response, 200, [vars(each) for each in found])

    return app


_TRUTHS = {"true": True, "false": False}


def search() -> Any:
    def app(environ: Any, start_response: Any) -> list[bytes]:
        sent = parse_qs(environ["QUERY_STRING"], strict_parsing=True)
        try:
            query = {
                "limit": integer(1, 100)(int(sent["limit"][0])),
                "exact": _TRUTHS[sent["exact"][0]],
                "since": dt.date.fromisoformat(sent["since"][0]),
                "status": money.Status(sent["status"][0]),
                "tag": sent["tag"],
            }
        except (KeyError, ValueError) as error:
            return _answer(start_response, 422, {"errors": [str(error)]})
        return _answer(start_response, 200, query)

    return app
