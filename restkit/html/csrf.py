"""The check that an unsafe request comes from a page of this App (CSRF)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from ..contract import Operation
from ..errors import DeclarationError
from ..http.negotiation import parse_content_type
from ..http.request_target import host_of
from ..media import FORM_TYPES
from ..parsing.body import media_type_of
from ..parsing.forms import form_limits, parse_form
from ..problems import Forbidden
from ..request import Request
from .session import Session

__all__ = ["CSRF_FIELD", "CSRF_HEADER", "OriginCheck", "refusal"]

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"

_ORIGIN = r"https?://[a-z0-9.-]+(:[0-9]+)?|https?://\[[0-9a-f:.]+\](:[0-9]+)?"
# Browsers send these credentials by themselves, also with a form of another site.
_AMBIENT = ("basic", "digest", "negotiate", "ntlm")
_FOREIGN = "The request comes from a page of another origin."
_UNPROVEN = (
    "Nothing shows that the request comes from a page of this origin. Send Origin, or the token of "
    f"the session as {CSRF_HEADER} or as the form's {CSRF_FIELD}."
)


class OriginCheck:
    """The check of unsafe requests, which only pages of this and of trusted origins may send.

    Browsers say themselves where a request comes from: in Sec-Fetch-Site, which they send over TLS
    and to localhost, and in Origin. Only if a client sends neither, it must send the token of the
    session.
    """

    def __init__(
        self, trusted: Sequence[str], is_secure: Callable[[Mapping[str, object]], bool]
    ) -> None:
        """Make the check.

        Args:
            trusted: Other origins whose pages may send requests: ``https://app.example``.
            is_secure: Returns whether clients connect by TLS.

        Raises:
            DeclarationError: A trusted origin is none.
        """
        if isinstance(trusted, str) or not isinstance(trusted, Sequence):
            raise DeclarationError(
                f"trusted_origins of Sessions must be a sequence of strings, not {trusted!r}. "
                "Write ['https://app.example']."
            )
        for each in trusted:
            if not isinstance(each, str) or not re.fullmatch(_ORIGIN, each):
                raise DeclarationError(
                    f"{each!r} in trusted_origins of Sessions is not an origin. Write scheme and "
                    "host in lower case, and the port if it is not that of the scheme: "
                    "'https://app.example'."
                )
        self._trusted = frozenset(trusted)
        self._is_secure = is_secure

    def __call__(self, request: Request, session: Session, *, has_cookie: bool) -> None:
        """Reject a request that another site may have made a browser send.

        Args:
            request: The request.
            session: Its session, for the token.
            has_cookie: Whether the request has the cookie of a session.

        Raises:
            Forbidden: It comes from elsewhere, or nothing shows where it comes from.
            UnsupportedMediaType: It is refused, and its content has a type that the operation does
                not take.
        """
        if not self.accepts(request, session, has_cookie=has_cookie):
            _check_media_type(request)
            raise refusal(request)

    def accepts(self, request: Request, session: Session | None, *, has_cookie: bool) -> bool:
        """Return whether a request comes from here, or has credentials that no browser adds.

        Args:
            request: The request.
            session: Its session, for the token; None if the App has no sessions.
            has_cookie: Whether the request has the cookie of a session.
        """
        if self._is_from_here(request, session):
            return True
        return not has_cookie and _has_own_credentials(request)

    def is_foreign(self, request: Request, *, has_cookie: bool) -> bool:
        """Return whether the headers alone say that a request comes from elsewhere.

        No content is read. If False, `accepts` decides, which may need the token of a form.

        Args:
            request: The request.
            has_cookie: Whether the request has the cookie of a session.
        """
        return not is_silent(request) and not self.accepts(request, None, has_cookie=has_cookie)

    def _is_from_here(self, request: Request, session: Session | None) -> bool:
        environ = request.environ
        site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
        if site is not None:
            # SECURITY: a subdomain ("same-site") is as foreign as any other host. No token helps.
            return site in ("same-origin", "none") or origin in self._trusted
        if origin is not None:
            return origin == self._own_origin(request) or origin in self._trusted
        return _has_token(request, session)

    def _own_origin(self, request: Request) -> str:
        """Return the origin of this server.

        SECURITY: it is never made of a header that proxies add. `App(proxies=...)` sets the host
        and the scheme of the environ, if the program trusts its proxy.
        """
        scheme = "https" if self._is_secure(request.environ) else "http"
        return f"{scheme}://{host_of(request.environ.get('HTTP_HOST', ''), scheme)}"


def refusal(request: Request) -> Forbidden:
    """Return the problem of a request that may come from elsewhere."""
    return Forbidden(_UNPROVEN if is_silent(request) else _FOREIGN)


def is_silent(request: Request) -> bool:
    """Return whether a client does not say where a request comes from."""
    environ = request.environ
    return "HTTP_SEC_FETCH_SITE" not in environ and "HTTP_ORIGIN" not in environ


def _has_own_credentials(request: Request) -> bool:
    """Return whether the client has put credentials into the request that browsers do not add."""
    header: str = request.environ.get("HTTP_AUTHORIZATION", "")
    scheme = header.partition(" ")[0].lower()
    return bool(scheme) and scheme not in _AMBIENT


def _has_token(request: Request, session: Session | None) -> bool:
    if session is None:
        return False
    token: str | None = request.environ.get("HTTP_X_CSRF_TOKEN")
    if token is None:
        token = _token_of_form(request)
    return token is not None and session.has_csrf_token(token)


def _token_of_form(request: Request) -> str | None:
    """Return the token in a declared form, None without one."""
    if request.form_read:
        return request.form.get(CSRF_FIELD)
    operation: Operation = request.operation
    taken = [each for each in operation.inputs if set(FORM_TYPES).intersection(each.media_types)]
    if not taken:
        return None
    content_type = parse_content_type(request.environ.get("CONTENT_TYPE"))
    if content_type.media_type not in FORM_TYPES:
        return None
    types = tuple(dict.fromkeys(kind for each in taken for kind in each.media_types))
    parse_form(request, types, form_limits(taken, request.app.settings))
    return request.form.get(CSRF_FIELD)


def _check_media_type(request: Request) -> None:
    """Reject content of a type that the operation does not take, such as JSON as text/plain."""
    operation: Operation = request.operation
    taken = tuple(kind for each in operation.inputs for kind in each.media_types)
    if request.has_content and taken:
        header = "Accept-Patch" if operation.method == "PATCH" else "Accept"
        media_type_of(request, taken, header)
