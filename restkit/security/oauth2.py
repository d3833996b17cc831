"""`OAuth2`: access tokens of an authorization server, with its flows in the document (RFC 6749)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..contract import Operation
from ..contributor import Contribution
from ..decorators import raises
from ..errors import DeclarationError
from ..problems import ServiceUnavailable
from ..request import Request
from ..requirements import Scheme
from .bearer import BearerScheme
from .flows import Flow

__all__ = ["OAuth2"]


class OAuth2(Scheme):
    """A security scheme of access tokens, whose document says how clients get them.

    ::

        oauth = OAuth2(
            JWTBearer(issuer=ISSUER, audience="books", algorithms=["RS256"], jwks=KEYS),
            AuthorizationCode(
                f"{ISSUER}/authorize", f"{ISSUER}/token", scopes={"books:write": "Change books."}
            ),
        )

        class Books(Resource):
            @access(security=oauth.scopes("books:write"))
            def post(self, body: Book) -> Book: ...

    An operation that demands a scope of no flow is refused at start-up.
    """

    def __init__(
        self, tokens: BearerScheme, *flows: Flow, name: str = "oauth2", description: str = ""
    ) -> None:
        """Make the scheme.

        Args:
            tokens: The scheme that verifies the tokens: a `JWTBearer`, or an `HTTPBearer` whose
                function asks the server (RFC 7662).
            flows: How clients get tokens, at most one of each kind.
            name: The key under ``components.securitySchemes``.
            description: The description in the document.

        Raises:
            DeclarationError: There is no flow, or there are two of one kind.
        """
        if not isinstance(tokens, BearerScheme):
            raise DeclarationError(
                f"OAuth2 expects the scheme that verifies its tokens first, got {tokens!r}. Write "
                "OAuth2(JWTBearer(...), AuthorizationCode(...))."
            )
        kinds = [each.kind for each in flows if isinstance(each, Flow)]
        if not kinds or len(kinds) < len(flows) or len(set(kinds)) < len(kinds):
            raise DeclarationError(
                "OAuth2 expects one or more flows of different kinds, such as "
                f"AuthorizationCode(...), got {flows!r}."
            )
        self.name = name
        self.description = description
        self._tokens = tokens
        self._flows = flows

    @property
    def issuer(self) -> str | None:
        """The server that issues the tokens, None if their scheme does not know it."""
        return self._tokens.issuer

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object."""
        found: dict[str, object] = {
            "type": "oauth2",
            "flows": {each.kind: each.document() for each in self._flows},
        }
        return {**found, "description": self.description} if self.description else found

    @raises(ServiceUnavailable)
    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return the caller, as the scheme of the tokens does."""
        return self._tokens.authenticate(request, scopes)

    def contribute(self, operation: Operation, /) -> Contribution:
        """Declare the challenge of a 403, as the scheme of the tokens does."""
        return self._tokens.contribute(operation)

    def check_operation(self, operation: Operation, /) -> None:
        """Reject an operation that demands a scope which no flow can give.

        Raises:
            DeclarationError: It does.
        """
        known = {scope for each in self._flows for scope in each.scopes}
        for combination in operation.security:
            for scheme, scopes in combination:
                missing = sorted(set(scopes) - known) if scheme is self else []
                if missing:
                    raise DeclarationError(
                        f"{operation.declared_at} demands the scope {missing[0]!r}, which no flow "
                        f"of {self.name} has. Add it to scopes= of a flow, with a description."
                    )
