"""Clients of real servers: one is killed, one comes back, and one ends before it has responded."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from servers import free_port, serve_process, workers_of

from restkit import Problem
from restkit.client import Breaker, Client

STOCK = """
import time
from marshmallow import Schema, fields
from restkit import App, Resource, operation
from restkit.limits import Idempotency, MemoryStorage

app = App("Stock")
made = []


class ReservationSchema(Schema):
    sku = fields.Str(required=True)
    number = fields.Int(dump_only=True)


@app.route("/reservations")
class Reservations(Resource):
    schema = ReservationSchema
    idempotency = Idempotency(MemoryStorage())

    @operation(operation_id="reserve")
    def post(self, body: dict[str, object]) -> dict[str, object]:
        made.append(body)
        return {**body, "number": len(made)}


@app.get("/count")
def count() -> int:
    return len(made)


@app.get("/slow")
def slow() -> str:
    time.sleep(30)
    return ""
"""
SHOP = """
import os
import signal
from pathlib import Path
from restkit import App, Resource, provide
from restkit.client import Client
from restkit.limits import Idempotency, MemoryStorage

app = App("Shop")
stock = Client(os.environ["STOCK"])
mark = Path(os.environ["MARK"])


@app.route("/orders/<sku>")
class Orders(Resource):
    stock = provide(stock)
    idempotency = Idempotency(MemoryStorage())

    def post(self, sku: str) -> dict[str, object]:
        made = [self.stock.reserve(sku=sku)["number"] for _ in range(2)]
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return {"reservations": made}
"""


class Server:
    """A gunicorn with one worker, and how to kill it."""

    def __init__(self, url: str, pid_file: Path) -> None:
        self.url = url
        self._pid_file = pid_file

    def kill(self) -> None:
        """End all its processes at once, as a machine that fails does."""
        workers = workers_of(self._pid_file)
        for each in (int(self._pid_file.read_text("utf-8")), *workers):
            os.kill(each, signal.SIGKILL)


@contextmanager
def running(
    folder: Path, name: str, source: str, port: int, **environment: str
) -> Iterator[Server]:
    """Serve a module by gunicorn."""
    (folder / f"{name}.py").write_text(source, "utf-8")
    pid_file = folder / f"{name}.pid"
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-p", str(pid_file)]
    command += ["-k", "gthread", "--threads", "8", f"{name}:app"]
    with serve_process(command, port=port, cwd=folder, environment=environment) as url:
        httpx2.get(f"{url}/openapi.json", timeout=30)  # gunicorn listens before it loads the App
        yield Server(url, pid_file)


def status_of(client: Client) -> int:
    try:
        client.count()
    except Problem as problem:
        return problem.status
    return 200


def test_a_service_that_is_killed(tmp_path: Path) -> None:
    """No call waits past its deadline; the breaker opens, and closes when the service is back."""
    port = free_port()
    found: list[tuple[int, float]] = []
    breaker = Breaker(least=6, pause=0.3, longest=0.6)
    with running(tmp_path, "stock", STOCK, port) as server:
        client = Client(server.url, timeout=2, breaker=breaker)
        assert client.count() == 0

        def call() -> None:
            begun = time.monotonic()
            with pytest.raises(Problem) as caught:
                client.slow()
            found.append((caught.value.status, time.monotonic() - begun))

        threads = [threading.Thread(target=call) for _ in range(4)]
        for each in threads:
            each.start()
        time.sleep(0.5)
        server.kill()
        for each in threads:
            each.join()
    assert len(found) == 4
    assert {status for status, _ in found} <= {503, 504}
    assert max(seconds for _, seconds in found) < 2.2

    assert [status_of(client) for _ in range(6)] == [503] * 6
    assert client.breaker_state == "open"
    begun = time.monotonic()
    assert status_of(client) == 503
    assert time.monotonic() - begun < 0.5

    (tmp_path / "stock.pid").unlink()
    with running(tmp_path, "stock", STOCK, port):
        time.sleep(0.7)
        assert client.breaker_state == "half-open"
        assert status_of(client) == 200
        assert client.breaker_state == "closed"
        client.close()


def test_a_repeated_request_has_one_effect_in_the_other_service(tmp_path: Path) -> None:
    """The process ended after its calls, before it could respond; its client sends the key again.

    Each of the two equal calls of one request has its effect.
    """
    with running(tmp_path, "stock", STOCK, free_port()) as server:
        told = {"STOCK": server.url, "MARK": str(tmp_path / "mark")}
        with running(tmp_path, "shop", SHOP, free_port(), **told) as shop:
            headers = {"Idempotency-Key": "order-7"}
            with pytest.raises(httpx2.RemoteProtocolError):
                httpx2.post(f"{shop.url}/orders/a", headers=headers)
            client = Client(server.url)
            assert client.count() == 2
            again = httpx2.post(f"{shop.url}/orders/a", headers=headers, timeout=20)
            assert again.status_code == 200
            assert again.json() == {"reservations": [1, 2]}
            assert client.count() == 2
            httpx2.post(f"{shop.url}/orders/a", headers={"Idempotency-Key": "order-8"})
            assert client.count() == 4
            client.close()
