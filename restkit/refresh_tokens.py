"""Refresh tokens as they are stored, and the protocol of the stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from .contract import Failure
from .records import Record
from .request import Request

__all__ = ["RefreshToken", "TokenStore", "UsedToken"]


class RefreshToken(Record):
    """A refresh token at rest; nobody can make the token of it.

    Attributes:
        digest: The keyed digest of the token.
        family: The name of the login that the token and its successors belong to.
        subject: Who has logged in.
        expires_at: When the family ends, in seconds since 1970.
        idle_at: When the token ends unless it is used before.
    """

    digest: str
    family: str
    subject: str
    expires_at: int
    idle_at: int


class UsedToken(Record):
    """A refresh token that a client has sent.

    Attributes:
        token: The token.
        used_at: When it was used first.
        is_first: Whether that is now, so that its successor is new.
        is_last: Whether its successor was not used yet.
    """

    token: RefreshToken
    used_at: int
    is_first: bool
    is_last: bool


@runtime_checkable
class TokenStore(Protocol):
    """A store of refresh tokens: `MemoryTokenStore`, `SQLTokenStore` or `RedisTokenStore`."""

    @property
    def failures(self) -> Sequence[Failure]:
        """The problems that the store may raise."""
        ...

    def add(self, request: Request, token: RefreshToken, /) -> None:
        """Store the first token of a family."""
        ...

    def use(
        self, request: Request, digest: str, successor: str, now: int, idle_at: int, /
    ) -> UsedToken | None:
        """Mark a token as used and store its successor, once and at once.

        Args:
            request: The request.
            digest: The digest of the token.
            successor: The digest of its successor.
            now: The time.
            idle_at: When the successor ends unless it is used.

        Returns:
            The token, None if there is none, or it has expired.
        """
        ...

    def revoke(self, request: Request, family: str, /) -> None:
        """Remove all tokens of a family."""
        ...

    def family_of(self, request: Request, digest: str, /) -> str | None:
        """Return the family of a token, None if there is no such token."""
        ...

    def revoke_subject(self, request: Request, subject: str, /) -> None:
        """Remove all tokens of somebody who has logged in."""
        ...
