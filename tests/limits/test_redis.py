"""Idempotency keys in Redis: what is stored and for how long, and what happens without Redis."""

from __future__ import annotations

import logging
import secrets
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import redis
from redis_server import redis_url

from restkit import ServiceUnavailable
from restkit.limits.redis import RedisStorage

REQUEST: Any = None  # a storage in Redis does not look at it
PREFIX = f"test-{secrets.token_hex(8)}:"


@pytest.fixture
def unreachable() -> Iterator[RedisStorage]:
    """Return a storage whose Redis does not run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with closing(RedisStorage(f"redis://127.0.0.1:{port}/0", timeout=1)) as storage:
        yield storage


def test_no_key_is_claimed_without_redis(
    unreachable: RedisStorage, caplog: pytest.LogCaptureFixture
) -> None:
    """A request whose key cannot be looked up gets a 503 that says when to retry."""
    with caplog.at_level(logging.WARNING, "restkit"), pytest.raises(ServiceUnavailable) as raised:
        unreachable.claim(REQUEST, "key", b"mark", 60)
    assert raised.value.detail == "The idempotency key storage is unavailable. Retry later."
    assert raised.value.headers == {"Retry-After": "2"}
    assert "an idempotency key could not be claimed: " in caplog.text
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_what_cannot_be_stored_or_released_is_logged(
    unreachable: RedisStorage, caplog: pytest.LogCaptureFixture
) -> None:
    """A client gets its response although Redis is gone; the log has the reason."""
    with caplog.at_level(logging.WARNING, "restkit"):
        unreachable.keep(REQUEST, "key", b"mark", b"data", 60)
        unreachable.release(REQUEST, "key", b"mark")
    assert [record.getMessage() for record in caplog.records] == [
        "a response could not be stored for its idempotency key",
        "an idempotency key could not be released",
    ]
    assert all(record.levelname == "ERROR" and record.exc_info for record in caplog.records)


@pytest.mark.external
@pytest.mark.redis
def test_keys_are_kept_for_their_time_alone() -> None:
    """A mark and its data have the prefix and an expiry each; another mark changes nothing."""
    url = redis_url()
    with (
        closing(RedisStorage(url, prefix=PREFIX)) as storage,
        closing(redis.Redis.from_url(url)) as client,
    ):
        assert storage.claim(REQUEST, "a", b"mark", 60) is None
        assert client.get(f"{PREFIX}a") == b"mark"
        assert 55_000 < client.pttl(f"{PREFIX}a") <= 60_000
        assert storage.claim(REQUEST, "a", b"other", 60) == b"mark"
        storage.keep(REQUEST, "a", b"other", b"data", 600)
        assert client.get(f"{PREFIX}a") == b"mark"
        storage.keep(REQUEST, "a", b"mark", b"data", 600)
        assert client.get(f"{PREFIX}a") == b"data"
        assert 595_000 < client.pttl(f"{PREFIX}a") <= 600_000
        storage.release(REQUEST, "a", b"mark")
        assert client.get(f"{PREFIX}a") == b"data"
        storage.release(REQUEST, "a", b"data")
        assert client.get(f"{PREFIX}a") is None
        assert storage.claim(REQUEST, "b", b"mark", 0) is None


def test_the_storage_documents_its_outage() -> None:
    """A 503 with Retry-After is declared, and responses are stored after the commit."""
    assert RedisStorage.transactional is False
    (failure,) = RedisStorage.failures
    assert failure.problem is ServiceUnavailable
    assert [header.name for header in failure.headers] == ["Retry-After"]
