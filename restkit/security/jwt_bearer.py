"""`JWTBearer`: signed JSON Web Tokens as bearer tokens (RFC 7519, RFC 8725, RFC 9068)."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from ..decorators import raises
from ..errors import DeclarationError
from ..problems import ServiceUnavailable
from ..request import Request
from .bearer import BearerScheme
from .caller_checks import CheckLike, ScopesLike, make_check
from .digests import digest_of
from .jwt_claims import Claims, Rejected, TokenRules, parse_token
from .jwt_keys import Key, check_algorithms, key_of_text
from .key_set import KeySet

__all__ = ["JWTBearer"]

_log = logging.getLogger("restkit.security")
_REMEMBERED = 1024
_REMEMBER_FOR = 300.0


class JWTBearer(BearerScheme):
    """A security scheme of signed JSON Web Tokens.

    ::

        jwt = JWTBearer(
            issuer="https://id.example",
            audience="books",
            algorithms=["RS256"],
            jwks="https://id.example/keys.json",
        )
        app = App("Books", security=jwt)

    ``request.caller`` is a `Claims`, or the result of ``load``. A verified token is remembered
    for at most five minutes, never past its end, and only while the issuer's keys are the same.
    """

    def __init__(
        self,
        *,
        issuer: str | None,
        audience: str | Sequence[str] | None,
        algorithms: Sequence[str],
        key: str | bytes | None = None,
        jwks: str | KeySet | Mapping[str, object] | None = None,
        load: CheckLike | None = None,
        scopes: ScopesLike | None = None,
        leeway: float = 30,
        required: Sequence[str] = ("exp",),
        types: Collection[str] = ("JWT", "at+jwt"),
        realm: str = "api",
        resource_metadata: str | None = None,
        name: str = "jwt",
        description: str = "",
    ) -> None:
        """Make the scheme.

        Args:
            issuer: The ``iss`` that tokens must have; None for tokens of any issuer.
            audience: The ``aud`` that tokens must have, or several of which they must have one;
                None for tokens without an audience.
            algorithms: The algorithms that may have signed a token: ``["RS256"]``.
            key: The secret, or the public key in PEM.
            jwks: The public keys instead: the URL of a JWK Set, a `KeySet`, or the JWK Set itself.
            load: A function of the `Claims`, and of the request if its last parameter is called
                ``request``, that returns the caller, or None if there is none any more.
            scopes: A function of the `Claims` that returns the scopes of the token; the claims
                ``scope`` or ``scp`` without it.
            leeway: How far clocks may differ, in seconds.
            required: The claims that a token must have, besides those that are checked.
            types: The values of ``typ`` that a token may have. ``["at+jwt"]`` refuses tokens that
                are not access tokens (RFC 9068).
            realm: The protected part of the server, for people.
            resource_metadata: The URL of the metadata of the protected resource (RFC 9728).
            name: The key under ``components.securitySchemes``.
            description: The description in the document.

        Raises:
            DeclarationError: There is not exactly one of ``key`` and ``jwks``, or a value is
                invalid: an unknown algorithm, a short secret, a URL that is not https.
        """
        super().__init__(
            name=name,
            realm=realm,
            resource_metadata=resource_metadata,
            scopes=scopes or _scopes_of,
            description=description,
        )
        kind = type(self).__qualname__
        self._expected_issuer = issuer
        self._algorithms = check_algorithms(algorithms, kind)
        self._keys = _key_source(key, jwks, self._algorithms, kind)
        self._load = None if load is None else make_check(load, ("claims",), kind)
        needed = [*required, *(["iss"] if issuer is not None else [])]
        self._rules = TokenRules(
            issuer, _audiences(audience, kind), tuple(dict.fromkeys(needed)), leeway
        )
        self._types = frozenset(each.lower() for each in types)
        self._verified = _VerifiedTokens()

    @property
    def issuer(self) -> str | None:
        """The ``iss`` that tokens must have; None for tokens of any issuer."""
        return self._expected_issuer

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object."""
        return {**super().document(), "bearerFormat": "JWT"}

    # It raises ServiceUnavailable if the keys of the issuer cannot be fetched.
    authenticate = raises(ServiceUnavailable)(BearerScheme.authenticate)

    def identify(self, token: str, request: Request) -> tuple[object, object]:
        """Return the caller and the claims, whose scopes count."""
        claims = self._claims(token)
        if claims is None or self._load is None:
            return claims, claims
        return self._load(request, claims), claims

    def _claims(self, token: str) -> Claims | None:
        """Return the claims of a token, None if it is not valid."""
        now = time.time()
        generation = self._keys.generation
        digest = digest_of(token)
        known = self._verified.get(digest, now, generation)
        if known is not None:
            return known
        try:
            claims, expires = self._verify(token, now)
        except Rejected as error:
            _log.info("The security scheme %s rejected a token: %s", self.name, error)
            return None
        until = min(expires, now + _REMEMBER_FOR)
        self._verified.add(digest, (claims, until, generation))
        return claims

    def _verify(self, token: str, now: float) -> tuple[Claims, float]:
        """Return the claims of a token, and when it expires.

        Raises:
            Rejected: It is not valid.
        """
        parsed = parse_token(token, self._algorithms, self._types)
        keys = self._keys.find(parsed.key_id, parsed.algorithm)
        if not any(key.verifies(parsed.algorithm, parsed.signed, parsed.signature) for key in keys):
            raise Rejected("its signature is wrong" if keys else "its key is unknown")
        return Claims(parsed.claims), self._rules.check(parsed.claims, now)


