"""Validators that nothing can pass: such a field is refused when its schema is bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from operator import gt
from typing import cast
from uuid import UUID

from marshmallow import Schema, fields, validate
from marshmallow.decorators import POST_LOAD

from ..errors import DeclarationError
from .wire_format import each_validator

__all__ = ["check_possible"]

# A bound, and whether it is itself allowed.
_Bound = tuple[object, bool]
_Bounds = tuple[_Bound | None, _Bound | None]
_exceeds: Callable[..., bool] = gt  # bounds are of any type that has an order
# One value of those that the fields of exactly these classes load.
_EXAMPLES: Mapping[type, object] = {
    **dict.fromkeys((fields.String, fields.Email, fields.Url), "a"),
    fields.Integer: 1,
    fields.Boolean: True,
    fields.Dict: {"a": 1},
    fields.Mapping: {"a": 1},
    fields.Float: 1.0,
    fields.Decimal: Decimal(1),
    fields.UUID: UUID(int=1),
    fields.TimeDelta: timedelta(1),
    fields.Date: date(2000, 1, 1),
    fields.DateTime: datetime(2000, 1, 1, tzinfo=UTC),
    fields.AwareDateTime: datetime(2000, 1, 1, tzinfo=UTC),
    fields.NaiveDateTime: datetime(2000, 1, 1),
    fields.Time: time(1),
    fields.List: [],
    fields.Tuple: (),
}
# Their bounds are checked with their formats, as these may need a time zone.
_MOMENTS = (date, time)
_OF_ONE_TYPE = frozenset(
    (
        *(validate.Range, validate.Length, validate.Regexp, validate.Email, validate.URL),
        *(validate.ContainsOnly, validate.ContainsNoneOf),
    )
)


def check_possible(field: fields.Field[object]) -> None:
    """Reject a field whose validators leave no value.

    Args:
        field: A field bound to its schema.

    Raises:
        DeclarationError: A OneOf has no choices, bounds of Range or Length exclude each other, or a
            validator takes values of another type.
    """
    validators = [*each_validator(field.validators)]
    reasons = (*_without_choices(validators), *_beyond_each_other(validators))
    for reason in (*reasons, *_of_another_type(field, validators)):
        root = getattr(field, "root", None)
        place = type(field).__name__ if root is None else f"{type(root).__name__}.{field.name}"
        raise DeclarationError(
            f"{place}: no value can be valid, because {reason}. Correct it, or declare the field "
            "dump_only."
        )


def _of_another_type(field: fields.Field[object], validators: Iterable[object]) -> Iterator[str]:
    """Yield which validators of marshmallow's cannot take what the field loads.

    The first valid request would end with a TypeError.
    """
    example = _EXAMPLES.get(type(field), _example_of_nested(field))
    if example is None:
        return
    for each in validators:
        kind = type(each)
        is_checked = kind is validate.Range and isinstance(example, _MOMENTS)
        if kind in _OF_ONE_TYPE and not is_checked and not _can_take(each, example):
            yield (
                f"validate.{kind.__name__} cannot take the {type(example).__name__} that "
                f"{type(field).__name__} loads"
            )


def _example_of_nested(field: fields.Field[object]) -> object:
    """Return what a nested class loads, None if it may be no dict, or is not known yet."""
    if not isinstance(field, fields.Nested) or type(field) not in (fields.Nested, fields.Pluck):
        return None
    nested = field.nested
    if not (isinstance(nested, type) and issubclass(nested, Schema)):
        return None
    makes_objects = nested._hooks.get(POST_LOAD) or nested.load is not Schema.load
    return None if makes_objects else {"a": 1}


def _can_take(validator: object, example: object) -> bool:
    ask = cast("Callable[[object], object]", validator)
    try:
        ask(example)
    except TypeError:
        return False
    except Exception:  # noqa: BLE001  # it rejects the example, or its own message is faulty
        return True
    return True


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
