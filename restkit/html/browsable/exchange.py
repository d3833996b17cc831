"""The request that a page is about, as an API client would send it, and its response."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from ...json_parsing import loads_json
from ...problems import BadRequest
from ...records import Record

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["ACCEPT", "Received", "inner_environ", "send"]

ACCEPT = "application/json, application/problem+json, */*;q=0.5"
"""Accept of the requests that pages show."""

MOST_READ = 1_000_000
"""How many bytes of a response are read; a link leads to the rest."""

# The browser asks these about the page, and not about the response that the page shows.
_OF_THE_PAGE = (
    "HTTP_IF_NONE_MATCH",
    "HTTP_IF_MODIFIED_SINCE",
    "HTTP_IF_RANGE",
    "HTTP_RANGE",
    "HTTP_UPGRADE_INSECURE_REQUESTS",
)


class Received(Record):
    """A response that a page shows.

    Attributes:
        status: The status.
        headers: The headers.
        body: The content, at most `MOST_READ` bytes of it.
        is_cut: Whether there is more content.
        seconds: How long the App took.
    """

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes
    is_cut: bool = False
    seconds: float = 0.0

    def header(self, name: str) -> str:
        """Return the values of a header, "" without it."""
        return ", ".join(text for key, text in self.headers if key.lower() == name.lower())

    @property
    def media_type(self) -> str:
        """The media type without parameters, in small letters."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def is_json(self) -> bool:
        """Whether the content is JSON."""
        return self.media_type == "application/json" or self.media_type.endswith("+json")

    def data(self) -> object:
        """Return the JSON value of the content, None if it is none or too large."""
        if not self.is_json or self.is_cut or not self.body:
            return None
        try:
            found: object = loads_json(self.body)
        except BadRequest:
            return None
        return found


def inner_environ(
    environ: WSGIEnvironment,
    method: str,
    query: str,
    *,
    content: tuple[str, bytes | IO[bytes], int] | None = None,
    headers: Mapping[str, str] | None = None,
) -> WSGIEnvironment:
    """Return the environ of the request that a page is about.

    Args:
        environ: That of the request for the page.
        method: The verb.
        query: The query.
        content: Content-Type, content and length; None without content.
        headers: More headers, in place of those of the browser.
    """
    inner = {name: value for name, value in environ.items() if name not in _OF_THE_PAGE}
    inner |= {"REQUEST_METHOD": method, "QUERY_STRING": query, "HTTP_ACCEPT": ACCEPT}
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):
        inner.pop(name, None)
    inner["wsgi.input"] = io.BytesIO()
    if content is not None:
        kind, body, length = content
        stream = io.BytesIO(body) if isinstance(body, bytes) else body
        inner |= {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(length), "wsgi.input": stream}
    for name, text in (headers or {}).items():
        inner[f"HTTP_{name.upper().replace('-', '_')}"] = text
    return inner


def send(app: WSGIApplication, environ: WSGIEnvironment) -> Received:
    """Send a request to the App, and return the shown parts of its response."""
    started: list[tuple[str, Sequence[tuple[str, str]]]] = []

    def start(
        status: str, headers: Sequence[tuple[str, str]], failed: object = None
    ) -> Callable[[bytes], object]:
        started[:] = [(status, list(headers))]
        return _refuse

    begin = time.perf_counter()
    chunks = app(environ, _as_start(start))
    try:
        body, is_cut = _read(chunks)
    finally:
        close: Callable[[], object] | None = getattr(chunks, "close", None)
        if close is not None:
            close()
    ((status, headers),) = started
    code = int(status.split()[0])
    return Received(code, headers, body, is_cut, time.perf_counter() - begin)


def _as_start(start: object) -> StartResponse:
    found: StartResponse = start  # type: ignore[assignment]  # typeshed's has a traceback's type
    return found


def _refuse(data: bytes) -> object:
    raise TypeError("write() of start_response is not supported.")


def _read(chunks: Iterable[bytes]) -> tuple[bytes, bool]:
    """Return the beginning of a response's content, and whether there is more."""
    found: list[bytes] = []
    size = 0
    for chunk in chunks:
        found.append(chunk)
        size += len(chunk)
        if size > MOST_READ:
            return b"".join(found)[:MOST_READ], True
    return b"".join(found), False
