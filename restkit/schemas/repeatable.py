"""Loads that do not depend on earlier loads or on the process: fresh defaults, sets in order."""

from __future__ import annotations

import copy
from collections.abc import Set as AbstractSet
from typing import Any

from marshmallow import Schema, fields, missing, validate

from .wire_format import in_order

__all__ = ["FreshDefault", "make_defaults_repeatable", "make_repeatable", "put_fields_in_order"]


def make_repeatable(field: fields.Field[Any]) -> None:
    """Change a field of one instance so that each load does the same."""
    _put_sets_in_order(field)
    _make_default_for_each_load(field)


def put_fields_in_order(schema: Schema) -> None:
    """Load fields in the order of the class: `only` may be a set, which has no order."""
    if schema.only is not None:
        places = {name: at for at, name in enumerate(schema._declared_fields)}
        found = schema.load_fields
        names = sorted(found, key=lambda name: places.get(name, len(places)))
        schema.load_fields = {name: found[name] for name in names}


def make_defaults_repeatable(schema: Schema, above: tuple[type[Schema], ...] = ()) -> None:
    """Let each response have defaults of its own, also in nested schemas; sets in one order."""
    for field in schema.dump_fields.values():
        if isinstance(field, fields.List) and isinstance(field.dump_default, AbstractSet):
            field.dump_default = in_order(field.dump_default)
        else:
            field.dump_default = _fresh(field.dump_default)
        inner = field.inner if isinstance(field, fields.List) else field
        nested = inner.nested if isinstance(inner, fields.Nested) else None
        is_known = isinstance(nested, Schema) or (isinstance(nested, type) and nested not in above)
        if isinstance(inner, fields.Nested) and is_known and type(inner.schema) not in above:
            make_defaults_repeatable(inner.schema, (*above, type(schema)))


def _put_sets_in_order(field: fields.Field[Any]) -> None:
    """Let messages list the values of a set in one order, the same in every process."""
    if any(isinstance(each, _WITH_VALUES) for each in field.validators):
        field.validators = [_in_order(each) for each in field.validators]


_WITH_VALUES = (validate.And, validate.OneOf, validate.NoneOf)


def _in_order(validator: Any) -> Any:
    made = copy.copy(validator)
    if isinstance(validator, validate.And):
        made.validators = tuple(_in_order(each) for each in validator.validators)
    elif isinstance(validator, validate.OneOf) and isinstance(validator.choices, AbstractSet):
        made.choices_text = ", ".join(str(each) for each in in_order(validator.choices))
    elif isinstance(validator, validate.NoneOf) and isinstance(validator.iterable, AbstractSet):
        made.values_text = ", ".join(str(each) for each in in_order(validator.iterable))
    else:
        return validator
    return made


class FreshDefault:
    """A default that is copied for each use, so that no request sees the changes of another one.

    Attributes:
        value: The default as it was declared.
    """

    __slots__ = ("value",)

    def __init__(self, value: object) -> None:
        self.value = value

    def __call__(self) -> object:
        """Return a copy."""
        return copy.deepcopy(self.value)


def _make_default_for_each_load(field: fields.Field[Any]) -> None:
    field.load_default = _fresh(field.load_default)


def _fresh(default: object) -> object:
    """Return a default that is copied for each use if it can be changed, else the default."""
    if default is missing or callable(default) or isinstance(default, (str, int, float)):
        return default
    try:
        is_mutable = copy.deepcopy(default) is not default
    except Exception:  # noqa: BLE001  # an object that cannot be copied is meant to be one
        return default
    return FreshDefault(default) if is_mutable else default
