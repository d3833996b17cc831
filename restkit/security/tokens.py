"""`Tokens`: access and refresh tokens of a small service, with rotation and reuse detection."""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..declaration_checks import check_call
from ..errors import DeclarationError
from ..records import Record
from ..refresh_tokens import RefreshToken, TokenStore, UsedToken
from ..request import Request
from .jwt_bearer import JWTBearer
from .refresh_secrets import refresh_secrets
from .signing_keys import KeyRing, SigningKey

__all__ = ["IssuedTokens", "Lifetimes", "Tokens"]

_log = logging.getLogger("restkit")
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")
_RESERVED = ("iss", "sub", "aud", "exp", "iat", "nbf", "jti")
_Claims = Mapping[str, object]


class IssuedTokens(Record):
    """The tokens that a client gets.

    Attributes:
        access_token: The signed access token.
        refresh_token: The refresh token, which is used once.
        expires_in: The seconds until the access token expires.
    """

    access_token: str
    refresh_token: str
    expires_in: int


class Tokens:
    """The issuer of access tokens (JWT) and refresh tokens of one service.

    ::

        tokens = Tokens(
            issuer="https://books.example",
            audience="books",
            keys=[SigningKey(KEY)],
            secret=SECRET,
            store=SQLTokenStore(StoredToken),
            login=log_in,
        )
        app = App("Books", security=tokens.scheme())
        add_tokens(app, tokens)

    A refresh token is replaced each time it is used. If a token that was used before comes again,
    somebody else has a copy: all tokens of that login are revoked.
    """

    def __init__(
        self,
        *,
        issuer: str,
        audience: str,
        keys: Sequence[SigningKey],
        secret: str | bytes | Sequence[str | bytes],
        store: TokenStore,
        login: Callable[[str, str], str | None],
        claims: Callable[[str], _Claims | None] | None = None,
        lifetimes: Lifetimes | None = None,
    ) -> None:
        """Make an issuer.

        Args:
            issuer: The ``iss`` of access tokens.
            audience: The ``aud`` of access tokens.
            keys: The keys that sign them, the newest first; all of them are published.
            secret: The secret of refresh tokens, at least 32 bytes; the same for all workers.
                To rotate it, pass several, the newest first: all of them are accepted.
            store: The store of refresh tokens.
            login: A function of a user name and a password that returns the subject, or None.
            claims: A function of the subject that returns further claims, asked for each access
                token; None revokes the login. Without it, there are no further claims.
            lifetimes: How long tokens are valid.

        Raises:
            DeclarationError: A secret is too short, or another argument is none of these.
        """
        self._secrets = refresh_secrets(secret)
        if not isinstance(store, TokenStore):
            raise DeclarationError(
                f"Tokens: {store!r} is not a store. Use SQLTokenStore, RedisTokenStore or "
                "MemoryTokenStore."
            )
        check_call(login, ("username", "password"), "Tokens(login=...)")
        if claims is not None:
            check_call(claims, ("subject",), "Tokens(claims=...)")
        if not isinstance(lifetimes, Lifetimes | None):
            raise DeclarationError(
                f"Tokens(lifetimes={lifetimes!r}): give Lifetimes(...), such as "
                "Lifetimes(access=300)."
            )
        for name, seconds in (lifetimes or Lifetimes())._asdict().items():
            least = 0 if name == "grace" else 1
            if type(seconds) is not int or seconds < least:
                raise DeclarationError(
                    f"Lifetimes({name}={seconds!r}): it must be whole seconds, at least {least}."
                )
        self.ring = KeyRing(keys)
        self.store = store
        self.issuer, self.audience = issuer, audience
        self.lifetimes = lifetimes or Lifetimes()
        self._login, self._claims = login, claims

    def scheme(self, **options: Any) -> JWTBearer:
        """Return the scheme that verifies the access tokens of this issuer.

        Args:
            options: Further arguments of `JWTBearer`, such as ``load``.
        """
        algorithms = self.ring.algorithms
        # The scheme is made with some source of keys: those of the ring replace it.
        keys: dict[str, Any] = {"jwks": self.ring.document}
        if algorithms[0].startswith("HS"):
            keys = {"key": secrets.token_bytes(64)}
        made = JWTBearer(
            issuer=self.issuer,
            audience=self.audience,
            algorithms=algorithms,
            types=["at+jwt"],
            **keys,
            **options,
        )
        made._keys = self.ring
        return made

    def log_in(self, request: Request, username: str, password: str) -> IssuedTokens | None:
        """Return the tokens of a user, None if the name or the password is wrong."""
        subject = self._login(username, password)
        return None if subject is None else self.issue(request, _checked_subject(subject))

    def issue(self, request: Request, subject: str) -> IssuedTokens | None:
        """Return the first tokens of a login, None if there is no such subject any more.

        Args:
            request: The request.
            subject: Who has logged in, as the ``sub`` of access tokens.
        """
        access = self._access_token(subject)
        if access is None:
            return None
        now, times = int(time.time()), self.lifetimes
        text = secrets.token_urlsafe(32)
        ends = now + times.family
        idle = min(now + times.idle, ends)
        family = secrets.token_urlsafe(24)
        digest = self._secrets[0].digest(text)
        self.store.add(request, RefreshToken(digest, family, subject, ends, idle))
        return IssuedTokens(access, text, times.access)

    def refresh(self, request: Request, text: str) -> IssuedTokens | None:
        """Return new tokens for a refresh token, None if it is not valid.

        Requests with the same token within the grace period get the same new refresh token, as
        long as that was not used: a client may send two at once, or repeat one whose response was
        lost. Later, the token is a copy, and its login is revoked.
        """
        if not _FORM.fullmatch(text):
            return None
        now, times = int(time.time()), self.lifetimes
        used = self._use(request, text, now)
        if used is None:
            return None
        successor: str | None = self._secrets[0].successor(text)
        if not used.is_first:
            is_repeated = now - used.used_at < times.grace and used.is_last
            successor = self._stored_successor(request, text) if is_repeated else None
        if successor is None:
            # SECURITY: RFC 9700, section 4.14.2. The thief and the client cannot be told apart.
            _log.warning("A refresh token was used again; its login is revoked")
            self.store.revoke(request, used.token.family)
            return None
        access = self._access_token(used.token.subject)
        if access is None:
            self.store.revoke(request, used.token.family)
            return None
        return IssuedTokens(access, successor, times.access)

    def _use(self, request: Request, text: str, now: int) -> UsedToken | None:
        """Mark a token as used, whichever secret its digest was made with."""
        newest = self._secrets[0]
        successor = newest.digest(newest.successor(text))
        for secret in self._secrets:
            idle = now + self.lifetimes.idle
            used = self.store.use(request, secret.digest(text), successor, now, idle)
            if used is not None:
                return used
        return None

    def _stored_successor(self, request: Request, text: str) -> str | None:
        """Return the successor of a used token: it may have been made before a new secret."""
        for secret in self._secrets:
            successor = secret.successor(text)
            if self.store.family_of(request, secret.digest(successor)) is not None:
                return successor
        return None

    def revoke(self, request: Request, text: str) -> None:
        """Log out: revoke the login that a refresh token belongs to, used or not (RFC 7009)."""
        if not _FORM.fullmatch(text):
            return
        for secret in self._secrets:
            family = self.store.family_of(request, secret.digest(text))
            if family is not None:
                self.store.revoke(request, family)

    def revoke_subject(self, request: Request, subject: str) -> None:
        """Revoke all logins of somebody, after a change of the password for example."""
        self.store.revoke_subject(request, subject)

    def _access_token(self, subject: str) -> str | None:
        more = {} if self._claims is None else self._claims(subject)
        if more is None:
            return None
        taken = [name for name in more if name in _RESERVED]
        if taken:
            raise DeclarationError(f"Tokens: claims() returned {taken[0]!r}, which Tokens sets.")
        now = int(time.time())
        own = {"iss": self.issuer, "sub": subject, "aud": self.audience, "iat": now}
        ends = now + self.lifetimes.access
        return self.ring.sign({**own, "exp": ends, "jti": secrets.token_urlsafe(16), **more})


def _checked_subject(subject: object) -> str:
    """Return what ``login`` returned, if it can be a subject.

    Raises:
        DeclarationError: It is not text, or empty: ``False`` and ``""`` are meant as failures.
    """
    if isinstance(subject, str) and subject:
        return subject
    raise DeclarationError(
        f"Tokens: login() returned {subject!r:.80}. Return the subject as a text, not empty, such "
        "as str(user.id), or None if the name or the password is wrong."
    )


class Lifetimes(Record):
    """How long tokens are valid, in seconds.

    Attributes:
        access: An access token.
        idle: A refresh token that is not used.
        family: A login: all refresh tokens that follow each other.
        grace: How long a used refresh token may be sent again.
    """

    access: int = 600
    idle: int = 14 * 24 * 3600
    family: int = 90 * 24 * 3600
    grace: int = 10
