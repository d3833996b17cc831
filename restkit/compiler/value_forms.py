"""The inline code of a dumper for each purpose: the test of a value, and the dumped expression.

``PLAIN`` is the data that marshmallow dumps. ``NATIVE`` leaves dates, datetimes and UUIDs to a JSON
encoder that writes the same text for them. ``TEXT`` is JSON text.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Callable
from json.encoder import encode_basestring

from ..records import Record
from .datetimes import WHOLE_MINUTES, date_text, datetime_text, native_datetime, time_text

__all__ = ["NATIVE", "PLAIN", "TEXT", "Forms", "clean", "json_name"]


class Forms(Record):
    """The expressions of one purpose.

    Attributes:
        name: The name of the purpose.
        kinds: By kind of field, the test of a value ``{v}`` and the dumped expression; the
            expression ``{v}`` leaves the value unchanged.
        null: The expression for None.
        safe: The function that makes the result of a field's own method safe for the JSON encoder,
            None if it stays unchanged.
        names: The objects that the expressions name.
    """

    name: str
    kinds: dict[str, tuple[str, str]]
    null: str
    safe: Callable[[object], object] | None
    names: dict[str, object]

    @property
    def is_plain(self) -> bool:
        """True if the expressions make the data that marshmallow dumps."""
        return self.name == "plain"

    @property
    def is_text(self) -> bool:
        """True if the expressions are JSON text rather than values."""
        return self.name == "text"

    @property
    def is_records(self) -> bool:
        """True if the expressions are the members of records."""
        return self.name == "records"

    def checked(self, serialize: Callable[..., object]) -> Callable[..., object]:
        """Return a field's own method, whose result is made safe if the purpose needs that."""
        safe = self.safe
        if safe is None:
            return serialize
        return lambda *arguments: safe(serialize(*arguments))

    def fixed(self, value: object) -> object:
        """Return a value that is dumped for every object, made safe if the purpose needs that."""
        return value if self.safe is None else self.safe(value)


def json_name(name: str) -> str:
    """Return a member's name as JSON text, with the colon."""
    return f"{encode_basestring(name)}:"


class _NoNumber(float):
    """NaN or an infinity, of a class that encoders reject."""


def clean(value: object) -> object:
    """Return a dumped value such that a native encoder writes or rejects it as ``dumps`` does.

    Dates and times become text. The encoder rejects NaN and infinities after everything is dumped.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else _NoNumber(value)
    if isinstance(value, dict):
        return {key: clean(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [clean(each) for each in value]
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value


_NAMES: dict[str, object] = {
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
    "time_text": time_text,
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
        "time": ("type({v}) is time", "time_text({v})"),
        "uuid": ("type({v}) is UUID", "str({v})"),
    },
    "None",
    None,
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
        # NOTE: times become text, as orjson 3.13 writes 1:02:03.070054 as "01:02:03.70054".
        "uuid": ("type({v}) is UUID", "{v}"),
    },
    "None",
    clean,
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
        "time": ("type({v}) is time", "f'\"{{time_text({v})}}\"'"),
        "uuid": ("type({v}) is UUID", "f'\"{{{v}}}\"'"),
    },
    "'null'",
    clean,
    _NAMES,
)
