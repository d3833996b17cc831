"""The wire formats of dates, times and durations: those of RFC 3339, or a field's own format."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from marshmallow import fields

from ..compiler import Advice, Inline
from ..errors import DeclarationError
from .json_values import readable
from .wire_format import Take, Wire, exact, inline_of, matching, ranged, ranges_of

__all__ = ["moment_of"]

_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
_OFFSET = r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_AWARE_TEXT = matching(f"{_DATE}[Tt]{_TIME}{_OFFSET}", upper=True)
_NAIVE_TEXT = f"{_DATE}[Tt ]{_TIME}"


# NOTE: since Python 3.13, fromisoformat takes 24:00, which RFC 3339 (section 5.6) does not.
_TAKES_24 = sys.version_info >= (3, 13)


def _quick(take: Callable[[object], object], test: str, **names: object) -> Take:
    """Add a quicker test of the usual texts to a check; fromisoformat rejects other invalid texts.

    PERF: the pattern of a date and time takes 4 thousand instructions, the test 2.
    """

    def inline() -> Inline:
        known = inline_of(take) or Inline("False")
        if _TAKES_24:
            return known
        return Inline(f"({test}) or {known.test}", names=known.names | names)

    return Take(take, inline)


# Every third character of a text from the fifth on, and the length of the text.
_WITH_OFFSET = {"--T::Z": 20, "--T::+:": 25, "--T::-:": 25}
_WITHOUT_OFFSET = {"--T::": 19}
_SHAPE = "{shapes}.get(v[4::3]) == len(v) and v[23:24] < '6'"  # the minutes of an offset


def _take_aware(value: object) -> object:
    try:
        return _AWARE_TEXT(value)
    except ValueError:
        if type(value) is str and re.fullmatch(_NAIVE_TEXT, value):
            raise Advice("Include a UTC offset, such as Z or +02:00.") from None
        raise


# What HTML's inputs of times send: without seconds where these are 0, and never with an offset.
_SHORT_TEXT = f"(?P<start>({_DATE}[Tt])?[0-9]{{2}}:[0-9]{{2}})(?P<offset>{_OFFSET}?)"
_FORM_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?"
_FORM_DATETIME = f"{_DATE}[Tt]{_FORM_TIME}{_OFFSET}?"


def _with_seconds(value: str) -> str:
    found = re.fullmatch(_SHORT_TEXT, value)
    return f"{found['start']}:00{found['offset']}" if found else value


def _in_form(wire: Wire, pattern: str, test: str = "", **names: object) -> Wire:
    """Return a format that also accepts the times without seconds that a form may send.

    Args:
        wire: The format.
        pattern: The pattern of the texts of a form.
        test: A quicker test, see `_quick`.
        names: The objects that the test names.
    """
    if test:
        take = _quick(wire.json, test, **names)
        wire = wire._replace(json=take, text=take)

    def checked(value: str) -> object:
        return wire.text(_with_seconds(value))

    return wire._replace(
        form=checked,
        form_keywords={"type": "string", "pattern": f"^{pattern}$"},
    )


def _take_from_form(value: str) -> object:
    """Take a date and time, in UTC if no offset says otherwise: HTML has no input with one."""
    text = _with_seconds(value)
    return _take_aware(f"{text}Z" if re.fullmatch(_NAIVE_TEXT, text) else text)


_take_moment = _quick(Take(_take_aware, lambda: _AWARE_TEXT.inline), _SHAPE, shapes=_WITH_OFFSET)
_AWARE = Wire(
    {"type": "string", "format": "date-time"},
    _take_moment,
    _take_moment,
    form=_take_from_form,
    form_keywords={
        "type": "string",
        "pattern": f"^{_FORM_DATETIME}$",
        "description": "In UTC if it has no offset.",
    },
)
_NAIVE = _in_form(
    exact(
        f"{_DATE}T{_TIME}",
        {"type": "string", "format": "date-time-local", "pattern": f"^{_DATE}T{_TIME}$"},
    ),
    f"{_DATE}T{_FORM_TIME}",
    _SHAPE,
    shapes=_WITHOUT_OFFSET,
)
_EITHER = _in_form(
    exact(
        f"{_DATE}T{_TIME}{_OFFSET}?",
        {"type": "string", "pattern": f"^{_DATE}T{_TIME}{_OFFSET}?$"},
        response={"type": "string", "format": "date-time"},
        upper=True,
    ),
    f"{_DATE}T{_FORM_TIME}{_OFFSET}?",
    _SHAPE,
    shapes=_WITH_OFFSET | _WITHOUT_OFFSET,
)
_take_date = _quick(matching(_DATE), "len(v) == 10 and v[7] == '-'")
_DATES = Wire({"type": "string", "format": "date"}, _take_date, _take_date)
_TIMES = _in_form(
    exact(
        f"{_TIME}{_OFFSET}?",
        {"type": "string", "format": "time-local", "pattern": f"^{_TIME}{_OFFSET}?$"},
        upper=True,
    ),
    f"{_FORM_TIME}{_OFFSET}?",
    "len(v) == 8 and v[2] == ':' and v[5] == ':'",
)
# Between bounds: a time of another kind than they are could not be compared with them.
_ZONED_TIMES = _in_form(
    exact(
        f"{_TIME}{_OFFSET}",
        {"type": "string", "format": "time", "pattern": f"^{_TIME}{_OFFSET}$"},
        response=_TIMES.keywords,
        upper=True,
    ),
    f"{_FORM_TIME}{_OFFSET}",
)
_LOCAL_TIMES = _in_form(
    exact(
        _TIME,
        {"type": "string", "format": "time-local", "pattern": f"^{_TIME}$"},
        response=_TIMES.keywords,
    ),
    _FORM_TIME,
)

_ISO = (None, "iso", "iso8601")
_MAIL = ("rfc", "rfc822")
_TIMESTAMPS = {"timestamp": 1, "timestamp_ms": 1000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = 253_402_300_799  # of the year 9999
_MAIL_DATE = (
    r"((Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(0[1-9]|[12][0-9]|3[01]) "
    r"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) (?!0000)[0-9]{4} "
    r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9] (GMT|\+([01][0-9]|2[0-3])[0-5][0-9]|"
    r"-(?!0000)([01][0-9]|2[0-3])[0-5][0-9])"
)
# The directives of strftime that do not depend on the locale.
_DIRECTIVES = {
    "%": "%",
    "Y": "(?!0000)[0-9]{4}",
    "m": "(0[1-9]|1[0-2])",
    "d": "(0[1-9]|[12][0-9]|3[01])",
    "H": "([01][0-9]|2[0-3])",
    "M": "[0-5][0-9]",
    "S": "[0-5][0-9]",
    "f": "[0-9]{6}",
    "y": "[0-9]{2}",
    "j": "(00[1-9]|0[1-9][0-9]|[12][0-9]{2}|3[0-5][0-9]|36[0-5])",
}
_SYNTAX = r"[\\^$.*+?()[\]{}|/]"
_DATETIMES = (fields.DateTime, fields.NaiveDateTime, fields.AwareDateTime)


def moment_of(field: fields.Field[Any]) -> Wire | None:
    """Return the wire form of a date or time field, None for other fields and formats without one.

    Args:
        field: A field bound to its schema (the schema's ``Meta`` may set a format).
    """
    kind = type(field)
    if isinstance(field, fields.TimeDelta) and kind is fields.TimeDelta:
        unit = timedelta(**{field.precision: 1})
        return ranged(-(-timedelta.min // unit), timedelta.max // unit)
    if isinstance(field, fields.DateTime) and kind in _DATETIMES:
        _check_bounds(field, _EPOCH.replace(tzinfo=None) if _is_naive(field) else _EPOCH)
        return _of_datetime(field)
    if isinstance(field, fields.Date) and kind is fields.Date:
        _check_bounds(field, _EPOCH.date())
        return _DATES if field.format in _ISO else _formatted(field.format)
    return _of_time(field) if isinstance(field, fields.Time) and kind is fields.Time else None


def _check_bounds(field: fields.Field[Any], value: Any) -> None:
    """Reject a range whose bounds cannot be compared with a value of the field."""
    for bound in _bounds(field):
        try:
            bool(value < bound)  # only whether they are comparable matters
        except TypeError:
            root = getattr(field, "root", None)
            place = type(field).__name__ if root is None else f"{type(root).__name__}.{field.name}"
            raise DeclarationError(
                f"{place}: validate.Range has the bound {bound!r}, which cannot be "
                f"compared with values of this field, such as {value!r}; give one of that kind."
            ) from None


def _bounds(field: fields.Field[Any]) -> list[Any]:
    return [
        bound
        for each in ranges_of(field.validators)
        for bound in (each.min, each.max)
        if bound is not None
    ]


def _is_naive(field: fields.DateTime) -> bool:
    """Return whether a field always loads datetimes without a time zone."""
    if type(field) is fields.DateTime:
        return field.format not in (*_ISO, *_MAIL)
    return type(field) is fields.NaiveDateTime


def _of_time(field: fields.Time) -> Wire | None:
    if field.format not in _ISO:
        _check_bounds(field, time(12))
        return _formatted(field.format)
    zoned = {getattr(bound, "tzinfo", None) is not None for bound in _bounds(field)}
    if not zoned:
        return _TIMES
    _check_bounds(field, time(12, tzinfo=UTC if True in zoned else None))
    return _ZONED_TIMES if True in zoned else _LOCAL_TIMES


def _of_datetime(field: fields.DateTime) -> Wire | None:
    if field.format in _TIMESTAMPS:
        numbers = ranged(0, _LAST_SECOND * _TIMESTAMPS[field.format])
        return numbers._replace(response={"type": "number"})
    if field.format not in _ISO:
        if field.format not in _MAIL:
            return _formatted(field.format) if type(field) is fields.DateTime else None
        return None if type(field) is fields.NaiveDateTime else _mail()
    if type(field) is fields.NaiveDateTime:
        return _NAIVE if field.timezone is None else _converted(field.timezone)
    if type(field) is fields.AwareDateTime and field.default_timezone is not None:
        return _EITHER
    return _AWARE


def _converted(zone: tzinfo) -> Wire:
    """Return the format of datetimes in a time zone, which must stay in the years 1 to 9999."""

    def take(value: object) -> object:
        text: Any = _EITHER.json(value)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            try:
                moment.astimezone(zone)
            except OverflowError:
                raise ValueError from None
        return text

    def take_of_form(value: str) -> object:
        return take(_with_seconds(value))

    return Wire(
        _EITHER.keywords,
        take,
        take,
        _NAIVE.keywords,
        form=take_of_form,
        form_keywords=_EITHER.form_keywords,
    )


def _mail() -> Wire:
    words: dict[str, object] = {
        "type": "string",
        "description": "A date and time as in e-mail (RFC 5322, section 3.3).",
    }
    return exact(_MAIL_DATE, {**words, "pattern": f"^{_MAIL_DATE}$"}, response=words)


def _formatted(text: object) -> Wire | None:
    """Return the format of a strftime pattern, None if it is unknown or depends on the locale."""
    pattern, rest = "", iter(str(text))
    for each in rest:
        directive = _DIRECTIVES.get(next(rest, "")) if each == "%" else None
        if each == "%" and directive is None:
            return None
        pattern += re.sub(_SYNTAX, r"\\\g<0>", each) if directive is None else directive
    words: dict[str, object] = {
        "type": "string",
        "description": readable(f"In the format {text} (strftime)."),
    }
    return exact(pattern, {**words, "pattern": readable(f"^{pattern}$")}, response=words)
