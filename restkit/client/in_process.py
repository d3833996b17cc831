"""The way to a WSGI application in this process: a request without a socket (PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import httpx2

from ..environ_keys import UNEXPECTED_ERRORS
from ..response import close_if_open
from ..security.hosts import Hosts
from ..security.https import HTTPS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

__all__ = ["ERRORS", "InProcessTransport"]

ERRORS = "application_errors"
"""The extension of a response that has the exceptions of the application that became a 500."""


class InProcessTransport(httpx2.BaseTransport):
    """A transport that calls a WSGI application; the whole response is read."""

    def __init__(self, app: WSGIApplication) -> None:
        """Keep the application."""
        self._app = app

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Call the application."""
        errors: list[Exception] = []
        environ = {**_environ(request), **_called_as(self._app)}
        environ[UNEXPECTED_ERRORS] = errors
        started: list[tuple[str, list[tuple[str, str]]]] = []
        written: list[bytes] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], *error: object
        ) -> Callable[[bytes], object]:
            started[:] = [(status, headers)]
            return written.append

        chunks: Iterable[bytes] = self._app(environ, start_response)
        try:
            content = b"".join(chunks)
        finally:
            close_if_open(chunks)
        status, headers = started[0]
        return httpx2.Response(
            int(status[:3]),
            headers=headers,
            stream=httpx2.ByteStream(b"".join(written) + content),
            extensions={ERRORS: errors},
        )


def _called_as(app: WSGIApplication) -> dict[str, str]:
    """Return the scheme and the host that the guards of an App demand."""
    found: dict[str, str] = {}
    for each in getattr(app, "extensions", ()):
        if isinstance(each, HTTPS):
            found["wsgi.url_scheme"] = "https"
        elif isinstance(each, Hosts):
            # A name in full, or else one of those that *.example.com stands for.
            host = max(each.hosts, key=_is_full).replace("*", "internal")
            found |= {"HTTP_HOST": host, "SERVER_NAME": host.partition(":")[0]}
    return found


def _is_full(host: str) -> tuple[bool, str]:
    return not host.startswith("*"), host


def _environ(request: httpx2.Request) -> WSGIEnvironment:
    url = request.url
    target = url.raw_path.decode("ascii")
    path, _, query = target.partition("?")
    content = request.read()
    environ: WSGIEnvironment = {
        "CONTENT_LENGTH": str(len(content)) if content else "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": request.method,
        "REQUEST_URI": target,
        "SCRIPT_NAME": "",
        "SERVER_NAME": url.host,
        "SERVER_PORT": str(url.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(content),
        "wsgi.multiprocess": False,
        "wsgi.multithread": True,
        "wsgi.run_once": False,
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
    }
    for raw_name, raw_value in request.headers.raw:
        name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
        key = name.upper().replace("-", "_")
        if key == "CONTENT_TYPE":
            environ[key] = value
        elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
            environ[f"HTTP_{key}"] = value
    return environ
