"""Requests to other services, told to whoever measures them."""

from __future__ import annotations

from collections.abc import Callable

from .records import Record

__all__ = ["OBSERVERS", "PeerCall"]


class PeerCall(Record):
    """One request to another service, of which a call with retries makes several.

    Attributes:
        peer: The name of the service, such as ``stock:8000``.
        method: The request method.
        status: The status of the response, None without one.
        error: The name of the problem class if there was no response that can be read, else "".
        seconds: The time until the response was read, or the request given up.
        is_open: Whether the breaker of the service is open after the request.
    """

    peer: str
    method: str
    status: int | None
    error: str
    seconds: float
    is_open: bool


OBSERVERS: list[Callable[[PeerCall], None]] = []
"""What is told of each request. It must not raise, and must be quick."""
