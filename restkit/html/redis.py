"""`RedisStore`: sessions in Redis, shared by all workers. Needs the extra ``redis``."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from ..contract import Failure, Header
from ..errors import MissingExtraError
from ..problems import ServiceUnavailable
from ..request import Request

try:
    import redis
except ModuleNotFoundError as error:
    raise MissingExtraError("restkit.html.redis", "redis") from error

__all__ = ["RedisStore"]

_log = logging.getLogger("restkit")
_RETRY_AFTER = 2
# Redis runs a script atomically. A session that was removed stays removed. The arguments are the
# seconds, the number of fields to set, their names and values, and the names to remove.
_CHANGE = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local last = 2 + 2 * tonumber(ARGV[2])
for i = 3, last, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
for i = last + 1, #ARGV do redis.call('HDEL', KEYS[1], ARGV[i]) end
redis.call('EXPIRE', KEYS[1], ARGV[1])
return 1
"""
_CREATE = """
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


class _Client(Protocol):
    """The commands of Redis that a store uses."""

    def hgetall(self, name: str) -> dict[bytes, bytes]: ...
    def delete(self, *names: str) -> int: ...
    def eval(self, script: str, numkeys: int, *keys_and_args: str | int) -> object: ...
    def close(self) -> None: ...


class RedisStore:
    """A store of sessions in Redis: a hash for each session, with a field for each value.

    Attributes:
        failures: A 503 if Redis is unavailable.
    """

    failures: Sequence[Failure] = (
        Failure(
            ServiceUnavailable,
            "session",
            "The store of the sessions is unavailable.",
            (Header("Retry-After", "The seconds to wait before a retry.", {"type": "integer"}),),
        ),
    )

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        prefix: str = "restkit:session:",
        timeout: float = 2,
    ) -> None:
        """Configure the client, which connects for the first session.

        Args:
            url: ``redis://host:port/database``, ``rediss://`` for TLS, or ``unix://``.
            prefix: The prefix of all keys.
            timeout: The timeout in seconds.
        """
        self._prefix = prefix
        made = redis.Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout)
        self._redis = cast(_Client, made)

    def load(self, request: Request, key: str, /) -> Mapping[str, str] | None:
        """Return the fields of a session, None if there is none or it has expired.

        Raises:
            ServiceUnavailable: Redis is unavailable.
        """
        try:
            found = self._redis.hgetall(self._prefix + key)
        except redis.RedisError as error:
            raise _unavailable(error) from error
        return {name.decode(): text.decode() for name, text in found.items()} or None

    def create(
        self, request: Request, key: str, fields: Mapping[str, str], seconds: int, /
    ) -> None:
        """Store a new session, for a number of seconds.

        Raises:
            ServiceUnavailable: Redis is unavailable.
        """
        pairs = [text for pair in fields.items() for text in pair]
        self._run(_CREATE, key, seconds, *pairs)

    def change(
        self, request: Request, key: str, changes: Mapping[str, str | None], seconds: int, /
    ) -> None:
        """Set and remove fields of a session that still exists, and leave the others.

        Raises:
            ServiceUnavailable: Redis is unavailable.
        """
        stated = {name: text for name, text in changes.items() if text is not None}
        removed = [name for name in changes if name not in stated]
        pairs = [text for pair in stated.items() for text in pair]
        self._run(_CHANGE, key, seconds, len(stated), *pairs, *removed)

    def remove(self, request: Request, key: str, /) -> None:
        """Remove a session, if there is one.

        Raises:
            ServiceUnavailable: Redis is unavailable.
        """
        try:
            self._redis.delete(self._prefix + key)
        except redis.RedisError as error:
            raise _unavailable(error) from error

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()

    def _run(self, script: str, key: str, *arguments: str | int) -> None:
        try:
            self._redis.eval(script, 1, self._prefix + key, *arguments)
        except redis.RedisError as error:
            raise _unavailable(error) from error


def _unavailable(error: Exception) -> ServiceUnavailable:
    """Return the 503, after the reason is logged."""
    _log.warning("the store of the sessions failed: %s", " ".join(str(error).split()))
    return ServiceUnavailable(
        "The store of the sessions is unavailable. Retry later.",
        headers={"Retry-After": str(_RETRY_AFTER)},
    )
