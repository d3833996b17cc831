"""What goes out: `Response` for those who touch it, `Answer` for the straight way to the server."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import cast

from werkzeug.wrappers import Response as _WerkzeugResponse

__all__ = [
    "STATUS_LINES",
    "Answer",
    "Chunks",
    "HeaderItems",
    "Outgoing",
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


class Answer:
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


Outgoing = Answer | _WerkzeugResponse


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


def is_stream(answer: Outgoing) -> bool:
    """Return whether an answer is still being made when it leaves; what was provided stays open until its end."""
    return type(answer.body) is not bytes if isinstance(answer, Answer) else answer.is_streamed


def as_sent(answer: Outgoing) -> tuple[int, list[tuple[str, str]], bytes | None]:
    """Return the status, the headers and the body of an answer, None for a body that is streamed."""
    if isinstance(answer, Answer):
        return (
            answer.status,
            answer.headers,
            answer.body if isinstance(answer.body, bytes) else None,
        )
    body = None if answer.is_streamed or answer.direct_passthrough else answer.get_data()
    return answer.status_code, list(answer.headers.items()), body


def close_if_open(value: object) -> None:
    """Close a generator, a file or whatever else has a ``close``."""
    close = getattr(value, "close", None)
    if close is not None:
        close()


def discard(answer: Outgoing) -> None:
    """Close the body of an answer that is not sent after all: an open file, a generator."""
    close_if_open(answer.body if isinstance(answer, Answer) else answer)


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
