"""What goes out: `Response` for those who touch it, `PlainResponse` for the straight way to the server."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import cast

from werkzeug.wrappers import Response as _WerkzeugResponse

__all__ = [
    "STATUS_LINES",
    "Chunks",
    "HeaderItems",
    "Outgoing",
    "PlainResponse",
    "Response",
    "as_sent",
    "close_if_open",
    "discard",
    "header_items",
    "is_stream",
    "status_line",
]

HeaderItems = Mapping[str, str] | Iterable[tuple[str, str]]


class Response(_WerkzeugResponse):
    """Is Werkzeug's response; a method or a middleware may return one, and it passes through."""


class PlainResponse:
    """Is a finished answer that nobody touched: it goes to ``start_response`` as it is.

    Attributes:
        status: The HTTP status.
        headers: Names and values, ready for the server.
        body: All bytes, or an iterable of bytes for a stream.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self, status: int, headers: list[tuple[str, str]], body: bytes | Iterable[bytes] = b""
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def to_response(self) -> Response:
        """Return the answer as a Response, for a middleware."""
        response = Response(self.body, self.status)
        response.headers.clear()
        response.headers.extend(self.headers)
        return response


class Chunks:
    """Iterates over a stream's chunks; ``close`` closes the user's generator."""

    def __init__(self, first: bytes, rest: Iterator[bytes], source: Iterator[object]) -> None:
        """Put the first chunk, which was made already, before the rest."""
        self._chunks = itertools.chain([first] if first else [], rest)
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the source."""
        close_if_open(self._source)


Outgoing = PlainResponse | _WerkzeugResponse


class _StatusLines(dict[int, str]):
    def __missing__(self, status: int) -> str:
        return f"{status} Unknown"


STATUS_LINES = _StatusLines(
    {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
)
STATUS_LINES[413] = "413 Content Too Large"  # RFC 9110 renamed these three
STATUS_LINES[416] = "416 Range Not Satisfiable"
STATUS_LINES[422] = "422 Unprocessable Content"


def status_line(status: int) -> str:
    """Return the status line of a status as WSGI wants it: code, space, reason."""
    return STATUS_LINES[status]


def is_stream(response: Outgoing) -> bool:
    """Return whether an answer is still being made when it leaves; what was provided stays open until its end."""
    return (
        type(response.body) is not bytes
        if isinstance(response, PlainResponse)
        else response.is_streamed
    )


def as_sent(response: Outgoing) -> tuple[int, list[tuple[str, str]], bytes | None]:
    """Return the status, the headers and the body of an answer, None for a body that is streamed."""
    if isinstance(response, PlainResponse):
        return (
            response.status,
            response.headers,
            response.body if isinstance(response.body, bytes) else None,
        )
    body = None if response.is_streamed or response.direct_passthrough else response.get_data()
    return response.status_code, list(response.headers.items()), body


def close_if_open(value: object) -> None:
    """Close a generator, a file or whatever else has a ``close``."""
    close = getattr(value, "close", None)
    if close is not None:
        close()


def discard(response: Outgoing) -> None:
    """Close the body of an answer that is not sent after all: an open file, a generator."""
    close_if_open(response.body if isinstance(response, PlainResponse) else response)


def header_items(headers: HeaderItems) -> list[tuple[str, str]]:
    """Return headers as a list for the server.

    Raises:
        ValueError: A name or value cannot stand in a header (RFC 9110, section 5.5).
    """
    out: list[tuple[str, str]] = []
    for name, value in cast(
        Iterable[tuple[str, str]], headers.items() if isinstance(headers, Mapping) else headers
    ):
        text = str(value)
        # SECURITY: a line break in a value would let its author write headers of their own.
        if (
            not isinstance(name, str)
            or not name.isascii()
            or not name.replace("-", "").replace("_", "").isalnum()
        ):
            raise ValueError(f"{name!r} is not a header name.")
        if any(char < " " and char != "\t" for char in text) or "\x7f" in text:
            raise ValueError(f"The value of the header {name} has a control character.")
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(
                f"The value of the header {name} has a character outside of Latin-1."
            ) from None
        out.append((str(name), text))
    return out
