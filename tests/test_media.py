"""What restkit.media reads, refuses and writes, with orjson and without."""

from __future__ import annotations

import json
import math
import time
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

from restkit import media
from restkit.errors import DeclarationError
from restkit.media import (
    DEFAULT_LIMITS,
    HANDLERS,
    Handler,
    JSONLimits,
    Media,
    dumps_json,
    dumps_json_chunks,
    dumps_ndjson,
    handler_for,
    loads_json,
    unsupported,
)
from restkit.problems import BadRequest

Loads = Callable[[bytes, JSONLimits], Any]
Dumps = Callable[[Any], bytes]

LOADERS = [media._loads_std, media._loads_orjson]
DUMPERS = [media._dumps_std, media._dumps_orjson]
both_loaders = pytest.mark.parametrize("loads", LOADERS, ids=["std", "orjson"])
both_dumpers = pytest.mark.parametrize("dumps", DUMPERS, ids=["std", "orjson"])

GOOD: list[tuple[bytes, Any]] = [
    (b"null", None),
    (b" \t\r\n[1, 2]\n", [1, 2]),
    (b"-0", 0),
    (b"-0.0", -0.0),
    (b"1e5", 100000.0),
    (b"1e-400", 0.0),
    (b"0e99999999", 0.0),
    (b"9223372036854775807", 2**63 - 1),
    (b"-9223372036854775808", -(2**63)),
    (b'{"id": 9223372036854775807, "other": 1234567890123456789}', {"id": 2**63 - 1, "other": 1234567890123456789}),
    (b'{"id":9007199254740993}', {"id": 2**53 + 1}),
    (b"0.1234567890123456789012345", 0.1234567890123456789012345),
    (b"0." + b"3" * 1000, float("0." + "3" * 1000)),
    (b"1.7976931348623157e308", 1.7976931348623157e308),
    (b'"18446744073709551616"', "18446744073709551616"),
    (b'"\\ud83d\\ude00 \\u00e9 \\/"', "\U0001f600 \u00e9 /"),
    (b'"\\\\ud800 \\\\u0000"', "\\ud800 \\u0000"),
    ('"\u00e9\U0001f600\u2028\x7f"'.encode(), "\u00e9\U0001f600\u2028\x7f"),
    (b'{"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}', {"a": {"a": 1}, "b": [{"a": 2}, {"a": 3}]}),
    (b'{"a" :1, "b"\n: 2}', {"a": 1, "b": 2}),
    (b'{"a\\u003a": ":", "b": "\\u0022:"}', {"a:": ":", "b": '":'}),
    (b'{"":1,":":2,"{":"[[[["}', {"": 1, ":": 2, "{": "[[[["}),
    (b'{"a":1,"A":2,"a ":3}', {"a": 1, "A": 2, "a ": 3}),
    (b"[" * 64 + b"]" * 64, json.loads("[" * 64 + "]" * 64)),
    (b"[" + b'"[[{{",' * 70 + b"[]]", ["[[{{"] * 70 + [[]]),
    (b"[" + b"[],{}," * 70 + b"1]", [[], {}] * 70 + [1]),
    (b"[" + b'"\\"[",' * 70 + b"1]", ['"['] * 70 + [1]),
]

