"""The breaker: opens when a service fails, lets one request try, and closes when that works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from restkit import App, DeclarationError, Problem
from restkit.client import Breaker, Client, PeerUnavailable
from restkit.limits import CallerDeadline
from restkit.testing import Client as Caller

DOCUMENT = {
    "openapi": "3.1.1",
    "paths": {"/x": {"get": {"operationId": "read", "responses": {"200": {}, "500": {}}}}},
}
Handle = Callable[[httpx2.Request], httpx2.Response]


class Service:
    """A service whose status is set, and a client of it."""

    def __init__(self, handle: Handle | None = None, **options: Any) -> None:
        self.status = 200
        self.requests = 0
        self.handle = handle or self.respond
        self.breaker = Breaker(least=4, **{"pause": 0.1, "longest": 1.0, **options})
        self.client = Client(
            "http://stock",
            document=DOCUMENT,
            retries=0,
            breaker=self.breaker,
            transport=httpx2.MockTransport(self.count),
        )

    def count(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        return self.handle(request)

    def respond(self, request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(self.status, json={})

    def call(self, times: int = 1) -> list[int]:
        """Return the statuses of some calls."""
        return [self.once() for _ in range(times)]

    def once(self) -> int:
        try:
            self.client.read()
        except Problem as problem:
            return problem.status
        return 200

    @property
    def state(self) -> str:
        return self.client.breaker_state


def refuse(request: httpx2.Request) -> httpx2.Response:
    raise httpx2.ConnectError("refused")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_it_opens_when_half_of_the_requests_fail(status: int) -> None:
    service = Service()
    service.call(2)
    service.status = status
    assert service.call(1) == [status]
    assert service.state == "closed"
    service.call(1)
    assert service.state == "open"
    assert service.call(5) == [503] * 5
    assert service.requests == 4


def test_a_service_that_is_away_opens_it() -> None:
    service = Service(refuse)
    assert service.call(9) == [503] * 9
    assert service.requests == 4


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429])
def test_errors_of_the_client_never_count(status: int) -> None:
    service = Service()
    service.status = status
    service.call(50)
    assert service.state == "closed"
    assert service.requests == 50


def test_few_requests_open_nothing() -> None:
    service = Service()
    service.status = 500
    service.call(3)
    assert service.state == "closed"


def test_while_it_is_open_a_call_says_when_to_retry() -> None:
    service = Service(refuse, pause=0.9)
    service.call(4)
    with pytest.raises(PeerUnavailable, match="has failed too often lately") as caught:
        service.client.read()
    assert caught.value.headers == {"Retry-After": "1"}


def test_one_that_works_closes_it() -> None:
    service = Service()
    service.status = 500
    service.call(4)
    service.status = 200
    assert service.call() == [503]
    time.sleep(0.12)
    assert service.state == "half-open"
    assert service.call() == [200]
    assert service.state == "closed"
    service.status = 500
    assert service.call(3) == [500] * 3
    assert service.state == "closed"


def test_one_that_fails_opens_it_for_longer() -> None:
    service = Service()
    service.status = 500
    service.call(4)
    time.sleep(0.12)
    assert service.call(2) == [500, 503]
    time.sleep(0.12)
    assert service.state == "open"
    time.sleep(0.12)
    assert service.state == "half-open"


def test_one_request_at_a_time_may_try() -> None:
    """A flag would let every waiting thread try at once."""
    inside, go_on = threading.Event(), threading.Event()

    def slow(request: httpx2.Request) -> httpx2.Response:
        inside.set()
        assert go_on.wait(5)
        return httpx2.Response(200, json={})

    service = Service(refuse)
    service.call(4)
    time.sleep(0.12)
    service.handle = slow
    results: list[int] = []
    first = threading.Thread(target=lambda: results.append(service.once()))
    first.start()
    assert inside.wait(5)
    others = [threading.Thread(target=lambda: results.append(service.once())) for _ in range(8)]
    for each in others:
        each.start()
    for each in others:
        each.join()
    assert results == [503] * 8
    go_on.set()
    first.join()
    assert results == [503] * 8 + [200]
    assert service.requests == 5
    assert service.state == "closed"


def test_a_try_that_says_nothing_returns_its_permit() -> None:
    """Such as one whose caller had no time."""

    def broken(request: httpx2.Request) -> httpx2.Response:
        raise KeyboardInterrupt

    service = Service(refuse)
    service.call(4)
    time.sleep(0.12)
    service.handle = broken
    with pytest.raises(KeyboardInterrupt):
        service.client.read()
    service.handle = service.respond
    assert service.call() == [200]


def test_a_try_that_never_ends_is_not_the_last() -> None:
    breaker = Breaker(least=1, pause=0.05, longest=0.1)
    breaker.enter("stock").report(has_worked=False)
    time.sleep(0.06)
    lost = breaker.enter("stock")
    with pytest.raises(PeerUnavailable):
        breaker.enter("stock")
    time.sleep(0.11)
    breaker.enter("stock").report(has_worked=True)
    lost.report(has_worked=False)
    assert breaker.state == "closed"


def test_what_was_sent_before_it_opened_says_nothing_later() -> None:
    breaker = Breaker(least=1, pause=0.05, longest=0.1)
    early = [breaker.enter("stock") for _ in range(3)]
    early[0].report(has_worked=False)
    early[1].report(has_worked=True)
    assert breaker.state == "open"
    time.sleep(0.06)
    breaker.enter("stock").report(has_worked=True)
    early[2].report(has_worked=False)
    assert breaker.state == "closed"


def test_old_requests_are_forgotten() -> None:
    service = Service(window=0.1)
    service.status = 500
    service.call(3)
    time.sleep(0.15)
    service.call(3)
    assert service.state == "closed"


def test_a_time_out_counts_only_if_there_was_time() -> None:
    def late(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("late")

    service = Service(late)
    service.call(4)
    assert service.state == "open"


def test_a_caller_that_has_no_time_opens_nothing() -> None:
    """The service has done nothing wrong."""

    def late(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("late")

    service = Service(late)
    shop = App("Shop", extensions=[CallerDeadline()])

    @shop.get("/")
    def home() -> int:
        return service.once()

    caller = Caller(shop)
    found = [caller.get("/", headers={"X-Request-Timeout-Ms": "400"}).json for _ in range(9)]
    assert found == [504] * 9
    assert service.state == "closed"


def test_a_client_may_do_without() -> None:
    client = Client(
        "http://stock",
        document=DOCUMENT,
        retries=0,
        breaker=False,
        transport=httpx2.MockTransport(refuse),
    )
    for _ in range(20):
        with pytest.raises(PeerUnavailable, match="cannot be reached"):
            client.read()
    assert client.breaker_state == "closed"


@pytest.mark.parametrize(
    "options",
    [{"window": 0}, {"least": 0}, {"ratio": 0}, {"ratio": 1.1}, {"pause": 0}, {"pause": 31}],
)
def test_wrong_numbers_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(DeclarationError, match=r"Breaker\(\.\.\.\)"):
        Breaker(**options)  # type: ignore[arg-type]
