"""Signatures of webhooks by a key pair: ``v1a`` of Standard Webhooks 1.0.0, Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64

from ..errors import DeclarationError, MissingExtraError
from .signing import decoded

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )
except ImportError as error:
    raise MissingExtraError("A webhook that is signed by a key pair", "security") from error

__all__ = ["PrivateKey", "PublicKey", "new_key_pair"]

_PRIVATE, _PUBLIC = "whsk_", "whpk_"
_VERSION = "v1a,"
_SIZE = 32


def new_key_pair() -> tuple[str, str]:
    """Return a new key pair: the sender's key, ``whsk_...``, and the receiver's, ``whpk_...``.

    Raises:
        MissingExtraError: The extra ``security`` is not installed.
    """
    made = Ed25519PrivateKey.generate()
    private, public = made.private_bytes_raw(), made.public_key().public_bytes_raw()
    # Other implementations take the seed with the public key behind it, as this one does.
    return _PRIVATE + _encoded(private + public), _PUBLIC + _encoded(public)


def _encoded(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


class PublicKey:
    """The key of a receiver, which verifies."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PublicKey) -> None:
        """Keep the key."""
        self._key = key

    @classmethod
    def of(cls, text: str, where: str) -> PublicKey:
        """Return the key of ``whpk_`` and 32 bytes in Base64.

        Raises:
            DeclarationError: It is not one.
        """
        found = decoded(text.removeprefix(_PUBLIC))
        if len(found) != _SIZE:
            raise DeclarationError(f"{where} has a {_PUBLIC} key that is not 32 bytes in Base64.")
        return cls(Ed25519PublicKey.from_public_bytes(found))

    def fits(self, signed: bytes, given: str) -> bool:
        """Return whether a signature is that of the private key."""
        if not given.startswith(_VERSION):
            return False
        try:
            signature = base64.b64decode(given.removeprefix(_VERSION), validate=True)
            self._key.verify(signature, signed)
        except (ValueError, InvalidSignature):
            return False
        return True


class PrivateKey:
    """The key of a sender, which signs."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        """Keep the key."""
        self._key = key

    @classmethod
    def of(cls, text: str, where: str) -> PrivateKey:
        """Return the key of ``whsk_`` and Base64: 32 bytes, or 64 with the public key behind them.

        Raises:
            DeclarationError: It is not one, or its halves do not belong together.
        """
        found = decoded(text.removeprefix(_PRIVATE))
        if len(found) not in {_SIZE, 2 * _SIZE}:
            # SECURITY: the message must not have the key in it.
            raise DeclarationError(
                f"{where} has a {_PRIVATE} key that is not 32 or 64 bytes in Base64, such as "
                "restkit.events.new_key_pair() returns."
            )
        made = Ed25519PrivateKey.from_private_bytes(found[:_SIZE])
        if found[_SIZE:] not in {b"", made.public_key().public_bytes_raw()}:
            raise DeclarationError(
                f"{where} has a {_PRIVATE} key whose public half is that of another key."
            )
        return cls(made)

    def sign(self, signed: bytes) -> str:
        """Return the signature of the signed bytes."""
        return _VERSION + _encoded(self._key.sign(signed))
