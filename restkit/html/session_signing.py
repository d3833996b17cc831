"""Signed texts for cookies: the newest key signs, older ones still verify."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ..errors import DeclarationError, MissingExtraError

try:
    from itsdangerous import BadSignature, Signer
except ModuleNotFoundError as error:
    raise MissingExtraError("Sessions", "html") from error

__all__ = ["checked_keys", "signer_of", "unsigned"]

_SHORTEST = 16
_HOW = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"


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
    """Return the signer of one purpose: what it signs is not valid for another one.

    Args:
        keys: The keys, the newest first.
        purpose: The salt.
    """
    # NOTE: itsdangerous signs with the last key.
    return Signer(
        list(reversed(keys)),
        salt=f"restkit.html.{purpose}",
        key_derivation="hmac",
        digest_method=hashlib.sha256,
    )


def unsigned(signer: Signer, text: str) -> bytes | None:
    """Return what was signed, None if no key has signed it."""
    try:
        return signer.unsign(text.encode("ascii"))
    except (BadSignature, UnicodeEncodeError):
        return None
