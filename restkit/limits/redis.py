"""`RedisStorage`: keys and answers in Redis, for all workers of a service. Needs the extra ``redis``."""

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
# Redis runs a script as one step: nobody comes between the question and the change.
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
    """Keeps answers in Redis.

    Attributes:
        transactional: False: an answer is kept when the write is committed.
        failures: A 503 where Redis does not answer: without it nobody knows what was done already.
    """

    transactional = False
    failures: Sequence[Failure] = (
        Failure(
            ServiceUnavailable,
            "idempotency",
            "The storage of idempotency keys does not answer now.",
            (Header("Retry-After", "After how many seconds to try again.", {"type": "integer"}),),
        ),
    )

    def __init__(
        self, url: str = "redis://127.0.0.1:6379/0", *, prefix: str = "restkit:", timeout: float = 2
    ) -> None:
        """Say which Redis it is; it is connected to when the first key comes.

        Args:
            url: ``redis://host:port/database``, ``rediss://`` with TLS, ``unix://``.
            prefix: Before all keys.
            timeout: How many seconds Redis may take.
        """
        self._prefix = prefix
        self._redis: Any = redis.Redis.from_url(
            url, socket_timeout=timeout, socket_connect_timeout=timeout
        )
        self._claim = self._redis.register_script(_CLAIM)
        self._keep = self._redis.register_script(_KEEP)
        self._release = self._redis.register_script(_RELEASE)

    def claim(self, request: Request, key: str, mark: bytes, seconds: float, /) -> bytes | None:
        """Return what is kept under a key; put the mark there, and return None, where nothing is.

        Raises:
            ServiceUnavailable: Redis does not answer.
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
                "What was done already is not known now; try again.", headers=headers
            ) from error
        return found

    def keep(self, request: Request, key: str, mark: bytes, data: bytes, seconds: float, /) -> None:
        """Put data where the mark is; where Redis is away, the mark stays until it expires."""
        try:
            self._keep(keys=[self._prefix + key], args=[mark, data, _milliseconds(seconds)])
        except redis.RedisError as error:
            # The write is committed, and the client is told so; only the next one with the key is not.
            _log.error("an answer could not be kept for its idempotency key", exc_info=error)

    def release(self, request: Request, key: str, mark: bytes, /) -> None:
        """Take the mark away; where Redis is away, it expires."""
        try:
            self._release(keys=[self._prefix + key], args=[mark])
        except redis.RedisError as error:
            _log.error("an idempotency key could not be released", exc_info=error)

    def close(self) -> None:
        """Close the connections; the next key opens new ones."""
        self._redis.close()


def _milliseconds(seconds: float) -> int:
    return max(1, int(seconds * 1000))
