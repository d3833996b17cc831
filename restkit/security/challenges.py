"""Challenges of the WWW-Authenticate header (RFC 9110, section 11.6.1; RFC 6750, section 3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..errors import DeclarationError
from ..problems import Forbidden, Unauthorized

__all__ = ["BearerChallenges", "challenge", "check_realm"]

_PRINTABLE = r"[\x20-\x7e]+"


def check_realm(realm: object, declared_at: str) -> str:
    """Return a realm that a challenge can hold.

    Raises:
        DeclarationError: It is not a string of printable ASCII characters.
    """
    if not isinstance(realm, str) or not re.fullmatch(_PRINTABLE, realm):
        raise DeclarationError(
            f"{declared_at}: realm must be a string of printable ASCII characters, not {realm!r}."
        )
    return realm


def challenge(scheme: str, parameters: Sequence[tuple[str, str]] = ()) -> dict[str, str]:
    """Return the header of one challenge; the values become quoted strings."""
    texts = [f"{name}={_quoted(value)}" for name, value in parameters]
    return {"WWW-Authenticate": f"{scheme} {', '.join(texts)}".rstrip()}


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class BearerChallenges:
    """The rejections of a scheme of bearer tokens."""

    def __init__(self, realm: str, resource_metadata: str | None, declared_at: str) -> None:
        """Keep the parameters of every challenge.

        Args:
            realm: The protected part of the server, for people.
            resource_metadata: The URL of the metadata of the protected resource (RFC 9728, section
                5.1), which tells clients where to get tokens.
            declared_at: The name of the scheme's class, for messages.

        Raises:
            DeclarationError: One of them cannot stand in a challenge.
        """
        self._common = [("realm", check_realm(realm, declared_at))]
        if resource_metadata is not None:
            if not re.fullmatch(r"https?://[\x21-\x7e]+", resource_metadata):
                raise DeclarationError(
                    f"{declared_at}: resource_metadata must be an absolute URL, not "
                    f"{resource_metadata!r}."
                )
            self._common.append(("resource_metadata", resource_metadata))

    def missing(self) -> Unauthorized:
        """Return the rejection of a request without a token: it has no error code."""
        return Unauthorized(
            "Send a token: Authorization: Bearer <token>.",
            headers=challenge("Bearer", self._common),
        )

    def invalid(self, detail: str = "The token is not valid, or has expired.") -> Unauthorized:
        """Return the rejection of a token."""
        more = [("error", "invalid_token"), ("error_description", detail)]
        return Unauthorized(detail, headers=challenge("Bearer", [*self._common, *more]))

    def insufficient(self, scopes: Sequence[str]) -> Forbidden:
        """Return the rejection of a token that lacks one of the scopes."""
        more = [("error", "insufficient_scope"), ("scope", " ".join(scopes))]
        return Forbidden(
            "The token lacks a scope that this request needs.",
            headers=challenge("Bearer", [*self._common, *more]),
        )
