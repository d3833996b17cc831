"""One Operation as one straight callable: who, which representation, inputs, preconditions, method, outputs.

What an Operation does not declare has no step here, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .conditional import Outcome, Preconditions, evaluate, format_http_date
from .contract import Operation
from .declarations import DeclaredMethod
from .errors import DeclarationError
from .inputs import Reader, read_nothing, reader_of
from .media import Media
from .middleware import Endpoint
from .negotiation import Chooser, not_acceptable
from .outputs import Locate, Writer, offered, writer_of
from .problems import Forbidden, PreconditionFailed, PreconditionRequired, Problem, Unauthorized, UnprocessableContent
from .request import Request
from .resource import FunctionResource, Resource
from .response import Answer, Outgoing, is_stream
from .settings import Settings

__all__ = ["Context", "compile_operation"]

Step = Callable[[Request], None]


@dataclass(frozen=True, slots=True)
class Context:
    """Is what an Operation is compiled in: its App, and what the App knows."""

    app: Any
    settings: Settings
    media: Media
    locate: Locate | None = None


def compile_operation(operation: Operation, context: Context) -> Endpoint:
    """Make the callable that answers an Operation's requests.

    Args:
        operation: The record.
        context: The App, its settings and media types, and how to build a Location.

    Returns:
        A callable of the request; it raises Problems and whatever the method raises.
    """
    before = tuple(_steps(operation))
    readers = tuple(
        (each.location, reader_of(each, operation, context.settings, context.media)) for each in operation.inputs
    )
    strict = context.settings.strict and operation.input("query") is None
    choose = _chooser(operation)
    invoke = _invoker(operation, context)
    write = writer_of(operation, context.media, context.locate, context.settings.contract)
    finish = _finisher(operation)
    media_type = next(iter(offered(operation)), "application/json")

    app = context.app

    def call(request: Request) -> Outgoing:
        request.operation = operation
        request.app = app
        try:
            for step in before:
                step(request)
            chosen = media_type if choose is None else choose(request)
            if strict and request.environ.get("QUERY_STRING"):
                read_nothing(request)
            arguments = _read(readers, request) if readers else request.path_parameters
            answer = finish(request, invoke(request, arguments), chosen, write)
        except BaseException as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        if request.provided is not None and not is_stream(answer):
            request.provided.close()  # the unit of work ends before the response starts
        return answer

    return call


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
        steps.append(_guard(operation))
    if operation.conditional == "required" and operation.method in ("PUT", "PATCH", "DELETE"):
        steps.append(_require_precondition)
    return steps


def _guard(operation: Operation) -> Step:
    """Make the step that asks each security scheme in turn; one that knows the caller is enough."""
    schemes = operation.security

    def guard(request: Request) -> None:
        refused: list[Problem] = []
        for scheme, scopes in schemes:
            try:
                request.caller = scheme.authenticate(request, scopes)
            except (Unauthorized, Forbidden) as problem:
                refused.append(problem)
            else:
                return
        raise _refusal(refused)

    return guard


def _refusal(refused: Sequence[Problem]) -> Problem:
    """Return what says most: a 403, or else a 401 with the challenges of all schemes (RFC 9110, section 11.6.1)."""
    for problem in refused:
        if isinstance(problem, Forbidden):
            return problem
    challenges = [
        text for problem in refused for name, text in problem.headers.items() if name.lower() == "www-authenticate"
    ]
    if len(challenges) > 1:
        others = {name: text for name, text in refused[0].headers.items() if name.lower() != "www-authenticate"}
        refused[0].headers = {**others, "WWW-Authenticate": ", ".join(challenges)}
    return refused[0]


def _require_precondition(request: Request) -> None:
    environ = request.environ
    if not any(key in environ for key in ("HTTP_IF_MATCH", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_NONE_MATCH")):
        raise PreconditionRequired("Send If-Match with the entity tag that you have seen.")


def _chooser(operation: Operation) -> Callable[[Request], str] | None:
    types = offered(operation)
    if not types:
        return None
    chooser = Chooser(types)

    def choose(request: Request) -> str:
        header = request.environ.get("HTTP_ACCEPT")
        if header is None or header == "*/*":
            return types[0]
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
        function = operation.function
        return lambda request, arguments: (None, function(**arguments))
    method = operation.function.function if isinstance(operation.function, DeclaredMethod) else operation.function

    def invoke(request: Request, arguments: Mapping[str, Any]) -> tuple[Resource, Any]:
        resource = kind()
        resource.request = request
        resource.app = app
        return resource, method(resource, **arguments)

    return invoke


_Finish = Callable[[Request, "tuple[Resource | None, Any]", str, Writer], Outgoing]


def _finisher(operation: Operation) -> _Finish:
    """Make what turns the method's value into the answer, with the validators of conditional resources."""
    if not operation.conditional:
        return lambda request, made, chosen, write: write(request, made[1], chosen)
    safe = operation.method in ("GET", "HEAD")

    def finish(request: Request, made: tuple[Resource | None, Any], chosen: str, write: Writer) -> Outgoing:
        resource, value = made
        if resource is None:
            return write(request, value, chosen)
        given = Preconditions.from_environ(request.environ)
        if given.given and safe:
            outcome = evaluate(request.method, given, resource.entity_tag, resource.last_modified, exists=True)
            if outcome is Outcome.FAILED:
                raise PreconditionFailed("What the URL names is not in the state that the request demands.")
            if outcome is Outcome.NOT_MODIFIED:
                return Answer(304, _validators(resource), b"")
        elif given.given and not resource.is_stated:
            raise DeclarationError(
                f"{operation.place} is conditional, but did not set self.entity_tag or self.last_modified before it "
                "answered a request with a precondition."
            )
        answer = write(request, value, chosen)
        headers = _validators(resource) if operation.method != "DELETE" else []
        if isinstance(answer, Answer):
            answer.headers += headers
        else:
            for name, text in headers:
                answer.headers.setdefault(name, text)
        return answer

    return finish


def _validators(resource: Resource) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    if resource.entity_tag is not None:
        headers.append(("ETag", str(resource.entity_tag)))
    if resource.last_modified is not None:
        headers.append(("Last-Modified", format_http_date(resource.last_modified)))
    return headers
