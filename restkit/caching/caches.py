"""The caches of an App, when it is frozen: their storages, and the writes that invalidate them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, cast

from ..contract import Operation
from ..http.methods import SAFE_METHODS
from ..middleware import Endpoint
from ..problems import Problem
from ..request import Request
from ..response import Outgoing, PlainResponse, close_if_open, is_stream
from .cache import Cache
from .changes import model_tag
from .handle import AppCache, CachingApp, handle_of, operation_tag
from .serving import CachedOperation

__all__ = ["Caches", "caches_of"]


class _Entry(Protocol):
    @property
    def operations(self) -> Sequence[Operation]: ...
    @property
    def resource(self) -> type: ...
    @property
    def declared(self) -> type | None: ...


class Caches:
    """The caches of the Operations of an App."""

    def __init__(self, handle: AppCache, app: CachingApp, entries: Iterable[_Entry]) -> None:
        """Look at all operations.

        Args:
            handle: The handle of the App.
            app: The App, whose name and version are in each key: another version may have other
                schemas.
            entries: The entries.
        """
        self._handle = handle
        self._name = f"{app.name} {app.version}"
        self._cached: dict[int, CachedOperation] = {}
        self._paths: list[tuple[tuple[str, ...], str]] = []
        for entry in entries:
            for operation in entry.operations:
                if operation.cache:
                    self._paths.append((_segments(operation.path), operation_tag(operation)))
                    handle.add(entry, operation, _cache_of(operation))

    def cached(
        self, operation: Operation, call: Endpoint, choose: tuple[str, Callable[[str], str]]
    ) -> Endpoint:
        """Return an endpoint whose responses are stored.

        Args:
            operation: The record.
            call: The endpoint, without the guards before it.
            choose: The usual media type, and the function that chooses one by Accept.
        """
        cache = _cache_of(operation)
        storage = self._handle.storage_of(cache)
        made = CachedOperation(operation, cache, storage, call, choose)
        made.bind(self._name, (operation_tag(operation), *_model_tags(operation)))
        self._cached[id(operation)] = made
        return made.endpoint()

    def invalidating(self, operation: Operation, endpoint: Endpoint) -> Endpoint:
        """Return an endpoint of an unsafe method that invalidates the responses that it changes.

        These are the responses at its URL, at those above and at those below (RFC 9111, section
        4.4), and those of collections of its model.
        """
        if operation.method in SAFE_METHODS:
            return endpoint
        path = _segments(operation.path)
        tags = [tag for other, tag in self._paths if _is_related(path, other)]
        tags += _model_tags(operation)
        return _invalidating(endpoint, frozenset(tags), self._handle) if tags else endpoint

    def outermost(
        self, operation: Operation | None, call: Endpoint, *, has_middleware: bool
    ) -> Endpoint:
        """Return an endpoint that notes the last change before middleware or guards read data."""
        found = self._cached.get(id(operation))
        if operation is None or found is None:
            return call
        around = (
            operation.security,
            operation.middleware,
            getattr(operation.resource, "load", None),
        )
        reads_early = has_middleware or any(around)
        if not reads_early:
            return call  # the look-up notes it, in the same round trip
        begin = found.begin

        def respond(request: Request) -> Outgoing:
            begin(request)
            return call(request)

        return respond


def caches_of(app: CachingApp, entries: Iterable[_Entry]) -> Caches:
    """Return the caches of the entries of an App."""
    return Caches(handle_of(app), app, entries)


def _cache_of(operation: Operation) -> Cache:
    return cast("Cache", operation.cache and operation.cache.rule)


def _model_tags(operation: Operation) -> list[str]:
    """Return the tag of the model of a collection's operation."""
    store: object = getattr(getattr(operation.resource, "binding", None), "store", None)
    model: object = getattr(store, "model", None)
    return [model_tag(model)] if isinstance(model, type) else []


def _invalidating(endpoint: Endpoint, tags: frozenset[str], handle: AppCache) -> Endpoint:
    def note() -> None:
        for storage in handle.storages:
            storage.invalidate(tags)

    def respond(request: Request) -> Outgoing:
        try:
            response = endpoint(request)
        except Problem as problem:
            if problem.status >= 500:
                note()
            raise
        except Exception:
            note()  # nobody knows how far the method has come
            raise
        status = response.status if isinstance(response, PlainResponse) else response.status_code
        if status < 400 or status >= 500:
            note()
            if is_stream(response):
                _after_stream(response, note)
        return response

    return respond


def _after_stream(response: Outgoing, note: Callable[[], None]) -> None:
    """Call a function at the end of a stream, when its unit of work is over."""
    if isinstance(response, PlainResponse):
        response.body = _Noted(cast("Iterable[bytes]", response.body), note)
    else:
        response.call_on_close(note)


class _Noted:
    """The body of a stream, after which a function is called."""

    def __init__(self, body: Iterable[bytes], note: Callable[[], None]) -> None:
        self._body = body
        self._note = note

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Close the body."""
        try:
            close_if_open(self._body)
        finally:
            self._note()


def _segments(path: str) -> tuple[str, ...]:
    """Return the segments of a path template; one with a variable is ``{}``."""
    return tuple(re.sub(r"[^/]*\{[^/]*", "{}", path).strip("/").split("/")) if path != "/" else ()


def _is_related(path: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether one URL may be, or lie below, the other."""
    pairs = zip(path, other, strict=False)
    return all(own == each or "{}" in (own, each) for own, each in pairs)
