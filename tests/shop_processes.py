"""The shop in processes: three services or the monolith, with a worker, and how to kill one."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import httpx2
from servers import ServerFailed, free_port

from examples.shop.__main__ import commands, environment

__all__ = ["ROOT", "Shop", "free_ports", "monolith", "services", "started_by_one_command", "until"]

ROOT = Path(__file__).parents[1]
_SECONDS = 60.0  # for a process to start on a busy machine

T = TypeVar("T")


def free_ports() -> int:
    """Return the first of three ports in a row on which nothing listens."""
    while True:
        # Ports of outgoing connections are above these: one of them could take the next port.
        port = random.randrange(20_000, 32_000)
        try:
            for each in range(port, port + 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", each))
        except OSError:
            continue
        return port


def until(read: Callable[[], T], holds: Callable[[T], bool], *, seconds: float = 15) -> T:
    """Return what a function returns as soon as it holds, and at the latest after some seconds."""
    end = time.monotonic() + seconds
    while not holds(found := read()) and time.monotonic() < end:
        time.sleep(0.1)
    return found


class Shop:
    """The URLs of the services, and the processes behind them.

    Attributes:
        catalogue: The URL below which the catalogue is.
        orders: That of the orders.
        payments: That of the payments.
    """

    def __init__(self, catalogue: str, orders: str, payments: str, folder: Path) -> None:
        self.catalogue = catalogue
        self.orders = orders
        self.payments = payments
        self.folder = folder
        self._commands: dict[str, list[str]] = {}
        self._environment: dict[str, str] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self.client = httpx2.Client(timeout=20)

    def start(self, name: str, command: list[str], variables: dict[str, str]) -> None:
        """Start one process."""
        self._commands[name] = command
        self._environment = variables
        with (self.folder / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(
                command, env=variables, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )

    def signal(self, name: str, number: signal.Signals) -> None:
        """Send a signal to one process."""
        self._running[name].send_signal(number)

    def kill(self, name: str) -> None:
        """End one process at once."""
        self.signal(name, signal.SIGKILL)
        self._running[name].wait()

    def restart(self, name: str) -> None:
        """Start a process again, and wait until it responds."""
        self.start(name, self._commands[name], self._environment)
        self.wait(getattr(self, name))

    def wait(self, url: str) -> None:
        """Wait until a service is ready.

        Raises:
            ServerFailed: It did not become ready, or a process has ended.
        """
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end and self._are_running():
            try:
                if self.client.get(f"{url}/readyz").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.1)
        said = "\n".join(self.log(name)[-1000:] for name in self._running)
        raise ServerFailed(f"{url} is not ready:\n{said}")

    def _are_running(self) -> bool:
        return all(each.poll() is None for each in self._running.values())

    def log(self, name: str) -> str:
        """Return what a process has printed."""
        path = self.folder / f"{name}.log"
        return path.read_text("utf-8") if path.exists() else ""

    def stop(self) -> None:
        """End the processes that this has started."""
        self.client.close()
        for each in self._running.values():
            each.terminate()
        for each in self._running.values():
            try:
                each.wait(timeout=20)
            except subprocess.TimeoutExpired:
                each.kill()
                each.wait()

    def put_item(self, sku: str, *, stock: int = 10, cents: int = 1200) -> None:
        """Put an item into the catalogue."""
        content = {"name": sku.title(), "cents": cents, "stock": stock}
        response = self.client.put(f"{self.catalogue}/items/{sku}", json=content)
        assert response.status_code in (200, 201), response.text

    def stock(self, sku: str) -> object:
        """Return how many pieces of an item are left."""
        return self.client.get(f"{self.catalogue}/items/{sku}").json()["stock"]

    def order(
        self, key: str, sku: str, quantity: int = 1, card: str = "card_visa", **headers: str
    ) -> httpx2.Response:
        """Order pieces of an item; headers are named with underscores."""
        content = {"sku": sku, "quantity": quantity, "card": card}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Idempotency-Key"] = key
        return self.client.post(f"{self.orders}/orders", json=content, headers=headers)

    def status(self, order: str) -> object:
        """Return the status of an order."""
        return self.client.get(f"{self.orders}/orders/{order}").json()["status"]

    def charges(self, order: str) -> list[int]:
        """Return what was charged for an order."""
        response = self.client.get(f"{self.payments}/charges", params={"order_id": order})
        return [each["cents"] for each in response.json()["items"]]


@contextmanager
def services(folder: Path) -> Generator[Shop]:
    """Start the three services and the worker, each as a process of this one."""
    port = free_ports()
    with _ending(_three(port, folder)) as shop:
        for name, command in commands(port).items():
            shop.start(name, command, environment(port, folder))
        for url in (shop.catalogue, shop.payments, shop.orders):
            shop.wait(url)
        yield shop


@contextmanager
def started_by_one_command(folder: Path) -> Generator[Shop]:
    """Start all by ``python -m examples.shop``."""
    port = free_ports()
    command = [sys.executable, "-m", "examples.shop", "--port", str(port), "--folder", str(folder)]
    with _ending(_three(port, folder)) as shop:
        shop.start("orders", command, environment(port, folder))
        for url in (shop.catalogue, shop.payments, shop.orders):
            shop.wait(url)
        yield shop


@contextmanager
def monolith(folder: Path) -> Generator[Shop]:
    """Start the monolith and its worker."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    run = [sys.executable, "-m", "restkit"]
    with _ending(Shop(f"{base}/catalogue", f"{base}/sales", f"{base}/payments", folder)) as shop:
        variables = environment(port, folder)
        shop.start("orders", [*run, "run", "--port", str(port), "examples.shop"], variables)
        shop.start("worker", [*run, "worker", "--poll", "0.2", "examples.shop"], variables)
        shop.wait(shop.orders)
        yield shop


def _three(port: int, folder: Path) -> Shop:
    orders, catalogue, payments = (f"http://127.0.0.1:{port + each}" for each in range(3))
    return Shop(catalogue, orders, payments, folder)


@contextmanager
def _ending(shop: Shop) -> Generator[Shop]:
    try:
        yield shop
    finally:
        shop.stop()
