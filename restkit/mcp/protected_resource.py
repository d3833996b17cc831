"""The metadata of the endpoint as a protected resource of OAuth 2.0 (RFC 9728)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import ClassVar, Protocol

from marshmallow import Schema, fields

from ..contract import Header, Operation
from ..decorators import operation, raises, returns
from ..middleware import Proceed
from ..problems import NotFound
from ..request import Request
from ..resource import Resource
from ..response import Response
from ..security_scheme import SecurityScheme, uses_authorization

__all__ = ["WELL_KNOWN", "Challenges", "Metadata", "issuers_of", "scopes_of"]

WELL_KNOWN = "/.well-known/oauth-protected-resource"
CHALLENGE = Header("WWW-Authenticate", "How to authenticate: ``resource_metadata`` says where.")
_BEARER = re.compile(r"(?:^|(?<=, ))Bearer(?: |$)", re.IGNORECASE)


class _Endpoint(Protocol):
    @property
    def url(self) -> str: ...

    @property
    def operations(self) -> Sequence[Operation]: ...

    def authorization_servers(self, request: Request) -> Sequence[str]: ...

    def is_protected(self, request: Request) -> bool: ...


def schemes_of(operations: Iterable[Operation]) -> Iterator[tuple[SecurityScheme, tuple[str, ...]]]:
    """Yield the security schemes of Operations, with the scopes that each demands."""
    for each in operations:
        for combination in each.security:
            yield from combination


def issuers_of(operations: Iterable[Operation]) -> list[str]:
    """Return the issuers of the tokens that Operations accept, as far as they are URLs."""
    issuers = [str(getattr(scheme, "issuer", None)) for scheme, _ in schemes_of(operations)]
    return [each for each in dict.fromkeys(issuers) if each.startswith(("https://", "http://"))]


def scopes_of(operations: Iterable[Operation]) -> list[str]:
    """Return the scopes that Operations demand."""
    return sorted({scope for _, scopes in schemes_of(operations) for scope in scopes})


def takes_tokens(operations: Iterable[Operation]) -> bool:
    """Return whether Operations have schemes of bearer tokens."""
    return any(
        uses_authorization(scheme) and scheme.document().get("scheme") != "basic"
        for scheme, _ in schemes_of(operations)
    )


class MetadataSchema(Schema):
    """The metadata of a protected resource (RFC 9728, section 2)."""

    resource = fields.Str(required=True)
    resource_name = fields.Str(required=True)
    authorization_servers = fields.List(fields.Str())
    scopes_supported = fields.List(fields.Str())
    bearer_methods_supported = fields.List(fields.Str(), required=True)


class Metadata(Resource):
    """The metadata: which authorization servers issue tokens for the endpoint."""

    public = True
    tags = ("MCP",)
    _any_query = True
    endpoint: ClassVar[_Endpoint]
    own_url: ClassVar[str]

    @operation(operation_id="getProtectedResourceMetadata")
    @raises(NotFound)
    @returns(MetadataSchema, 200)
    def get(self) -> dict[str, object]:
        """Read which authorization servers issue tokens for the endpoint of MCP."""
        if not self.endpoint.is_protected(self.request):
            raise NotFound("The endpoint needs no token.")
        root = self.request.host_url.rstrip("/") + prefix_of(self.request, self.own_url)
        found: dict[str, object] = {
            "resource": root + self.endpoint.url,
            "resource_name": self.app.name,
            "bearer_methods_supported": ["header"],
        }
        if servers := self.endpoint.authorization_servers(self.request):
            found["authorization_servers"] = list(servers)
        if scopes := scopes_of(self.endpoint.operations):
            found["scopes_supported"] = scopes
        return found


def prefix_of(request: Request, url: str) -> str:
    """Return the path below which the App responds, by the URL of one of its endpoints.

    With ``trailing_slash="ignore"`` a request may have a slash at the end that the URL has not.
    """
    return (request.root_path + request.path).rstrip("/").removesuffix(url.rstrip("/"))


class Challenges:
    """Middleware that adds the URL of the metadata to the challenges of the endpoint."""

    def __init__(self, url: str) -> None:
        """Keep the URL of the endpoint, relative to its App."""
        self._url = url

    def __call__(self, request: Request, proceed: Proceed) -> Response:
        """Return the response, with the URL in a challenge of bearer tokens (RFC 9728, 5.1)."""
        response = proceed(request)
        given = response.headers.get("WWW-Authenticate")
        if given is not None and "resource_metadata=" not in given:
            parameter = f'Bearer resource_metadata="{self._metadata_url(request)}"'
            changed = _BEARER.sub(lambda found: f"{parameter}, ", given, count=1)
            response.headers["WWW-Authenticate"] = changed.removesuffix(", ")
        return response

    def _metadata_url(self, request: Request) -> str:
        root = prefix_of(request, self._url)
        return f"{request.host_url.rstrip('/')}{root}{WELL_KNOWN}{self._url}"
