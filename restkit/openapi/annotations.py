"""Python's annotations as JSON Schema, for the values of Method and Function fields."""

from __future__ import annotations

import contextlib
import datetime
import enum
import inspect
import types
import typing
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeVar, Union

from ..operations.signatures import unwrapped
from ..schemas.json_values import json_value
from .validators import json_types

__all__ = ["returned"]

Schema = dict[str, Any]

_SIMPLE: dict[Any, Schema] = {
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
}
_DEEPEST = 5


def returned(function: Callable[..., Any] | None) -> Schema:
    """Return the JSON Schema of a function's return annotation, ``{}`` without one.

    Args:
        function: A function or bound method.
    """
    hint = _hint_of(function)
    if hint is inspect.Signature.empty:
        return {}
    try:
        return _schema(hint, 0)
    except Exception:  # noqa: BLE001  # an annotation may be any object, and then says nothing here
        return {}


def _hint_of(function: Callable[..., Any] | None) -> Any:
    nothing = inspect.Signature.empty
    with contextlib.suppress(Exception):  # a name that exists for type checkers only
        return typing.get_type_hints(function, include_extras=True).get("return", nothing)
    # One parameter with such a name must not hide what the function returns.
    plain: Any = inspect.unwrap(function) if callable(function) else function
    plain = getattr(plain, "__func__", plain)
    hint = getattr(plain, "__annotations__", {}).get("return", nothing)
    if not isinstance(hint, str):
        return hint
    try:
        return eval(hint, getattr(plain, "__globals__", {}))  # noqa: S307  # as get_type_hints does
    except Exception:  # noqa: BLE001  # such a name
        return nothing


def _schema(hint: Any, depth: int) -> Schema:
    """Return the schema of one annotation; whatever is not known says nothing."""
    hint = unwrapped(hint)
    if depth > _DEEPEST or isinstance(hint, (str, typing.ForwardRef)):
        return {}
    if hint is None or (isinstance(hint, type) and hint in _SIMPLE):
        return dict(_SIMPLE[hint])
    if isinstance(hint, TypeVar):
        return _of_type_variable(hint, depth)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return _choices(arguments)
    if origin in (Union, types.UnionType):
        return _union([_schema(each, depth + 1) for each in arguments])
    return _of_class(origin or hint, arguments, depth)


def _of_type_variable(variable: TypeVar, depth: int) -> Schema:
    if variable.__constraints__:
        return _union([_schema(each, depth + 1) for each in variable.__constraints__])
    return {} if variable.__bound__ is None else _schema(variable.__bound__, depth + 1)


def _of_class(kind: Any, arguments: tuple[Any, ...], depth: int) -> Schema:
    if not isinstance(kind, type):
        return {}
    if typing.is_typeddict(kind):
        return _typed_dict(kind, depth)
    if issubclass(kind, enum.Enum):
        return _choices([each.value for each in kind])
    if issubclass(kind, (str, int, float)):
        return _schema(next(base for base in kind.__mro__ if base in _SIMPLE), depth + 1)
    if issubclass(kind, Mapping):
        return _mapping(kind, arguments, depth)
    return _collection(kind, arguments, depth)


def _collection(kind: type[Any], arguments: tuple[Any, ...], depth: int) -> Schema:
    if issubclass(kind, tuple):
        return _tuple(kind, arguments, depth)
    if not issubclass(kind, Collection) or issubclass(kind, (bytes, bytearray, memoryview)):
        return {}
    return {"type": "array", "items": _schema(arguments[0], depth + 1) if arguments else {}}


def _typed_dict(kind: Any, depth: int) -> Schema:
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except Exception:  # noqa: BLE001  # a name that exists for type checkers only
        return {"type": "object"}
    members = {name: _schema(hint, depth + 1) for name, hint in hints.items()}
    out: Schema = {"type": "object", "properties": members}
    required = [name for name, hint in hints.items() if _is_required(kind, name, hint)]
    return {**out, "required": required} if required else out


def _is_required(kind: Any, name: str, hint: Any) -> bool:
    # The keys of the class are wrong where annotations are strings.
    origin = typing.get_origin(hint)
    if origin in (typing.Required, typing.NotRequired):
        return origin is typing.Required
    return name in kind.__required_keys__


def _mapping(kind: type[Any], arguments: tuple[Any, ...], depth: int) -> Schema:
    if issubclass(kind, Counter):
        return {"type": "object", "additionalProperties": {"type": "integer"}}
    if len(arguments) < 2:
        return {"type": "object"}
    return {"type": "object", "additionalProperties": _schema(arguments[1], depth + 1)}


def _tuple(kind: type[Any], arguments: tuple[Any, ...], depth: int) -> Schema:
    if kind is not tuple:  # a named tuple
        hints = typing.get_type_hints(kind)
        arguments = tuple(hints.get(name, Any) for name in getattr(kind, "_fields", ()))
    if not arguments:
        return {"type": "array", "items": {}}
    if arguments[-1] is Ellipsis:
        return {"type": "array", "items": _schema(arguments[0], depth + 1)}
    parts = [_schema(each, depth + 1) for each in arguments]
    size = len(parts)
    # {"not": {}} is false in other words; apispec would take false for the name of a component.
    return {
        "type": "array",
        "prefixItems": parts,
        "items": {"not": {}},
        "minItems": size,
        "maxItems": size,
    }


def _choices(values: Iterable[Any]) -> Schema:
    try:
        written = [json_value(each) for each in values]
    except ValueError:
        return {}
    if not written:
        return {}
    kind = json_types(written)
    return {"type": kind, "enum": written} if kind else {"enum": written}


def _union(schemas: list[Schema]) -> Schema:
    if {} in schemas:
        return {}
    distinct = [each for at, each in enumerate(schemas) if each not in schemas[:at]]
    if len(distinct) == 1:
        return distinct[0]
    if all(map(_is_type_alone, distinct)):
        return {"type": [each["type"] for each in distinct]}
    others = [each for each in distinct if each != {"type": "null"}]
    if len(others) == 1 and _admits_null_by_type(others[0]):
        return {**others[0], "type": [others[0]["type"], "null"]}
    return {"anyOf": distinct}


def _is_type_alone(schema: Schema) -> bool:
    return list(schema) == ["type"] and isinstance(schema["type"], str)


def _admits_null_by_type(schema: Schema) -> bool:
    return isinstance(schema.get("type"), str) and "enum" not in schema
