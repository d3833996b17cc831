"""Counters in Redis: shared, atomic, and away without slowing everything down."""

from __future__ import annotations

import logging
import secrets
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
from hanging import Hanging
from redis_server import redis_url

from restkit import App, DeclarationError
from restkit.limits import CountersUnavailable, Failures, Rate
from restkit.limits.redis_counters import RedisCounters
from restkit.security import HTTPBearer
from restkit.testing import Client


@pytest.fixture
def prefix() -> str:
    return f"test-{secrets.token_hex(8)}:"


@pytest.fixture
def counters(prefix: str) -> Iterator[RedisCounters]:
    """Return counters in a real Redis, with keys of their own."""
    with closing(RedisCounters(redis_url(), prefix=prefix)) as made:
        yield made


def service(counters: RedisCounters, *limits: Any) -> Client:
    app = App("Notes", security=HTTPBearer({"right": "ada"}.get), limits=limits)
    app.get("/notes")(lambda: {})
    return Client(app)


RIGHT = {"Authorization": "Bearer right"}


@pytest.mark.external
@pytest.mark.redis
def test_workers_share_their_counts(prefix: str, counters: RedisCounters) -> None:
    """Two programs of the same declarations count together, and exactly the quota passes."""
    with closing(RedisCounters(redis_url(), prefix=prefix)) as other:
        clients = [
            service(each, Rate(9, per="hour", counters=each), Rate(50, per="day", counters=each))
            for each in (counters, other)
        ]
        barrier = threading.Barrier(16)

        def get(number: int) -> int:
            barrier.wait(10)
            return clients[number % 2].get("/notes", headers=RIGHT).status

        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(get, range(16)))
        assert found.count(200) == 9
        assert found.count(429) == 7


@pytest.mark.external
@pytest.mark.redis
def test_what_is_taken_back_counts_for_nothing(counters: RedisCounters) -> None:
    usage = counters.take("scope", 2, 3600, "ada")
    assert usage.is_allowed
    assert usage.remaining == 1
    for _ in range(5):
        counters.add("scope", "ada", 3600, usage.number, -1)
        assert counters.take("scope", 2, 3600, "ada").is_allowed
    assert counters.take("scope", 2, 3600, "ada").is_allowed
    refused = counters.take("scope", 2, 3600, "ada")
    assert not refused.is_allowed
    assert 0 < refused.seconds <= 7200
    assert counters.take("scope", 2, 3600, "tom").is_allowed
    counters.add("scope", "nobody", 3600, usage.number, -1)
    assert counters.take("scope", 1, 3600, "nobody").remaining == 0


@pytest.mark.external
@pytest.mark.redis
def test_failures_in_redis(counters: RedisCounters) -> None:
    client = service(counters, Failures(2, per="hour", counters=counters))
    wrong = {"Authorization": "Bearer wrong"}
    assert [client.get("/notes", headers=RIGHT).status for _ in range(4)] == [200] * 4
    assert [client.get("/notes", headers=wrong).status for _ in range(3)] == [401, 401, 429]


def test_a_redis_that_hangs_is_not_asked_again_at_once(caplog: pytest.LogCaptureFixture) -> None:
    with closing(Hanging()) as server:
        away = RedisCounters(server.url, timeout=0.05, pause=60)
        client = service(away, Rate(1, per="hour", counters=away))
        with caplog.at_level(logging.WARNING, "restkit"), closing(away):
            found = [client.get("/notes", headers=RIGHT) for _ in range(20)]
        assert [each.status for each in found] == [200] * 20
        assert not any("RateLimit" in each.headers for each in found)
        assert server.connections == 1
        assert len(caplog.records) == 1


def test_a_redis_that_is_stopped(caplog: pytest.LogCaptureFixture) -> None:
    """Quotas open, failures close with a 503: nobody guesses meanwhile."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with closing(RedisCounters(f"redis://127.0.0.1:{port}/0", timeout=0.2, pause=0.001)) as away:
        with caplog.at_level(logging.WARNING, "restkit"), pytest.raises(CountersUnavailable):
            away.take("scope", 1, 60, "ada")
        open_client = service(away, Rate(1, per="hour", counters=away))
        closed = service(away, Failures(1, per="hour", counters=away))
        assert open_client.get("/notes", headers=RIGHT).status == 200
        refused = closed.get("/notes", headers=RIGHT)
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "2"


def test_times_are_positive() -> None:
    with pytest.raises(DeclarationError, match="above 0"):
        RedisCounters(timeout=0)
