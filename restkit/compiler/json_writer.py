"""The writer of objects as JSON: with a native encoder or as text, lists in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from ..records import Record
from .compiled import Compiled
from .records import record_encoder
from .tier_counts import COUNTS

__all__ = ["Encoder", "JSONWriter", "json_writer_of"]

# PERF: the number of objects in a chunk. The data of a chunk is freed before the next one, so that
# a list of any length needs only the memory of its text.
_CHUNK = 256


class Encoder(Record):
    """The functions that write JSON.

    Attributes:
        is_native: True if `native` is faster than text.
        dumps: The function from any value to compact UTF-8.
        native: The function from the data of `Compiled.native` to the same bytes.
        text: The function from any value to JSON text.
        finish: The function from JSON text to bytes.
        uses_records: True if msgspec, where it is installed, writes in place of `native`. It
            writes the bytes of orjson.
        records_after: How many contents of a schema `native` writes before msgspec does. To load
            msgspec costs as much as a thousand responses.
    """

    is_native: bool
    dumps: Callable[[object], bytes]
    native: Callable[[object], bytes]
    text: Callable[[object], str]
    finish: Callable[[str], bytes]
    uses_records: bool = False
    records_after: int = 0


class JSONWriter(Record):
    """The JSON writer of one schema: it writes the same bytes as the data of ``Schema.dump``.

    Attributes:
        one: The function from an object to bytes.
        many: The function from an iterable of objects to bytes.
        pair: The function from an object to its dumped data and bytes. The data may hold dates,
            datetimes and UUIDs instead of their text. It holds the text of decimals, also if
            ``Schema.dump`` leaves the decimals to the encoder.
    """

    one: Callable[[object], bytes]
    many: Callable[[Iterable[object]], bytes]
    pair: Callable[[Any], tuple[Any, bytes]]


def json_writer_of(compiled: Compiled, encoder: Encoder) -> JSONWriter | None:
    """Return the writer of a compiled schema, None if its data is not certain to be JSON."""
    if compiled.uncertain:
        return None
    if encoder.is_native:
        return _native(compiled, encoder)
    return _text(compiled, compiled.text(encoder.text), encoder)


def _native(compiled: Compiled, encoder: Encoder) -> JSONWriter:
    native = compiled.native(), encoder.native
    # The two belong together: a thread that writes while another one replaces them takes both.
    way = native
    left = encoder.records_after if encoder.uses_records else -1

    def count_down() -> None:
        """Write records from now on, if enough was written without them."""
        nonlocal way, left
        written = record_encoder(encoder.native) if left == 0 else None
        if written is not None:
            way = compiled.records(), written
        left -= 1

    def one(value: object) -> bytes:
        if left >= 0:
            count_down()
        if COUNTS.on:
            COUNTS.dumps["native"] += 1
        dump, dumps = way
        return dumps(dump(value))

    def many(values: Iterable[object]) -> bytes:
        if left >= 0:
            count_down()
        if COUNTS.on:
            COUNTS.dumps["native"] += 1
        return _native_list(values, *way)

    def pair(value: object) -> tuple[Any, bytes]:
        if COUNTS.on:
            COUNTS.dumps["native"] += 1
        dump, dumps = native
        data = dump(value)
        return data, dumps(data)

    return JSONWriter(one, many, pair)


def _native_list(
    values: Iterable[object], dump: Callable[[object], object], dumps: Callable[[object], bytes]
) -> bytes:
    if type(values) is list and len(values) <= _CHUNK:
        return dumps([dump(each) for each in values])

    def members(chunk: list[object]) -> bytes:
        return dumps([dump(each) for each in chunk])[1:-1]

    return _array([members(chunk) for chunk in _chunks(values)])


def _text(compiled: Compiled, dump: Callable[[object], str], encoder: Encoder) -> JSONWriter:
    finish = encoder.finish

    def one(value: object) -> bytes:
        if COUNTS.on:
            COUNTS.dumps["text"] += 1
        return finish(dump(value))

    def many(values: Iterable[object]) -> bytes:
        if COUNTS.on:
            COUNTS.dumps["text"] += 1
        return _array([members(chunk) for chunk in _chunks(values)])

    def members(chunk: list[object]) -> bytes:
        return finish(",".join([dump(each) for each in chunk]))

    def pair(value: object) -> tuple[Any, bytes]:
        data = compiled.dump(value, many=False)
        return data, encoder.dumps(data)

    return JSONWriter(one, many, pair)


def _chunks(values: Iterable[object]) -> Iterator[list[object]]:
    items = iter(values)
    while chunk := list(islice(items, _CHUNK)):
        yield chunk


def _array(parts: list[bytes]) -> bytes:
    """Join parts without brackets to one array, without a second copy of the whole."""
    if not parts:
        return b"[]"
    parts[0] = b"[" + parts[0]
    parts[-1] += b"]"
    return b",".join(parts)
