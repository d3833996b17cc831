"""One Operation as one callable: credentials, negotiation, inputs, method, response.

A stage that an Operation does not declare has no step here, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..contract import Operation
from ..declarations import DeclaredMethod
from ..environ_keys import CONTRACT_CHECK
from ..http.negotiation import Chooser, not_acceptable
from ..media import Media
from ..middleware import Endpoint
from ..problems import (
    PreconditionRequired,
    UnprocessableContent,
)
from ..records import Record
from ..rendering.response_writer import Locate, offered, writer_of
from ..request import Request
from ..resource import FunctionResource, Resource
from ..response import Outgoing, as_sent, is_stream
from ..settings import Settings
from .contract_log import observe

if TYPE_CHECKING:
    from ..parsing.body import Reader
    from .idempotent import Invoke
    from .preconditions import Finish

__all__ = ["Context", "compile_operation"]

Step = Callable[[Request], None]


class Context(Record):
    """The App that an Operation is compiled for, and what the App knows.

    ``wrapped`` says that there is middleware around it, which may change the response.
    """

    app: Any
    settings: Settings
    media: Media
    locate: Locate | None = None
    wrapped: bool = False


def compile_operation(operation: Operation, context: Context) -> Endpoint:
    """Make the callable that answers an Operation's requests.

    Args:
        operation: The record.
        context: The App, its settings and media types, and how to build a Location.

    Returns:
        A callable of the request; it raises Problems and whatever the method raises.
    """
    before = tuple(_steps(operation))
    readers = _readers(operation, context)
    strict = context.settings.strict and operation.input("query") is None
    known = operation.query_names
    choose = _chooser(operation)
    invoke = _invoker(operation, context)
    write = writer_of(operation, context.media, context.locate, context.settings.contract)
    finish = _finisher(operation)
    if operation.idempotency is not None:
        from .idempotent import respond_once  # cold start, as for every stage

        invoke, finish = respond_once(operation.idempotency, invoke, finish)
    media_type = next(iter(offered(operation)), "application/json")

    kind: Any = operation.resource
    wrapped = context.wrapped or bool(kind.middleware)
    contract = context.settings.contract

    def call(request: Request) -> Outgoing:
        try:
            for step in before:
                step(request)
            environ = request.environ
            accept = environ.get("HTTP_ACCEPT")
            chosen = media_type
            if accept is not None and accept != "*/*":
                chosen = request.response_media_type = choose(accept)
            if strict and environ.get("QUERY_STRING"):
                _refuse_query(request, known)
            arguments = _read(readers, request) if readers else request.path_parameters
            resource, value = invoke(request, arguments)
            response = (
                write(request, value, chosen)
                if finish is None
                else finish(request, (resource, value), chosen, write)
            )
            if request.provided is not None and not wrapped:
                _check(operation, request, response, contract)
        except BaseException as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        if request.provided is not None and not is_stream(response):
            request.provided.close()  # the unit of work ends before the response starts
        return response

    return call


def _finisher(operation: Operation) -> Finish | None:
    """Return the writer of conditional responses, None without conditions."""
    if not operation.conditional:
        return None
    from .preconditions import finisher_of  # cold start

    return finisher_of(operation)


def _readers(operation: Operation, context: Context) -> tuple[tuple[str, Reader], ...]:
    """Make what reads each input."""
    if not operation.inputs:
        return ()
    from ..parsing.inputs import readers_of  # cold start: inputs load marshmallow

    return tuple(readers_of(operation, context.settings, context.media))


def _refuse_query(request: Request, known: frozenset[str]) -> None:
    from ..parsing.parameters import read_nothing  # cold start, as above

    read_nothing(request, known)


def _read(readers: Sequence[tuple[str, Reader]], request: Request) -> dict[str, Any]:
    """Read every input; what is invalid in several is told in one problem."""
    arguments = dict(request.path_parameters)
    problem: UnprocessableContent | None = None
    for name, read in readers:
        try:
            arguments[name] = read(request)
        except UnprocessableContent as raised:
            if problem is not None:
                raised.errors = [*problem.errors, *raised.errors]
            problem = raised
    if problem is not None:
        raise problem
    return arguments


def _steps(operation: Operation) -> list[Step]:
    steps: list[Step] = []
    if operation.security:
        from .guard import make_guard  # cold start

        steps.append(make_guard(operation))
    if operation.conditional == "required" and operation.method in ("PUT", "PATCH", "DELETE"):
        steps.append(_require_precondition)
    if operation.idempotency is not None:
        steps.append(operation.idempotency.check)
    return steps


def _require_precondition(request: Request) -> None:
    from ..http.conditional import Preconditions  # cold start

    if not Preconditions.from_environ(request.environ).guards():
        raise PreconditionRequired(
            "This request requires a precondition. Send If-Match with the ETag that you "
            "last received."
        )


def _chooser(operation: Operation) -> Callable[[str], str]:
    """Make what reads an Accept header, other than the one that takes everything."""
    types = offered(operation)
    if not types:
        return lambda header: "application/json"
    chooser = Chooser(types)

    def choose(header: str) -> str:
        chosen = chooser(header)
        if chosen is None:
            raise not_acceptable(types)
        return chosen

    return choose


def _invoker(operation: Operation, context: Context) -> Invoke:
    """Make what calls the method on an instance of its own."""
    kind: Any = operation.resource
    app = context.app
    if issubclass(kind, FunctionResource):
        function = (
            operation.function.function
            if isinstance(operation.function, DeclaredMethod)
            else operation.function
        )
        if not (operation.inputs or operation.path_parameters or operation.host):
            return lambda request, arguments: (None, function())
        return lambda request, arguments: (None, function(**arguments))
    method = (
        operation.function.function
        if isinstance(operation.function, DeclaredMethod)
        else operation.function
    )

    def invoke(request: Request, arguments: Mapping[str, Any]) -> tuple[Resource, Any]:
        resource = kind()
        resource.request = request
        resource.app = app
        return resource, method(resource, **arguments)

    return invoke


def _check(operation: Operation, request: Request, response: Outgoing, contract: str) -> None:
    """Compare a response with the contract while provided values can still be rolled back."""
    check = request.environ.get(CONTRACT_CHECK)
    if check is not None:
        check(operation, request, *as_sent(response))
    elif contract == "raise":
        observe(operation, response, contract)
