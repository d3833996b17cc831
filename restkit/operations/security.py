"""The declared security of a verb, a route or a class, of which the nearest wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from ..declaration_checks import check_flag
from ..declarations import declarations_of
from ..errors import CollisionError, DeclarationError
from ..resource import Resource
from ..security_scheme import Security, SecurityScheme

__all__ = [
    "Schemes",
    "check_schemes",
    "class_security",
    "given_security",
    "join_schemes",
    "said_security",
]


def said_security(
    function: object, resource: type[Resource], given: Security | None
) -> Security | None:
    """Return the security of a verb, None if nothing below its App declares one.

    Args:
        function: The verb.
        resource: Its class.
        given: The security that `App.add` or a route was given.
    """
    words = declarations_of(function).words
    if "security" in words:
        said: Security = words["security"]
        return said
    return given if given is not None else class_security(resource)


def given_security(security: object, public: object, declared_at: str) -> Security | None:
    """Return declared ``security`` or ``public``: () if public, None if neither is declared.

    Raises:
        DeclarationError: Both are given, or one of them has a wrong type.
    """
    check_flag(public, f"{declared_at}: public")
    if public and security is not None:
        raise DeclarationError(
            f"{declared_at} has both public = True and security; leave one of them out."
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
        said = given_security(
            own.get("security"),
            own.get("public", False),
            f"{base.__module__}.{base.__qualname__}",
        )
        if said is not None:
            return said
        if "public" in own and base is not Resource:
            return _without_public(resource, base)
    return None


def _without_public(resource: type[Resource], closed: type) -> Security | None:
    """Return the security of the bases of a class that declares ``public = False``."""
    mro = resource.__mro__
    for base in mro[mro.index(closed) + 1 :]:
        said = vars(base).get("security")
        if said is not None:
            from ..requirements import normal_form  # cold start

            return normal_form(said, f"{base.__module__}.{base.__qualname__}.security")
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
        DeclarationError: A document has a value that JSON cannot hold.
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
    except Exception:  # noqa: BLE001  # a lazy text may need a request to look its text up
        return document
    return document
