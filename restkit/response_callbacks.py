"""`after_response`: functions that run when the response has been handed to the server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator

from .declaration_checks import check_call
from .dependencies import Provided
from .request import Request, current_request
from .response import close_if_open

__all__ = ["FinishedBody", "after_response"]

_log = logging.getLogger("restkit")


def after_response(function: Callable[[], object], request: Request | None = None) -> None:
    """Call a function after the last byte of the response was handed to the server.

    ::

        after_response(lambda: log.info("%s took %.3f s", path, time.monotonic() - began))

    The functions run in the order in which they were added, with every status, also if the client
    has disconnected. The request is current, and its provided values are closed. Exceptions are
    logged. The worker takes its next request only afterwards, so send long work to a task queue.

    Args:
        function: A function without parameters.
        request: The request; the current one by default.

    Raises:
        RuntimeError: There is no current request.
        DeclarationError: The value is not a plain function.
    """
    check_call(function, (), "The function of after_response")
    of = Request.current() if request is None else request
    if of.provided is None:
        of.provided = Provided()
    provided: Provided = of.provided
    provided.last.append(function)


class FinishedBody:
    """The body of a response, after which functions run."""

    def __init__(self, body: Iterable[bytes], request: Request) -> None:
        """Put the functions of a request after a body."""
        self._body = body
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Close the body and run the functions, once; the server calls it (PEP 3333)."""
        token = current_request.set(self._request)
        try:
            try:
                close_if_open(self._body)
            finally:
                self._run()
        finally:
            current_request.reset(token)

    def _run(self) -> None:
        provided: Provided = self._request.provided
        while provided.last:
            function = provided.last.pop(0)
            try:
                function()
            except Exception:  # noqa: BLE001  # the response is sent; the others run
                _log.exception("A function of after_response failed: %r", function)
