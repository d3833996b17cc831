"""The wire format of decimals: text or a number, and the range that rounding leaves."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from marshmallow import fields, validate

from ..compiler import Inline
from .wire_format import Take, Wire, json_number, matching, ranges_of

__all__ = ["amount_of", "on_grid"]

_FRACTION = r"(\.[0-9]{1,40})?"
_DIGITS = 40
_PRECISION = 28  # of Python's decimals; rounding what has more digits fails
_WIDE = decimal.Context(prec=1000)  # for bounds, which may be wider than any value that is taken
_RESPONSE = {"type": "string", "format": "decimal"}


def amount_of(field: fields.Decimal) -> Wire:
    """Return the wire form of a decimal field.

    Args:
        field: The field, with ``places``, ``allow_nan`` and its ranges.
    """
    digits = _DIGITS
    if field.places is not None:
        digits = max(1, _PRECISION - 1 + int(field.places.as_tuple().exponent))
    pattern = f"-?[0-9]{{1,{digits}}}{_FRACTION}"
    ranges = list(ranges_of(field.validators))
    if field.allow_nan and not ranges:  # Python compares no NaN with a bound
        pattern = f"({pattern}|-?Infinity|NaN)"
    take_text = matching(pattern)
    largest = Decimal(10) ** digits
    keywords: dict[str, object] = {
        "type": ["string", "number"],
        "format": "decimal",
        "pattern": f"^{pattern}$",
    }
    checks: list[Callable[[Decimal], bool]] = []
    if field.places is not None:
        keywords |= {"minimum": -float(largest), "maximum": float(largest)}
        checks.append(lambda number: abs(number) <= largest)
        checks += [_unrounded(field, each) for each in ranges]
    response = {"type": "string"} if field.allow_nan else _RESPONSE
    inline = _inline(field, digits, ranges)
    return _wire(keywords, take_text, checks, response, inline)


def _inline(field: fields.Decimal, digits: int, ranges: Sequence[validate.Range]) -> Inline:
    """Return a narrower check as source.

    PERF: comparing a text with the text of its decimal takes half the time of the pattern.
    """
    names: dict[str, object] = {}
    test = f"len(v) <= {digits} if type(v) is str else True"
    after = ["(type(v) is not str or (str({w}) == v and 'E' not in v))"]
    if field.places is not None:
        largest = 10 ** (digits - 1)
        test = f"len(v) <= {digits} if type(v) is str else -{largest} < v < {largest}"
        bounds = [bound for rule in ranges for bound in _bounds(field, rule)]
        for number, (sign, bound) in enumerate(bounds):
            names[f"bound{number}"] = bound
            after.append(f"{{w}} {sign} {{bound{number}}}")
    return Inline(test, after=" and ".join(after), names=names)


def _wire(
    keywords: Mapping[str, object],
    take_text: Callable[[object], object],
    checks: Sequence[Callable[[Decimal], bool]],
    response: Mapping[str, object],
    inline: Inline,
) -> Wire:
    """Return the format of decimals whose values pass checks."""

    def check(value: object) -> object:
        number = Decimal(str(value))
        if number.is_finite() and not all(each(number) for each in checks):
            raise ValueError
        return value

    def take(value: object) -> object:
        value = take_text(value) if type(value) is str else json_number(value)
        return check(value) if checks else value

    def take_parameter(value: str) -> object:
        return check(take_text(value)) if checks else take_text(value)

    json, text = (Take(each, lambda: inline) for each in (take, take_parameter))
    return Wire(keywords, json, text, response=response)


def on_grid(
    field: fields.Decimal, bound: Any, *, inclusive: bool, upper: bool
) -> tuple[Decimal, bool]:
    """Return the bound of a value before it is rounded to the field's places, and if it includes.

    Args:
        field: The field.
        bound: Of the rounded value.
        inclusive: Whether the bound itself is meant too.
        upper: Whether it is the largest value, or else the smallest.
    """
    number = Decimal(str(bound))
    if field.places is None or not number.is_finite():
        return number, inclusive
    rounding = decimal.ROUND_FLOOR if upper else decimal.ROUND_CEILING
    nearest = number.quantize(field.places, rounding=rounding, context=_WIDE)
    if nearest == number and not inclusive:
        nearest = _WIDE.add(nearest, -field.places if upper else field.places)
    return _WIDE.add(nearest, 0), True  # which makes 0 of -0


def _bounds(field: fields.Decimal, rule: validate.Range) -> list[tuple[str, Decimal]]:
    """Return the bounds of values before they are rounded, each with the sign of comparison."""
    found: list[tuple[str, Decimal]] = []
    if rule.min is not None:
        found.append((">=", on_grid(field, rule.min, inclusive=rule.min_inclusive, upper=False)[0]))
    if rule.max is not None:
        found.append(("<=", on_grid(field, rule.max, inclusive=rule.max_inclusive, upper=True)[0]))
    return found


def _unrounded(field: fields.Decimal, rule: validate.Range) -> Callable[[Decimal], bool]:
    """Make the check that rejects values that only rounding brings into a range."""
    low = (
        None
        if rule.min is None
        else on_grid(field, rule.min, inclusive=rule.min_inclusive, upper=False)[0]
    )
    high = (
        None
        if rule.max is None
        else on_grid(field, rule.max, inclusive=rule.max_inclusive, upper=True)[0]
    )

    def within(number: Decimal) -> bool:
        return (low is None or number >= low) and (high is None or number <= high)

    def check(number: Decimal) -> bool:
        places = field.places
        return (
            within(number)
            or places is None
            or not within(number.quantize(places, rounding=field.rounding))
        )

    return check
