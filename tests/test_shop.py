"""The shop does the same as a monolith and as three services; its dashboard is true."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families
from receivers import Receiver, serve
from shop_processes import ROOT, Shop, free_ports, monolith, started_by_one_command, until

from examples.shop import create_app
from examples.shop.catalogue import CatalogueSettings
from examples.shop.orders import OrdersSettings
from examples.shop.payments import PaymentsSettings
from restkit.events import new_secret
from restkit.testing import Client

_OF_PROMETHEUS = {"job"}  # a label that comes from the configuration of the scrape
_KINDS = {"monolith": monolith, "three_services": started_by_one_command}


@pytest.fixture(scope="module", params=_KINDS)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Shop]:
    """Start the shop with empty databases."""
    with _KINDS[request.param](tmp_path_factory.mktemp(request.param)) as started:
        yield started


def test_an_order_is_accepted_and_paid(shop: Shop) -> None:
    """The order reserves its pieces at once, and its card is charged by the worker, once."""
    shop.put_item("lamp", stock=5, cents=1250)

    response = shop.order("paid-1", "lamp", 2)

    order = response.json()
    assert response.status_code == 201
    assert {**order, "id": ""} == {
        "id": "",
        "sku": "lamp",
        "quantity": 2,
        "cents": 2500,
        "status": "pending",
    }
    assert shop.stock("lamp") == 3
    assert until(lambda: shop.status(order["id"]), lambda found: found != "pending") == "paid"
    assert shop.charges(order["id"]) == [2500]


def test_the_pieces_of_a_declined_order_are_put_back(shop: Shop) -> None:
    """The bank says no after the order was accepted."""
    shop.put_item("chair", stock=5)

    order = shop.order("declined-1", "chair", 5, card="card_declined").json()["id"]

    assert until(lambda: shop.status(order), lambda found: found != "pending") == "declined"
    assert until(lambda: shop.stock("chair"), lambda found: found == 5) == 5
    assert shop.charges(order) == []


@pytest.mark.parametrize(
    ("sku", "quantity", "status", "kind"),
    [
        ("table", 4, 409, "https://shop.example/problems/out-of-stock"),
        ("tabel", 1, 409, "https://shop.example/problems/unknown-item"),
        ("table", 0, 422, "about:blank"),
        ("t" * 41, 1, 422, "about:blank"),
    ],
)
def test_problems_are_those_of_the_orders(
    shop: Shop, sku: str, quantity: int, status: int, kind: str
) -> None:
    """Declared problems of the catalogue reach the caller; nothing is reserved."""
    shop.put_item("table", stock=3)

    response = shop.order("problem-1", sku, quantity)

    assert response.status_code == status
    assert response.json().get("type", "about:blank") == kind
    assert shop.stock("table") == 3


def test_an_order_needs_a_key(shop: Shop) -> None:
    """Without a key nobody could repeat the request."""
    shop.put_item("sofa")
    content = {"sku": "sofa", "quantity": 1, "card": "card_visa"}

    response = shop.client.post(f"{shop.orders}/orders", json=content)

    assert response.status_code == 400
    assert shop.stock("sofa") == 10


def test_one_key_makes_one_order(shop: Shop) -> None:
    """Eight requests at once with one key, and one of another form of it later."""
    shop.put_item("bed", stock=9)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: shop.order("once", "bed"), range(8)))

    accepted = [each.json() for each in found if each.status_code == 201]
    assert {each.status_code for each in found} <= {201, 409}
    assert len({each["id"] for each in accepted}) == 1
    again = shop.order('"once"', "bed")
    assert again.json() == accepted[0]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shop.order("once", "bed", 2).status_code == 422
    assert shop.stock("bed") == 8
    order = accepted[0]["id"]
    assert until(lambda: shop.status(order), lambda status: status == "paid") == "paid"
    assert shop.charges(order) == [1200]


def test_an_order_is_an_event(shop: Shop) -> None:
    """A receiver gets `order.placed`, without the card."""
    shop.put_item("desk")
    receiver = Receiver()
    with serve(receiver) as url:
        endpoint = {"url": url, "secrets": [new_secret()], "events": ["order.placed"]}
        made = shop.client.post(f"{shop.orders}/endpoints", json=endpoint)
        assert made.status_code == 201
        assert "secrets" not in made.json()

        order = shop.order("event-1", "desk").json()

        until(lambda: len(receiver.got), lambda count: count > 0)
        shop.client.delete(f"{shop.orders}/endpoints/{made.json()['id']}")
    ((_, content),) = receiver.got
    sent = json.loads(content)
    assert sent["type"] == "order.placed"
    assert sent["data"] == order


def test_one_command_ends_what_it_started(tmp_path: Path) -> None:
    """SIGTERM ends the services and the worker; nothing listens afterwards."""
    port = free_ports()
    command = [
        sys.executable,
        "-m",
        "examples.shop",
        "--port",
        str(port),
        "--folder",
        str(tmp_path),
    ]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        names = ("catalogue: ", "orders: ", "payments: ")
        told = list(islice((each for each in lines if each.startswith(names)), 3))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=40)
    assert process.returncode == 0
    assert sorted(told) == [
        f"catalogue: http://127.0.0.1:{port + 1}/docs\n",
        f"orders: http://127.0.0.1:{port}/docs\n",
        f"payments: http://127.0.0.1:{port + 2}/docs\n",
    ]
    for each in range(port, port + 3):
        with pytest.raises(httpx2.ConnectError):
            httpx2.get(f"http://127.0.0.1:{each}/livez")


# the dashboard


@pytest.fixture
def exported(tmp_path: Path) -> Iterator[dict[str, set[str]]]:
    """Return the labels of each metric that the monolith exports, by name."""
    app = create_app(
        CatalogueSettings(database_url=f"sqlite:///{tmp_path / 'catalogue.db'}"),
        OrdersSettings(database_url=f"sqlite:///{tmp_path / 'orders.db'}"),
        PaymentsSettings(database_url=f"sqlite:///{tmp_path / 'payments.db'}"),
    )
    with app:
        client = Client(app)
        client.get("/catalogue/items")
        labels: dict[str, set[str]] = {}
        for family in text_string_to_metric_families(client.get("/metrics").text):
            for sample in family.samples:
                labels.setdefault(sample.name, set()).update(sample.labels)
        yield labels


def queries() -> list[str]:
    """Return the queries of the dashboard's panels."""
    dashboard = json.loads((ROOT / "examples/shop/dashboard.json").read_text("utf-8"))
    return [each["expr"] for panel in dashboard["panels"] for each in panel["targets"]]


@pytest.mark.parametrize("query", queries())
def test_the_dashboard_asks_for_what_is_exported(exported: dict[str, set[str]], query: str) -> None:
    """Each metric of a query exists, and has the labels that the query selects and groups by."""
    metrics = re.findall(r"([a-z_]+)\{([^}]*)\}", query)
    groups = re.findall(r"\bby \(([^)]*)\)", query)
    assert metrics
    assert groups
    grouped = {name for group in groups for name in re.split(r",\s*", group)}
    for name, selectors in metrics:
        assert name in exported
        selected = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selectors))
        assert selected | grouped <= exported[name] | _OF_PROMETHEUS


def test_the_dashboard_shows_rate_errors_and_duration() -> None:
    """The three things that one asks of every service."""
    dashboard = json.loads((ROOT / "examples/shop/dashboard.json").read_text("utf-8"))
    titles = [panel["title"].partition(",")[0] for panel in dashboard["panels"]]
    assert titles[:3] == ["Rate", "Errors", "Duration"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(titles)