def _scopes_of(claims: Claims) -> Collection[str]:
    return claims.scopes


def _audiences(audience: object, declared_at: str) -> frozenset[str]:
    if audience is None:
        return frozenset()
    named = [audience] if isinstance(audience, str) else audience
    if (
        not isinstance(named, Sequence)
        or not named
        or not all(isinstance(each, str) and each for each in named)
    ):
        raise DeclarationError(
            f"{declared_at}: audience must be a string or a sequence of strings, got {audience!r}."
        )
    return frozenset(named)


class _KeySource(Protocol):
    """The keys of a scheme, such as a `KeySet`."""

    @property
    def generation(self) -> int:
        """A number that changes with the keys."""
        ...

    def find(self, key_id: str | None, algorithm: str) -> Sequence[Key]:
        """Return the keys that a token may be signed with."""
        ...


class _OneKey:
    """The one key of a scheme, whatever ``kid`` a token has."""

    generation = 0

    def __init__(self, key: Key) -> None:
        self._keys = [key]

    def find(self, key_id: str | None, algorithm: str) -> Sequence[Key]:
        """Return the key."""
        return self._keys


def _key_source(
    key: str | bytes | None,
    jwks: str | KeySet | Mapping[str, object] | None,
    algorithms: Sequence[str],
    declared_at: str,
) -> _KeySource:
    """Return the keys of a scheme."""
    if (key is None) == (jwks is None):
        raise DeclarationError(
            f"{declared_at} needs either key= (a secret, or a public key in PEM) or jwks= (the URL "
            "of the issuer's keys)."
        )
    if key is not None:
        return _OneKey(key_of_text(key, algorithms, declared_at))
    if algorithms[0].startswith("HS"):
        raise DeclarationError(
            f"{declared_at}: {algorithms[0]} needs a secret, which no JWK Set has. Write key=."
        )
    if isinstance(jwks, KeySet):
        return jwks
    if isinstance(jwks, str):
        return KeySet(jwks)
    if isinstance(jwks, Mapping):
        return KeySet.of(jwks)
    raise DeclarationError(f"{declared_at}: jwks must be a URL or a KeySet, got {jwks!r}.")


class _VerifiedTokens:
    """The claims of tokens that were verified, by the digest of the token; bounded.

    With the claims are the time until which they are valid, and the generation of the keys.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[Claims, float, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, digest: bytes, now: float, generation: int) -> Claims | None:
        """Return the claims of a token that is still valid, None if it must be verified."""
        found = self._known.get(digest)
        if found is None or now >= found[1] or generation != found[2]:
            return None
        return found[0]

    def add(self, digest: bytes, verified: tuple[Claims, float, int]) -> None:
        """Remember a token; the oldest one is forgotten if there are many."""
        with self._lock:
            self._known[digest] = verified
            self._known.move_to_end(digest)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
