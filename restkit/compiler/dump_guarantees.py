"""Guarantees of a dumped schema: that its data is JSON, and which attributes the dump reads."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

from .plan import FieldPlan, Plan, dump_of, has_own_accessor, nested_schema

__all__ = ["reads_of", "uncertain"]

_CERTAIN = frozenset({"str", "int", "float", "bool", "datetime", "date", "time", "uuid"})
_CERTAIN_CLASSES = (fields.Decimal, fields.IP, fields.IPv4, fields.IPv6)
_PLAIN_CLASSES = (
    *_CERTAIN_CLASSES,
    *(fields.Integer, fields.Float, fields.DateTime, fields.NaiveDateTime, fields.AwareDateTime),
    *(fields.Date, fields.Time, fields.TimeDelta, fields.IPInterface),
)
_OVERRIDES = ("serialize", "_serialize", "get_value")

_PlanOf = Callable[[Schema], Plan]


def uncertain(plan: Plan, nested: _PlanOf, above: tuple[type[Schema], ...] = ()) -> str:
    """Return the reason why dumped data may not be JSON, ``""`` if it always is.

    JSON data consists of strings, numbers, booleans, None, lists and dicts.

    Args:
        plan: The plan of the schema.
        nested: The function from a nested schema to its plan.
        above: The schema classes around it. A schema that nests itself has no guarantee.
    """
    reason = _schema_reason(plan, above)
    if reason:
        return reason
    within = (*above, type(plan.schema))
    for each in plan.dump:
        reason = _field_reason(each.field, each.dump, nested, within)
        if reason:
            return f"{each.name}: {reason}"
    return ""


def _schema_reason(plan: Plan, above: tuple[type[Schema], ...]) -> str:
    schema = plan.schema
    if plan.dump_reason:
        return plan.dump_reason
    if schema._hooks["pre_dump"] or schema._hooks["post_dump"]:
        return "the schema has pre_dump or post_dump hooks"
    if type(schema) in above:
        return "the schema nests itself"
    if has_own_accessor(schema):
        return "the schema overrides get_attribute"
    keys: list[object] = [each.key for each in plan.dump]
    if len(set(keys)) != len(keys) or not all(map(_is_printable, keys)):
        return "its keys are not distinct printable strings"
    return ""


def _is_printable(key: object) -> bool:
    return type(key) is str and key.isprintable()


def _field_reason(
    field: fields.Field[Any], kind: str, nested: _PlanOf, above: tuple[type[Schema], ...]
) -> str:
    if kind in _CERTAIN:
        return ""
    if isinstance(field, fields.Enum) and kind in ("enum_name", "enum_value"):
        return _enum_reason(field, kind)
    if isinstance(field, fields.List) and kind == "list":
        return _field_reason(field.inner, dump_of(field.inner)[0], nested, above)
    if isinstance(field, fields.Nested) and kind == "nested":
        schema = nested_schema(field)
        if schema is None:
            return "its schema cannot be created yet"
        return uncertain(nested(schema), nested, above)
    if type(field) in _CERTAIN_CLASSES and _ignores_object(field):
        return ""
    return f"{type(field).__name__} may dump values that are not JSON"


def _enum_reason(field: fields.Enum[enum.Enum], kind: str) -> str:
    if kind == "enum_name":
        return "a flag may have no name" if issubclass(field.enum, enum.Flag) else ""
    if all(type(member.value) in (str, int, bool, type(None)) for member in field.enum):
        return ""
    return "its values may not be JSON"


def reads_of(plan: Plan) -> frozenset[str] | None:
    """Return the attributes that dumping an object reads, None if fields may use the object itself.

    Args:
        plan: The plan of a schema without hooks.
    """
    if plan.dump_reason or has_own_accessor(plan.schema):
        return None
    if not all(map(_reads_one_attribute, plan.dump)):
        return None
    names = frozenset(map(_attribute_of, plan.dump))
    if any("." in name for name in names):
        return None
    return names


def _attribute_of(plan: FieldPlan) -> str:
    return plan.name if plan.field.attribute is None else plan.field.attribute


def _reads_one_attribute(plan: FieldPlan) -> bool:
    return plan.reads and (bool(plan.dump) or _ignores_object(plan.field))


def _ignores_object(field: fields.Field[Any]) -> bool:
    """Return True if a field's own method uses only the value, not the object that has it."""
    kind = type(field)
    is_plain = kind in _PLAIN_CLASSES or vars(kind).get("dumps_value_alone") is True
    return is_plain and vars(field).keys().isdisjoint(_OVERRIDES)
