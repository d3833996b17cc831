"""`Cache`: the declaration that the responses of a GET are stored, and for how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from ..declaration_checks import check_call, check_flag, check_header, texts_of
from ..errors import DeclarationError
from ..request import Request
from .storage import CacheStorage

__all__ = ["Cache"]

Seconds = float | timedelta
_LONGEST = 366 * 24 * 3600


class Cache:
    """How long the responses of a GET are stored: ``cache = Cache(60, stale=30)``.

    Declare it on a class, with ``@access(cache=...)``, on a route, a mount or an App; the nearest
    declaration holds, and ``cache=False`` takes an outer one away. Writes of the App invalidate
    the responses that show changed data. Callers never get each other's responses: if the
    operation has security, each caller has its own.

    Attributes:
        seconds: How long a response is fresh.
        stale: How long a response that is no longer fresh is sent while another one is made.
        stale_if_error: How long one is sent if making another one fails.
        vary: The request headers that the response depends on.
        client: How long clients and proxies may use a response without asking again.
        shared: Whether all callers that are allowed get the same response.
        tags: Names for `AppCache.invalidate`.
        key: A function that returns another value that the response depends on.
        wait: How long a request waits for another one that makes the same response.
        storage: The storage; that of the App by default.
    """

    def __init__(
        self,
        seconds: Seconds,
        *,
        stale: Seconds = 0,
        stale_if_error: Seconds | None = None,
        vary: Sequence[str] = (),
        client: Seconds | None = None,
        shared: bool = False,
        tags: Sequence[str] = (),
        key: Callable[[Request], str] | None = None,
        wait: Seconds = 3,
        storage: CacheStorage | None = None,
    ) -> None:
        """Check and keep the options. Times are seconds, or a timedelta.

        Args:
            seconds: How long a response is fresh.
            stale: How long a stale response is sent while another one is made after it (RFC 5861,
                stale-while-revalidate). Without it no stale response is sent.
            stale_if_error: How long a stale response is sent in place of a server error; ``stale``
                by default.
            vary: The request headers that the response depends on, such as
                ``["Accept-Language"]``. Declared headers and Accept are included.
            client: How long clients and proxies may use a response without asking again, in
                ``max-age``; ``seconds`` by default. Writes cannot invalidate their copies; with 0
                they ask each time, and get a 304 if nothing has changed.
            shared: Whether all callers that are allowed get the same response, although the
                operation has security. The method must not use the caller.
            tags: Names by which ``app.cache.invalidate("weather")`` invalidates the responses.
            key: A function of the request that returns another dependency of the response, such as
                a tenant that middleware has found, or the identity of callers without an ``id``.
            wait: How long a request waits for another one that makes the same response.
            storage: A `MemoryCache` or a `RedisCache`; by default the Redis of the setting
                ``redis_url``, or the memory of the App.

        Raises:
            DeclarationError: An argument cannot be meant.
        """
        self.seconds = _seconds(seconds, "seconds")
        if not self.seconds:
            raise DeclarationError(
                "Cache(0) stores nothing. Write cache=False, or a time above 0 seconds."
            )
        self.stale = _seconds(stale, "stale")
        self.stale_if_error = self.stale
        if stale_if_error is not None:
            self.stale_if_error = _seconds(stale_if_error, "stale_if_error")
        self.vary = _names(vary)
        self.client = self.seconds if client is None else _seconds(client, "client")
        check_flag(shared, "Cache(shared=...)")
        self.shared = shared
        self.tags = texts_of(tags, "Cache(tags=...)")
        if key is not None:
            check_call(key, ("request",), "Cache(key=...)")
        self.key = key
        self.wait = _seconds(wait, "wait")
        if storage is not None and not isinstance(storage, CacheStorage):
            raise DeclarationError(
                f"Cache(storage=...) must be a storage, such as MemoryCache(), got {storage!r}."
            )
        self.storage = storage

    def directives(self, *, private: bool) -> str:
        """Return the value of Cache-Control.

        Args:
            private: Whether the response belongs to one caller, or is for some callers only.
        """
        parts = ["private"] if private else []
        parts.append(f"max-age={int(self.client)}")
        if self.stale:
            parts.append(f"stale-while-revalidate={int(self.stale)}")
        if self.stale_if_error:
            parts.append(f"stale-if-error={int(self.stale_if_error)}")
        if not (self.stale or self.stale_if_error):
            parts.append("must-revalidate")
        return ", ".join(parts)

    @property
    def document(self) -> Mapping[str, object]:
        """The cache as ``x-cache`` of the operation in the document."""
        found: dict[str, object] = {"seconds": self.seconds}
        if self.stale:
            found["stale"] = self.stale
        if self.stale_if_error:
            found["staleIfError"] = self.stale_if_error
        if self.shared:
            found["shared"] = True
        return found


def _seconds(value: Seconds, name: str) -> float:
    """Return a time in seconds."""
    given: object = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(given, (int, float)) and not isinstance(given, bool) and 0 <= given <= _LONGEST:
        return given
    raise DeclarationError(
        f"Cache({name}={value!r}): it must be a timedelta or a number of seconds, from 0 to a year."
    )


def _names(vary: Sequence[str]) -> tuple[str, ...]:
    """Return the names of request headers.

    Raises:
        DeclarationError: One is not the name of a header that a response can depend on.
    """
    found = texts_of(vary, "Cache(vary=...)")
    for each in found:
        if each == "*":
            raise DeclarationError(
                "Cache(vary=['*']) would store nothing. Name the request headers."
            )
        check_header(each, "", {}, False, "Cache(vary=...)")
        if each.lower() in ("authorization", "cookie"):
            raise DeclarationError(
                f"Cache(vary=[{each!r}]): responses of one caller are kept apart by its identity. "
                "Declare security, or a cookies= input; remove the header here."
            )
    return found
