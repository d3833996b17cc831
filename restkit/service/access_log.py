"""The access log: one record a request, after the body of its response is closed."""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from ..response import close_if_open
from .correlation import Correlation
from .line_handler import LineHandler
from .log_formats import AccessRecord, timestamp
from .request_summary import Summary, summarize

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.edge import Serve
    from ..response import Outgoing

__all__ = ["Exchange", "observed"]

_log = logging.getLogger("restkit.access")
_above = logging.getLogger("restkit")
_root = logging.getLogger()
_clock = time.perf_counter_ns
_MESSAGE = "%s %s %s"  # SECURITY: the path is an argument, never a part of the format
_TEMPLATE = {
    **vars(logging.makeLogRecord({"name": _log.name, "msg": _MESSAGE})),
    "levelno": logging.INFO,
    "levelname": "INFO",
}
_OF_PROBES = {**_TEMPLATE, "levelno": logging.DEBUG, "levelname": "DEBUG"}

# A file gets so many bytes of one write in one piece (POSIX, write to a pipe).
_IN_ONE_PIECE = getattr(select, "PIPE_BUF", 512)
_SECOND = 1_000_000_000
# PERF: the parts of a line by milliseconds, and of its duration, are texts that stand ready.
_HEADS = [f'.{each:03d}Z","level":"INFO","logger":"{_log.name}",' for each in range(1000)]
_FRACTIONS = [f".{each:03d}" for each in range(1000)]
_NUMBERS = [str(each) for each in range(1000)]
_second = (0, 0, "")


def observed(serve: Serve, kind: type[Exchange]) -> Serve:
    """Return an application whose requests have ids, and are logged or measured.

    Args:
        serve: The application.
        kind: The class of a request and its response; it does the work at their end.
    """

    def respond(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = kind()
        exchange.begun = _clock()
        exchange.summary = None
        exchange.identify(environ)
        try:
            body = serve(environ, start_response)
        except BaseException:
            exchange.summary = summarize(environ, 500, None)
            exchange.close()
            raise
        if type(body) is list:
            exchange += body
            return exchange
        return exchange.stream(environ, body)

    return respond


class Exchange(Correlation):
    """One request and its response, logged; for the server, the content of the response.

    Attributes:
        begun: When the request came, by the clock in nanoseconds.
    """

    __slots__ = ("begun",)

    begun: int

    def stream(self, environ: WSGIEnvironment, body: Iterable[bytes]) -> Iterable[bytes]:
        """Return the body of a stream, after which the request is logged."""
        if type(body) is environ.get("wsgi.file_wrapper"):
            # PEP 3333: the server recognizes only the object that its own wrapper returned.
            self.close(_length_of(self.response))
            return body
        self.response = None  # the response of a stream knows its request, which knows this object
        return _Stream(self, body)

    def close(self, size: int = -1) -> None:
        """Log the request, once.

        Args:
            size: The bytes of the content, if it is not in this object.
        """
        ended, summary = _clock(), self.summary
        if summary is None:
            return
        self.summary = None
        if size < 0:
            size = len(self[0]) if len(self) == 1 else sum(map(len, self))
        write = None if summary.is_probe else _direct()
        if write is None:
            _handle(self, summary, ended, size)
            return
        begin, end, text = _second
        if not begin <= ended < end:
            begin, end, text = _new_second(ended)
        micros = (ended - self.begun) // 1000
        whole, part = micros // 1000, _FRACTIONS[micros % 1000]
        count = _NUMBERS[size] if size < 1000 else size
        line = (
            f'{text}{_HEADS[(ended - begin) // 1_000_000]}{summary.members},"request_id":"'
            f'{self.request_id}","trace_id":"{self.trace_id}","span_id":"{self.span_id}",'
            f'"duration_ms":{_NUMBERS[whole] if whole < 1000 else whole}{part},"bytes":{count}}}\n'
        ).encode()
        if not _is_written(write, line):
            _handle(self, summary, ended, size)


class _Stream:
    """The body of a stream, whose request is logged after it."""

    def __init__(self, exchange: Exchange, body: Iterable[bytes]) -> None:
        self._exchange = exchange
        self._body = body
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            self._size += len(chunk)
            yield chunk

    def close(self) -> None:
        """Close the body, and log the request."""
        try:
            close_if_open(self._body)
        finally:
            self._exchange.close(self._size)


def _length_of(response: Outgoing | None) -> int:
    """Return the Content-Length of a response."""
    headers = [] if response is None else response.headers
    return sum(int(value) for name, value in headers if name.lower() == "content-length")


def _direct() -> Callable[[bytes], int | None] | None:
    """Return the function that writes lines to the only handler, None for other handlers."""
    if not _log.isEnabledFor(logging.INFO):
        return None
    handlers = _root.handlers
    if len(handlers) != 1 or type(handlers[0]) is not LineHandler:
        return None
    if _log.handlers or _log.filters or _above.handlers:
        return None
    return handlers[0].write if _log.propagate and _above.propagate else None


def _is_written(write: Callable[[bytes], int | None], line: bytes) -> bool:
    """Write a line, and return whether the file has got it."""
    try:
        return len(line) <= _IN_ONE_PIECE and write(line) == len(line)
    except (OSError, ValueError):
        return False


def _new_second(ended: int) -> tuple[int, int, str]:
    """Return the second of a time: its begin and end by the clock, and the text of a line."""
    global _second  # threads replace the parts together
    now = time.time_ns()
    begin = ended - now % _SECOND
    text = timestamp(now // _SECOND)[:-5]
    _second = begin, begin + _SECOND, f'{{"timestamp":"{text}'
    return _second


def _handle(exchange: Exchange, summary: Summary, ended: int, size: int) -> None:
    """Log a request as the logging module does."""
    template = _OF_PROBES if summary.is_probe else _TEMPLATE
    if not _log.isEnabledFor(logging.DEBUG if summary.is_probe else logging.INFO):
        return
    operation = summary.operation
    name, route = None, None
    if operation is not None:
        name, route = operation.operation_id, operation.path
    _log.handle(
        AccessRecord(
            {
                **template,
                "created": time.time(),
                "args": (summary.method, summary.path, summary.status),
                "request_id": exchange.request_id,
                "trace_id": exchange.trace_id,
                "span_id": exchange.span_id,
                "operation": name,
                "method": summary.method,
                "path": summary.path,
                "route": route,
                "status": summary.status,
                "duration_ms": (ended - exchange.begun) / 1_000_000,
                "bytes": size,
            }
        )
    )
