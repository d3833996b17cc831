"""The responses of one Operation from its cache (RFC 9111), or made and stored."""

from __future__ import annotations

import logging
from collections.abc import Callable

from ..contract import Operation
from ..environ_keys import CACHE_BEGUN, CACHE_READ, CACHED, CONTRACT_CHECK
from ..errors import ContractError, DeclarationError
from ..http.cache_control import RequestDirectives, request_directives
from ..middleware import Endpoint
from ..problems import GatewayTimeout, Problem
from ..request import Request
from ..response import Outgoing, PlainResponse
from .cache import Cache
from .changes import reading
from .flights import Flights
from .keys import key_maker, keyed_headers, varying
from .refreshing import refresh_after
from .storage import CacheStorage, CacheUnavailable, Key, StoredResponse
from .storing import content_of, lifetime_of, with_fields
from .validation import conditions_of, decided, restored
from .watched import unkeyed, watched

__all__ = ["CachedOperation"]

_log = logging.getLogger("restkit")
_Choose = Callable[[str], str]


class CachedOperation:
    """An Operation whose responses are stored.

    Attributes:
        operation: The record.
        storage: Its storage.
    """

    # `bind` sets these.
    _make_key: Callable[[Request, str], Key]
    _tags: tuple[str, ...]

    def __init__(
        self,
        operation: Operation,
        cache: Cache,
        storage: CacheStorage,
        call: Endpoint,
        choose: tuple[str, _Choose],
    ) -> None:
        """Prepare the key and the headers.

        Args:
            operation: The record.
            cache: Its cache.
            storage: Its storage.
            call: The endpoint that makes a response, without the guards before it.
            choose: The usual media type, and the function that chooses one by Accept.
        """
        self.operation = operation
        self.storage = storage
        self._cache = cache
        self._call = call
        self._usual, self._choose = choose
        self._flights = Flights()
        self._vary = varying(operation, cache)
        named = {each.lower() for each in (*cache.vary, *keyed_headers(operation))}
        if operation.input("cookies") is not None:
            named.add("cookie")
        self._keyed = frozenset(named)
        self._varied = self._keyed.union(map(str.lower, self._vary), ("accept", "host"))
        self._directives = cache.directives(private=bool(operation.security))
        self._is_open = not operation.security
        self._loads = hasattr(operation.resource, "load")
        self._reported: set[str] = set()

    def bind(self, name: str, tags: tuple[str, ...]) -> None:
        """Set the name of the App, which is in each key, and the tags of each response."""
        self._make_key = key_maker(self.operation, self._cache, name)
        self._tags = (*tags, *(f"tag:{each}" for each in self._cache.tags))

    def begin(self, request: Request) -> None:
        """Note the number of the last change, before anything can have read data."""
        try:
            request.environ[CACHE_BEGUN] = self.storage.begin()
        except CacheUnavailable:
            request.environ[CACHE_BEGUN] = None

    def endpoint(self) -> Endpoint:
        """Return the endpoint for requests whose caller is known and allowed."""
        usual, choose, make_key, is_open = self._usual, self._choose, self._make_key, self._is_open
        get, clock = self.storage.get, self.storage.clock

        def respond(request: Request) -> Outgoing:
            environ = request.environ
            accept = environ.get("HTTP_ACCEPT")
            chosen = usual
            if accept is not None and accept != "*/*":
                chosen = request.response_media_type = choose(accept)
            # RFC 9111, section 3.5: nobody has looked at these credentials.
            if is_open and "HTTP_AUTHORIZATION" in environ:
                return self._marked(self._call(request))
            key = make_key(request, chosen)
            try:
                begun, stored = get(key)
            except CacheUnavailable:
                return self._unavailable(request)
            # PERF: most requests have none of these headers; the rest is `_answered`.
            if stored is None or not environ.keys().isdisjoint(_ASIDE):
                return self._answered(request, key, begun, stored)
            age = clock() - stored.stored_at
            if not 0 <= age < stored.fresh:
                return self._answered(request, key, begun, stored)
            environ[CACHED] = True
            return PlainResponse(200, [*stored.headers, ("Age", str(int(age)))], stored.body)

        return respond

    def _unavailable(self, request: Request) -> Outgoing:
        """Respond while the storage is away."""
        header = request.environ.get("HTTP_CACHE_CONTROL")
        if header is not None and request_directives(header, None).only_if_cached:
            raise _not_stored()
        return self._marked(self._call(request))

    def _answered(
        self,
        request: Request,
        key: Key,
        begun: int,
        stored: StoredResponse | None,
    ) -> Outgoing:
        """Respond to a request with directives or conditions, or without a fresh response."""
        get = request.environ.get
        asked = request_directives(get("HTTP_CACHE_CONTROL"), get("HTTP_PRAGMA"))
        if stored is not None:
            age = self._age(stored)
            if _may_send(stored, age, asked):
                if stored.fresh <= age < stored.fresh + stored.stale:
                    self._refresh(request, key)
                return self._sent(request, stored, age)
        if asked.only_if_cached:
            raise _not_stored()
        if asked.no_store or request.method != "GET":
            return self._marked(self._call(request))
        begun = request.environ.get(CACHE_BEGUN, begun)
        if asked.no_cache or asked.max_age is not None or self._cache.wait <= 0:
            return self._made(request, key, begun, stored)
        return self._flown(request, key, begun, stored)

    def _flown(
        self, request: Request, key: Key, begun: int, stored: StoredResponse | None
    ) -> Outgoing:
        """Make a response, or wait for the request that makes it already."""
        other = self._flights.lead(key)
        if other is None:
            try:
                return self._made(request, key, begun, stored)
            finally:
                self._flights.leave(key)
        if other.wait(self._cache.wait):
            try:
                found = self.storage.get(key)[1]
            except CacheUnavailable:
                found = None
            if found is not None:
                age = self._age(found)
                if age < found.fresh:
                    return self._sent(request, found, age)
        return self._made(request, key, begun, stored)

    # a stored response

    def _sent(self, request: Request, stored: StoredResponse, age: float) -> Outgoing:
        """Return a stored response, or the 304 in its place."""
        environ = request.environ
        environ[CACHED] = True
        response = PlainResponse(200, [*stored.headers, ("Age", str(int(age)))], stored.body)
        if _is_conditional(environ):
            return decided(request, response, self.operation)
        return response

    def _age(self, stored: StoredResponse) -> float:
        return max(0.0, self.storage.clock() - stored.stored_at)

    def _refresh(self, request: Request, key: Key) -> None:
        """Let another response be made after a stale one is sent (RFC 5861, section 3)."""
        if self._flights.lead(key) is None:
            refresh_after(request, lambda again: self._remade(again, key), self._flights, key)

    def _remade(self, request: Request, key: Key) -> None:
        try:
            begun = self.storage.begin()
        except CacheUnavailable:
            return
        self._stored(request, key, begun)

    # a new response

    def _made(
        self, request: Request, key: Key, begun: int | None, stored: StoredResponse | None
    ) -> Outgoing:
        """Make a response, store it, and evaluate the preconditions."""
        conditions = conditions_of(request.environ)
        try:
            response = self._stored(request, key, begun)
        except (ContractError, DeclarationError):
            raise
        except Exception as error:
            old = None if stored is None else self._instead(stored, error)
            if old is None:
                raise
            restored(request, conditions)
            return self._sent(request, *old)
        restored(request, conditions)
        if conditions:
            return decided(request, response, self.operation)
        return response

    def _instead(
        self, stored: StoredResponse, error: Exception
    ) -> tuple[StoredResponse, float] | None:
        """Return a stale response and its age in place of a server error (RFC 5861, section 4)."""
        if isinstance(error, Problem) and error.status < 500:
            return None
        age = self._age(stored)
        if age >= stored.fresh + stored.stale_if_error:
            return None
        _log.error(
            "%s failed; a stored response was sent", self.operation.declared_at, exc_info=error
        )
        return stored, age

    def _stored(self, request: Request, key: Key, begun: int | None) -> Outgoing:
        """Make a response and store it."""
        read: set[str] = set(request.environ.get(CACHE_READ, ()))
        token = reading.set(read)
        try:
            with watched(request, is_shared=self._cache.shared) as notes:
                response = self._call(request)
        finally:
            reading.reset(token)
        content = content_of(response)
        if content is None:
            return self._marked(response)
        headers, body = content
        lifetime = lifetime_of(headers, self._cache, self._varied)
        if lifetime is not None and self._loads:
            lifetime = lifetime._replace(stale=0.0)  # the object would be as old as the response
        fields = with_fields(headers, self._directives, self._vary, body)
        _set_headers(response, fields)
        if lifetime is None or begun is None or not self._is_keyed(request, notes):
            return response
        tags = frozenset((*self._tags, *read))
        stored = StoredResponse(
            fields.copy(), body, self.storage.clock(), *lifetime, begun=begun, tags=tags
        )
        if self.storage.put(key, stored):
            request.environ[CACHED] = True
        return response

    def _is_keyed(self, request: Request, notes: set[str]) -> bool:
        """Return whether the key has all values that were read; report those that it lacks.

        Raises:
            DeclarationError: It lacks something, in tests and the development server.
        """
        found = unkeyed(notes, self._keyed)
        if self._cache.key is not None:
            found = [each for each in found if not each.startswith("request.")]
        if not found:
            return True
        text = (
            f"{self.operation.declared_at} is cached, but its response depends on "
            f"{', '.join(found)}, which the key of the response does not have, so that it is not "
            "stored. Name headers in Cache(vary=[...]), and return other values with "
            "Cache(key=lambda request: ...)."
        )
        if CONTRACT_CHECK in request.environ:
            raise DeclarationError(text)
        if text not in self._reported:
            self._reported.add(text)
            _log.error(text)
        return False

    def _marked(self, response: Outgoing) -> Outgoing:
        """Return a response that is not stored, with the headers of the cache if it has content."""
        status = response.status if isinstance(response, PlainResponse) else response.status_code
        if status in (200, 304):
            _set_headers(
                response, with_fields(_headers_of(response), self._directives, self._vary, None)
            )
        return response


