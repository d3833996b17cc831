"""Texts of integers as patterns: the names of an object's members, which are never numbers.

A text has a minus sign or none, and at most 19 digits, of which the first ones may be zeros.
"""

from __future__ import annotations

from collections.abc import Iterable

from .metadata import Keywords

__all__ = ["among", "between"]

_DIGITS = 19
_ZERO = f"-?0{{1,{_DIGITS}}}"


def between(low: int, high: int) -> Keywords:
    """Return the keywords of the integers from ``low`` to ``high``, of 64 bits each."""
    if low > high:
        return {"not": {}}
    if low > 0:
        return {"pattern": _whole(_up_to(high)), "not": {"pattern": _whole(_up_to(low - 1))}}
    if high < 0:
        below = [f"-{each}" for each in _up_to(-low)]
        return {"pattern": _whole(below), "not": {"pattern": _whole(_signed(-high - 1))}}
    return {"pattern": _whole(_around_zero(-low, high))}


def among(values: Iterable[int]) -> str:
    """Return the pattern of some integers of 64 bits."""
    return _whole([_one(value) for value in values])


def _whole(alternatives: list[str]) -> str:
    text = "|".join(alternatives)
    return f"^{text}$" if len(alternatives) == 1 else f"^(?:{text})$"


def _one(value: int) -> str:
    if value == 0:
        return _ZERO
    digits = str(abs(value))
    return f"{'-' if value < 0 else ''}{_zeros(len(digits))}{digits}"


def _zeros(digits: int) -> str:
    """Return the pattern of the zeros that may stand before so many digits."""
    return f"0{{0,{_DIGITS - digits}}}" if digits < _DIGITS else ""


def _around_zero(below: int, above: int) -> list[str]:
    """Return the alternatives of the integers from ``-below`` to ``above``."""
    if below == 0:
        return [*_up_to(above), _ZERO]
    if below == above + 1:  # as of 64 bits
        return [*_signed(above), _one(-below)]
    if below == above:
        return _signed(above)
    return [*_up_to(above), *(f"-{each}" for each in _up_to(below))]


def _signed(high: int) -> list[str]:
    return [f"-?{each}" for each in _up_to(high)]


def _up_to(high: int) -> list[str]:
    """Return the alternatives of the integers from zero to ``high``, which is not negative."""
    full = len(str(high + 1)) - 1  # of so many digits, every integer is meant
    out = [f"{_zeros(full)}[0-9]{{1,{full}}}"] if full else [f"0{{1,{_DIGITS}}}"]
    digits = str(high)
    if high and len(digits) > full:
        out += [_zeros(len(digits)) + each for each in _of_as_many_digits(digits)]
    return out


def _of_as_many_digits(high: str) -> list[str]:
    """Return the alternatives of the positive integers up to ``high`` that have its length."""
    out: list[str] = []
    for at, digit in enumerate(high):
        rest = len(high) - at - 1
        first, last = int(at == 0), int(digit) - (rest > 0)
        if first <= last:
            out.append(f"{high[:at]}{_digit(first, last)}{_any_digits(rest)}")
    return out


def _digit(first: int, last: int) -> str:
    return str(first) if first == last else f"[{first}-{last}]"


def _any_digits(count: int) -> str:
    return "[0-9]" * count if count < 2 else f"[0-9]{{{count}}}"
