"""The wire form of each marshmallow field type: the check and the JSON Schema keywords in one record.

marshmallow is lenient where a document must be exact: ``fields.Int`` takes ``"5"``, ``5.7`` and ``"1_000"``,
``fields.Bool`` takes ``"on"``. What is enforced here before the field's own deserialization is what the
OpenAPI document prints, so neither can drift from the other. Only the exact field classes are known: a
subclass keeps its own meaning.
"""

from __future__ import annotations

import enum
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from typing import Any, Literal

from marshmallow import fields

__all__ = ["INT64_MAX", "INT64_MIN", "Source", "Wire", "same", "wire_of"]

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

Source = Literal["json", "text"]

_DATE = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
_OFFSET = r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])"
_NUMBER = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"
_DECIMAL = r"-?[0-9]{1,40}(\.[0-9]{1,40})?"
_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NO_NUL = r"^[^\u0000]*$"


@dataclass(frozen=True, slots=True)
class Wire:
    """Is the wire form of one field type.

    ``json`` and ``text`` take a value as it came (a JSON value; a string of a query, header, cookie or
    form) and return the value to hand to the field, or raise ValueError or TypeError where it is not of
    this form. ``keywords`` is the JSON Schema of just what they take, ``answer`` of what is written
    where that differs.
    """

    keywords: Mapping[str, object]
    json: Callable[[Any], Any]
    text: Callable[[str], Any]
    answer: Mapping[str, object] | None = None
    error_key: str = "invalid"


def same(value: Any) -> Any:
    """Take any value as it is."""
    return value


def _json_integer(value: Any) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)  # 5.0 is an integer in JSON Schema (2020-12, validation, section 6.1.1)
    if type(value) is not int or not INT64_MIN <= value <= INT64_MAX:
        raise ValueError
    return value


_INTEGER_TEXT = re.compile(r"-?[0-9]{1,19}")


def _text_integer(value: str) -> int:
    if not _INTEGER_TEXT.fullmatch(value):
        raise ValueError
    return _json_integer(int(value))


def _json_number(value: Any) -> Any:
    if type(value) is not int and type(value) is not float:
        raise TypeError
    return value


_NUMBER_TEXT = re.compile(_NUMBER)


def _text_number(value: str) -> float:
    if len(value) > 400 or not _NUMBER_TEXT.fullmatch(value) or not math.isfinite(number := float(value)):
        raise ValueError
    return number


def _json_boolean(value: Any) -> bool:
    if value is not True and value is not False:
        raise TypeError
    return value


def _text_boolean(value: str) -> bool:
    if value == "true":
        return True
    if value == "false":
        return False
    raise ValueError


def _matching(pattern: str, *, upper: bool = False) -> Callable[[Any], Any]:
    matches = re.compile(pattern).fullmatch

    def take(value: Any) -> Any:
        if type(value) is not str or not matches(value):
            raise ValueError
        # NOTE: RFC 3339 (section 5.6) allows a small "t" and "z"; datetime.fromisoformat does not.
        return value.upper() if upper else value

    return take


_decimal_text = _matching(_DECIMAL)


def _json_decimal(value: Any) -> Any:
    return _decimal_text(value) if type(value) is str else _json_number(value)


def _text_string(value: str) -> str:
    if "\0" in value:
        raise ValueError
    return value


def _address(value: Any) -> Any:
    # NOTE: Python takes an IPv6 zone ("fe80::1%eth0"); the format ipv6 (RFC 4291, section 2.2) does not.
    if type(value) is not str or "%" in value or "\0" in value:
        raise ValueError
    return value


def _exact(pattern: str, keywords: Mapping[str, object], **options: Any) -> Wire:
    take = _matching(pattern, upper=options.pop("upper", False))
    return Wire(keywords, take, take, **options)


_INTEGER = Wire(
    {"type": "integer", "format": "int64", "minimum": INT64_MIN, "maximum": INT64_MAX}, _json_integer, _text_integer
)
_FLOAT = Wire({"type": "number"}, _json_number, _text_number)
_DECIMALS = Wire(
    {"type": ["string", "number"], "format": "decimal", "pattern": f"^{_DECIMAL}$"},
    _json_decimal,
    _decimal_text,
    answer={"type": "string", "format": "decimal"},
)
_BOOLEAN = Wire({"type": "boolean"}, _json_boolean, _text_boolean)
_STRING = Wire({"type": "string", "pattern": _NO_NUL}, same, _text_string)
_UUIDS = _exact(_UUID, {"type": "string", "format": "uuid"}, error_key="invalid_uuid")
_AWARE = _exact(f"{_DATE}[Tt]{_TIME}{_OFFSET}", {"type": "string", "format": "date-time"}, upper=True)
_NAIVE = _exact(f"{_DATE}T{_TIME}", {"type": "string", "format": "date-time-local", "pattern": f"^{_DATE}T{_TIME}$"})
_EITHER = _exact(
    f"{_DATE}T{_TIME}{_OFFSET}?",
    {"type": "string", "pattern": f"^{_DATE}T{_TIME}{_OFFSET}?$"},
    answer={"type": "string", "format": "date-time"},
    upper=True,
)
_DATES = _exact(_DATE, {"type": "string", "format": "date"})
_TIMES = _exact(
    f"{_TIME}{_OFFSET}?", {"type": "string", "format": "time-local", "pattern": f"^{_TIME}{_OFFSET}?$"}, upper=True
)
_IPV4 = Wire({"type": "string", "format": "ipv4"}, _address, _address, error_key="invalid_ip")
_IPV6 = Wire({"type": "string", "format": "ipv6"}, _address, _address, error_key="invalid_ip")

