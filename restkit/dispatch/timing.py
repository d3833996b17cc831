"""How long the steps of a request take, for Server-Timing of an App in debug.

It is chosen when an Operation is compiled: without ``debug`` nothing of it is called.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Coroutine
from inspect import CO_COROUTINE
from typing import ParamSpec, TypeVar, cast

from ..contract import Operation
from ..declaration_checks import code_flags
from ..declarations import plain_function
from ..environ_keys import TIMINGS
from ..middleware import Endpoint
from ..request import Request, current_request
from ..response import Outgoing

__all__ = ["timed"]

P = ParamSpec("P")
T = TypeVar("T")
_clock = time.perf_counter_ns


def timed(operation: Operation, compiled: Callable[[Operation], Endpoint]) -> Endpoint:
    """Return the endpoint of an Operation, which notes how long its steps take.

    The steps before the method are ``validate``: credentials, negotiation, inputs. The method is
    ``call``, and the steps after it are ``serialize``. A response of a cache has none of them.

    Args:
        operation: The record.
        compiled: A function that compiles a record.
    """
    method = plain_function(operation.function)
    endpoint = compiled(operation._replace(function=_marked(method)))

    def respond(request: Request) -> Outgoing:
        timings: dict[str, int] | None = request.environ.get(TIMINGS)
        if timings is None:
            return endpoint(request)
        begun = _clock()
        try:
            return endpoint(request)
        finally:
            _note(timings, begun, _clock())

    return respond


def _note(timings: dict[str, int], begun: int, ended: int) -> None:
    entered, left = timings.pop("entered", None), timings.pop("left", None)
    if entered is None:
        timings["validate"] = ended - begun  # rejected before the method
        return
    timings["validate"] = entered - begun
    timings["call"] = (left or ended) - entered
    if left is not None:
        timings["serialize"] = ended - left


def _mark(name: str) -> None:
    request = current_request.get(None)
    timings: dict[str, int] | None = None
    if request is not None:
        timings = request.environ.get(TIMINGS)
    if timings is not None:
        timings[name] = _clock()


def _marked(method: Callable[P, T]) -> Callable[P, T]:
    """Return a method that notes when it begins and ends."""
    if code_flags(method) & CO_COROUTINE:
        return cast("Callable[P, T]", _marked_coroutine(cast("_Async[P, T]", method)))

    @functools.wraps(method)
    def call(*arguments: P.args, **named: P.kwargs) -> T:
        _mark("entered")
        try:
            return method(*arguments, **named)
        finally:
            _mark("left")

    return call


_Async = Callable[P, Coroutine[object, object, T]]


def _marked_coroutine(method: _Async[P, T]) -> _Async[P, T]:
    @functools.wraps(method)
    async def call(*arguments: P.args, **named: P.kwargs) -> T:
        _mark("entered")
        try:
            return await method(*arguments, **named)
        finally:
            _mark("left")

    return call
