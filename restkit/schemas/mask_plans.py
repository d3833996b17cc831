"""Plans of masked schemas: which fields of a schema change, and how."""

from __future__ import annotations

from typing import Any, Protocol

from marshmallow import Schema, fields

from ..records import Record
from .unions import is_union_schema

__all__ = ["Change", "MaskLevel", "MaskedField", "Plan", "plan_of"]

MaskedField = fields.Field[Any]


class MaskLevel(Protocol):
    """The masks of the fields of one schema, and of those nested in it."""

    def hides(self, name: str, attribute: str, /) -> tuple[bool, bool]:
        """Return whether a field is hidden from readers, and from writers."""
        ...

    def note(self, name: str, attribute: str, /) -> tuple[str, bool]:
        """Return a sentence on who may read or write a field, and whether some may not read it."""
        ...

    def below(self, name: str, attribute: str, /) -> MaskLevel:
        """Return the masks of the schema that a field nests."""
        ...


class Change(Record):
    """The change of one field of a schema.

    Attributes:
        name: The name of the field.
        kind: ``drop``, ``dump_only``, ``load_only``, ``note``, ``optional`` or ``nest``.
        below: The plan of the nested schema; a number for one of the schemas around it.
        text: The sentence on the field.
    """

    name: str
    kind: str
    below: Plan | int | None = None
    text: str = ""


class Plan(Record):
    """The changes of one schema class."""

    declared: type[Schema]
    changes: tuple[Change, ...]
    alternatives: tuple[Plan | None, ...] = ()


def plan_of(schema: Schema, level: MaskLevel, above: tuple[object, ...] = ()) -> Plan | None:
    """Return the changes of a schema, None if there are none.

    Args:
        schema: The schema.
        level: The masks of its fields.
        above: The schemas that nest it, each with its masks.
    """
    declared = type(schema)
    if is_union_schema(schema):
        found = tuple(plan_of(each, level, above) for each in schema.alternatives)
        return Plan(declared, (), found) if any(found) else None
    around = (*above, (declared, level))
    changes = [_change(name, field, level, around) for name, field in schema.fields.items()]
    kept = tuple(each for each in changes if each is not None)
    return Plan(declared, kept) if kept else None


def _change(
    name: str, field: MaskedField, level: MaskLevel, around: tuple[object, ...]
) -> Change | None:
    attribute = field.attribute or name
    nested = _nested_schema(field)
    kind = _kind(field, *_hidden(name, field, nested, level))
    if kind == "drop":
        return Change(name, kind)
    below: Plan | int | None = None
    if nested is not None and not isinstance(field, fields.Pluck):
        below = _below(nested, level.below(name, attribute), around)
    text, is_partial = ("", False) if kind else level.note(name, attribute)
    if text:
        kind = "optional" if is_partial else "note"
    if not kind and below is None:
        return None
    return Change(name, kind or "nest", below, text)


def _hidden(
    name: str, field: MaskedField, nested: Schema | None, level: MaskLevel
) -> tuple[bool, bool]:
    """Return whether a field is hidden from readers and from writers.

    A `Pluck` shows one field of a nested schema, and is hidden with it.
    """
    attribute = field.attribute or name
    no_read, no_write = level.hides(name, attribute)
    if not isinstance(field, fields.Pluck) or nested is None:
        return no_read, no_write
    own = nested.fields.get(field.field_name)
    key = field.field_name if own is None else own.attribute or field.field_name
    is_plucked, _ = level.below(name, attribute).hides(field.field_name, key)
    return no_read or is_plucked, no_write or is_plucked


def _kind(field: MaskedField, no_read: bool, no_write: bool) -> str:
    """Return the change of a field, ``""`` if there is none."""
    if not (no_read or no_write):
        return ""
    is_read = not (field.load_only or no_read)
    is_written = not (field.dump_only or no_write)
    if not (is_read or is_written):
        return "drop"
    if not is_read and not field.load_only:
        return "load_only"
    return "dump_only" if not is_written and not field.dump_only else ""


def _below(nested: Schema, level: MaskLevel, around: tuple[object, ...]) -> Plan | int | None:
    """Return the plan of a nested schema, or the number of levels up to the same one."""
    for up, known in enumerate(reversed(around)):
        if known == (type(nested), level):
            return up
    return plan_of(nested, level, around)


def _inner(field: object) -> object:
    """Return the field of the members of a list or the values of a mapping."""
    while isinstance(field, (fields.List, fields.Mapping)):
        field = field.inner if isinstance(field, fields.List) else field.value_field
    return field


def _nested_schema(field: object) -> Schema | None:
    inner = _inner(field)
    if not isinstance(inner, fields.Nested):
        return None
    try:
        found = inner.schema
    except Exception:  # noqa: BLE001  # a name that marshmallow does not know yet
        return None
    return found if isinstance(found, Schema) else None
