"""The shop under load while a service is killed or stands still: nothing that was acknowledged is
lost, nothing happens twice, and nobody waits for long.
"""

from __future__ import annotations

import itertools
import json
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial

import httpx2
import pytest
from shop_processes import Shop, services, until

DEADLINE = 5.0  # of an order, as the services declare it
SLACK = 1.5  # for a busy machine
STOCK = 1000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Generator[Shop]:
    """Start the three services and the worker."""
    with services(tmp_path_factory.mktemp("shop")) as started:
        yield started


@dataclass(slots=True)
class Load:
    """Orders that threads place, each with a key of its own, until they are stopped.

    Attributes:
        sku: The item.
        statuses: The status of each key's request, 0 if the connection broke.
        ids: The id of each acknowledged order, by its key.
        seconds: How long each request took.
        details: The problems, by status and detail.
    """

    shop: Shop
    sku: str
    statuses: dict[str, int] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    details: Counter[tuple[int, str]] = field(default_factory=Counter)

    def place(self, key: str) -> None:
        """Place one order, or repeat its request."""
        begun = time.monotonic()
        try:
            response = self.shop.order(key, self.sku)
        except httpx2.TransportError:
            self.statuses[key] = 0
            return
        finally:
            self.seconds.append(time.monotonic() - begun)
        self.statuses[key] = response.status_code
        content = response.json()
        if response.status_code == 201:
            assert self.ids.setdefault(key, content["id"]) == content["id"]
        else:
            self.details[response.status_code, content["detail"]] += 1

    def repeat(self) -> None:
        """Send each request again, with its key, until it was acknowledged."""
        for key in self.statuses:
            until(partial(self.again, key), lambda found: found == 201)

    def again(self, key: str) -> int:
        """Place an order, and return the status."""
        self.place(key)
        return self.statuses[key]

    def has(self, status: int) -> Callable[[], bool]:
        """Return a function that says whether a request had the status."""
        return lambda: status in [*self.statuses.values()]

    def acknowledged(self) -> int:
        """Return how many orders were acknowledged."""
        return len(self.ids)


@contextmanager
def load(shop: Shop, sku: str, *, threads: int = 4, most: int = 150) -> Iterator[Load]:
    """Place orders from threads while the context lasts."""
    shop.put_item(sku, stock=STOCK)
    made = Load(shop, sku)
    stopped = threading.Event()
    numbers = itertools.count()

    def run() -> None:
        while not stopped.wait(0.05) and (number := next(numbers)) < most:
            made.place(f"{sku}-{number}")

    running = [threading.Thread(target=run) for _ in range(threads)]
    for each in running:
        each.start()
    try:
        yield made
    finally:
        stopped.set()
        for each in running:
            each.join()


def rows(shop: Shop, database: str, query: str, *values: object) -> list[tuple[object, ...]]:
    """Return rows of a service's database."""
    with closing(sqlite3.connect(shop.folder / f"{database}.db", timeout=10)) as connection:
        found = connection.execute(query, values).fetchall()
        connection.commit()
        return found


def traced(shop: Shop, name: str, trace: str) -> list[tuple[str, int]]:
    """Return the operations with a trace in the access log of a service, without its document."""
    lines = [json.loads(each) for each in shop.log(name).splitlines() if trace in each]
    found = [each for each in lines if each["logger"] == "restkit.access"]
    return [
        (each["operation"], each["status"])
        for each in found
        if each["trace_id"] == trace and each["operation"] != "getOpenAPIJSON"
    ]


def hurry(shop: Shop) -> None:
    """Let the worker try again at once what it would try in some minutes."""
    rows(shop, "orders", "UPDATE restkit_outbox SET due_at = 0 WHERE lease IS NULL")


def ready_without(shop: Shop, name: str) -> httpx2.Response:
    """Return the readiness of the orders once they know that a service does not respond.

    Callers share the results of one second, which may be from before the service was killed.
    """
    return until(
        partial(shop.client.get, f"{shop.orders}/readyz"),
        lambda found: found.json()["checks"][name] == "failed",
    )


def are_paid(found: list[tuple[object, ...]]) -> bool:
    """Return whether all orders are paid."""
    return {status for _, status in found} == {"PAID"}


