"""`RedisCache`: stored responses in Redis, shared by all workers. Needs the extra ``redis``."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Protocol, cast

from ..errors import DeclarationError, MissingExtraError
from ..outage import Outage
from .changes import activate
from .storage import EVERYTHING, CacheUnavailable, Key, StoredResponse, pack, unpack

try:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry
except ModuleNotFoundError as error:
    raise MissingExtraError("restkit.caching.redis", "redis") from error

__all__ = ["RedisCache"]

_log = logging.getLogger("restkit")
# Redis runs a script atomically. One hash (KEYS[1]) has the number of the last change ('number'),
# that of the change before which nothing is valid ('epoch'), and for each tag (a digest) that of
# its last change. If Redis has lost the hash, the clock begins a new epoch, so that no response of
# an older one is valid. Numbers count from the clock in microseconds, so that they always grow.
_BEGIN = """
local number = redis.call('HGET', KEYS[1], 'number')
if not number then
    local now = redis.call('TIME')
    number = string.format('%.0f', now[1] * 1000000 + now[2])
    redis.call('HSET', KEYS[1], 'number', number, 'epoch', number)
end
"""
_GET = (
    _BEGIN
    + """
if not KEYS[2] then return {number} end
local found = redis.call('HMGET', KEYS[2], 'begun', 'tags', 'data')
if not found[1] then return {number} end
local begun = tonumber(found[1])
local names = {'epoch'}
for tag in string.gmatch(found[2], '%S+') do names[#names + 1] = tag end
for start = 1, #names, 1000 do
    local stop = math.min(#names, start + 999)
    local changed = redis.call('HMGET', KEYS[1], unpack(names, start, stop))
    for _, each in ipairs(changed) do
        if each and tonumber(each) > begun then
            redis.call('DEL', KEYS[2])
            return {number}
        end
    end
end
return {number, found[1], found[3]}
"""
)
_PUT = """
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'begun', ARGV[1], 'tags', ARGV[2], 'data', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
"""
_CHANGE = (
    _BEGIN
    + """
number = redis.call('HINCRBY', KEYS[1], 'number', 1)
for _, tag in ipairs(ARGV) do redis.call('HSET', KEYS[1], tag, number) end
"""
)
_LARGEST = 1024 * 1024
_LONGEST_PAUSE = 30.0


class _Script(Protocol):
    def __call__(self, *, keys: list[str], args: list[object]) -> object: ...


class RedisCache:
    """Stored responses in Redis, for services of several workers.

    If Redis is away, requests are answered without a cache. A worker that could not tell Redis of
    a change asks it for no response until it has told it.

    Attributes:
        clock: A function that returns the time in seconds, the same for all workers.
    """

    def __init__(
        self,
        url: str = "redis://127.0.0.1:6379/0",
        *,
        prefix: str = "restkit:cache:",
        timeout: float = 0.5,
        pause: float = 2,
        largest: int = _LARGEST,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Configure the client, which connects for the first request.

        Args:
            url: ``redis://host:port/database``, ``rediss://`` for TLS, or ``unix://``.
            prefix: The prefix of all keys. Services with the same prefix share their changes.
            timeout: The timeout in seconds.
            pause: The seconds for which Redis is not asked again after it did not respond, so that
                a Redis that hangs does not slow down every request. The next pauses grow to 30
                seconds; after each, one request asks again.
            largest: The largest response in bytes.
            clock: A function that returns the time in seconds.

        Raises:
            DeclarationError: A time or the size is not positive.
        """
        if min(timeout, pause, largest) <= 0:
            raise DeclarationError("RedisCache: timeout, pause and largest must be above 0.")
        self.clock = clock
        self._prefix = prefix
        self._changes = f"{prefix}changes"
        self._outage = Outage(pause, _LONGEST_PAUSE)
        self._largest = largest
        self._lock = threading.Lock()
        self._owed: dict[str, object] = {}
        self._redis = redis.Redis.from_url(
            url,
            socket_timeout=timeout,
            socket_connect_timeout=timeout,
            retry=Retry(NoBackoff(), 0),
        )
        self._get = cast("_Script", self._redis.register_script(_GET))
        self._put = cast("_Script", self._redis.register_script(_PUT))
        self._change = cast("_Script", self._redis.register_script(_CHANGE))
        activate(self)

    def begin(self) -> int:
        """Return the number of the last change."""
        return self._numbered([self._changes])[0]

    def get(self, key: Key, /) -> tuple[int, StoredResponse | None]:
        """Return the number of the last change, and the valid response of a key."""
        number, found = self._numbered([self._changes, self._key(key)])
        if found is None:
            return number, None
        try:
            stored = unpack(found[1], int(found[0]))
        except (ValueError, TypeError):
            return number, None  # of another version of restkit
        age = self.clock() - stored.stored_at
        return number, stored if age < stored.kept else None

    def _numbered(self, keys: list[str]) -> tuple[int, tuple[bytes, bytes] | None]:
        self._settle()
        found = cast("list[bytes]", self._ask(lambda: self._get(keys=keys, args=[])))
        return int(found[0]), (found[1], found[2]) if len(found) > 1 else None

    def put(self, key: Key, stored: StoredResponse, /) -> bool:
        """Store a response; whether it is valid is decided when it is read."""
        if len(stored.body) > self._largest:
            return False
        tags = " ".join(_digest(tag) for tag in sorted(stored.tags))
        args: list[object] = [stored.begun, tags, pack(stored), max(1, int(stored.kept * 1000))]
        try:
            self._ask(lambda: self._put(keys=[self._key(key)], args=args))
        except CacheUnavailable:
            return False
        return True

    def invalidate(self, tags: Collection[str], /) -> None:
        """Note a change of the data that the tags stand for, later if Redis is away."""
        # Every change is told by the request that made it: one that another request tells at the
        # same time may be told before this change was committed.
        try:
            self._tell({*tags})
        except CacheUnavailable:
            token = object()
            with self._lock:
                self._owed.update(dict.fromkeys(tags, token))

    def clear(self) -> None:
        """Forget all responses."""
        self.invalidate([EVERYTHING])

    def _settle(self) -> None:
        """Tell Redis of changes that it does not know yet.

        Raises:
            CacheUnavailable: Redis is away, so that its responses may be out of date.
        """
        if self._owed:
            with self._lock:
                owed = dict(self._owed)
            self._tell(owed.keys())
            with self._lock:
                for tag, token in owed.items():
                    if self._owed.get(tag) is token:
                        del self._owed[tag]

    def _tell(self, tags: Collection[str]) -> None:
        names: list[object] = [_digest(tag) for tag in tags if tag != EVERYTHING]
        if EVERYTHING in tags:
            names.append("epoch")
        self._ask(lambda: self._change(keys=[self._changes], args=names))

    def _key(self, key: Key) -> str:
        # SECURITY: parts of a key may be secrets, such as a key of an API in the query.
        return f"{self._prefix}{hashlib.sha256(json.dumps(key).encode()).hexdigest()}"

    def _ask(self, call: Callable[[], object]) -> object:
        if self._outage.is_away():
            raise CacheUnavailable
        try:
            found = call()
        except redis.RedisError as error:
            self._outage.begin()
            _log.warning("the response cache is away: %s", " ".join(str(error).split()))
            raise CacheUnavailable from error
        self._outage.end()
        return found

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        self._redis.close()


@lru_cache(maxsize=4096)
def _digest(tag: str) -> str:
    return hashlib.sha256(tag.encode()).hexdigest()[:16]
