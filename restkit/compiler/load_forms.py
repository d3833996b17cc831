"""The inline code that loads a field, or the reason why the field's own method loads it."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from functools import partial
from typing import Any, Literal

from marshmallow import fields, validate

from .checks import check_of
from .function_types import Convert
from .guard import Guard

__all__ = ["ISO", "Accept", "accept_of", "has_functions"]

_DESERIALIZE = (
    "_deserialize",
    "_validate",
    "_validate_all",
    "_validate_missing",
    "_validated",
    "_format_num",
    "make_error",
)
ISO = (None, "iso", "iso8601")
"""The formats of dates and times that are ISO 8601."""


@dataclass(frozen=True, slots=True)
class Accept:
    """The inline code that accepts a value.

    Attributes:
        test: An expression of ``v``. It is true only for values that the field accepts unchanged,
            or that ``convert`` may try; ``{name}`` stands for an object of ``bound``.
        convert: The function that returns the loaded value, or raises; None if the value stays
            unchanged.
        checks: Expressions of the loaded value ``{w}`` that must all be true.
        bound: The objects that the expressions name.
        take: The function that narrows the value before ``convert``, or raises; None without one.
        short_test: The same expression without the parts that ``checks`` imply, ``""`` if it is
            ``test``.
        tier: ``native`` if msgspec converts; it accepts fewer values than the field, and converts
            them to the same values.
    """

    test: str
    convert: Convert | None = None
    checks: tuple[str, ...] = ()
    bound: dict[str, object] = dataclass_field(default_factory=dict)
    take: Convert | None = None
    short_test: str = ""
    tier: Literal["native", "generated"] = "generated"


def accept_of(field: fields.Field[Any]) -> tuple[Accept | None, str]:
    """Return the inline code that loads a field, or None and the reason why there is none."""
    reason = _override(field)
    if reason:
        return None, reason
    guard: Guard | None = vars(field).get("deserialize")
    make = _ACCEPTS.get(type(field))
    if make is None:
        return None, f"no inline code for {type(field).__name__}"
    accept = make(field, guard)
    if accept is None:
        return None, "no inline code for its options"
    return _with_checks(accept, field)


def has_functions(field: fields.Field[Any]) -> bool:
    """Return True if a field has functions before or after loading (marshmallow 4.1 has none)."""
    return bool(getattr(field, "pre_load", None) or getattr(field, "post_load", None))


def _override(field: fields.Field[Any]) -> str:
    """Return the override for which the field's own method must load it, ``""`` without one."""
    own = vars(field)
    for each in _DESERIALIZE:
        if each in own:
            return f"the instance overrides {each}"
    if has_functions(field):
        return "it has pre_load or post_load functions"
    guard = own.get("deserialize")
    if guard is None:
        return ""
    if not isinstance(guard, Guard):
        return "the instance overrides deserialize"
    if not guard.stands_alone_before(field):
        return "its deserialize was overridden before the guard was set"
    if not guard.typed and type(field) in (fields.Integer, fields.Float, fields.Boolean):
        return "it reads text"
    return ""


def _with_checks(accept: Accept, field: fields.Field[Any]) -> tuple[Accept | None, str]:
    """Add the field's validators."""
    checks: list[str] = []
    bound = dict(accept.bound)
    for number, validator in enumerate(field.validators):
        check = check_of(validator, type(field), f"c{number}", bound)
        if check is None:
            return None, f"no inline code for the validator {type(validator).__name__}"
        checks.append(check)
    return replace(accept, checks=tuple(checks), bound=bound), ""


_Make = Callable[[Any, Guard | None], Accept | None]
_INT64 = "-9223372036854775808 <= v <= 9223372036854775807"
_FINITE = "-1.7976931348623157e308 <= v <= 1.7976931348623157e308"


def _string(field: fields.String, guard: Guard | None) -> Accept:
    return Accept("type(v) is str", guard.take if guard is not None else None)


def _integer(field: fields.Integer, guard: Guard | None) -> Accept:
    if guard is None:
        return Accept("type(v) is int")
    bounded = any(_is_bounded(validator) for validator in field.validators)
    return Accept(f"type(v) is int and {_INT64}", short_test="type(v) is int" if bounded else "")


def _is_bounded(validator: object) -> bool:
    """Return True if a validator rejects integers beyond 64 bits."""
    if type(validator) is not validate.Range:
        return False
    least, most = validator.min, validator.max
    if type(least) is not int or type(most) is not int:
        return False
    return least >= -(2**63) and most < 2**63


def _float(field: fields.Float, guard: Guard | None) -> Accept | None:
    if field.allow_nan is not False:
        return None
    return Accept(f"type(v) is float and {_FINITE}")


def _boolean(field: fields.Boolean, guard: Guard | None) -> Accept | None:
    if field.truthy is not fields.Boolean.truthy or field.falsy is not fields.Boolean.falsy:
        return None
    return Accept("v is True or v is False")


def _converted(
    convert: Convert, guard: Guard | None, tier: Literal["native", "generated"] = "generated"
) -> Accept:
    take = guard.take if guard is not None else None
    return Accept("type(v) is str", convert, take=take, tier=tier)


def _temporal(convert: Convert) -> _Make:
    def accept(
        field: fields.DateTime | fields.Date | fields.Time, guard: Guard | None
    ) -> Accept | None:
        if field.format not in ISO:
            return None
        return _converted(convert, guard)

    return accept


def _uuid(field: fields.UUID, guard: Guard | None) -> Accept:
    # PERF: msgspec creates a UUID in 3.6 thousand instructions, uuid.UUID in 11. It accepts 32
    # digits with four hyphens or none; the field's own method loads braces and prefixes.
    try:
        import msgspec  # PERF: imported only here, since most programs load it for nothing
    except ImportError:
        return _converted(uuid.UUID, guard)
    return _converted(partial(msgspec.convert, type=uuid.UUID), guard, "native")


def _enum(field: fields.Enum[enum.Enum], guard: Guard | None) -> Accept | None:
    known = _members(field)
    kinds = {type(value) for value in known}
    if field.by_value is False:
        kinds = {str}
    if kinds not in ({str}, {int}):
        return None
    kind = kinds.pop()
    if guard is not None and not guard.typed and kind is not str:
        return None
    test = f"type(v) is {kind.__name__} and v in {{known}}"
    return Accept(test, known.__getitem__, bound={"known": known})


def _members(field: fields.Enum[enum.Enum]) -> dict[Any, enum.Enum]:
    """Return the members of an enumeration by their loaded values, nothing if the field decides."""
    if field.by_value is False:
        return dict(field.enum.__members__)
    if field.by_value is True and type(field.field) is fields.Raw:
        return {member.value: member for member in field.enum}
    return {}


_ACCEPTS: dict[type, _Make] = {
    fields.String: _string,
    fields.Email: _string,
    fields.Url: _string,
    fields.Integer: _integer,
    fields.Float: _float,
    fields.Boolean: _boolean,
    fields.DateTime: _temporal(dt.datetime.fromisoformat),
    fields.Date: _temporal(dt.date.fromisoformat),
    fields.Time: _temporal(dt.time.fromisoformat),
    fields.UUID: _uuid,
    fields.Enum: _enum,
}
