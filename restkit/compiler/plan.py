"""The compilation plan of a schema: inline code for each field, or a call of its own method."""

from __future__ import annotations

import enum
from collections.abc import Iterable

from marshmallow import Schema, fields

from ..records import Record
from .accept import Accept
from .dict_keys import reads_by_keys
from .dump_values import enum_texts
from .exact_loads import ISO
from .function_types import AnyField
from .key_order import KeyOrder
from .load_forms import accept_of

__all__ = [
    "FieldPlan",
    "Plan",
    "dump_of",
    "has_own_accessor",
    "is_many",
    "nested_schema",
    "plan_of",
    "plucked_key",
]

_SERIALIZE = ("serialize", "_serialize", "get_value", "_format_num", "_to_string")
_LOAD_METHODS = (
    "load",
    "_do_load",
    "_deserialize",
    "_call_and_store",
    "_invoke_field_validators",
    "_run_validator",
)
_DUMP_METHODS = ("dump", "_serialize")


class FieldPlan(Record):
    """The plan of one field.

    Attributes:
        name: The field's name in the schema.
        key: The field's name in the data.
        target: The key of the loaded value.
        field: The field.
        accept: The inline code that loads the field, None if its own method is called.
        load_reason: The reason why the field's own method loads it, ``""`` with inline code.
        dump: The key of the inline code in the dumper's table, ``""`` if the field's own method
            is called.
        dump_reason: The reason why the field's own method dumps it.
        reads: True if inline code reads the value, even if the field's own method dumps it.
    """

    name: str
    key: str
    target: str
    field: AnyField
    accept: Accept | None
    load_reason: str
    dump: str
    dump_reason: str
    reads: bool


class Plan(Record):
    """The plan of a schema.

    Attributes:
        schema: The instance.
        load: The fields that are loaded, in order.
        dump: The fields that are dumped, in order.
        load_reason: The reason why marshmallow loads the whole schema, ``""`` if it is compiled.
        dump_reason: The reason why marshmallow dumps the whole schema, ``""`` if it is compiled.
    """

    schema: Schema
    load: tuple[FieldPlan, ...]
    dump: tuple[FieldPlan, ...]
    load_reason: str
    dump_reason: str


def plan_of(schema: Schema) -> Plan:
    """Plan the compilation of a schema instance."""
    return Plan(
        schema,
        _field_plans(schema.load_fields),
        _field_plans(schema.dump_fields),
        _overridden(schema, _LOAD_METHODS),
        _overridden(schema, _DUMP_METHODS),
    )


def has_own_accessor(schema: Schema) -> bool:
    """Return True if a schema's class or instance overrides ``get_attribute``.

    To read mappings by their keys alone (`read_by_keys`) is no override.
    """
    inherited = type(schema).get_attribute is Schema.get_attribute
    return not inherited or not ("get_attribute" not in vars(schema) or reads_by_keys(schema))


def nested_schema(field: fields.Nested) -> Schema | None:
    """Return the schema of a Nested field, None if it cannot be created yet."""
    try:
        return field.schema
    except Exception:  # noqa: BLE001  # marshmallow raises it again when the field is used
        # NOTE: marshmallow keeps a half-made schema, and would not raise the error again.
        field._schema = None
        return None


def _overridden(schema: Schema, names: Iterable[str]) -> str:
    for name in names:
        own = vars(schema).get(name)
        changed = own is not None and not isinstance(own, KeyOrder)
        if changed or getattr(type(schema), name) is not getattr(Schema, name):
            return f"the schema overrides {name}"
    if schema.dict_class is not dict:
        return "the schema overrides dict_class"
    return ""


def _field_plans(found: dict[str, AnyField]) -> tuple[FieldPlan, ...]:
    return tuple(_field_plan(name, field) for name, field in found.items())


def _field_plan(name: str, field: AnyField) -> FieldPlan:
    accept, load_reason = accept_of(field)
    dump, dump_reason = dump_of(field)
    key = field.data_key if field.data_key is not None else name
    target = field.attribute or name
    reads = _has_plain_reading(field)
    return FieldPlan(name, key, target, field, accept, load_reason, dump, dump_reason, reads)


def _has_plain_reading(field: AnyField) -> bool:
    """Return True if a field has a value to read, and overrides nothing of the reading."""
    kind = type(field)
    if kind.serialize is not fields.Field.serialize:
        return False
    if kind.get_value is not fields.Field.get_value:
        return False
    return field._CHECK_ATTRIBUTE and vars(field).keys().isdisjoint(("serialize", "get_value"))


def is_many(field: fields.Nested) -> bool | None:
    """Return True if a Nested field holds a list, False for one mapping, None if unknown yet."""
    schema = nested_schema(field)
    if schema is None or bool(field.many and not schema.many):
        return None
    return bool(schema.many)


def plucked_key(field: fields.Nested) -> str | None:
    """Return the key of a Pluck field's value in the nested data, None if it has none."""
    if not isinstance(field, fields.Pluck) or is_many(field) is not bool(field.many):
        return None
    try:
        return field._field_data_key
    except KeyError:  # marshmallow raises it when a value is loaded or dumped
        return None


def dump_of(field: AnyField) -> tuple[str, str]:
    """Return the kind of inline code that dumps a field, or ``""`` and the reason for none."""
    for each in _SERIALIZE:
        if each in vars(field):
            return "", f"the instance overrides {each}"
    kind = type(field)
    found = _DUMPS.get(kind)
    if found is None:
        return "", f"no inline code for {kind.__name__}"
    if isinstance(field, (fields.Integer, fields.Float)) and field.as_string:
        return "number_text", ""
    if isinstance(field, (fields.DateTime, fields.Date, fields.Time)) and field.format not in ISO:
        return "moment", ""
    reason = _dump_reason(field)
    return ("", reason) if reason else (found, "")


def _dump_reason(field: AnyField) -> str:
    """Return the reason why the options of a field have no inline code, ``""`` for none."""
    if isinstance(field, fields.Enum) and not _is_usual(field):
        return "its values are dumped by another field"
    if isinstance(field, fields.Pluck) and plucked_key(field) is None:
        return "its schema cannot be created yet, or lacks the field"
    return ""


def _is_usual(field: fields.Enum[enum.Enum]) -> bool:
    """Return True for an enumeration by name or value, or with a field that only writes values."""
    if field.by_value is False and type(field.field) is fields.String:
        return True
    if field.by_value is True and type(field.field) is fields.Raw:
        return True
    return enum_texts(field) is not None


_DUMPS: dict[type, str] = {
    fields.String: "str",
    fields.Url: "str",
    fields.Email: "str",
    fields.Integer: "int",
    fields.Float: "float",
    fields.Decimal: "decimal",
    fields.Boolean: "bool",
    fields.Raw: "same",
    fields.UUID: "uuid",
    fields.DateTime: "datetime",
    fields.NaiveDateTime: "datetime",
    fields.AwareDateTime: "datetime",
    fields.Date: "date",
    fields.Time: "time",
    fields.TimeDelta: "timedelta",
    fields.Enum: "enum",
    fields.IP: "address",
    fields.IPv4: "address",
    fields.IPv6: "address",
    fields.IPInterface: "interface",
    fields.IPv4Interface: "interface",
    fields.IPv6Interface: "interface",
    fields.List: "list",
    fields.Tuple: "tuple",
    fields.Dict: "dict",
    fields.Nested: "nested",
    fields.Pluck: "pluck",
    fields.Constant: "constant",
    fields.Function: "function",
    fields.Method: "method",
}
