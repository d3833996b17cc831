"""The compilation plan of a schema: each field is written in line or calls its own method."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from marshmallow import Schema, fields, validate

from .checks import check_of
from .guard import Guard
from .key_order import KeyOrder

__all__ = ["Accept", "FieldPlan", "Plan", "accept_of", "dump_of", "has_functions", "plan_of"]

_SERIALIZE = ("serialize", "_serialize", "get_value")
_DESERIALIZE = (
    "_deserialize",
    "_validate",
    "_validate_all",
    "_validate_missing",
    "_validated",
    "_format_num",
    "make_error",
)
_LOAD_METHODS = (
    "load",
    "_do_load",
    "_deserialize",
    "_call_and_store",
    "_invoke_field_validators",
    "_run_validator",
)
_DUMP_METHODS = ("dump", "_serialize")
_ISO = (None, "iso", "iso8601")

Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Accept:
    """The way a value is accepted in line.

    Attributes:
        test: An expression of ``v`` that is true only for values the field takes as they are, or
            that ``convert`` may be tried on; ``{name}`` stands for an object of ``bound``.
        straight: The same expression without what ``checks`` imply.
        take: What narrows the value first, or raises; None where there is nothing before
            ``convert``.
        convert: What makes the loaded value of it, or raises; None where it stays as it is.
        checks: Expressions of the loaded value ``{w}`` that all must be true.
        bound: The objects that the expressions name.
        tier: ``native`` where msgspec converts, which takes less than the field and makes the same
            of it.
    """

    test: str
    convert: Convert | None
    checks: tuple[str, ...]
    bound: dict[str, Any]
    take: Convert | None = None
    straight: str = ""
    tier: Literal["native", "generated"] = "generated"


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """The plan of one field.

    Attributes:
        name: Its name in the schema.
        key: Its name on the wire.
        target: The key that it loads to.
        field: The field.
        accept: How it loads in line, None where its own method is called.
        load_reason: Why its own method is called, ``""`` where it is in line.
        dump: How it dumps in line: a key of the dumper's table, ``""`` where its own method is
            called.
        dump_reason: Why its own method is called.
        reads: Whether its value is read in line, even where its own method is called with it then.
    """

    name: str
    key: str
    target: str
    field: fields.Field[Any]
    accept: Accept | None
    load_reason: str
    dump: str
    dump_reason: str
    reads: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a schema; the reasons say why marshmallow loads or dumps it as a whole."""

    schema: Schema
    load: tuple[FieldPlan, ...]
    dump: tuple[FieldPlan, ...]
    load_reason: str
    dump_reason: str


def plan_of(schema: Schema) -> Plan:
    """Plan the compilation of a schema instance."""
    return Plan(
        schema,
        tuple(_field_plan(name, field) for name, field in schema.load_fields.items()),
        tuple(_field_plan(name, field) for name, field in schema.dump_fields.items()),
        _overridden(schema, _LOAD_METHODS),
        _overridden(schema, _DUMP_METHODS),
    )


def _overridden(schema: Schema, names: Iterable[str]) -> str:
    for name in names:
        own = vars(schema).get(name)
        changed = own is not None and not isinstance(own, KeyOrder)
        if changed or getattr(type(schema), name) is not getattr(Schema, name):
            return f"the schema overrides {name}"
    if schema.dict_class is not dict:
        return "the schema has a dict_class of its own"
    return ""


def _field_plan(name: str, field: fields.Field[Any]) -> FieldPlan:
    accept, load_reason = accept_of(field)
    dump, dump_reason = dump_of(field)
    key = field.data_key if field.data_key is not None else name
    target = field.attribute or name
    return FieldPlan(
        name, key, target, field, accept, load_reason, dump, dump_reason, _reads(field)
    )


# loading


def accept_of(field: fields.Field[Any]) -> tuple[Accept | None, str]:
    """Return how a field loads in line, or None and the reason why its own method is called."""
    own = vars(field)
    for each in _DESERIALIZE:
        if each in own:
            return None, f"the instance overrides {each}"
    guard = own.get("deserialize")
    if guard is not None and not isinstance(guard, Guard):
        return None, "the instance overrides deserialize"
    if guard is not None and not guard.stands_alone_before(field):
        return None, "its deserialize was overridden before it was guarded"
    if has_functions(field):
        return None, "it has pre_load or post_load functions"
    if (
        guard is not None
        and not guard.typed
        and type(field) in (fields.Integer, fields.Float, fields.Boolean)
    ):
        return None, "it takes text"
    made = _ACCEPTS.get(type(field))
    if made is None:
        return None, f"{type(field).__name__} has no form in line"
    accept = made(field, guard)
    if accept is None:
        return None, "its options have no form in line"
    checks: list[str] = []
    bound = dict(accept.bound)
    for number, validator in enumerate(field.validators):
        check = check_of(validator, type(field), f"c{number}", bound)
        if check is None:
            return None, f"the validator {type(validator).__name__} has no form in line"
        checks.append(check)
    return replace(accept, checks=tuple(checks), bound=bound), ""


def has_functions(field: fields.Field[Any]) -> bool:
    """Return whether a field has functions that come before or after its loading, which marshmallow 4.1 has not."""
    return bool(getattr(field, "pre_load", None) or getattr(field, "post_load", None))


_Made = Callable[[Any, Guard | None], Accept | None]
_INT64 = "-9223372036854775808 <= v <= 9223372036854775807"


def _string(field: Any, guard: Guard | None) -> Accept | None:
    return Accept("type(v) is str", guard.take if guard is not None else None, (), {})


