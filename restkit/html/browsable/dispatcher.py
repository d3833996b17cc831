"""The dispatcher of browsable Apps: a request that prefers HTML gets a page of its response."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from ...contract import Operation
from ...dispatch.method_override import OverridingDispatcher
from ...dispatch.url_targets import with_outer_values
from ...environ_keys import CONTRACT_CHECK
from ...http.request_target import near_url
from ...operations.entries import Entry
from ...request import Request, current_request
from .asking import RAW, asks_for_page, inner_query, page_query
from .assets import OWN_PREFIX
from .declared import VERBS, has_page
from .exchange import ACCEPT, inner_environ
from .page_response import PageResponse, failed_response
from .pages import Pages
from .sent_forms import OwnForm, is_form

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["BrowsableDispatcher"]

_CheckContract = Callable[
    [Operation, Request, int, Sequence[tuple[str, str]], bytes],
    object,
]
_log = logging.getLogger("restkit")


class BrowsableDispatcher(OverridingDispatcher):
    """A dispatcher that shows the responses of JSON resources as pages, to browsers alone.

    The request that the page shows goes through the App as that of an API client does, once.
    """

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333)."""
        if environ.get("PATH_INFO", "").startswith(OWN_PREFIX):
            own = self._pages.own_response(environ)
            if own is not None:
                return own(environ, start_response)
        if not asks_for_page(environ):
            return super().__call__(environ, _varying(start_response))
        request = self._asked(environ)
        if request is None:
            return super().__call__(environ, _varying(start_response))
        asked = page_query(environ)
        if RAW in asked and environ["REQUEST_METHOD"] != "POST":
            return self._raw(environ, asked[RAW], start_response)
        return self._respond(environ, request, start_response)

    def _asked(self, environ: WSGIEnvironment) -> Request | None:
        """Return the request that a page shows, None if there is no page."""
        method = environ["REQUEST_METHOD"]
        if method in ("GET", "HEAD"):
            request = self.request_at(environ, "GET")
            return request if _is_shown(request) else None
        if not is_form(environ):
            return None
        # The form may be for another verb.
        request = self.request_at(environ, "POST")
        if request.operation is None:
            return request if self.operations_at(environ) else None
        return request if _is_shown(request) else None

    @cached_property
    def _pages(self) -> Pages:
        return Pages(self)

    def _raw(
        self, environ: WSGIEnvironment, media_type: str, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Respond as to an API client."""
        query = inner_query(environ.get("QUERY_STRING", ""), searched=False)
        inner = inner_environ(environ, environ["REQUEST_METHOD"], query)
        inner["HTTP_ACCEPT"] = media_type or "*/*"
        try:
            inner = self._pages.signed(inner)
        except Exception:  # noqa: BLE001  # whatever it is, a server gets a response
            _log.exception("The credentials of a page failed")
            return failed_response()(environ, start_response)
        return super().__call__(inner, _varying(start_response))

    def _respond(
        self, environ: WSGIEnvironment, request: Request, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Respond with the page of a request; without a page, if it fails."""
        check = environ.get(CONTRACT_CHECK)
        try:
            page = self._pages.respond(environ, request)
            if check is not None and isinstance(page, PageResponse) and page.is_page:
                _check_page(check, page, request)
        except Exception:
            if check is not None:
                raise
            _log.exception("The page of %s failed", ascii(request.path)[1:-1])
            # A form has been sent already, perhaps.
            page = failed_response()
            if environ["REQUEST_METHOD"] != "POST":
                return self._raw(environ, ACCEPT, start_response)
        if isinstance(page, OwnForm):
            return page.sent(self.serve, _varying(start_response))
        return page(environ, start_response)

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request as the App does without pages."""
        return super().__call__(environ, start_response)

    def operations_at(self, environ: WSGIEnvironment) -> dict[str, Operation]:
        """Return the Operations of a URL by their verbs, those that pages show."""
        found: dict[str, Operation] = {}
        for method in VERBS:
            operation = self.request_at(environ, method).operation
            if operation is not None and operation.method == method and has_page(operation):
                found[method] = operation
        return found

    @property
    def entries(self) -> Sequence[Entry]:
        """The mounted resources."""
        return self._composed.entries

    def url_of(self, entry: Entry, values: Mapping[str, object], request: Request) -> str | None:
        """Return the URL of a resource, None if its pattern rejects a value."""
        index = self._positions[id(entry)]
        whole = with_outer_values(entry, values, request.mount_parameters)
        url, _ = self._composed.router.checked(str(index), whole, request.root_path)
        return near_url(url, request) if url and entry.pattern.host else url

    @cached_property
    def _positions(self) -> dict[int, int]:
        """The position of each entry by its id: entries live as long as the dispatcher."""
        return {id(entry): index for index, entry in enumerate(self._composed.entries)}


def _check_page(check: _CheckContract, page: PageResponse, request: Request) -> None:
    """Check that a page is in the contract of its Operation."""
    if page.operation is not None:
        check(page.operation, request, page.status, page.headers, page.body)


def _is_shown(request: Request) -> bool:
    """Return whether a URL has pages: its Operation has, or it is none of a browsable App."""
    if request.operation is None:
        return request.app.settings.is_browsable
    return has_page(request.operation)


def _varying(start_response: StartResponse) -> StartResponse:
    """Return ``start_response`` with Vary for Operations with pages (RFC 9110, 12.5.5)."""

    def start(
        status: str, headers: list[tuple[str, str]], *failed: object
    ) -> Callable[[bytes], object]:
        request = current_request.get(None)
        if request is not None and request.operation is not None and has_page(request.operation):
            names = [text for name, text in headers if name.lower() == "vary"]
            if not any("accept" in text.lower().replace(" ", "").split(",") for text in names):
                headers = [*headers, ("Vary", "Accept")]
        return start_response(status, headers, *failed)  # type: ignore[arg-type]  # as it came

    return start
