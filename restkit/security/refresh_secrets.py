"""The secrets of refresh tokens: of digests at rest, and of each token's successor."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from ..errors import DeclarationError

__all__ = ["RefreshSecret", "refresh_secrets"]


class RefreshSecret:
    """One secret, with the keys that are derived from it."""

    def __init__(self, material: bytes) -> None:
        """Derive the keys."""
        self._digest_key = _mac(material, b"restkit refresh token digest")
        self._successor_key = _mac(material, b"restkit refresh token successor")

    def digest(self, text: str) -> str:
        """Return the digest of a token, by which it is stored."""
        return _mac(self._digest_key, text.encode("ascii")).hex()

    def successor(self, text: str) -> str:
        """Return the token that replaces a token: the same one each time."""
        made = _mac(self._successor_key, text.encode("ascii"))
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode("ascii")


def refresh_secrets(given: object) -> tuple[RefreshSecret, ...]:
    """Return the secrets of `Tokens`, the newest first.

    Args:
        given: One secret, or a sequence of them.

    Raises:
        DeclarationError: There is none, or one is short.
    """
    listed = [given] if isinstance(given, (str, bytes)) else given
    if not isinstance(listed, Sequence) or not listed:
        raise DeclarationError(
            "Tokens: secret must be a string, bytes, or a sequence of secrets, the newest first, "
            f"not {type(given).__name__}."
        )
    return tuple(RefreshSecret(_material(each)) for each in listed)


def _material(secret: object) -> bytes:
    material = secret.encode() if isinstance(secret, str) else secret
    if not isinstance(material, bytes) or len(material) < 32:
        raise DeclarationError(
            "Tokens: the secret must have at least 32 bytes. Make one with "
            "secrets.token_urlsafe(64)."
        )
    return material


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, hashlib.sha256)
