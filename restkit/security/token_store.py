"""`MemoryTokenStore`: refresh tokens in the memory of one process, for tests."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from ..contract import Failure
from ..refresh_tokens import RefreshToken, UsedToken
from ..request import Request

__all__ = ["MemoryTokenStore"]


class MemoryTokenStore:
    """A store of refresh tokens in memory. A restart logs everybody out.

    Attributes:
        failures: No problems.
    """

    failures: Sequence[Failure] = ()

    def __init__(self) -> None:
        """Make an empty store."""
        self._tokens: dict[str, RefreshToken] = {}
        self._used: dict[str, tuple[int, str]] = {}
        self._lock = threading.Lock()

    def add(self, request: Request, token: RefreshToken, /) -> None:
        """Store the first token of a family."""
        with self._lock:
            self._tokens[token.digest] = token

    def use(
        self, request: Request, digest: str, successor: str, now: int, idle_at: int, /
    ) -> UsedToken | None:
        """Mark a token as used and store its successor; see `restkit.refresh_tokens.TokenStore`."""
        with self._lock:
            self._forget(now)
            token = self._tokens.get(digest)
            if token is None:
                return None
            known = self._used.get(digest)
            if known is None:
                self._used[digest] = now, successor
                end = min(idle_at, token.expires_at)
                self._tokens[successor] = token._replace(digest=successor, idle_at=end)
                return UsedToken(token, now, is_first=True, is_last=True)
            used_at, next_one = known
            is_last = next_one in self._tokens and next_one not in self._used
            return UsedToken(token, used_at, is_first=False, is_last=is_last)

    def _forget(self, now: int) -> None:
        """Remove tokens that have expired; used ones are kept until their family ends."""
        ended = [digest for digest, each in self._tokens.items() if now >= self._end_of(each)]
        self._remove(ended)

    def _end_of(self, token: RefreshToken) -> int:
        return token.expires_at if token.digest in self._used else token.idle_at

    def revoke(self, request: Request, family: str, /) -> None:
        """Remove all tokens of a family."""
        with self._lock:
            self._remove([key for key, each in self._tokens.items() if each.family == family])

    def family_of(self, request: Request, digest: str, /) -> str | None:
        """Return the family of a token, None if there is no such token."""
        token = self._tokens.get(digest)
        return None if token is None else token.family

    def revoke_subject(self, request: Request, subject: str, /) -> None:
        """Remove all tokens of somebody who has logged in."""
        with self._lock:
            self._remove([key for key, each in self._tokens.items() if each.subject == subject])

    def _remove(self, digests: Sequence[str]) -> None:
        for digest in digests:
            self._tokens.pop(digest, None)
            self._used.pop(digest, None)
