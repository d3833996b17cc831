"""`RedisTokenStore`: refresh tokens in Redis, shared by all workers. Needs the extra ``redis``."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Protocol, cast

from ..contract import Failure, Header
from ..errors import MissingExtraError
from ..problems import ServiceUnavailable
from ..refresh_tokens import RefreshToken, UsedToken
from ..request import Request

try:
    import redis
except ModuleNotFoundError as error:
    raise MissingExtraError("restkit.security.redis_tokens", "redis") from error

__all__ = ["RedisTokenStore"]

_log = logging.getLogger("restkit")
_RETRY = Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"})
# Redis runs a script atomically. A token is a hash; a set has the digests of each family, another
# one the families of each subject. The arguments of all begin with the prefix.
_ADD = """
local t = ARGV[1] .. 'token:' .. ARGV[2]
redis.call('HSET', t, 'family', ARGV[3], 'subject', ARGV[4], 'expires', ARGV[5], 'idle', ARGV[6])
redis.call('EXPIREAT', t, ARGV[5])
redis.call('SADD', ARGV[1] .. 'family:' .. ARGV[3], ARGV[2])
redis.call('EXPIREAT', ARGV[1] .. 'family:' .. ARGV[3], ARGV[5])
redis.call('SADD', ARGV[1] .. 'subject:' .. ARGV[4], ARGV[3])
if redis.call('TTL', ARGV[1] .. 'subject:' .. ARGV[4]) < tonumber(ARGV[5]) - tonumber(ARGV[7]) then
  redis.call('EXPIREAT', ARGV[1] .. 'subject:' .. ARGV[4], ARGV[5])
end
"""
_USE = """
local t = ARGV[1] .. 'token:' .. ARGV[2]
local s = ARGV[1] .. 'token:' .. ARGV[3]
local f = redis.call('HMGET', t, 'family', 'subject', 'expires', 'idle', 'used', 'next')
local now = tonumber(ARGV[4])
if not f[1] or now >= tonumber(f[3]) then return {} end
if f[5] then
  local last = 0
  local next = ARGV[1] .. 'token:' .. f[6]
  if redis.call('EXISTS', next) == 1 and redis.call('HEXISTS', next, 'used') == 0 then last = 1 end
  return {f[1], f[2], f[3], f[4], f[5], '0', tostring(last)}
end
if now >= tonumber(f[4]) then return {} end
redis.call('HSET', t, 'used', ARGV[4], 'next', ARGV[3])
local idle = math.min(tonumber(ARGV[5]), tonumber(f[3]))
redis.call('HSET', s, 'family', f[1], 'subject', f[2], 'expires', f[3],
  'idle', string.format('%d', idle))
redis.call('EXPIREAT', s, f[3])
redis.call('SADD', ARGV[1] .. 'family:' .. f[1], ARGV[3])
return {f[1], f[2], f[3], f[4], ARGV[4], '1', '1'}
"""
_REVOKE = """
local family = ARGV[1] .. 'family:' .. ARGV[2]
for _, each in ipairs(redis.call('SMEMBERS', family)) do
  redis.call('DEL', ARGV[1] .. 'token:' .. each)
end
redis.call('DEL', family)
"""
_REVOKE_SUBJECT = """
local subject = ARGV[1] .. 'subject:' .. ARGV[2]
for _, family in ipairs(redis.call('SMEMBERS', subject)) do
  for _, each in ipairs(redis.call('SMEMBERS', ARGV[1] .. 'family:' .. family)) do
    redis.call('DEL', ARGV[1] .. 'token:' .. each)
  end
  redis.call('DEL', ARGV[1] .. 'family:' .. family)
end
redis.call('DEL', subject)
"""


class _Client(Protocol):
    """The commands of Redis that a store uses."""

    def eval(self, script: str, numkeys: int, *keys_and_args: str | int) -> object: ...
    def hget(self, name: str, key: str) -> bytes | None: ...


class RedisTokenStore:
    """A store of refresh tokens in one Redis server, not in a cluster.

    Attributes:
        failures: A 503 if Redis is unavailable.
    """

    failures: Sequence[Failure] = (
        Failure(ServiceUnavailable, "tokens", "The store of tokens is unavailable.", (_RETRY,)),
    )

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        prefix: str = "restkit:tokens:",
        timeout: float = 2,
    ) -> None:
        """Configure the client, which connects for the first token.

        Args:
            url: ``redis://host:port/database``, ``rediss://`` for TLS, or ``unix://``.
            prefix: The prefix of all keys.
            timeout: The timeout in seconds.
        """
        self._prefix = prefix
        made = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
        self._redis = cast(_Client, made)

    def add(self, request: Request, token: RefreshToken, /) -> None:
        """Store the first token of a family."""
        self._run(_ADD, *token, int(time.time()))

    def use(
        self, request: Request, digest: str, successor: str, now: int, idle_at: int, /
    ) -> UsedToken | None:
        """Mark a token as used and store its successor; see `restkit.refresh_tokens.TokenStore`."""
        found = cast("list[bytes]", self._run(_USE, digest, successor, now, idle_at))
        if not found:
            return None
        family, subject, expires, idle, used, first, last = (each.decode() for each in found)
        token = RefreshToken(digest, family, subject, int(expires), int(idle))
        return UsedToken(token, int(used), is_first=first == "1", is_last=last == "1")

    def revoke(self, request: Request, family: str, /) -> None:
        """Remove all tokens of a family."""
        self._run(_REVOKE, family)

    def family_of(self, request: Request, digest: str, /) -> str | None:
        """Return the family of a token, None if there is no such token."""
        try:
            found = self._redis.hget(f"{self._prefix}token:{digest}", "family")
        except redis.RedisError as error:
            raise _unavailable(error) from error
        return None if found is None else found.decode()

    def revoke_subject(self, request: Request, subject: str, /) -> None:
        """Remove all tokens of somebody who has logged in."""
        self._run(_REVOKE_SUBJECT, subject)

    def _run(self, script: str, *arguments: str | int) -> object:
        try:
            return self._redis.eval(script, 0, self._prefix, *arguments)
        except redis.RedisError as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> ServiceUnavailable:
    _log.error("The store of tokens is unavailable: %s", error)
    return ServiceUnavailable("The store of tokens is unavailable.", headers={"Retry-After": "2"})
