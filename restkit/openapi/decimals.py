"""Bounds of decimals that travel as text: a range of numbers as a pattern of digits.

JSON Schema's ``minimum`` says nothing about strings, and a Decimal is taken as ``"9.99"`` too. How
many digits a text may have is said by the pattern of the wire form, beside these.
"""

from __future__ import annotations

from decimal import Decimal

__all__ = ["at_least", "at_most", "equal_to"]

_FRACTION = r"(?:\.[0-9]+)?"
_ZEROS = "0*"
_UNSIGNED = f"[0-9]+{_FRACTION}"


def at_least(bound: Decimal, *, inclusive: bool) -> str:
    """Return the pattern of decimal texts that are not below a bound.

    Args:
        bound: The smallest value.
        inclusive: Whether the bound itself is meant too.
    """
    if bound < 0:
        return f"^(?:{_UNSIGNED}|-(?:{_below(-bound, inclusive)}))$"
    zero = r"|-0+(?:\.0+)?" if bound == 0 and inclusive else ""
    return f"^(?:{_above(bound, inclusive)}{zero})$"


def at_most(bound: Decimal, *, inclusive: bool) -> str:
    """Return the pattern of decimal texts that are not above a bound.

    Args:
        bound: The largest value.
        inclusive: Whether the bound itself is meant too.
    """
    if bound > 0:
        return f"^(?:-{_UNSIGNED}|{_below(bound, inclusive)})$"
    if bound == 0:
        zero = r"|-?0+(?:\.0+)?" if inclusive else ""
        return f"^(?:-(?:{_above(bound, inclusive=False)}){zero})$"
    return f"^-(?:{_above(-bound, inclusive)})$"


def equal_to(value: Decimal) -> str:
    """Return the pattern, without anchors, of the JSON numbers that are equal to a value."""
    if value == 0:
        return "-?" + _equal("0", "")
    return ("-" if value < 0 else "") + _equal(*_digits(abs(value)))


def _digits(bound: Decimal) -> tuple[str, str]:
    whole, _, fraction = format(bound, "f").partition(".")
    return whole.lstrip("0") or "0", fraction.rstrip("0")


def _equal(whole: str, fraction: str) -> str:
    return rf"{whole}\.{fraction}0*" if fraction else rf"{whole}(?:\.0+)?"


def _above(bound: Decimal, inclusive: bool) -> str:
    """Return the alternatives of the unsigned texts above (or at) a bound of zero or more."""
    whole, fraction = _digits(bound)
    longer = f"[1-9][0-9]{{{len(whole)},}}{_FRACTION}"
    out = [longer] if whole != "0" else [f"[1-9][0-9]*{_FRACTION}"]
    for at, digit in enumerate(whole):
        if digit < "9" and whole != "0":
            out.append(
                f"{whole[:at]}{_span(int(digit) + 1, 9)}[0-9]{{{len(whole) - at - 1}}}{_FRACTION}"
            )
    for at, digit in enumerate(fraction):
        if digit < "9":
            out.append(rf"{whole}\.{fraction[:at]}{_span(int(digit) + 1, 9)}[0-9]*")
    out.append(rf"{whole}\.{fraction}[0-9]*[1-9][0-9]*")
    if inclusive:
        out.append(_equal(whole, fraction))
    return f"{_ZEROS}(?:{'|'.join(out)})"


def _below(bound: Decimal, inclusive: bool) -> str:
    """Return the alternatives of the unsigned texts below (or at) a bound of zero or more."""
    whole, fraction = _digits(bound)
    out = [f"[0-9]{{1,{len(whole) - 1}}}{_FRACTION}"] if len(whole) > 1 else []
    for at, digit in enumerate(whole):
        if digit > "0":
            out.append(
                f"{whole[:at]}{_span(0, int(digit) - 1)}[0-9]{{{len(whole) - at - 1}}}{_FRACTION}"
            )
    for at, digit in enumerate(fraction):
        out.append(rf"{whole}\.{fraction[:at]}" if at else whole)
        if digit > "0":
            out.append(rf"{whole}\.{fraction[:at]}{_span(0, int(digit) - 1)}[0-9]*")
    if inclusive:
        out.append(_equal(whole, fraction))
    return f"{_ZEROS}(?:{'|'.join(out)})"


def _span(low: int, high: int) -> str:
    return str(low) if low == high else f"[{low}-{high}]"
