"""Signatures of webhooks, as Standard Webhooks 1.0.0 has them: ``v1`` and ``v1a``."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets as randomness
from collections.abc import Iterable
from hashlib import sha256
from typing import Protocol

from ..errors import DeclarationError

__all__ = [
    "SharedKey",
    "SigningKey",
    "VerifyingKey",
    "decoded",
    "new_secret",
    "signatures",
    "signed_bytes",
]

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


class SigningKey(Protocol):
    """A key of a sender."""

    def sign(self, signed: bytes) -> str:
        """Return a signature with its version, such as ``v1,`` and Base64."""
        ...


class VerifyingKey(Protocol):
    """A key of a receiver."""

    def fits(self, signed: bytes, given: str) -> bool:
        """Return whether a signature is that of this key."""
        ...


class SharedKey:
    """A key of the sender and the receiver: HMAC-SHA256, ``v1``."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """Keep the bytes of the key."""
        self._key = key

    @classmethod
    def of(cls, text: str, where: str) -> SharedKey:
        """Return the key of a secret: ``whsec_``, which is optional, and 24 to 64 bytes in Base64.

        Args:
            text: The secret.
            where: The name of the declaration, for messages.

        Raises:
            DeclarationError: It is not one.
        """
        key = decoded(text.removeprefix(_PREFIX))
        if not _SHORTEST <= len(key) <= _LONGEST:
            # SECURITY: the message must not have the secret in it.
            raise DeclarationError(
                f"{where} has a secret that is not {_SHORTEST} to {_LONGEST} bytes in Base64, such "
                "as restkit.events.new_secret() returns."
            )
        return cls(key)

    def sign(self, signed: bytes) -> str:
        """Return the signature of the signed bytes."""
        digest = hmac.digest(self._key, signed, sha256)
        return "v1," + base64.b64encode(digest).decode("ascii")

    def fits(self, signed: bytes, given: str) -> bool:
        """Return whether a signature is that of this key."""
        return hmac.compare_digest(self.sign(signed).encode(), given.encode("utf-8", "replace"))


def new_secret() -> str:
    """Return a new secret of an endpoint: ``whsec_`` and 32 random bytes in Base64."""
    return _PREFIX + base64.b64encode(randomness.token_bytes(32)).decode("ascii")


def signed_bytes(message_id: str, timestamp: str, content: bytes) -> bytes:
    """Return the signed bytes of a message.

    Args:
        message_id: The header ``webhook-id``.
        timestamp: The header ``webhook-timestamp``.
        content: The content of the request.
    """
    return f"{message_id}.{timestamp}.".encode() + content


def signatures(keys: Iterable[SigningKey], message_id: str, timestamp: str, content: bytes) -> str:
    """Return the header ``webhook-signature``: a signature for each key, the newest key first."""
    signed = signed_bytes(message_id, timestamp, content)
    return " ".join(key.sign(signed) for key in keys)


def decoded(text: str) -> bytes:
    """Return the bytes of Base64 with or without padding; none if it is not Base64."""
    encoded = text.rstrip("=")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (ValueError, binascii.Error):
        return b""
