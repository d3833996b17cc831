"""Callable JSON values, so that ``response.json`` and ``response.json()`` return the same."""

from __future__ import annotations

from typing import Any, Self

__all__ = ["Value", "callable_json"]

Value = Any  # a JSON value, whose type the test knows


class _Object(dict[str, object]):
    def __call__(self) -> Self:
        return self


class _Array(list[object]):
    def __call__(self) -> Self:
        return self


class _String(str):
    __slots__ = ()

    def __call__(self) -> Self:
        return self


class _Integer(int):
    def __call__(self) -> Self:
        return self


class _Number(float):
    def __call__(self) -> Self:
        return self


_KINDS: dict[type, type] = {
    dict: _Object,
    list: _Array,
    str: _String,
    int: _Integer,
    float: _Number,
}


def callable_json(value: object) -> object:
    """Return an equal value of a subclass that returns itself when it is called.

    ``None``, ``True`` and ``False`` have no subclasses and are returned as they are.
    """
    kind = _KINDS.get(type(value))
    made: object = value if kind is None else kind(value)
    return made
