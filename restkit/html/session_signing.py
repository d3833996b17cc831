"""Signed texts for cookies: the newest key signs, older ones still verify."""

from __future__ import annotations

import hmac
from collections.abc import Sequence

from ..errors import DeclarationError, MissingExtraError

try:
    from itsdangerous import BadSignature, Signer
    from itsdangerous.signer import SigningAlgorithm
except ModuleNotFoundError as error:
    raise MissingExtraError("Sessions", "html") from error

__all__ = ["checked_keys", "signer_of", "unsigned"]

_SHORTEST = 16
_HOW = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"


class _OneShot(SigningAlgorithm):
    """HMAC with SHA-256."""

    # PERF: itsdangerous derives a key and makes two objects for each text.
    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the signature of a value."""
        return hmac.digest(key, value, "sha256")


def checked_keys(keys: object) -> list[bytes]:
    """Return the keys of Sessions as bytes, the newest first.

    Raises:
        DeclarationError: They are no sequence of keys, or one is short.
    """
    if isinstance(keys, (str, bytes)) or not isinstance(keys, Sequence):
        kind = "one text" if isinstance(keys, (str, bytes)) else type(keys).__name__
        raise DeclarationError(
            f"The keys of Sessions must be a sequence, the newest key first, not {kind}. "
            "Write keys=[key]."
        )
    if not keys:
        raise DeclarationError(f"Sessions has no key. {_HOW}")
    return [_checked(each) for each in keys]


def _checked(key: object) -> bytes:
    found = key.encode() if isinstance(key, str) else key
    if not isinstance(found, bytes) or len(found) < _SHORTEST:
        raise DeclarationError(
            f"A key of Sessions must be a text of at least {_SHORTEST} characters that nobody can "
            f"guess. {_HOW}"
        )
    return found


def signer_of(keys: Sequence[bytes], purpose: str) -> Signer:
    """Return the signer of one purpose: its signatures are not valid for another one.

    Args:
        keys: The keys, the newest first.
        purpose: The salt.
    """
    derived = [hmac.digest(key, f"restkit.html.{purpose}".encode(), "sha256") for key in keys]
    # NOTE: itsdangerous signs with the last key.
    return Signer(derived[::-1], key_derivation="none", algorithm=_OneShot())


def unsigned(signer: Signer, text: str) -> bytes | None:
    """Return the signed text, None if no key has signed it."""
    try:
        return signer.unsign(text.encode("ascii"))
    except (BadSignature, UnicodeEncodeError):
        return None
