"""The way to a peer over sockets, none of which waits past the deadline of the call.

A time-out of a socket bounds one read alone: a peer that sends a byte a second never exceeds it.
Here each read and write gets the time that is left of the whole call.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import cast

import httpcore2
import httpx2

from .deadline import current_deadline

__all__ = ["SocketTransport"]

_MOST_CONNECTIONS, _MOST_IDLE = 100, 20
# Below the time after which servers close idle connections: gunicorn waits 2 seconds.
_IDLE_SECONDS = 1.5


class SocketTransport(httpx2.BaseTransport):
    """Connections to a peer, which are kept and shared by threads."""

    def __init__(self, *, is_tls: bool) -> None:
        """Make no connection yet."""
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context() if is_tls else None,
            max_connections=_MOST_CONNECTIONS,
            max_keepalive_connections=_MOST_IDLE,
            keepalive_expiry=_IDLE_SECONDS,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and return the response, whose content is not read yet."""
        url = request.url
        sent = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
            ),
            headers=request.headers.raw,
            content=cast("Iterable[bytes]", request.stream),
            extensions=request.extensions,
        )
        with _own_errors():
            response = self._pool.handle_request(sent)
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(cast("Iterable[bytes]", response.stream)),
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[bytes]:
        with _own_errors():
            yield from self._chunks

    def close(self) -> None:
        close: Callable[[], object] | None = getattr(self._chunks, "close", None)
        if close is not None:
            close()


@contextmanager
def _own_errors() -> Generator[None]:
    """Raise the exceptions that every transport raises; they have the same names."""
    try:
        yield
    except (
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        httpcore2.TimeoutException,
        httpcore2.UnsupportedProtocol,
    ) as error:
        kind: type[httpx2.TransportError] = getattr(
            httpx2, type(error).__name__, httpx2.TransportError
        )
        raise kind(str(error)) from error


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    """Return the time of one step: that which is left of the call."""
    deadline = current_deadline()
    if deadline is None:
        return timeout
    left = deadline.left()
    if left <= 0:
        raise error("The deadline is over.")
    return left


class _Backend(httpcore2.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of a host that responds.

        The time is that of all addresses together. NOTE: the look-up of a name has no time-out in
        Python; that of the system's resolver applies.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        failure: Exception = httpcore2.ConnectError(f"{host} has no address")
        for address in dict.fromkeys(str(each[4][0]) for each in found):
            left = _left(timeout, httpcore2.ConnectTimeout)
            try:
                inner = self._inner.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(inner)
        raise failure

    def sleep(self, seconds: float) -> None:
        """Wait between two attempts to connect, of which the pool makes none."""
        self._inner.sleep(seconds)


class _Stream(httpcore2.NetworkStream):
    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> object:
        found: object = self._inner.get_extra_info(info)
        return found
