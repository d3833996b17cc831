"""The WSGI layer that compresses responses (RFC 9110, section 8.4)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ..environ_keys import CACHED, UNCOMPRESSED
from ..http.encodings import (
    accepted_encodings,
    chosen_encoding,
    is_compressible,
    refuses_identity,
)
from ..records import Record
from ..response import close_if_open
from .codings import Compressor, Make
from .entity_tags import coded_tag, restore_tags, sent_by

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..dispatch.edge import Serve

__all__ = ["Options", "compressing"]

_GATHERED = 1024 * 1024
_MOST_HEADERS = 256
_KEPT = 16 * 1024 * 1024
_EMPTY = (204, 205, 304)
# The value of these is made of the content as it is.
_DIGESTS = frozenset({"content-digest", "repr-digest", "digest", "content-md5"})
Headers = list[tuple[str, str]]


class Options(Record):
    """The options of `Compression`.

    Attributes:
        minimum: The smallest content in bytes that is compressed.
        makers: The functions that make compressors by coding, the preferred one first.
        credentials: Whether responses that depend on cookies are compressed.
    """

    minimum: int
    makers: Mapping[str, Make]
    credentials: bool


class _Wish(Record):
    """The preference of a request among codings.

    Attributes:
        coding: The coding that it prefers, ``""`` for none.
        is_forced: Whether it refuses content without a coding.
    """

    coding: str
    is_forced: bool


def compressing(serve: Serve, options: Options) -> Serve:
    """Return an application whose responses are compressed."""
    kept = _Kept()

    @lru_cache(maxsize=_MOST_HEADERS)  # SECURITY: clients choose the keys
    def wish_of(header: str) -> _Wish:
        accepted = accepted_encodings(header)
        return _Wish(chosen_encoding(accepted, options.makers), refuses_identity(accepted))

    def compress(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        wish = wish_of(environ.get("HTTP_ACCEPT_ENCODING", ""))
        if "HTTP_IF_NONE_MATCH" in environ or "HTTP_IF_MATCH" in environ:
            restore_tags(environ, wish.coding)
        started = _Started(start_response)
        body = serve(environ, started)
        exchange = _Exchange(environ, started, options, wish, kept)
        return exchange.respond(body)

    return compress


class _Started:
    """The function ``start_response`` of the inner application, which keeps its arguments."""

    status: str
    headers: Headers
    _error: tuple[object, ...]

    def __init__(self, start_response: StartResponse) -> None:
        self._start = start_response

    def __call__(self, status: str, headers: Headers, *error: object) -> Callable[[bytes], object]:
        self.status, self.headers, self._error = status, headers, error
        return _write

    def send(self, headers: Headers) -> None:
        """Start the response."""
        self._start(self.status, headers, *self._error)  # type: ignore[arg-type]  # as it came


def _write(data: bytes) -> object:
    raise NotImplementedError("restkit's dispatcher returns the content and does not write it.")


class _Exchange:
    """One request and its response."""

    def __init__(
        self,
        environ: WSGIEnvironment,
        started: _Started,
        options: Options,
        wish: _Wish,
        kept: _Kept,
    ) -> None:
        self._environ = environ
        self._started = started
        self._options = options
        self._wish = wish
        self._kept = kept
        self._fields = {name.lower(): value for name, value in started.headers}
        self._code = int(started.status.partition(" ")[0])

    def respond(self, body: Iterable[bytes]) -> Iterable[bytes]:
        """Start the response and return its content."""
        headers = self._started.headers
        if self._code == 304:
            self._started.send(self._varied([self._coded_304(item) for item in headers]))
            return body
        if not self._may_vary():
            self._started.send(headers)
            return body
        headers = self._varied(headers)
        if not self._is_compressed():
            self._started.send(headers)
            return body
        coding = self._wish.coding
        headers = [_coded(item, coding) for item in headers if item[0].lower() != "content-length"]
        headers.append(("Content-Encoding", coding))
        if self._environ["REQUEST_METHOD"] == "HEAD":
            self._started.send(headers)
            return body
        return self._compressed(headers, body)

    def _may_vary(self) -> bool:
        """Return whether the content may be compressed for some client."""
        fields = self._fields
        if self._code in _EMPTY or self._code == 206 or "content-range" in fields:
            return False
        if "content-encoding" in fields or not _DIGESTS.isdisjoint(fields):
            return False
        if "no-transform" in fields.get("cache-control", "").lower():
            return False
        return is_compressible(fields.get("content-type", ""))

    def _is_compressed(self) -> bool:
        """Return whether the content is compressed for this client."""
        if not self._wish.coding or not self._is_safe():
            return False
        length = self._fields.get("content-length")
        if length is None:
            return True
        return int(length) > 0 and (self._wish.is_forced or int(length) >= self._options.minimum)

    def _is_safe(self) -> bool:
        """Return whether no secret of a browser's user can be in the content."""
        if self._options.credentials:
            return True
        if UNCOMPRESSED in self._environ or "set-cookie" in self._fields:
            return False
        varied = [each.strip().lower() for each in self._fields.get("vary", "").split(",")]
        return "HTTP_COOKIE" not in self._environ or "cookie" not in varied

    def _varied(self, headers: Headers) -> Headers:
        """Return headers with Vary: Accept-Encoding."""
        names = [value for name, value in headers if name.lower() == "vary"]
        listed = {each.strip().lower() for each in ",".join(names).split(",")}
        if "*" in listed or "accept-encoding" in listed:
            return headers
        others = [item for item in headers if item[0].lower() != "vary"]
        return [*others, ("Vary", ", ".join([*names, "Accept-Encoding"]))]

    def _coded_304(self, item: tuple[str, str]) -> tuple[str, str]:
        """Return a header of a 304, whose entity tag is the one that the client has sent."""
        coded = _coded(item, self._wish.coding)
        return coded if self._wish.coding and sent_by(self._environ, coded[1]) else item

    def _compressed(self, headers: Headers, body: Iterable[bytes]) -> Iterable[bytes]:
        """Compress a content as a whole if its length is known and not large, else as a stream."""
        make = self._options.makers[self._wish.coding]
        length = self._fields.get("content-length")
        if length is None or int(length) > _GATHERED:
            self._started.send(headers)
            return _Stream(body, make())
        try:
            data = b"".join(body)
            content = self._kept.compressed(
                data, self._wish.coding, make, is_kept=CACHED in self._environ
            )
            self._started.send([*headers, ("Content-Length", str(len(content)))])
        except BaseException:
            close_if_open(body)
            raise
        return _Whole(content, body) if hasattr(body, "close") else [content]


