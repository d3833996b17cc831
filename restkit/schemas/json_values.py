"""Values that users put into declarations, as JSON values: examples, defaults, choices, extensions.

A value that JSON cannot hold is written as restkit writes it in a response, or is rejected.
"""

from __future__ import annotations

import datetime
import enum
import ipaddress
import json
import math
import pathlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from decimal import Decimal

__all__ = ["is_plain", "is_text", "json_value", "member_name", "ordered", "text_value"]

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

_DATES = (datetime.date, datetime.time)
_WRITTEN_AS_TEXT = (
    Decimal,
    uuid.UUID,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
    pathlib.PurePath,
)


def json_value(value: object, *, text: Callable[[object], str] = str) -> JSON:
    """Return a Python value as a JSON value that belongs to the caller.

    Args:
        value: The value. Dates, Decimals, UUIDs, enums, sets, tuples and lazy texts are converted.
        text: Converts a lazy text.

    Raises:
        ValueError: JSON has no such value.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return json_value(value.value, text=text)
    if isinstance(value, str):
        return _unicode(str.__str__(value))
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, _DATES):
        return value.isoformat()
    if isinstance(value, _WRITTEN_AS_TEXT):
        return _finite(value)
    if is_text(value):
        return _unicode(str(text(value)))
    return _container(value, text)


def _unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a string with a lone surrogate is not Unicode text") from None
    return text


def _number(value: float) -> int | float:
    if isinstance(value, int):
        return int(value)
    if not math.isfinite(value):
        raise ValueError(f"{value!r} is not a JSON number")
    return float(value)


def _finite(value: object) -> str:
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"{value!r} is not a JSON number")
    return str(value)


def _container(value: object, text: Callable[[object], str]) -> JSON:
    try:
        if isinstance(value, Mapping):
            return {member_name(key, text): json_value(value[key], text=text) for key in value}
        if isinstance(value, Set):
            return ordered(json_value(each, text=text) for each in value)
        if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
            return [json_value(each, text=text) for each in value]
    except RecursionError:
        raise ValueError("a value that contains itself is not a JSON value") from None
    raise ValueError(f"{_shown(value)} is not a JSON value")


def text_value(value: object) -> str:
    """Return a text of a declaration, such as a description, as a string.

    Args:
        value: A string or an object that stands for one: a lazy text, a translation.

    Raises:
        ValueError: The value does not stand for a text.
    """
    if is_text(value):
        return _unicode(str.__str__(value) if isinstance(value, str) else str(value))
    if isinstance(value, enum.Enum):
        return text_value(value.value)
    own = type(value).__str__ not in (object.__str__, type(None).__str__)
    if own and not isinstance(value, (int, float, bytes, type, *_DATES, Mapping, Sequence, Set)):
        return _unicode(str(value))
    raise ValueError(f"{_shown(value)} is not a text")


def member_name(value: object, text: Callable[[object], str] = str) -> str:
    """Return the name of a member of a JSON object: a string as it is, another value as JSON text.

    Raises:
        ValueError: The value is not a string, number, date or the like.
    """
    name = json_value(value, text=text)
    if isinstance(name, str):
        return name
    if isinstance(name, (list, dict)):
        raise ValueError(f"{_shown(value)} is not the name of a member of a JSON object")
    return json.dumps(name)


def ordered(values: Iterable[JSON]) -> list[JSON]:
    """Return the JSON values of a set in an order that does not depend on the process."""
    return sorted(values, key=_rank)


def _rank(value: JSON) -> tuple[str, float, str]:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    number = float(value) if is_number and abs(value) < 1e300 else 0.0  # type: ignore[arg-type]  # a number
    return ("number" if is_number else type(value).__name__, number, json.dumps(value))


def is_text(value: object) -> bool:
    """Whether a value is a string, or a lazy text: an object with the methods of one, as Babel's."""
    if isinstance(value, str):
        return True
    if isinstance(value, type) or type(value).__str__ is object.__str__:
        return False
    try:
        return all(
            callable(getattr(value, name, None)) for name in ("casefold", "splitlines", "title")
        )
    except Exception:  # noqa: BLE001  # a lazy text may need a request to look its text up
        return True


def is_plain(value: object) -> bool:
    """Whether a value consists of JSON's own types alone, so that it needs no conversion."""
    kind = type(value)
    if kind in (str, int, bool, type(None)):
        return True
    if isinstance(value, dict):
        return kind is dict and all(type(k) is str and is_plain(v) for k, v in value.items())
    if isinstance(value, list):
        return kind is list and all(is_plain(each) for each in value)
    return isinstance(value, float) and kind is float and math.isfinite(value)


def _shown(value: object) -> str:
    return f"an instance of {type(value).__qualname__}"
