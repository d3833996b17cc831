"""`HTTPBasic`: user names and passwords in the Authorization header (RFC 7617)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..problems import Unauthorized
from ..request import Request
from ..requirements import Scheme
from .caller_checks import CheckLike, ScopesLike, check_scopes, forbidden, lacks_scope, make_check
from .challenges import challenge, check_realm

__all__ = ["HTTPBasic"]


class HTTPBasic(Scheme):
    """A security scheme of user names and passwords (RFC 7617).

    ::

        passwords = Passwords()

        def check(username: str, password: str) -> User | None:
            user = users.get(username)
            return user if passwords.verify(password, user and user.password_hash) else None

        app = App("Notes", security=HTTPBasic(check))

    A browser sends these credentials by itself once its user has entered them, also with requests
    that other sites make. Use it over TLS only.
    """

    def __init__(
        self,
        check: CheckLike,
        *,
        realm: str = "api",
        scopes: ScopesLike | None = None,
        name: str = "basic",
        description: str = "",
    ) -> None:
        """Make the scheme.

        Args:
            check: A function of the user name and the password, and of the request if its last
                parameter is called ``request``. It returns the caller, or None if they are wrong.
                It should take as long for unknown names as for wrong passwords, see `Passwords`.
            realm: The protected part of the server, which a browser shows.
            scopes: A function of the caller that returns its scopes.
            name: The key under ``components.securitySchemes``.
            description: The description in the document.

        Raises:
            DeclarationError: The functions have other parameters, or the realm cannot be sent.
        """
        kind = type(self).__qualname__
        self.name = name
        self.description = description
        self._check = make_check(check, ("username", "password"), kind)
        self._scopes = check_scopes(scopes, kind)
        more = [("realm", check_realm(realm, kind)), ("charset", "UTF-8")]
        self._challenge = challenge("Basic", more)

    def document(self) -> Mapping[str, object]:
        """Return the Security Scheme Object."""
        found = {"type": "http", "scheme": "basic"}
        return {**found, "description": self.description} if self.description else found

    def authenticate(self, request: Request, scopes: Sequence[str]) -> object:
        """Return the caller.

        Raises:
            Unauthorized: There are no credentials, or they are wrong.
            Forbidden: The caller lacks one of the scopes.
        """
        given = request.authorization
        if given is None or given.type != "basic":
            raise Unauthorized("Send a user name and a password.", headers=self._challenge)
        caller = self._check(request, given.username, given.password)
        if caller is None or caller is False:
            raise Unauthorized("The user name or the password is wrong.", headers=self._challenge)
        if lacks_scope(caller, scopes, self._scopes, type(self).__qualname__):
            raise forbidden()
        return caller
