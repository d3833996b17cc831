"""Who calls: people with tokens, programs with keys."""

from __future__ import annotations

from dataclasses import dataclass

from restkit.security import Claims


@dataclass(frozen=True)
class Caller:
    """A caller; limits and caches know it by ``id``, permissions ask for its roles and scopes."""

    id: str
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()


def caller_of(claims: Claims) -> Caller | None:
    """Return the caller of a verified token, None if it names nobody."""
    roles = claims.get("roles", [])
    if not claims.subject or not isinstance(roles, list):
        return None
    named = frozenset(each for each in roles if isinstance(each, str))
    return Caller(claims.subject, claims.scopes, named)
