"""Bytes to a server and back: what was sent is not corrected, what comes back is read strictly."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

__all__ = ["Malformed", "Received", "read_responses", "talk"]

_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_SIZE = 1 << 16


class Malformed(Exception):
    """Raised when what came back is not HTTP."""


@dataclass(frozen=True)
class Received:
    """One response.

    Attributes:
        headers: Values by names in small letters; those of one name are joined by a comma.
    """

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip()


def talk(
    url: str,
    parts: Sequence[bytes],
    *,
    end: bool = False,
    pause: float = 0,
    abort: bool = False,
    seconds: float = 60,
) -> bytes:
    """Send bytes, and return all that came back until the server closed.

    Args:
        url: The base URL.
        parts: What is sent, with a pause between the parts.
        end: Whether the client says that it sends no more.
        pause: Seconds between the parts.
        abort: Whether the client resets the connection instead of reading.
        seconds: How long to wait for each piece of the response.

    Raises:
        TimeoutError: The server neither sent anything nor closed.
    """
    to = urlsplit(url)
    received: list[bytes] = []
    with socket.create_connection((to.hostname, to.port), timeout=seconds) as connection:
        try:
            for number, part in enumerate(parts):
                if number and pause:
                    time.sleep(pause)
                connection.sendall(part)
            if end:
                connection.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has responded, and reads no more
        if abort:
            linger = b"\1\0\0\0\0\0\0\0"
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return b""
        try:
            while piece := connection.recv(_SIZE):
                received.append(piece)
        except ConnectionResetError:
            pass
    return b"".join(received)


def read_responses(data: bytes, methods: Sequence[str]) -> list[Received]:
    """Return the responses to requests of these methods.

    Raises:
        Malformed: They are not HTTP/1.1, or there are more of them than requests.
    """
    found: list[Received] = []
    while data:
        head, separator, rest = data.partition(b"\r\n\r\n")
        status, headers = _head(head + separator)
        if status == 100:
            data = rest
            continue
        if len(found) == len(methods):
            raise Malformed(f"more responses than requests: {data[:200]!r}")
        body, data = _body(methods[len(found)], status, headers, rest)
        found.append(Received(status, headers, body))
    return found


def _head(text: bytes) -> tuple[int, dict[str, str]]:
    lines = text.removesuffix(b"\r\n\r\n").split(b"\r\n")
    start = re.fullmatch(rb"HTTP/1\.[01] ([1-5][0-9]{2}) [\x20-\x7e]*", lines[0])
    if start is None or not text.endswith(b"\r\n\r\n"):
        raise Malformed(f"no head: {text[:200]!r}")
    headers: dict[str, str] = {}
    for line in lines[1:]:
        header = _HEADER.fullmatch(line)
        if header is None:
            raise Malformed(f"no header: {line[:200]!r}")
        name, value = header[1].decode().lower(), header[2].decode("latin-1").strip()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(start[1]), headers


def _body(method: str, status: int, headers: dict[str, str], rest: bytes) -> tuple[bytes, bytes]:
    """Return the content, and what comes after it."""
    # gunicorn's own refusals have no header Server, and content even where a HEAD was sent.
    if (method == "HEAD" and "server" in headers) or status in (204, 304):
        return b"", rest
    if headers.get("transfer-encoding") == "chunked":
        return _chunks(rest)
    if "content-length" not in headers:
        return rest, b""
    length = int(headers["content-length"])
    if len(rest) < length:
        raise Malformed(f"{len(rest)} bytes instead of {length}")
    return rest[:length], rest[length:]


def _chunks(rest: bytes) -> tuple[bytes, bytes]:
    content: list[bytes] = []
    while True:
        size, line_end, rest = rest.partition(b"\r\n")
        if not line_end or not re.fullmatch(rb"[0-9A-Fa-f]+", size):
            raise Malformed(f"no chunk: {size[:50]!r}")
        length = int(size, 16)
        if rest[length : length + 2] != b"\r\n":
            raise Malformed("a chunk without its end")
        if not length:
            return b"".join(content), rest[2:]
        content.append(rest[:length])
        rest = rest[length + 2 :]
