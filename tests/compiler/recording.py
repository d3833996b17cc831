"""Validators, hooks and defaults that write down each call,
and misbehave in every way that marshmallow allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, ValidationError, missing
from marshmallow.utils import get_value

from .objects import Made

__all__ = [
    "LOG",
    "attribute_getter",
    "check",
    "default",
    "error_handler",
    "field_check",
    "getter",
    "hook",
    "overridden",
    "schema_check",
    "setter",
    "step",
    "weight",
]

LOG: list[tuple[Any, ...]] = []


def _snap(value: Any, depth: int = 3) -> Any:
    """Return what a value is now: containers are copied, for hooks may change them later."""
    kind = type(value)
    if depth and isinstance(value, dict):
        return (kind, [(key, _snap(each, depth - 1)) for key, each in value.items()])
    if depth and isinstance(value, (list, tuple)):
        return (kind, [_snap(each, depth - 1) for each in value])
    return value


def weight(value: Any) -> int:
    """Return a number that depends on a value alone,
    so that what misbehaves does so in both runs.
    """
    if value is None or value is missing:
        return 1
    if isinstance(value, int):
        return abs(value) % 7
    try:
        return len(value) % 7
    except TypeError:
        return 3


_FAULTS: dict[str, Callable[[str], Exception]] = {
    "text": lambda name: ValidationError(f"{name} says no"),
    "list": lambda name: ValidationError([f"{name} one", f"{name} two"]),
    "empty": lambda name: ValidationError([]),
    "dict": lambda name: ValidationError({"sub": [f"{name} below"]}),
    "deep": lambda name: ValidationError({"a": {"b": [name]}, 0: name}),
    "named": lambda name: ValidationError(f"{name} elsewhere", field_name="a"),
    "named dict": lambda name: ValidationError({"x": [name]}, field_name="b"),
    "stranger": lambda name: ValidationError([name], field_name="nobody"),
    "kwargs": lambda name: ValidationError(name, extra=name, valid_data=[name]),
    "valid": lambda name: ValidationError(name, valid_data={"kept": name}),
    "error": lambda name: LookupError(name),
}


def _act(action: str, name: str, value: Any) -> Any:
    if action in _FAULTS:
        if weight(value) % 2:
            raise _FAULTS[action](name)
        return value
    if action == "always":
        raise ValidationError(f"{name} never")
    change = _CHANGES.get(action)
    return change(value) if change is not None else value


def _without_first(value: Any) -> Any:
    if isinstance(value, dict) and value:
        del value[next(iter(value))]
    return value


def _with_more(value: Any) -> Any:
    if isinstance(value, dict):
        value["more"] = 1
    elif isinstance(value, list):
        value.append("more")
    return value


_CHANGES: dict[str, Callable[[Any], Any]] = {
    "copy": lambda value: dict(value) if isinstance(value, dict) else value,
    "drop": _without_first,
    "add": _with_more,
    "wrap": lambda value: {"data": value},
    "object": Made,
    "none": lambda value: None,
    "missing": lambda value: missing,
    "strip": lambda value: value.strip() if isinstance(value, str) else value,
    "text": str,
    "list": lambda value: [value],
}


def check(name: str, action: str) -> Callable[[Any], Any]:
    """Return a validator of a field."""

    def validator(value: Any) -> Any:
        LOG.append((name, _snap(value)))
        _act(action, name, value)
        return False  # NOTE: marshmallow 4 takes no notice of it

    return validator


def step(name: str, action: str) -> Callable[[Any], Any]:
    """Return a pre_load or post_load function of a field."""

    def process(value: Any) -> Any:
        LOG.append((name, _snap(value)))
        return _act(action, name, value)

    return process


def default(name: str, value: Any) -> Callable[[], Any]:
    """Return a callable default."""

    def make() -> Any:
        LOG.append((name,))
        return value

    return make


def hook(name: str, action: str) -> Callable[..., Any]:
    """Return a pre_load, post_load, pre_dump or post_dump method."""

    def method(self: Any, value: Any, *original: Any, **kwargs: Any) -> Any:
        LOG.append((name, type(self).__name__, _snap(value), _snap(original), _snap(kwargs)))
        return _act(action, name, value)

    return method


def field_check(name: str, action: str) -> Callable[..., Any]:
    """Return a method for ``validates``."""

    def method(self: Any, value: Any, *, data_key: str) -> Any:
        LOG.append((name, _snap(value), data_key))
        return missing if action == "missing" else _act(action, name, value)

    return method


def schema_check(name: str, action: str) -> Callable[..., Any]:
    """Return a method for ``validates_schema``."""

    def method(self: Any, value: Any, *original: Any, **kwargs: Any) -> None:
        LOG.append((name, _snap(value), _snap(original), _snap(kwargs)))
        _act(action, name, value)

    return method


def attribute_getter(action: str) -> Callable[..., Any]:
    """Return a ``get_attribute`` of a schema."""

    def method(self: Any, obj: Any, attr: str, default: Any) -> Any:
        LOG.append(("get_attribute", attr))
        value = get_value(obj, attr, default)
        return None if action == "none" and value is missing else value

    return method


def error_handler(action: str) -> Callable[..., Any]:
    """Return a ``handle_error`` of a schema."""

    def method(self: Any, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:
        LOG.append(("handle_error", _snap(error.messages), _snap(data), many, _snap(kwargs)))
        if action == "other":
            raise LookupError("handled")
        if action == "rewrite":
            error.messages = {"handled": error.messages}

    return method


def overridden(name: str) -> Callable[..., Any]:
    """Return a method that overrides a step of Schema,
    writes itself down and goes on with marshmallow's own.
    """
    original: Any = getattr(Schema, name)

    def method(*arguments: Any, **kwargs: Any) -> Any:
        LOG.append((name, _snap(arguments[1:])))
        return original(*arguments, **kwargs)

    return staticmethod(method) if name == "_call_and_store" else method


def getter(name: str) -> Callable[..., Any]:
    """Return a method for a Method field's ``serialize``;
    without ``self`` a function for a Function field.
    """

    def read(*arguments: Any) -> Any:
        LOG.append((name, type(arguments[-1])))
        return type(arguments[-1]).__name__

    return read


def setter(name: str, action: str = "") -> Callable[..., Any]:
    """Return a method or function for ``deserialize``."""

    def take(*arguments: Any) -> Any:
        LOG.append((name, _snap(arguments[-1])))
        return _act(action, name, arguments[-1])

    return take
