"""The access log: one record a request, after the body of its response is closed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..response import close_if_open
from .correlation import Correlation, correlate
from .log_formats import AccessRecord

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.edge import Serve

__all__ = ["logged"]

_log = logging.getLogger("restkit.access")
_clock = time.perf_counter
_MESSAGE = "%s %s %s"  # SECURITY: the path is an argument, never a part of the format
_TEMPLATE = {
    **vars(logging.makeLogRecord({"name": _log.name, "msg": _MESSAGE})),
    "levelno": logging.INFO,
    "levelname": "INFO",
}
_OF_PROBES = {**_TEMPLATE, "levelno": logging.DEBUG, "levelname": "DEBUG"}


def logged(serve: Serve) -> Serve:
    """Return an application whose requests have ids and are logged."""

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = _Exchange(environ, start_response)
        try:
            body = serve(environ, exchange.start)
        except BaseException:
            exchange.end()
            raise
        return exchange.respond(body)

    return respond


class _Exchange:
    """One request and its response, which is iterated and closed by the server."""

    __slots__ = (
        "_begun",
        "_body",
        "_environ",
        "_has_ended",
        "_headers",
        "_ids",
        "_size",
        "_start",
        "_status",
    )

    def __init__(self, environ: WSGIEnvironment, start_response: StartResponse) -> None:
        self._begun = _clock()
        self._environ = environ
        self._ids: Correlation = correlate(environ)
        self._start = start_response
        self._status = "500"
        self._headers: list[tuple[str, str]] = []
        self._body: Iterable[bytes] = ()
        self._size = 0
        self._has_ended = False

    def start(
        self, status: str, headers: list[tuple[str, str]], *error: object
    ) -> Callable[[bytes], object]:
        """Note the status and start the response."""
        self._status, self._headers = status, headers
        return self._start(status, headers, *error)  # type: ignore[arg-type]  # as it came

    def respond(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Return the body that the server gets."""
        if type(body) is self._environ.get("wsgi.file_wrapper"):
            # PEP 3333: the server recognizes only the object that its own wrapper returned.
            lengths = [int(value) for name, value in self._headers if name == "Content-Length"]
            self._size = sum(lengths)
            self.end()
            return body
        self._body = body
        return self

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._size += len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the body, and log the request."""
        try:
            close_if_open(self._body)
        finally:
            self.end()

    def end(self) -> None:
        """Log the request, once."""
        if self._has_ended:
            return
        self._has_ended = True
        operation = self._ids.operation
        level, template = logging.INFO, _TEMPLATE
        if operation is not None and operation.is_probe:
            level, template = logging.DEBUG, _OF_PROBES
        if not _log.isEnabledFor(level):
            return
        environ, ids = self._environ, self._ids
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        name, route = None, None
        if operation is not None:
            name, route = operation.operation_id, operation.path
        if not path.isascii():
            path = path.encode("latin-1").decode("utf-8", "replace")
        status = int(self._status[:3])
        _log.handle(
            AccessRecord(
                {
                    **template,
                    "created": time.time(),
                    "args": (method, path, status),
                    "request_id": ids.request_id,
                    "trace_id": ids.trace_id,
                    "span_id": ids.span_id,
                    "operation": name,
                    "method": method,
                    "path": path,
                    "route": route,
                    "status": status,
                    "duration_ms": (_clock() - self._begun) * 1000,
                    "bytes": self._size,
                }
            )
        )
