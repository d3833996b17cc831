"""What restkit.encoding writes, with orjson and without."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from datetime import time as clock
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restkit import encoding
from restkit.encoding import (
    dumps_json,
    dumps_json_chunks,
    dumps_native,
    dumps_ndjson,
    encode_text,
    json_text,
)

Dumps = Callable[[Any], bytes]

DUMPERS = [encoding._dumps_std, encoding._dumps_orjson]
both_dumpers = pytest.mark.parametrize("dumps", DUMPERS, ids=["std", "orjson"])


class Colour(Enum):
    RED = "red"
    NONE = None


class Size(IntEnum):
    LARGE = 3


class Name(str):
    __slots__ = ()


class Weight(float):
    __slots__ = ()


class Currency(StrEnum):
    EUR = "EUR"


class Point(NamedTuple):
    x: int
    y: int | None


CET = timezone(timedelta(hours=1))
WRITTEN: list[tuple[Any, str | None]] = [
    ({"a": [1, 2.5, None, True, "x"]}, '{"a":[1,2.5,null,true,"x"]}'),
    ("\u00e9\U0001f600\u2028\x7f", '"\u00e9\U0001f600\u2028\x7f"'),
    ('"\\/\b\f\n\r\t\x00\x1f', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f"'),
    ((1, (2,)), "[1,[2]]"),
    (Point(1, None), "[1,null]"),
    (OrderedDict(b=1, a=None), '{"b":1,"a":null}'),
    ({1: "a", False: "b", None: "c", 1.5: "d"}, '{"1":"a","false":"b","null":"c","1.5":"d"}'),
    (2**63, "9223372036854775808"),
    (2**64 + 1, "18446744073709551617"),
    (-(2**63) - 1, "-9223372036854775809"),
    (Decimal("1.10"), '"1.10"'),
    (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
    (datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC), '"2024-05-06T07:08:09+00:00"'),
    (datetime(2024, 5, 6, 7, 8, 9, 10, tzinfo=CET), '"2024-05-06T07:08:09.000010+01:00"'),
    (datetime(2024, 5, 6), '"2024-05-06T00:00:00"'),
    (datetime(1, 1, 1, tzinfo=timezone(timedelta(seconds=1172))), '"0001-01-01T00:00:00+00:19:32"'),
    (date(2024, 5, 6), '"2024-05-06"'),
    (clock(7, 8), '"07:08:00"'),
    ([Colour.RED, Size.LARGE, Currency.EUR, Colour.NONE], '["red",3,"EUR",null]'),
    ([Name("n"), Weight(1.5)], '["n",1.5]'),
    ([0.0, -0.0, 1e16, 1e-4, 1e-5, -1.5e-5, 1e-6, 1.25e-7, 1e-10, 5e-324, "1e-05", '"1e-07'], None),
    (["null", None, {"null": [None, "nan"]}], '["null",null,{"null":[null,"nan"]}]'),
]


@both_dumpers
@pytest.mark.parametrize(("value", "text"), WRITTEN, ids=range(len(WRITTEN)))
def test_writes_json(dumps: Dumps, value: Any, text: str | None) -> None:
    """A value is written compactly in UTF-8, the same bytes with orjson and without."""
    assert dumps(value) == (encoding._dumps_orjson(value) if text is None else text.encode())


circle: list[Any] = []
circle.append(circle)


@dataclass
class Plain:
    x: int = 1


@both_dumpers
@pytest.mark.parametrize(
    "value", [{1, 2}, b"x", Plain(), object(), [{"a": Plain()}], {(1,): 1}, {b"x": 1}, 1j]
)
def test_what_is_no_json_is_a_type_error(dumps: Dumps, value: Any) -> None:
    """Sets, bytes, dataclasses and other objects are a TypeError."""
    with pytest.raises(TypeError):
        dumps(value)


class Shade(Enum):
    red = "r"
    two = 2


@both_dumpers
@pytest.mark.parametrize(
    ("name", "written"),
    [
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Decimal("1.50"), "1.50"),
        (date(2020, 1, 2), "2020-01-02"),
        (datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC), "2020-01-02T03:04:05+00:00"),
        (clock(3, 4), "03:04:00"),
        (Shade.red, "r"),
        (Shade.two, "2"),
        (7, "7"),
        (1.5, "1.5"),
        (True, "true"),
        (None, "null"),
    ],
)
def test_names_of_members_are_written_as_values_are(dumps: Dumps, name: Any, written: str) -> None:
    """A dict by UUIDs, dates, Decimals or enums has texts for names, at any depth."""
    value = [{"a": {name: [1, {name: Decimal(2)}]}}, UUID(int=2)]
    inner = f'{{"{written}":[1,{{"{written}":"2"}}]}}'
    expected = f'[{{"a":{inner}}},"00000000-0000-0000-0000-000000000002"]'
    assert dumps(value) == expected.encode()


@both_dumpers
@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        [-math.inf],
        {"a": [None, math.nan, "null"]},
        {math.nan: 1},
        (None, (math.nan,)),
        Weight("nan"),
        "\ud800",
        ["a", {"\udfff": 1}],
        circle,
        [[None, None], [math.nan, None]],
    ],
    ids=range(11),
)
def test_what_json_cannot_say_is_a_value_error(dumps: Dumps, value: Any) -> None:
    """NaN, Infinity, lone surrogates and circles are a ValueError, never null."""
    with pytest.raises(ValueError):
        dumps(value)


@both_dumpers
def test_deep_values(dumps: Dumps) -> None:
    """A value of hundreds of levels is written; one of a hundred thousand is a ValueError."""
    value: list[Any] = []
    for _ in range(300):
        value = [value]
    assert dumps(value) == b"[" * 301 + b"]" * 301
    for _ in range(100_000):
        value = [value]
    with pytest.raises(ValueError, match="deep"):
        dumps(value)


odd = (
    st.floats()
    | st.none()
    | st.text(max_size=5)
    | st.integers()
    | st.decimals()
    | st.uuids()
    | st.datetimes()
    | st.dates()
)


@given(
    st.recursive(
        odd,
        lambda i: (
            st.lists(i) | st.tuples(i, i) | st.dictionaries(st.text(max_size=3) | st.integers(), i)
        ),
    )
)
@settings(max_examples=500, deadline=None)
def test_encoders_agree(value: Any) -> None:
    """Any value is written in the same bytes or refused with the same kind of error."""

    def written(dumps: Dumps) -> object:
        try:
            return dumps(value)
        except (TypeError, ValueError) as exc:
            return type(exc)

    assert written(encoding._dumps_std) == written(encoding._dumps_orjson)


def test_what_is_left_to_the_encoder_is_written_the_same() -> None:
    """Dates, UUIDs, and datetimes without an offset or of one in whole minutes are the same bytes,
    left to orjson.
    """
    zones = [
        None,
        UTC,
        CET,
        timezone(-timedelta(hours=9, minutes=30)),
        timezone(timedelta(minutes=1439)),
    ]
    moments = [
        datetime(year, month, 2, 3, 4, 5, fraction, tzinfo=zone)
        for year in (1, 99, 999, 1000, 1969, 1970, 2024, 9999)
        for month in (1, 12)
        for fraction in (0, 1, 10, 70_054, 120_000, 999_999)
        for zone in zones
    ]
    for value in [
        *moments,
        *(moment.date() for moment in moments),
        UUID(int=5),
        None,
        True,
        2**63,
        1.5,
        1e-7,
        "\x7f",
    ]:
        assert (
            encoding._dumps_orjson_native([value]) == dumps_native([value]) == dumps_json([value])
        )


def test_what_the_encoder_refuses_is_written_all_the_same() -> None:
    """An integer over 64 bits beside a datetime is written; a lone surrogate is refused as ever."""
    value = {"n": 2**70, "at": datetime(2024, 5, 6, tzinfo=UTC), "id": UUID(int=1)}
    assert dumps_native(value) == dumps_json(value)
    with pytest.raises(ValueError, match="surrogate"):
        dumps_native(["\ud800"])


def test_text_is_finished_as_the_encoder_writes() -> None:
    """Small floats in text that a schema made are written as orjson writes them,
    and strings are left alone.
    """
    assert (
        encode_text('[1e-05,1.5e-07,"1e-05"]')
        == b'[0.00001,1.5e-7,"1e-05"]'
        == dumps_json([1e-5, 1.5e-7, "1e-05"])
    )
    with pytest.raises(ValueError, match="surrogate"):
        encode_text(json_text("\ud800"))


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
def test_chunks_make_one_array(count: int) -> None:
    """An iterable becomes one JSON array, whatever the number of items."""
    items = [{"i": i, "pad": "x" * 40} for i in range(count)]
    chunks = list(dumps_json_chunks(iter(items)))
    assert b"".join(chunks) == dumps_json(items)
    assert all(0 < len(chunk) < 65536 + 100 for chunk in chunks)
    assert all(len(chunk) >= 65536 for chunk in chunks[:-1])


def test_chunks_at_the_very_edge() -> None:
    """Items that fill chunks exactly leave a last chunk that only closes the array."""
    chunks = list(dumps_json_chunks(["x" * 70_000] * 3))
    assert [chunk[-1:] for chunk in chunks] == [b'"', b'"', b'"', b"]"]
    assert json.loads(b"".join(chunks)) == ["x" * 70_000] * 3


def test_items_may_be_written_by_another_way() -> None:
    """Streams take what writes an item, such as a compiled schema."""
    assert b"".join(dumps_json_chunks([1, 2], lambda item: b"<%d>" % item)) == b"[<1>,<2>]"
    assert b"".join(dumps_ndjson([1, 2], lambda item: b"<%d>" % item)) == b"<1>\n<2>\n"


def test_ndjson_is_a_text_a_line() -> None:
    """Each item is one line, there as soon as the item is."""
    lines = dumps_ndjson(iter([{"a": "\n"}, 2]))
    assert next(lines) == b'{"a":"\\n"}\n'
    assert list(lines) == [b"2\n"]
