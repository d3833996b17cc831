"""One Operation as one callable: credentials, negotiation, inputs, method, response.

A stage that an Operation does not declare has no step here, and costs nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..contract import Attempt, IdempotencyRule, Operation
from ..decorators import DeclaredMethod
from ..environ_keys import CONTRACT_CHECK
from ..errors import DeclarationError
from ..http.conditional import Outcome, Preconditions, evaluate
from ..http.negotiation import Chooser, not_acceptable
from ..media import Media
from ..middleware import Endpoint
from ..problems import (
    PreconditionFailed,
    PreconditionRequired,
    UnprocessableContent,
)
from ..rendering.response_writer import Locate, Writer, offered, writer_of
from ..request import Request
from ..resource import FunctionResource, Resource, validators_of
from ..response import Outgoing, PlainResponse, as_sent, close_if_open, discard, is_stream
from ..settings import Settings
from .contract_log import observe
from .guard import make_guard

if TYPE_CHECKING:
    from ..parsing.body import Reader

__all__ = ["Context", "compile_operation"]

Step = Callable[[Request], None]
_log = logging.getLogger("restkit")
_READING = ("GET", "HEAD", "QUERY")
# Of the answer to a GET, a 304 has these too (RFC 9110, section 15.4.5), and the date that stands
# in for an ETag.
_KEPT = frozenset(
    {"cache-control", "content-location", "date", "etag", "expires", "vary", "last-modified"}
)


class Context(NamedTuple):
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
        invoke, finish = _once(operation.idempotency, invoke, finish)
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
        steps.append(make_guard(operation))
    if operation.conditional == "required" and operation.method in ("PUT", "PATCH", "DELETE"):
        steps.append(_require_precondition)
    if operation.idempotency is not None:
        steps.append(operation.idempotency.check)
    return steps


def _require_precondition(request: Request) -> None:
    if not Preconditions.from_environ(request.environ).guards():
        raise PreconditionRequired("Send If-Match with the entity tag that you have seen.")


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


_Invoke = Callable[[Request, Mapping[str, Any]], "tuple[Resource | None, Any]"]


def _invoker(operation: Operation, context: Context) -> _Invoke:
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


_Finish = Callable[[Request, "tuple[Resource | None, Any]", str, Writer], Outgoing]


def _finisher(operation: Operation) -> _Finish | None:
    """Return the writer of conditional responses with their validators, None without conditions."""
    if not operation.conditional or operation.method == "OPTIONS":
        return None
    method = operation.method
    reads = method in _READING
    streams = reads and 200 <= operation.outputs[0].status < 300

    def finish(
        request: Request, made: tuple[Resource | None, Any], chosen: str, write: Writer
    ) -> Outgoing:
        resource, value = made
        if resource is None:
            return write(request, value, chosen)
        given = Preconditions.from_environ(request.environ)
        if given.given and streams and isinstance(value, Iterator) and resource.is_stated:
            value = _unless_dropped(value, _outcome(request, given, resource))
        response = write(request, value, chosen)
        status = response.status if isinstance(response, PlainResponse) else response.status_code
        _add_missing(response, validators_of(resource, method, status))
        if not given.given:
            return response
        if not reads:
            if (
                not resource.is_stated
                and status < 400
                and (given.guards() or given.if_none_match is not None)
            ):
                discard(response)
                raise _unstated(operation, request)
        elif 200 <= status < 300 and (resource.is_stated or method in ("GET", "QUERY")):
            return _decided(response, _outcome(request, given, resource))
        return response

    return finish


class _Attempted(NamedTuple):
    """The value of a method for a request with an Idempotency-Key; None if it was not called."""

    attempt: Attempt
    value: Any = None


def _once(
    rule: IdempotencyRule, invoke: _Invoke, finish: _Finish | None
) -> tuple[_Invoke, _Finish]:
    """Let a repeated request have its first response, by wrapping a method and its finisher."""

    def invoke_once(request: Request, arguments: Mapping[str, Any]) -> tuple[Resource | None, Any]:
        attempt = rule.begin(request)
        if attempt is None:
            return invoke(request, arguments)
        if attempt.kept is not None:
            return None, _Attempted(attempt)
        resource, value = invoke(request, arguments)
        return resource, _Attempted(attempt, value)

    def finish_once(
        request: Request, made: tuple[Resource | None, Any], chosen: str, write: Writer
    ) -> Outgoing:
        resource, value = made
        attempt = value.attempt if type(value) is _Attempted else None
        if attempt is not None:
            if attempt.kept is not None:
                return attempt.kept
            value = value.value
        response = (
            write(request, value, chosen)
            if finish is None
            else finish(request, (resource, value), chosen, write)
        )
        return response if attempt is None else attempt.keep(response)

    return invoke_once, finish_once


def _outcome(request: Request, given: Preconditions, resource: Resource) -> Outcome:
    return evaluate(request.method, given, resource.entity_tag, resource.last_modified, exists=True)


def _unless_dropped(value: Iterator[Any], outcome: Outcome) -> Iterator[Any]:
    """Return the iterator, or an empty one in place of an iterator that nobody would read."""
    if outcome is Outcome.PROCEED:
        return value
    close_if_open(value)
    return iter(())


def _decided(response: Outgoing, outcome: Outcome) -> Outgoing:
    """Return the response, or the 304 in its place (RFC 9110, section 13.2.1).

    Raises:
        PreconditionFailed: The precondition is false.
    """
    if outcome is Outcome.PROCEED:
        return response
    discard(response)
    if outcome is Outcome.FAILED:
        raise PreconditionFailed("What the URL names is not in the state that the request demands.")
    headers = response.headers if isinstance(response, PlainResponse) else response.headers.items()
    return PlainResponse(304, [item for item in headers if item[0].lower() in _KEPT], b"")


def _unstated(operation: Operation, request: Request) -> Exception:
    """Return what answers a precondition that the method never decided.

    A mistake of the program.
    """
    message = (
        f"{operation.declared_at} is conditional, but did not set self.entity_tag or self.last_modified before it "
        "answered a request with a precondition."
    )
    if CONTRACT_CHECK in request.environ:
        return DeclarationError(message)
    # A client's header makes no 500. What was provided hears of this and is rolled back.
    _log.error(message)
    return PreconditionFailed("Whether the precondition holds is not known.")


def _add_missing(response: Outgoing, headers: list[tuple[str, str]]) -> None:
    if isinstance(response, PlainResponse):
        present = {name.lower() for name, _ in response.headers} if headers else ()
        response.headers += [item for item in headers if item[0].lower() not in present]
    else:
        for name, text in headers:
            response.headers.setdefault(name, text)


def _check(operation: Operation, request: Request, response: Outgoing, contract: str) -> None:
    """Compare a response with the contract while provided values can still be rolled back."""
    check = request.environ.get(CONTRACT_CHECK)
    if check is not None:
        check(operation, request, *as_sent(response))
    elif contract == "raise":
        observe(operation, response, contract)
