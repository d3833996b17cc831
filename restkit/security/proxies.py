"""`Proxies`: the client's address, scheme and host behind reverse proxies."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ..contract import Operation
from ..contributor import Contribution
from ..dispatch.edge import PROXIES, Layer, Serve
from ..errors import DeclarationError
from .installation import Owner, check_single

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.dispatcher import Dispatcher

__all__ = ["Proxies", "client_address"]

_MAPPED = "::ffff:"


class Proxies:
    """The reverse proxies before an App, counted: ``App("Books", proxies=1)``.

    Each proxy adds the address that it was called from to ``X-Forwarded-For``, at the right end. So
    the address of the client is that many places from the right, and whatever stands before it was
    sent by the client itself. ``X-Forwarded-Proto`` and ``X-Forwarded-Host`` are read in the same
    way. A proxy must set or remove all three; the App must not be reachable but through the
    proxies.
    """

    edge_order = PROXIES

    def __init__(self, count: int) -> None:
        """Keep the number.

        Args:
            count: How many proxies each request passes.

        Raises:
            DeclarationError: It is not a number from 1.
        """
        if type(count) is not int or count < 1:
            raise DeclarationError(
                f"Proxies({count!r}): give the number of reverse proxies before the App, 1 or more."
            )
        self.count = count

    def install(self, app: Owner) -> None:
        """Check that the App has no other Proxies; it finds these when it is frozen."""
        check_single(app, Proxies, "Count all proxies in one.")

    def contribute(self, operation: Operation, /) -> Contribution:
        """Add nothing: the headers are for proxies, and no client sends them."""
        return Contribution()

    def edge_layers(self, dispatcher: Dispatcher, /) -> Sequence[Layer]:
        """Return the layer that changes the environ."""

        def layer(serve: Serve) -> Serve:
            def forwarded(
                environ: WSGIEnvironment, start_response: StartResponse
            ) -> Iterable[bytes]:
                self._apply(environ)
                return serve(environ, start_response)

            return forwarded

        return (Layer(PROXIES, layer),)

    def _apply(self, environ: WSGIEnvironment) -> None:
        """Put the values of the proxies into the environ."""
        addresses = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(addresses) >= self.count:  # else the request did not pass all proxies
            address = client_address(addresses[-self.count])
            if address:
                environ["REMOTE_ADDR"] = address
        scheme = self._trusted(environ, "HTTP_X_FORWARDED_PROTO").lower()
        if scheme in ("http", "https"):
            environ["wsgi.url_scheme"] = scheme
        host = self._trusted(environ, "HTTP_X_FORWARDED_HOST")
        if host:
            environ["HTTP_HOST"] = host

    def _trusted(self, environ: WSGIEnvironment, name: str) -> str:
        """Return the value of the outermost proxy that set a header, "" without one."""
        values = environ.get(name, "").split(",")
        value: str = values[-min(self.count, len(values))]
        return value.strip()


def client_address(text: str) -> str:
    """Return an address of X-Forwarded-For in its one spelling, "" if it is none.

    A port is taken off, as are the brackets of IPv6. An IPv4 address in IPv6 is that address.
    """
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return socket.inet_ntop(socket.AF_INET, socket.inet_pton(socket.AF_INET, text))
    except (OSError, ValueError):
        pass
    try:
        found = socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text))
    except (OSError, ValueError):
        return ""
    return found.removeprefix(_MAPPED) if "." in found else found
