"""The protocols of security schemes, which authenticate callers, and of permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from .request import Request

__all__ = ["Combination", "Permission", "Security", "SecurityScheme", "uses_authorization"]


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


def uses_authorization(scheme: SecurityScheme) -> bool:
    """Return whether a scheme's credentials are sent in the Authorization header."""
    return scheme.document().get("type") in ("http", "oauth2", "openIdConnect")


Combination = tuple[tuple["SecurityScheme", tuple[str, ...]], ...]
"""Security schemes with their scopes, all of which must accept a request. The empty combination
accepts anonymous callers, as OpenAPI's ``{}`` does."""

Security = tuple[Combination, ...]
"""Alternative combinations, of which one must accept a request. () means that it is public."""
