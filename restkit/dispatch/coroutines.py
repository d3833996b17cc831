"""Async methods, which run in an event loop of their own while the thread of the request waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from asgiref.sync import async_to_sync

__all__ = ["awaiting"]


def awaiting(method: Callable[..., Awaitable[object]]) -> Callable[..., object]:
    """Return a function that runs an async method to its end.

    The context variables of the request are those of the coroutine.
    """

    async def awaited(*arguments: object, **named: object) -> object:
        """Await the method: asgiref warns of wrappers that are not async themselves."""
        return await method(*arguments, **named)

    return async_to_sync(awaited)
