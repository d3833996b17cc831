"""Texts that nearly are what a field takes: compiled schemas take what marshmallow takes.

Each field is bound as requests bind it, for JSON, for parameters and for forms, alone and in lists,
tuples and dicts. The texts are valid ones with characters changed, added and left out.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

from restkit.schemas.bound import Invalid, View, bind
from restkit.schemas.wire_formats import Source


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 20


_MOMENTS = (
    "2026-03-01T09:30:15Z",
    "2026-03-01T09:30:15+02:00",
    "2026-03-01T09:30:15",
    "2026-03-01T09:30:15.25Z",
    "2026-W09-7T09:30:15Z",
    "2026-03-01T24:00:00Z",
    "2026-03-01t09:30:15z",
    "2026-03-01T09:30:15-02:75",
    "20260301T093015Z",
)
_DATES = ("2026-03-01", "2026-02-29", "2026-W09-7", "20260301")
_TIMES = ("09:30:15", "09:30:15.5", "09:30:15+02:00", "24:00:00", "093015")
_NUMBERS = ("12.50", "-0.00", "1E5", "0012", "9" * 27, "9" * 41, "1.005", "NaN", "-1", "1_0", "20")
_V4 = ("192.168.0.17", "192.168.0.017", "1.2.3", "256.1.1.1", "0x1.2.3.4")
_V6 = ("2001:db8::17", "::", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "fe80::1%1", "1::2::3")
_UUIDS = ("6f1c2c3e-8c1f-4a55-9d33-0a4c3b1f9e77", "6f1c2c3e8c1f4a559d330a4c3b1f9e77")
_LETTERS = "0123456789-:.TZ+Eeaf %_W,/\0é"
_LATE = validate.Range(min=dt.date(2026, 3, 1))
_FIELDS: dict[str, tuple[Callable[[], fields.Field[Any]], tuple[str, ...]]] = {
    "DateTime": (fields.DateTime, _MOMENTS),
    "AwareDateTime": (fields.AwareDateTime, _MOMENTS),
    "AwareDateTime with a zone": (lambda: fields.AwareDateTime(default_timezone=dt.UTC), _MOMENTS),
    "NaiveDateTime": (fields.NaiveDateTime, _MOMENTS),
    "NaiveDateTime with a zone": (lambda: fields.NaiveDateTime(timezone=dt.UTC), _MOMENTS),
    "DateTime as a number": (lambda: fields.DateTime("timestamp"), _NUMBERS),
    "Date": (fields.Date, _DATES),
    "Date in a range": (lambda: fields.Date(validate=_LATE), _DATES),
    "Date in a format": (lambda: fields.Date("%d/%m/%Y"), ("01/03/2026", "1/3/2026")),
    "Time": (fields.Time, _TIMES),
    "TimeDelta": (fields.TimeDelta, _NUMBERS),
    "Integer": (fields.Integer, (*_NUMBERS, "9223372036854775808", "-9223372036854775808")),
    "Float": (fields.Float, (*_NUMBERS, "1e400", ".5", "5.")),
    "Decimal": (fields.Decimal, _NUMBERS),
    "Decimal of 2 places": (lambda: fields.Decimal(2), _NUMBERS),
    "Decimal in a range": (
        lambda: fields.Decimal(2, validate=validate.Range(0, 20, max_inclusive=False)),
        (*_NUMBERS, "-0.001", "19.999", "20.001"),
    ),
    "Decimal with NaN": (lambda: fields.Decimal(allow_nan=True), _NUMBERS),
    "Boolean": (fields.Boolean, ("true", "false", "on", "yes", "1", "True")),
    "Enum": (lambda: fields.Enum(Level), ("LOW", "HIGH", "low")),
    "Enum by value": (lambda: fields.Enum(Level, by_value=True), ("1", "20", "1.0", "01")),
    "Enum by a field": (lambda: fields.Enum(Level, by_value=fields.Integer), ("1", "20", "1.0")),
    "UUID": (fields.UUID, (*_UUIDS, _UUIDS[0].upper(), f"{{{_UUIDS[0]}}}")),
    "IP": (fields.IP, (*_V4, *_V6)),
    "IPv4": (fields.IPv4, _V4),
    "IPv6": (fields.IPv6, _V6),
    "IPv4Interface": (fields.IPv4Interface, (*_V4, "10.0.0.1/8", "10.0.0.1/33", "10.0.0.1/08")),
    "IPv6Interface": (fields.IPv6Interface, (*_V6, "::1/64", "::1/129")),
    "Constant": (lambda: fields.Constant(7), ("7", "7.0", "8")),
    "String": (fields.String, ("text", "a\0b")),
}
_AROUND: dict[str, Callable[[fields.Field[Any]], fields.Field[Any]]] = {
    "alone": lambda field: field,
    "List": fields.List,
    "Tuple": lambda field: fields.Tuple((fields.Raw(), field)),
    "Dict": lambda field: fields.Dict(fields.Str(), field),
}
_SOURCES: tuple[Source, ...] = ("json", "text", "form")


def _near(random: Random, texts: tuple[str, ...]) -> str:
    letters = list(random.choice(texts))
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        at = random.randrange(len(letters) + 1)
        letters[at : at + random.randint(0, 1)] = random.choice(("", random.choice(_LETTERS)))
    return "".join(letters)


def _values(random: Random, text: str, source: Source) -> Any:
    """Return a text, or in JSON also the number that it writes."""
    if source == "json" and random.random() < 0.3:
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return random.choice((True, None, 1.0, 10**30, float("nan")))
    return text


def _wrapped(around: str, value: Any) -> Any:
    return {"alone": value, "List": ["x", value], "Tuple": [1, value], "Dict": {"k": value}}[around]


def _outcome(bound: Any, data: Any) -> Any:
    try:
        return repr(bound.load(data))
    except Invalid as invalid:
        return invalid.faults


@pytest.mark.parametrize("source", _SOURCES)
@pytest.mark.parametrize("name", list(_FIELDS))
def test_near_texts_are_taken_as_by_marshmallow(name: str, source: Source) -> None:
    """The values are equal, and so are the faults; some of the texts are taken, alone."""
    make, texts = _FIELDS[name]
    random, taken = Random(f"{name} {source}"), 0
    for around, wrap in _AROUND.items():
        schema = Schema.from_dict({"a": wrap(make())})
        plain, compiled = (
            bind(schema, View.REQUEST, declared_at="here", source=source, compiled=compiled)
            for compiled in (False, True)
        )
        for _ in range(150):
            value = _values(random, _near(random, texts), source)
            data = {"a": _wrapped(around, value)}
            expected = _outcome(plain, data)
            assert _outcome(compiled, data) == expected, (around, value)
            taken += around == "alone" and isinstance(expected, str)
    assert taken > 3