_CONDITIONS = (
    *("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"),
    *("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE"),
)
_ASIDE = frozenset({*_CONDITIONS, "HTTP_CACHE_CONTROL", "HTTP_PRAGMA"})


def _is_conditional(environ: dict[str, object]) -> bool:
    return any(each in environ for each in _CONDITIONS)


def _not_stored() -> GatewayTimeout:
    return GatewayTimeout(
        "No stored response satisfies the request, and only-if-cached allows no other one."
    )


def _may_send(stored: StoredResponse, age: float, asked: RequestDirectives) -> bool:
    """Return whether a request may get a stored response of an age (RFC 9111, section 4.2)."""
    if asked.no_cache or age >= stored.kept:
        return False
    if asked.max_age is not None and age > asked.max_age:
        return False
    left = stored.fresh - age
    if left > 0:
        return left >= asked.min_fresh
    if asked.min_fresh:
        return False
    if asked.max_stale is not None and -left <= asked.max_stale:
        return True
    return -left < stored.stale


def _headers_of(response: Outgoing) -> list[tuple[str, str]]:
    return response.headers if isinstance(response, PlainResponse) else [*response.headers]


def _set_headers(response: Outgoing, headers: list[tuple[str, str]]) -> None:
    if isinstance(response, PlainResponse):
        response.headers = headers
    else:
        response.headers.clear()
        response.headers.extend(headers)
