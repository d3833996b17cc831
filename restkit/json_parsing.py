"""The strict JSON parser: one set of rules, with orjson and without.

The fast decoder returns a body only if its checks prove that the body is valid. The exact decoder
gets every other body. It decides, and writes the error messages.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from itertools import accumulate
from typing import Any, NoReturn, Self

from .errors import DeclarationError
from .problems import BadRequest
from .records import Record

_orjson: Any
try:
    import orjson as _orjson
except ImportError:
    _orjson = None

__all__ = ["DEFAULT_LIMITS", "JSONLimits", "loads_json"]


class _Limits(Record):
    depth: int = 64
    bits: int = 64


class JSONLimits(_Limits):
    """The limits of the strict parser: depth of nesting, and width of signed integers in bits."""

    __slots__ = ()

    def __new__(cls, depth: int = 64, bits: int = 64) -> Self:
        """Check that the decoders support the limits."""
        if not 1 <= depth <= 500 or not 64 <= bits <= 3600:
            raise DeclarationError(
                f"JSONLimits(depth={depth}, bits={bits}) is out of range: depth must be from 1 to "
                "500, bits from 64 to 3600."
            )
        return super().__new__(cls, depth, bits)


DEFAULT_LIMITS = JSONLimits()

_NUMBER_LENGTH = 1100  # characters; a double written out exactly has at most 1,077
# A string, or the rest of an unterminated one: possessive, so that no text makes it backtrack.
_STRING = rb'(?s)"(?:[^"\\]++|\\.?)*+"?'
_DIGITS = bytes.maketrans(
    bytes(byte for byte in range(256) if not 48 <= byte <= 57) + b"123456789", b"." * 246 + b"0" * 9
)
_LONG_RUN = b"0" * 19
_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_REFUSED_ESCAPE = (
    rb"(?s)(?:[^\\]++|\\(?!u0000|u[dD][89a-fA-F]).|\\u[dD][89abAB]..\\u[dD][c-fC-F]..)*+\\u(0?)"
)


def loads_json(data: bytes, *, limits: JSONLimits = DEFAULT_LIMITS) -> Any:
    """Read one strict JSON text: RFC 8259 in UTF-8, without duplicate names (RFC 7493, 2.3).

    Args:
        data: The content.
        limits: The depth of nesting and the width of integers.

    Raises:
        BadRequest: A rule is broken (400); ``detail`` names the rule, and never repeats input.
    """
    return _loads(data, limits)


def _loads_std(data: bytes, limits: JSONLimits) -> Any:
    """Decode exactly, with the standard library, and describe every error."""
    text = _text(data)
    if text[:1] == "\ufeff" or "\0" in text[:4]:
        _refuse("it must be UTF-8 without a byte order mark")
    if not text.strip(" \t\r\n"):
        _refuse("it is empty")
    if data.count(b"[") + data.count(b"{") > limits.depth:
        brackets = re.sub(_STRING, b"", data).translate(None, _BRACKETS)
        if limits.depth + 1 in accumulate(map(_STEP.__getitem__, brackets)):
            _refuse(f"it is nested deeper than {limits.depth} levels")
    try:
        value = _decoder(limits, _has_long_digits(data)).decode(text)
    except json.JSONDecodeError as exc:
        what = exc.msg[1:].rstrip(":").removesuffix(" at")
        _refuse(f"{exc.msg[:1].lower()}{what} at character {exc.pos}")
    if data.find(b"\\u") >= 0 and (found := re.match(_REFUSED_ESCAPE, data)):
        what = "a NUL character" if found[1] else "a lone surrogate"
        _refuse(f"a string has {what} at byte {found.start(1) - 2}")
    return value


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise BadRequest(f"The body is not UTF-8 at byte {exc.start}.") from None


def _refuse(why: str) -> NoReturn:
    raise BadRequest(f"The JSON body was rejected: {why}.") from None


@lru_cache(maxsize=32)
def _decoder(limits: JSONLimits, long_digits: bool) -> json.JSONDecoder:
    largest = 2 ** (limits.bits - 1)

    def integer(text: str) -> int:
        if len(text) <= _NUMBER_LENGTH and -largest <= (value := int(text)) < largest:
            return value
        _refuse(f"an integer is over {limits.bits} bits")

    def floating(text: str) -> float:
        if len(text) > _NUMBER_LENGTH:
            _refuse(f"a number is longer than {_NUMBER_LENGTH} characters")
        if not math.isfinite(value := float(text)):
            _refuse("a number is larger than a double holds")
        return value

    def members(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(made := dict(pairs)) != len(pairs):
            _refuse("an object has duplicate member names")
        return made

    return json.JSONDecoder(
        object_pairs_hook=members,
        parse_float=floating,
        parse_constant=lambda _: _refuse("NaN and Infinity are not JSON"),
        parse_int=integer if long_digits else None,
    )


def _has_long_digits(data: bytes) -> bool:
    """Return whether a number might be over 64 bits or very long; never False where one is."""
    # PERF: 19 digits in a row show 3 in a row in every sixth byte; 4 instructions a byte, where a
    # regular expression takes 160.
    if data[::6].translate(_DIGITS).find(b"000") < 0:
        return False
    digits = data.translate(_DIGITS) + b"."
    start = digits.find(_LONG_RUN)
    while start >= 0:
        end = digits.find(b".", start)
        if data[start - 1 : start] == b".":  # a fraction, which is quick to convert
            if end - start > 99:
                return True
        elif end - start > 19 or data[start:end] > b"9223372036854775807":
            return True
        start = digits.find(_LONG_RUN, end)
    return False


def _loads_orjson(data: bytes, limits: JSONLimits) -> Any:
    """Decode with orjson, and check the rules that it does not enforce."""
    try:
        value = _orjson.loads(data)
        if _is_strict(data, value, limits.depth):
            return value
    except (ValueError, TypeError):
        pass  # not JSON, or nested deeper than orjson writes
    return _loads_std(data, limits)


def _is_strict(data: bytes, value: object, depth: int) -> bool:
    """Return True only if no name is duplicate, no integer over 64 bits, no NUL, no level too deep.

    False does not prove that a rule is broken; the exact decoder finds out.
    """
    # PERF: a POST of 12 fields and 5 nested items (980 bytes) takes 62 thousand instructions, 97
    # with spaces in it; orjson.loads alone is 41, the standard library's exact way 163.
    try:
        same = (written := _orjson.dumps(value, option=_SAFE_INTEGERS)) == data
    except TypeError:
        same, written = False, _orjson.dumps(value)
    # If orjson writes the same text, it has neither a duplicate name nor an integer over 53 bits.
    # In another text, a member that was lost as a duplicate lacks its colon in what was written.
    # Only an escaped colon (\u003a) could hide that, which the next check looks for.
    if not same and (_has_long_digits(data) or data.count(b":") != written.count(b":")):
        return False
    if (
        0x5C in data
        and data.find(b"\\u00") >= 0
        and (data.find(b"\\u0000") >= 0 or data.find(b"\\u003") >= 0)
    ):
        return False
    # PERF: a bounded replace counts what is rare in a third of the instructions of count.
    opened = (
        2 * len(data)
        - len(data.replace(b"[", b"", depth + 1))
        - len(data.replace(b"{", b"", depth + 1))
    )
    # A string as written has no raw line feed: a line so indented is in that many containers.
    return opened <= depth or (b"\n" + b"  " * depth) not in _orjson.dumps(value, option=_INDENTED)


_loads = _loads_std if _orjson is None else _loads_orjson
if _orjson is not None:
    _SAFE_INTEGERS, _INDENTED = _orjson.OPT_STRICT_INTEGER, _orjson.OPT_INDENT_2
