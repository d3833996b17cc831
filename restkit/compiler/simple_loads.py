"""The inline code that loads texts, numbers, booleans, enumerations and users' functions."""

from __future__ import annotations

import enum
from typing import Any

from marshmallow import fields, validate

from .accept import OVERRIDES, Accept, Make, converted
from .function_types import AnyField, Validate
from .guard import Guard

__all__ = ["SIMPLE"]

_INT64 = "-9223372036854775808 <= v <= 9223372036854775807"
_FINITE = "-1.7976931348623157e308 <= v <= 1.7976931348623157e308"


def _unchanged(guard: Guard, kind: str) -> Accept:
    """Return the code for a field that keeps the value that its guard makes of a text."""
    inline = guard.inline
    if inline is None:
        return converted(guard, None)
    if inline.made == "v":
        return Accept(f"{kind} and ({inline.test})", bound=dict(inline.names))
    return converted(guard, None)


def _string(field: fields.String, guard: Guard | None) -> Accept:
    return Accept("type(v) is str") if guard is None else _unchanged(guard, "type(v) is str")


def _integer(field: fields.Integer, guard: Guard | None) -> Accept:
    if guard is None:
        return Accept("type(v) is int")
    if not guard.typed:
        return _unchanged(guard, "type(v) is str")
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
    if guard is not None and not guard.typed:
        return _unchanged(guard, "type(v) is str")
    made = "v if type(v) is float else float(v)"
    test = "(type(v) is float or type(v) is int)"
    if field.allow_nan is False:
        return Accept(f"{test} and {_FINITE}", made, raises=False)
    return Accept(test, made)


def _boolean(field: fields.Boolean, guard: Guard | None) -> Accept | None:
    usual = field.truthy is fields.Boolean.truthy and field.falsy is fields.Boolean.falsy
    if usual and guard is None:
        return Accept("v is True or v is False")
    if usual and guard is not None:
        return Accept("v is True or v is False") if guard.typed else _unchanged(guard, "")
    if guard is not None:
        return None
    if not field.truthy:
        kinds = "type(v) is bool or type(v) is str or type(v) is int or type(v) is float"
        return Accept(kinds, "v is True or bool(v)", raises=False)
    made = "True if v in {truthy} else False if v in {falsy} else M"
    sets: dict[str, object] = {"truthy": field.truthy, "falsy": field.falsy}
    return Accept("type(v) is bool or type(v) is str or type(v) is int", made, bound=sets)


def _enum(field: fields.Enum[enum.Enum], guard: Guard | None) -> Accept | None:
    known = _members(field)
    kinds = {type(value) for value in known}
    names = _TESTS.get(frozenset(kinds))
    if names is None:
        return None
    if guard is not None and not guard.typed and kinds != {str}:
        return converted(guard, known.__getitem__)
    if guard is not None:  # it accepts each value of the enumeration but for these
        known = {value: member for value, member in known.items() if _is_usual(value)}
    bound: dict[str, object] = {"known": known}
    return Accept(f"{names} and v in {{known}}", "{known}[v]", raises=False, bound=bound)


_TESTS: dict[frozenset[type], str] = {
    frozenset({str}): "type(v) is str",
    frozenset({int}): "type(v) is int",
    frozenset({str, int}): "(type(v) is str or type(v) is int)",
}


def _is_usual(value: str | int) -> bool:
    """Return True for integers of 64 bits and strings without NUL."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    return "\0" not in value


def _members(field: fields.Enum[enum.Enum]) -> dict[Any, enum.Enum]:
    """Return the members of an enumeration by their loaded values, nothing if the field decides."""
    if field.by_value is False:
        return dict(field.enum.__members__) if type(field.field) is fields.String else {}
    members = {member.value: member for member in field.enum}
    inner: AnyField = field.field
    if field.by_value is True and type(inner) is fields.Raw:
        return members
    if not vars(inner).keys().isdisjoint(OVERRIDES):
        return {}
    kinds = {type(value) for value in members}
    kept: dict[type, set[type]] = {fields.Integer: {int}, fields.String: {str}}
    return members if kept.get(type(inner)) == kinds else {}


def _raw(field: fields.Raw, guard: Guard | None) -> Accept | None:
    return Accept("v is not M and v is not None") if guard is None else None


def _dict(field: fields.Dict, guard: Guard | None) -> Accept | None:
    if field.key_field or field.value_field or guard is not None:
        return None
    return Accept("type(v) is dict", "{mapping}(v)", bound={"mapping": field.mapping_type})


def _constant(field: fields.Constant[Any], guard: Guard | None) -> Accept | None:
    bound: dict[str, object] = {"constant": field.constant}
    if guard is None:
        return Accept("v is not M and v is not None", "{constant}", raises=False, bound=bound)
    if guard.inline is None:
        return None
    bound |= guard.inline.names
    test = f"v is not None and {guard.inline.test}"  # null has no validators
    return Accept(test, "{constant}", raises=False, bound=bound)


def _function(field: fields.Function, guard: Guard | None) -> Accept | None:
    return _asked(field.deserialize_func) if guard is None else None


def _method(field: fields.Method, guard: Guard | None) -> Accept | None:
    return _asked(field._deserialize_method) if guard is None else None


def _asked(function: Validate | None) -> Accept:
    if not function:
        return Accept("v is not M and v is not None")
    return Accept("v is not M and v is not None", "{ask}(v)", asks=True, bound={"ask": function})


SIMPLE: dict[type, Make] = {
    fields.String: _string,
    fields.Email: _string,
    fields.Url: _string,
    fields.Integer: _integer,
    fields.Float: _float,
    fields.Boolean: _boolean,
    fields.Enum: _enum,
    fields.Raw: _raw,
    fields.Dict: _dict,
    fields.Constant: _constant,
    fields.Function: _function,
    fields.Method: _method,
}
"""The makers of inline code by the exact class of the field."""
