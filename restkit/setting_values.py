"""The values of settings: text converted by the type of a setting, types and ranges checked."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from .errors import SettingError

__all__ = ["show_value", "take_value"]

_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})


# SECURITY: the patterns rather hide too much than too little: a password may contain any character.
# Cold start: `re` compiles them when a value is first shown.
_HIDDEN_NAME = "(?i:secret|passw|token|key)"
_IN_AUTHORITY = r"(://[^:@/\s]*:).+@"
_IN_QUERY = r"(?i)([?&]\w*(?:secret|passw|token|key)\w*=)[^&\s'\"]+"


def show_value(name: str, value: object) -> str:
    """Return the repr of a setting's value for messages and logs, without secrets.

    Args:
        name: The name of the setting. If it contains secret, passw, token or key, the value is
            hidden.
        value: The value. Passwords in URLs are hidden.
    """
    if re.search(_HIDDEN_NAME, name) and not (value is None or isinstance(value, bool)):
        return "'***'"
    text = re.sub(_IN_AUTHORITY, r"\1***@", repr(value))
    return re.sub(_IN_QUERY, r"\1***", text)


def take_value(name: str, value: object, hint: object, source: str, *, text: bool) -> object:
    """Return a value converted to the type of its setting and checked against its range.

    Args:
        name: The setting.
        value: Its value in the source.
        hint: The type of the setting.
        source: The name of the source, as the beginning of a sentence: ``The keyword debug``.
        text: Whether the source has only strings, which are converted.

    Raises:
        SettingError: The value is not of the type, or is out of the range.
    """
    try:
        taken = _convert(value, hint, text)
    except (ValueError, TypeError):
        raise SettingError(
            f"{source} must be {_expected(hint)}, not {_show(name, value)}."
        ) from None
    check, rule = _RANGES.get(name, _ANY)
    if not check(taken):
        raise SettingError(f"{source} must {rule}, not {_show(name, value)}.")
    return taken


def _show(name: str, value: object) -> str:
    text = show_value(name, value)
    return text if len(text) <= 60 else text[:57] + "..."


def _convert(value: object, hint: object, text: bool) -> object:
    """Return a value converted to a type.

    Raises:
        ValueError: A string cannot be converted.
        TypeError: The value is of another type.
    """
    kind = get_origin(hint) or hint
    if kind in (Union, types.UnionType):
        return _convert_union(value, get_args(hint), text)
    if kind is Literal:
        return _convert_literal(value, get_args(hint), text)
    if kind is Sequence:
        return _convert_items(value, tuple, (*get_args(hint), ...), text)
    if isinstance(kind, type) and kind in _CONTAINERS:
        return _convert_items(value, kind, get_args(hint), text)
    if text and kind in _FROM_TEXT and isinstance(value, str):
        return _FROM_TEXT[kind](value)
    return _convert_scalar(value, kind)


def _convert_scalar(value: object, kind: object) -> object:
    if isinstance(kind, type) and isinstance(value, str) and kind.__module__.startswith("pathlib"):
        path: object = kind(value)
        return path
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(kind, type) and kind is not Any and not isinstance(value, kind):
        raise TypeError
    if kind is int and isinstance(value, bool):
        raise TypeError
    return value


def _boolean(value: str) -> bool:
    word = value.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError
    return word in _TRUE


def _convert_union(value: object, hints: tuple[object, ...], text: bool) -> object:
    is_none = value is None
    if text and isinstance(value, str):
        is_none = value.strip().lower() in ("", "none")
    if types.NoneType in hints and is_none:
        return None
    for hint in hints:
        if hint is not types.NoneType:
            try:
                return _convert(value, hint, text)
            except (ValueError, TypeError):
                continue
    raise ValueError


def _convert_literal(value: object, choices: tuple[object, ...], text: bool) -> object:
    for choice in choices:
        if (text and str(choice) == value) or (type(choice) is type(value) and choice == value):
            return choice
    raise ValueError


def _convert_items(
    value: object,
    kind: Callable[[list[object]], object],
    hints: tuple[object, ...],
    text: bool,
) -> object:
    items = _items(value, text)
    if kind is not tuple or hints[-1:] == (...,):
        hints = hints[:1] * len(items)
    if not hints:
        return kind(items)
    return kind([_convert(each, hint, text) for each, hint in zip(items, hints, strict=True)])


def _items(value: object, text: bool) -> list[object]:
    if text and isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, _CONTAINERS):
        raise TypeError
    return list(value)


_CONTAINERS = (list, tuple, set, frozenset)
_FROM_TEXT: dict[object, Callable[[str], object]] = {bool: _boolean, int: int, float: float}
_TYPE_NAMES: dict[object, str] = {
    bool: "a boolean (true or false)",
    float: "a number",
    int: "an integer",
    str: "a string",
    types.NoneType: "none",
}


def _expected(hint: object) -> str:
    """Return the name of a type, with its article, for a message."""
    kind, hints = get_origin(hint) or hint, get_args(hint)
    if kind is Literal:
        return _alternatives([repr(each) for each in hints])
    if kind in (Union, types.UnionType):
        return _alternatives([_expected(each) for each in hints])
    if kind is Sequence or kind in _CONTAINERS:
        items = f" (of {_expected(hints[0])} each)" if hints else ""
        return f"a {getattr(kind, '__name__', kind)}{items}"
    name = getattr(kind, "__name__", kind)
    return _TYPE_NAMES.get(kind, "a path" if name == "Path" else f"a {name}")


def _alternatives(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _positive(value: Any) -> bool:
    return bool(value > 0)


def _rooted(value: Any) -> bool:
    return value is None or (value.startswith("/") and not value.startswith("//"))


def _supported(value: Any) -> bool:
    minor, _, patch = value.rpartition(".")
    return minor in ("3.0", "3.1", "3.2") and patch.isascii() and patch.isdigit()


_ANY: tuple[Callable[[Any], bool], str] = (lambda _: True, "")
_SIZE = (_positive, "be greater than 0")
_URL = (_rooted, 'begin with one "/"')


def _names_redis(value: str | None) -> bool:
    return not value or value.startswith(("redis://", "rediss://", "unix://"))


_RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "catalog_url": _URL,
    "docs_url": _URL,
    "llms_url": _URL,
    "max_body_size": _SIZE,
    "max_json_depth": (lambda value: 1 <= value <= 500, "be from 1 to 500"),
    "max_upload_size": _SIZE,
    "openapi_url": _URL,
    "openapi_version": (_supported, "be 3.0.x, 3.1.x or 3.2.x, with all three numbers"),
    "proxies": (lambda value: 0 <= value <= 20, "be from 0 to 20"),
    "redis_url": (_names_redis, "begin with redis://, rediss:// or unix://"),
    "scalar_url": _URL,
}
