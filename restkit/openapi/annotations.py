"""Python's annotations as JSON Schema, for what a Method or Function field returns."""

from __future__ import annotations

import datetime
import enum
import types
import typing
import uuid
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, Literal, Union

from .validators import json_types

__all__ = ["returned"]

_SIMPLE: dict[Any, dict[str, Any]] = {
    None: {"type": "null"},
    type(None): {"type": "null"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    Decimal: {"type": "string", "format": "decimal"},
    uuid.UUID: {"type": "string", "format": "uuid"},
    datetime.datetime: {"type": "string", "format": "date-time"},
    datetime.date: {"type": "string", "format": "date"},
    datetime.time: {"type": "string"},
    dict: {"type": "object"},
    list: {"type": "array", "items": {}},
    tuple: {"type": "array", "items": {}},
}


def returned(function: Callable[..., Any] | None) -> dict[str, Any]:
    """Return the JSON Schema of what a function returns by its annotation, ``{}`` without one.

    Args:
        function: A function or bound method.
    """
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # noqa: BLE001  # a name that exists for type checkers only says nothing here
        return {}
    return _schema(hints["return"]) if "return" in hints else {}


def _schema(hint: Any) -> dict[str, Any]:
    if hint in _SIMPLE:
        return dict(_SIMPLE[hint])
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return _schema(arguments[0])
    if origin is Literal:
        return {"type": json_types(arguments), "enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return _union([_schema(each) for each in arguments])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if isinstance(origin, type) and issubclass(origin, Collection):
        return {"type": "array", "items": _schema(arguments[0])}
    if isinstance(hint, type) and issubclass(hint, enum.Enum) and issubclass(hint, (str, int)):
        values = [each.value for each in hint]
        return {"type": json_types(values), "enum": values}
    return {}


def _union(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    if {} in schemas:
        return {}
    if all(list(each) == ["type"] for each in schemas):
        return {"type": [each["type"] for each in schemas]}
    nulls = [each for each in schemas if each == {"type": "null"}]
    others = [each for each in schemas if each != {"type": "null"}]
    if (
        len(others) == 1
        and nulls
        and isinstance(others[0].get("type"), str)
        and "enum" not in others[0]
    ):
        return {**others[0], "type": [others[0]["type"], "null"]}
    return {"anyOf": schemas}
