"""Values as the texts that the controls of a form have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from marshmallow import fields, missing

from ..parsing.form_members import Tree
from .field_attributes import input_type, zone_of
from .field_choices import text_of
from .field_plans import FieldPlan, FormPlan

__all__ = ["initial_texts", "serialized_texts"]

_UNKEPT = ("password", "file")
_FRACTION = re.compile(r"(:[0-9]{2}\.[0-9]{3})[0-9]*")


def initial_texts(plan: FormPlan, values: object) -> Tree:
    """Return the texts of a form that nobody sent.

    Args:
        plan: The plan of the form.
        values: An object or a mapping with attributes of the schema; a missing one has the default
            of its field. None for the defaults alone.
    """
    return {name: _node(each, _value(each, values)) for name, each in plan.fields.items()}


def serialized_texts(plan: FormPlan, data: Mapping[str, object]) -> Tree:
    """Return the texts of a form for an object that is serialized already.

    Args:
        plan: The plan of the form.
        data: The members of the object; the field of a missing member is empty.
    """
    given = {name: each for name, each in data.items() if _is_kept(plan.fields.get(name))}
    return {name: _node(each, given.get(name)) for name, each in plan.fields.items()}


def _is_kept(plan: FieldPlan | None) -> bool:
    return plan is not None and plan.control not in _UNKEPT


def _node(plan: FieldPlan, value: object) -> Tree | list[str]:
    """Return the texts of a field, those of an object by its members."""
    if not plan.parts:
        return _texts(plan, value)
    if plan.control == "rows":
        return {str(at): _members(plan, each) for at, each in enumerate(_items(value))}
    return _members(plan, value)


def _members(plan: FieldPlan, value: object) -> Tree:
    """Return the texts of an object that is serialized already, of the defaults for None."""
    if value is None and not plan.required:
        return {}
    if not isinstance(value, Mapping):
        return {each.name: _node(each, _value(each, None)) for each in plan.parts}
    return {each.name: _node(each, value.get(each.name)) for each in plan.parts}


def _value(plan: FieldPlan, values: object) -> object:
    """Return the value of a field as the field writes it."""
    field, name = plan.field, str(plan.field.name)
    if isinstance(field, fields.Constant):
        return field.constant
    if values is not None and plan.control not in _UNKEPT:
        found: object = field.serialize(name, values)
        if found is not missing:
            return found
    default = field.load_default() if callable(field.load_default) else field.load_default
    if default is missing or default is None:
        return None
    return field.serialize(name, {field.attribute or name: default})


def _texts(plan: FieldPlan, value: object) -> list[str]:
    if value is None:
        return []
    is_list = isinstance(value, (list, tuple, set, frozenset))
    if is_list and plan.many:
        return [_text(plan, each) for each in _items(value)]
    if is_list and plan.delimiter and not plan.is_json:
        return [plan.delimiter.join(_text(plan, each) for each in _items(value))]
    return [_text(plan, value)]


def _items(value: object) -> Iterable[object]:
    return value if isinstance(value, Iterable) else ()


def _text(plan: FieldPlan, value: object) -> str:
    text, field = text_of(value), plan.field
    item = field.inner if isinstance(field, fields.List) else field
    kind = input_type(item)
    if kind == "datetime-local":
        text = _local(item, text)
    if kind in ("datetime-local", "time"):
        text = _FRACTION.sub(r"\1", text)  # HTML has milliseconds
    return text


def _local(field: fields.Field[object], text: str) -> str:
    """Return a time as its control has it: without an offset, in the time zone of the control."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    if moment.tzinfo is not None:
        moment = moment.astimezone(zone_of(field))
    return moment.replace(tzinfo=None).isoformat()
