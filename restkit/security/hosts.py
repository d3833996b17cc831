"""`Hosts`: the host names that an App is called by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from ..contract import Failure, Operation
from ..contributor import Contribution
from ..declaration_checks import texts_of
from ..dispatch.edge import HOSTS, Layer, Serve, reject
from ..errors import DeclarationError
from ..http.request_target import host_error, host_of
from ..operations.edge_part import is_called_by_address
from ..problems import BadRequest
from .installation import Owner, check_single, checked_paths

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.dispatcher import Dispatcher

__all__ = ["Hosts"]

_FOREIGN = Failure(BadRequest, "host", "The request names another host than those of the service.")
_CONTRIBUTION = Contribution(failures=(_FOREIGN,))
_NAME = r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::[0-9]{1,5})?|\[[0-9a-f:.]+\](?::[0-9]{1,5})?"
_MOST_KNOWN = 1000  # SECURITY: clients make up ports and names below a wildcard


class Hosts:
    """The host names that an App is called by: ``App("Books", hosts=["api.example"])``.

    A request that names another host gets a 400, before anything is built from the name: a link in
    a mail, a redirect, the key of a cache.

    Load balancers call health checks by IP addresses. Those of `restkit.service.Service` are
    exempt; exempt the paths of others::

        app.install(Hosts(["api.example"], exempt=["/health"]))
    """

    edge_order = HOSTS

    def __init__(self, hosts: Collection[str], *, exempt: Collection[str] = ()) -> None:
        """Check and keep the names.

        Args:
            hosts: The names: ``"api.example"``, with every port; ``"localhost:8000"``, with one;
                ``"*.example.com"``, every name below, but not ``example.com`` itself.
            exempt: Paths that may be called by every name.

        Raises:
            DeclarationError: A name or a path is malformed, or there is no name.
        """
        self.hosts = frozenset(texts_of(hosts, "The names of Hosts"))
        for each in self.hosts:
            if not re.fullmatch(_NAME, each):
                raise DeclarationError(
                    f"Hosts: {each!r} is not a host name. Write small letters and no scheme: "
                    "'api.example', 'localhost:8000' or '*.example.com'."
                )
        if not self.hosts:
            raise DeclarationError("Hosts([]) allows no host. Name one, or leave out hosts.")
        self._exempt = checked_paths(exempt, "Hosts(exempt=...)")
        self._known: set[str] = set()

    def install(self, app: Owner) -> None:
        """Check that the App has no other Hosts; it finds these when it is frozen."""
        check_single(app, Hosts, "Name all hosts in one Hosts([...]).")

    def contribute(self, operation: Operation, /) -> Contribution:
        """Document the 400."""
        is_exempt = operation.path in self._exempt or is_called_by_address(operation)
        return Contribution() if is_exempt else _CONTRIBUTION

    def edge_layers(self, dispatcher: Dispatcher, /) -> Sequence[Layer]:
        """Return the layer that rejects other hosts."""
        known, probes = self._known, dispatcher.probe_paths

        def layer(serve: Serve) -> Serve:
            def check(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
                if environ.get("HTTP_HOST") in known or self._allows(environ):
                    return serve(environ, start_response)
                if environ.get("PATH_INFO") in probes:
                    return serve(environ, start_response)
                problem = BadRequest("This service has another host name.")
                return reject(dispatcher, environ, start_response, problem)

            return check

        return (Layer(HOSTS, layer),)

    def _allows(self, environ: WSGIEnvironment) -> bool:
        """Return whether a request names one of the hosts, or an exempt path."""
        if environ.get("PATH_INFO") in self._exempt:
            return True
        given: str | None = environ.get("HTTP_HOST")
        if given is None or host_error(environ):
            return False
        host = host_of(given, environ.get("wsgi.url_scheme", "http"))
        name = host if host.endswith("]") else re.sub(":[0-9]*$", "", host)
        name = name.rstrip(".")
        parents = name.split(".")
        wild = {"*." + ".".join(parents[index:]) for index in range(1, len(parents))}
        if self.hosts.isdisjoint({host, name, *wild}):
            return False
        if len(self._known) < _MOST_KNOWN:
            self._known.add(given)
        return True
