"""Operations with field masks: the view that the caller of a request has."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..contract import Operation
from ..hidden_fields import HiddenFields, OperationMasks
from ..middleware import Endpoint
from ..problems import Forbidden
from ..request import Request
from ..response import Outgoing

__all__ = ["by_caller"]

_MOST_ENDPOINTS = 64
_LACKING = "You may not read or write fields that this request needs."
_Compile = Callable[[Operation], Endpoint]


def by_caller(
    operation: Operation, masks: OperationMasks, whole: Endpoint, compiled: _Compile
) -> Endpoint:
    """Return an endpoint that responds with the fields that the caller may read and write.

    Args:
        operation: The Operation with all fields.
        masks: Its masks.
        whole: Its endpoint.
        compiled: A function that makes the endpoint of a view.
    """
    made: dict[HiddenFields, tuple[Operation | None, Endpoint]] = {}
    lock = threading.Lock()

    def view_of(hidden: HiddenFields) -> tuple[Operation | None, Endpoint]:
        with lock:
            found = made.get(hidden)
            if found is None:
                view = masks.view(operation, hidden)
                found = (view, _reject if view is None else compiled(view))
                # SECURITY: rules that depend on the request must not fill the memory.
                if len(made) >= _MOST_ENDPOINTS:
                    made.clear()
                made[hidden] = found
            return found

    def call(request: Request) -> Outgoing:
        try:
            hidden = masks.hidden(request)
            view, endpoint = (operation, whole) if hidden.is_empty else view_of(hidden)
        except BaseException as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        if view is not None:
            request.operation = view
        return endpoint(request)

    return call


def _reject(request: Request) -> Outgoing:
    error = Forbidden(_LACKING)
    if request.provided is not None:
        request.provided.close(error)
    raise error