def assert_each_once(shop: Shop, placed: Load) -> None:
    """Each key has one order, one reservation and one charge; each acknowledged order is there."""
    expected = len(placed.statuses)
    assert set(placed.statuses.values()) == {201}

    def orders() -> list[tuple[object, ...]]:
        hurry(shop)  # a charge that timed out twice on a busy machine waits for five minutes
        time.sleep(1)
        return rows(shop, "orders", 'SELECT id, status FROM "order" WHERE sku = ?', placed.sku)

    found = until(orders, are_paid, seconds=60)
    assert Counter(status for _, status in found) == {"PAID": expected}
    stored = {str(each).replace("-", "") for each, _ in found}
    assert stored == {each.replace("-", "") for each in placed.ids.values()}
    assert shop.stock(placed.sku) == STOCK - expected
    reserved = rows(shop, "catalogue", "SELECT count(*) FROM reservation WHERE sku = ?", placed.sku)
    assert reserved == [(expected,)]
    charged = rows(shop, "payments", "SELECT order_id FROM charge")
    once = Counter(str(each).replace("-", "") for (each,) in charged)
    assert {once[each] for each in stored} == {1}


def test_one_trace_crosses_all_services(shop: Shop) -> None:
    """The access logs of the three processes have the trace of the caller."""
    trace = "0af7651916cd43dd8448eb211c80319c"
    shop.put_item("traced")

    order = shop.order("trace-1", "traced", traceparent=f"00-{trace}-b7ad6b7169203331-01")

    assert until(lambda: shop.status(order.json()["id"]), lambda found: found == "paid") == "paid"
    logged = {name: traced(shop, name, trace) for name in ("catalogue", "orders", "payments")}
    assert logged == {
        "catalogue": [("createReservation", 201)],
        "orders": [("createOrder", 201)],
        "payments": [("createCharge", 201)],
    }


def test_the_catalogue_is_killed(shop: Shop) -> None:
    """Orders are a 503 at once, the breaker opens, and closes when the catalogue is back."""
    with load(shop, "killed") as placed:
        until(placed.acknowledged, lambda count: count >= 5)
        shop.kill("catalogue")
        opened = "has failed too often lately"
        until(lambda: str(placed.details), lambda told: opened in told)
        begun = time.monotonic()
        refused = shop.order("refused", "killed")
        seconds = time.monotonic() - begun
        ready = ready_without(shop, "catalogue")
        shop.restart("catalogue")
        back = until(partial(placed.again, "back"), lambda found: found == 201, seconds=40)

    assert refused.status_code == 503
    assert opened in refused.json()["detail"]
    assert int(refused.headers["Retry-After"]) >= 1
    assert seconds < SLACK
    assert ready.status_code == 200
    assert ready.json()["checks"]["catalogue"] == "failed"
    assert back == 201
    assert {status for status, _ in placed.details} <= {503, 504}
    assert max(placed.seconds) < DEADLINE + SLACK
    placed.repeat()
    assert_each_once(shop, placed)


def test_the_payments_are_killed(shop: Shop) -> None:
    """Orders are accepted all the same, and paid when the payments are back."""
    shop.kill("payments")
    with load(shop, "unpaid", most=20) as placed:
        until(placed.acknowledged, lambda count: count >= 20, seconds=30)
        ready = ready_without(shop, "payments")
    assert set(placed.statuses.values()) == {201}
    assert ready.status_code == 200
    assert ready.json()["checks"]["payments"] == "failed"
    assert {shop.status(each) for each in placed.ids.values()} == {"pending"}

    shop.restart("payments")

    def pending() -> int:
        hurry(shop)
        time.sleep(1)
        return len([each for each in placed.ids.values() if shop.status(each) == "pending"])

    assert until(pending, lambda count: count == 0, seconds=60) == 0
    assert_each_once(shop, placed)


def test_the_orders_are_killed(shop: Shop) -> None:
    """Requests break in the middle; each client repeats its key, and no order is made twice."""
    with load(shop, "broken") as placed:
        until(placed.acknowledged, lambda count: count >= 10)
        shop.kill("orders")
        until(placed.has(0), bool)
    assert 0 in placed.statuses.values()

    shop.restart("orders")

    placed.repeat()
    assert_each_once(shop, placed)


def test_a_service_stands_still(shop: Shop) -> None:
    """A caller that waits for a second waits for a second, and no order is made behind its back."""
    shop.put_item("still", stock=STOCK)
    shop.signal("catalogue", signal.SIGSTOP)
    try:
        begun = time.monotonic()
        short = shop.order("still-1", "still", x_request_timeout_ms="1000")
        waited = time.monotonic() - begun
        begun = time.monotonic()
        long = shop.order("still-2", "still")
        longer = time.monotonic() - begun
    finally:
        shop.signal("catalogue", signal.SIGCONT)

    assert short.status_code == 504
    assert waited < 1 + SLACK
    assert long.status_code == 504
    assert longer < DEADLINE + SLACK
    placed = Load(shop, "still", {"still-1": 504, "still-2": 504})
    placed.repeat()
    assert_each_once(shop, placed)
