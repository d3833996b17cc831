"""The call of a tool: a request to the App itself, with the credentials of the agent."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote_to_bytes

from ..client.arguments import Arranged
from ..contract import Operation
from ..encoding import dumps_json
from ..environ_keys import CONTRACT_CHECK, UNEXPECTED_ERRORS
from ..http.uris import quote_path
from ..records import Record
from ..request import Request
from ..response import close_if_open
from ..service.correlation import outgoing_headers
from .tool import NEXT, Tool, environ_key

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..routing.handlers import Handler

__all__ = ["OutermostApp", "Reply", "Undeliverable", "call_tool"]

_SAME = (
    "REMOTE_ADDR",
    "REMOTE_PORT",
    "SCRIPT_NAME",
    "SERVER_NAME",
    "SERVER_PORT",
    "SERVER_PROTOCOL",
    "wsgi.errors",
    "wsgi.multiprocess",
    "wsgi.multithread",
    "wsgi.run_once",
    "wsgi.url_scheme",
    "wsgi.version",
    CONTRACT_CHECK,
    UNEXPECTED_ERRORS,
)
# SECURITY: cookies are not among them. A browser adds them by itself, also for a page that has
# found the endpoint.
_PASSED_ON = (
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_AUTHORIZATION",
    "HTTP_HOST",
    "HTTP_TRACEPARENT",
    "HTTP_TRACESTATE",
    "HTTP_USER_AGENT",
    "HTTP_X_REQUEST_ID",
    "HTTP_X_REQUEST_TIMEOUT_MS",
)


class OutermostApp(Protocol):
    """The outermost App, which gets the request."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333)."""
        ...

    def _freeze(self) -> _Dispatcher: ...


class _Dispatcher(Protocol):
    def _route(self, environ: WSGIEnvironment) -> tuple[Request, Handler]: ...


class Undeliverable(Exception):
    """Raised when arguments name the URL of another operation, or a response is too large."""


class Reply(Record):
    """The response of the App.

    Attributes:
        status: Its status.
        headers: Its headers.
        content: Its content.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes

    def header(self, name: str) -> str:
        """Return the value of a header, "" without it."""
        wanted = name.lower()
        return ", ".join(value for known, value in self.headers if known.lower() == wanted)


def call_tool(
    app: OutermostApp, request: Request, url: str, tool: Tool, parts: Arranged, largest: int
) -> Reply:
    """Call the Operation of a tool.

    Args:
        app: The outermost App.
        request: The request of the agent.
        url: The URL of the endpoint, relative to the App of the tool.
        tool: The tool.
        parts: The parts of the request.
        largest: The largest content of the response, in bytes.

    Raises:
        Undeliverable: The URL is that of another operation, or the response is too large.
    """
    prefix = _before(request.path, url)
    environ = _environ(request, _target(request, prefix, parts), tool, parts)
    _, handler = app._freeze()._route(dict(environ))
    # SECURITY: a slash in an argument must not reach an operation that is not a tool, nor the URL
    # of a page the same method at another URL.
    if not _is_same(handler.operation, tool.operation, _before(_pattern(request), url)):
        raise Undeliverable(_refusal(tool, parts))
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(
        status: str, headers: list[tuple[str, str]], *error: object
    ) -> Callable[[bytes], object]:
        started[:] = [(status, headers)]
        return written.append

    chunks = app(environ, start_response)
    try:
        size = 0
        for chunk in chunks:
            written.append(chunk)
            size += len(chunk)
            if size > largest:
                raise Undeliverable(
                    f"The response is larger than {largest} bytes. Ask for a smaller part."
                )
    finally:
        close_if_open(chunks)
    status, headers = started[0]
    return Reply(int(status[:3]), tuple(headers), b"".join(written))


def _before(path: str, url: str) -> str:
    """Return the path below which the App of the endpoint responds.

    With ``trailing_slash="ignore"`` a request may have a slash at the end that the URL has not.
    """
    return path.rstrip("/").removesuffix(url.rstrip("/"))


def _pattern(request: Request) -> str:
    operation: Operation | None = request.operation
    return "" if operation is None else operation.path


def _is_same(found: Operation | None, wanted: Operation, prefix: str) -> bool:
    if found is None:
        return False
    return (found.method, found.function, found.resource, found.path) == (
        wanted.method,
        wanted.function,
        wanted.resource,
        prefix + wanted.path,
    )


def _refusal(tool: Tool, parts: Arranged) -> str:
    """Return the fault of the URL of a call, which reached nothing or another operation."""
    if parts.url is not None:
        return f"The argument {NEXT!r} is not the URL of a page of this list."
    names = [name for name, each in tool.parameters.items() if each.location == "path"]
    return f"The path has no such values. Correct the arguments: {', '.join(names)}."


def _target(request: Request, prefix: str, parts: Arranged) -> str:
    """Return the path with the query, below the path of the server."""
    if parts.url is not None:
        return parts.url.removeprefix(quote_path(request.root_path))
    return f"{quote_path(prefix)}{parts.target}"


def _environ(request: Request, target: str, tool: Tool, parts: Arranged) -> WSGIEnvironment:
    given = request.environ
    content = dumps_json(parts.body) if parts.has_body else b""
    path, _, query = target.partition("?")
    environ: WSGIEnvironment = {name: given[name] for name in _SAME if name in given}
    environ |= {name: given[name] for name in (*_PASSED_ON, *tool.credentials) if name in given}
    environ |= {
        "CONTENT_LENGTH": str(len(content)) if content else "",
        "HTTP_ACCEPT": tool.accept,
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": target,
        "REQUEST_METHOD": tool.operation.method,
        "REQUEST_URI": target,
        "wsgi.input": io.BytesIO(content),
    }
    if content:
        environ["CONTENT_TYPE"] = tool.media_type
    for name, value in {**outgoing_headers(request), **parts.headers}.items():
        environ[environ_key(name)] = value
    return environ
