"""Make the smallest program, answer one request, and print the peak memory;
nothing else is imported.

``python -m tests.benchmarks.first NAME KIND`` asks for ``/``; with ``order`` behind it, the program
has one schema, and an order is posted.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["ORDER", "order_response", "peak", "response"]

ORDER = (
    b'{"reference": "A-1", "customer": "Ada", "email": "ada@example.org", "account": '
    b'"12345678-1234-5678-1234-567812345678", "placed_at": "2026-03-01T10:00:00+00:00", '
    b'"ship_on": "2026-03-02", "currency": "EUR", "total": 12.5, "weight": 300, "express": true, '
    b'"tags": ["gift"], "note": null, "items": [{"sku": "p-1", "title": "Pen", "quantity": 2, '
    b'"price": 6.25}]}'
)


def response(app: Any, kind: str) -> bytes:
    """Ask for ``/`` once."""
    return _wsgi(app) if kind == "wsgi" else _asgi(app)


def order_response(app: Any) -> bytes:
    """Post an order to a WSGI program once."""
    return _wsgi(
        app,
        ORDER,
        REQUEST_METHOD="POST",
        PATH_INFO="/orders",
        CONTENT_TYPE="application/json",
        CONTENT_LENGTH=str(len(ORDER)),
    )


def _wsgi(app: Any, body: bytes = b"", **more: str) -> bytes:
    import io

    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **more,
    }
    return b"".join(app(environ, lambda status, headers, exc_info=None: None))


def _asgi(app: Any) -> bytes:
    import asyncio

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/",
        "raw_path": b"/",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "server": ("127.0.0.1", 8000),
        "client": ("127.0.0.1", 50000),
        "state": {},
    }
    sent = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message.get("body", b""))

    asyncio.run(app(scope, receive, send))
    return b"".join(sent)


def peak() -> int:
    """Return the largest resident memory of this process so far, in KiB."""
    # NOTE: Not ru_maxrss, which a child takes over from the process that started it.
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    name, kind, *rest = sys.argv[1:]
    if rest == ["order"]:
        body = order_response(importlib.import_module(f"tests.benchmarks.peers.{name}").posts())
        if b'"reference":"A-1"' not in body.replace(b" ", b""):
            raise SystemExit(f"{name} answered {body!r}")
    elif name != "python":
        body = response(importlib.import_module(f"tests.benchmarks.peers.{name}").hello(), kind)
        if b"".join(body.split()) != b'{"hello":"world"}':
            raise SystemExit(f"{name} answered {body!r}")
    print(peak())