def _coded(item: tuple[str, str], coding: str) -> tuple[str, str]:
    return (item[0], coded_tag(item[1], coding)) if item[0].lower() == "etag" else item


class _Whole:
    """A compressed content, and the content that it was made of, which is closed after it."""

    def __init__(self, content: bytes, source: object) -> None:
        self._content = content
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    def close(self) -> None:
        """Close the source."""
        close_if_open(self._source)


class _Stream:
    """The content of a stream, each chunk compressed and sent at once."""

    def __init__(self, body: Iterable[bytes], compressor: Compressor) -> None:
        self._body = body
        self._compressor = compressor

    def __iter__(self) -> Iterator[bytes]:
        compressor = self._compressor
        for chunk in self._body:
            if chunk:
                yield compressor.chunk(chunk)
        yield compressor.end()

    def close(self) -> None:
        """Close the stream."""
        close_if_open(self._body)


class _Kept:
    """Compressed contents of stored responses, which are sent many times."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, bytes], bytes] = {}
        self._size = 0

    def compressed(self, data: bytes, coding: str, make: Make, *, is_kept: bool) -> bytes:
        """Return compressed content.

        Args:
            data: The content.
            coding: The coding.
            make: The function that makes a compressor.
            is_kept: Whether the content will be sent again.
        """
        if not is_kept:
            return make().whole(data)
        key = (coding, data)
        found = self._known.get(key)
        if found is None:
            found = make().whole(data)
            size = len(data) + len(found)
            with self._lock:
                if self._size + size > _KEPT:
                    self._known.clear()
                    self._size = 0
                if key not in self._known and size <= _KEPT:
                    self._known[key] = found
                    self._size += size
        return found
