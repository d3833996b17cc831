"""The WSGI environment of a test request (PEP 3333), whose target keeps every byte."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes, urlsplit

from werkzeug.datastructures import Headers

from .content import ChunkedStream, Content

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

__all__ = ["make_environ"]

_PORTS = {"http": "80", "https": "443"}
_AS_WRITTEN = "".join(map(chr, range(33, 127)))


def make_environ(
    method: str, url: str, root: str, headers: Headers, content: Content | None
) -> WSGIEnvironment:
    """Return the environment of a request.

    Args:
        method: The HTTP method, sent unchanged.
        url: The absolute URL.
        root: The path at which the application is mounted, ``""`` for the host's root.
        headers: The headers.
        content: The content with its Content-Type, which overrides the header.
    """
    parts = urlsplit(url)
    target = quote(url.partition("://")[2].removeprefix(parts.netloc), safe=_AS_WRITTEN)
    path, _, query = target.partition("?")
    if not path.startswith(f"{root}/"):
        root = ""
    sent = "*" if method == "OPTIONS" and path == "/*" else target  # RFC 9112, section 3.2.4
    environ: WSGIEnvironment = {
        "HTTP_HOST": parts.netloc,
        "PATH_INFO": unquote_to_bytes(path.removeprefix(root)).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": sent,
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": method,
        "REQUEST_URI": sent,
        "SCRIPT_NAME": unquote_to_bytes(root).decode("latin-1"),
        "SERVER_NAME": parts.hostname or "localhost",
        "SERVER_PORT": str(parts.port or _PORTS[parts.scheme]),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": sys.stderr,
        "wsgi.input": io.BytesIO(),
        "wsgi.multiprocess": False,
        "wsgi.multithread": False,
        "wsgi.run_once": False,
        "wsgi.url_scheme": parts.scheme,
        "wsgi.version": (1, 0),
    }
    _put_headers(environ, headers)
    if content is not None:
        _put_content(environ, content)
    return environ


def _put_headers(environ: WSGIEnvironment, headers: Headers) -> None:
    # NOTE: iterating Headers yields pairs, not names.
    for name in {name.lower() for name in headers.keys()}:  # noqa: SIM118
        key = name.upper().replace("-", "_")
        values = ("; " if name == "cookie" else ", ").join(headers.getlist(name))
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = values


def _put_content(environ: WSGIEnvironment, content: Content) -> None:
    body, content_type = content
    if content_type is not None:
        environ["CONTENT_TYPE"] = content_type
    if isinstance(body, bytes):
        environ["wsgi.input"] = io.BytesIO(body)
        environ.setdefault("CONTENT_LENGTH", str(len(body)))
        return
    environ["wsgi.input"] = io.BufferedReader(ChunkedStream(body))
    environ["wsgi.input_terminated"] = True
    environ["HTTP_TRANSFER_ENCODING"] = "chunked"