BAD: list[tuple[bytes, str]] = [
    (b"", "empty"),
    (b" \n", "empty"),
    (b"{", "character 1"),
    (b'{"a": 1', "character"),
    (b'{"a" 1}', "character 5"),
    (b"[1,]", "character"),
    (b'{"a":1,}', "character"),
    (b"{'a':1}", "character 1"),
    (b"{1:2}", "character 1"),
    (b"tru", "character 0"),
    (b"1 2", "extra data at character 2"),
    (b"[] []", "extra data at character 3"),
    (b"01", "character"),
    (b"1.", "character"),
    (b".5", "character 0"),
    (b"+1", "character 0"),
    (b"0x10", "character"),
    (b'"a', "character 0"),
    (b'"\\x"', "character"),
    (b'"\\u12"', "character"),
    (b'"\t"', "character"),
    (b'"\x00"', "byte order mark"),
    (b'["abc", "\x00"]', "character"),
    (b"\x0c1", "character 0"),
    (b"\xc2\xa01", "character 0"),
    (b"// no\n1", "character 0"),
    (b"NaN", "NaN"),
    (b'{"a":[NaN]}', "NaN"),
    (b"Infinity", "NaN and Infinity"),
    (b"-Infinity", "NaN and Infinity"),
    (b"1e400", "double"),
    (b"-1e400", "double"),
    (b"[1E+0000400]", "double"),
    (b"1" * 400 + b".0", "double"),
    (b"0.0000001e400", "double"),
    (b"9223372036854775808", "64 bits"),
    (b"-9223372036854775809", "64 bits"),
    (b"18446744073709551615", "64 bits"),
    (b'{"n": [18446744073709551616]}', "64 bits"),
    (b'{"n":[9223372036854775808]}', "64 bits"),
    (b"1" * 5000, "64 bits"),
    (b"-" + b"1" * 5000, "64 bits"),
    (b"0." + b"1" * 5000, "longer than"),
    (b'{"a":1,"a":1}', "same name"),
    (b'{"a":1,"a":2}', "same name"),
    (b'{"a":1,"\\u0061":2}', "same name"),
    (b'{"a" :1,"a" :2}', "same name"),
    (b'[{"x":{"a":[],"b":0,"a":[]}}]', "same name"),
    (b'{"a":1,"a":2,"b":"\\u0022:"}', "same name"),
    (b'{"a":1,"a":2,"b":"\\u003a"}', "same name"),
    (b'{"a":1,"a":2,"b":"\\u003A"}', "same name"),
    (b'{"a:b":1,"a:b":2}', "same name"),
    (b'"\\ud800"', "lone surrogate at byte 1"),
    (b'"\\uDFFF"', "lone surrogate"),
    (b'"\\ud83d\\u0061"', "lone surrogate"),
    (b'"\\ud83d\\ud83d\\ude00"', "lone surrogate at byte 1"),
    (b'"\\ude00\\ud83d"', "lone surrogate"),
    (b'"\\\\\\ud800"', "lone surrogate at byte 3"),
    (b'{"\\ud800": 1}', "lone surrogate"),
    (b'"a\\u0000"', "NUL character at byte 2"),
    (b'{"a\\u0000": 1}', "NUL"),
    (b'"\\\\\\u0000"', "NUL"),
    (b"[" * 65 + b"]" * 65, "deeper than 64"),
    (b'{"a":' * 65 + b"1" + b"}" * 65, "deeper than 64"),
    (b'["]",' * 65 + b'"["' + b',"["]' * 65, "deeper than 64"),
    (b"[" * 300 + b"]" * 300, "deeper than 64"),
    (b"[" * 100_000, "deeper than 64"),
    (b"[" * 100_000 + b"]" * 100_000, "deeper than 64"),
    (b'{"a":' * 100_000, "deeper than 64"),
    (b"\xef\xbb\xbf{}", "byte order mark"),
    ('{"a": 1}'.encode("utf-16"), "not UTF-8"),
    ('{"a": 1}'.encode("utf-16-le"), "must be UTF-8"),
    ('{"a": 1}'.encode("utf-16-be"), "must be UTF-8"),
    ('{"a": 1}'.encode("utf-32-le"), "must be UTF-8"),
    ('{"a": 1}'.encode("utf-32"), "not UTF-8"),
    (b'"\xff"', "not UTF-8 at byte 1"),
    (b'["a", "\xc3"]', "not UTF-8 at byte 7"),
    (b'"\xed\xa0\x80"', "not UTF-8"),
    (b'"\xc0\x80"', "not UTF-8"),
    (b'"\xf4\x90\x80\x80"', "not UTF-8"),
]


def answer(loads: Loads, data: bytes, limits: JSONLimits = DEFAULT_LIMITS) -> str:
    try:
        return repr(loads(data, limits))
    except BadRequest as problem:
        return f"refused: {problem.detail}"


@both_loaders
@pytest.mark.parametrize(("data", "value"), GOOD, ids=range(len(GOOD)))
def test_reads_json(loads: Loads, data: bytes, value: Any) -> None:
    """A text within the rules is read, with the same types either way."""
    assert repr(loads(data, DEFAULT_LIMITS)) == repr(value)


