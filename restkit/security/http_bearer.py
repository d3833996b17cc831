"""`HTTPBearer`: tokens in the Authorization header that a function knows (RFC 6750)."""

from __future__ import annotations

from collections.abc import Mapping

from ..request import Request
from .bearer import BearerScheme
from .caller_checks import CheckLike, ScopesLike, make_check

__all__ = ["HTTPBearer"]


class HTTPBearer(BearerScheme):
    """A security scheme of bearer tokens that a function of yours knows (RFC 6750).

    ::

        def find_token(token: str, request: Request) -> Token | None:
            digest = sha256(token.encode()).hexdigest()
            return obtain(session, request).get(Token, digest)

        tokens = HTTPBearer(find_token, scopes=lambda token: token.scopes)
        app = App("Notes", security=tokens)

    Keep a digest of each token, not the token: a lookup by digest also takes the same time for
    tokens that have the beginning of a valid one.
    """

    def __init__(
        self,
        check: CheckLike,
        *,
        realm: str = "api",
        scopes: ScopesLike | None = None,
        bearer_format: str = "",
        resource_metadata: str | None = None,
        name: str = "bearer",
        description: str = "",
    ) -> None:
        """Make the scheme.

        Args:
            check: A function of the token, and of the request if its last parameter is called
                ``request``. It returns the caller, or None if the token is not valid.
            realm: The protected part of the server, for people.
            scopes: A function of the caller that returns its scopes, as a collection or as one
                text with spaces.
            bearer_format: The format of the tokens, as a hint in the document.
            resource_metadata: The URL of the metadata of the protected resource (RFC 9728).
            name: The key under ``components.securitySchemes``.
            description: The description in the document.

        Raises:
            DeclarationError: The functions have other parameters, or a text cannot be sent.
        """
        super().__init__(
            name=name,
            realm=realm,
            resource_metadata=resource_metadata,
            scopes=scopes,
            description=description,
        )
        self._check = make_check(check, ("token",), type(self).__qualname__)
        self._format = bearer_format

    def identify(self, token: str, request: Request) -> tuple[object, object]:
        """Return the caller that the function found, whose scopes count."""
        caller = self._check(request, token)
        return caller, caller

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object."""
        found = super().document()
        return {**found, "bearerFormat": self._format} if self._format else found
