"""The base of schemes of bearer tokens: reads the token, and words the rejections (RFC 6750)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from ..contract import Failure, Header, Operation
from ..contributor import Contribution
from ..http.authorization import bearer_token
from ..problems import Forbidden
from ..request import Request
from ..requirements import Scheme
from .caller_checks import ScopesLike, check_scopes, lacks_scope
from .challenges import BearerChallenges

__all__ = ["MAX_TOKEN", "BearerScheme"]

MAX_TOKEN = 8192
"""The longest token, in characters. Servers limit the size of a header alike."""

_LACKS_SCOPE = Failure(
    Forbidden,
    "security",
    "The credentials do not suffice.",
    (Header("WWW-Authenticate", "The scopes that the token needs.", {"type": "string"}),),
)


class BearerScheme(Scheme, ABC):
    """The base of security schemes of bearer tokens in the Authorization header."""

    def __init__(
        self,
        *,
        name: str,
        realm: str,
        resource_metadata: str | None,
        scopes: ScopesLike | None,
        description: str,
    ) -> None:
        kind = type(self).__qualname__
        self.name = name
        self.description = description
        self._scopes = check_scopes(scopes, kind)
        self._challenges = BearerChallenges(realm, resource_metadata, kind)

    @property
    def issuer(self) -> str | None:
        """The server that issues the tokens, None if the scheme does not know it."""
        return None

    @abstractmethod
    def identify(self, token: str, request: Request) -> tuple[object, object]:
        """Return the caller with a token, and the object whose scopes count.

        The caller is None (or False) if the token is not valid.
        """

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object."""
        found = {"type": "http", "scheme": "bearer"}
        return {**found, "description": self.description} if self.description else found

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return the caller.

        Raises:
            Unauthorized: There is no token, or it is not valid.
            Forbidden: The token lacks one of the scopes.
        """
        token = bearer_token(request.environ.get("HTTP_AUTHORIZATION", ""))
        if token is None:
            raise self._challenges.missing()
        if len(token) > MAX_TOKEN:
            raise self._challenges.invalid()
        caller, holder = self.identify(token, request)
        if caller is None or caller is False:
            raise self._challenges.invalid()
        if scopes and lacks_scope(holder, scopes, self._scopes, type(self).__qualname__):
            raise self._challenges.insufficient(scopes)
        return caller

    def contribute(self, operation: Operation, /) -> Contribution:
        """Declare the challenge of a 403 (RFC 6750, section 3.1)."""
        return Contribution(failures=(_LACKS_SCOPE,))
