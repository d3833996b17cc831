"""Deadlines of calls: one for all tries, shorter with each hop, and never waited past."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from servers import free_port
from stock_service import served, stock

from restkit import App, GatewayTimeout, Resource, provide
from restkit.client import Client, PeerTimeout, PeerUnavailable
from restkit.limits import CallerDeadline, Deadline
from restkit.openapi import build
from restkit.testing import Client as Caller

HEADER = "x-request-timeout-ms"
DOCUMENT = build(stock())


@contextmanager
def peer(respond: Callable[[socket.socket], object], backlog: int = 8) -> Iterator[str]:
    """Serve a function that writes what it likes to each connection."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
    is_over = threading.Event()

    def run() -> None:
        while not is_over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                respond(connection)
            except OSError:
                pass  # the client has hung up

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        is_over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def drip(text: bytes) -> Callable[[socket.socket], None]:
    """Return a function that writes a text byte by byte, each in time for a time-out of its own."""

    def respond(connection: socket.socket) -> None:
        for index in range(len(text)):
            connection.sendall(text[index : index + 1])
            time.sleep(0.05)

    return respond


def hang(connection: socket.socket) -> None:
    time.sleep(3)


def fills_buffers(connection: socket.socket) -> None:
    """Read nothing of a large request."""
    time.sleep(3)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 900\r\n\r\n"


@pytest.mark.parametrize(
    "respond",
    [hang, drip(HEAD), drip(HEAD[:17] + b"X-Long: " + b"x" * 900), drip(HEAD[-4:] * 90)],
    ids=["silence", "slow head", "endless header", "no head"],
)
def test_no_call_waits_past_its_deadline(respond: Callable[[socket.socket], object]) -> None:
    """Although each byte comes in time."""
    with peer(respond) as url:
        client = Client(url, timeout=0.4, document=DOCUMENT)
        begun = time.monotonic()
        with pytest.raises((PeerTimeout, PeerUnavailable)) as caught:
            client.text()
        assert time.monotonic() - begun < 2
        client.close()
    assert caught.value.status in (503, 504)


def test_content_that_comes_slowly_ends_at_the_deadline() -> None:
    def respond(connection: socket.socket) -> None:
        connection.sendall(HEAD)
        drip(b"x" * 900)(connection)

    with peer(respond) as url:
        client = Client(url, timeout=0.4, document=DOCUMENT)
        begun = time.monotonic()
        with pytest.raises(PeerTimeout, match=r"within 0\.4 seconds"):
            client.text()
        assert time.monotonic() - begun < 2
        client.close()


def test_a_peer_that_reads_nothing() -> None:
    with peer(fills_buffers) as url:
        client = Client(url, timeout=0.4, document=DOCUMENT)
        begun = time.monotonic()
        with pytest.raises(PeerTimeout):
            client.reserve(sku="x" * 30_000_000, quantity=1)
        assert time.monotonic() - begun < 2
        client.close()


