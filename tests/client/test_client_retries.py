"""Retries: only of what may be repeated, in time, and within a budget."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx2
import pytest

from restkit import App, Problem, Resource
from restkit.client import Client, PeerUnavailable
from restkit.client.retries import Budget
from restkit.limits import Idempotency, MemoryStorage
from restkit.testing import Client as AppClient

MEDIA = {"application/json": {"schema": {"type": "object"}}}
REPLAYED = {"200": {"headers": {"Idempotent-Replayed": {}}}}
OK: dict[str, Any] = {"200": {}}


def operation(name: str, **more: Any) -> dict[str, Any]:
    return {"operationId": name, "responses": OK, "requestBody": {"content": MEDIA}, **more}


DOCUMENT = {
    "openapi": "3.2.0",
    "paths": {
        "/x": {
            "get": {"operationId": "read", "responses": OK},
            "put": operation("put"),
            "delete": {"operationId": "remove", "responses": OK},
            "query": operation("search"),
            "post": operation("create"),
            "patch": operation("change"),
        },
        "/keyed": {"post": operation("order", responses=REPLAYED)},
        "/required": {
            "post": operation(
                "pay", parameters=[{"name": "Idempotency-Key", "in": "header", "required": True}]
            )
        },
        "/file": {
            "put": operation("upload", requestBody={"content": {"application/octet-stream": {}}})
        },
    },
}

Step = int | Exception | httpx2.Response


class Scripted(httpx2.BaseTransport):
    """A transport that responds as it is told, and notes the requests."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)
        self.requests: list[httpx2.Request] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        step = self.steps.pop(0) if self.steps else 200
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, httpx2.Response) else httpx2.Response(step, json={})


def client(*steps: Step, **options: Any) -> tuple[Client, Scripted]:
    transport = Scripted(*steps)
    made = Client("http://stock", document=DOCUMENT, transport=transport, **options)
    return made, transport


def status_of(call: Callable[[], object]) -> int:
    """Return the status that a call comes to."""
    try:
        call()
    except Problem as problem:
        return problem.status
    return 200


@pytest.mark.parametrize("name", ["read", "put", "remove", "search", "order", "pay"])
@pytest.mark.parametrize(
    "step",
    [429, 502, 503, 504, httpx2.ConnectError("no"), httpx2.ReadError("cut")],
    ids=str,
)
def test_what_may_be_repeated_is_sent_again(name: str, step: Step) -> None:
    """Safe methods, PUT, DELETE, QUERY, and POST with a declared Idempotency-Key."""
    made, transport = client(step, step)
    body = {} if name in ("read", "remove") else {"body": {"a": 1}}
    made.operation(name)(**body)
    assert len(transport.requests) == 3
    assert len({each.content for each in transport.requests}) == 1


@pytest.mark.parametrize("name", ["create", "change"])
@pytest.mark.parametrize("step", [503, httpx2.ConnectError("no")], ids=str)
def test_others_are_not(name: str, step: Step) -> None:
    """A POST or PATCH may have had its effect."""
    made, transport = client(step)
    assert status_of(lambda: made.operation(name)(body={})) == 503
    assert len(transport.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 422, 500, 501])
def test_other_statuses_are_not_repeated(status: int) -> None:
    made, transport = client(status)
    assert status_of(made.read) >= 400
    assert len(transport.requests) == 1


def test_there_are_two_retries_at_most() -> None:
    made, transport = client(503, 503, 503, 503)
    assert status_of(made.read) == 503
    assert len(transport.requests) == 3


def test_the_number_of_retries_is_an_option() -> None:
    made, transport = client(503, retries=0)
    assert status_of(made.read) == 503
    assert len(transport.requests) == 1


def test_a_stream_is_sent_once() -> None:
    """Its content is gone."""
    made, transport = client(503)

    def chunks() -> Iterator[bytes]:
        yield b"abc"

    assert status_of(lambda: made.upload(body=chunks())) == 503
    assert [each.content for each in transport.requests] == [b"abc"]
    made, transport = client(503)
    made.upload(body=b"abc")
    assert [each.content for each in transport.requests] == [b"abc"] * 2


