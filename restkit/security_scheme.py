"""The protocols of security schemes, which authenticate callers, and of permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from .http.methods import SAFE_METHODS
from .records import Record

if TYPE_CHECKING:
    from .request import Request

__all__ = [
    "Combination",
    "Permission",
    "Permissions",
    "Security",
    "SecurityScheme",
    "uses_authorization",
]


@runtime_checkable
class SecurityScheme(Protocol):
    """A security scheme, which authenticates callers and documents itself."""

    @property
    def name(self) -> str:
        """The key of the scheme under ``components.securitySchemes``."""
        ...

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object (OpenAPI 3.1, section 4.8.27)."""
        ...

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return the caller.

        Raises:
            Unauthorized: There are no valid credentials.
            Forbidden: The credentials lack one of the scopes.
        """
        ...


@runtime_checkable
class Permission(Protocol):
    """A rule that decides whether a caller may make a request, once the caller is known."""

    @property
    def description(self) -> str:
        """The rule in a few words: "the scope write"."""
        ...

    def allows(self, caller: object, request: Request) -> bool:
        """Return whether the caller may make the request."""
        ...


class Permissions(Record):
    """The permissions that one level declares: of safe methods, and of the others.

    Attributes:
        read: The permission that callers of GET, HEAD and QUERY need; None if nothing is declared.
        write: The same of the other methods.
    """

    read: Permission | None = None
    write: Permission | None = None

    @property
    def is_declared(self) -> bool:
        """Whether one of the two is declared."""
        return self.read is not None or self.write is not None

    @property
    def is_complete(self) -> bool:
        """Whether both are declared."""
        return self.read is not None and self.write is not None

    @classmethod
    def same(cls, permission: Permission | None) -> Permissions:
        """Return one permission for all methods."""
        return cls(permission, permission)

    def of(self, method: str) -> Permission | None:
        """Return the permission of a method."""
        return self.read if method in SAFE_METHODS else self.write

    def within(self, outer: Permissions) -> Permissions:
        """Return these permissions, with those of an outer level where none is declared."""
        read = outer.read if self.read is None else self.read
        return Permissions(read, outer.write if self.write is None else self.write)


def uses_authorization(scheme: SecurityScheme) -> bool:
    """Return whether a scheme's credentials are sent in the Authorization header."""
    return scheme.document().get("type") in ("http", "oauth2", "openIdConnect")


Combination = tuple[tuple["SecurityScheme", tuple[str, ...]], ...]
"""Security schemes with their scopes, all of which must accept a request. The empty combination
accepts anonymous callers, as OpenAPI's ``{}`` does."""

Security = tuple[Combination, ...]
"""Alternative combinations, of which one must accept a request. () means that it is public."""
