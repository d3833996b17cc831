"""Security requirements: schemes combined with ``|`` and ``&``, and `anonymous`."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from .declaration_checks import check_call, texts_of
from .errors import DeclarationError
from .security_scheme import Combination, Security, SecurityScheme

if TYPE_CHECKING:
    from .request import Request

__all__ = ["Requirement", "Scheme", "SecurityLike", "anonymous", "normal_form"]

_NAME = r"[a-zA-Z0-9._-]+"
# The members that each type of a Security Scheme Object must have (OpenAPI 3.1.1, section 4.8.27).
_REQUIRED_MEMBERS: Mapping[object, tuple[str, ...]] = {
    "apiKey": ("name", "in"),
    "http": ("scheme",),
    "mutualTLS": (),
    "oauth2": ("flows",),
    "openIdConnect": ("openIdConnectUrl",),
}

# The parts of a security scheme, with the remedy if one is missing.
_PARTS: Mapping[str, str] = {
    "name": "Write name = 'token', its key under components.securitySchemes.",
    "document": "Write document(self), which returns a Security Scheme Object.",
    "authenticate": (
        "Write authenticate(self, request, scopes), which returns the caller or raises "
        "Unauthorized."
    ),
}


class _Combined:
    """The base of objects that ``|`` and ``&`` combine."""

    def __or__(self, other: SecurityLike) -> Requirement:
        return Requirement((*_read(self), *_read(other)))

    def __ror__(self, other: SecurityLike) -> Requirement:
        return Requirement((*_read(other), *_read(self)))

    def __and__(self, other: SecurityLike) -> Requirement:
        return _both(_read(self), _read(other))

    def __rand__(self, other: SecurityLike) -> Requirement:
        return _both(_read(other), _read(self))


def _both(left: Security, right: Security) -> Requirement:
    found: list[Combination] = []
    for one, other in itertools.product(left, right):
        found.append((*one, *(each for each in other if each not in one)))
    return Requirement(tuple(found))


class Requirement(_Combined):
    """Alternatives of combinations of security schemes, made with ``|`` and ``&``."""

    def __init__(self, alternatives: Security) -> None:
        self.alternatives = alternatives

    @classmethod
    def of(cls, scheme: SecurityScheme, *scopes: str) -> Requirement:
        """Return the requirement of one scheme with scopes."""
        return cls(normal_form((scheme, scopes)))

    def __repr__(self) -> str:
        texts: list[str] = []
        for combination in self.alternatives:
            names = [scheme.name for scheme, _ in combination]
            texts.append(" & ".join(names) or "anonymous")
        return f"<Requirement {' | '.join(texts)}>"


anonymous = Requirement(((),))
"""The caller without credentials, OpenAPI's ``{}``: ``security = keys | anonymous``."""


class Scheme(_Combined):
    """A base for security schemes of your own, which adds ``|`` and ``&``."""

    name: str

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object (OpenAPI 3.1.1, section 4.8.27)."""
        raise DeclarationError(
            f"{type(self).__qualname__} has no document(). Return a Security Scheme Object, "
            "such as {'type': 'http', 'scheme': 'bearer'}."
        )

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return the caller; see `SecurityScheme.authenticate`."""
        raise DeclarationError(
            f"{type(self).__qualname__} has no authenticate(request, scopes). Return the caller, "
            "or raise Unauthorized or Forbidden."
        )

    def scopes(self, *scopes: str) -> Requirement:
        """Return the requirement of this scheme and scopes: ``security = keys.scopes("write")``."""
        return Requirement.of(self, *scopes)


_One: TypeAlias = SecurityScheme | Requirement | tuple[SecurityScheme, Sequence[str]]
SecurityLike: TypeAlias = _One | _Combined | Sequence[_One]
"""A scheme, (scheme, scopes), schemes combined with ``|`` and ``&``, or a sequence of these."""


def normal_form(security: object, declared_at: str = "security") -> Security:
    """Return the value of ``security`` as alternatives of combinations.

    Args:
        security: A scheme, (scheme, scopes), a Requirement, or a sequence of these.
        declared_at: The name of the declaration, for messages.

    Raises:
        DeclarationError: The value is of another type, or a scheme cannot be documented.
    """
    alternatives = _read(security, declared_at)
    if not any(alternatives):
        found = "anonymous alone" if alternatives else "empty"
        raise DeclarationError(
            f"{declared_at} is {found}. Write public = True to allow anonymous requests, or "
            "remove the declaration."
        )
    return alternatives


