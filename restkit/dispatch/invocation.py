"""The call of a method before validators, idempotency keys and pages, which need its resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from ..rendering.response_writer import Writer
from ..request import Request
from ..resource import FunctionResource, Owner, Resource
from ..response import Outgoing

if TYPE_CHECKING:
    from .idempotent import Invoke
    from .preconditions import Finish

__all__ = ["conditional_responder", "finishing", "invoker"]

_Arguments = Mapping[str, object]
_Method = Callable[..., object]
_Respond = Callable[[Request, _Arguments, str], Outgoing]


def invoker(kind: type[Resource], method: _Method, app: Owner) -> Invoke:
    """Make the callable that returns the resource, None for a function, and the method's value."""
    if issubclass(kind, FunctionResource):
        return lambda request, arguments: (None, method(**arguments))

    def invoke(request: Request, arguments: _Arguments) -> tuple[Resource, object]:
        resource = kind()
        resource.request = request
        resource.app = app
        return resource, method(resource, **arguments) if arguments else method(resource)

    return invoke


def finishing(invoke: Invoke, finish: Finish | None, write: Writer) -> _Respond:
    """Make the callable that writes a returned value, and finishes the response."""
    if finish is None:
        return lambda request, arguments, chosen: write(
            request, invoke(request, arguments)[1], chosen
        )
    return lambda request, arguments, chosen: finish(
        request, invoke(request, arguments), chosen, write
    )


def conditional_responder(
    kind: type[Resource], method: _Method, app: Owner, write: Writer, finish: Finish
) -> _Respond:
    """Make the callable for an Operation with preconditions or entity tags alone."""
    if issubclass(kind, FunctionResource):
        return finishing(invoker(kind, method, app), finish, write)

    def respond(request: Request, arguments: _Arguments, chosen: str) -> Outgoing:
        # PERF: as `invoker`, without its call.
        resource = kind()
        resource.request = request
        resource.app = app
        value = method(resource, **arguments) if arguments else method(resource)
        return finish(request, (resource, value), chosen, write)

    return respond