@both_loaders
@pytest.mark.parametrize(("data", "why"), BAD, ids=range(len(BAD)))
def test_refuses(loads: Loads, data: bytes, why: str) -> None:
    """A text that breaks a rule is a 400 that names the rule."""
    with pytest.raises(BadRequest) as caught:
        loads(data, DEFAULT_LIMITS)
    assert why in str(caught.value.detail)


@pytest.mark.parametrize(("data", "_why"), BAD, ids=range(len(BAD)))
def test_refusals_are_worded_alike(data: bytes, _why: str) -> None:
    """The detail does not tell whether orjson is installed."""
    assert answer(media._loads_std, data) == answer(media._loads_orjson, data)


@both_loaders
def test_refusals_never_echo(loads: Loads) -> None:
    """A refusal holds nothing that the client made up, and no chain to it."""
    for data in (b'{"s3cret":1,"s3cret":2}', b'"s3cret', b"[s3cret]", b'{"s3cret":1e999}', b'"s3cret\\u0000"'):
        with pytest.raises(BadRequest) as caught:
            loads(data, DEFAULT_LIMITS)
        assert "s3cret" not in str(caught.value.to_dict())
        assert caught.value.__suppress_context__


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(names, inner, max_size=6),
    max_leaves=40,
)


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
@settings(max_examples=300, deadline=None)
def test_round_trip(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    """Whatever is written is read back the same, however it is spaced or escaped."""
    texts = [json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode(), *(d(value) for d in DUMPERS)]
    assert texts[1] == texts[2]
    for data in texts:
        for loads in LOADERS:
            assert repr(loads(data, DEFAULT_LIMITS)) == repr(value)


PIECES = r"""{ } [ ] , : " "a" "a": "b": "\u0061": "\u003a" "\u0000" "\ud800" "\ud83d\ude00" \ 1 -1 0.5
 1e400 1e5 null true 9223372036854775807 9223372036854775808 18446744073709551616 {"a":1} {"a":1,"a":2} "[" "}" NaN -"""
fragments = st.lists(st.sampled_from([*PIECES.split(), "\t", "\n", " "]), max_size=14).map(
    lambda p: "".join(p).encode()
)


@given(fragments | st.binary(max_size=30) | values.map(lambda v: json.dumps(v).encode()[:-1]))
@settings(max_examples=1500, deadline=None)
def test_decoders_agree_on_any_bytes(data: bytes) -> None:
    """With orjson and without, any bytes are read to the same value or refused in the same words."""
    assert answer(media._loads_std, data) == answer(media._loads_orjson, data)


@given(st.from_regex(rb"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", fullmatch=True))
@settings(max_examples=1000, deadline=None)
def test_decoders_agree_on_any_number(data: bytes) -> None:
    """A number is the same double or integer either way, and never an integer made a float."""
    found = answer(media._loads_std, data)
    assert found == answer(media._loads_orjson, data)
    for loads in LOADERS:
        within = answer(loads, b"[" + data + b" ]")
        assert within == (found if found.startswith("refused") else f"[{found}]")
    if not set(data) & set(b".eE") and not found.startswith("refused"):
        assert found == str(int(data))


@given(st.lists(st.tuples(st.sampled_from(["a", "b", ":", '":']), values), max_size=4), st.booleans())
@settings(max_examples=300, deadline=None)
def test_duplicates_are_always_found(pairs: list[tuple[str, Any]], ascii_only: bool) -> None:
    """An object is refused just where a name occurs twice."""
    text = ",".join(f"{json.dumps(n)}:{json.dumps(v, ensure_ascii=ascii_only)}" for n, v in pairs)
    data = f'[{{"x":{{{text}}}}}]'.encode()
    twice = len({name for name, _ in pairs}) != len(pairs)
    for loads in LOADERS:
        assert ("same name" in answer(loads, data)) is twice


HOSTILE: list[tuple[str, bytes]] = [
    ("20 MB of brackets", b"[" * 20_000_000),
    ("20 MB of digits", b"1" * 20_000_000),
    ("20 MB of fraction", b"0." + b"1" * 20_000_000),
    ("20 MB of zeros after the point", b"0." + b"0" * 20_000_000 + b"1"),
    ("20 MB of exponent", b"1e" + b"9" * 20_000_000),
    ("20 MB of space", b" " * 20_000_000),
    ("20 MB of NUL", b"\0" * 20_000_000),
    ("20 MB unterminated, escaped quotes", b"[" * 65 + b'"' + b'\\"' * 10_000_000),
    ("20 MB of backslashes", b'"' + b"\\" * 20_000_000),
    ("2 MB of quotes", b"[" * 65 + b'"' * 2_000_001),
    ("2 MB of empty arrays", b"[" + b"[]," * 700_000 + b"1"),
    ("4 MB of escapes, then a lone surrogate", b'"' + b"\\u00e9" * 700_000 + b'\\ud800"'),
    ("4 MB of pairs, then NUL", b'"' + b"\\ud83d\\ude00" * 350_000 + b'\\u0000"'),
    ("1 MB of long integers", b"[" + b"1111111111111111111," * 50_000 + b"11111111111111111111]"),
    ("many names, one twice", b"{" + b",".join(b'"%d":0' % i for i in range(100_000)) + b',"7":0}'),
    ("20 MB of text, then nothing", b'"' + b"a" * 20_000_000),
    ("20 MB of text, then invalid UTF-8", b'"' + b"a" * 20_000_000 + b'\xff"'),
]


@both_loaders
@pytest.mark.parametrize("data", [data for _, data in HOSTILE], ids=[name for name, _ in HOSTILE])
def test_hostile_bodies_are_refused_in_linear_time(loads: Loads, data: bytes) -> None:
    """A large hostile body is refused without going back over it: in seconds at most, not in hours."""
    begin = time.process_time()
    with pytest.raises(BadRequest):
        loads(data, DEFAULT_LIMITS)
    assert time.process_time() - begin < 5


@both_loaders
def test_large_body_is_read(loads: Loads) -> None:
    """A good body of megabytes is read, also where it has more brackets than the depth allows."""
    rows = [{"id": i, "name": "n" * 50, "tags": ["a", "b"], "at": {"x": 0.5, "y": None}} for i in range(10_000)]
    assert loads(json.dumps(rows).encode(), DEFAULT_LIMITS) == rows


@both_loaders
@pytest.mark.parametrize("depth", [1, 3, 200, 500])
def test_depth_is_a_limit_of_its_own(loads: Loads, depth: int) -> None:
    """Just the stated depth is let in, of arrays, of objects, of both, empty inside or not."""
    limits = JSONLimits(depth=depth)
    for opening, inner, closing in (
        (b"[", b"", b"]"),
        (b"[ ", b"1", b" ]"),
        (b'{"a": ', b"2", b"}"),
        (b'{"a":', b"2", b"}"),
    ):
        loads(opening * depth + inner + closing * depth, limits)
        with pytest.raises(BadRequest, match="deeper"):
            loads(opening * (depth + 1) + inner + closing * (depth + 1), limits)


@both_loaders
def test_wider_integers_can_be_let_in(loads: Loads) -> None:
    """With more bits the integers stay integers."""
    limits = JSONLimits(bits=128)
    assert loads(b'[170141183460469231731687303715884105727, 1, {"a": 18446744073709551616}]', limits) == [
        2**127 - 1,
        1,
        {"a": 2**64},
    ]
    with pytest.raises(BadRequest, match="128 bits"):
        loads(b"170141183460469231731687303715884105728", limits)


@pytest.mark.parametrize("wrong", [{"depth": 0}, {"depth": 501}, {"bits": 32}, {"bits": 10_000}])
def test_limits_are_checked(wrong: dict[str, int]) -> None:
    """Limits that the decoders cannot keep are a mistake at start-up."""
    with pytest.raises(DeclarationError, match="out of range"):
        JSONLimits(**wrong)


def test_the_door() -> None:
    """`loads_json` is the door, with the limits by keyword."""
    assert loads_json(b'{"a": [1.5]}') == {"a": [1.5]}
    with pytest.raises(BadRequest):
        loads_json(b"[[1]]", limits=JSONLimits(depth=1))


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
    assert dumps(value) == (media._dumps_orjson(value) if text is None else text.encode())


circle: list[Any] = []
circle.append(circle)


@dataclass
class Plain:
    x: int = 1


@both_dumpers
@pytest.mark.parametrize("value", [{1, 2}, b"x", Plain(), object(), [{"a": Plain()}], {UUID(int=1): 1}, {(1,): 1}, 1j])
def test_what_is_no_json_is_a_type_error(dumps: Dumps, value: Any) -> None:
    """Sets, bytes, dataclasses and other objects are a TypeError."""
    with pytest.raises(TypeError):
        dumps(value)


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
    st.recursive(odd, lambda i: st.lists(i) | st.tuples(i, i) | st.dictionaries(st.text(max_size=3) | st.integers(), i))
)
@settings(max_examples=500, deadline=None)
def test_encoders_agree(value: Any) -> None:
    """Any value is written in the same bytes or refused with the same kind of error."""

    def written(dumps: Dumps) -> object:
        try:
            return dumps(value)
        except (TypeError, ValueError) as exc:
            return type(exc)

    assert written(media._dumps_std) == written(media._dumps_orjson)


