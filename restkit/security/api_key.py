"""`APIKey`: keys in a header, a cookie or the query."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from ..environ_keys import QUERY_KEYS
from ..errors import DeclarationError
from ..problems import Unauthorized
from ..request import Request
from ..requirements import Scheme
from .caller_checks import CheckLike, ScopesLike, check_scopes, forbidden, lacks_scope, make_check
from .challenges import challenge
from .digests import digest_of

__all__ = ["APIKey"]

_MAX_KEY = 1024
_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_OTHER_SCHEMES = ("authorization", "proxy-authorization", "cookie")
_KNOWN_PREFIXES = {"bearer": "HTTPBearer", "basic": "HTTPBasic"}


class APIKey(Scheme):
    """A security scheme of keys in a header, a cookie or the query.

    ::

        partners = APIKey(keys={settings.partner_key: "partner"}, header="X-API-Key")
        app = App("Orders", security=partners)

    ``prefix="Token"`` reads ``Authorization: Token <key>``, the form of Django REST framework's
    ``TokenAuthentication``.

    Prefer a header. A key in the query gets into logs and browser histories; a browser sends a
    cookie by itself.
    """

    reads_query_keys: ClassVar[bool] = True
    """Says that the key of a query may be in the environ instead (`QUERY_KEYS`)."""

    def __init__(
        self,
        check: CheckLike | None = None,
        *,
        keys: Mapping[str, object] | None = None,
        header: str | None = None,
        cookie: str | None = None,
        query: str | None = None,
        prefix: str | None = None,
        scopes: ScopesLike | None = None,
        name: str = "api_key",
        description: str = "",
        detail: str = "",
    ) -> None:
        """Make the scheme.

        Args:
            check: A function of the key, and of the request if its last parameter is called
                ``request``. It returns the caller, or None if the key is not valid.
            keys: The callers by key, instead of ``check``: for few keys, which do not change while
                the program runs.
            header: The name of the header; X-API-Key if no place is given.
            cookie: The name of the cookie.
            query: The name of the query parameter.
            prefix: The word before the key in the header Authorization, in any case.
            scopes: A function of the caller that returns its scopes.
            name: The key under ``components.securitySchemes``.
            description: The description in the document. With a prefix, its default is the form of
                the header.
            detail: The detail of every 401, such as where to get a key.

        Raises:
            DeclarationError: There is not exactly one of ``check`` and ``keys``, or there are
                several places, or a name, a key or a function is invalid.
        """
        kind = type(self).__qualname__
        self.name = name
        self.description = description or (f"`{prefix} <key>`" if prefix else "")
        self._location, self._key_name = _place(kind, header, cookie, query, prefix)
        self._credentials = None if prefix is None else _credentials(prefix, kind)
        if (check is None) == (keys is None):
            raise DeclarationError(
                f"{kind} needs either a function that finds the caller of a key, or keys=. Write "
                f"{kind}(find_key) or {kind}(keys={{settings.partner_key: 'partner'}})."
            )
        found = check if check is not None else _KnownKeys(keys or {}, kind).find
        self._environ_key = f"HTTP_{self._key_name.upper().replace('-', '_')}"
        self._check = make_check(found, ("key",), kind)
        self._scopes = check_scopes(scopes, kind)
        if prefix is None:
            where = [("in", self._location), ("name", self._key_name)]
            self._challenge = challenge("ApiKey", where)
        else:
            self._challenge = challenge(prefix)
        self._detail = detail
        self._missing = detail or (prefix and f"Send one key: Authorization: {prefix} <key>.")
        self._place = _named_place(self._location, self._key_name)

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object."""
        found = {"type": "apiKey", "in": self._location, "name": self._key_name}
        return {**found, "description": self.description} if self.description else found

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return the caller.

        Raises:
            Unauthorized: There is no key, or it is not valid.
            Forbidden: The caller lacks one of the scopes.
        """
        key = self._sent_key(request)
        if not key:
            if self._missing:
                raise Unauthorized(self._missing, headers=self._challenge)
            raise Unauthorized(f"Send one key in {self._place}.", headers=self._challenge)
        caller = self._check(request, key) if len(key) <= _MAX_KEY else None
        if caller is None or caller is False:
            if self._detail:
                raise Unauthorized(self._detail, headers=self._challenge)
            raise Unauthorized("The key is not valid.", headers=self._challenge)
        if scopes and lacks_scope(caller, scopes, self._scopes, type(self).__qualname__):
            raise forbidden()
        return caller

    def _sent_key(self, request: Request) -> str | None:
        """Return the key of a request, None if there is none or several different ones."""
        if self._location == "header":
            found: str | None = request.environ.get(self._environ_key)
            if self._credentials is None or found is None:
                return found
            parts = self._credentials.fullmatch(found)
            return None if parts is None else parts[1]
        is_cookie = self._location == "cookie"
        keys = set((request.cookies if is_cookie else request.args).getlist(self._key_name))
        if not keys and not is_cookie:
            kept: Mapping[str, str] = request.environ.get(QUERY_KEYS, {})
            return kept.get(self._key_name)
        return keys.pop() if len(keys) == 1 else None


class _KnownKeys:
    """Callers by key.

    SECURITY: keys are looked up by their digest, so the time does not depend on how much of a
    guessed key is right.
    """

    def __init__(self, keys: Mapping[str, object], declared_at: str) -> None:
        if not isinstance(keys, Mapping) or not keys:
            raise DeclarationError(
                f"{declared_at}: keys must be a mapping with at least one key, got {keys!r}."
            )
        for key in keys:
            if not isinstance(key, str) or not 16 <= len(key) <= _MAX_KEY:
                raise DeclarationError(
                    f"{declared_at}: a key must be a string of 16 to {_MAX_KEY} characters. Make "
                    "one with secrets.token_urlsafe()."
                )
        self._callers = {digest_of(key): caller for key, caller in keys.items()}

    def find(self, key: str) -> object:
        """Return the caller of a key, None if there is none."""
        return self._callers.get(digest_of(key))


def _place(
    declared_at: str,
    header: str | None,
    cookie: str | None,
    query: str | None,
    prefix: str | None,
) -> tuple[str, str]:
    """Return where the key is, and the name of its header, cookie or query parameter."""
    given = [("header", header), ("cookie", cookie), ("query", query), ("prefix", prefix)]
    places = [(location, name) for location, name in given if name is not None]
    if not places:
        return "header", "X-API-Key"
    if len(places) > 1:
        raise DeclarationError(
            f"{declared_at} has {' and '.join(location for location, _ in places)}, but a key is "
            "in one place. Make one scheme for each, and combine them with |."
        )
    location, name = places[0]
    if location == "prefix":
        return "header", "Authorization"
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        raise DeclarationError(f"{declared_at}: {name!r} cannot be the name of a {location}.")
    if location == "header" and name.lower() in _OTHER_SCHEMES:
        raise DeclarationError(
            f"{declared_at}: the header {name} is not for API keys. Write HTTPBearer(...) for a "
            "token in Authorization, APIKey(prefix='Token') for a key after another word, or "
            "APIKey(cookie=...) for a cookie."
        )
    return location, name


def _credentials(prefix: str, declared_at: str) -> re.Pattern[str]:
    """Return the pattern of an Authorization header whose first word is a prefix.

    The word is an auth-scheme, which has no case (RFC 9110, section 11.1).
    """
    if not isinstance(prefix, str) or not re.fullmatch(_NAME, prefix):
        raise DeclarationError(
            f"{declared_at}: prefix must be one word, such as 'Token', not {prefix!r}."
        )
    known = _KNOWN_PREFIXES.get(prefix.lower())
    if known is not None:
        raise DeclarationError(f"{declared_at}: write {known}(...) for the prefix {prefix}.")
    return re.compile(rf"(?i:{re.escape(prefix)}) +([\x21-\x7e]+)[ \t]*")


def _named_place(location: str, name: str) -> str:
    """Return the place of a key in a request, for people."""
    return f"the query parameter {name}" if location == "query" else f"the {location} {name}"
