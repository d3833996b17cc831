"""One Operation as one callable: credentials, negotiation, inputs, method, response.

Each stage is chosen when the Operation is mounted. One that is not declared costs nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from inspect import CO_COROUTINE
from typing import TYPE_CHECKING, cast

from ..contract import Operation
from ..declaration_checks import code_flags
from ..declarations import plain_function
from ..environ_keys import CONTRACT_CHECK
from ..errors import DeclarationError
from ..http.negotiation import chooser_of
from ..media import Media
from ..middleware import Endpoint, sets_deadline
from ..operations.entries import reads_json_alone, writes_json_alone
from ..problems import UnprocessableContent
from ..records import Record
from ..rendering.response_writer import Locate, Writer, offered, writer_of
from ..request import Request
from ..resource import FunctionResource, Owner, Resource
from ..response import Outgoing, as_sent, is_stream
from ..settings import Settings
from .contract_log import inner_contract, observe
from .unread_queries import known_query, reject_query

if TYPE_CHECKING:
    from ..caching.caches import Caches
    from ..parsing.body import Reader
    from .preconditions import Finish

__all__ = ["Context", "compilation_of", "compile_operation", "is_deferrable"]

_Step = Callable[[Request], None]
_Arguments = Mapping[str, object]
_Respond = Callable[[Request, _Arguments, str], Outgoing]


class Context(Record):
    """The App that an Operation is compiled for, and its parts.

    Attributes:
        app: The App whose resource responds.
        settings: Its settings.
        media: Its media types.
        locate: The builder of a new item's Location, None if there is none.
        wrapped: Whether there is middleware around the Operation, which may change the response.
        caches: The caches of the outermost App, None without one.
    """

    app: Owner
    settings: Settings
    media: Media
    locate: Locate | None = None
    wrapped: bool = False
    caches: Caches | None = None


def compile_operation(operation: Operation, context: Context) -> Endpoint:
    """Make the callable that responds to an Operation's requests."""
    if context.settings.debug:
        from .timing import timed  # cold start

        return timed(operation, lambda each: compilation_of(each, context)())
    return compilation_of(operation, context)()


def compilation_of(operation: Operation, context: Context) -> Callable[[], Endpoint]:
    """Check the steps around an Operation, and return the function that compiles it."""
    return partial(_compiled, operation, context, _steps(operation))


def is_deferrable(operation: Operation) -> bool:
    """Return whether the compilation of an Operation finds no mistake of the program.

    So it is with JSON alone. Other media types may have no handler, for example.
    """
    is_more = operation.masks is not None or operation.idempotency is not None
    if is_more or operation.injected or operation.limits or operation.shows_form:
        return False
    return reads_json_alone(operation) and writes_json_alone(operation)


def _compiled(operation: Operation, context: Context, steps: Sequence[_Step]) -> Endpoint:
    call = _call(operation, context)
    if operation.masks is not None:
        from .masked import by_caller  # cold start

        call = by_caller(operation, operation.masks, call, lambda view: _call(view, context))
    if context.caches is not None and operation.cache:
        usual = next(iter(offered(operation)), "application/json")
        call = context.caches.cached(operation, call, (usual, _chooser(operation)))
    return _after(steps, call) if steps else call


def _call(operation: Operation, context: Context) -> Endpoint:
    """Make the callable that negotiates, reads the inputs and responds."""
    choose, usual = _chooser(operation), next(iter(offered(operation)), "application/json")
    known = known_query(operation, context.settings)
    read = _injecting(operation, _reader(operation, context))
    respond = _responder(operation, context)
    check = _check_of(operation, context)

    def call(request: Request) -> Outgoing:
        try:
            environ = request.environ
            accept = environ.get("HTTP_ACCEPT")
            chosen = usual
            if accept is not None and accept != "*/*":
                chosen = request.response_media_type = choose(accept)
            if known is not None and environ.get("QUERY_STRING"):
                reject_query(request, known)
            arguments = request.path_parameters if read is None else read(request)
            response = respond(request, arguments, chosen)
            if request.provided is None:
                return response
            check(request, response)
        except BaseException as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        if not is_stream(response):
            request.provided.close()  # the unit of work ends before the response starts
        return response

    return _showing_form(operation, context, call)


def _showing_form(operation: Operation, context: Context, call: Endpoint) -> Endpoint:
    if not operation.shows_form:
        return call
    from .pages import showing_form  # cold start

    return showing_form(operation, context.app, call)


def _after(steps: Sequence[_Step], respond: Endpoint) -> Endpoint:
    """Put the steps that may reject a request before an endpoint."""

    def call(request: Request) -> Outgoing:
        try:
            for step in steps:
                step(request)
        except BaseException as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        return respond(request)

    return call


def _responder(operation: Operation, context: Context) -> _Respond:
    """Make the callable that calls the method and writes its value."""
    respond = _untimed_responder(operation, context)
    if not operation.limits and not any(map(sets_deadline, operation.middleware)):
        return respond
    from ..limits.deadline import within_deadline  # cold start

    return within_deadline(operation, respond)


def _untimed_responder(operation: Operation, context: Context) -> _Respond:
    contract = context.settings.contract
    write = writer_of(operation, context.media, context.locate, contract)
    finish = _finisher(operation)
    has_page = any(each.page for each in operation.outputs)
    if finish is None and operation.idempotency is None and not has_page:
        return _plain_responder(operation, context, write)
    from .invocation import conditional_responder, finishing, invoker  # cold start, as all stages

    called = _class_of(operation), _method_of(operation), context.app
    if finish is not None and operation.idempotency is None and not has_page:
        return conditional_responder(*called, write, finish)
    invoke = invoker(*called)
    if has_page:
        from .pages import rendering  # cold start

        invoke = rendering(operation, context.app, invoke)
    if operation.idempotency is not None:
        from .idempotent import respond_once  # cold start, as above

        invoke, finish = respond_once(operation.idempotency, invoke, finish)
    return finishing(invoke, finish, write)


