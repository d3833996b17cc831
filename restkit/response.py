"""Responses: `Response` for code that changes it, `PlainResponse` for the way to the server."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as _WerkzeugResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = [
    "STATUS_LINES",
    "Chunks",
    "DeferredResponse",
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
    """Werkzeug's response. A method or a middleware may return one.

    ``proceed`` hands middleware a Response that is filled in when code touches it. Until then it
    stays plain, so that middleware that only looks at the status or changes headers costs little.
    """

    _sent: tuple[object, str] = (None, "")

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """Return the headers for the server; without a Content-Length that its content has lost."""
        # NOTE: middleware that wraps `response.response` does not know that the length was counted.
        content, length = self._sent
        if self.response is not content and self.headers.get("Content-Length") == length:
            del self.headers["Content-Length"]
        return super().get_wsgi_headers(environ)


class PlainResponse:
    """A response that goes to ``start_response`` unchanged.

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
        """Return a Response with the same status, headers and body, for middleware."""
        return DeferredResponse.of(self)


class DeferredResponse(Response):
    """A Response that is still a PlainResponse, and becomes a real one when code needs more of it.

    Reading the status or the content and changing headers leave it plain. Everything else that
    Werkzeug's Response has makes a `Response` of it in place (its ``__class__`` changes).
    """

    # PERF: Werkzeug's own __init__, __call__ and what they need cost 110 thousand instructions.

    _plain: PlainResponse

    @staticmethod
    def of(plain: PlainResponse) -> DeferredResponse:
        """Return a Response for a plain one."""
        made = DeferredResponse()
        made._plain = plain
        made.headers = headers = _PlainHeaders()
        headers._list = plain.headers
        return made

    if not TYPE_CHECKING:  # the types are Werkzeug's
        __init__ = object.__init__
        status_code = property(
            lambda self: self._plain.status,
            lambda self, status: setattr(self._become_response(), "status_code", status),
        )
        status = property(
            lambda self: STATUS_LINES[self._plain.status],
            lambda self, status: setattr(self._become_response(), "status", status),
        )
        data = property(lambda self: self.get_data(), lambda self, value: self.set_data(value))
        response = property(
            lambda self: self._become_response().response,
            lambda self, value: setattr(self._become_response(), "response", value),
        )
        direct_passthrough = property(
            lambda self: self._become_response().direct_passthrough,
            lambda self, value: setattr(self._become_response(), "direct_passthrough", value),
        )
        __class__ = property(  # `force_type` of a subclass assigns it
            lambda self: DeferredResponse,
            lambda self, kind: setattr(self._become_response(), "__class__", kind),
        )

        def get_data(self, as_text: bool = False) -> bytes | str:
            """Return the content."""
            body = self._plain.body
            if type(body) is not bytes:
                return self._become_response().get_data(as_text)
            return body.decode() if as_text else body

        def call_on_close(self, function: Callable[[], object]) -> Callable[[], object]:
            """Call a function when the response has been sent."""
            return self._become_response().call_on_close(function)

        def close(self) -> None:
            """Close the content."""
            self._become_response().close()

    def _become_response(self) -> Response:
        plain, headers = self._plain, self.headers
        _CLASS_OF.__set__(self, Response)
        Response.__init__(self, plain.body, STATUS_LINES[plain.status])
        self.headers = headers
        if type(plain.body) is bytes:
            self._sent = self.response, str(len(plain.body))
        return self

    def outgoing(self) -> Outgoing:
        """Return the response as it leaves.

        Plain, unless a header changed that Werkzeug completes.
        """
        headers = self.headers
        if type(headers) is not _PlainHeaders or headers._list is not self._plain.headers:
            return self._become_response()
        if headers.only_appended:
            return self._plain
        given = headers.given
        if given is not None and _completed(self._plain.headers) == _completed(given):
            return self._plain
        return self._become_response()


