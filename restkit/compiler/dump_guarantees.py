"""Guarantees of a dumped schema: that its data is JSON, and which attributes the dump reads."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

from .dump_values import enum_texts, is_json_value
from .plan import FieldPlan, Plan, dump_of, has_own_accessor, nested_schema

__all__ = ["inner_fields", "reads_of", "sources_of", "uncertain"]

_CERTAIN = frozenset(
    {
        *("str", "int", "float", "bool", "datetime", "date", "time", "uuid"),
        *("decimal", "number_text", "moment", "timedelta", "address", "interface"),
    }
)
_CERTAIN_CLASSES = (fields.Decimal, fields.IP, fields.IPv4, fields.IPv6)
_PLAIN_CLASSES = (
    *_CERTAIN_CLASSES,
    *(fields.Integer, fields.Float, fields.DateTime, fields.NaiveDateTime, fields.AwareDateTime),
    *(fields.Date, fields.Time, fields.TimeDelta, fields.IPInterface),
)
_OF_OBJECTS = (fields.Method, fields.Function, fields.Nested, fields.Constant)
_OVERRIDES = ("serialize", "_serialize", "get_value")

_Field = fields.Field[Any]
_PlanOf = Callable[[Schema], Plan]
_Above = tuple[type[Schema], ...]


def uncertain(plan: Plan, nested: _PlanOf, above: _Above = ()) -> str:
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


def _schema_reason(plan: Plan, above: _Above) -> str:
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


def _field_reason(field: _Field, kind: str, nested: _PlanOf, above: _Above) -> str:
    if kind in _CERTAIN:
        return ""
    find = _REASONS.get(kind)
    if find is not None:
        return find(field, nested, above)
    if type(field) in _CERTAIN_CLASSES and _ignores_object(field):
        return ""
    return f"{type(field).__name__} may dump values that are not JSON"


def _constant_reason(field: Any, nested: _PlanOf, above: _Above) -> str:
    return "" if is_json_value(field.constant) else "the constant may not be JSON"


def _nested_reason(field: Any, nested: _PlanOf, above: _Above) -> str:
    schema = nested_schema(field)
    if schema is None:
        return "its schema cannot be created yet"
    return uncertain(nested(schema), nested, above)


def _parts_reason(field: _Field, nested: _PlanOf, above: _Above) -> str:
    """Return the reason why the parts of a list, tuple or dict may not be JSON."""
    if isinstance(field, fields.Mapping):
        is_text = type(field.key_field) is fields.String and dump_of(field.key_field)[0] == "str"
        if not is_text or field.value_field is None:
            return f"{type(field).__name__} may dump values that are not JSON"
    reasons = (_field_reason(each, dump_of(each)[0], nested, above) for each in inner_fields(field))
    return next((reason for reason in reasons if reason), "")


def _enum_reason(field: Any, nested: _PlanOf, above: _Above) -> str:
    if enum_texts(field) is not None:
        return ""
    if not field.by_value:
        return "a flag may have no name" if issubclass(field.enum, enum.Flag) else ""
    if all(type(member.value) in (str, int, bool, type(None)) for member in field.enum):
        return ""
    return "its values may not be JSON"


_REASONS: dict[str, Callable[[Any, _PlanOf, _Above], str]] = {
    "constant": _constant_reason,
    "dict": _parts_reason,
    "enum": _enum_reason,
    "list": _parts_reason,
    "nested": _nested_reason,
    "pluck": _nested_reason,
    "tuple": _parts_reason,
}


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


def _ignores_object(field: _Field) -> bool:
    """Return True if a field's own method uses only the value, not the object that has it."""
    kind = type(field)
    is_plain = kind in _PLAIN_CLASSES or vars(kind).get("dumps_value_alone") is True
    return is_plain and vars(field).keys().isdisjoint(_OVERRIDES)


def sources_of(plan: Plan, nested: _PlanOf) -> dict[str, str | None] | None:
    """Return the attribute that each field is dumped from, by the name of the field.

    A field has None if it may read more than one attribute: the object itself, a related object,
    or the result of a method of its own.

    Args:
        plan: The plan of a schema.
        nested: The function from a nested schema to its plan.

    Returns:
        None if the schema may change any of its data.
    """
    if _may_change_data(plan):
        return None
    return {each.name: _source_of(each, nested) for each in plan.dump}


def _may_change_data(plan: Plan) -> bool:
    hooks = plan.schema._hooks
    has_hooks = bool(hooks["pre_dump"] or hooks["post_dump"])
    return has_hooks or bool(plan.dump_reason) or has_own_accessor(plan.schema)


def _source_of(plan: FieldPlan, nested: _PlanOf) -> str | None:
    attribute = _attribute_of(plan)
    if type(plan.field) is fields.Constant:
        return ""
    if not plan.reads or "." in attribute or not _dumps_value(plan.field, nested):
        return None
    return attribute


def _dumps_value(field: _Field, nested: _PlanOf, above: _Above = ()) -> bool:
    """Return whether a field makes its data of its value alone."""
    if not vars(field).keys().isdisjoint(_OVERRIDES):
        return False
    if isinstance(field, fields.Nested):
        return type(field) is fields.Nested and _nests_values(field, nested, above)
    own = next(each for each in type(field).__mro__ if "_serialize" in vars(each))
    if own.__module__ != fields.__name__ or issubclass(own, _OF_OBJECTS):
        return vars(type(field)).get("dumps_value_alone") is True
    return all(_dumps_value(each, nested, above) for each in inner_fields(field))


def _nests_values(field: fields.Nested, nested: _PlanOf, above: _Above) -> bool:
    schema = nested_schema(field)
    if schema is None or type(schema) in above:
        return False
    plan, within = nested(schema), (*above, type(schema))
    return not _may_change_data(plan) and all(
        each.reads and _dumps_value(each.field, nested, within) for each in plan.dump
    )


def inner_fields(field: _Field) -> list[_Field]:
    """Return the fields of the items of a list, a tuple or a mapping."""
    if isinstance(field, fields.List):
        return [field.inner]
    if isinstance(field, fields.Tuple):
        return list(field.tuple_fields)
    if isinstance(field, fields.Mapping):
        return [each for each in (field.key_field, field.value_field) if each is not None]
    return []
