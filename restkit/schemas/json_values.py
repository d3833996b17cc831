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
from collections.abc import Generator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from contextvars import ContextVar
from decimal import Decimal

__all__ = [
    "JSON",
    "MAX_DEPTH",
    "is_plain",
    "is_text",
    "json_value",
    "member_name",
    "ordered",
    "readable",
    "text_value",
    "watch_lazy_texts",
]

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]

MAX_DEPTH = 64
"""The levels of lists and dicts in a declared value; what contains itself has more."""

_DATES = (datetime.date, datetime.time)
_WRITTEN_AS_TEXT = (
    uuid.UUID,
    ipaddress.IPv4Address,
    ipaddress.IPv6Address,
    ipaddress.IPv4Network,
    ipaddress.IPv6Network,
    pathlib.PurePath,
)
_NO_TEXTS = (int, float, Decimal, bytes, type, *_DATES, Mapping, Sequence, AbstractSet)


_lazy_texts: ContextVar[list[str] | None] = ContextVar("restkit lazy texts", default=None)


@contextmanager
def watch_lazy_texts() -> Generator[list[str]]:
    """Yield a list that collects the lazy texts that are looked up meanwhile."""
    found: list[str] = []
    token = _lazy_texts.set(found)
    try:
        yield found
    finally:
        _lazy_texts.reset(token)


def _looked_up(value: object) -> str:
    """Return the text of an object, which may be another one in the next request."""
    text = _unicode(str(value))
    found = _lazy_texts.get()
    if found is not None:
        found.append(text)
    return text


def json_value(value: object, *, nan_is_null: bool = False, depth: int = 0) -> JSON:
    """Return a Python value as a JSON value that belongs to the caller.

    Args:
        value: The value. Dates, Decimals, UUIDs, enums, sets, tuples and lazy texts are converted.
        nan_is_null: Whether NaN and the infinities are written as null, or rejected.
        depth: The number of lists and dicts that the value is in.

    Raises:
        ValueError: JSON has no such value.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return json_value(value.value, nan_is_null=nan_is_null, depth=depth)
    if isinstance(value, str):
        return _unicode(str.__str__(value))
    if isinstance(value, (int, float, Decimal)):
        return _number(value, nan_is_null)
    if isinstance(value, _DATES):
        return value.isoformat()
    if isinstance(value, _WRITTEN_AS_TEXT):
        return _unicode(str(value))
    if is_text(value):
        return _looked_up(value)
    return _container(value, nan_is_null, depth)


def _unicode(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("a string with a lone surrogate is not Unicode text") from None
    return text


def _number(value: float | Decimal, nan_is_null: bool) -> int | float | str | None:
    if isinstance(value, int):
        return int(value)
    if math.isfinite(value):
        return str(value) if isinstance(value, Decimal) else float(value)
    if nan_is_null:
        return None
    raise ValueError(f"{value!r} is not a JSON number")


def _container(value: object, nan_is_null: bool, depth: int) -> JSON:
    def convert(part: object) -> JSON:
        return json_value(part, nan_is_null=nan_is_null, depth=depth + 1)

    if depth > MAX_DEPTH:
        raise ValueError(f"a value contains itself or is nested more than {MAX_DEPTH} deep")
    if isinstance(value, Mapping):
        return {member_name(key): convert(value[key]) for key in value}
    if isinstance(value, AbstractSet):
        return ordered(map(convert, value))
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [convert(each) for each in value]
    raise ValueError(f"{_shown(value)} is not a JSON value")


def readable(text: str) -> str:
    """Return a text that quotes a declaration, with lone surrogates as escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def text_value(value: object) -> str:
    """Return a text of a declaration, such as a description, as a string.

    Args:
        value: A string or an object that stands for one: a lazy text, a translation.

    Raises:
        ValueError: The value does not stand for a text.
    """
    if is_text(value):
        return _unicode(str.__str__(value)) if isinstance(value, str) else _looked_up(value)
    if isinstance(value, enum.Enum):
        return text_value(value.value)
    own = type(value).__str__ not in (object.__str__, type(None).__str__)
    if own and not isinstance(value, _NO_TEXTS):
        return _looked_up(value)
    raise ValueError(f"{_shown(value)} is not a text")


def member_name(value: object) -> str:
    """Return the name of a member of a JSON object: a string as it is, another value as JSON text.

    Raises:
        ValueError: The value is not a string, number, date or the like.
    """
    name = json_value(value)
    if isinstance(name, str):
        return name
    if isinstance(name, (list, dict)):
        raise ValueError(  # noqa: TRY004  # the contract of this function
            f"{_shown(value)} is not the name of a member of a JSON object"
        )
    return json.dumps(name)


def ordered(values: Iterable[JSON]) -> list[JSON]:
    """Return the JSON values of a set in an order that does not depend on the process."""
    return sorted(values, key=_rank)


def _rank(value: JSON) -> tuple[str, float, str]:
    if isinstance(value, (int, float)) and abs(value) < 2**1000:
        return ("number", float(value), json.dumps(value))
    return (type(value).__name__, 0.0, json.dumps(value))


def is_text(value: object) -> bool:
    """Return whether a value is a string, or a lazy text: an object with a string's methods."""
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


def is_plain(value: object, depth: int = 0) -> bool:
    """Return whether a value consists of JSON's own types alone, so that it needs no conversion.

    Args:
        value: The value.
        depth: The number of lists and dicts that the value is in.
    """
    kind = type(value)
    if kind in _PLAIN:
        return True
    if isinstance(value, float):
        return kind is float and math.isfinite(value)
    if kind not in (dict, list) or depth > MAX_DEPTH:
        return False
    parts: list[object] = []
    if isinstance(value, dict):
        if not all(type(name) is str for name in value):
            return False
        parts = list(value.values())
    elif isinstance(value, list):
        parts = value
    return all(is_plain(each, depth + 1) for each in parts)


_PLAIN = frozenset({str, int, bool, type(None)})


def _shown(value: object) -> str:
    return f"an instance of {type(value).__qualname__}"
