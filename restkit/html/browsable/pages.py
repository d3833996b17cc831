"""`Pages`: from a request of a browser to the page that shows its response."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import IO, TYPE_CHECKING, cast

from ...contract import Operation
from ...http.methods import SAFE_METHODS
from ...problems import Forbidden, Problem
from ...request import Request
from ..environment import TemplateOwner
from .again import sent_again
from .asking import SEARCHED, inner_query, page_query
from .assets import asset_response
from .exchange import ACCEPT, Received, inner_environ, send
from .page_builder import BrowsedSite, PageBuilder, own_url
from .page_response import PageResponse, redirect_response
from .permitted import Permissions
from .request_headers import written_headers
from .samples import SampleRequest
from .sent_forms import OwnForm, SentForm, is_form, read_form, sent_form
from .signing_in import SIGNED_OUT, SigningIn
from .verb_forms import VerbForm, verb_form
from .versions import Versions, versions_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["Pages"]

_CORRECTED = frozenset({400, 401, 403, 409, 412, 413, 415, 422, 428, 429, 503})
"""The statuses with which a page shows the form that was sent, to be sent again."""


class Pages:
    """The pages of the Apps of one dispatcher."""

    def __init__(self, site: BrowsedSite) -> None:
        """Take the dispatcher that responds to the requests which pages show."""
        self._site = site
        self._builder = PageBuilder(site)
        self._permissions = Permissions()
        self._signing_in = SigningIn(site)

    def own_response(self, environ: WSGIEnvironment) -> PageResponse | None:
        """Return the response to a URL of the pages themselves, None for another URL."""
        path = environ.get("PATH_INFO", "")
        return asset_response(path) or self._signing_in.response(environ, path)

    def signed(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        """Return an environ with the credentials that the browser keeps."""
        return self._signing_in.signed(environ)

    def respond(self, environ: WSGIEnvironment, request: Request) -> PageResponse | OwnForm:
        """Return the page of a request, or its form if that is for an Operation without pages.

        Args:
            environ: The environ of the browser's request: a GET, a HEAD, or a POST with a form.
            request: The request, with its Operation.
        """
        if is_form(environ):
            return self._respond_to_form(environ, request)
        query = environ.get("QUERY_STRING", "")
        if SEARCHED in page_query(environ):
            return redirect_response(own_url(request, inner_query(query, searched=True)))
        headers: dict[str, str] = {}
        if request.operation is not None:
            headers = written_headers(request.operation, page_query(environ).items())
        inner = self._signing_in.signed(
            inner_environ(environ, "GET", inner_query(query, searched=False), headers=headers)
        )
        received = send(self._site.serve, inner)
        if _is_redirect(received):
            return _redirect(received, request)
        operations = _documented(self._site.operations_at(environ))
        permitted, is_unknown = self._permissions.permitted(inner, request, operations)
        if received.status == 401:
            permitted, is_unknown = {}, True
        signed = list(operations.values())
        if request.operation is not None:
            signed.append(request.operation)
        signing_in = self._signing_in.view(environ, request, signed, is_unknown)
        return self._builder.page(
            environ,
            request,
            received,
            operations=permitted,
            forms=self._forms(environ, request, received, permitted),
            sample=self._sample(environ, request, headers),
            signing_in=signing_in,
        )

    def _sample(
        self, environ: WSGIEnvironment, request: Request, headers: Mapping[str, str]
    ) -> SampleRequest:
        """Return the request of a page, without the value of its credentials."""
        query = inner_query(environ.get("QUERY_STRING", ""), searched=False)
        url = request.host_url.rstrip("/") + own_url(request, query)
        shown = {"Accept": ACCEPT, **headers, **self._signing_in.shown_headers(environ)}
        return SampleRequest(request.method, url, shown)

    def _forms(
        self,
        environ: WSGIEnvironment,
        request: Request,
        received: Received,
        operations: Mapping[str, Operation],
    ) -> list[VerbForm]:
        """Return the forms of the verbs that may follow a response."""
        query = inner_query(environ.get("QUERY_STRING", ""), searched=False)
        action, data = own_url(request, query), received.data()
        tag = "" if received.header("ETag").startswith("W/") else received.header("ETag")
        app = cast("TemplateOwner", request.app)
        if not 200 <= received.status < 300:
            data, tag = None, ""
            operations = {each: operations[each] for each in ("POST", "PUT") if each in operations}
        changing = [each for each in operations.values() if each.method not in SAFE_METHODS]
        return [verb_form(app, request, each, action, data, tag) for each in changing]

    # forms

    def _respond_to_form(
        self, environ: WSGIEnvironment, request: Request
    ) -> PageResponse | OwnForm:
        """Return the page that responds to a form, or the form if it belongs to no page."""
        operations = self._site.operations_at(environ)
        content: IO[bytes] = io.BytesIO()
        read: Request | None = None
        try:
            read, content, method = read_form(
                environ, request, self._site.form_limits(environ, request.app.settings)
            )
            operation = operations.get(method)
            if operation is None:
                own, content = OwnForm(environ, content), io.BytesIO()
                return own
            asked = self._site.request_at(environ, method)
            return self._sent(environ, asked, sent_form(read, content, operation), operations)
        except Problem as problem:
            return self._builder.page(environ, request, _received(problem), operations={})
        finally:
            content.close()
            if read is not None:
                read.close()

    def _sent(
        self,
        environ: WSGIEnvironment,
        asked: Request,
        sent: SentForm,
        operations: Mapping[str, Operation],
    ) -> PageResponse:
        """Return the page of a form that was sent for an Operation."""
        query = inner_query(environ.get("QUERY_STRING", ""), searched=False)
        action = own_url(asked, query)
        sample = self._sample(environ, asked, sent.headers)
        if sent.content is not None:
            typed = {**sample.headers, "Content-Type": sent.content[0]}
            sample = sample._replace(headers=typed, body=sent.body)
        asking = self._signing_in.signed(
            inner_environ(environ, asked.method, query, headers=sent.headers)
        )
        permitted, _ = self._permissions.permitted(asking, asked, _documented(operations))
        if sent.asks_for_row or sent.is_preview:
            if asked.method not in permitted:
                raise Forbidden("Only those who may send the request are shown its form.")
            forms = [sent_again(sent, action, None)]
            return self._builder.page(
                environ, asked, None, operations=permitted, forms=forms, sample=sample
            )
        inner = self._signing_in.signed(
            inner_environ(environ, asked.method, query, content=sent.content, headers=sent.headers)
        )
        received = send(self._site.serve, inner)
        if _is_redirect(received):
            return _redirect(received, asked)
        forms, versions = self._after(environ, asked, sent, received, permitted)
        signing_in = SIGNED_OUT
        if received.status == 401:
            permitted = {}
            signing_in = self._signing_in.view(environ, asked, [sent.operation], True)
        return self._builder.page(
            environ,
            asked,
            received,
            operations=permitted,
            forms=forms,
            sample=sample,
            versions=versions,
            signing_in=signing_in,
        )

    def _after(
        self,
        environ: WSGIEnvironment,
        asked: Request,
        sent: SentForm,
        received: Received,
        permitted: Mapping[str, Operation],
    ) -> tuple[list[VerbForm], Versions | None]:
        """Return the forms after a form that was sent, and the two versions of an item."""
        query = inner_query(environ.get("QUERY_STRING", ""), searched=False)
        action = own_url(asked, query)
        versions: Versions | None = None
        if received.status == 412 and sent.plan is not None:
            reading = self._signing_in.signed(inner_environ(environ, "GET", query))
            versions = versions_of(sent, action, send(self._site.serve, reading))
        if versions is not None:
            return [versions.form], versions
        if received.status not in _CORRECTED:
            return self._following(environ, asked, received, permitted), None
        return [sent_again(sent, action, received)] if asked.method in permitted else [], None

    def _following(
        self,
        environ: WSGIEnvironment,
        asked: Request,
        received: Received,
        operations: Mapping[str, Operation],
    ) -> list[VerbForm]:
        """Return the forms after a request that has succeeded: those of the returned object."""
        if asked.method == "POST":
            again = {each: operations[each] for each in ("POST",) if each in operations}
            return self._forms(environ, asked, received._replace(status=404), again)
        if asked.method in ("PUT", "PATCH") and isinstance(received.data(), Mapping):
            return self._forms(environ, asked, received, operations)
        return []


def _documented(operations: Mapping[str, Operation]) -> dict[str, Operation]:
    """Return the Operations of which a page may tell.

    SECURITY: the document of an App may be for those alone who are signed in. So a page tells of
    the documented Operations that its caller may send, and of no others.
    """
    return {method: each for method, each in operations.items() if each.documented}


def _is_redirect(received: Received) -> bool:
    return 300 <= received.status < 400 and bool(received.header("Location"))


def _redirect(received: Received, request: Request) -> PageResponse:
    """Return a redirect of the App, which the browser follows."""
    headers: Sequence[tuple[str, str]] = received.headers
    return PageResponse(received.status, headers, b"", request.operation, is_page=False)


def _received(problem: Problem) -> Received:
    """Return the response of a problem of a form itself."""
    body = problem.to_bytes()
    return Received(problem.status, [("Content-Type", "application/problem+json")], body)
