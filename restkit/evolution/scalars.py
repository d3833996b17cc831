"""Where numbers and strings of one shape do not fit another one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from .findings import Level
from .shapes import Numbers, Shape, Strings, Values, value_key

__all__ = ["Difference", "finite", "numbers_cover", "opaque_differ", "scalars_differ", "takes_text"]

Difference = tuple[str, object, object, Level]
# Formats whose meaning is known, with those that accept all their values.
_WIDER: Mapping[str, tuple[str, ...]] = {
    "date": (),
    "date-time": (),
    "time": (),
    "duration": (),
    "email": ("idn-email",),
    "idn-email": (),
    "hostname": ("idn-hostname",),
    "idn-hostname": (),
    "ipv4": (),
    "ipv6": (),
    "uri": ("uri-reference", "iri", "iri-reference"),
    "uri-reference": ("iri-reference",),
    "iri": ("iri-reference",),
    "iri-reference": (),
    "uuid": (),
    "byte": (),
    "json-pointer": (),
    "relative-json-pointer": (),
    "regex": (),
    "uri-template": (),
}
_MOST_VALUES = 64
_LENGTHS: Mapping[str, tuple[int, int]] = {"uuid": (36, 36), "date": (10, 10), "ipv4": (7, 15)}


def scalars_differ(narrow: Shape, wide: Shape) -> Iterator[Difference]:
    """Yield the keywords by which not all numbers or strings of a shape are in another one."""
    if isinstance(narrow, Numbers) and isinstance(wide, Numbers):
        yield from numbers_differ(narrow, wide)
    elif isinstance(narrow, Strings) and isinstance(wide, Strings):
        yield from strings_differ(narrow, wide)


def numbers_differ(narrow: Numbers, wide: Numbers) -> Iterator[Difference]:
    """Yield the keywords by which not all numbers of one shape are in another one."""
    if _is_lower(narrow.low, narrow.above, wide.low, wide.above):
        yield "minimum", _bound(narrow.low, narrow.above), _bound(wide.low, wide.above), "breaking"
    high = None if narrow.high is None else -narrow.high
    other = None if wide.high is None else -wide.high
    if _is_lower(high, narrow.below, other, wide.below):
        ours, theirs = _bound(narrow.high, narrow.below), _bound(wide.high, wide.below)
        yield "maximum", ours, theirs, "breaking"
    if wide.step is not None and not _are_multiples(narrow, wide.step):
        if wide.step == 1 and narrow.step is None:
            yield "type", ("number",), ("integer",), "breaking"
        else:
            yield "multipleOf", _number(narrow.step), _number(wide.step), "breaking"
    if wide.formats - narrow.formats:
        yield "format", narrow.formats, wide.formats, "warning"
    yield from opaque_differ(narrow.opaque, wide.opaque)


def numbers_cover(narrow: Numbers, shapes: Iterable[Shape]) -> bool:
    """Return whether ranges that follow on each other have all numbers of a shape."""
    if narrow.high is None:
        return False
    wide = [each for each in shapes if isinstance(each, Numbers)]
    ranges = [each for each in wide if _fits_apart_from_bounds(narrow, each)]
    rest = narrow
    for each in sorted(ranges, key=lambda shape: (shape.low is not None, shape.low or 0)):
        if not _is_lower(rest.low, rest.above, each.low, each.above):
            left = _above(rest, each)
            if left is None:
                return True
            rest = left
    return False


def finite(shape: Shape) -> Shape:
    """Return a few numbers as an enumeration, another shape as it is."""
    if not isinstance(shape, Numbers) or shape.opaque or shape.formats:
        return shape
    points = _points(shape)
    return shape if points is None else Values("number", tuple(map(_plain, points)))


def _points(numbers: Numbers) -> list[Fraction] | None:
    """Return the numbers of a range, None if they are many."""
    low, high, step = numbers.low, numbers.high, numbers.step
    if low is None or high is None:
        return None
    if step is None:
        return [low] if low == high and not (numbers.above or numbers.below) else None
    first, last = math.ceil(low / step), math.floor(high / step)
    if last - first >= _MOST_VALUES:
        return None
    found = [step * each for each in range(first, last + 1)]
    is_out = {low: numbers.above, high: numbers.below}
    return [each for each in found if not is_out.get(each)]


def _are_multiples(numbers: Numbers, step: Fraction) -> bool:
    """Return whether all numbers of a range are multiples of a step."""
    if numbers.step is not None and _is_multiple(numbers.step, step):
        return True
    points = _points(numbers)
    return points is not None and all(_is_multiple(each, step) for each in points)


def _plain(value: Fraction) -> float:
    return value.numerator if value.denominator == 1 else float(value)


def _fits_apart_from_bounds(narrow: Numbers, wide: Numbers) -> bool:
    kinds = {kind for kind, *_ in numbers_differ(narrow, wide)}
    return kinds <= {"minimum", "maximum"}


def _above(numbers: Numbers, taken: Numbers) -> Numbers | None:
    """Return the numbers above a range, None if there are none."""
    if taken.high is None:
        return None
    if numbers.step == 1:
        rest = numbers._replace(low=taken.high + 1, above=False)
    else:
        rest = numbers._replace(low=taken.high, above=not taken.below)
    is_void = rest.high is not None and rest.low is not None and rest.low > rest.high
    at_end = rest.low == rest.high and (rest.above or rest.below)
    return None if is_void or at_end else rest


def _is_lower(
    bound: Fraction | None, is_open: bool, other: Fraction | None, other_open: bool
) -> bool:
    """Return whether a lower bound lets in numbers that another one keeps out."""
    if other is None:
        return False
    if bound is None or bound < other:
        return True
    return bound == other and other_open and not is_open


def _is_multiple(step: Fraction | None, other: Fraction) -> bool:
    return step is not None and (step / other).denominator == 1


def _number(value: Fraction | None) -> str:
    if value is None:
        return ""
    return str(value.numerator if value.denominator == 1 else float(value))


def _bound(value: Fraction | None, is_excluded: bool) -> str:
    return f"{_number(value)} (excluded)" if is_excluded else _number(value)


def strings_differ(narrow: Strings, wide: Strings) -> Iterator[Difference]:
    """Yield the keywords by which not all strings of one shape are in another one."""
    least, most = _lengths(narrow)
    if wide.least > least:
        yield "minLength", str(narrow.least), str(wide.least), "breaking"
    if wide.most is not None and (most is None or most > wide.most):
        yield "maxLength", narrow.most, wide.most, "breaking"
    if wide.patterns - narrow.patterns:
        level: Level = "breaking" if _is_free(narrow) else "warning"
        yield "pattern", narrow.patterns, wide.patterns, level
    for each in sorted(wide.formats):
        if not _has_format(narrow.formats, each):
            yield "format", narrow.formats, wide.formats, _format_level(narrow, each)
    yield from opaque_differ(narrow.opaque, wide.opaque)


def _lengths(shape: Strings) -> tuple[int, int | None]:
    """Return the bounds of lengths, those that formats and patterns imply too."""
    least, longest = shape.least, [] if shape.most is None else [shape.most]
    if least == 0 and any(map(_rejects_empty, shape.patterns)):
        least = 1
    for each in shape.formats & _LENGTHS.keys():
        least = max(least, _LENGTHS[each][0])
        longest.append(_LENGTHS[each][1])
    return least, min(longest, default=None)


def _rejects_empty(pattern: str) -> bool:
    """Return whether a pattern keeps out the empty string, as far as Python can read it."""
    try:
        return re.search(pattern, "") is None
    except (re.error, RecursionError, OverflowError):
        return False


def _has_format(formats: frozenset[str], wanted: str) -> bool:
    return any(wanted == each or wanted in _WIDER.get(each, ()) for each in formats)


def _is_free(shape: Strings) -> bool:
    return not (shape.patterns or shape.formats or shape.opaque)


def _format_level(narrow: Strings, wanted: str) -> Level:
    """Return whether a format certainly rejects strings, or is one that nobody knows."""
    is_known = wanted in _WIDER and all(each in _WIDER for each in narrow.formats)
    return "breaking" if is_known and not narrow.patterns else "warning"


def opaque_differ(narrow: frozenset[str], wide: frozenset[str]) -> Iterator[Difference]:
    """Yield keywords that are compared as text alone: ``not`` and others."""
    for each in sorted(wide - narrow):
        keyword, _, value = each.partition(": ")
        yield "compared", "", f"{keyword} {value:.60}", "warning"


def takes_text(shape: Shape, other: Shape) -> bool:
    """Return whether strings of a shape are also the texts of numbers or booleans."""
    if shape.kind not in ("number", "boolean"):
        return False
    if isinstance(other, Strings):
        return _is_free(other) and other.least <= 1 and other.most is None
    if not (isinstance(shape, Values) and isinstance(other, Values) and other.kind == "string"):
        return False
    return {value_key(each) for each in shape.values} <= set(map(str, other.values))
