"""Equality of the instances of a schema class, which may make its fields of arguments."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

__all__ = ["have_same_fields"]

# What binding changes of a field, or gives it: where it stands, and how it loads.
_NOT_DECLARED = frozenset({"_schema", "deserialize", "name", "parent", "root", "validators"})


def have_same_fields(one: Schema, other: Schema) -> bool:
    """Return whether two instances of a class have the same fields."""
    if one is other:
        return True
    return one.fields.keys() == other.fields.keys() and all(
        _is_same_field(each, other.fields[name]) for name, each in one.fields.items()
    )


def _is_same_field(one: object, other: object) -> bool:
    if type(one) is not type(other):
        return False
    here, there = vars(one), vars(other)
    names = (here.keys() | there.keys()) - _NOT_DECLARED
    return _is_same(here.get("validators"), there.get("validators")) and all(
        name in here and name in there and _is_same(here[name], there[name]) for name in names
    )


def _is_same(one: object, other: object) -> bool:
    if one is other:
        return True
    if isinstance(one, fields.Field):
        return _is_same_field(one, other)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(_is_same, one, other))
    if isinstance(one, validate.Validator):
        return type(one) is type(other) and repr(one) == repr(other)
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001  # objects of users compare as they like
        return False