def limited(wait: str, status: int = 503) -> httpx2.Response:
    return httpx2.Response(status, headers={"Retry-After": wait}, json={})


def test_the_time_that_the_service_asks_for_is_waited() -> None:
    made, transport = client(limited("1", 429), timeout=5)
    begun = time.monotonic()
    made.read()
    assert 1 <= time.monotonic() - begun < 4
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    "wait",
    ["3600", format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True), "9" * 30],
    ids=["seconds", "date", "digits"],  # workers of pytest-xdist must collect the same names
)
def test_a_wait_that_does_not_fit_the_deadline_is_an_error_at_once(wait: str) -> None:
    made, transport = client(limited(wait))
    begun = time.monotonic()
    assert status_of(made.read) == 503
    assert time.monotonic() - begun < 5
    assert len(transport.requests) == 1


@pytest.mark.parametrize(
    "wait",
    [
        *("soon", "-1", "\xb2", "Mon, 01 Jan 2024 00:00:00 GMT", "0"),
        *("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", f"Mon, 01 Jan 2027 00:00:00 +{10**14}"),
    ],
)
def test_another_retry_after_means_soon(wait: str) -> None:
    """Of a date in the past, too."""
    made, transport = client(
        httpx2.Response(503, headers=[(b"Retry-After", wait.encode("latin-1"))])
    )
    made.read()
    assert len(transport.requests) == 2


def test_a_call_has_one_key_for_all_its_tries() -> None:
    made, transport = client(503, 503)
    made.order(body={})
    made.order(body={})
    made.order(body={}, idempotency_key="mine")
    keys = [each.headers["Idempotency-Key"] for each in transport.requests]
    assert len(keys) == 5
    assert keys[0] == keys[1] == keys[2]
    assert len({keys[0], keys[3]}) == 2
    assert keys[4] == "mine"


def test_other_operations_have_no_key() -> None:
    made, transport = client()
    made.create(body={})
    assert "Idempotency-Key" not in transport.requests[0].headers


def test_retries_are_a_fifth_of_the_requests() -> None:
    """A service that fails for everybody is not asked three times as often."""
    made, transport = client(*[503] * 1000, breaker=False)
    for _ in range(50):
        assert status_of(made.read) == 503
    retries = len(transport.requests) - 50
    assert 3 <= retries <= 10


def test_the_budget_grows_with_the_requests() -> None:
    budget = Budget()
    assert [budget.take() for _ in range(4)] == [True, True, True, False]
    for _ in range(100):
        budget.count()
    assert sum(budget.take() for _ in range(100)) == 17


def test_the_last_failure_is_raised() -> None:
    made, _ = client(503, httpx2.ConnectError("no"), httpx2.ConnectError("no"))
    with pytest.raises(PeerUnavailable, match="cannot be reached"):
        made.read()


@pytest.mark.parametrize("retries", [-1, 11, True, 1.0])
def test_wrong_numbers_of_retries_are_refused(retries: Any) -> None:
    with pytest.raises(Exception, match=r"Client\(retries="):
        Client("http://stock", retries=retries)


def keys_of_requests(call: Callable[[Client], object], *keys: str | None) -> list[str]:
    """Return the keys of the calls that requests with and without a key of their own make."""
    made, transport = client()
    app = App("Shop")

    @app.route("/orders")
    class Orders(Resource):
        idempotency = Idempotency(MemoryStorage())

        def post(self) -> None:
            """Order."""
            call(made)

    calls = AppClient(app)
    for key in keys:
        headers = {} if key is None else {"Idempotency-Key": key}
        assert calls.post("/orders", headers=headers).status == 204
    return [each.headers["Idempotency-Key"] for each in transport.requests]


def test_requests_without_a_key_make_calls_of_their_own() -> None:
    """Two equal requests are two orders; one that is repeated with its key is one."""

    def order(made: Client) -> None:
        made.order(body={})

    assert len({*keys_of_requests(order, None, None, None)}) == 3
    first, second = keys_of_requests(order, "a", "b")
    assert first != second
    assert keys_of_requests(order, "a") == [first]