def _read(security: object, declared_at: str = "security") -> Security:
    alternatives = tuple(_alternatives(security, declared_at))
    return tuple(dict.fromkeys(alternatives)) if _hashable(alternatives) else alternatives


def _hashable(alternatives: Security) -> bool:
    try:
        hash(alternatives)
    except TypeError:
        return False
    return True


def _alternatives(security: object, declared_at: str) -> Iterable[Combination]:
    if isinstance(security, Requirement):
        return security.alternatives
    if isinstance(security, tuple) and _is_pair(security):
        scheme, scopes = security
        return (((_checked(scheme, declared_at), _scopes(scheme, scopes, declared_at)),),)
    if isinstance(security, (list, tuple)):
        return [each for one in security for each in _alternatives(one, declared_at)]
    return (((_checked(security, declared_at), ()),),)


def _is_pair(security: tuple[object, ...]) -> bool:
    """Return whether this is (scheme, scopes), not a sequence of two alternatives."""
    if len(security) != 2:
        return False
    second = security[1]
    if isinstance(second, str):
        return True
    return isinstance(second, (list, tuple, set, frozenset)) and all(
        isinstance(each, str) for each in second
    )


def _scopes(scheme: object, scopes: object, declared_at: str) -> tuple[str, ...]:
    name = getattr(scheme, "name", scheme)
    return texts_of(scopes, f"The scopes of {name!r} in {declared_at}")


def _checked(scheme: object, declared_at: str) -> SecurityScheme:
    """Return the value if it is a scheme that can authenticate and be documented."""
    if isinstance(scheme, type):
        raise DeclarationError(
            f"{declared_at} has the class {scheme.__qualname__}, but needs an instance. Write "
            f"{scheme.__qualname__}(...)."
        )
    _check_parts(scheme, declared_at)
    if not isinstance(scheme, SecurityScheme) or not callable(scheme.authenticate):
        raise DeclarationError(
            f"{declared_at} has {scheme!r}, which is not a security scheme. A scheme has a name "
            "and the methods document() and authenticate(request, scopes)."
        )
    kind = type(scheme).__qualname__
    check_call(scheme.authenticate, ("request", "scopes"), f"{declared_at}: {kind}.authenticate")
    name: object = scheme.name
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        raise DeclarationError(
            f"{declared_at}: {kind}.name is {name!r}, which an OpenAPI document does not allow. "
            "Use letters, digits, '.', '-' and '_'."
        )
    _check_document(scheme, declared_at)
    if isinstance(scheme, Scheme) and type(scheme).authenticate is Scheme.authenticate:
        raise DeclarationError(
            f"{declared_at}: {kind} has no authenticate. {_PARTS['authenticate']}"
        )
    return scheme


def _check_parts(scheme: object, declared_at: str) -> None:
    """Reject an object that has some parts of a security scheme, but not all of them."""
    lacking = [each for each in _PARTS if not hasattr(scheme, each)]
    if not lacking or len(lacking) == len(_PARTS):
        return
    remedies = " ".join(_PARTS[each] for each in lacking)
    raise DeclarationError(
        f"{declared_at}: {type(scheme).__qualname__} has no {' and no '.join(lacking)}. {remedies}"
    )


def _check_document(scheme: SecurityScheme, declared_at: str) -> None:
    document: object = scheme.document()
    origin = f"{declared_at}: {type(scheme).__qualname__}.document()"
    known = ", ".join(map(str, _REQUIRED_MEMBERS))
    kind = document.get("type") if isinstance(document, Mapping) else None
    if (
        not isinstance(document, Mapping)
        or not isinstance(kind, str)
        or kind not in _REQUIRED_MEMBERS
    ):
        raise DeclarationError(
            f"{origin} returned {document!r}. Return a Security Scheme Object whose type is one of "
            f"{known}."
        )
    missing = [each for each in _REQUIRED_MEMBERS[kind] if not document.get(each)]
    if missing:
        raise DeclarationError(f"{origin} has the type {kind!r}, but no {missing[0]!r}.")
    if kind == "apiKey" and document["in"] not in ("query", "header", "cookie"):
        raise DeclarationError(
            f"{origin} has in = {document['in']!r}. Write 'query', 'header' or 'cookie'."
        )
