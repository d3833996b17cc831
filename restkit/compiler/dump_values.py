"""The inline code of dumped values whose fields have options: its test and its expression.

The expression makes a value or JSON text, as each purpose of `value_forms` needs it.
"""

from __future__ import annotations

import datetime as dt
import enum
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from marshmallow import fields

from .function_types import AnyField
from .value_forms import Forms

__all__ = ["enum_texts", "is_json_value", "value_form"]

Bind = Callable[[str, object], str]
"""Adds an object to the generated module under a name that begins with a text; returns the name."""

_Form = tuple[str, str] | None
_Field = AnyField


def value_form(field: _Field, kind: str, value: str, forms: Forms, bind: Bind) -> _Form:
    """Return the test of a value and the dumped expression, None without inline code.

    Args:
        field: The field.
        kind: The kind of inline code, of `plan.dump_of`.
        value: The name of the value.
        forms: The purpose.
        bind: The function that names objects.
    """
    make = _FORMS.get(kind)
    if make is not None:
        return make(field, value, forms, bind)
    found = forms.kinds.get(kind)
    return found and (found[0].format(v=value), found[1].format(v=value))


def is_json_value(value: object) -> bool:
    """Return True for a value that JSON has, but for lists and objects."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) in (str, int, bool, type(None))


def _quoted(text: str, forms: Forms) -> str:
    """Return the expression of a text that needs no escapes."""
    return f"'\"' + {text} + '\"'" if forms.is_text else text


def _encoded(made: str, forms: Forms) -> str:
    return f"encode({made})" if forms.is_text else made


def _decimal(field: fields.Decimal, value: str, forms: Forms, bind: Bind) -> _Form:
    test, made = f"type({value}) is {bind('Decimal', Decimal)}", value
    if field.allow_nan or field.places is not None:
        test += f" and {value}.is_finite()"
    if field.places is not None:
        rounding = f", {bind('rounding', field.rounding)}" if field.rounding else ""
        made = f"{value}.quantize({bind('places', field.places)}{rounding})"
    if field.as_string:
        # PERF: `format` takes 2 thousand instructions more; it differs for an exponent alone.
        text = f"(t if 'E' not in (t := str({made})) else format({made}, 'f'))"
        return test, _quoted(text, forms)
    # A JSON encoder writes a decimal as its text.
    return test, made if forms.is_plain else _quoted(f"str({made})", forms)


def _number_text(field: _Field, value: str, forms: Forms, bind: Bind) -> _Form:
    kind = "int" if isinstance(field, fields.Integer) else "float"
    return f"type({value}) is {kind}", _quoted(f"str({value})", forms)


def _timedelta(field: fields.TimeDelta, value: str, forms: Forms, bind: Bind) -> _Form:
    whole = f"({value}.days * 86400 + {value}.seconds) * 1000000 + {value}.microseconds"
    made = f"({whole}) / {field._unit_to_microseconds_mapping[field.precision]}"
    if forms.is_records:
        made = f"(w if -1e16 < (w := {made}) < 1e16 else other(w))"
    if field.precision == "seconds":
        made = f"{value}.total_seconds()"
    test = f"type({value}) is {bind('timedelta', dt.timedelta)}"
    return test, f"repr({made})" if forms.is_text else made


def _moment(field: Any, value: str, forms: Forms, bind: Bind) -> _Form:
    """Return the code of a date or time in a format that is not ISO 8601."""
    form = field.format or field.DEFAULT_FORMAT
    function = field.SERIALIZATION_FUNCS.get(form)
    made = f"{value}.strftime({bind('format', form)})"
    if function is not None:
        made = f"{bind('format', function)}({value})"
    test = f"type({value}) is {bind('kind', getattr(dt, field.OBJ_TYPE))}"
    return test, _encoded(made, forms)


def _address(field: fields.IP, value: str, forms: Forms, bind: Bind) -> _Form:
    from .addresses import ADDRESSES, address_text  # it imports `socket`

    made = f"{bind('address', address_text)}({value})"
    if field.exploded:
        made = f"{value}.exploded"
    return f"type({value}) in {bind('kinds', ADDRESSES)}", _quoted(made, forms)


def _interface(field: fields.IPInterface, value: str, forms: Forms, bind: Bind) -> _Form:
    from .addresses import INTERFACES, interface_text

    made = f"{bind('interface', interface_text)}({value})"
    if field.exploded:
        made = f"{value}.exploded"
    return f"type({value}) in {bind('kinds', INTERFACES)}", _quoted(made, forms)


def _enum(field: fields.Enum[enum.Enum], value: str, forms: Forms, bind: Bind) -> _Form:
    test = f"type({value}) is {bind('enum', field.enum)}"
    texts = enum_texts(field)
    if texts is not None:
        # PERF: the attribute takes a tenth of the property `name`.
        safe = {name: forms.fixed(text) for name, text in texts.items()}
        return test, _encoded(f"{bind('texts', safe)}[{value}._name_]", forms)
    if isinstance(field.by_value, bool):
        return test, _encoded(f"{value}.{'value' if field.by_value else 'name'}", forms)
    return None


def enum_texts(field: fields.Enum[enum.Enum]) -> dict[str, object] | None:
    """Return the dumped values of an enumeration by the names of members.

    None if they are not certain: the field of the values has methods of its own, the values are not
    JSON, or the class changes the names of members.
    """
    inner, members = field.field, list(field.enum)
    if (
        type(inner) not in _FIXED
        or "_serialize" in vars(inner)
        or issubclass(field.enum, enum.Flag)
    ):
        return None
    if not all(map(_has_usual_names, field.enum.__mro__)):
        return None
    try:
        texts: dict[str, object] = {
            each._name_: field._serialize(each, None, None) for each in members
        }
    except Exception:  # noqa: BLE001  # marshmallow raises it again for the value
        return None
    return texts if all(map(is_json_value, texts.values())) else None


_FIXED = (fields.String, fields.Integer, fields.Float, fields.Boolean, fields.Raw)


def _has_usual_names(kind: type) -> bool:
    return kind is enum.Enum or vars(kind).keys().isdisjoint(("name", "value", "_name_"))


_FORMS: dict[str, Callable[[Any, str, Forms, Bind], _Form]] = {
    "decimal": _decimal,
    "number_text": _number_text,
    "timedelta": _timedelta,
    "moment": _moment,
    "address": _address,
    "interface": _interface,
    "enum": _enum,
}
