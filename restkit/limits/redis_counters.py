"""`RedisCounters`: counters of requests that all workers share. Needs the extra ``redis``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol, cast

from ..errors import DeclarationError, MissingExtraError
from ..outage import Outage
from .counters import CountersUnavailable, Usage, usage_of

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ModuleNotFoundError as error:
    raise MissingExtraError("restkit.limits.redis_counters", "redis") from error

__all__ = ["RedisCounters"]

_log = logging.getLogger("restkit")
# Redis runs a script atomically, and its clock is the same for all workers. A key is a hash of the
# number of a window (i), its count (c) and the count of the window before (p).
_TAKE = """
local now = redis.call('TIME')
local quota, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local position = (tonumber(now[1]) + tonumber(now[2]) / 1000000) / window
local index = math.floor(position)
local found = redis.call('HMGET', KEYS[1], 'i', 'c', 'p')
local known, used, before = tonumber(found[1]), tonumber(found[2]) or 0, tonumber(found[3]) or 0
if known == index - 1 then
    before, used = used, 0
elseif known ~= index then
    before, used = 0, 0
end
local taken = 0
if before * (1 - (position - index)) + used + 1 <= quota then
    taken, used = 1, used + 1
    redis.call('HSET', KEYS[1], 'i', index, 'c', used, 'p', before)
    redis.call('PEXPIRE', KEYS[1], math.ceil(window * 2000))
end
return {taken, used, before, tostring(position - index), tostring(index)}
"""
_ADD = """
local known, name = tonumber(redis.call('HGET', KEYS[1], 'i')), nil
if known == tonumber(ARGV[1]) then name = 'c' end
if known == tonumber(ARGV[1]) + 1 then name = 'p' end
if name and tonumber(redis.call('HGET', KEYS[1], name)) + tonumber(ARGV[2]) >= 0 then
    redis.call('HINCRBY', KEYS[1], name, ARGV[2])
end
"""


class _Script(Protocol):
    def __call__(self, *, keys: list[str], args: list[object]) -> object: ...


class RedisCounters:
    """Counters in Redis, for services of several workers."""

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        prefix: str = "restkit:limits:",
        timeout: float = 0.5,
        pause: float = 2,
    ) -> None:
        """Configure the client, which connects for the first request.

        Args:
            url: ``redis://host:port/database``, ``rediss://`` for TLS, or ``unix://``.
            prefix: The prefix of all keys.
            timeout: The timeout in seconds.
            pause: The seconds for which Redis is not asked again after it did not respond, so that
                a Redis that hangs does not slow down every request. Then one request asks again.

        Raises:
            DeclarationError: A time is not positive.
        """
        if min(timeout, pause) <= 0:
            raise DeclarationError("RedisCounters: timeout and pause must be above 0 seconds.")
        self._prefix = prefix
        # Not longer, as `Failures` rejects requests while they cannot be counted.
        self._outage = Outage(pause, longest=pause)
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._take = cast("_Script", self._redis.register_script(_TAKE))
        self._add = cast("_Script", self._redis.register_script(_ADD))

    def take(self, scope: str, quota: int, window: float, identity: str, /) -> Usage:
        """Count a request, unless the quota is used up."""
        key = self._key(scope, identity)
        found = self._ask(lambda: self._take(keys=[key], args=[quota, window]))
        taken, used, before, fraction, index = cast("tuple[int, int, int, bytes, bytes]", found)
        return usage_of(
            int(used),
            int(before),
            quota,
            window,
            float(fraction),
            int(float(index)),
            taken=bool(taken),
        )

    def add(self, scope: str, identity: str, window: float, index: int, amount: int, /) -> None:
        """Change the count of this window or of the one before."""
        key = self._key(scope, identity)
        self._ask(lambda: self._add(keys=[key], args=[index, amount]))

    def _key(self, scope: str, identity: str) -> str:
        return f"{self._prefix}{scope}:{identity}"

    def _ask(self, call: Callable[[], object]) -> object:
        if self._outage.is_away():
            raise CountersUnavailable
        try:
            found = call()
        except redis.RedisError as error:
            self._outage.begin()
            _log.warning("requests cannot be counted: %s", " ".join(str(error).split()))
            raise CountersUnavailable from error
        self._outage.end()
        return found

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._redis.close()
