"""The wire format of each marshmallow field type: check and JSON Schema keywords in one record.

marshmallow is lenient, but a document is exact: ``fields.Int`` takes ``"5"``, ``5.7``, ``"1_000"``,
``fields.Bool`` takes ``"on"``. The checks here run before the field's own deserialization, and the
document is made of the same records, so that neither can drift from the other. Only the exact
field classes are known: a subclass keeps its own meaning.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable
from typing import Any, Literal

from marshmallow import fields

from ..compiler import Inline
from ..encoding import dumps_json
from ..errors import DeclarationError
from .datetimes import moment_of
from .decimals import amount_of
from .wire_format import Take, Wire, compiled, exact, json_number, same, text_number

__all__ = ["INT64_MAX", "INT64_MIN", "Source", "wire_of"]

INT64_MIN = -(2**63)
INT64_MAX = 2**63 - 1

Source = Literal["json", "text", "form"]
"""JSON, the text of parameters, or a form: texts whose objects are JSON."""

_UUID = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_NO_NUL = r"^[^\u0000]*$"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_V4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_H16 = "[0-9a-fA-F]{1,4}"
_LS32 = f"({_H16}:{_H16}|{_V4})"
# RFC 3986, section 3.2.2: the groups before and behind the "::", of which there is one at most.
_V6 = (
    f"(({_H16}:){{6}}{_LS32}|::({_H16}:){{5}}{_LS32}|({_H16})?::({_H16}:){{4}}{_LS32}"
    f"|(({_H16}:){{0,1}}{_H16})?::({_H16}:){{3}}{_LS32}"
    f"|(({_H16}:){{0,2}}{_H16})?::({_H16}:){{2}}{_LS32}"
    f"|(({_H16}:){{0,3}}{_H16})?::{_H16}:{_LS32}|(({_H16}:){{0,4}}{_H16})?::{_LS32}"
    f"|(({_H16}:){{0,5}}{_H16})?::{_H16}|(({_H16}:){{0,6}}{_H16})?::)"
)
_V4_INTERFACE = f"{_V4}(/(3[0-2]|[12]?[0-9]))?"
_V6_INTERFACE = f"{_V6}(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?"


def _json_integer(value: object) -> int:
    if type(value) is float and value.is_integer():
        value = int(value)  # 5.0 is an integer in JSON Schema (2020-12, validation, section 6.1.1)
    if type(value) is not int or not INT64_MIN <= value <= INT64_MAX:
        raise ValueError
    return value


_INTEGER_TEXT = r"-?[0-9]{1,19}"


def _text_integer(value: str) -> int:
    if not compiled(_INTEGER_TEXT)(value):
        raise ValueError
    return _json_integer(int(value))


def _short_integer() -> Inline:
    # PERF: most integers have no sign, and to ask for digits costs a fifth of matching the text.
    names: dict[str, object] = {"match": compiled(_INTEGER_TEXT)}
    digits = "(v.isdecimal() and v.isascii()) or {match}(v) is not None"
    return Inline(f"len(v) < 19 and ({digits})", "int(v)", names=names)


def _json_boolean(value: object) -> bool:
    if value is not True and value is not False:
        raise TypeError
    return value


def _text_boolean(value: str) -> bool:
    if value == "true":
        return True
    if value == "false":
        return False
    raise ValueError


_TRUE = ("on", "1", "yes")
_FALSE = ("off", "0", "no")


def _form_boolean(value: str) -> bool:
    """Take the text of a checkbox, radio buttons or a select: ``on`` is HTML's default."""
    if value in _TRUE:
        return True
    return False if value in _FALSE else _text_boolean(value)


def _text_string(value: str) -> str:
    if "\0" in value:
        raise ValueError
    return value


def _address(value: object) -> object:
    # NOTE: Python takes an IPv6 zone ("fe80::1%eth0"), the format ipv6 does not (RFC 4291, 2.2).
    if type(value) is not str or "%" in value or "\0" in value:
        raise ValueError
    return value


def _words(take: Callable[[str], object], values: dict[str, bool]) -> Take:
    return Take(take, lambda: Inline("v in {words}", "{words}[v]", names={"words": values}))


_INTEGER = Wire(
    {"type": "integer", "format": "int64", "minimum": INT64_MIN, "maximum": INT64_MAX},
    _json_integer,
    Take(_text_integer, _short_integer),
)
_FLOAT = Wire(
    {"type": "number"},
    json_number,
    Take(text_number, lambda: Inline(made="{number}(v)", names={"number": text_number})),
)
_BOOLEAN_WORDS = {"true": True, "false": False}
_FORM_WORDS = {**_BOOLEAN_WORDS, **dict.fromkeys(_TRUE, True), **dict.fromkeys(_FALSE, False)}
_BOOLEAN = Wire(
    {"type": "boolean"},
    _json_boolean,
    _words(_text_boolean, _BOOLEAN_WORDS),
    form=_words(_form_boolean, _FORM_WORDS),
    form_keywords={"enum": [True, False, *_TRUE, *_FALSE]},
)
_take_text = Take(_text_string, lambda: Inline("'\\0' not in v"))
_STRING = Wire({"type": "string", "pattern": _NO_NUL}, same, _take_text)
_UUIDS = exact(
    _UUID, {"type": "string", "format": "uuid"}, native="len(v) == 36", error_key="invalid_uuid"
)
_take_address = Take(_address, lambda: Inline("'%' not in v and '\\0' not in v"))
_IPV4 = Wire(
    {"type": "string", "format": "ipv4"}, _take_address, _take_address, error_key="invalid_ip"
)
_IPV6 = _IPV4._replace(keywords={"type": "string", "format": "ipv6"})

