"""`Caller`: who calls, of tokens and keys alike."""

from __future__ import annotations

from dataclasses import dataclass

from .jwt_claims import Claims

__all__ = ["Caller"]


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller; limits, caches and row rules know it by ``id``, permissions by scopes and roles.

    ::

        people = JWTBearer(..., load=Caller.of)
        archive = Caller("archive", scopes=frozenset({"notes:read"}))
        app = App("Notes", security=people | APIKey(keys={settings.archive_key: archive}))

    Attributes:
        id: The identity.
        scopes: The scopes.
        roles: The roles.
    """

    id: str
    scopes: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()

    @classmethod
    def of(cls, claims: Claims) -> Caller | None:
        """Return the caller of a verified token: its ``sub``, its scopes and its claim ``roles``.

        None, if it names nobody, or its roles are not a list. Members of another type are no roles.
        """
        roles = claims.get("roles", [])
        if not claims.subject or not isinstance(roles, list):
            return None
        named = frozenset(each for each in roles if isinstance(each, str))
        return cls(claims.subject, claims.scopes, named)
