"""`Passwords`: hashes of passwords (RFC 9106)."""

from __future__ import annotations

import unicodedata

from ..errors import DeclarationError

try:
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError
except ImportError as error:
    raise DeclarationError(
        "Passwords needs argon2-cffi. Install it: pip install 'restkit[security]'."
    ) from error

__all__ = ["Passwords"]

_MAX_PASSWORD = 1024


class Passwords:
    """Hashes passwords with Argon2id, and verifies them in the same time for unknown users.

    ::

        passwords = Passwords()
        user.password_hash = passwords.hash(body.password)
        ...
        if not passwords.verify(password, user and user.password_hash):
            raise Unauthorized("The user name or the password is wrong.")
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        """Make a hasher.

        Args:
            hasher: One with parameters of your own; the defaults of argon2-cffi follow RFC 9106.
                Tests are faster with
                ``PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)``.
        """
        self._hasher = hasher if hasher is not None else PasswordHasher()
        self._unknown: str | None = None

    def hash(self, password: str) -> str:
        """Return the hash of a password, with its salt and parameters.

        Raises:
            ValueError: The password is empty, has more than 1,024 characters or is not Unicode.
        """
        text = _normalized(password)
        if text is None:
            raise ValueError(f"a password has 1 to {_MAX_PASSWORD} characters of Unicode text")
        return self._hasher.hash(text)

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Return whether a password belongs to a hash.

        SECURITY: without a hash (an unknown user) another one is verified, so that the time does
        not show which users exist.

        Args:
            password: The password that was sent.
            password_hash: The result of `hash`, or None if there is no such user.
        """
        text = _normalized(password)
        unknown = self._hash_of_nobody()
        known = password_hash or unknown
        try:
            matches = self._hasher.verify(known, text or "no password")
        except (VerificationError, InvalidHashError):
            return False
        return matches and text is not None and bool(password_hash)

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether a hash was made with other parameters: hash the password again."""
        return self._hasher.check_needs_rehash(password_hash)

    def _hash_of_nobody(self) -> str:
        if self._unknown is None:
            self._unknown = self._hasher.hash("the password of nobody")
        return self._unknown


def _normalized(password: str) -> str | None:
    """Return a password as it is hashed (RFC 8265: NFC), None if no password is like that."""
    if not 1 <= len(password) <= _MAX_PASSWORD:
        return None
    try:
        password.encode()
    except UnicodeEncodeError:
        return None
    return unicodedata.normalize("NFC", password)
