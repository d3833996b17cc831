"""The schema of a nested field, as the field loads it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from marshmallow import Schema, fields

__all__ = ["nested_schema"]

_Partial = bool | Sequence[str] | AbstractSet[str] | None


def nested_schema(field: fields.Nested) -> Schema:
    """Return the nested schema as this field loads it: unknown and partial may be its parent's."""
    schema = field.schema
    partial = _nested_partial(field)
    if partial != schema.partial:
        schema = copy.copy(schema)
        schema.partial = partial
    if field.unknown is not None and field.unknown != schema.unknown:
        schema = copy.copy(schema)
        vars(schema)["unknown"] = field.unknown
    return schema


def _nested_partial(field: fields.Nested) -> _Partial:
    """Return the value of ``partial`` that marshmallow passes to a nested schema."""
    name, parent = field.name, field.parent
    while isinstance(parent, fields.Field):
        name, parent = parent.name, parent.parent
    if not isinstance(parent, Schema) or parent.partial is None:
        return field.schema.partial
    if isinstance(parent.partial, bool):
        return parent.partial
    prefix = f"{name}."
    return tuple(each.removeprefix(prefix) for each in parent.partial if each.startswith(prefix))
