"""The response that the test client returns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Self

from werkzeug.datastructures import Headers
from werkzeug.http import parse_options_header

from .event_parser import EventParser, ReceivedEvent
from .json_values import Value, callable_json

__all__ = ["PROBLEM_TYPE", "TestResponse"]

PROBLEM_TYPE = "application/problem+json"

_SHOWN = 200


class TestResponse:
    """The response to a request of the test client.

    Attributes:
        status: The HTTP status, a number.
        headers: The headers; names are found in any case.
        method: The method of the request.
        url: The URL of the request, absolute.
        history: The redirect responses before this response, oldest first.
        error_types: The media types of the App's problems.
    """

    __test__ = False  # the name begins with Test: keep pytest from collecting it

    def __init__(
        self, status: int, headers: Headers, chunks: Iterable[bytes], *, method: str, url: str
    ) -> None:
        self.status = status
        self.headers = headers
        self.method = method
        self.url = url
        self.history: tuple[TestResponse, ...] = ()
        self.error_types: tuple[str, ...] = (PROBLEM_TYPE,)
        self._chunks = iter(chunks)
        self._body: bytes | None = None
        self._closers: list[Callable[[], None]] = []

    @property
    def body(self) -> bytes:
        """The whole content (of a stream, the part that `iter_chunks` has not yielded yet)."""
        if self._body is None:
            self._body = b"".join(self.iter_chunks())
        return self._body

    @property
    def data(self) -> bytes:
        """The same as `body`."""
        return self.body

    @property
    def text(self) -> str:
        """The content as text, in the charset that Content-Type names or UTF-8."""
        charset = parse_options_header(self.headers.get("Content-Type"))[1].get("charset", "utf-8")
        return self.body.decode(charset)

    @property
    def media_type(self) -> str:
        """The media type of the content, without parameters, ``""`` if there is none."""
        return parse_options_header(self.headers.get("Content-Type"))[0].lower()

    @property
    def status_code(self) -> int:
        """The same as `status`."""
        return self.status

    @property
    def content(self) -> bytes:
        """The same as `body`."""
        return self.body

    @property
    def json(self) -> Value:
        """The decoded content: ``response.json["title"]``, or ``response.json()`` as in requests.

        Objects, arrays, strings and numbers are callable and return themselves.

        Raises:
            ValueError: The response is not JSON; the message quotes its beginning.
        """
        return callable_json(self._decoded())

    def _decoded(self) -> Value:
        kind = self.media_type
        if kind != "application/json" and not kind.endswith("+json"):
            raise ValueError(
                f"{self._line()} is {kind or 'without a Content-Type'}, not JSON: {self._begin()}"
            )
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ValueError(
                f"{self._line()} says it is {kind}, but {error}: {self._begin()}"
            ) from None

    @property
    def problem(self) -> dict[str, Value]:
        """The members of an error response, in the App's error format (RFC 9457 by default).

        Raises:
            ValueError: The response is not a problem.
        """
        if self.status < 400 or self.media_type not in self.error_types:
            raise ValueError(
                f"{self._line()} is not a problem but {self.media_type or 'empty'}: {self._begin()}"
            )
        members: dict[str, Value] = self._decoded()
        return members

    def read(self) -> Self:
        """Read the whole content and return the response itself."""
        self._body = self.body
        return self

    def iter_chunks(self) -> Iterator[bytes]:
        """Yield the content in chunks, for requests with ``stream=True``, then close."""
        try:
            yield from self._chunks
        finally:
            self.close()

    def iter_events(self) -> Iterator[ReceivedEvent]:
        """Yield the events of an event stream, for requests with ``stream=True``, then close.

        Comments, which are heartbeats, are skipped. Closing the iterator closes the response.

        Raises:
            ValueError: The response is not an event stream.
        """
        if self.media_type != "text/event-stream":
            raise ValueError(
                f"{self._line()} is {self.media_type or 'without a Content-Type'}, not an event "
                f"stream: {self._begin()}"
            )
        parser = EventParser()
        try:
            for chunk in [self._body] if self._body is not None else self._chunks:
                yield from parser.feed(chunk)
        finally:
            self.close()

    def close(self) -> None:
        """Close the response, which ends a stream early as a client's disconnect does."""
        while self._closers:
            self._closers.pop(0)()

    def call_on_close(self, function: Callable[[], None]) -> None:
        """Call a function when the content has been read or the response is closed."""
        self._closers.append(function)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __repr__(self) -> str:
        size = "stream" if self._body is None else f"{len(self._body)} bytes"
        return f"<TestResponse {self.status} {self.media_type or 'no content'}, {size}>"

    def _line(self) -> str:
        return f"The response {self.status} to {self.method} {self.url}"

    def _begin(self) -> str:
        body = self.body
        return f"{body[:_SHOWN]!r}{'...' if len(body) > _SHOWN else ''}"
