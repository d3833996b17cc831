"""The strict JSON parser reads and rejects the same texts, with orjson and without."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minute import within_a_minute

from restkit import json_parsing
from restkit.encoding import _dumps_orjson, _dumps_std
from restkit.errors import DeclarationError
from restkit.json_parsing import DEFAULT_LIMITS, JSONLimits, loads_json
from restkit.problems import BadRequest

Loads = Callable[[bytes, JSONLimits], Any]

LOADERS = [json_parsing._loads_std, json_parsing._loads_orjson]
both_loaders = pytest.mark.parametrize("loads", LOADERS, ids=["std", "orjson"])

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
    (
        b'{"id": 9223372036854775807, "other": 1234567890123456789}',
        {"id": 2**63 - 1, "other": 1234567890123456789},
    ),
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
    (b'{"a":1,"a":1}', "duplicate member names"),
    (b'{"a":1,"a":2}', "duplicate member names"),
    (b'{"a":1,"\\u0061":2}', "duplicate member names"),
    (b'{"a" :1,"a" :2}', "duplicate member names"),
    (b'[{"x":{"a":[],"b":0,"a":[]}}]', "duplicate member names"),
    (b'{"a":1,"a":2,"b":"\\u0022:"}', "duplicate member names"),
    (b'{"a":1,"a":2,"b":"\\u003a"}', "duplicate member names"),
    (b'{"a":1,"a":2,"b":"\\u003A"}', "duplicate member names"),
    (b'{"a:b":1,"a:b":2}', "duplicate member names"),
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


def response(loads: Loads, data: bytes, limits: JSONLimits = DEFAULT_LIMITS) -> str:
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
    assert response(json_parsing._loads_std, data) == response(json_parsing._loads_orjson, data)


@both_loaders
def test_refusals_never_echo(loads: Loads) -> None:
    """A refusal holds nothing that the client made up, and no chain to it."""
    for data in (
        b'{"s3cret":1,"s3cret":2}',
        b'"s3cret',
        b"[s3cret]",
        b'{"s3cret":1e999}',
        b'"s3cret\\u0000"',
    ):
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
    texts = [
        json.dumps(value, indent=indent, ensure_ascii=ascii_only).encode(),
        *(d(value) for d in (_dumps_std, _dumps_orjson)),
    ]
    assert texts[1] == texts[2]
    for data in texts:
        for loads in LOADERS:
            assert repr(loads(data, DEFAULT_LIMITS)) == repr(value)


PIECES = r"""
{ } [ ] , : " "a" "a": "b":
"\u0061": "\u003a" "\u0000" "\ud800" "\ud83d\ude00" \ 1 -1 0.5 1e400
1e5 null true 9223372036854775807 9223372036854775808
18446744073709551616 {"a":1} {"a":1,"a":2} "[" "}" NaN -
"""
fragments = st.lists(st.sampled_from([*PIECES.split(), "\t", "\n", " "]), max_size=14).map(
    lambda p: "".join(p).encode()
)


@given(fragments | st.binary(max_size=30) | values.map(lambda v: json.dumps(v).encode()[:-1]))
@settings(max_examples=1500, deadline=None)
def test_decoders_agree_on_any_bytes(data: bytes) -> None:
    """With orjson and without, any bytes become the same value or the same error."""
    assert response(json_parsing._loads_std, data) == response(json_parsing._loads_orjson, data)


@given(
    st.from_regex(rb"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?", fullmatch=True)
)
@settings(max_examples=1000, deadline=None)
def test_decoders_agree_on_any_number(data: bytes) -> None:
    """A number is the same double or integer either way, and never an integer made a float."""
    found = response(json_parsing._loads_std, data)
    assert found == response(json_parsing._loads_orjson, data)
    for loads in LOADERS:
        within = response(loads, b"[" + data + b" ]")
        assert within == (found if found.startswith("refused") else f"[{found}]")
    if not set(data) & set(b".eE") and not found.startswith("refused"):
        assert found == str(int(data))


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", ":", '":']), values), max_size=4), st.booleans()
)
@settings(max_examples=300, deadline=None)
def test_duplicates_are_always_found(pairs: list[tuple[str, Any]], ascii_only: bool) -> None:
    """An object is refused just where a name occurs twice."""
    text = ",".join(f"{json.dumps(n)}:{json.dumps(v, ensure_ascii=ascii_only)}" for n, v in pairs)
    data = f'[{{"x":{{{text}}}}}]'.encode()
    twice = len({name for name, _ in pairs}) != len(pairs)
    for loads in LOADERS:
        assert ("duplicate member names" in response(loads, data)) is twice


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
    """A large hostile body is rejected without backtracking: not in hours."""
    with within_a_minute(), pytest.raises(BadRequest):
        loads(data, DEFAULT_LIMITS)


@both_loaders
def test_large_body_is_read(loads: Loads) -> None:
    """A good body of megabytes is read, also where it has more brackets than the depth allows."""
    rows = [
        {"id": i, "name": "n" * 50, "tags": ["a", "b"], "at": {"x": 0.5, "y": None}}
        for i in range(10_000)
    ]
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
    assert loads(
        b'[170141183460469231731687303715884105727, 1, {"a": 18446744073709551616}]', limits
    ) == [
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


def test_loads_json() -> None:
    """`loads_json` reads JSON, with the limits by keyword."""
    assert loads_json(b'{"a": [1.5]}') == {"a": [1.5]}
    with pytest.raises(BadRequest):
        loads_json(b"[[1]]", limits=JSONLimits(depth=1))


@pytest.mark.parametrize(("depth", "bits"), [(1, 64), (500, 64), (1, 3600), (500, 3600)])
def test_the_outermost_limits_are_accepted(depth: int, bits: int) -> None:
    """Both ends of each range are limits."""
    assert JSONLimits(depth, bits) == (depth, bits)


@pytest.mark.parametrize(("depth", "bits"), [(0, 64), (501, 64), (1, 63), (1, 3601)])
def test_limits_beyond_the_decoders_are_refused(depth: int, bits: int) -> None:
    """The message has both values and both ranges."""
    with pytest.raises(DeclarationError) as raised:
        JSONLimits(depth, bits)
    assert str(raised.value) == (
        f"JSONLimits(depth={depth}, bits={bits}) is out of range: depth must be from 1 to 500, "
        "bits from 64 to 3600."
    )
