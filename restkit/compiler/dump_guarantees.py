"""What is certain of what a schema dumps: that it is JSON, and of which attributes alone it is made."""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

from .plan import Plan, dump_of

__all__ = ["reads_of", "uncertain"]

_CERTAIN = frozenset({"str", "int", "float", "bool", "datetime", "date", "time", "uuid"})
_CERTAIN_CLASSES = (fields.Decimal, fields.IP, fields.IPv4, fields.IPv6)
_PLAIN_CLASSES = (
    *_CERTAIN_CLASSES,
    *(fields.Integer, fields.Float, fields.DateTime, fields.NaiveDateTime, fields.AwareDateTime),
    *(fields.Date, fields.Time, fields.TimeDelta, fields.IPInterface),
)
_OVERRIDES = ("serialize", "_serialize", "get_value")


def uncertain(
    plan: Plan, nested: Callable[[Schema], Plan], above: tuple[type[Schema], ...] = ()
) -> str:
    """Return why what is dumped may be anything, ``""`` where it is text, numbers, booleans, null, lists and dicts.

    Args:
        plan: Of the schema.
        nested: Returns the plan of a nested schema.
        above: The schema classes around it; one that nests itself is not followed, and promises
            nothing.
    """
    schema, kind = plan.schema, type(plan.schema)
    hooks = schema._hooks
    if plan.dump_reason:
        return plan.dump_reason
    if hooks["pre_dump"] or hooks["post_dump"]:
        return "the schema has pre_dump or post_dump hooks"
    if kind in above:
        return "the schema nests itself"
    if kind.get_attribute is not Schema.get_attribute or "get_attribute" in vars(schema):
        return "the schema overrides get_attribute"
    keys: list[Any] = [each.key for each in plan.dump]
    if len(set(keys)) != len(keys) or not all(
        type(key) is str and key.isprintable() for key in keys
    ):
        return "its keys are no plain texts that differ"
    for each in plan.dump:
        reason = _uncertain(each.field, each.dump, nested, (*above, kind))
        if reason:
            return f"{each.name}: {reason}"
    return ""


def reads_of(plan: Plan) -> frozenset[str] | None:
    """Return the attributes that dumping an object reads; None where its fields may do more with the object.

    Args:
        plan: Of a schema without hooks.
    """
    schema, kind = plan.schema, type(plan.schema)
    if (
        plan.dump_reason
        or kind.get_attribute is not Schema.get_attribute
        or "get_attribute" in vars(schema)
    ):
        return None
    names = {
        each.name if each.field.attribute is None else each.field.attribute for each in plan.dump
    }
    plain = all(each.reads and (each.dump or _is_plain(each.field)) for each in plan.dump)
    return frozenset(names) if plain and not any("." in name for name in names) else None


def _is_plain(field: Any) -> bool:
    """Whether a field's own method takes no notice of the object that its value is of."""
    return type(field) in _PLAIN_CLASSES and not any(each in vars(field) for each in _OVERRIDES)


def _uncertain(
    field: Any, kind: str, nested: Callable[[Schema], Plan], above: tuple[type[Schema], ...]
) -> str:
    if kind in _CERTAIN:
        return ""
    if kind == "enum_name":
        return "its members may have no name" if issubclass(field.enum, enum.Flag) else ""
    if kind == "enum_value":
        plain = all(type(member.value) in (str, int, bool, type(None)) for member in field.enum)
        return "" if plain else "its values may be anything"
    if kind == "list":
        return _uncertain(field.inner, dump_of(field.inner)[0], nested, above)
    if kind == "nested":
        try:
            schema: Any = field.schema
        except Exception:  # noqa: BLE001  # what is wrong with it shows where it is used, as in marshmallow
            field._schema = (
                None  # NOTE: marshmallow keeps a half-made one, and would not tell the fault again
            )
            return "its schema cannot be made yet"
        return uncertain(nested(schema), nested, above)
    if type(field) in _CERTAIN_CLASSES and _is_plain(field):
        return ""
    return f"what {type(field).__name__} dumps may be anything"
