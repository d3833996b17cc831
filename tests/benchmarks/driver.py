"""Drive a program in process: as a WSGI server calls it, or as an ASGI server does,
with nothing else around it.
"""

from __future__ import annotations

import asyncio
import io
import itertools
import sys
from collections.abc import Iterator
from typing import Any

from .cases import Case, verify
from .programs import PROGRAMS, build

__all__ = ["ASGIDriver", "Driver", "WSGIDriver", "driver_of"]

_HEADERS = {
    "host": "127.0.0.1:8000",
    "user-agent": "benchmark/1.0",
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
    "connection": "keep-alive",
}


class Driver:
    """Asks a program one request, often.

    Attributes:
        status: Of the last answer.
    """

    def __init__(self, app: Any, case: Case) -> None:
        self.app = app
        self.case = case
        self.status = 0

    def bodies(self) -> Iterator[bytes]:
        """Yield what one request after the other sends."""
        return itertools.cycle((self.case.body, self.case.other or self.case.body))

    def once(self) -> bytes:
        """Ask once, and return the content of the answer."""
        raise NotImplementedError

    def run(self, count: int) -> None:
        """Ask often, and throw the answers away."""
        raise NotImplementedError


class WSGIDriver(Driver):
    def __init__(self, app: Any, case: Case) -> None:
        super().__init__(app, case)
        self.environ = _environ_of(case)

    def _start_response(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        self.status = status
        return _write

    def once(self) -> bytes:
        response = self.app(
            {**self.environ, "wsgi.input": io.BytesIO(self.case.body)}, self._start_response
        )
        try:
            content = b"".join(response)
        finally:
            if hasattr(response, "close"):
                response.close()
        self.status = int(str(self.status)[:3])
        return content

    def run(self, count: int) -> None:
        app, template, start_response = self.app, self.environ, self._start_response
        for body in itertools.islice(self.bodies(), count):
            environ = template.copy()
            environ["wsgi.input"] = io.BytesIO(body)
            response = app(environ, start_response)
            for _chunk in response:
                pass
            close = getattr(response, "close", None)
            if close is not None:
                close()


def _write(data: bytes) -> None:
    raise NotImplementedError


def _environ_of(case: Case) -> dict[str, Any]:
    path, _, query = case.path.partition("?")
    environ = {
        "REQUEST_METHOD": case.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in _HEADERS.items()}
    if case.cookie:
        environ["HTTP_COOKIE"] = case.cookie
    environ |= case.environ
    if case.body:
        environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(case.body))}
    return environ


class ASGIDriver(Driver):
    """Has one event loop, which runs one coroutine around all requests:
    the loop's own cost is not counted N times.
    """

    def __init__(self, app: Any, case: Case) -> None:
        super().__init__(app, case)
        self.scope = _scope_of(case)
        self.loop = asyncio.new_event_loop()

    async def _ask(self, count: int, received: list[dict[str, Any]]) -> None:
        app, template = self.app, self.scope
        given = {"type": "http.request", "body": b"", "more_body": False}

        async def receive() -> dict[str, Any]:
            return given

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                received.clear()  # what was received before
            received.append(message)

        for given["body"] in itertools.islice(self.bodies(), count):
            scope = template.copy()
            scope["state"] = {}
            await app(scope, receive, send)

    def once(self) -> bytes:
        received: list[dict[str, Any]] = []
        self.loop.run_until_complete(self._ask(1, received))
        self.status = next(
            each["status"] for each in received if each["type"] == "http.response.start"
        )
        return b"".join(
            each.get("body", b"") for each in received if each["type"] == "http.response.body"
        )

    def run(self, count: int) -> None:
        self.loop.run_until_complete(self._ask(count, []))


def _scope_of(case: Case) -> dict[str, Any]:
    path, _, query = case.path.partition("?")
    headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
    if case.body:
        headers += [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(case.body)).encode()),
        ]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": case.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
    }


def driver_of(name: str, case: Case) -> Driver:
    """Make a program and what asks it; its first answer is verified.

    Args:
        name: Of the program.
        case: What to ask.

    Raises:
        Mismatch: It answers other than the case says.
    """
    peer = PROGRAMS[name]
    app = build(name, case.service)
    driver = ASGIDriver(app, case) if peer.kind == "asgi" else WSGIDriver(app, case)
    for _ in range(2):  # the second answer too: caches must not change it
        content = driver.once()
        verify(case, driver.status, content, names_all=peer.names_all)
    return driver
