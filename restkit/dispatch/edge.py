"""The edge of an App: the layers of its edge parts that act before routing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast

from ..environ_keys import ROUTING_ERROR
from ..operations.edge_part import EdgePart
from ..operations.edges import nearest_parts
from ..records import Record
from ..request import Request, current_request
from .dispatcher import Dispatcher

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..operations.registry import Registry

__all__ = [
    "COMPRESSION",
    "CORS",
    "HEADERS",
    "HOSTS",
    "HTTPS",
    "PROXIES",
    "SERVICE",
    "Layer",
    "Serve",
    "compose_edge",
    "reject",
]

Serve = Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]
"""A WSGI application (PEP 3333)."""

# The order of edge parts and their layers, the outermost first.
SERVICE, COMPRESSION, HEADERS, CORS, PROXIES, HOSTS, HTTPS = range(7)


class Layer(Record):
    """One layer around the dispatcher.

    Attributes:
        order: The place among the layers; the outermost has the smallest number.
        wrap: A function that returns the inner application with the layer around it.
    """

    order: int
    wrap: Callable[[Serve], Serve]


class _Layered(Protocol):
    def edge_layers(self, dispatcher: Dispatcher, /) -> Sequence[Layer]: ...


def compose_edge(dispatcher: Dispatcher, registry: Registry) -> Serve:
    """Put the edge parts of an App and of mounted Apps around their dispatcher.

    Of each kind, the part of the nearest App applies, or that of the outermost one if the kind says
    so.

    Args:
        dispatcher: The dispatcher.
        registry: The registry of the outermost App.
    """
    chains: list[tuple[str, Serve]] = []
    known: dict[tuple[int, ...], Serve] = {}
    for prefix, app in registry.walk_apps():
        parts = nearest_parts(app._registry, registry)
        key = tuple(map(id, parts))
        if key not in known:
            known[key] = _chain(dispatcher, parts)
        chains.append((prefix.encode().decode("latin-1"), known[key]))
    if len(known) == 1:
        return chains[0][1]
    return _by_prefix(dict(reversed(chains)))


def _chain(dispatcher: Dispatcher, parts: Iterable[EdgePart]) -> Serve:
    layers: list[Layer] = []
    for part in parts:
        if hasattr(part, "edge_layers"):
            layers += cast("_Layered", part).edge_layers(dispatcher)
    serve: Serve = dispatcher
    for layer in sorted(layers, key=lambda each: -each.order):
        serve = layer.wrap(serve)
    return serve


def _by_prefix(chains: Mapping[str, Serve]) -> Serve:
    """Return an application that calls the one with the longest prefix of the path."""
    deepest = max(prefix.count("/") for prefix in chains)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        segments = environ.get("PATH_INFO", "").lstrip("/").split("/", deepest)[:deepest]
        while segments:
            chain = chains.get("/" + "/".join(segments))
            if chain is not None:
                return chain(environ, start_response)
            segments.pop()
        return chains[""](environ, start_response)

    return serve


def reject(
    dispatcher: Dispatcher,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    error: Exception,
) -> Iterable[bytes]:
    """Respond before routing with a problem or redirect, inside the middleware of the App."""
    environ[ROUTING_ERROR] = error
    request = Request(environ)
    handler = dispatcher._unmatched.find(request).otherwise
    request.app = handler.app
    token = current_request.set(request)
    try:
        try:
            response = handler.call(request)
        except Exception as raised:  # noqa: BLE001  # the boundary decides which exceptions leave
            response = handler.boundary(request, raised)
        return dispatcher._send(request, response, handler, start_response)
    finally:
        current_request.reset(token)
