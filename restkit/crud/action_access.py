"""Who may send a request that calls several actions of a `CRUDResource`, and how often."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from ..contract import Limits
from ..declarations import Declarations, declarations_of
from ..errors import DeclarationError
from ..operations.security import Access, class_permission, class_security, declared_access
from ..permissions import Rule, permission_of
from ..requirements import Requirement
from ..resource import Resource
from ..security_scheme import Permission, Security

__all__ = ["GUARDS", "action_words", "bulk_access", "class_guards", "has_guards", "joined_access"]

T = TypeVar("T")
GUARDS = ("security", "permission", "limits")
"""The words of `access`."""


def action_words(declared: type[Resource], action: str) -> dict[str, object]:
    """Return the words of `access` that an action itself declares."""
    words = _said(declared, action).words
    return {word: words[word] for word in GUARDS if word in words}


def _said(declared: type[Resource], action: str) -> Declarations:
    return declarations_of(inspect.getattr_static(declared, action))


def class_guards(declared: type[Resource]) -> dict[str, object]:
    """Return the class members that give another class the guards and the cache of a class."""
    guards: dict[str, object] = {"limits": declared.limits, "cache": declared.cache}
    security, permission = class_security(declared), class_permission(declared)
    if security is not None:
        guards |= {"security": Requirement(security)} if security else {"public": True}
    if permission is not None:
        guards["permission"] = permission
    return guards


def has_guards(declared: type[Resource], action: str) -> bool:
    """Return whether an action or its class says who may call it, or how often."""
    found = declared_access(inspect.getattr_static(declared, action), declared, Access())
    return found._replace(cache=None) != Access()


def bulk_access(
    declared: type[Resource], actions: Sequence[str], option: str = "bulk"
) -> dict[str, object]:
    """Return who may send a request that calls several actions: what all of them require.

    Args:
        declared: The class.
        actions: The names of the actions.
        option: The option that makes one request call them, for messages.

    Returns:
        The words of `access`. Those that no action declares are left out: the class says them.

    Raises:
        DeclarationError: An action has security or a permission of its own, and another one only
            that of the App.
    """
    security = _all_security(
        _declared(declared, actions, "security", class_security(declared), option)
    )
    permission: Permission | None = None
    if security != ():
        by_class = class_permission(declared)
        permission = _all_permissions(_declared(declared, actions, "permission", by_class, option))
    limits = _all_limits([_said(declared, action).words.get("limits") for action in actions])
    return _words(Access(security, permission, limits))


def _declared(
    declared: type[Resource], actions: Sequence[str], word: str, by_class: T | None, option: str
) -> list[T | None]:
    """Return what each action declares by a word of `access`, or else its class.

    Returns:
        An empty list if no action declares it.

    Raises:
        DeclarationError: Some declare it, and others leave it to the App.
    """
    own = [_said(declared, action).words for action in actions]
    if not any(word in each for each in own):
        return []
    found: list[T | None] = [each.get(word, by_class) for each in own]
    if None in found and any(found):
        raise DeclarationError(
            f"{declared.__module__}.{declared.__qualname__} has {option} = True and "
            f"@access({word}=...) on some of the actions that it calls. Declare {word} on the "
            f"class as well, or @access on each of {', '.join(actions)}."
        )
    return found


def joined_access(places: Mapping[type[Resource], str]) -> dict[str, object]:
    """Return the words of `access` that hold for actions of several classes together.

    Args:
        places: The action of each class.
    """
    found = [
        declared_access(inspect.getattr_static(declared, action), declared, Access())
        for declared, action in places.items()
    ]
    security = _all_security([each.security for each in found])
    permission = _all_permissions(each.permission for each in found)
    return _words(Access(security, permission, _all_limits([each.limits for each in found])))


def _words(of: Access) -> dict[str, object]:
    found = {"security": of.security, "permission": of.permission, "limits": of.limits}
    return {word: each for word, each in found.items() if each is not None}


def _all_security(found: Sequence[Security | None]) -> Security | None:
    """Return the security that satisfies all; of public and undeclared it is undeclared."""
    demanded = [each for each in found if each]
    if not demanded:
        return () if found and None not in found else None
    first, *others = demanded
    combined = Requirement(first)
    for each in others:
        if each != first:
            combined = combined & Requirement(each)
    return combined.alternatives


def _all_permissions(found: Iterable[Permission | None]) -> Permission | None:
    combined: Rule | None = None
    for each in dict.fromkeys(found):
        if each is not None:
            rule = permission_of(each, "permission")
            combined = rule if combined is None else combined & rule
    return combined


def _all_limits(found: Sequence[Limits | None]) -> Limits | None:
    """Return each limit once; those of outer levels stay out if all keep them out."""
    limits: Limits = tuple(
        dict.fromkeys(each for own in found for each in own or () if each is not ...)
    )
    if all(own and own[-1] is ... for own in found):
        return (*limits, ...)
    return limits or None
