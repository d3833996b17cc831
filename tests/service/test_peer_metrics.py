"""Metrics of requests to other services: durations, kinds of errors, and open breakers."""

from __future__ import annotations

import contextlib
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families
from servers import free_port

from restkit import App, GatewayTimeout, NotFound, Problem, ServiceUnavailable, raises
from restkit.client import Breaker
from restkit.client import Client as ServiceClient
from restkit.service import Service
from restkit.testing import Client

COUNT = "http_client_request_duration_seconds_count"
OPEN = "restkit_client_breaker_open"


def stock() -> App:
    """Return the other service."""
    app = App("Stock", contract="off")

    @app.get("/items/<int:item_id>", name="item")
    @raises(NotFound)
    def item(item_id: int) -> dict[str, int]:
        if item_id == 404:
            raise NotFound
        return {"id": item_id}

    @app.get("/slow", name="slow")
    def slow() -> str:
        time.sleep(1)
        return "slow"

    @app.get("/busy", name="busy")
    @raises(ServiceUnavailable)
    def busy() -> str:
        raise ServiceUnavailable

    return app


@pytest.fixture(scope="module")
def page() -> Client:
    """Return a client of an App with metrics, which are those of the process."""
    return Client(App("Shop", extensions=[Service(metrics="/metrics")]))


def samples(page: Client, name: str, peer: str) -> dict[tuple[str, ...], float]:
    """Return the values of a metric for one service, by method, status and kind of error."""
    return {
        tuple(
            each.labels.get(label, "") for label in ("method", "status", "error_type")
        ): each.value
        for family in text_string_to_metric_families(page.get("/metrics").text)
        for each in family.samples
        if each.name == name and each.labels["server_address"] == peer
    }


def test_each_request_is_counted_by_its_outcome(page: Client) -> None:
    client = ServiceClient(stock(), name="outcomes", retries=0, timeout=0.6, breaker=False)
    client.item(item_id=1)
    client.item(item_id=2)
    with pytest.raises(NotFound):
        client.item(item_id=404)
    with pytest.raises(GatewayTimeout):
        client.slow()
    with pytest.raises(ServiceUnavailable):
        client.busy()

    found = samples(page, COUNT, "outcomes")
    assert found == {
        ("GET", "200", ""): 2,
        ("GET", "404", "404"): 1,
        ("GET", "503", "503"): 1,
        ("GET", "", "PeerTimeout"): 1,
    }


def test_a_retry_is_a_request_of_its_own(page: Client) -> None:
    client = ServiceClient(stock(), name="retries", retries=1)
    with contextlib.suppress(Problem):
        client.busy()

    assert samples(page, COUNT, "retries")["GET", "503", "503"] == 2


def test_a_service_that_cannot_be_reached_is_an_error_without_a_status(page: Client) -> None:
    client = ServiceClient(f"http://127.0.0.1:{free_port()}", name="away", retries=0)
    with pytest.raises(ServiceUnavailable):
        client.item(item_id=1)

    assert samples(page, COUNT, "away") == {("GET", "", "PeerUnavailable"): 1}


def test_an_open_breaker_is_seen_until_it_closes(page: Client) -> None:
    breaker = Breaker(least=2, pause=0.1)
    client = ServiceClient(stock(), name="broken", retries=0, breaker=breaker)
    client.item(item_id=1)
    assert samples(page, OPEN, "broken") == {("", "", ""): 0}

    for _ in range(4):
        with contextlib.suppress(ServiceUnavailable):
            client.busy()
    assert samples(page, OPEN, "broken") == {("", "", ""): 1}
    sent = samples(page, COUNT, "broken")["GET", "503", "503"]
    assert sent < 4, "an open breaker sends nothing, and nothing is measured"

    time.sleep(0.15)
    client.item(item_id=1)
    assert samples(page, OPEN, "broken") == {("", "", ""): 0}
