"""The programs that are measured, and the one request of each."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["PROGRAMS", "environ_of", "main"]

WSGI = Callable[[dict[str, Any], Any], Iterable[bytes]]


def environ_of(path: str, query: str = "") -> dict[str, Any]:
    """Return what a server hands over for a GET with an everyday set of headers."""
    return {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_USER_AGENT": "benchmark/1.0",
        "HTTP_ACCEPT": "*/*",
        "HTTP_ACCEPT_ENCODING": "gzip, deflate",
        "HTTP_CONNECTION": "keep-alive",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _restkit_hello() -> WSGI:
    from restkit import App

    app = App("Hello")

    @app.route("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def _flask_hello() -> WSGI:
    from flask import Flask

    app = Flask("hello")

    @app.route("/")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def _falcon_hello() -> WSGI:
    import falcon

    class Hello:
        def on_get(self, request: Any, response: Any) -> None:
            response.media = {"hello": "world"}

    app = falcon.App()
    app.add_route("/", Hello())
    return app


PROGRAMS: dict[str, Callable[[], WSGI]] = {
    "restkit": _restkit_hello,
    "flask": _flask_hello,
    "falcon": _falcon_hello,
}


def main(name: str, count: int) -> None:
    """Answer one request often; the first one checks that the answer is right."""
    app = PROGRAMS[name]()
    environ = environ_of("/")
    statuses: list[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> None:
        statuses.append(status)

    body = b"".join(app(dict(environ), start_response))
    if statuses != ["200 OK"] or b"".join(body.split()) != b'{"hello":"world"}':
        raise SystemExit(f"{name} answered {statuses} {body!r}")
    for _ in range(count):
        for _chunk in app(dict(environ), start_response):
            pass


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
