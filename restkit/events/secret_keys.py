"""Keys of the secrets that endpoints and receivers of webhooks have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..errors import DeclarationError
from .signing import SharedKey, SigningKey, VerifyingKey

__all__ = ["signing_keys", "verifying_keys"]

_Key = TypeVar("_Key")


def signing_keys(secrets: object, where: str) -> list[SigningKey]:
    """Return the keys of the secrets of a sender.

    Args:
        secrets: Texts: ``whsec_`` and Base64 (the prefix is optional), or ``whsk_`` and Base64.
        where: The name of the declaration, for messages.

    Raises:
        DeclarationError: There is none, one is not a secret, or one is a public key.
        MissingExtraError: One is a private key, and the extra ``security`` is not installed.
    """
    return _keys_of(secrets, where, _signing_key)


def verifying_keys(secrets: object, where: str) -> list[VerifyingKey]:
    """Return the keys of the secrets of a receiver.

    Args:
        secrets: Texts: ``whsec_`` and Base64 (the prefix is optional), or ``whpk_`` and Base64.
        where: The name of the declaration, for messages.

    Raises:
        DeclarationError: There is none, one is not a secret, or one is a private key.
        MissingExtraError: One is a public key, and the extra ``security`` is not installed.
    """
    return _keys_of(secrets, where, _verifying_key)


def _keys_of(secrets: object, where: str, key_of: Callable[[str, str], _Key]) -> list[_Key]:
    if isinstance(secrets, (str, bytes)) or not isinstance(secrets, Sequence) or not secrets:
        raise DeclarationError(
            f"{where} must be a list of secrets, the newest first: [new_secret()]."
        )
    keys = []
    for each in secrets:
        text = each if isinstance(each, str) else ""  # a secret of no bytes
        keys.append(key_of(text, where))
    return keys


def _signing_key(secret: str, where: str) -> SigningKey:
    if secret.startswith("whpk_"):
        raise DeclarationError(
            f"{where} has a public key (whpk_), which cannot sign. The receiver verifies with "
            f"it; the sender needs the private key (whsk_)."
        )
    if not secret.startswith("whsk_"):
        return SharedKey.of(secret, where)
    from .asymmetric_signing import PrivateKey  # an extra

    return PrivateKey.of(secret, where)


def _verifying_key(secret: str, where: str) -> VerifyingKey:
    if secret.startswith("whsk_"):
        raise DeclarationError(
            f"{where} has a private key (whsk_), which only the sender may have. The receiver "
            f"verifies with the public key (whpk_)."
        )
    if not secret.startswith("whpk_"):
        return SharedKey.of(secret, where)
    from .asymmetric_signing import PublicKey  # an extra

    return PublicKey.of(secret, where)
