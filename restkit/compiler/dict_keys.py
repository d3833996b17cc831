"""The reading of values to dump: a mapping has the values of its keys, and no others.

marshmallow takes the method of a dict for a key that is absent, if both have one name: ``items``,
``keys``, ``values``, ``copy`` and others.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping
from types import BuiltinMethodType
from typing import Protocol, cast

from marshmallow import Schema, fields, missing

__all__ = ["by_keys", "read_by_keys", "reads_by_keys"]

_NAMES = frozenset(dir(dict))


class _Subscriptable(Protocol):
    def __getitem__(self, key: object, /) -> object: ...


def by_keys(obj: object, attribute: object, default: object = missing) -> object:
    """Return a value of an object, as marshmallow's ``get_value`` does but for methods of dicts.

    Args:
        obj: The object.
        attribute: A key or the name of an attribute, or several with dots between them.
        default: The value if there is none.
    """
    if not isinstance(attribute, str) or "." not in attribute:
        return _value(obj, attribute, default)
    for each in attribute.split("."):
        obj = _value(obj, each, default)
    return obj


def _value(obj: object, key: object, default: object) -> object:
    if not hasattr(obj, "__getitem__"):
        return _attribute(obj, key, default)
    try:
        # marshmallow subscripts too; an attribute `__getitem__` of the instance alone is no help.
        return operator.getitem(cast("_Subscriptable", obj), key)
    except (KeyError, IndexError, TypeError, AttributeError):
        if key in _NAMES and isinstance(obj, Mapping):
            return default
        value = _attribute(obj, key, default)
        is_method = isinstance(value, BuiltinMethodType) and value.__self__ is obj
        return default if is_method else value


def _attribute(obj: object, name: object, default: object) -> object:
    value: object = getattr(obj, str(name), default)
    return value


def reads_by_keys(schema: Schema) -> bool:
    """Return True if a schema reads mappings by their keys alone."""
    return vars(schema).get("get_attribute") is by_keys


def read_by_keys(schema: Schema, above: tuple[type[Schema], ...] = ()) -> None:
    """Let a schema, and those that it nests, read mappings by their keys alone.

    A schema that overrides ``get_attribute`` keeps its own reading. A schema that nests itself is
    read by keys as far as its dumper is generated.

    Args:
        schema: The instance.
        above: The classes of the schemas that it is nested in.
    """
    if type(schema).get_attribute is Schema.get_attribute:
        vars(schema).setdefault("get_attribute", by_keys)
    for field in schema.dump_fields.values():
        _read_nested(field, (*above, type(schema)))


def _read_nested(field: object, above: tuple[type[Schema], ...]) -> None:
    if isinstance(field, fields.Nested):
        nested = field.nested
        is_known = isinstance(nested, Schema) or (isinstance(nested, type) and nested not in above)
        if is_known and type(field.schema) not in above:
            read_by_keys(field.schema, above)
    elif isinstance(field, fields.List):
        _read_nested(field.inner, above)
    elif isinstance(field, fields.Tuple):
        for each in field.tuple_fields:
            _read_nested(each, above)
    elif isinstance(field, fields.Mapping):
        _read_nested(field.value_field, above)