class _PlainHeaders(Headers):
    """The headers of a PlainResponse, changed in place.

    Attributes:
        only_appended: Whether nothing happened to the headers but additions that need no
            completion.
        given: The headers before the first change of another kind.
    """

    # PERF: Werkzeug's __init__ checks each header again, for 12 thousand instructions, and its
    # __setitem__ searches each value with a regular expression, for 8 thousand. ``_list`` is a
    # private name of Werkzeug's.

    if not TYPE_CHECKING:
        __init__ = object.__init__

    _list: list[tuple[str, str]]
    only_appended = True
    given: list[tuple[str, str]] | None = None

    def __setitem__(self, key: Any, value: Any) -> None:
        """Replace a header, or add it."""
        if type(key) is str and type(value) is str and value.isprintable():
            size, lowered = len(key), key.lower()
            for name, _ in self._list:
                if len(name) == size and name.lower() == lowered:
                    break
            else:
                if lowered not in _COMPLETED:
                    self._list.append((key, value))
                    return
        self.note_change()
        super().__setitem__(key, value)

    def __getitem__(self, key: Any) -> Any:
        """Return a header by its name or position, or a slice of them as Headers."""
        return super().__getitem__(key) if isinstance(key, str) else Headers(self._list)[key]

    def __eq__(self, other: object) -> bool:
        return Headers(self._list) == (
            Headers(other) if isinstance(other, _PlainHeaders) else other
        )

    __hash__ = None

    def note_change(self) -> None:
        """Keep the headers as they are before a change that is no plain addition."""
        if self.only_appended:
            self.only_appended = False
            self.given = self._list.copy()


def _noting(name: str) -> Callable[..., object]:
    change = getattr(Headers, name)

    @wraps(change)
    def changing(self: _PlainHeaders, *arguments: object, **named: object) -> object:
        self.note_change()
        return change(self, *arguments, **named)

    return changing


_CHANGES = (
    "add add_header clear extend insert pop popitem remove set setdefault setlist setlistdefault"
)
for _name in ("__delitem__", "__ior__", "update", *_CHANGES.split()):
    if hasattr(Headers, _name):
        setattr(_PlainHeaders, _name, _noting(_name))


def _completed(headers: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the headers that depend on the content, or whose value Werkzeug encodes."""
    return [item for item in headers if item[0].lower() in _COMPLETED]


_CLASS_OF = vars(object)["__class__"]
_COMPLETED = frozenset({"content-length", "content-type", "location", "content-location"})


class Chunks:
    """An iterator over a stream's chunks, whose ``close`` closes the user's generator."""

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
    """Return a status line, as WSGI wants it."""
    return STATUS_LINES[status]


def is_stream(response: Outgoing) -> bool:
    """Return whether the body is made while it is sent; provided values stay open until its end."""
    return (
        type(response.body) is not bytes
        if isinstance(response, PlainResponse)
        else response.is_streamed
    )


def as_sent(response: Outgoing) -> tuple[int, list[tuple[str, str]], bytes | None]:
    """Return a response's status, headers and body; the body of a stream is None."""
    if isinstance(response, PlainResponse):
        return (
            response.status,
            response.headers,
            response.body if isinstance(response.body, bytes) else None,
        )
    body = None if response.is_streamed or response.direct_passthrough else response.get_data()
    return response.status_code, list(response.headers.items()), body


def close_if_open(value: object) -> None:
    """Call the ``close`` method of a generator, a file or another object that has one."""
    close = getattr(value, "close", None)
    if close is not None:
        close()


def discard(response: Outgoing) -> None:
    """Close the body of a response that is not sent: an open file, a generator."""
    close_if_open(response.body if isinstance(response, PlainResponse) else response)


def _is_header_name(name: object) -> bool:
    if not isinstance(name, str) or not name.isascii():
        return False
    return name.replace("-", "").replace("_", "").isalnum()


def header_items(headers: HeaderItems) -> list[tuple[str, str]]:
    """Return headers as a list for the server.

    Raises:
        ValueError: A name or value cannot stand in a header (RFC 9110, section 5.5).
    """
    out: list[tuple[str, str]] = []
    for name, value in cast(
        Iterable[tuple[str, object]], headers.items() if isinstance(headers, Mapping) else headers
    ):
        if value is None or isinstance(value, (list, tuple, dict, set)):
            raise ValueError(f"The value of the header {name} is {type(value).__name__}, not text.")
        text = str(value)
        if not _is_header_name(name):
            raise ValueError(f"{name!r} is not a header name.")
        # PERF: most values are printable ASCII, which has nothing to look for.
        if not (text.isascii() and text.isprintable()):
            _check_value(name, text)
        out.append((str(name), text))
    return out


def _check_value(name: str, text: str) -> None:
    """Reject a text that cannot be the value of a header."""
    # SECURITY: a line break in a value would let its author write headers of their own.
    if any(char < " " and char != "\t" for char in text) or "\x7f" in text:
        raise ValueError(f"The value of the header {name} has a control character.")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(
            f"The value of the header {name} has a character outside of Latin-1."
        ) from None