def _plain_responder(operation: Operation, context: Context, write: Writer) -> _Respond:
    """Make the callable for an Operation without preconditions, idempotency keys and pages."""
    kind, app = _class_of(operation), context.app
    method = _method_of(operation)
    if issubclass(kind, FunctionResource):
        has_arguments = operation.inputs or operation.path_parameters or operation.injected
        if not (has_arguments or operation.host):
            return lambda request, arguments, chosen: write(request, method(), chosen)
        return lambda request, arguments, chosen: write(request, method(**arguments), chosen)

    def respond(request: Request, arguments: _Arguments, chosen: str) -> Outgoing:
        resource = kind()
        resource.request = request
        resource.app = app
        # PERF: to pass no named arguments costs 500 instructions less than to pass an empty dict.
        value = method(resource, **arguments) if arguments else method(resource)
        return write(request, value, chosen)

    return respond


def _method_of(operation: Operation) -> Callable[..., object]:
    """Return the method of an operation; an async method runs in an event loop of its own."""
    method: Callable[..., object] = plain_function(operation.function)
    if not code_flags(method) & CO_COROUTINE:
        return method
    from .coroutines import awaiting  # cold start

    return awaiting(cast("Callable[..., Awaitable[object]]", method))


def _class_of(operation: Operation) -> type[Resource]:
    return cast("type[Resource]", operation.resource)


def _finisher(operation: Operation) -> Finish | None:
    """Return the writer of conditional responses, None without conditions."""
    if not operation.conditional:
        return None
    from .preconditions import finisher_of  # cold start

    return finisher_of(operation)


def _reader(operation: Operation, context: Context) -> Callable[[Request], _Arguments] | None:
    """Make the callable that reads all inputs, with one problem for all; None without inputs."""
    if not operation.inputs:
        return None
    from ..parsing.inputs import readers_of  # cold start: inputs load marshmallow

    readers = tuple(readers_of(operation, context.settings, context.media))
    if len(readers) == 1:
        return _single_reader(*readers[0])

    def read(request: Request) -> _Arguments:
        arguments = dict(request.path_parameters)
        problem: UnprocessableContent | None = None
        for name, read_input in readers:
            try:
                arguments[name] = read_input(request)
            except UnprocessableContent as raised:
                if problem is not None:
                    raised.errors = [*problem.errors, *raised.errors]
                problem = raised
        if problem is not None:
            raise problem
        return arguments

    return read


def _single_reader(name: str, read_input: Reader) -> Callable[[Request], _Arguments]:
    """Make the callable that reads one input, as most operations have."""

    def read(request: Request) -> _Arguments:
        value, given = read_input(request), request.path_parameters
        return {**given, name: value} if given else {name: value}

    return read


def _injecting(
    operation: Operation, read: Callable[[Request], _Arguments] | None
) -> Callable[[Request], _Arguments] | None:
    """Add the arguments of `Injectable` classes, after the inputs are read."""
    if not operation.injected:
        return read
    for each in operation.injected.values():
        check = getattr(each, "check_operation", None)
        if check is not None:
            check(operation)
    injected = tuple((name, each.from_request) for name, each in operation.injected.items())

    def inject(request: Request) -> _Arguments:
        arguments = dict(request.path_parameters if read is None else read(request))
        for name, from_request in injected:
            arguments[name] = from_request(request)
        return arguments

    return inject


def _steps(operation: Operation) -> list[_Step]:
    steps: list[_Step] = []
    if operation.security:
        from .guard import make_guard  # cold start

        steps.append(make_guard(operation))
    elif operation.permission is not None:
        raise DeclarationError(
            f"{operation.declared_at} has a permission, but no security scheme, so that nobody "
            "authenticates. Write security=... on the App, for example."
        )
    if hasattr(operation.resource, "load") or getattr(operation.permission, "needs_object", False):
        from .loading import loading_steps  # cold start

        steps += loading_steps(operation)
    if operation.limits and not operation.security:
        from ..limits.enforcement import after_authentication  # cold start

        count = after_authentication(operation)
        steps += [] if count is None else [count]
    if operation.conditional == "required" and operation.method in ("PUT", "PATCH", "DELETE"):
        from .preconditions import require_precondition  # cold start

        steps.append(require_precondition)
    if operation.idempotency is not None:
        steps.append(operation.idempotency.check)
    return steps


def _chooser(operation: Operation) -> Callable[[str], str]:
    """Make the callable that chooses a media type by an Accept header other than ``*/*``."""
    return chooser_of(offered(operation))


def _check_of(operation: Operation, context: Context) -> Callable[[Request, Outgoing], None]:
    """Make the contract check of responses while provided values can still be rolled back.

    If there is middleware, which may change the response, or a deprecation, whose headers are still
    missing, the dispatcher alone checks it.
    """
    contract = context.settings.contract
    declared: set[tuple[int, str]] = set()
    inner = inner_contract(operation)

    def check(request: Request, response: Outgoing) -> None:
        found = request.environ.get(CONTRACT_CHECK)
        if found is not None:
            found(inner, request, *as_sent(response))
        elif contract == "raise":
            observe(inner, response, contract, request.environ, declared)

    wrapped = context.wrapped or bool(
        _class_of(operation).middleware or operation.middleware or operation.deprecation
    )
    return (lambda request, response: None) if wrapped else check