_INTERFACES = {
    kind: exact(
        pattern, {"type": "string", "pattern": f"^({pattern})$"}, error_key="invalid_ip_interface"
    )
    for kind, pattern in (
        (fields.IPv4Interface, _V4_INTERFACE),
        (fields.IPv6Interface, _V6_INTERFACE),
        (fields.IPInterface, f"{_V4_INTERFACE}|{_V6_INTERFACE}"),
    )
}
_IP = _IPV4._replace(keywords={"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})


_JSON_TYPES = frozenset({str, int, float, bool, type(None)})


def _text_of(value: object) -> str:
    """Return a value as it is written in a parameter: ``true``, not ``True``."""
    return json.dumps(value) if type(value) in (bool, int, float, type(None)) else str(value)


def _of_enum(field: fields.Enum[Any]) -> Wire | None:
    """Return the format of an enumeration by value: one of the values; ``true`` is not ``1``."""
    members: type[enum.Enum] = field.enum
    values: list[object] = [member.value for member in members]
    is_raw = field.by_value is True
    if not isinstance(field.by_value, bool):
        inner = wire_of(field.field)
        if inner is not None:
            return inner._replace(keywords={"enum": values}, response=None)
        is_raw = type(field.field) is fields.Raw
    return _of_values(values) if is_raw and _JSON_TYPES.issuperset(map(type, values)) else None


def _of_values(values: list[object]) -> Wire:
    """Return the format of JSON values of an enumeration."""
    texts = {_text_of(value): value for value in values}

    def take(value: object) -> object:
        for each in values:
            if each == value and (type(each) is bool) is (type(value) is bool):
                return each
        raise ValueError

    def take_text(value: str) -> object:
        if value not in texts:
            raise ValueError
        return texts[value]

    return Wire({"enum": values}, take, take_text, error_key="unknown")


def _of_boolean(field: fields.Boolean) -> Wire | None:
    default = field.truthy is fields.Boolean.truthy and field.falsy is fields.Boolean.falsy
    return _BOOLEAN if default else None


def _of_constant(field: fields.Constant[Any]) -> Wire:
    constant = field.constant
    try:
        written = json.loads(dumps_json(constant))
    except (TypeError, ValueError) as error:
        root = getattr(field, "root", None)
        where = type(field).__name__ if root is None else f"{type(root).__name__}.{field.name}"
        raise DeclarationError(
            f"{where}: the constant {constant!r} cannot be written as JSON: {error}."
        ) from None

    def take(value: object) -> object:
        # NOTE: 1.0 is 1 in JSON Schema (2020-12, core, section 4.2.2), and true is not.
        if (type(value) is bool) is not (type(written) is bool) or value != written:
            raise ValueError
        return constant

    kind = type(written)
    names: dict[str, object] = {"kind": kind, "written": written}
    inline = Inline("type(v) is {kind} and v == {written}", names=names)

    def take_text(value: str) -> object:
        if value != _text_of(written):
            raise ValueError
        return constant

    return Wire({"const": written}, Take(take, lambda: inline), take_text)


_SIMPLE: dict[type[Any], Wire] = {
    **_INTERFACES,
    fields.Float: _FLOAT,
    fields.Integer: _INTEGER,
    fields.IP: _IP,
    fields.IPv4: _IPV4,
    fields.IPv6: _IPV6,
    fields.String: _STRING,
    fields.UUID: _UUIDS,
}


def wire_of(field: fields.Field[Any]) -> Wire | None:
    """Return the wire form of a field, None if only the field's own deserialization knows it.

    Args:
        field: A field bound to its schema (the schema's ``Meta`` may set a date format).

    Returns:
        The form; one object for all fields of a simple type.
    """
    kind = type(field)
    found = _SIMPLE.get(kind)
    if found is not None:
        return found
    if isinstance(field, fields.Decimal) and kind is fields.Decimal:
        return amount_of(field)
    if isinstance(field, fields.Boolean) and kind is fields.Boolean:
        return _of_boolean(field)
    if isinstance(field, fields.Enum) and kind is fields.Enum:
        return _of_enum(field)
    if isinstance(field, fields.Constant) and kind is fields.Constant:
        return _of_constant(field)
    return moment_of(field)