def test_a_peer_that_accepts_no_connection() -> None:
    """Its queue is full: each attempt to connect waits."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(3):
        each = socket.socket()
        each.setblocking(False)
        each.connect_ex(listener.getsockname())
        waiting.append(each)
    client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=0.4, document=DOCUMENT)
    begun = time.monotonic()
    with pytest.raises(PeerTimeout):
        client.text()
    assert time.monotonic() - begun < 2
    client.close()
    for each in (*waiting, listener):
        each.close()


def test_tries_share_one_deadline() -> None:
    """A service that is away is asked again, within the time of the call."""
    client = Client(f"http://127.0.0.1:{free_port()}", timeout=0.5, document=DOCUMENT, retries=10)
    begun = time.monotonic()
    with pytest.raises(PeerUnavailable):
        client.text()
    assert time.monotonic() - begun < 0.7


def test_the_peer_is_told_how_long_the_client_waits() -> None:
    client = Client(stock(), timeout=2)
    assert 1900 < int(client.echo()["headers"][HEADER]) <= 2000
    own = Client(stock(), timeout=2, deadline_header="X-Left")
    headers = own.echo()["headers"]
    assert 1900 < int(headers["x-left"]) <= 2000
    assert HEADER not in headers


def chain(*, timeout: float = 60, wait: float = 0.0) -> tuple[Caller, list[int]]:
    """Return a client of the first of three services, and what the others were told."""
    told: list[int] = []
    last = App("Last", extensions=[CallerDeadline()])

    @last.get("/end")
    def end() -> dict[str, bool]:
        return {"end": True}

    def noting(app: App) -> Callable[..., object]:
        def call(environ: dict[str, str], start_response: object) -> object:
            told.append(int(environ["HTTP_X_REQUEST_TIMEOUT_MS"]))
            return app(environ, start_response)  # type: ignore[arg-type]

        return call

    to_last = Client(noting(last), document=build(last), timeout=timeout)  # type: ignore[arg-type]
    middle = App("Middle", extensions=[CallerDeadline()])

    @middle.route("/pass")
    class Pass(Resource):
        last = provide(to_last)

        def get(self) -> object:
            time.sleep(wait)
            found: object = self.last.end()
            return found

    to_middle = Client(noting(middle), document=build(middle), timeout=timeout)  # type: ignore[arg-type]
    first = App("First", extensions=[CallerDeadline()])

    @first.route("/begin")
    class Begin(Resource):
        middle = provide(to_middle)

        def get(self) -> object:
            found: object = self.middle.get_pass()
            return found

    return Caller(first), told


def test_a_deadline_shrinks_hop_by_hop() -> None:
    """It is never longer than that of the caller."""
    first, told = chain(wait=0.02)
    assert first.get("/begin", headers={HEADER: "800"}).json == {"end": True}
    assert 800 > told[0] > told[1] > 0
    assert told[0] - told[1] >= 20


def test_a_client_waits_no_longer_than_it_was_told() -> None:
    """Also if its caller would wait longer."""
    first, told = chain(timeout=0.3)
    first.get("/begin", headers={HEADER: "9000"})
    assert max(told) <= 300


def test_a_deadline_that_is_spent_on_the_way_is_a_504() -> None:
    first, told = chain(wait=0.12)
    assert first.get("/begin", headers={HEADER: "100"}).status == 504
    assert len(told) == 1


def test_a_limit_of_the_service_is_a_deadline_too() -> None:
    app = App("Shop", limits=[Deadline(0.5)])
    client = Client(stock(), timeout=60)

    @app.get("/")
    def home() -> object:
        return client.echo()["headers"]

    assert int(Caller(app).get("/").json[HEADER]) <= 500


def test_without_time_nothing_is_sent() -> None:
    sent: list[object] = []

    def app(environ: object, start_response: object) -> list[bytes]:
        sent.append(environ)
        return []

    client = Client(app, document=DOCUMENT, timeout=60)  # type: ignore[arg-type]
    shop = App("Shop", extensions=[CallerDeadline()])

    @shop.get("/")
    def home() -> object:
        time.sleep(0.03)
        with pytest.raises(GatewayTimeout):
            client.text()
        return ""

    assert Caller(shop).get("/", headers={HEADER: "20"}).status == 504
    assert sent == []


def test_an_app_in_this_process_that_takes_too_long_is_a_504() -> None:
    """It cannot be interrupted, but its response is not used."""
    app = App("Slow")

    @app.get("/")
    def home() -> str:
        time.sleep(0.1)
        return ""

    with pytest.raises(PeerTimeout):
        Client(app, timeout=0.05).home()


def test_the_document_is_fetched_within_the_deadline() -> None:
    with peer(hang) as url:
        client = Client(url, timeout=0.3)
        begun = time.monotonic()
        with pytest.raises(PeerTimeout):
            client.text()
        assert time.monotonic() - begun < 0.7
        client.close()


def test_threads_that_wait_for_the_document_give_up_at_their_deadlines() -> None:
    with peer(hang) as url:
        client = Client(url, timeout=0.4)
        failures: list[float] = []

        def call() -> None:
            begun = time.monotonic()
            with pytest.raises(PeerTimeout):
                client.text()
            failures.append(time.monotonic() - begun)

        threads = [threading.Thread(target=call) for _ in range(4)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        client.close()
    assert len(failures) == 4
    assert max(failures) < 0.8


def test_connections_are_kept() -> None:
    """And a keep-alive connection has the deadline of each call."""
    with served(stock()) as url:
        client = Client(url, timeout=5)
        assert [client.get_item(sku="a")["sku"] for _ in range(5)] == ["a"] * 5
        client.close()
