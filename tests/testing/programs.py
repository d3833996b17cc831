"""WSGI applications on which the client is tested."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from restkit.testing import Client, TestResponse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Program", "answer", "bare", "echo", "told"]

Handler = Callable[[Request], Response]


class Program:
    """Is a WSGI application of one function, which keeps the last request."""

    def __init__(self, handler: Handler | None = None) -> None:
        self.handler = handler
        self.last: dict[str, Any] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with what the function makes of the request, or with how it looks."""
        self.last = environ
        request = Request(environ)
        return (self.handler or echo)(request)(environ, start_response)


def echo(request: Request) -> Response:
    """Tell of a request as JSON."""
    told = {
        "method": request.method,
        "path": request.path,
        "root": request.root_path,
        "host": request.host,
        "query": list(request.args.items(multi=True)),
        "type": request.headers.get("Content-Type"),
        "length": request.headers.get("Content-Length"),
        "cookies": dict(request.cookies),
        "form": list(request.form.items(multi=True)),
        "files": [
            [n, f.filename, f.content_type, f.read().decode()]
            for n, f in request.files.items(multi=True)
        ],
        "body": request.get_data().decode("latin-1"),
        "x": request.headers.get("X-Test"),
    }
    request.close()
    return Response(json.dumps(told), content_type="application/json")


def told(
    *, method: str = "POST", path: str = "/", base_url: str = "http://localhost", **options: Any
) -> Any:
    """Send a request and return how it arrived."""
    return Client(Program(), base_url=base_url).request(method, path, **options).json


def answer(**options: Any) -> TestResponse:
    """Return what the client makes of a response."""
    return Client(Program(lambda request: Response(**options))).get("/")


def bare() -> TestResponse:
    """Return an answer without any header."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("204 No Content", [])
        return []

    return Client(app).get("/")
