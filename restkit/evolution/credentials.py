"""Changes of the security of an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .changes import Change, Place
from .documents import Document, elements, members, text
from .parameters import Operation

__all__ = ["security_changes"]

_Scheme = tuple[str, ...]
_Alternative = dict[_Scheme, frozenset[str]]


def security_changes(old: Operation, new: Operation, place: Place) -> Iterator[Change]:
    """Yield the changes of security: whoever was let in must be let in."""
    before, after = _alternatives(old), _alternatives(new)
    pointer = new.document.pointer(new.value)
    place = place._replace(direction="request", part="security")
    for each in before:
        if not any(_satisfies(each, other) for other in after):
            message = f"{_shown(each)} is not enough any more: {_listed(after)} is required."
            yield Change("breaking", "security", place, pointer, message)
    for each in after:
        if not any(_satisfies(each, other) for other in before):
            message = f"{_shown(each)} is enough now."
            yield Change("compatible", "security", place, pointer, message)


def _alternatives(operation: Operation) -> Sequence[_Alternative]:
    """Return the combinations of schemes of which one is required; an empty one is anonymous."""
    root = operation.document.root
    declared = elements(operation.value.get("security", root.get("security")))
    return [_alternative(operation.document, members(each)) for each in declared] or [{}]


def _alternative(document: Document, requirement: Mapping[str, object]) -> _Alternative:
    return {
        _scheme(document, name): frozenset(map(str, elements(scopes)))
        for name, scopes in requirement.items()
    }


def _scheme(document: Document, name: str) -> _Scheme:
    """Return the parts of a scheme that a client has to know, whatever its name is."""
    components = members(document.root.get("components"))
    schemes = members(components.get("securitySchemes"))
    found: Mapping[str, object] = members(document.resolve(schemes.get(name)))
    kind = text(found.get("type"))
    if kind == "apiKey":
        return kind, text(found.get("in")), text(found.get("name"))
    if kind == "http":
        return kind, text(found.get("scheme")).lower()
    if kind == "oauth2":
        return kind, name
    return kind or "unknown", text(found.get("openIdConnectUrl")) or name


def _satisfies(credentials: _Alternative, required: _Alternative) -> bool:
    """Return whether credentials that one alternative demands satisfy another one."""
    return all(
        scheme in credentials and scopes <= credentials[scheme]
        for scheme, scopes in required.items()
    )


def _shown(alternative: _Alternative) -> str:
    if not alternative:
        return "no credential"
    parts: list[str] = []
    for scheme, scopes in alternative.items():
        with_scopes = f" with {', '.join(sorted(scopes))}" if scopes else ""
        parts.append(" ".join(filter(None, scheme)) + with_scopes)
    return " and ".join(parts)


def _listed(alternatives: Sequence[_Alternative]) -> str:
    return " or ".join(map(_shown, alternatives))
