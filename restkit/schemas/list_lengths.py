"""The lengths of lists, checked before their items: a list that is too long costs nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from marshmallow import Schema, ValidationError, fields, validate

from .own_behavior import hooks_of
from .wire_format import wire_name

__all__ = ["ListLengths"]

_DEPTH = 8
_Loaded = TypeVar("_Loaded")


class ListLengths:
    """The maximum lengths of the lists in one schema.

    A schema without such lists has none to check; see `is_needed`.
    """

    __slots__ = ("_below", "_limits")

    def __init__(self, schema: Schema, depth: int = 0) -> None:
        """Find the lists of a schema and of those that it nests."""
        self._limits: list[tuple[str, validate.Length]] = []
        self._below: list[tuple[str, ListLengths]] = []
        # A hook before loading may make another structure of the data.
        known = {} if hooks_of(schema).get("pre_load") else schema.load_fields
        for name, field in known.items():
            key = wire_name(name, field)
            for bound in _limits_of(field):
                self._limits.append((key, bound))
            nested = _nested_schema(field)
            if nested is not None and depth < _DEPTH:
                below = ListLengths(nested, depth + 1)
                if below.is_needed:
                    self._below.append((key, below))

    @property
    def is_needed(self) -> bool:
        """Whether the schema has a list with a maximum length."""
        return bool(self._limits or self._below)

    def checked(self, load: Callable[[object], _Loaded]) -> Callable[[object], _Loaded]:
        """Return a loading function that rejects lists that are too long, at no cost of items."""
        if not self.is_needed:
            return load

        def load_short(data: object) -> _Loaded:
            messages = self.check(data)
            if messages:
                raise ValidationError(dict(messages))
            return load(data)

        return load_short

    def check(self, data: object) -> Mapping[str | int, object] | None:
        """Return messages about lists that are too long, in marshmallow's form; None if all fit."""
        if not isinstance(data, Mapping):
            return None
        found: dict[str | int, object] = {}
        for key, bound in self._limits:
            value = data.get(key)
            if isinstance(value, list) and bound.max is not None and len(value) > bound.max:
                found[key] = _message(bound, value)
        for key, below in self._below:
            if key not in found:
                messages = below.check_value(data.get(key))
                if messages:
                    found[key] = messages
        return found or None

    def check_value(self, value: object) -> Mapping[str | int, object] | None:
        """Check the value of a nested field: an object, or a list of objects."""
        if not isinstance(value, list):
            return self.check(value)
        found: dict[str | int, object] = {}
        for index, each in enumerate(value):
            messages = self.check(each)
            if messages:
                found[index] = messages
        return found or None


def _limits_of(field: fields.Field[Any]) -> list[validate.Length]:
    is_list = isinstance(field, fields.List) or (isinstance(field, fields.Nested) and field.many)
    if not is_list:
        return []
    bounds = [each for each in field.validators if isinstance(each, validate.Length)]
    return [each for each in bounds if type(each) is validate.Length and each.max is not None]


def _nested_schema(field: fields.Field[Any]) -> Schema | None:
    inner = field.inner if isinstance(field, fields.List) else field
    return inner.schema if isinstance(inner, fields.Nested) else None


def _message(bound: validate.Length, value: list[object]) -> list[str]:
    try:
        bound(value)
    except ValidationError as error:
        return [str(each) for each in error.messages]
    return []