def test_a_vouched_value_is_not_searched() -> None:
    """`finite=True` writes the same bytes."""
    assert dumps_json([None, 1.5], finite=True) == dumps_json([None, 1.5]) == b"[null,1.5]"


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


def test_ndjson_is_a_text_a_line() -> None:
    """Each item is one line, there as soon as the item is."""
    lines = dumps_ndjson(iter([{"a": "\n"}, 2]))
    assert next(lines) == b'{"a":"\\n"}\n'
    assert list(lines) == [b"2\n"]


def test_handlers_read_and_write() -> None:
    """The handlers at hand round-trip their media types."""
    found = {handler.media_type: handler for handler in HANDLERS}
    assert found["application/x-ndjson"].loads(b'{"a":1}\r\n\n2') == [{"a": 1}, 2]
    assert found["application/x-ndjson"].dumps([{"a": 1}, 2]) == b'{"a":1}\n2\n'
    assert found["text/plain"].loads("\u00e9".encode()) == "\u00e9"
    assert found["text/plain"].dumps("\u00e9") == "\u00e9".encode()
    with pytest.raises(BadRequest, match="not UTF-8"):
        found["text/plain"].loads(b"\xff")
    with pytest.raises(BadRequest):
        found["application/x-ndjson"].loads(b'{"a":1,"a":2}\n')


