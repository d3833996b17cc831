"""Validators that nothing can pass: such a field is refused when its schema is bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from operator import gt

from marshmallow import fields, validate

from ..errors import DeclarationError
from .wire_format import each_validator

__all__ = ["check_possible"]

# A bound, and whether it is itself allowed.
_Bound = tuple[object, bool]
_Bounds = tuple[_Bound | None, _Bound | None]
_exceeds: Callable[..., bool] = gt  # bounds are of any type that has an order


def check_possible(field: fields.Field[object]) -> None:
    """Reject a field whose validators leave no value.

    Args:
        field: A field bound to its schema.

    Raises:
        DeclarationError: A OneOf has no choices, or bounds of Range or Length exclude each other.
    """
    validators = [*each_validator(field.validators)]
    for reason in (*_without_choices(validators), *_beyond_each_other(validators)):
        root = getattr(field, "root", None)
        place = type(field).__name__ if root is None else f"{type(root).__name__}.{field.name}"
        raise DeclarationError(
            f"{place}: no value can be valid, because {reason}. Correct it, or declare the field "
            "dump_only."
        )


def _without_choices(validators: Iterable[object]) -> Iterator[str]:
    for each in validators:
        choices = each.choices if type(each) is validate.OneOf else "any"
        if not isinstance(choices, str) and not [*choices]:
            yield "validate.OneOf has no choices"


def _beyond_each_other(validators: Sequence[object]) -> Iterator[str]:
    """Yield which bounds of one kind exclude each other, those of several validators too."""
    ranges = [_range(each) for each in validators if type(each) is validate.Range]
    lengths = [_length(each) for each in validators if type(each) is validate.Length]
    for name, found in (("Range", ranges), ("Length", lengths)):
        for low, high in _excluding(found):
            yield f"the bounds of validate.{name} exclude each other: {low!r} and {high!r}"


def _excluding(found: Sequence[_Bounds]) -> Iterator[tuple[object, object]]:
    """Yield each lower and upper bound with no value between them."""
    lower = [low for low, _ in found if low is not None]
    upper = [high for _, high in found if high is not None]
    for low, high in product(lower, upper):
        if _excludes(low[0], high[0], both_allowed=low[1] and high[1]):
            yield low[0], high[0]


def _range(each: validate.Range) -> _Bounds:
    low = None if each.min is None else (each.min, each.min_inclusive)
    return low, None if each.max is None else (each.max, each.max_inclusive)


def _length(each: validate.Length) -> _Bounds:
    if each.equal is not None:
        return (each.equal, True), (each.equal, True)
    low = (each.min or 0, True)
    return low, None if each.max is None else (each.max, True)


def _excludes(low: object, high: object, *, both_allowed: bool) -> bool:
    try:
        return bool(_exceeds(low, high)) or (not both_allowed and low == high)
    except TypeError:  # values of other kinds are refused where the kinds are known
        return False
