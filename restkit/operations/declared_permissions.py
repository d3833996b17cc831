"""Permissions by the action of a request: ``{"read": ..., "write": ..., "restore": ...}``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ..declarations import declarations_of
from ..errors import DeclarationError
from ..foreign_names import UNKNOWN_VERBS
from ..resource import VERBS, Resource
from ..security_scheme import Permission, Permissions
from ..spelling import misspelt

if TYPE_CHECKING:
    from ..permissions import Rule

__all__ = [
    "check_named",
    "check_verbs",
    "class_permissions",
    "named_permission",
    "permissions_of",
]

_READ, _WRITE = "read", "write"
Remedies = Mapping[str, str]


def permissions_of(
    value: object, declared_at: str, *, names: Collection[str] | None = None
) -> Permissions:
    """Return the permissions of a declaration: one rule for everything, or a mapping.

    Args:
        value: A permission, or a mapping with ``read`` and ``write``.
        declared_at: The name of the declaration, for messages.
        names: Further keys that the mapping of a class may have; None for other declarations.

    Raises:
        DeclarationError: The value, a key or a rule cannot be meant.
    """
    if not isinstance(value, Mapping):
        rule = _rule(value, declared_at)
        return Permissions.same(rule)
    if not value:
        raise DeclarationError(
            f"{declared_at} is empty. Write {{'read': scope('read'), 'write': scope('write')}}."
        )
    rules = {key: _rule(each, f"{declared_at}[{key!r}]") for key, each in value.items()}
    for key, rule in rules.items():
        if key not in (_READ, _WRITE, *(names or ())):
            raise DeclarationError(
                f"{declared_at} has {key!r}, but may have 'read' and 'write' only. Write the "
                "permission of a single method or action into its class."
            )
        if names is None and rule.needs_object:
            # SECURITY: only the rule of a class is known to collections whose content would change
            # its items as well.
            raise DeclarationError(
                f"{declared_at}[{key!r}] looks at objects, which the class of the resource knows. "
                "Write it into the class."
            )
    return Permissions(rules.get(_READ), rules.get(_WRITE))


def _rule(value: object, declared_at: str) -> Rule:
    from ..permissions import permission_of  # cold start: many programs have no permissions

    return permission_of(value, declared_at)


def class_permissions(resource: type[Resource]) -> Permissions:
    """Return the permissions of a class for everything that it does not name.

    The nearest base that declares ``read`` or ``write`` decides it. A base with one permission for
    everything, or with ``public``, hides those of its own bases.
    """
    found = Permissions()
    for base in resource.__mro__:
        own = vars(base)
        permission, public = own.get("permission"), own.get("public", False)
        if permission is not None and public:
            raise DeclarationError(
                f"{_name_of(base)} has both public = True and permission. Remove one of them."
            )
        if permission is not None:
            where = f"{_name_of(base)}.permission"
            level = permissions_of(_unbound(permission), where, names=_named(permission))
            found = found.within(level)
        if _hides_bases(own) or found.is_complete:
            return found
    return found


def named_permission(resource: type[Resource], name: str) -> Permission | None:
    """Return the permission that a class declares for one of its methods by name.

    Args:
        resource: The class.
        name: The method. A permission of ``get`` holds for ``head`` as well.

    Returns:
        None if no class names it, or a nearer one declares something else for it.

    Raises:
        DeclarationError: A class names the method, and the method has `access` of its own.
    """
    names = (name, "get") if name == "head" else (name,)
    for base in resource.__mro__:
        own = vars(base)
        named = _named(own.get("permission"))
        key = next((each for each in names if each in named), None)
        if key is not None:
            where = f"{_name_of(base)}.permission"
            if key == name:
                _check_once(resource, base, name, where)
            return _rule(named[key], f"{where}[{key!r}]")
        if _is_guarded(own.get(name)) or _hides_bases(own):
            return None
    return None


def _check_once(resource: type[Resource], base: type, name: str, where: str) -> None:
    """Reject a method that a class names, if the class decorates it or it is public."""
    own = vars(base).get(name)
    if _is_guarded(own if own is not None else _nearest(resource, name), public_only=own is None):
        raise DeclarationError(
            f"{where} has {name!r}, but the method {name} has @access as well. Remove one of the "
            "two."
        )


def _nearest(resource: type[Resource], name: str) -> object:
    found = (vars(base)[name] for base in resource.__mro__ if name in vars(base))
    return next(found, None)


def _is_guarded(method: object, *, public_only: bool = False) -> bool:
    """Return whether a method declares a permission, or is public."""
    words = declarations_of(method).words
    return words.get("security") == () or ("permission" in words and not public_only)


def _hides_bases(own: Mapping[str, object]) -> bool:
    """Return whether a class has one permission for everything, or none."""
    permission = own.get("permission")
    is_whole = permission is not None and not isinstance(permission, Mapping)
    return is_whole or bool(own.get("public", False))


def _named(permission: object) -> Mapping[str, object]:
    """Return the permissions of the methods that a declaration names."""
    if not isinstance(permission, Mapping):
        return {}
    return {key: rule for key, rule in permission.items() if key not in (_READ, _WRITE)}


def check_named(resource: type[Resource], known: Collection[str], remedies: Remedies) -> None:
    """Reject names of methods that a class does not have.

    Args:
        resource: The class.
        known: The names of its methods.
        remedies: The replacement of a name, by the name.

    Raises:
        DeclarationError: A name is unknown.
    """
    for base in resource.__mro__:
        for key in _named(vars(base).get("permission")):
            if key in known:
                continue
            where = f"{_name_of(base)}.permission"
            allowed = (_READ, _WRITE, *known)
            meant = misspelt(str(key), allowed) or remedies.get(key)
            hint = f"Did you mean {meant}?" if meant else f"It may have {', '.join(allowed)}."
            raise DeclarationError(f"{where} has {key!r}, which is no method of the class. {hint}")


def check_verbs(resource: type[Resource]) -> None:
    """Reject names of verbs that a class does not have."""
    check_named(resource, [verb for verb in VERBS if hasattr(resource, verb)], UNKNOWN_VERBS)


def _unbound(permission: object) -> object:
    return permission.__func__ if isinstance(permission, staticmethod) else permission


def _name_of(declared: type) -> str:
    return f"{declared.__module__}.{declared.__qualname__}"
