"""Who may send a request that calls several actions of a `CRUDResource`, and how often."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar, cast

from ..contract import Limits
from ..declarations import declarations_of
from ..errors import DeclarationError
from ..operations.declared_permissions import class_permissions, named_permission
from ..operations.security import Access, class_access, class_security, declared_access
from ..permissions import Rule, permission_of
from ..requirements import Requirement
from ..resource import Resource
from ..security_scheme import Permission, Permissions, Security
from .masked_class import mounted_class

__all__ = ["GUARDS", "action_words", "bulk_access", "class_guards", "has_guards", "joined_access"]

T = TypeVar("T")
GUARDS = ("security", "permission", "limits")
"""The words of `access`."""


def action_words(declared: type[Resource], action: str) -> dict[str, object]:
    """Return the words of `access` that an action declares, or its class for the action alone."""
    said = declarations_of(inspect.getattr_static(declared, action)).words
    words: dict[str, object] = {word: said[word] for word in GUARDS if word in said}
    # A class without hidden fields has copies of methods, so that the nearest one is not its own.
    named = named_permission(mounted_class(declared), action)
    return words if named is None else {**words, "permission": named}


def _access(declared: type[Resource], action: str) -> Access:
    """Return who may call an action, as far as it is declared below its App."""
    function = inspect.getattr_static(declared, action)
    mounted = mounted_class(declared)
    return declared_access(function, action, mounted, Access(), class_access(mounted))


def class_guards(declared: type[Resource]) -> dict[str, object]:
    """Return the class members that give another class the guards and the cache of a class."""
    guards: dict[str, object] = {"limits": declared.limits, "cache": declared.cache}
    security, permissions = class_security(declared), class_permissions(declared)
    if security is not None:
        guards |= {"security": Requirement(security)} if security else {"public": True}
    if permissions.is_declared:
        by_kind = permissions._asdict().items()
        guards["permission"] = {kind: rule for kind, rule in by_kind if rule is not None}
    return guards


def has_guards(declared: type[Resource], action: str) -> bool:
    """Return whether a reading action or its class says who may call it, or how often."""
    found = _access(declared, action)
    read = Permissions.same(found.permissions.read)
    return found._replace(permissions=read, cache=None, deprecation=None) != Access()


def bulk_access(
    declared: type[Resource], actions: Sequence[str], option: str = "bulk"
) -> dict[str, object]:
    """Return who may send a request that calls several actions: the requirements of all of them.

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
        by_class = class_permissions(declared).write
        permission = _all_permissions(_declared(declared, actions, "permission", by_class, option))
    said = [action_words(declared, action).get("limits") for action in actions]
    return _words(security, permission, _all_limits(cast("list[Limits | None]", said)))


def _declared(
    declared: type[Resource], actions: Sequence[str], word: str, by_class: T | None, option: str
) -> list[T | None]:
    """Return each action's value of a word of `access`, or else that of its class.

    Returns:
        An empty list if no action declares it.

    Raises:
        DeclarationError: Some declare it, and others leave it to the App.
    """
    own = [action_words(declared, action) for action in actions]
    if not any(word in each for each in own):
        return []
    found = cast("list[T | None]", [each.get(word, by_class) for each in own])
    if None in found and any(found):
        raise DeclarationError(
            f"{declared.__module__}.{declared.__qualname__} has {option} = True and "
            f"@access({word}=...) on some of the actions that it calls. Declare {word} on the "
            f"class as well, or @access on each of {', '.join(actions)}."
        )
    return found


def joined_access(places: Mapping[type[Resource], str]) -> dict[str, object]:
    """Return the words of `access` that hold for reading actions of several classes together.

    Args:
        places: The action of each class.
    """
    found = [_access(declared, action) for declared, action in places.items()]
    security = _all_security([each.security for each in found])
    permission = _all_permissions(each.permissions.read for each in found)
    return _words(security, permission, _all_limits([each.limits for each in found]))


def _words(
    security: Security | None, permission: Permission | None, limits: Limits | None
) -> dict[str, object]:
    found = {"security": security, "permission": permission, "limits": limits}
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
