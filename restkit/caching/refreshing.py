"""Another response for one that is stale, made after the stale one has been sent."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from contextlib import suppress

from ..dependencies import Provided
from ..request import Request, current_request
from .flights import Flights
from .storage import Key

__all__ = ["refresh_after"]

_log = logging.getLogger("restkit")
_DROPPED = (
    *("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"),
    *("HTTP_CACHE_CONTROL", "HTTP_PRAGMA", "HTTP_RANGE", "HTTP_IF_RANGE"),
)
_COPIED = ("path_parameters", "operation", "app", "caller", "response_media_type", "_state")


def refresh_after(
    request: Request, make: Callable[[Request], None], flights: Flights, key: Key
) -> None:
    """Make a response after the one of a request has been sent.

    Args:
        request: The request.
        make: A function that makes and stores the response of another request.
        flights: The responses that are being made, of which this one is one.
        key: The key of the response.
    """

    def refresh() -> None:
        try:
            again = _repeated(request)
            token = current_request.set(again)
            try:
                make(again)
            except Exception:  # noqa: BLE001  # the response is sent already
                _log.exception("%s failed to be made anew", request.operation.declared_at)
            finally:
                current_request.reset(token)
                if again.provided is not None:
                    with suppress(Exception):  # as above
                        again.provided.close()
        finally:
            flights.leave(key)

    if request.provided is None:
        request.provided = Provided()
    request.provided.last.append(refresh)


def _repeated(request: Request) -> Request:
    """Return the same request without preconditions, whose values are its own."""
    environ = {name: each for name, each in request.environ.items() if name not in _DROPPED}
    environ |= {"REQUEST_METHOD": "GET", "wsgi.input": io.BytesIO()}
    again = Request(environ)
    own = vars(request)
    vars(again).update({name: own[name] for name in _COPIED if name in own})
    return again