def _integer(field: Any, guard: Guard | None) -> Accept | None:
    if guard is None:
        return Accept("type(v) is int", None, (), {})
    bounded = any(_is_bounded(validator) for validator in field.validators)
    return Accept(
        f"type(v) is int and {_INT64}", None, (), {}, straight="type(v) is int" if bounded else ""
    )


def _is_bounded(validator: Any) -> bool:
    """Whether a validator takes no integer over 64 bits."""
    if (
        type(validator) is not validate.Range
        or type(validator.min) is not int
        or type(validator.max) is not int
    ):
        return False
    return validator.min >= -(2**63) and validator.max < 2**63


def _float(field: Any, guard: Guard | None) -> Accept | None:
    if field.allow_nan is not False:
        return None
    return Accept(
        "type(v) is float and -1.7976931348623157e308 <= v <= 1.7976931348623157e308", None, (), {}
    )


def _boolean(field: Any, guard: Guard | None) -> Accept | None:
    if field.truthy is not fields.Boolean.truthy or field.falsy is not fields.Boolean.falsy:
        return None
    return Accept("v is True or v is False", None, (), {})


def _converted(
    convert: Convert, guard: Guard | None, tier: Literal["native", "generated"] = "generated"
) -> Accept:
    return Accept(
        "type(v) is str", convert, (), {}, guard.take if guard is not None else None, tier=tier
    )


def _temporal(kind: Any) -> _Made:
    def accept(field: Any, guard: Guard | None) -> Accept | None:
        if field.format not in _ISO:
            return None
        if type(field) in (fields.NaiveDateTime, fields.AwareDateTime):
            return None
        return _converted(kind.fromisoformat, guard)

    return accept


def _uuid(field: Any, guard: Guard | None) -> Accept | None:
    # PERF: msgspec makes a UUID in 3.6 thousand instructions, uuid.UUID in 11. It takes 32 digits with the four hyphens
    # or without; what else there is of braces and prefixes goes the field's own way.
    try:
        import msgspec  # only where it is used: most of the time that it takes to load is for what is not used here
    except ImportError:
        return _converted(uuid.UUID, guard)
    return _converted(partial(msgspec.convert, type=uuid.UUID), guard, "native")


def _enum(field: Any, guard: Guard | None) -> Accept | None:
    if field.by_value is False:
        known: dict[Any, Any] = dict(field.enum.__members__)
        kind: type = str
    elif field.by_value is True and type(field.field) is fields.Raw:
        known = {member.value: member for member in field.enum}
        kinds = {type(value) for value in known}
        if kinds not in ({str}, {int}):
            return None
        kind = kinds.pop()
    else:
        return None
    if guard is not None and not guard.typed and kind is not str:
        return None
    return Accept(
        f"type(v) is {kind.__name__} and v in {{known}}", known.__getitem__, (), {"known": known}
    )


_ACCEPTS: dict[type, _Made] = {
    fields.String: _string,
    fields.Email: _string,
    fields.Url: _string,
    fields.Integer: _integer,
    fields.Float: _float,
    fields.Boolean: _boolean,
    fields.DateTime: _temporal(dt.datetime),
    fields.Date: _temporal(dt.date),
    fields.Time: _temporal(dt.time),
    fields.UUID: _uuid,
    fields.Enum: _enum,
}


# dumping


def dump_of(field: fields.Field[Any]) -> tuple[str, str]:
    """Return which form in line dumps a field, or "" and the reason why its own method is called."""
    for each in _SERIALIZE:
        if each in vars(field):
            return "", f"the instance overrides {each}"
    kind = type(field)
    if kind in (fields.Integer, fields.Float) and field.as_string:  # type: ignore[attr-defined]  # kind says so
        return "", "it is written as a string"
    if kind in (
        fields.DateTime,
        fields.NaiveDateTime,
        fields.AwareDateTime,
        fields.Date,
        fields.Time,
    ):
        if field.format not in _ISO:  # type: ignore[attr-defined]  # ditto
            return "", "it has a format of its own"
        return _TEMPORAL[kind], ""
    if kind is fields.Enum:
        return _enum_dump(field)
    found = _DUMPS.get(kind)
    return (found, "") if found is not None else ("", f"{kind.__name__} has no form in line")


def _reads(field: fields.Field[Any]) -> bool:
    """Whether a field reads its value as Field does: nothing of that is overridden, and it has a value to read."""
    kind = type(field)
    plain = kind.serialize is fields.Field.serialize and kind.get_value is fields.Field.get_value
    return (
        plain
        and field._CHECK_ATTRIBUTE
        and not any(each in vars(field) for each in ("serialize", "get_value"))
    )


def _enum_dump(field: Any) -> tuple[str, str]:
    if field.by_value is False and type(field.field) is fields.String:
        return "enum_name", ""
    if field.by_value is True and type(field.field) is fields.Raw:
        return "enum_value", ""
    return "", "its values have a field of their own"


_TEMPORAL: dict[type, str] = {
    fields.DateTime: "datetime",
    fields.NaiveDateTime: "datetime",
    fields.AwareDateTime: "datetime",
    fields.Date: "date",
    fields.Time: "time",
}
_DUMPS: dict[type, str] = {
    fields.String: "str",
    fields.Url: "str",
    fields.Email: "str",
    fields.Integer: "int",
    fields.Float: "float",
    fields.Boolean: "bool",
    fields.Raw: "same",
    fields.UUID: "uuid",
    fields.List: "list",
    fields.Nested: "nested",
}
