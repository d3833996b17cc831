"""A fingerprint of a schema: it differs once a field, an option or a nested schema has changed."""

from __future__ import annotations

import operator
from typing import Any

from marshmallow import Schema, fields, validate

__all__ = ["Fingerprint"]

_SKIPPED = frozenset({"parent", "root", "_schema"})


class Fingerprint:
    """The objects of a schema that the compiler reads, compared by identity.

    The fingerprint keeps these objects alive. So no later object can have the identity of one that
    was replaced and freed.
    """

    __slots__ = ("_parts",)

    def __init__(self, schema: Schema) -> None:
        """Take the fingerprint of a schema."""
        self._parts: list[object] = []
        _add_schema(self._parts, schema, ())

    def __deepcopy__(self, memo: object) -> Fingerprint:
        """Return the fingerprint itself, so that it does not match a deep copy of the schema."""
        return self

    def matches(self, other: Fingerprint) -> bool:
        """Return True if two fingerprints consist of the same objects."""
        parts, others = self._parts, other._parts
        return len(parts) == len(others) and all(map(operator.is_, parts, others))


def _add_schema(parts: list[object], schema: Schema, above: tuple[type[Schema], ...]) -> None:
    parts.append(schema)
    kind = type(schema)
    if kind in above:
        return  # NOTE: a schema that nests itself has an instance for each level of seen data
    parts += (schema.unknown, schema.many, schema.partial)
    for name, value in list(vars(schema).items()):
        if callable(value):  # a method of the instance
            parts += (name, value)
    for title, each in (("load", schema.load_fields), ("dump", schema.dump_fields)):
        parts.append(title)
        for name, field in each.items():
            parts.append(name)
            _add_field(parts, field, (*above, kind))


def _add_field(
    parts: list[object], field: fields.Field[Any], above: tuple[type[Schema], ...]
) -> None:
    # A copy: another thread may load data into another level of a schema that nests itself.
    own = dict(vars(field))
    parts.append(field)
    for key, value in own.items():
        if key not in _SKIPPED:
            parts += (key, value)
            _add_members(parts, value, above)
    nested: Schema | None = own.get("_schema")
    if nested is not None:
        _add_schema(parts, nested, above)


def _add_members(parts: list[object], value: object, above: tuple[type[Schema], ...]) -> None:
    """Add the fields and validators that an option holds."""
    for each in value if isinstance(value, (list, tuple)) else (value,):
        parts.append(each)
        if isinstance(each, fields.Field):
            _add_field(parts, each, above)
        elif isinstance(each, validate.Validator):
            _add_validator(parts, each)


def _add_validator(parts: list[object], validator: validate.Validator) -> None:
    for key, value in vars(validator).items():
        parts += (key, value)
        if isinstance(value, (list, tuple, set, frozenset)):
            parts += value
