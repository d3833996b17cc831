"""Who a request is counted for: the address, the principal, or the result of a function."""

from __future__ import annotations

import socket
from collections.abc import Callable

from ..caller_identity import identity_of
from ..errors import DeclarationError
from ..request import Request

__all__ = ["Identify", "address", "principal"]

Identify = Callable[[Request], "str | None"]


def address(request: Request) -> str:
    """Return the address of the client; of IPv6 the first 64 bits, which one client has.

    Behind a reverse proxy, count the proxies: ``App(..., proxies=1)``.
    """
    found: str = request.environ.get("REMOTE_ADDR") or ""
    if ":" not in found:
        return found
    try:
        return f"{socket.inet_pton(socket.AF_INET6, found)[:8].hex()}/64"
    except (OSError, ValueError):
        return found


def principal(request: Request) -> str:
    """Return the identity of the caller, or the address of an anonymous client."""
    caller: object = request.caller
    if caller is None:
        return address(request)
    found = identity_of(caller)
    if found is not None:
        return found
    raise DeclarationError(
        f"{request.operation.declared_at} has a limit by principal, but its caller, of type "
        f"{type(caller).__name__}, has no identity. Pass Rate(..., key=lambda request: ...), a "
        "function that returns an identifying string."
    )
