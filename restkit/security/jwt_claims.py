"""JSON Web Tokens before and after their signature: strict parsing, and checks of the claims."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from ..json_parsing import JSONLimits, loads_json
from ..problems import BadRequest
from ..records import Record

__all__ = ["Claims", "Rejected", "Token", "TokenRules", "parse_token"]

_SHAPE = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_LIMITS = JSONLimits(depth=16)
_MAX_HEADER = 2048
_MAX_KEY_ID = 256


class Rejected(Exception):  # not an error of the program
    """Raised when a token is not valid; the reason is for the log, not for the client."""


class Claims(Mapping[str, object]):
    """The claims of a verified token (RFC 7519, section 4)."""

    def __init__(self, claims: Mapping[str, object]) -> None:
        self._claims = dict(claims)

    @cached_property
    def subject(self) -> str | None:
        """The ``sub`` claim: whom the token is about."""
        found = self._claims.get("sub")
        return found if isinstance(found, str) else None

    @cached_property
    def scopes(self) -> frozenset[str]:
        """The scopes: ``scope`` as one text (RFC 8693, section 4.2), or ``scp`` as a list."""
        found = self._claims.get("scope", self._claims.get("scp"))
        if isinstance(found, str):
            return frozenset(found.split())
        if isinstance(found, list):
            return frozenset(each for each in found if isinstance(each, str))
        return frozenset()

    def __getitem__(self, name: str) -> object:
        return self._claims[name]

    if not TYPE_CHECKING:

        def get(self, name: str, default: object = None) -> object:  # PERF: Mapping's is slow
            """Return a claim, or the default if there is none."""
            return self._claims.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __repr__(self) -> str:
        return f"<Claims of {self.subject!r}>"


class Token(Record):
    """A token whose signature is not verified yet."""

    algorithm: str
    key_id: str | None
    claims: Mapping[str, object]
    signed: bytes
    signature: bytes


def parse_token(token: str, algorithms: Collection[str], types: Collection[str]) -> Token:
    """Return the parts of a token in compact form (RFC 7515, section 7.1).

    Args:
        token: The token.
        algorithms: The algorithms that may have signed it.
        types: The values of ``typ``, in lower case, that it may have.

    Raises:
        Rejected: It is malformed, has a header that nobody here understands, or names another
            algorithm.
    """
    found = _SHAPE.fullmatch(token)
    if found is None:
        raise Rejected("it is not three Base64 parts")
    header_text, claims_text, signature_text = found.groups()
    algorithm, key_id = _read_header(header_text, algorithms, types)
    return Token(
        algorithm,
        key_id,
        _json_object(claims_text, "payload"),
        f"{header_text}.{claims_text}".encode("ascii"),
        _decoded(signature_text),
    )


def _read_header(
    text: str, algorithms: Collection[str], types: Collection[str]
) -> tuple[str, str | None]:
    """Return the algorithm and the key's id of a header (RFC 7515, section 4).

    Raises:
        Rejected: A member is not as `parse_token` demands.
    """
    if len(text) > _MAX_HEADER:
        raise Rejected("its header is too long")
    header = _json_object(text, "header")
    algorithm, key_id = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise Rejected("its algorithm is not allowed")
    if "crit" in header or "b64" in header:
        raise Rejected("its header has extensions that must be understood")
    if key_id is not None and not (isinstance(key_id, str) and len(key_id) <= _MAX_KEY_ID):
        raise Rejected("its kid is not a short string")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
        raise Rejected("its typ is not allowed")
    return algorithm, key_id


def _decoded(text: str) -> bytes:
    """Return the bytes of Base64url without padding; each value has one spelling."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Rejected("a part is not Base64") from None
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii") != text:
        raise Rejected("a part has left-over bits")
    return data


def _json_object(text: str, part: str) -> Mapping[str, object]:
    try:
        value = loads_json(_decoded(text), limits=_LIMITS)
    except BadRequest as problem:
        raise Rejected(f"its {part} is not strict JSON: {problem.detail}") from None
    if not isinstance(value, dict):
        raise Rejected(f"its {part} is not an object")
    return value


class TokenRules(Record):
    """The rules that the claims of a token must meet."""

    issuer: str | None
    audiences: frozenset[str]
    required: tuple[str, ...]
    leeway: float

    def check(self, claims: Mapping[str, object], now: float) -> float:
        """Return when a token expires, in seconds since 1970, infinite if never.

        Args:
            claims: The claims; the signature is verified.
            now: The present time in seconds since 1970.

        Raises:
            Rejected: A claim is missing or malformed, or the token is not for now or not for here.
        """
        for name in self.required:
            if claims.get(name) is None:
                raise Rejected(f"it has no {name}")
        expires = _time(claims, "exp", math.inf)
        if now >= expires + self.leeway:
            raise Rejected("it has expired")
        if now < _time(claims, "nbf", -math.inf) - self.leeway:
            raise Rejected("it is not valid yet")
        if now < _time(claims, "iat", -math.inf) - self.leeway:
            raise Rejected("it was issued in the future")
        if self.issuer is not None and claims.get("iss") != self.issuer:
            raise Rejected("it is of another issuer")
        if not isinstance(claims.get("sub", ""), str):
            raise Rejected("its sub is not a string")
        # SECURITY: a token bound to a key of the client is no bearer token (RFC 7800, section 3).
        if "cnf" in claims:
            raise Rejected("it is bound to a key of the client, which is not supported")
        self._check_audience(claims)
        return expires

    def _check_audience(self, claims: Mapping[str, object]) -> None:
        found = claims.get("aud", [])
        named = [found] if isinstance(found, str) else found
        if not isinstance(named, list) or not all(isinstance(each, str) for each in named):
            raise Rejected("its aud is neither a string nor a list of strings")
        if self.audiences.isdisjoint(named) if self.audiences else bool(named):
            raise Rejected("it is for another audience")


def _time(claims: Mapping[str, object], name: str, default: float) -> float:
    """Return a NumericDate (RFC 7519, section 2)."""
    if name not in claims:
        return default
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Rejected(f"its {name} is not a number")
    return value