_IP = replace(_IPV4, keywords={"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})

_ISO = (None, "iso", "iso8601")
_TIMESTAMPS = {"timestamp": 1, "timestamp_ms": 1000}
_LAST_SECOND = 253_402_300_799  # of the year 9999


def _of_datetime(field: fields.DateTime) -> Wire | None:
    if field.format in _TIMESTAMPS:
        return replace(_number(0, _LAST_SECOND * _TIMESTAMPS[field.format]), answer={"type": "number"})
    if field.format not in _ISO:
        return None
    if type(field) is fields.NaiveDateTime:
        return _NAIVE if field.timezone is None else _converted(field.timezone)
    if type(field) is fields.AwareDateTime and field.default_timezone is not None:
        return _EITHER
    return _AWARE


def _converted(zone: tzinfo) -> Wire:
    """Return the form of moments that are put into a time zone, which must not lead out of the years 1 to 9999."""

    def take(value: Any) -> Any:
        text = _EITHER.json(value)
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            try:
                moment.astimezone(zone)
            except OverflowError:
                raise ValueError from None
        return text

    return Wire(_EITHER.keywords, take, take, _NAIVE.keywords)


def _number(low: float, high: float) -> Wire:
    def within(value: Any) -> Any:
        if not low <= value <= high:
            raise ValueError
        return value

    return Wire(
        {"type": "number", "minimum": low, "maximum": high},
        lambda value: within(_json_number(value)),
        lambda value: within(_text_number(value)),
    )


def _text_of(value: Any) -> str:
    """Return a value as a parameter says it: ``true``, not ``True``."""
    return json.dumps(value) if type(value) in (bool, int, float, type(None)) else str(value)


def _of_timedelta(field: fields.TimeDelta) -> Wire:
    unit = timedelta(**{field.precision: 1})
    return _number(-(-timedelta.min // unit), timedelta.max // unit)


def _of_enum(field: fields.Enum[Any]) -> Wire | None:
    """Return the form of an enumeration by value: exactly one of the values, so ``true`` is not ``1``."""
    members: type[enum.Enum] = field.enum
    values: list[Any] = [member.value for member in members]
    inner = wire_of(field.field) if field.by_value not in (True, False) else None
    if inner is not None:
        return replace(inner, keywords={"enum": values}, answer=None)
    if field.by_value is not True or not all(type(value) in (str, int, float, bool) for value in values):
        return None
    texts = {_text_of(value): value for value in values}

    def take(value: Any) -> Any:
        for each in values:
            if each == value and (type(each) is bool) is (type(value) is bool):
                return each
        raise ValueError

    def take_text(value: str) -> Any:
        if value not in texts:
            raise ValueError
        return texts[value]

    return Wire({"enum": values}, take, take_text, error_key="unknown")


def _of_constant(field: fields.Constant[Any]) -> Wire:
    constant = field.constant

    def take(value: Any) -> Any:
        # NOTE: 1.0 is 1 in JSON Schema (2020-12, core, section 4.2.2), and true is not.
        if (type(value) is bool) is not (type(constant) is bool) or value != constant:
            raise ValueError
        return constant

    def take_text(value: str) -> Any:
        if value != _text_of(constant):
            raise ValueError
        return constant

    return Wire({"const": constant}, take, take_text)


_SIMPLE: dict[type[Any], Wire] = {
    fields.Float: _FLOAT,
    fields.Integer: _INTEGER,
    fields.IP: _IP,
    fields.IPv4: _IPV4,
    fields.IPv6: _IPV6,
    fields.String: _STRING,
    fields.UUID: _UUIDS,
}


def wire_of(field: fields.Field[Any]) -> Wire | None:
    """Return the wire form of a field, None where the field's own deserialization is the only rule.

    Args:
        field: A field bound to its schema (the schema's ``Meta`` may set a date format).

    Returns:
        The form; one object for all fields of a simple type.
    """
    kind = type(field)
    found = _SIMPLE.get(kind)
    if found is not None:
        return found
    if isinstance(field, fields.Decimal) and kind is fields.Decimal:
        return None if field.allow_nan else _DECIMALS
    if isinstance(field, fields.Boolean) and kind is fields.Boolean:
        default = field.truthy is fields.Boolean.truthy and field.falsy is fields.Boolean.falsy
        return _BOOLEAN if default else None
    if kind in (fields.DateTime, fields.NaiveDateTime, fields.AwareDateTime):
        return _of_datetime(field)  # type: ignore[arg-type]  # kind says what it is, mypy cannot see it
    if isinstance(field, fields.Date) and kind is fields.Date:
        return _DATES if field.format in _ISO else None
    if isinstance(field, fields.Time) and kind is fields.Time:
        return _TIMES if field.format in _ISO else None
    if isinstance(field, fields.TimeDelta) and kind is fields.TimeDelta:
        return _of_timedelta(field)
    if isinstance(field, fields.Enum) and kind is fields.Enum:
        return _of_enum(field)
    if isinstance(field, fields.Constant) and kind is fields.Constant:
        return _of_constant(field)
    return None
