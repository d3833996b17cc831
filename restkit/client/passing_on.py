"""The headers of the current request that go along to another service."""

from __future__ import annotations

from collections.abc import Sequence

from ..request import current_request
from ..service.correlation import outgoing_headers

__all__ = ["headers_passed_on"]


def headers_passed_on(forward: Sequence[str]) -> dict[bytes, bytes]:
    """Return the ids and the trace of the current request, and the headers that are passed on.

    Args:
        forward: The names of headers of the current request.
    """
    found = {name.encode(): value.encode() for name, value in outgoing_headers().items()}
    request = current_request.get(None)
    if request is not None:
        for name in forward:
            value: str | None = request.headers.get(name)
            if value is not None:
                found[name.encode()] = value.encode("latin-1")  # the bytes of PEP 3333
    return found
