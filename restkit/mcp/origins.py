"""The pages whose scripts may call the endpoint (MCP 2026-07-28, Streamable HTTP, security).

A page of any site can resolve its own name to 127.0.0.1 and then calls a server there under that
name (DNS rebinding): the Origin has the same host as the request. So the Origin must be one that
the program names, or one that such a page cannot have.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..problems import Forbidden
from ..request import Request
from ..security.cors import CORS
from ..security.hosts import Hosts

if TYPE_CHECKING:
    from ..resource import Owner

__all__ = ["check_origin_of"]

_LOCAL = frozenset({"127.0.0.1", "[::1]", "localhost"})


def check_origin_of(request: Request, app: Owner, allowed: Collection[str]) -> None:
    """Reject a request of a page that may not call the endpoint; programs send no Origin.

    Args:
        request: The request.
        app: The App of the endpoint.
        allowed: The origins that the program names.

    Raises:
        Forbidden: The page may not.
    """
    origin: str | None = request.environ.get("HTTP_ORIGIN")
    if origin is None or origin in allowed or _is_local(origin, request.host):
        return
    extensions = app.extensions
    if _allows_cors(extensions, origin) or _is_same(origin, request, extensions):
        return
    raise Forbidden("Pages of this origin may not call the endpoint.")


def _is_local(origin: str, host: str) -> bool:
    """Return whether a page of this machine calls this machine by its own name."""
    try:
        named = urlsplit(origin).netloc.rpartition("@")[2]
    except ValueError:
        return False
    return _without_port(named) in _LOCAL and _without_port(host) in _LOCAL


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def _allows_cors(extensions: Sequence[object], origin: str) -> bool:
    found = [each for each in extensions if isinstance(each, CORS)]
    return any(not each.origins or origin in each.origins for each in found)


def _is_same(origin: str, request: Request, extensions: Sequence[object]) -> bool:
    """Return whether the page is one of the App itself, whose host names are checked."""
    if not any(isinstance(each, Hosts) for each in extensions):
        return False
    return origin == request.host_url.rstrip("/")
