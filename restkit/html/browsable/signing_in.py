"""Signing in and out on pages, and the credentials of the requests that they show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from ...contract import Operation
from ...http.uris import is_local_url, quote_path
from ...media import FORM_TYPES
from ...parsing.forms import parse_form
from ...problems import Problem
from ...records import Record
from ...request import Request
from ...security_scheme import SecurityScheme
from ..environment import TemplateOwner
from ..method_override import FormOrigin
from .assets import OWN_PREFIX
from .credentials import (
    Credentials,
    SchemeForm,
    credentials_of,
    expired_cookie,
    kept_credentials,
    scheme_forms,
    schemes_of,
)
from .links import Site
from .page_response import PageResponse, redirect_response

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["SIGNED_OUT", "SigningIn", "SigningInView"]

_SIGN_IN, _SIGN_OUT = f"{OWN_PREFIX}sign-in", f"{OWN_PREFIX}sign-out"


class SigningInView(Record):
    """The part of a page for signing in.

    Attributes:
        schemes: The forms of the schemes, () if nothing needs credentials.
        is_wanted: Whether something of the page needs credentials that the caller has not given.
        signed_in: The name of the scheme of the caller's credentials, "" without any.
        sign_in: The URL of the forms.
        sign_out: The URL of the form that forgets the credentials.
        following: The URL of the page.
    """

    schemes: Sequence[SchemeForm] = ()
    is_wanted: bool = False
    signed_in: str = ""
    sign_in: str = ""
    sign_out: str = ""
    following: str = ""


SIGNED_OUT = SigningInView()
"""What a page shows if nothing needs credentials."""


class SigningIn:
    """The credentials of the users of pages."""

    def __init__(self, site: Site) -> None:
        """Take the dispatcher, whose Operations have the security schemes."""
        self._site = site
        self._known: Mapping[str, SecurityScheme] | None = None

    @property
    def _schemes(self) -> Mapping[str, SecurityScheme]:
        if self._known is None:
            entries = self._site.entries
            self._known = schemes_of(each for entry in entries for each in entry.operations)
        return self._known

    def signed(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        """Return an environ with the credentials that the browser keeps."""
        found = kept_credentials(environ, self._schemes)
        return environ if found is None else found.added_to(environ)

    def shown_headers(self, environ: WSGIEnvironment) -> dict[str, str]:
        """Return the header of the credentials for code, without their value.

        SECURITY: the credentials themselves are never in a page.
        """
        found = kept_credentials(environ, self._schemes)
        if found is None or found.place != "header":
            return {}
        kind, space, _ = found.text.partition(" ")
        is_typed = found.name == "Authorization" and space
        return {found.name: f"{kind} $TOKEN" if is_typed else "$TOKEN"}

    def view(
        self,
        environ: WSGIEnvironment,
        request: Request,
        operations: Iterable[Operation],
        is_wanted: bool,
    ) -> SigningInView:
        """Return the part of a page for signing in.

        Args:
            environ: The environ of the browser's request.
            request: The request of the page.
            operations: The Operations of its URL.
            is_wanted: Whether one of them needs credentials that the caller has not given.
        """
        forms = scheme_forms(operations, request)
        found = kept_credentials(environ, self._schemes)
        if not forms and found is None:
            return SIGNED_OUT
        root = quote_path(request.root_path)
        shown = [each for each in forms if each.kind != "link" or each.url]
        path, query = quote_path(request.root_path + request.path), environ.get("QUERY_STRING", "")
        following = f"{path}?{query}" if query else path
        return SigningInView(
            shown,
            is_wanted,
            "" if found is None else found.scheme,
            root + _SIGN_IN,
            root + _SIGN_OUT,
            following,
        )

    def response(self, environ: WSGIEnvironment, path: str) -> PageResponse | None:
        """Return the response to one of the forms, None for another URL."""
        if path not in (_SIGN_IN, _SIGN_OUT) or environ["REQUEST_METHOD"] != "POST":
            return None
        request = self._site.request_at(environ, "POST")
        try:
            check = FormOrigin(cast("TemplateOwner", request.app))
            if check.is_foreign(request):
                return _refused(403)
            parse_form(request, FORM_TYPES[:1], request.app.settings)
            is_from_here = check(request)
        except Problem as problem:
            return _refused(problem.status)
        finally:
            request.close()
        if not is_from_here:
            return _refused(403)
        following = request.form.get("next", "/")
        target = following if is_local_url(following) else f"{quote_path(request.root_path)}/"
        if path == _SIGN_OUT:
            return redirect_response(target, [expired_cookie(environ)])
        found = credentials_of(self._schemes, request.form)
        return _signed_in(found, environ, target)


def _signed_in(found: Credentials | None, environ: WSGIEnvironment, target: str) -> PageResponse:
    if found is None:
        return redirect_response(target)
    cookie = found.cookie(environ)
    return _refused(413) if cookie is None else redirect_response(target, [cookie])


def _refused(status: int) -> PageResponse:
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "0")]
    return PageResponse(status, headers, b"", is_page=False)