@pytest.mark.parametrize(
    ("media_type", "known"),
    [
        ("application/json", True),
        ("application/merge-patch+json", True),
        ("application/json-patch+json", True),
        ("application/vnd.shop.book+json", True),
        ("application/x-ndjson", True),
        ("text/plain", True),
        ("text/csv", False),
        ("application/xml", False),
        ("application/jsonp", False),
        ("", False),
    ],
)
def test_handler_for(media_type: str, known: bool) -> None:
    """JSON, anything +json, ndjson and plain text have handlers."""
    assert (handler_for(media_type) is not None) is known


def test_a_registry_is_its_own() -> None:
    """A handler registered on a copy is not known to the original, and replaces JSON for +json too."""
    original = Media(HANDLERS)
    copy = original.copy()
    csv = Handler("text/csv", lambda data: data.split(b","), b",".join)
    quoted = Handler("application/json", lambda data: "mine", lambda value: b"mine")
    own = Handler("application/own+json", lambda data: "own", lambda value: b"own")
    for handler in (csv, quoted, own):
        copy.register(handler)
    assert copy.find("text/csv") is csv
    assert original.find("text/csv") is None
    assert copy.find("application/problem+json") is quoted
    assert copy.find("application/own+json") is own
    assert Media().find("application/own+json") is None


@pytest.mark.parametrize("wrong", ["json", "Application/JSON", "text/plain; charset=utf-8", "text/", "a/b\n", "*/*"])
def test_a_handler_needs_a_media_type(wrong: str) -> None:
    """A handler for what is no media type is a mistake at start-up."""
    with pytest.raises(DeclarationError, match="no media type"):
        Handler(wrong, bytes.decode, str.encode)


def test_unsupported_lists_what_is_taken() -> None:
    """415 says what is taken, in the detail and in Accept; for PATCH in Accept-Patch too."""
    problem = unsupported(("application/json", "text/csv"))
    assert problem.status == 415
    assert "application/json, text/csv" in str(problem.detail)
    assert problem.headers == {"Accept": "application/json, text/csv"}
    patch = unsupported(("application/merge-patch+json",), accept_header="Accept-Patch")
    assert patch.headers == {
        "Accept": "application/merge-patch+json",
        "Accept-Patch": "application/merge-patch+json",
    }
    assert unsupported(()).detail == "No content is taken here."
