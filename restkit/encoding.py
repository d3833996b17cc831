"""Data to JSON bytes: the same bytes with orjson and without.

Data of a compiled schema needs fewer checks (`dumps_native`). Without orjson, a compiled schema
assembles the JSON text itself (`encode_text`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

_orjson: Any
try:
    import orjson as _orjson
except ImportError:
    _orjson = None

__all__ = [
    "IS_NATIVE",
    "dumps_any",
    "dumps_json",
    "dumps_json_chunks",
    "dumps_native",
    "dumps_ndjson",
    "encode_text",
    "json_text",
]

_CHUNK = 65536


def dumps_native(value: object) -> bytes:
    """Write data of a compiled schema: the same bytes as `dumps_json`, with fewer checks.

    Args:
        value: Data with finite floats, no times of day, and datetimes without an offset or with
            one in whole minutes. If orjson is not installed, any value that `dumps_json` accepts.

    Raises:
        TypeError: As `dumps_json` raises it.
        ValueError: A string is not Unicode.
    """
    return _dumps_native(value)


def encode_text(text: str) -> bytes:
    """Return assembled JSON text as bytes, with numbers in the form that `dumps_json` writes.

    Raises:
        ValueError: A string in the text is not Unicode.
    """
    if "e-0" in text:
        text = re.sub(_SMALL_FLOAT, _small_float, text)
    return text.encode("utf-8")


def _dumps_std(value: object) -> bytes:
    try:
        return encode_text(_encoded(value))
    except RecursionError:
        raise ValueError("the value is nested too deeply to be written as JSON") from None


def _encoded(value: object) -> str:
    try:
        return _ENCODER.encode(value)
    except TypeError as error:
        # JSONEncoder calls no hook for the names of members.
        if "keys must be" not in str(error):
            raise
    return _ENCODER.encode(_with_text_names(value))


def _with_text_names(value: object) -> object:
    """Copy a value with member names as strings, written as values of their types are."""
    if isinstance(value, dict):
        return {_member_name(name): _with_text_names(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_text_names(each) for each in value]
    return value


def _member_name(name: object) -> object:
    if isinstance(name, str) and not isinstance(name, Enum):
        return name
    if name is None or (isinstance(name, (int, float)) and not isinstance(name, Enum)):
        return name  # JSONEncoder writes these
    written = _default(name)
    if isinstance(written, (list, dict)):
        raise TypeError(
            f"{type(name).__qualname__} cannot be the name of a member of a JSON object"
        )
    return _member_name(written)


def _dumps_orjson_native(value: object) -> bytes:
    try:
        written: bytes = _orjson.dumps(value, _default, _NATIVE)
    except TypeError:
        return _dumps_std(value)  # integers over 64 bits, and strings that are not Unicode
    return written


def _dumps_orjson(value: object) -> bytes:
    try:
        written: bytes = _orjson.dumps(value, _default, _WRITING)
    except TypeError:
        return _dumps_std(
            value
        )  # integers over 64 bits, names that are not str, and values that are not JSON
    # PERF: orjson writes NaN as null. The search costs as much as writing, so only a text with a
    # null is searched. `partition` copies nothing where there is none, and finds that out for 600
    # instructions less than `find`, most of whose cost on a short text is to read its arguments.
    if written.partition(b"null")[1] and not _is_finite(value, written):
        return _dumps_std(value)
    return written


def _is_finite(value: object, written: bytes) -> bool:
    """Return whether each null is a None; False if that is uncertain."""
    nulls = written.count(b"null")
    level: list[Any] = [value]
    while level:
        nulls -= level.count(None)
        if not nulls:
            return True
        inner: list[Any] = []
        for item in level:
            kind = type(item)  # `_default` may have converted objects of other classes
            if kind is dict:
                inner += item.values()
            elif kind is list or kind is tuple:
                inner += item
        level = inner
    return False


def _default(value: object) -> object:
    from decimal import (
        Decimal,
    )  # cold start: most programs get here with a schema, which has it loaded

    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(
        f"{type(value).__qualname__} is not JSON. Declare a schema for it, or return dicts, lists "
        "and scalars"
    )


def _small_float(match: re.Match[str]) -> str:
    """Write 1e-05 to 9e-09 as orjson does: 0.00001, 1e-6."""
    sign, first, rest, exponent = match.groups(default="")
    if exponent == "5":
        return f"{sign}0.0000{first}{rest}"
    return f"{sign}{first}{rest and '.' + rest}e-{exponent}" if exponent else match[0]


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_default
)
_LENIENT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)
_SMALL_FLOAT = r'"(?:[^"\\]++|\\.)*+"|(-?)([0-9])(?:\.([0-9]+))?e-0([5-9])'
json_text: Callable[[object], str] = _encoded
"""Returns a value as JSON text, save that small floats are still as Python writes them."""
IS_NATIVE = _orjson is not None
"""Whether orjson writes the data of a compiled schema, quicker than the schema makes text."""
# PERF: the name is the function itself: a call around it costs 500 instructions an answer.
dumps_json: Callable[[object], bytes] = _dumps_std if _orjson is None else _dumps_orjson
"""Writes a value as compact JSON in UTF-8, the same bytes with orjson and without.

Decimals and UUIDs are written as strings, dates and times in ISO format, enums as their values,
integers at any size.

Raises:
    TypeError: Something in it is not JSON: a set, bytes, an object without a schema.
    ValueError: A float is not finite, a string is not Unicode, or the value contains itself.
"""
_dumps_native = _dumps_std if _orjson is None else _dumps_orjson_native
if _orjson is not None:
    _NATIVE = _orjson.OPT_PASSTHROUGH_DATACLASS
    _WRITING = _NATIVE | _orjson.OPT_PASSTHROUGH_DATETIME


def dumps_any(value: object) -> bytes:
    """Return a value as JSON in UTF-8; other values become strings, other characters "?".

    Raises:
        ValueError: A number is not finite, or a container contains itself.
        TypeError: A name in an object is not a string.
    """
    return _LENIENT.encode(value).encode("utf-8", "replace")


def dumps_json_chunks(
    iterable: Iterable[object], write: Callable[[object], bytes] = dumps_json
) -> Iterator[bytes]:
    """Write an iterable as one JSON array, in chunks of about 64 KiB.

    Args:
        iterable: The items, which are read one at a time.
        write: A function that writes one item as JSON.
    """
    pending, size, opening = [], 0, b"["
    for item in iterable:
        pending.append(write(item))
        size += len(pending[-1]) + 1
        if size >= _CHUNK:
            yield opening + b",".join(pending)
            pending, size, opening = [], 0, b","
    closing = b",".join(pending)
    yield (opening if closing or opening == b"[" else b"") + closing + b"]"


def dumps_ndjson(
    iterable: Iterable[object], write: Callable[[object], bytes] = dumps_json
) -> Iterator[bytes]:
    """Write an iterable as newline-delimited JSON; each item is a chunk of its own."""
    for item in iterable:
        yield write(item) + b"\n"
