"""The values that two shapes have in common."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import TypeVar

from .shapes import (
    Arrays,
    Node,
    Numbers,
    Objects,
    Shape,
    Strings,
    Values,
    member,
    part_key,
    value_key,
)

__all__ = ["Contains", "both", "rounded"]

T = TypeVar("T", int, Fraction)
Contains = Callable[[Shape, object], bool]


def both(first: Shape, second: Shape, contains: Contains) -> Shape | None:
    """Return the shape of the values that two shapes have in common, None without any.

    Args:
        first: A shape.
        second: Another one.
        contains: A function that says whether a shape has a value.
    """
    if first.kind != second.kind:
        return None
    if isinstance(first, Values):
        return _chosen(first, second, contains)
    if isinstance(second, Values):
        return _chosen(second, first, contains)
    return _combined(first, second)


def _combined(first: Shape, second: Shape) -> Shape | None:
    found: Shape | None = None
    if isinstance(first, Numbers) and isinstance(second, Numbers):
        found = _numbers(first, second)
    elif isinstance(first, Strings) and isinstance(second, Strings):
        found = _strings(first, second)
    elif isinstance(first, Arrays) and isinstance(second, Arrays):
        found = _arrays(first, second)
    elif isinstance(first, Objects) and isinstance(second, Objects):
        found = _objects(first, second)
    return found


def _chosen(values: Values, other: Shape, contains: Contains) -> Values | None:
    if isinstance(other, Values):
        known = {value_key(each) for each in other.values}
        kept = tuple(each for each in values.values if value_key(each) in known)
    else:
        kept = tuple(each for each in values.values if contains(other, each))
    return values._replace(values=kept) if kept else None


def _lowest(first: T | None, second: T | None) -> T | None:
    given = [each for each in (first, second) if each is not None]
    return min(given) if given else None


def _lower_bound(first: Numbers, second: Numbers) -> tuple[Fraction | None, bool]:
    """Return the higher one of two lower bounds, and whether it is excluded."""
    if first.low is None:
        return second.low, second.above
    if second.low is None or first.low > second.low:
        return first.low, first.above
    if second.low > first.low:
        return second.low, second.above
    return first.low, first.above or second.above


def _negated(shape: Numbers) -> Numbers:
    high = None if shape.high is None else -shape.high
    return Numbers(high, None, shape.below)


def _numbers(first: Numbers, second: Numbers) -> Numbers | None:
    low, above = _lower_bound(first, second)
    negative, below = _lower_bound(_negated(first), _negated(second))
    high = None if negative is None else -negative
    if _is_void(low, high, is_open=above or below):
        return None
    formats, opaque = first.formats | second.formats, first.opaque | second.opaque
    step = _step(first.step, second.step)
    found = rounded(Numbers(low, high, above, below, step, formats, opaque))
    return None if _is_void(found.low, found.high, is_open=False) else found


def rounded(numbers: Numbers) -> Numbers:
    """Return multiples of a step whose bounds are multiples too, and not excluded."""
    step = numbers.step
    if step is None:
        return numbers
    low, high = numbers.low, numbers.high
    if low is not None:
        least = math.ceil(low / step)
        low = (least + (numbers.above and least * step == low)) * step
    if high is not None:
        most = math.floor(high / step)
        high = (most - (numbers.below and most * step == high)) * step
    return numbers._replace(low=low, high=high, above=False, below=False)


def _is_void(low: Fraction | None, high: Fraction | None, *, is_open: bool) -> bool:
    if low is None or high is None:
        return False
    return low > high or (low == high and is_open)


def _step(first: Fraction | None, second: Fraction | None) -> Fraction | None:
    """Return the least common multiple."""
    if first is None or second is None:
        return first or second
    below = first.denominator * second.denominator
    above = math.lcm(first.numerator * second.denominator, second.numerator * first.denominator)
    return Fraction(above, below)


def _strings(first: Strings, second: Strings) -> Strings | None:
    least, most = max(first.least, second.least), _lowest(first.most, second.most)
    if most is not None and most < least:
        return None
    return Strings(
        least,
        most,
        first.patterns | second.patterns,
        first.formats | second.formats,
        first.opaque | second.opaque,
    )


def _arrays(first: Arrays, second: Arrays) -> Arrays | None:
    least, most = max(first.least, second.least), _lowest(first.most, second.most)
    if most is not None and most < least:
        return None
    length = max(len(first.first), len(second.first))
    items = tuple((*first.item(each), *second.item(each)) for each in range(length))
    is_unique = first.is_unique or second.is_unique
    rest = (*first.rest, *second.rest)
    return Arrays(items, rest, least, most, is_unique, first.opaque | second.opaque)


def _objects(first: Objects, second: Objects) -> Objects | None:
    least, most = max(first.least, second.least), _lowest(first.most, second.most)
    if most is not None and most < least:
        return None
    ignored = first.ignored | second.ignored
    required = (first.required | second.required) - ignored
    names = dict.fromkeys((*first.members, *second.members))
    members = {each: _conjunction(member(first, each), member(second, each)) for each in names}
    found = dict.fromkeys((*first.patterns, *second.patterns))
    patterns = {
        each: _conjunction(
            first.patterns.get(each, first.others), second.patterns.get(each, second.others)
        )
        for each in found
    }
    return Objects(
        {**members, **dict.fromkeys(ignored, ())},
        required,
        patterns,
        _conjunction(first.others, second.others),
        least,
        most,
        _conjunction(first.names, second.names),
        _needs(first, second),
        ignored,
        first.opaque | second.opaque,
    )


def _conjunction(first: Node, second: Node) -> Node:
    known = {part_key(each) for each in first}
    return (*first, *(each for each in second if part_key(each) not in known))


def _needs(first: Objects, second: Objects) -> dict[str, frozenset[str]]:
    names: Iterable[str] = dict.fromkeys((*first.needs, *second.needs))
    nothing: frozenset[str] = frozenset()
    return {
        each: first.needs.get(each, nothing) | second.needs.get(each, nothing) for each in names
    }
