"""From entries to a router: Operations compiled, middleware around them, HEAD, OPTIONS and 405."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from ..contract import Operation
from ..environ_keys import ROUTING_ERROR
from ..error_formats import DEFAULT_FORMATS, PROBLEM_DETAILS, ErrorFormat
from ..middleware import Boundary, Endpoint, Middleware, compose
from ..operations.collisions import converters_of
from ..operations.entries import Entry, Handlers, Link
from ..operations.registry import MountedPrefix
from ..problems import MethodNotAllowed, NotFound
from ..records import Record
from ..rendering.response_writer import Locate, options_response
from ..request import Request
from ..response import Outgoing, PlainResponse
from ..routing.patterns import Pattern
from ..routing.router import Allowed, Handler, Route, Router
from ..settings import Settings
from .error_boundary import ErrorBoundary, problem_response
from .pipeline import Context, compile_operation

if TYPE_CHECKING:
    from ..request import AppLike

__all__ = ["Composed", "compose_entries", "compose_server", "compose_unmatched"]

_EVERY_STATUS = range(1000)
_USUAL_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Composed(Record):
    """A router and the entries that it was made of, replaced together."""

    entries: Sequence[Entry]
    router: Router


def compose_entries(app: AppLike, entries: Sequence[Entry]) -> Composed:
    """Compile the Operations of each entry, and make the router of their URLs."""
    converters = converters_of(dict.fromkeys([app, *(entry.owner for entry in entries)]))
    router = Router(converters, app.settings.trailing_slash)
    routes = [
        (entry, router.route(entry.pattern, str(index))) for index, entry in enumerate(entries)
    ]
    checked: set[int] = set()
    queries = {id(route): found for entry, route in routes if (found := _taken(entry, "QUERY"))}
    for entry, route in routes:
        boundary = _boundary(entry.handlers, entry.owner.settings, entry.errors)
        locate = _locate(router, entry.link)
        context = Context(
            entry.owner, entry.owner.settings, entry.owner.media, locate, bool(entry.middleware)
        )
        for operation in entry.operations:
            _check_schemas(operation, checked)
            endpoint = compile_operation(operation, context)
            if id(route) in queries and operation.method in ("GET", "HEAD", "OPTIONS"):
                endpoint = _announcing(endpoint, ("Accept-Query", queries[id(route)]))
            route.add(
                operation.method,
                _handler(entry, endpoint, boundary, operation),
                operation.declared_at,
            )
    for entry, route in routes:
        _complete(router, route, entry)
    router.finish()
    return Composed(entries, router)


def _check_schemas(operation: Operation, checked: set[int]) -> None:
    """Check the names in each schema once: the verbs of a resource share theirs."""
    for schema in operation.schemas:
        if id(schema.schema) not in checked:
            checked.add(id(schema.schema))
            schema.check_names(operation.declared_at)


def _handler(
    entry: Entry, endpoint: Endpoint, boundary: Boundary, operation: Operation | None
) -> Handler:
    """Put an entry's middleware around an endpoint."""
    around: Sequence[Middleware] = ()
    if operation is not None:
        around = cast("Sequence[Middleware]", operation.middleware)
    call = compose((*around, *entry.middleware), endpoint, boundary)
    statuses: Container[int] = _EVERY_STATUS
    if operation is not None and entry.owner.settings.contract != "off":
        statuses = operation.statuses | {500}
    handler = Handler(call, operation, entry.owner, boundary, statuses)
    is_head = operation is not None and operation.method == "HEAD"
    return handler.without_content() if is_head else handler


def _complete(router: Router, route: Route, entry: Entry) -> None:
    """Add the handlers that no method is written for: HEAD from GET, OPTIONS, and 405."""
    handlers = route.handlers
    if "GET" in handlers:
        handlers.setdefault("HEAD", handlers["GET"].without_content())
    patch = _taken(entry, "PATCH") or route.allowed.accept_patch
    query = _taken(entry, "QUERY") or route.allowed.accept_query
    route.allowed = Allowed(", ".join(sorted({*handlers, "OPTIONS"})), patch, query)
    boundary = _boundary(entry.handlers, entry.owner.settings, entry.errors)

    def options(request: Request) -> PlainResponse:
        allowed = router.allowed(request, route)
        return options_response(*allowed)

    def refuse(request: Request) -> Outgoing:
        allow = router.allowed(request, route).allow
        raise MethodNotAllowed(f"This resource allows {allow}.", headers={"Allow": allow})

    if "OPTIONS" not in handlers:
        route.options = _handler(entry, options, boundary, entry.options)
    route.otherwise = _handler(entry, refuse, boundary, None)


