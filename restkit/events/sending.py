"""One POST of a webhook: within its time, without redirects, to an address that was checked.

The connection is made here, since an HTTP client would resolve the name once more: between the
check and the connection a name could get another address (DNS rebinding).
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.client import HTTPException, parse_headers
from io import BytesIO
from urllib.parse import quote, urlsplit

from ..records import Record
from .addresses import Address, Network, Unreachable, is_opened, resolve

__all__ = ["Reply", "post", "seconds_of"]

_MOST_HEADERS = 65536
_host_name = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+")
_status_line = re.compile(rb"HTTP/1\.[0-9] ([1-5][0-9]{2})(?: .*)?")
_PORTS = {"http": 80, "https": 443}
_SAFE = "/%:@!$&'()*+,;=~-._?"


class Reply(Record):
    """The response of a receiver; its content is not read.

    Attributes:
        status: The status.
        retry_after: The seconds of its Retry-After, None without one.
    """

    status: int
    retry_after: float | None


def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    opened: Sequence[Network],
    timeout: float,
    context: ssl.SSLContext,
) -> Reply:
    """Send content by POST.

    Args:
        url: The URL. Only addresses of ``opened`` may have the scheme ``http``.
        content: The content, JSON.
        headers: Further headers.
        opened: Networks that are allowed besides the public ones.
        timeout: The seconds for all of it.
        context: How connections are secured.

    Raises:
        Unreachable: The URL cannot be sent to, or there is no response in time.
    """
    deadline = time.monotonic() + timeout
    target = _target(url)
    allowed = resolve(target.host, target.port, opened)
    if not target.is_secure:
        allowed = [each for each in allowed if is_opened(each, opened)]
        if not allowed:
            raise Unreachable("Webhooks are sent to https URLs only.")
    sent = _request(target, content, headers)
    try:
        with _connected(allowed, target.port, deadline) as plain:
            _bound(plain, deadline)
            if not target.is_secure:
                return _exchange(plain, sent, deadline)
            with context.wrap_socket(plain, server_hostname=target.host) as secured:
                return _exchange(secured, sent, deadline)
    except TimeoutError:
        raise Unreachable(f"There is no response within {timeout:g} seconds.") from None
    except ssl.SSLError as error:
        raise Unreachable(f"TLS failed: {error.reason or 'unknown reason'}.") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"The connection failed: {type(error).__name__}.") from None


class _Target(Record):
    """A URL, taken apart.

    Attributes:
        is_secure: Whether its scheme is https.
        host: The host, a name in ASCII or an address.
        port: The port.
        authority: The header Host.
        path: The path and the query, as they stand in the first line of a request.
    """

    is_secure: bool
    host: str
    port: int
    authority: str
    path: str


def _target(url: str) -> _Target:
    """Take a URL apart.

    Raises:
        Unreachable: The URL cannot be sent to.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        raise Unreachable("The URL is invalid.") from None
    if parts.scheme not in _PORTS or not _host_name.fullmatch(host):
        raise Unreachable("The URL is not an https URL with a host.")
    if "@" in parts.netloc:
        raise Unreachable("The URL has a user name or a password.")
    authority = _authority(host, port)
    path = quote(parts.path or "/", safe=_SAFE)
    if parts.query:
        path += "?" + quote(parts.query, safe=_SAFE)
    return _Target(parts.scheme == "https", host, port or _PORTS[parts.scheme], authority, path)


def _authority(host: str, port: int | None) -> str:
    named = f"[{host}]" if ":" in host else host
    return named if port is None else f"{named}:{port}"


def _request(target: _Target, content: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a request as it is sent."""
    lines = [
        f"POST {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(content)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + content


def _connected(addresses: Sequence[Address], port: int, deadline: float) -> socket.socket:
    """Connect to the first address that accepts a connection."""
    for number, address in enumerate(addresses, 1):
        try:
            return socket.create_connection((str(address), port), _left(deadline))
        except OSError:
            if number == len(addresses):
                raise
    raise OSError  # there is always an address


def _exchange(connection: socket.socket, sent: bytes, deadline: float) -> Reply:
    """Send a request, and return the response that is not an interim one."""
    _bound(connection, deadline)
    connection.sendall(sent)
    received = b""
    while True:
        head, end, rest = received.partition(b"\r\n\r\n")
        if not end:
            received += _received(connection, len(received), deadline)
        elif (reply := _reply_of(head)).status >= 200:
            return reply
        else:
            received = rest


def _received(connection: socket.socket, known: int, deadline: float) -> bytes:
    """Return more of a response.

    Raises:
        HTTPException: There is no more, or its headers are too large.
    """
    _bound(connection, deadline)
    chunk = connection.recv(8192)
    if not chunk or known > _MOST_HEADERS:
        raise HTTPException
    return chunk


def _reply_of(head: bytes) -> Reply:
    """Return the status and headers of a response.

    Raises:
        HTTPException: It is no response of HTTP/1.
    """
    line, _, fields = head.partition(b"\r\n")
    found = _status_line.fullmatch(line)
    if found is None:
        raise HTTPException
    parsed = parse_headers(BytesIO(fields + b"\r\n\r\n"))
    return Reply(int(found[1]), seconds_of(parsed.get("Retry-After")))


def _left(deadline: float) -> float:
    """Return the seconds until a deadline.

    Raises:
        TimeoutError: It is over.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _bound(connection: socket.socket, deadline: float) -> None:
    """Give the next step of a connection the time that is left."""
    connection.settimeout(_left(deadline))


def seconds_of(retry_after: str | None) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110, section 10.2.3), None if it is none."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        # Of one without a time zone, "-0000", that of the date is UTC (RFC 5322, section 3.3).
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, moment.timestamp() - time.time())
