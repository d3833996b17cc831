"""`PageBuilder`: the page of a response, rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol, cast

from ...contract import Operation
from ...http.uris import quote_path
from ...request import Request
from ...schemas.form_policy import FormLimits
from ...settings import Settings
from ..environment import TemplateOwner
from ..templates import templates_of
from .asking import RAW, inner_query, page_query, query_pairs, with_parameter
from .assets import style_url
from .content_view import json_markup, plain_text
from .contract_view import contract_view
from .exchange import ACCEPT, Received
from .languages import speaking
from .links import (
    ContentLinks,
    PageLink,
    Site,
    breadcrumbs,
    collection_url,
    declared_entries,
    link_header,
    related_entries,
)
from .page_response import PageResponse, page_response
from .query_form import query_form
from .request_headers import header_fields, written_headers
from .samples import SampleRequest, samples
from .signing_in import SIGNED_OUT, SigningInView
from .verb_forms import VerbForm, summary_of
from .versions import Versions

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["BrowsedSite", "PageBuilder", "own_url"]

_SECRET = ("set-cookie", "authentication-info", "proxy-authentication-info")


class BrowsedSite(Site, Protocol):
    """The dispatcher of a browsable App."""

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request as the App does without pages."""
        ...

    def form_limits(self, environ: WSGIEnvironment, settings: Settings) -> FormLimits | None:
        """Return the limits of a form that is read before its Operation is known."""
        ...

    def operations_at(self, environ: WSGIEnvironment) -> dict[str, Operation]:
        """Return the Operations of a URL by their verbs, those that pages show."""
        ...


class PageBuilder:
    """The maker of pages."""

    def __init__(self, site: BrowsedSite) -> None:
        """Take the dispatcher that responds to the requests which pages show."""
        self._site = site

    def page(
        self,
        environ: WSGIEnvironment,
        request: Request,
        received: Received | None,
        *,
        operations: Mapping[str, Operation],
        forms: Sequence[VerbForm] = (),
        sample: SampleRequest | None = None,
        versions: Versions | None = None,
        signing_in: SigningInView = SIGNED_OUT,
    ) -> PageResponse:
        """Return the page of a response.

        Args:
            environ: The environ of the browser's request.
            request: The request that the page shows.
            received: Its response, None for one that is not sent.
            operations: The Operations of the URL of which the page tells.
            forms: The forms of its other verbs.
            sample: The request as code, if it is another one than a GET without content.
            versions: The two versions of an item that somebody else has changed.
            signing_in: How to sign in and out.
        """
        operation: Operation | None = request.operation
        app = cast("TemplateOwner", request.app)
        told = operation if operation in operations.values() else None
        query = inner_query(environ.get("QUERY_STRING", ""), searched=False)
        template = templates_of(app).environment.get_template("browsable/page.html")
        with speaking(app, request) as language:
            context = self._context(environ, request, told)
            if received is not None:
                context |= _response(received, ContentLinks(self._site, environ, request), request)
                context["formats"] = {} if told is None else _formats(request, told, received)
            views, schemas = contract_view(request.app, list(operations.values()))
            url = request.host_url.rstrip("/") + own_url(request, query)
            sample = sample or SampleRequest(request.method, url, {"Accept": ACCEPT})
            context |= {"operations": views, "schemas": schemas, "samples": samples(sample)}
            context["searches"] = self._searches(forms, request)
            context |= {"forms": forms, "received": received, "versions": versions}
            context |= {"signing_in": signing_in, "query": None, "reading": []}
            if received is not None and request.method == "GET" and told is not None:
                written = written_headers(told, page_query(environ).items())
                context["query"] = query_form(request, received)
                context["reading"] = header_fields(told, written, "get")
                context["kept"] = query_pairs(query)
            text = template.render(context)
        status, headers = 200, cast("Sequence[tuple[str, str]]", ())
        if received is not None:
            headers = received.headers
            status = 200 if received.status in (204, 205) else received.status
        return page_response(status, text, headers, operation, language)

    def _searches(self, forms: Sequence[VerbForm], request: Request) -> dict[str, list[PageLink]]:
        """Return the collections in which the keys of related items can be looked up, by verb."""
        related = related_entries(self._site)
        found: dict[str, list[PageLink]] = {}
        for each in forms:
            known = {**related, **declared_entries(self._site, each.operation, by_key=False)}
            for field in each.form or ():
                entry = known.get(field.path)
                url = None if entry is None else collection_url(self._site, entry, request)
                if url is not None:
                    links = found.setdefault(each.operation.method, [])
                    links.append(PageLink(field.label, url))
        return found

    def _context(
        self, environ: WSGIEnvironment, request: Request, operation: Operation | None
    ) -> dict[str, object]:
        """Return the template variables of every page."""
        app = request.app
        root = quote_path(request.root_path)
        summary = summary_of(operation) if operation is not None else ""
        return {
            "app": app,
            "style": style_url(root),
            "home": f"{root}/",
            "docs": f"{root}{app.settings.docs_url}" if app.settings.docs_url else "",
            "method": request.method,
            "path": request.path,
            "summary": summary,
            "crumbs": breadcrumbs(self._site, environ, request),
            "url_path": own_url(request, ""),
            "kept": [],
        }


def _response(received: Received, find: ContentLinks, request: Request) -> dict[str, object]:
    """Return the parts of the page about the response."""
    data = received.data()
    text, is_cut = plain_text(received)
    if data is not None or (received.is_json and received.body == b"null"):
        text, is_cut = json_markup(data, find)
    return {
        "received": received,
        "headers": list(map(_shown_header, received.headers)),
        "reason": _reason(received.status),
        "milliseconds": f"{received.seconds * 1000:.1f}",
        "size": len(received.body),
        "content": text,
        "is_cut": is_cut,
        "links": link_header(received),
        "raw": _raw_url(request, received),
    }


def _shown_header(header: tuple[str, str]) -> tuple[str, str]:
    """Return a header as the page shows it.

    SECURITY: a cookie that scripts cannot read must not be in the text of a page.
    """
    name, text = header
    if name.lower() not in _SECRET:
        return header
    key, _, rest = text.partition("=")
    _, semicolon, attributes = rest.partition(";")
    return name, f"{key}=…{semicolon}{attributes}" if name.lower() == "set-cookie" else "…"


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def own_url(request: Request, query: str) -> str:
    """Return the URL of a request, percent-encoded, with another query."""
    path = quote_path(request.root_path + request.path)
    return f"{path}?{query}" if query else path


def _shown_url(request: Request) -> str:
    return own_url(request, request.query_string.decode("latin-1"))


def _raw_url(request: Request, received: Received) -> str:
    """Return the URL of the response without a page, "" if it is not that of a GET."""
    if request.method != "GET" or not received.body:
        return ""
    return with_parameter(_shown_url(request), RAW, received.media_type)


def _formats(request: Request, operation: Operation, received: Received) -> Mapping[str, str]:
    """Return the URLs of the other media types of a response."""
    if request.method != "GET":
        return {}
    types = {
        each
        for output in operation.outputs
        for each in output.media_types
        if not output.is_aside and output.status < 300
    }
    url = _shown_url(request)
    return {each: with_parameter(url, RAW, each) for each in sorted(types - {received.media_type})}
