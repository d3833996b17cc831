"""`HTTPS`: redirects from http, and Strict-Transport-Security."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.routing import RequestRedirect

from ..contract import Failure, Header, Operation, Output
from ..contributor import Contribution
from ..declaration_checks import check_flag
from ..dispatch.edge import HTTPS as ORDER
from ..dispatch.edge import Layer, Serve, reject
from ..errors import DeclarationError
from ..http.request_target import host_error, host_of
from ..http.uris import quote_path
from ..operations.edge_part import is_called_by_address
from ..problems import BadRequest
from ..response import PlainResponse
from .installation import Owner, check_single, checked_paths

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.dispatcher import Dispatcher
    from ..dispatch.response_headers import Finish
    from ..request import Request
    from ..response import Outgoing

__all__ = ["HTTPS"]

_NAME = "Strict-Transport-Security"
_HSTS = Header(_NAME, "Browsers use https alone for this host (RFC 6797).")
_REDIRECT = Output(
    308,
    None,
    (),
    (Header("Location", "The same URL with https.", required=True),),
    "The request was sent by http.",
)
_NO_HOST = Failure(BadRequest, "https", "The request was sent by http, and names no host.")
_CONTRIBUTION = Contribution(headers=(_HSTS,), outputs=(_REDIRECT,), failures=(_NO_HOST,))


class HTTPS:
    """Requests by https alone: ``App("Books", https=True)``.

    A request by http gets a 308 to the same URL with https, and responses by https have
    Strict-Transport-Security (RFC 6797). Behind a proxy that ends TLS, count the proxies:
    ``App(..., proxies=1)``.
    """

    edge_order = ORDER

    def __init__(
        self,
        *,
        hsts: timedelta = timedelta(days=365),
        subdomains: bool = False,
        preload: bool = False,
        exempt: Collection[str] = (),
    ) -> None:
        """Check and keep the options.

        Args:
            hsts: How long browsers use https alone; ``timedelta(0)`` makes them forget it.
            subdomains: Whether that holds for all hosts below this one.
            preload: Whether browsers may have the host in their own lists. It needs subdomains and
                a year.
            exempt: Paths that are served by http too, such as that of health checks.

        Raises:
            DeclarationError: An argument is of another type, or preload lacks subdomains or a year.
        """
        if not isinstance(hsts, timedelta) or hsts < timedelta(0):
            raise DeclarationError(
                f"HTTPS(hsts=...) must be a timedelta, such as timedelta(days=365), got {hsts!r}."
            )
        check_flag(subdomains, "HTTPS(subdomains=...)")
        check_flag(preload, "HTTPS(preload=...)")
        if preload and (not subdomains or hsts < timedelta(days=365)):
            raise DeclarationError(
                "HTTPS(preload=True) needs subdomains=True and hsts of at least 365 days, as the "
                "lists of browsers do."
            )
        value = f"max-age={int(hsts.total_seconds())}"
        value += "; includeSubDomains" if subdomains else ""
        self._header = (_NAME, f"{value}; preload" if preload else value)
        self._exempt = checked_paths(exempt, "HTTPS(exempt=...)")

    def install(self, app: Owner) -> None:
        """Check that the App has no other HTTPS; it finds this one when it is frozen."""
        check_single(app, HTTPS, "Install one.")

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the redirect and the header."""
        is_exempt = operation.path in self._exempt or is_called_by_address(operation)
        return Contribution(headers=(_HSTS,)) if is_exempt else _CONTRIBUTION

    def response_finisher(self, operation: Operation | None, /) -> Finish:
        """Return the function that adds Strict-Transport-Security to responses by https."""
        header = self._header

        def finish(request: Request, response: Outgoing) -> None:
            if request.environ.get("wsgi.url_scheme") != "https":
                return
            if isinstance(response, PlainResponse):
                response.headers = [*response.headers, header]
            else:
                response.headers.setlist(header[0], [header[1]])

        return finish

    def edge_layers(self, dispatcher: Dispatcher, /) -> Sequence[Layer]:
        """Return the layer that redirects requests by http."""
        # A probe takes each redirect for a success: the process would always be ready.
        exempt = self._exempt | dispatcher.probe_paths

        def layer(serve: Serve) -> Serve:
            def secure(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
                is_secure = environ.get("wsgi.url_scheme") == "https"
                if is_secure or environ.get("PATH_INFO") in exempt:
                    return serve(environ, start_response)
                return reject(dispatcher, environ, start_response, _redirect(environ))

            return secure

        return (Layer(ORDER, layer),)


def _redirect(environ: WSGIEnvironment) -> Exception:
    """Return the redirect to https, or a 400 without a valid host."""
    given: str | None = environ.get("HTTP_HOST")
    if given is None or host_error(environ):
        return BadRequest("Send requests to this service by https, with the header Host.")
    host = host_of(given, "http")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    text = path.encode("latin-1").decode("utf-8", "replace")
    query = environ.get("QUERY_STRING", "")
    url = f"https://{name}{quote_path('/' + text.lstrip('/'))}"
    quoted = quote(query, safe="!$&'()*+,;=:@/?%", encoding="latin-1")
    return RequestRedirect(f"{url}?{quoted}" if quoted else url)
