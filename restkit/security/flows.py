"""The flows of OAuth 2.0 that a document describes (OpenAPI 3.1.1, sections 4.8.28 and 4.8.29)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from .fetching import check_url

__all__ = [
    "AuthorizationCode",
    "ClientCredentials",
    "Flow",
    "Implicit",
    "PasswordGrant",
]

_Scopes = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A flow, with the description of each scope that a token can have.

    Attributes:
        scopes: The descriptions by scope.
        refresh_url: The URL for new tokens, if it is another one.
    """

    kind: ClassVar[str] = ""
    scopes: _Scopes = field(default_factory=dict)
    refresh_url: str | None = None

    def urls(self) -> dict[str, str]:
        """Return the URLs of the flow, by their names in the document."""
        return {} if self.refresh_url is None else {"refreshUrl": self.refresh_url}

    def document(self) -> dict[str, object]:
        """Return the OAuth Flow Object."""
        return {**self.urls(), "scopes": dict(self.scopes)}

    def __post_init__(self) -> None:
        """Check the URLs.

        Raises:
            DeclarationError: One of them is not https.
        """
        for url in self.urls().values():
            check_url(url, type(self).__qualname__)


@dataclass(frozen=True)
class AuthorizationCode(Flow):
    """The authorization code flow (RFC 6749, section 4.1), for people; use it with PKCE."""

    kind: ClassVar[str] = "authorizationCode"
    authorization_url: str
    token_url: str

    def urls(self) -> dict[str, str]:
        """Return the URLs of the flow."""
        own = {"authorizationUrl": self.authorization_url, "tokenUrl": self.token_url}
        return {**own, **super().urls()}


@dataclass(frozen=True)
class ClientCredentials(Flow):
    """The client credentials flow (RFC 6749, section 4.4), for services."""

    kind: ClassVar[str] = "clientCredentials"
    token_url: str

    def urls(self) -> dict[str, str]:
        """Return the URLs of the flow."""
        return {"tokenUrl": self.token_url, **super().urls()}


@dataclass(frozen=True)
class PasswordGrant(Flow):
    """The password flow (RFC 6749, section 4.3); RFC 9700 advises against it."""

    kind: ClassVar[str] = "password"
    token_url: str

    def urls(self) -> dict[str, str]:
        """Return the URLs of the flow."""
        return {"tokenUrl": self.token_url, **super().urls()}


@dataclass(frozen=True)
class Implicit(Flow):
    """The implicit flow (RFC 6749, section 4.2); RFC 9700 advises against it."""

    kind: ClassVar[str] = "implicit"
    authorization_url: str

    def urls(self) -> dict[str, str]:
        """Return the URLs of the flow."""
        return {"authorizationUrl": self.authorization_url, **super().urls()}
