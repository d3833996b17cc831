"""From objects straight to JSON: by an encoder that takes what was left to it, or as text; lists in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from .compiled import Compiled
from .tier_counts import COUNTS

__all__ = ["Encoder", "JSONWriter", "json_writer_of"]

# PERF: so many objects are dumped and written at a time. What was dumped of them is freed before the next, so that a
# list of any length takes no more memory than its text, and the garbage collector finds nothing that has grown old.
_CHUNK = 256


@dataclass(frozen=True, slots=True)
class Encoder:
    """Is how JSON is written.

    Attributes:
        is_native: Whether `native` is quicker than text.
        dumps: Writes any value as compact UTF-8.
        native: Writes what `Compiled.native` dumped; the same bytes.
        text: Returns any value as JSON text.
        finish: Makes bytes of JSON text.
    """

    is_native: bool
    dumps: Callable[[Any], bytes]
    native: Callable[[Any], bytes]
    text: Callable[[Any], str]
    finish: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class JSONWriter:
    """Is the way of one schema; each function writes the bytes of what ``Schema.dump`` returns.

    Attributes:
        one: Writes one object.
        many: Writes an iterable of objects.
        pair: Returns what was dumped of one object, and its bytes. What was dumped may have dates, datetimes and UUIDs
            in place of their text.
    """

    one: Callable[[Any], bytes]
    many: Callable[[Iterable[Any]], bytes]
    pair: Callable[[Any], tuple[Any, bytes]]


def json_writer_of(compiled: Compiled, encoder: Encoder) -> JSONWriter | None:
    """Return the way of a compiled schema, None where there is none: what it dumps is not certain to be JSON."""
    if compiled.uncertain:
        return None
    if encoder.is_native:
        return _native(compiled.native(), encoder)
    return _text(compiled, compiled.text(encoder.text), encoder)


def _native(dump: Callable[[Any], Any], encoder: Encoder) -> JSONWriter:
    dumps = encoder.native

    def one(value: Any) -> bytes:
        if COUNTS.on:
            COUNTS.dumps["native"] += 1
        return dumps(dump(value))

    def many(values: Iterable[Any]) -> bytes:
        if COUNTS.on:
            COUNTS.dumps["native"] += 1
        if type(values) is list and len(values) <= _CHUNK:
            return dumps([dump(each) for each in values])
        return _array([dumps([dump(each) for each in chunk])[1:-1] for chunk in _chunks(values)])

    def pair(value: Any) -> tuple[Any, bytes]:
        if COUNTS.on:
            COUNTS.dumps["native"] += 1
        data = dump(value)
        return data, dumps(data)

    return JSONWriter(one, many, pair)


def _text(compiled: Compiled, dump: Callable[[Any], str], encoder: Encoder) -> JSONWriter:
    finish = encoder.finish

    def one(value: Any) -> bytes:
        if COUNTS.on:
            COUNTS.dumps["text"] += 1
        return finish(dump(value))

    def many(values: Iterable[Any]) -> bytes:
        if COUNTS.on:
            COUNTS.dumps["text"] += 1
        return _array(
            [finish(",".join([dump(each) for each in chunk])) for chunk in _chunks(values)]
        )

    def pair(value: Any) -> tuple[Any, bytes]:
        data = compiled.dump(value, many=False)
        return data, encoder.dumps(data)

    return JSONWriter(one, many, pair)


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    items = iter(values)
    while chunk := list(islice(items, _CHUNK)):
        yield chunk


def _array(parts: list[bytes]) -> bytes:
    """Make one array of parts that have no brackets yet, without a second copy of the whole."""
    if not parts:
        return b"[]"
    parts[0] = b"[" + parts[0]
    parts[-1] += b"]"
    return b",".join(parts)
