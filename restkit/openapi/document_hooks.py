"""The document hooks of an App: each one changes the document, and leaves JSON values alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import TypeVar

from ..errors import DeclarationError
from ..schemas.json_values import JSON, json_value

__all__ = ["run_hooks"]

K = TypeVar("K")


def run_hooks(
    hooks: Iterable[Callable[[dict[str, JSON]], object]], document: dict[str, JSON]
) -> dict[str, JSON]:
    """Return a document after each hook has changed it.

    Args:
        hooks: The hooks, in order.
        document: The document. Hooks may change it in place.

    Raises:
        DeclarationError: A hook returns something other than a dict or None, or leaves a value in
            the document that is not JSON.
    """
    for hook in hooks:
        changed = hook(document)
        if changed is None:
            changed = document
        name = getattr(hook, "__qualname__", repr(hook))
        if not isinstance(changed, dict):
            raise DeclarationError(
                f"The document hook {name} returned {type(changed).__name__}; it must return the "
                "document, or None if it changed it."
            )
        members: Mapping[str, object] = changed
        document = _checked(name, members)
    return document


def _checked(hook: str, document: Mapping[str, object]) -> dict[str, JSON]:
    try:
        return _members(document, "")
    except _NotJSON as error:
        reason = f"at the JSON pointer {str(error.args[0])!r}: {error.args[1]}"
    except RecursionError:
        reason = "that contains itself"
    raise DeclarationError(
        f"The document hook {hook} left a value in the document that is not JSON, {reason}. "
        "Use strings, finite numbers, booleans, None, lists and dicts with string keys."
    )


class _NotJSON(Exception):  # never leaves this module
    """Raised when a value is not JSON, with its pointer and the reason."""


def _members(value: Mapping[K, object], pointer: str) -> dict[str, JSON]:
    members: dict[str, JSON] = {}
    for name, each in value.items():
        if not isinstance(name, str):
            raise _NotJSON(pointer, f"a dict has a key of type {type(name).__name__}")
        key = str(_leaf(name, pointer))
        members[key] = _value(each, _below(pointer, key))
    return members


def _below(pointer: str, name: str) -> str:
    """Return the JSON Pointer of a member (RFC 6901, section 4)."""
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def _value(value: object, pointer: str) -> JSON:
    if isinstance(value, Mapping):
        return _members(value, pointer)
    if isinstance(value, (list, tuple)):
        return [_value(each, f"{pointer}/{index}") for index, each in enumerate(value)]
    # NOTE: a set has no order, and JSON has only arrays: the hook decides on the order.
    if isinstance(value, AbstractSet):
        raise _NotJSON(pointer, "a set; use a sorted list")
    return _leaf(value, pointer)


def _leaf(value: object, pointer: str) -> JSON:
    try:
        return json_value(value)
    except ValueError as error:
        raise _NotJSON(pointer, str(error)) from None
