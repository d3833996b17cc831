"""How a value is written in line: what it must be, and the expression of what is written, for each purpose.

``PLAIN`` is what marshmallow dumps. ``NATIVE`` leaves a date, a datetime and a UUID to a JSON
encoder that writes the same text of them. ``TEXT`` is JSON text at once.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Any

from .datetimes import WHOLE_MINUTES, date_text, datetime_text, native_datetime

__all__ = ["NATIVE", "PLAIN", "TEXT", "Forms", "json_name"]


@dataclass(frozen=True, slots=True)
class Forms:
    """The expressions of one purpose.

    Attributes:
        name: Of the purpose.
        kinds: By kind of field, an expression that says whether a value ``{v}`` is written in line,
            and what is written; where that is ``{v}`` itself, it stays as it is.
        null: What is written for None.
        checks: Whether what a field's own method returned is checked to be JSON.
        names: What the expressions name.
    """

    name: str
    kinds: dict[str, tuple[str, str]]
    null: str
    checks: bool
    names: dict[str, Any]

    @property
    def is_text(self) -> bool:
        """Whether text is written, and not values."""
        return self.name == "text"

    def checked(self, serialize: Callable[..., Any]) -> Callable[..., Any]:
        """Return a field's own method with what it returns checked, where this purpose does so."""
        if not self.checks:
            return serialize
        return lambda *arguments: _clean(serialize(*arguments))


def json_name(name: str) -> str:
    """Return a member's name as JSON text, with the colon behind it."""
    return f"{encode_basestring(name)}:"


class _NoNumber(float):
    """NaN or an infinity, of a class that encoders reject."""


def _clean(value: Any) -> Any:
    """Return what marshmallow's own method dumped, so that an encoder writes or refuses it as it does elsewhere.

    Moments that came through as they were become text. NaN and infinities are left for the encoder
    to refuse, once everything is dumped.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else _NoNumber(value)
    if isinstance(value, dict):
        return {key: _clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(each) for each in value]
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value


_NAMES: dict[str, Any] = {
    "datetime": dt.datetime,
    "date": dt.date,
    "time": dt.time,
    "timezone": dt.timezone,
    "UTC": dt.UTC,
    "UUID": uuid.UUID,
    "WHOLE_MINUTES": WHOLE_MINUTES,
    "date_text": date_text,
    "datetime_text": datetime_text,
    "native_datetime": native_datetime,
    "encode_string": encode_basestring,
}
_FINITE = "type({v}) is float and {v} - {v} == 0.0"  # it is NaN for NaN and for infinities
_NATIVE_DATETIME = (
    "{v} if (z := {v}.tzinfo) is None or z is UTC or type(z) is timezone and z in WHOLE_MINUTES "
    "else native_datetime({v})"
)

PLAIN = Forms(
    "plain",
    {
        "str": ("type({v}) is str", "{v}"),
        "int": ("type({v}) is int", "{v}"),
        "float": ("type({v}) is float", "{v}"),
        "bool": ("{v} is not M", "{v}"),
        "same": ("{v} is not M", "{v}"),
        "datetime": ("type({v}) is datetime", "datetime_text({v})"),
        "date": ("type({v}) is date", "date_text({v})"),
        "time": ("type({v}) is time", "{v}.isoformat()"),
        "uuid": ("type({v}) is UUID", "str({v})"),
        "enum_name": ("type({v}) is {enum}", "{v}.name"),
        "enum_value": ("type({v}) is {enum}", "{v}.value"),
    },
    "None",
    False,
    _NAMES,
)
NATIVE = Forms(
    "native",
    {
        **PLAIN.kinds,
        "float": (_FINITE, "{v}"),
        "bool": ("{v} is True or {v} is False", "{v}"),
        "datetime": ("type({v}) is datetime", _NATIVE_DATETIME),
        "date": ("type({v}) is date", "{v}"),
        # NOTE: a time is no such value: orjson 3.13 writes 1:02:03.070054 as "01:02:03.70054".
        "uuid": ("type({v}) is UUID", "{v}"),
    },
    "None",
    True,
    _NAMES,
)
TEXT = Forms(
    "text",
    {
        "str": ("type({v}) is str", "encode_string({v})"),
        "int": ("type({v}) is int", "f'{{{v}}}'"),
        "float": (_FINITE, "f'{{{v}!r}}'"),
        "bool": ("{v} is True or {v} is False", "'true' if {v} else 'false'"),
        "datetime": ("type({v}) is datetime", "f'\"{{datetime_text({v})}}\"'"),
        "date": ("type({v}) is date", "f'\"{{date_text({v})}}\"'"),
        "time": ("type({v}) is time", "f'\"{{{v}.isoformat()}}\"'"),
        "uuid": ("type({v}) is UUID", "f'\"{{{v}}}\"'"),
        "enum_name": ("type({v}) is {enum}", "encode_string({v}.name)"),
        "enum_value": ("type({v}) is {enum}", "encode({v}.value)"),
    },
    "'null'",
    True,
    _NAMES,
)
