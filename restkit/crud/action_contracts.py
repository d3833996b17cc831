"""The declarations on actions of a `CRUDResource`: problems, and the security of bulk requests."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence

from ..contract import Failure, Security
from ..declarations import declarations_of
from ..errors import DeclarationError
from ..operations.helpers import helper_failures
from ..operations.security import class_security
from ..requirements import Requirement
from ..resource import Resource

__all__ = ["action_failures", "bulk_security", "check_action"]

_OWN_MODULE = "restkit.crud.resource"
_CALLS: Mapping[str, tuple[str, ...]] = {
    "list": ("list", "scope"),
    "totals": ("totals", "scope"),
    "create": ("create", "scope"),
    "read": ("read", "scope"),
}


def check_action(declared: type[Resource], action: str) -> None:
    """Reject inputs and responses that are declared of an action.

    Raises:
        DeclarationError: The action has `takes` or `returns`.
    """
    own = declarations_of(inspect.getattr_static(declared, action))
    if own.inputs or own.returns or own.media_types:
        raise DeclarationError(
            f"{declared.__module__}.{declared.__qualname__}.{action} has @takes or @returns, but "
            "the inputs and responses of an action follow from the class. Declare schema, "
            "filters, sorts and fields there, or write a Resource."
        )


def action_failures(declared: type[Resource], action: str) -> list[Failure]:
    """Return the problems of an action, with those of the helpers and actions that it calls."""
    found: list[Failure] = []
    for name in _CALLS.get(action, (action, "read", "scope")):
        written = inspect.getattr_static(declared, name)
        found += declarations_of(written).raises
        if written.__module__ != _OWN_MODULE:
            found += helper_failures(written, declared)
    return list({id(each): each for each in found}.values())


def bulk_security(declared: type[Resource], actions: Sequence[str]) -> Security | None:
    """Return the security of bulk requests: the requirements of all actions that they call.

    Returns:
        The alternatives; None if neither the class nor an action says one.

    Raises:
        DeclarationError: An action has security of its own, and another one only that of the App.
    """
    by_class = class_security(declared)
    found: list[Security | None] = []
    for action in actions:
        words = declarations_of(inspect.getattr_static(declared, action)).words
        found.append(words.get("security", by_class))
    demanded = [each for each in found if each]
    if demanded and None in found:
        raise DeclarationError(
            f"{declared.__module__}.{declared.__qualname__} has bulk = True and "
            "@access(security=...) on some of the actions that it calls. Declare security on the "
            f"class as well, or @access on each of {', '.join(actions)}."
        )
    if not demanded:
        return None if None in found else ()
    combined = Requirement(demanded[0])
    for each in demanded[1:]:
        if each != demanded[0]:
            combined = combined & Requirement(each)
    return combined.alternatives
