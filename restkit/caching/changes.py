"""Changes of data: the tables that responses read, and who is told of those that are written.

Stores call `note_read` and `note_change` with tags, such as the name of a table.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from contextvars import ContextVar
from typing import Protocol
from weakref import WeakMethod, WeakSet

from ..environ_keys import CACHE_READ
from ..request import Request

__all__ = [
    "activate",
    "model_tag",
    "note_change",
    "note_read",
    "noting_reads",
    "reading",
    "when_active",
]


class _Told(Protocol):
    def invalidate(self, tags: Collection[str], /) -> None: ...


reading: ContextVar[set[str] | None] = ContextVar("restkit read tags", default=None)
"""The tags of the data that the present response has read; None if it is not stored."""

_lock = threading.Lock()
_storages: WeakSet[_Told] = WeakSet()
_waiting: list[WeakMethod[Callable[[], None]]] = []


def activate(storage: _Told) -> None:
    """Tell a storage of all changes from now on."""
    with _lock:
        _storages.add(storage)
        waiting = [*_waiting]
        _waiting.clear()
    for each in waiting:
        call = each()
        if call is not None:
            call()


def when_active(call: Callable[[], None]) -> None:
    """Call a bound method when the first storage exists, perhaps now.

    A program without a cache does not pay for the call.
    """
    with _lock:
        is_active = bool(_storages)
        if not is_active:
            _waiting[:] = [each for each in _waiting if each() is not None]
            _waiting.append(WeakMethod(call))
    if is_active:
        call()


def note_read(tags: Iterable[str]) -> None:
    """Note data on which the present response depends."""
    found = reading.get()
    if found is not None:
        found.update(tags)


def note_change(tags: Collection[str]) -> None:
    """Tell all storages of a change. Call it after the change is committed."""
    if tags:
        for each in tuple(_storages):
            each.invalidate(tags)


def model_tag(model: type) -> str:
    """Return the tag of the items of a model."""
    return f"model:{model.__module__}.{model.__qualname__}"


def noting_reads(step: Callable[[Request], None]) -> Callable[[Request], None]:
    """Return a step before the cache whose reads count as those of the response."""

    def noting(request: Request) -> None:
        read: set[str] = set()
        token = reading.set(read)
        try:
            step(request)
        finally:
            reading.reset(token)
        request.environ[CACHE_READ] = read

    return noting
