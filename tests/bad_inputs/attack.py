"""One bad input, and the requests that it is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["CONTROLS", "HOST", "MARKER", "ODD_BYTES", "Attack", "message"]

HOST = b"bookstore.example"
MARKER = b"zqPLANTEDqz"
"""No response may repeat it."""
CONTROLS = bytes([*range(32), 127])
ODD_BYTES = b"\x00\x01\x07\x08\x0b\x0c\x1b\x7f\x80\x9f\xa0\xc0\xff"


@dataclass(frozen=True)
class Attack:
    """Bytes for one connection, and what is known of the response.

    Attributes:
        parts: What is sent, one after the other.
        methods: The method of each request.
        path: The path of the operation that the document must know the response of; "" if the
            target is itself at fault.
        refused: Whether the response must be a 4xx.
        statuses: The statuses that it must have one of, any if there are none.
        end: Whether the client ends its side.
        pause: Seconds between the parts.
        abort: Whether the client resets the connection.
    """

    parts: tuple[bytes, ...]
    methods: tuple[str, ...] = ("GET",)
    path: str = ""
    refused: bool = False
    statuses: tuple[int, ...] = ()
    end: bool = False
    pause: float = 0
    abort: bool = False


def message(
    method: bytes | str,
    target: bytes | str,
    headers: Iterable[bytes] = (),
    body: bytes | None = None,
    *,
    kind: bytes | None = b"application/json",
    host: bytes | None = HOST,
    version: bytes = b"HTTP/1.1",
    close: bool = True,
) -> bytes:
    """Return the bytes of a request; nothing is checked or escaped.

    Args:
        method: The method.
        target: The request target.
        headers: Lines of further headers.
        body: The content; its length and media type are headers then.
        kind: The media type, None for no Content-Type.
        host: The value of Host, None for none.
        version: The version.
        close: Whether the connection ends after it.
    """
    lines = [b" ".join([_bytes(method), _bytes(target), version])]
    lines += [b"Host: " + host] if host is not None else []
    lines += [b"Connection: close"] if close else []
    if body is not None:
        lines += [b"Content-Type: " + kind] if kind is not None else []
        lines += [b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*lines, *headers, b"", body or b""])


def _bytes(text: bytes | str) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else text
