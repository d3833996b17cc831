"""The callable of one method of a URL, perhaps made by the first request."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from ..contract import Operation
from ..middleware import Boundary, Endpoint
from ..request import Request
from ..response import Outgoing

if TYPE_CHECKING:
    from ..request import AppLike

__all__ = ["DeferredEndpoint", "Handler"]


class DeferredEndpoint:
    """An endpoint that the first request makes, and that its handlers call directly from then on.

    PERF: a program with many operations starts before all of them are compiled. Two threads may
    make the same endpoint at once, and one of the two is kept.

    Attributes:
        handlers: The handlers whose ``call`` is this object until the first request.
    """

    __slots__ = ("_make", "handlers")

    def __init__(self, make: Callable[[], Endpoint]) -> None:
        """Keep the function that makes the endpoint. It must find no mistake of the program.

        Those belong to the start, and the first request may come long after it.
        """
        self._make = make
        self.handlers: list[Handler] = []

    def __call__(self, request: Request) -> Outgoing:
        """Make the endpoint, and call it."""
        endpoint = self._make()
        for handler in self.handlers:
            handler.call = endpoint
        return endpoint(request)


class Handler:
    """The callable that responds to one method of a URL, with its Operation and App.

    Attributes:
        call: The endpoint inside its middleware.
        operation: The record; None if no operation has the method.
        app: The App whose resource responds.
        boundary: The callable that turns an exception into a response.
        statuses: The statuses of responses that can be sent without a further look.
        declared: The statuses, with media types, that were found to be declared so far.
    """

    # PERF: reading an attribute of a NamedTuple costs four times as much.
    __slots__ = ("app", "boundary", "call", "declared", "operation", "statuses")

    def __init__(
        self,
        call: Endpoint,
        operation: Operation | None,
        app: AppLike,
        boundary: Boundary,
        statuses: Container[int],
    ) -> None:
        self.call = call
        if isinstance(call, DeferredEndpoint):
            call.handlers.append(self)
        self.operation = operation
        self.app = app
        self.boundary = boundary
        self.statuses = statuses
        self.declared: set[tuple[int, str]] = set()

    def without_content(self) -> Handler:
        """Return the handler for HEAD: each of its responses is looked at, to drop the content."""
        return Handler(self.call, self.operation, self.app, self.boundary, ())
