"""The declared security of a verb, a route or a class; the nearest takes precedence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Literal

from ..contract import Limits
from ..declaration_checks import check_flag
from ..declarations import cache_of, class_deprecation, declarations_of, limits_of
from ..errors import CollisionError, DeclarationError
from ..records import Record
from ..resource import Resource
from ..security_scheme import Permissions, Security, SecurityScheme

if TYPE_CHECKING:
    from ..cache_rule import CacheRule
    from ..deprecation import Deprecation

__all__ = [
    "Access",
    "Schemes",
    "access_of",
    "check_permissions",
    "check_schemes",
    "class_access",
    "class_security",
    "declared_access",
    "given_access",
    "join_schemes",
]


class Access(Record):
    """The declarations of one level: security, permissions, limits, cache and deprecation."""

    security: Security | None = None
    permissions: Permissions = Permissions()
    limits: Limits | None = None
    cache: CacheRule | Literal[False] | None = None
    deprecation: Deprecation | Literal[False] | None = None

    def within(self, outer: Access, declared_at: str) -> Access:
        """Return the access within an outer level: the nearer level wins.

        Raises:
            DeclarationError: The outer level is public, and this one has a permission.
        """
        if self.security is None and outer.security == () and self.permissions.is_declared:
            raise DeclarationError(
                f"{declared_at} has a permission, but is public, so that nobody authenticates. "
                "Remove public, or declare security beside the permission."
            )
        security = outer.security if self.security is None else self.security
        is_public = self.security == ()
        permissions = self.permissions if is_public else self.permissions.within(outer.permissions)
        cache = outer.cache if self.cache is None else self.cache
        limits = _joined(self.limits, outer.limits)
        deprecation = outer.deprecation if self.deprecation is None else self.deprecation
        return Access(security, permissions, limits, cache, deprecation)


def _joined(own: Limits | None, outer: Limits | None) -> Limits | None:
    """Return the limits of a level and of an outer one, which add up."""
    if own is None or outer is None:
        return outer if own is None else own
    return own if own[-1] is ... else (*own, *outer)


def joined_limits(levels: Iterable[Limits | None]) -> Limits:
    """Return the limits of levels, of which the nearest is the first."""
    found: Limits | None = None
    for each in levels:
        found = _joined(found, each)
    return tuple(each for each in found or () if each is not ...)


def class_access(resource: type[Resource]) -> Access:
    """Return who may call the verbs of a class, as far as the class declares it."""
    of_class = Permissions()
    if _has_permissions(resource):
        from .declared_permissions import class_permissions  # cold start: many programs have none

        of_class = class_permissions(resource)
    declared_at = f"{resource.__module__}.{resource.__qualname__}"
    limits = limits_of(resource.limits, f"{declared_at}.limits")
    cache = cache_of(resource.cache, f"{declared_at}.cache")
    return Access(class_security(resource), of_class, limits, cache, class_deprecation(resource))


def declared_access(
    function: object, name: str, resource: type[Resource], given: Access, by_class: Access
) -> Access:
    """Return who may call a verb, as far as it is declared below its App.

    Args:
        function: The verb.
        name: Its name in the class.
        resource: Its class.
        given: The declarations that `App.add` or a route got.
        by_class: Those of the class.
    """
    words = declarations_of(function).words
    rule = words.get("permission")
    if _has_permissions(resource):
        from .declared_permissions import named_permission  # cold start, as above

        rule = named_permission(resource, name) or rule
    permissions = Permissions.same(rule)
    deprecation = words.get("deprecation")
    if deprecation is None and words.get("deprecated") is False:
        deprecation = False
    guards = words.get("limits"), words.get("cache"), deprecation
    own = Access(words.get("security"), permissions, *guards)
    declared_at = f"{resource.__module__}.{resource.__qualname__}"
    return own.within(given, declared_at).within(by_class, declared_at)


def _has_permissions(resource: type[Resource]) -> bool:
    return any(vars(base).get("permission") is not None for base in resource.__mro__)


def check_permissions(resource: type[Resource]) -> None:
    """Reject permissions of verbs that a class does not have.

    Raises:
        DeclarationError: ``permission`` of the class names such a verb.
    """
    if _has_permissions(resource):
        from .declared_permissions import check_verbs  # cold start, as above

        check_verbs(resource)


def given_access(
    security: object,
    public: object,
    permission: object,
    declared_at: str,
    limits: object = None,
    cache: object = None,
    deprecated: object = None,
    *,
    is_outermost: bool = False,
) -> Access:
    """Return the declarations that the arguments of an App or a route make.

    Raises:
        DeclarationError: ``public`` is given beside another one, one has a wrong type, or an App
            has a permission of reading only.
    """
    found = given_security(security, public, declared_at)
    given = limits_of(limits, f"limits of {declared_at}")
    stored = cache_of(cache, f"cache of {declared_at}")
    deprecation: Deprecation | Literal[False] | None = None
    if deprecated is not None:
        from ..deprecation import deprecation_of  # cold start: few programs deprecate something

        deprecation = deprecation_of(deprecated, f"deprecated of {declared_at}")
    if permission is None:
        return Access(found, limits=given, cache=stored, deprecation=deprecation)
    if public:
        raise DeclarationError(
            f"{declared_at} has both public = True and permission. Remove one of them."
        )
    from .declared_permissions import permissions_of  # cold start, as above

    permissions = permissions_of(permission, f"permission of {declared_at}")
    if is_outermost and permissions.write is None:
        raise DeclarationError(
            f"permission of {declared_at} says who may read, but not who may write. Add 'write'."
        )
    return Access(found, permissions, given, stored, deprecation)


def access_of(options: Mapping[str, object], declared_at: str) -> Access:
    """Return who may call by the keyword arguments of a route."""
    public, limits = options.get("public", False), options.get("limits")
    more = options.get("cache"), options.get("deprecated")
    security, permission = options.get("security"), options.get("permission")
    return given_access(security, public, permission, declared_at, limits, *more)


def given_security(security: object, public: object, declared_at: str) -> Security | None:
    """Return declared ``security`` or ``public``: () if public, None if neither is declared.

    Raises:
        DeclarationError: Both are given, or one of them has a wrong type.
    """
    check_flag(public, f"{declared_at}: public")
    if public and security is not None:
        raise DeclarationError(
            f"{declared_at} has both public = True and security. Remove one of them."
        )
    if public:
        return ()
    if security is None:
        return None
    from ..requirements import normal_form  # cold start: many programs have no security

    is_class = declared_at.rpartition(".")[2].isidentifier()
    return normal_form(
        security, f"{declared_at}.security" if is_class else f"security of {declared_at}"
    )


def class_security(resource: type[Resource]) -> Security | None:
    """Return the security that a class or the nearest of its bases declares."""
    for base in resource.__mro__:
        own = vars(base)
        declared = given_security(
            own.get("security"),
            own.get("public", False),
            f"{base.__module__}.{base.__qualname__}",
        )
        if declared is not None:
            return declared
        if "public" in own and base is not Resource:
            return _without_public(resource, base)
    return None


def _without_public(resource: type[Resource], closed: type) -> Security | None:
    """Return the security of the bases of a class that declares ``public = False``."""
    mro = resource.__mro__
    for base in mro[mro.index(closed) + 1 :]:
        declared = vars(base).get("security")
        if declared is not None:
            from ..requirements import normal_form  # cold start

            return normal_form(declared, f"{base.__module__}.{base.__qualname__}.security")
    return None


Schemes = dict[str, tuple[Mapping[str, object], str]]
"""The documents of security schemes by name, with the declaration that has the scheme."""


def check_schemes(declared: Iterable[tuple[Security, str]], known: Schemes) -> None:
    """Reject documents that are not JSON, and two schemes of one name whose documents differ.

    Args:
        declared: Declared security, with the name of each declaration.
        known: The schemes that were checked before. Those of the declarations are added.

    Raises:
        CollisionError: Two schemes have one name. The message names both declarations.
        DeclarationError: A document has a value that is not JSON.
    """
    seen: set[int] = set()
    for security, declared_at in declared:
        for scheme, _ in chain.from_iterable(security):
            if id(scheme) not in seen:
                seen.add(id(scheme))
                _add_scheme(scheme.name, _document_of(scheme, declared_at), declared_at, known)


def join_schemes(more: Schemes, known: Schemes) -> None:
    """Add the schemes of one App to those of another one.

    Raises:
        CollisionError: Two schemes have one name. The message names both declarations.
    """
    for name, (document, declared_at) in more.items():
        _add_scheme(name, document, declared_at, known)


def _add_scheme(
    name: str, document: Mapping[str, object], declared_at: str, known: Schemes
) -> None:
    other, first = known.setdefault(name, (document, declared_at))
    if other != document:
        raise CollisionError(
            f"{first} and {declared_at} have different security schemes with the name {name!r}. "
            "Give each scheme a name of its own."
        )


def _document_of(scheme: SecurityScheme, declared_at: str) -> dict[str, object]:
    document = dict(scheme.document())
    from ..schemas.json_values import json_value  # cold start: it loads decimal and pathlib

    try:
        json_value(document)
    except ValueError as error:
        raise DeclarationError(
            f"{declared_at}: {type(scheme).__qualname__}.document() of the security scheme "
            f"{scheme.name!r} must return JSON values: {error}."
        ) from None
    except Exception:  # noqa: BLE001  # a lazy translation may need a request to get its text
        return document
    return document
