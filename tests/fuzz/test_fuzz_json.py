"""The JSON parser, against a model of its rules and two other parsers."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import msgspec
from hypothesis import strategies as st

from restkit import json_parsing
from restkit.json_parsing import JSONLimits, loads_json
from restkit.problems import BadRequest

from .fuzzing import fuzz, mutated

ODD = [
    "\\ud800",
    "\\udfff",
    "\\ud83d\\ude00",
    "\\ud83d\\ud83d",
    "\\u0000",
    "\\u00e9",
    "\\u0061",
    "\\/",
    "\\b",
    "\\x41",
    "\\u12",
    "\\ud800\\u0041",
    "\\\\u0000",
    "\\\\\\u0000",
    "\\u003a",
]
STRINGS = st.one_of(
    st.text(max_size=6).map(json.dumps),
    st.text(max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)),
    st.lists(st.sampled_from([*ODD, "a", ":", "{", "[", " "]), max_size=4).map(
        lambda parts: f'"{"".join(parts)}"'
    ),
    st.sampled_from(['"a"', '"a"', '"b"']),
)
NUMBERS = st.one_of(
    st.integers(-(2**66), 2**66).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(
        [
            "0",
            "-0",
            "1e400",
            "-1e400",
            "1e308",
            "1E+2",
            "1e-400",
            "01",
            "1.",
            ".5",
            "+1",
            "NaN",
            "Infinity",
            "-Infinity",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "0.1",
            "100000000000000000000.5",
            "1e",
            "0x1",
            "1_0",
        ]
    ),
    st.integers(17, 30).map(lambda count: "9" * count),
    st.sampled_from([1099, 1100, 1101, 5000]).map(lambda count: "0." + "3" * (count - 2)),
)
SPACES = st.sampled_from(["", "", "", " ", "\n", "\t", "\r", "\x0b", "\xa0", "\ufeff"])


def _array(parts: list[str]) -> str:
    return f"[{','.join(parts)}]"


def _object(parts: list[tuple[str, str, str]]) -> str:
    return "{" + ",".join(f"{name}{space}:{value}" for name, space, value in parts) + "}"


VALUES = st.recursive(
    st.one_of(st.sampled_from(["null", "true", "false", "nul"]), STRINGS, NUMBERS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(_array),
        st.lists(st.tuples(STRINGS, SPACES, inner), max_size=4).map(_object),
    ),
    max_leaves=12,
)
DEEP = st.tuples(st.sampled_from(["[", '{"a":']), st.integers(60, 70), VALUES).map(
    lambda drawn: drawn[0] * drawn[1] + drawn[2] + ("]" if drawn[0] == "[" else "}") * drawn[1]
)
TEXTS = st.tuples(SPACES, st.one_of(VALUES, VALUES, DEEP), SPACES).map("".join)
CONTENT = st.one_of(
    mutated(TEXTS).map(lambda text: text.encode("utf-8", "surrogatepass")),
    TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")),
    mutated(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))),
    st.binary(max_size=40),
)


class Refused(Exception):
    """Raised by the model when a rule is broken."""


def _integer(text: str) -> int:
    if len(text) > 1100 or not -(2**63) <= int(text) < 2**63:
        raise Refused("integer")
    return int(text)


def _float(text: str) -> float:
    if len(text) > 1100 or not math.isfinite(float(text)):
        raise Refused("float")
    return float(text)


def _constant(text: str) -> Any:
    raise Refused(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise Refused("duplicate")
    return dict(pairs)


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if "\0" in value or re.search("[\ud800-\udfff]", value):
            raise Refused("text")
        return
    if isinstance(value, (dict, list)):
        if depth == 0:
            raise Refused("depth")
        for each in value if isinstance(value, list) else [*value, *value.values()]:
            _check(each, depth - 1)


def model(data: bytes, depth: int = 64) -> Any:
    """Return what strict JSON is, by rules that are written here once more.

    Raises:
        Refused: A rule is broken.
        ValueError: It is no JSON, or not UTF-8.
    """
    text = data.decode("utf-8")
    if text.startswith("\ufeff"):
        raise Refused("byte order mark")
    value = json.loads(
        text,
        parse_int=_integer,
        parse_float=_float,
        parse_constant=_constant,
        object_pairs_hook=_members,
    )
    _check(value, depth)
    return value


def outcome(parse: Any, data: bytes, *errors: type[Exception]) -> str:
    """Return what a parser makes of content; `repr` tells 1 from 1.0 and True."""
    try:
        return repr(parse(data))
    except errors:
        return "refused"


@fuzz(data=CONTENT)
def test_json(data: bytes) -> None:
    """The parser, with orjson and without, accepts just what the model does."""
    wanted = outcome(model, data, Refused, ValueError)
    assert outcome(loads_json, data, BadRequest) == wanted
    exact = json_parsing._loads_std(data, json_parsing.DEFAULT_LIMITS) if wanted != "refused" else 0
    assert wanted == "refused" or repr(exact) == wanted


@fuzz(data=CONTENT)
def test_json_and_msgspec(data: bytes) -> None:
    """What is accepted is JSON for msgspec too, with the same value."""
    try:
        value = loads_json(data)
    except BadRequest as problem:
        told = problem.detail or ""
    else:
        assert msgspec.json.decode(data) == value
        assert loads_json(json.dumps(value).encode()) == value
        return
    assert 0 < len(told) < 200


@fuzz(data=CONTENT, depth=st.integers(1, 6), bits=st.sampled_from([64, 65, 100]))
def test_json_with_other_limits(data: bytes, depth: int, bits: int) -> None:
    try:
        value = loads_json(data, limits=JSONLimits(depth=depth, bits=bits))
    except BadRequest:
        return
    _check(value, depth)
