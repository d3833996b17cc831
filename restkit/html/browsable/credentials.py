"""Signing in on a page: the credentials of a scheme, kept in a cookie of the browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from werkzeug.http import dump_cookie, parse_cookie

from ...contract import Operation
from ...environ_keys import QUERY_KEYS
from ...json_parsing import loads_json
from ...problems import BadRequest
from ...records import Record
from ...request import Request
from ...security_scheme import SecurityScheme

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = [
    "Credentials",
    "SchemeForm",
    "credentials_of",
    "expired_cookie",
    "kept_credentials",
    "scheme_forms",
    "schemes_of",
]

_COOKIE = "restkit-pages"
_LONGEST = 3_500


class SchemeForm(Record):
    """The form of one security scheme.

    Attributes:
        name: The name of the scheme.
        kind: ``basic`` for a name and a password, ``token`` for one secret, ``link`` for a login
            page of the App.
        url: The URL of the login page.
    """

    name: str
    kind: str
    url: str = ""


class Credentials(Record):
    """Credentials for one scheme.

    Attributes:
        scheme: The name of the scheme.
        place: ``header``, ``query`` or ``cookie``.
        name: The name of the header, parameter or cookie.
        text: The value.
    """

    scheme: str
    place: str
    name: str
    text: str

    def added_to(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        """Return an environ with the credentials, unless it has such a header itself."""
        if self.place == "query":
            # SECURITY: the links of a response are made of its query.
            return {**environ, QUERY_KEYS: {self.name: self.text}}
        text = self.text.encode().decode("latin-1")
        if self.place == "cookie":
            pair = dump_cookie(self.name, self.text, path=None)
            cookies = [environ.get("HTTP_COOKIE", ""), pair]
            return {**environ, "HTTP_COOKIE": "; ".join(filter(None, cookies))}
        key = f"HTTP_{self.name.upper().replace('-', '_')}"
        return environ if key in environ else {**environ, key: text}

    def cookie(self, environ: WSGIEnvironment) -> str | None:
        """Return the value of Set-Cookie that keeps them, None if they are too long for a cookie.

        SECURITY: scripts cannot read the cookie, and other sites cannot make a browser send it.
        """
        text = (
            base64.urlsafe_b64encode(json.dumps([self.scheme, self.text]).encode())
            .decode()
            .rstrip("=")
        )
        if len(text) > _LONGEST:
            return None
        return _set_cookie(environ, text)


def kept_credentials(
    environ: WSGIEnvironment, schemes: Mapping[str, SecurityScheme]
) -> Credentials | None:
    """Return the credentials that a browser keeps, None without any.

    SECURITY: the scheme says which header they are; the cookie, which anybody can write, does not.

    Args:
        environ: The environ of the browser's request.
        schemes: The schemes of the App by their names.
    """
    header = environ.get("HTTP_COOKIE", "")
    if _COOKIE not in header:
        return None
    # SECURITY: anybody can write the cookie. What cannot be read is no credentials, and no error.
    try:
        text = parse_cookie(header).get(_cookie_name(environ), "")
        content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        name, value = loads_json(content)
        is_text = isinstance(value, str) and value.isprintable()
        scheme = schemes.get(name) if is_text else None
    except (BadRequest, ValueError, TypeError):
        return None
    return None if scheme is None else Credentials(scheme.name, *_place_of(scheme), value)


def _place_of(scheme: SecurityScheme) -> tuple[str, str]:
    """Return where the credentials of a scheme stand, and the name there."""
    document = scheme.document()
    if document.get("type") == "apiKey":
        return str(document["in"]), str(document["name"])
    return "header", "Authorization"


def expired_cookie(environ: WSGIEnvironment) -> str:
    """Return the value of Set-Cookie that forgets the credentials."""
    return _set_cookie(environ, "", seconds=0)


def _set_cookie(environ: WSGIEnvironment, text: str, seconds: int | None = None) -> str:
    return dump_cookie(
        _cookie_name(environ),
        text,
        max_age=seconds,
        path="/",
        secure=_is_tls(environ),
        httponly=True,
        samesite="Strict",
    )


def _cookie_name(environ: WSGIEnvironment) -> str:
    # Browsers take the prefix over TLS alone; with it no other host can plant the cookie.
    return f"__Host-{_COOKIE}" if _is_tls(environ) else _COOKIE


def _is_tls(environ: WSGIEnvironment) -> bool:
    return environ.get("wsgi.url_scheme") == "https"


def schemes_of(operations: Iterable[Operation]) -> dict[str, SecurityScheme]:
    """Return the security schemes of Operations by their names."""
    return {
        scheme.name: scheme
        for operation in operations
        for combination in operation.security
        for scheme, _ in combination
    }


def scheme_forms(operations: Iterable[Operation], request: Request) -> list[SchemeForm]:
    """Return the forms of the schemes of some Operations."""
    schemes = schemes_of(operations).values()
    return [_form(each, request) for each in schemes if _takes_credentials(each)]


def _takes_credentials(scheme: SecurityScheme) -> bool:
    """Return whether a scheme takes its credentials from a page.

    SECURITY: only `APIKey` reads the key of a query where no link can have it.
    """
    return _place_of(scheme)[0] != "query" or hasattr(scheme, "reads_query_keys")


def _form(scheme: SecurityScheme, request: Request) -> SchemeForm:
    login_url = getattr(scheme, "login_url", None)
    if login_url is not None:
        return SchemeForm(scheme.name, "link", str(login_url(request)))
    document = scheme.document()
    is_basic = document.get("type") == "http" and document.get("scheme") == "basic"
    return SchemeForm(scheme.name, "basic" if is_basic else "token")


def credentials_of(
    schemes: Mapping[str, SecurityScheme], form: Mapping[str, str]
) -> Credentials | None:
    """Return the credentials of a form, None if it has none for a known scheme.

    Args:
        schemes: The schemes of the App.
        form: The fields of the form.
    """
    scheme = schemes.get(form.get("scheme", ""))
    token, user = form.get("token", "").strip(), form.get("username", "")
    if scheme is None or not (token or user):
        return None
    document, place = scheme.document(), _place_of(scheme)
    if document.get("type") == "apiKey":
        return Credentials(scheme.name, *place, token)
    if document.get("scheme") == "basic":
        pair = f"{user}:{form.get('password', '')}".encode()
        return Credentials(scheme.name, *place, f"Basic {base64.b64encode(pair).decode()}")
    named = str(document.get("scheme", "bearer")) if document.get("type") == "http" else "bearer"
    return Credentials(scheme.name, *place, f"{named.capitalize()} {token}")
