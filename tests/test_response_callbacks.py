"""`after_response`: when the functions run, and what they see."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest

from restkit import App, DeclarationError, NotFound, Request, after_response, provide, raises
from restkit.middleware import Proceed
from restkit.resource import Resource
from restkit.response import Response
from restkit.testing import Client


def shop(events: list[str]) -> App:
    app = App("Shop")

    def transaction() -> Iterator[str]:
        yield "a"
        events.append("committed")

    @app.route("/books")
    class Books(Resource):
        unit = provide(transaction)

        def get(self) -> dict[str, str]:
            after_response(lambda: events.append(f"first {Request.current().path}"))
            after_response(lambda: events.append("second"))
            return {"unit": self.unit}

        @raises(NotFound)
        def post(self) -> None:
            after_response(lambda: events.append("after an error"), self.request)
            raise NotFound

    @app.get("/numbers")
    def numbers() -> Iterator[int]:
        after_response(lambda: events.append("after the stream"))
        for number in range(3):
            events.append(str(number))
            yield number

    return app


def test_they_run_after_the_commit_in_order() -> None:
    events: list[str] = []
    assert Client(shop(events)).get("/books").json == {"unit": "a"}
    assert events == ["committed", "first /books", "second"]


def test_they_run_after_an_error() -> None:
    events: list[str] = []
    assert Client(shop(events)).post("/books").status == 404
    assert events == ["after an error"]


def test_they_run_for_head() -> None:
    events: list[str] = []
    assert Client(shop(events)).head("/books").status == 200
    assert events == ["committed", "first /books", "second"]


def test_they_run_after_a_stream() -> None:
    events: list[str] = []
    assert Client(shop(events)).get("/numbers").json == [0, 1, 2]
    assert events == ["0", "1", "2", "after the stream"]


def test_middleware_may_add_one() -> None:
    events: list[str] = []
    app = shop(events)

    @app.middleware
    def timed(request: Request, proceed: Proceed) -> Response:
        after_response(lambda: events.append("timed"))
        return proceed(request)

    assert Client(app).get("/nothing").status == 404
    assert events == ["timed"]


def test_what_fails_is_logged_and_the_others_run(caplog: pytest.LogCaptureFixture) -> None:
    events: list[str] = []
    app = App("Shop")

    @app.get("/")
    def home() -> dict[str, str]:
        after_response(lambda: 1 // 0)
        after_response(lambda: events.append("second"))
        return {}

    with caplog.at_level(logging.ERROR, "restkit"):
        assert Client(app).get("/").status == 200
    assert events == ["second"]
    assert "A function of after_response failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_mistakes_are_told() -> None:
    with pytest.raises(DeclarationError, match="The function of after_response"):
        after_response("no")  # type: ignore[arg-type]
    with pytest.raises(RuntimeError):
        after_response(lambda: None)


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def test_over_a_socket_the_client_does_not_wait() -> None:
    began, ended = threading.Event(), threading.Event()
    app = App("Shop")

    def slow() -> None:
        began.set()
        assert ended.wait(10)

    @app.get("/")
    def home() -> dict[str, str]:
        after_response(slow)
        return {"a": "b"}

    with make_server("127.0.0.1", 0, app, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.handle_request, daemon=True)
        thread.start()
        with socket.create_connection(server.server_address[:2], timeout=10) as client:
            client.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
            received = b""
            deadline = time.monotonic() + 10
            while not received.endswith(b'{"a":"b"}') and time.monotonic() < deadline:
                received += client.recv(4096)
            assert received.endswith(b'{"a":"b"}')
            assert began.wait(10)
            ended.set()
        thread.join(10)
