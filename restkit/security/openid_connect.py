"""`OpenIDConnect`: access tokens of a provider that describes itself (OpenID Connect Discovery)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from .caller_checks import CheckLike, ScopesLike
from .fetching import check_url, fetcher
from .jwt_bearer import JWTBearer
from .key_set import KeySet

__all__ = ["OpenIDConnect"]

_SUFFIX = "/.well-known/openid-configuration"


class OpenIDConnect(JWTBearer):
    """A security scheme of tokens of an OpenID provider, whose keys are found by discovery.

    ::

        google = OpenIDConnect("https://accounts.google.com", audience=settings.client_id)

    The provider's description is fetched when the first token arrives, and with each new set of
    keys. Its ``issuer`` must be the one that was given.
    """

    def __init__(
        self,
        issuer: str,
        *,
        audience: str | Sequence[str] | None,
        algorithms: Sequence[str] = ("RS256",),
        load: CheckLike | None = None,
        scopes: ScopesLike | None = None,
        leeway: float = 30,
        required: Sequence[str] = ("exp", "sub"),
        types: Collection[str] = ("JWT", "at+jwt"),
        timeout: float = 5,
        fetch: Callable[[str], object] | None = None,
        realm: str = "api",
        resource_metadata: str | None = None,
        name: str = "openid",
        description: str = "",
    ) -> None:
        """Make the scheme; nothing is fetched yet.

        Args:
            issuer: The URL of the provider, as its tokens have it in ``iss``.
            audience: See `JWTBearer`.
            algorithms: See `JWTBearer`.
            load: See `JWTBearer`.
            scopes: See `JWTBearer`.
            leeway: See `JWTBearer`.
            required: See `JWTBearer`.
            types: See `JWTBearer`.
            timeout: How long each fetch may take, in seconds.
            fetch: A function of a URL that returns the JSON value there, instead of the one of
                restkit.
            realm: See `JWTBearer`.
            resource_metadata: See `JWTBearer`.
            name: The key under ``components.securitySchemes``.
            description: The description in the document.

        Raises:
            DeclarationError: The URL is not https, or another value is invalid.
        """
        check_url(issuer, "OpenIDConnect")
        self._issuer = issuer
        self._fetch = fetch or fetcher(timeout)
        super().__init__(
            issuer=issuer,
            audience=audience,
            algorithms=algorithms,
            jwks=KeySet(self._keys_url, timeout=timeout, fetch=fetch),
            load=load,
            scopes=scopes,
            leeway=leeway,
            required=required,
            types=types,
            realm=realm,
            resource_metadata=resource_metadata,
            name=name,
            description=description,
        )

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object."""
        found = {"type": "openIdConnect", "openIdConnectUrl": self._discovery_url}
        return {**found, "description": self.description} if self.description else found

    @property
    def _discovery_url(self) -> str:
        return self._issuer.rstrip("/") + _SUFFIX

    def _keys_url(self) -> str:
        """Return the URL of the keys, from the provider's description.

        Raises:
            ValueError: The description is of another issuer.
        """
        found = self._fetch(self._discovery_url)
        if not isinstance(found, Mapping) or found.get("issuer") != self._issuer:
            raise ValueError(f"{self._discovery_url} does not describe the issuer {self._issuer}")
        return str(found.get("jwks_uri"))
