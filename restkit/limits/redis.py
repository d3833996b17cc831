"""`RedisStorage`: idempotency keys in Redis, shared by all workers. Needs the extra ``redis``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ..contract import Failure, Header
from ..errors import MissingExtraError
from ..problems import ServiceUnavailable
from ..request import Request

try:
    import redis
except ModuleNotFoundError as error:
    raise MissingExtraError("restkit.limits.redis", "redis") from error

__all__ = ["RedisStorage"]

_log = logging.getLogger("restkit")
_RETRY_AFTER = 2
# Redis runs a script atomically.
_CLAIM = """
local found = redis.call('GET', KEYS[1])
if found then return found end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return false
"""
_KEEP = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
"""


class RedisStorage:
    """A storage in Redis.

    Attributes:
        transactional: False: a response is stored after the commit.
        failures: A 503 if Redis is unavailable, because it decides whether a request is a retry.
    """

    transactional = False
    failures: Sequence[Failure] = (
        Failure(
            ServiceUnavailable,
            "idempotency",
            "The idempotency key storage is unavailable.",
            (Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"}),),
        ),
    )

    def __init__(
        self, url: str = "redis://127.0.0.1:6379/0", *, prefix: str = "restkit:", timeout: float = 2
    ) -> None:
        """Configure the client, which connects for the first key.

        Args:
            url: ``redis://host:port/database``, ``rediss://`` for TLS, or ``unix://``.
            prefix: The prefix of all keys.
            timeout: The timeout in seconds.
        """
        self._prefix = prefix
        self._redis: Any = redis.Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout
        )
        self._claim = self._redis.register_script(_CLAIM)
        self._keep = self._redis.register_script(_KEEP)
        self._release = self._redis.register_script(_RELEASE)

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return the stored bytes of a key; store the mark and return None if there are none.

        Raises:
            ServiceUnavailable: Redis is unavailable.
        """
        try:
            found: bytes | None = self._claim(
                keys=[self._prefix + key], args=[mark, _milliseconds(seconds)]
            )
        except redis.RedisError as error:
            _log.warning(
                "an idempotency key could not be claimed: %s", " ".join(str(error).split())
            )
            headers = {"Retry-After": str(_RETRY_AFTER)}
            raise ServiceUnavailable(
                "The idempotency key storage is unavailable. Retry later.", headers=headers
            ) from error
        return found

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Replace the mark by data. If Redis is unavailable, the mark stays until it expires."""
        try:
            self._keep(keys=[self._prefix + key], args=[mark, data, _milliseconds(seconds)])
        except redis.RedisError as error:
            # The write is committed and the client gets its response, but a retry will not.
            _log.error("a response could not be stored for its idempotency key", exc_info=error)

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Remove the mark. If Redis is unavailable, it expires."""
        try:
            self._release(keys=[self._prefix + key], args=[mark])
        except redis.RedisError as error:
            _log.error("an idempotency key could not be released", exc_info=error)

    def close(self) -> None:
        """Close the connections; the next key opens new ones."""
        self._redis.close()


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
