"""Actions that users override: each has to return a value that the endpoints can use."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from ..errors import DeclarationError

__all__ = ["check_returns", "overridden_actions"]

_Check = Callable[[object], bool]


def _is_page(value: object) -> bool:
    return isinstance(getattr(value, "items", None), Sequence)


def _has_rows(value: object) -> bool:
    return isinstance(getattr(value, "rows", None), Sequence)


def _is_item(value: object) -> bool:
    return value is not None


_ITEM = (_is_item, "the item: end it with `return item`, or `return super().{}(...)`")
_RETURNS: dict[str, tuple[_Check, str]] = {
    "list": (_is_page, "a Page: end it with `return super().{}(query)`, or `return Page(...)`"),
    "totals": (_has_rows, "Totals: end it with `return super().{}(query)`"),
    "read": (_is_item, "the item, or raises NotFound: end it with `return super().{}(key)`"),
    "create": _ITEM,
    "replace": _ITEM,
    "update": _ITEM,
    "change": _ITEM,
    "restore": _ITEM,
    # SECURITY: a forgotten return would show and change the items of everybody.
    "scope": (
        _is_item,
        "a mapping of attributes, an expression or a list of those: end it with "
        "`return {{**super().{}(), ...}}`",
    ),
    "write_scope": (
        _is_item,
        "a mapping of attributes, an expression or a list of those: end it with `return {{...}}`",
    ),
}


_overridden: dict[type, tuple[str, ...]] = {}


def overridden_actions(declared: type, base: type) -> tuple[str, ...]:
    """Return the names of the actions that a class overrides and that return something."""
    names = _overridden.get(declared)
    if names is None:
        names = tuple(
            each for each in _RETURNS if getattr(declared, each) is not getattr(base, each)
        )
        _overridden[declared] = names
    return names


def check_returns(actions: object, names: tuple[str, ...]) -> None:
    """Let overridden actions of one request fail if they do not return an item."""
    for name in names:
        setattr(actions, name, functools.partial(_checked, actions, name, getattr(actions, name)))


def _checked(
    actions: object, name: str, action: Callable[..., object], *arguments: object, **named: object
) -> object:
    value = action(*arguments, **named)
    is_meant, expected = _RETURNS[name]
    if not is_meant(value):
        kind = type(actions)
        found = "None" if value is None else f"a {type(value).__name__}"
        raise DeclarationError(
            f"{kind.__module__}.{kind.__qualname__}.{name} returned {found}; it returns "
            f"{expected.format(name)}."
        )
    return value