def _announcing(endpoint: Endpoint, header: tuple[str, str]) -> Endpoint:
    """Add a header to the responses of an endpoint, if they do not have it."""

    def call(request: Request) -> Outgoing:
        response = endpoint(request)
        if isinstance(response, PlainResponse):
            response.headers.append(header)
        else:
            response.headers.setdefault(*header)
        return response

    return call


def _taken(entry: Entry, method: str) -> str:
    """Return the media types that a method takes, as a header has them."""
    inputs = [
        each
        for operation in entry.operations
        if operation.method == method
        for each in operation.inputs
    ]
    return ", ".join(media_type for each in inputs for media_type in each.media_types)


# URLs without an entry


def compose_unmatched(prefixes: Iterable[MountedPrefix]) -> list[tuple[str, Route]]:
    """Return the Route of unknown URLs below each prefix, the innermost prefix first."""
    return [
        (each.prefix, _unmatched(each))
        for each in sorted(prefixes, key=lambda each: -len(each.prefix))
    ]


def compose_server(prefixes: Iterable[MountedPrefix], entries: Iterable[Entry]) -> Route:
    """Return the Route of ``OPTIONS *``, which asks about the server as a whole."""
    methods = {operation.method for entry in entries for operation in entry.operations}
    if "GET" in methods:
        methods.add("HEAD")
    allow = ", ".join(sorted({*methods, "OPTIONS"}))
    root = next(each for each in prefixes if not each.prefix)
    route = _unmatched(root)
    call = compose(
        root.middleware, lambda request: options_response(allow, ""), route.otherwise.boundary
    )
    route.options = Handler(call, None, root.app, route.otherwise.boundary, _EVERY_STATUS)
    return route


def _unmatched(mounted: MountedPrefix) -> Route:
    route = Route(Pattern("", "", ()))
    boundary = _boundary(mounted.handlers, mounted.app.settings, mounted.errors)
    call = compose(mounted.middleware, _nowhere(mounted), boundary)
    route.otherwise = Handler(call, None, mounted.app, boundary, _EVERY_STATUS)
    # PERF: a method that is found here needs no further look for its handler.
    route.handlers = dict.fromkeys(_USUAL_METHODS, route.otherwise)
    return route


def _nowhere(mounted: MountedPrefix) -> Endpoint:
    """Return the endpoint that responds with 404, or with the error that routing had."""
    known: PlainResponse | None = None
    is_default = mounted.errors == DEFAULT_FORMATS
    if is_default and not ErrorBoundary(mounted.handlers, mounted.app.settings).handles(NotFound):
        # PERF: to raise, render and write the problem for each request costs 60 thousand.
        known = problem_response(_not_found(), _not_found().to_bytes(), PROBLEM_DETAILS)

    def nowhere(request: Request) -> PlainResponse:
        error: Exception | None = request.environ.get(ROUTING_ERROR)
        if error is not None:
            raise error
        if known is None:
            raise _not_found()
        return PlainResponse(known.status, known.headers.copy(), known.body)

    return nowhere


def _not_found() -> NotFound:
    return NotFound("There is nothing at this URL.")


# parts


def _boundary(
    handlers: Sequence[Handlers], settings: Settings, errors: tuple[ErrorFormat, ...]
) -> Boundary:
    """Return an error boundary that first closes provided values.

    A stream that an error drops must not be committed.
    """
    boundary = ErrorBoundary(handlers, settings, errors)

    def close_and_respond(request: Request, error: Exception) -> Outgoing:
        if request.provided is not None:
            try:
                request.provided.close(error)
            except Exception as raised:  # noqa: BLE001  # a factory may fail at its end as well
                error = raised
        return boundary(request, error)

    return close_and_respond


def _sent(value: object) -> object:
    """Return a value as content has it: the JSON encoder may write datetimes later."""
    return value.isoformat() if isinstance(value, datetime) else value


def _locate(router: Router, link: Link | None) -> Locate | None:
    """Return the callable that builds the Location of a POST's new item from the content."""
    if link is None:
        return None
    members = link.members
    known = {each.name for each in link.item.parameters}.union(link.item.host_variables)
    builder: list[Callable[[Mapping[str, object], str], str | None]] = []

    def locate(request: Request, data: object) -> str | None:
        if not isinstance(data, dict):
            return None
        values = {variable: _sent(data.get(member)) for variable, member in members}
        if None in values.values():
            return None
        if not builder:
            builder.append(router.builder(link.item))
        given = request.path_parameters
        if not given.keys() <= known:  # the item is not below the collection
            given = {name: given[name] for name in known.intersection(given)}
        return builder[0]({**given, **values}, request.root_path)

    return locate
