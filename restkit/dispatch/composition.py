"""From entries to a router: Operations compiled, middleware around them, HEAD, OPTIONS and 405."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

from ..contract import Operation
from ..environ_keys import ROUTING_ERROR, TRANSLATOR
from ..error_formats import DEFAULT_FORMATS, PROBLEM_DETAILS, ErrorFormat
from ..middleware import Boundary, Endpoint, Middleware, compose
from ..operations.collisions import converters_of
from ..operations.entries import Entry, Handlers
from ..operations.registry import MountedPrefix
from ..operations.verb_outputs import settled_statuses
from ..problems import MethodNotAllowed, NotFound, Problem
from ..records import Record
from ..rendering.response_writer import options_response
from ..request import Request
from ..response import Outgoing, PlainResponse
from ..routing.handlers import DeferredEndpoint, Handler
from ..routing.patterns import Pattern
from ..routing.router import Allowed, Route, Router
from ..settings import Settings
from .error_boundary import ErrorBoundary, problem_response
from .new_items import locate_item
from .pipeline import Context, compilation_of, compile_operation, is_deferrable
from .unknown_urls import UnknownUrls, UrlsOfApps

if TYPE_CHECKING:
    from ..caching.caches import Caches
    from ..caching.handle import CachingApp
    from ..request import AppLike
    from .deprecated import Successors

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
    caches, successors = _caches(app, entries), _successors(router, entries)
    queries = {
        id(route): found for entry, route in routes if (found := _accepted_types(entry, "QUERY"))
    }
    for entry, route in routes:
        boundary = _boundary(entry.handlers, entry.owner.settings, entry.errors)
        locate = locate_item(router, entry.link)
        own, is_wrapped = entry.owner, bool(entry.middleware)
        context = Context(own, own.settings, own.media, locate, is_wrapped, caches)
        for operation in entry.operations:
            _check_schemas(operation, checked)
            endpoint = _endpoint(entry, operation, context)
            endpoint = _limited(operation, endpoint, boundary, caches)
            if id(route) in queries and operation.method in ("GET", "HEAD", "OPTIONS"):
                from .response_headers import with_header  # cold start

                endpoint = with_header(endpoint, ("Accept-Query", queries[id(route)]))
            route.add(
                operation.method,
                _handler(entry, endpoint, boundary, operation, caches, successors),
                operation.declared_at,
            )
    for entry, route in routes:
        _complete(router, route, entry)
    router.finish()
    _answer_preflights(router, routes)
    return Composed(entries, router)


def _endpoint(entry: Entry, operation: Operation, context: Context) -> Endpoint:
    """Compile an Operation, with the first request if nothing is around it."""
    is_alone = context.caches is None and not (
        entry.middleware or entry.edges or operation.middleware or operation.deprecation
    )
    if is_alone and is_deferrable(operation):
        return DeferredEndpoint(compilation_of(operation, context))
    return compile_operation(operation, context)


def _check_schemas(operation: Operation, checked: set[int]) -> None:
    """Check the names in each schema once: the verbs of a resource share theirs."""
    for schema in operation.schemas:
        if id(schema.schema) not in checked:
            checked.add(id(schema.schema))
            schema.check_names(operation.declared_at)


def _caches(app: AppLike, entries: Sequence[Entry]) -> Caches | None:
    """Return the caches of the operations, None without any."""
    if not any(each.cache for entry in entries for each in entry.operations):
        return None
    from ..caching.caches import caches_of  # cold start

    return caches_of(cast("CachingApp", app), entries)


def _successors(router: Router, entries: Sequence[Entry]) -> Successors | None:
    """Return the successors of deprecated operations, None if nothing is deprecated."""
    if not any(each.deprecation for entry in entries for each in entry.operations):
        return None
    from .deprecated import Successors  # cold start, as above

    return Successors(router, entries)


def _limited(
    operation: Operation, endpoint: Endpoint, boundary: Boundary, caches: Caches | None
) -> Endpoint:
    """Put the limits of an Operation, and the invalidation after its writes, around it."""
    if operation.limits:
        from ..limits.enforcement import limited  # cold start

        endpoint = limited(operation, endpoint, boundary)
    return endpoint if caches is None else caches.invalidating(operation, endpoint)


def _handler(
    entry: Entry,
    endpoint: Endpoint,
    boundary: Boundary,
    operation: Operation | None,
    caches: Caches | None = None,
    successors: Successors | None = None,
) -> Handler:
    """Put an entry's middleware around an endpoint."""
    around: Sequence[Middleware] = ()
    if operation is not None:
        around = cast("Sequence[Middleware]", operation.middleware)
    call = compose((*around, *entry.middleware), endpoint, boundary)
    if caches is not None:
        call = caches.outermost(operation, call, has_middleware=bool(entry.middleware))
    if operation is not None and operation.deprecation and successors is not None:
        from .deprecated import deprecating  # cold start: few Operations are deprecated

        link = successors.link_of(operation, operation.deprecation, entry.pattern)
        call, boundary = deprecating(call, boundary, operation.deprecation, link)
    if entry.edges:
        from .response_headers import finished  # cold start

        call, boundary = finished(call, boundary, entry.edges, operation)
    statuses: Container[int] = _EVERY_STATUS
    if operation is not None and entry.owner.settings.contract != "off":
        statuses = settled_statuses(operation)
    handler = Handler(call, operation, entry.owner, boundary, statuses)
    is_head = operation is not None and operation.method == "HEAD"
    return handler.without_content() if is_head else handler


def _complete(router: Router, route: Route, entry: Entry) -> None:
    """Add the handlers that the class does not write: HEAD from GET, OPTIONS, and 405."""
    handlers = route.handlers
    if "GET" in handlers:
        handlers.setdefault("HEAD", handlers["GET"].without_content())
    patch = _accepted_types(entry, "PATCH") or route.allowed.accept_patch
    query = _accepted_types(entry, "QUERY") or route.allowed.accept_query
    route.allowed = Allowed(", ".join(sorted({*handlers, "OPTIONS"})), patch, query)
    boundary = _boundary(entry.handlers, entry.owner.settings, entry.errors)

    def options(request: Request) -> PlainResponse:
        allowed = router.allowed(request, route)
        return options_response(*allowed)

    ready: list[PlainResponse] = []
    is_plain = _is_plain(MethodNotAllowed, entry.handlers, entry.owner.settings, entry.errors)

    def reject(request: Request) -> Outgoing:
        allowed = router.allowed(request, route)
        if not is_plain or allowed is not route.allowed or TRANSLATOR in request.environ:
            raise _not_allowed(allowed.allow)
        if not ready:
            ready.append(_ready(_not_allowed(allowed.allow)))
        return _copy(ready[0])

    if "OPTIONS" not in handlers:
        route.options = _handler(entry, options, boundary, entry.options)
    otherwise: Endpoint = reject
    if entry.operations[0].limits:
        from .routing_limits import within_common_sizes  # cold start

        otherwise = within_common_sizes(entry, reject)
    route.otherwise = _handler(entry, otherwise, boundary, None)


def _answer_preflights(router: Router, routes: Iterable[tuple[Entry, Route]]) -> None:
    """Let the handlers of OPTIONS respond to preflights of CORS."""
    for entry, route in routes:
        if not entry.edges:
            continue
        from .response_headers import answer_preflights  # cold start

        handlers_of = partial(_handlers_of, router, route)
        own = route.handlers.get("OPTIONS")
        if own is not None and own.app is entry.owner:
            route.handlers["OPTIONS"] = answer_preflights(own, entry.edges, handlers_of)
        elif route.options is not None:
            route.options = answer_preflights(route.options, entry.edges, handlers_of)


def _handlers_of(router: Router, route: Route, request: Request) -> Mapping[str, Handler]:
    return router.handlers(request, route)


def _accepted_types(entry: Entry, method: str) -> str:
    """Return the media types of a method's content, as the value of a header."""
    inputs = [
        each
        for operation in entry.operations
        if operation.method == method
        for each in operation.inputs
    ]
    return ", ".join(media_type for each in inputs for media_type in each.media_types)


# URLs without an entry


def compose_unmatched(prefixes: Iterable[MountedPrefix]) -> UrlsOfApps:
    """Return the unknown URLs at the places of all Apps."""
    ordered = sorted(prefixes, key=lambda each: (-len(each.at.rule), not each.at.host))
    converters = converters_of(each.app for each in ordered)
    return UrlsOfApps([UnknownUrls(each.at, _unmatched(each), converters) for each in ordered])


def compose_server(prefixes: Sequence[MountedPrefix], entries: Iterable[Entry]) -> Route:
    """Return the Route of ``OPTIONS *``, which asks about the server as a whole."""
    methods = {operation.method for entry in entries for operation in entry.operations}
    if "GET" in methods:
        methods.add("HEAD")
    allow = ", ".join(sorted({*methods, "OPTIONS"}))
    root = prefixes[0]
    route = _unmatched(root)
    call = compose(
        root.middleware, lambda request: options_response(allow, ""), route.otherwise.boundary
    )
    if root.edges:
        from .response_headers import finished  # cold start

        call, _ = finished(call, route.otherwise.boundary, root.edges, None)
    route.options = Handler(call, None, root.app, route.otherwise.boundary, _EVERY_STATUS)
    return route


def _unmatched(mounted: MountedPrefix) -> Route:
    route = Route(Pattern("", "", ()))
    boundary = _boundary(mounted.handlers, mounted.app.settings, mounted.errors)
    endpoint = _unknown_url(mounted)
    if any(each.access.limits for each in mounted.app._registry.line()):
        from .routing_limits import within_sizes_of_apps  # cold start

        endpoint = within_sizes_of_apps(mounted, endpoint)
    call = compose(mounted.middleware, endpoint, boundary)
    if mounted.edges:
        from .response_headers import finished  # cold start

        call, boundary = finished(call, boundary, mounted.edges, None)
    route.otherwise = Handler(call, None, mounted.app, boundary, _EVERY_STATUS)
    # PERF: the usual methods find their handler here at once.
    route.handlers = dict.fromkeys(_USUAL_METHODS, route.otherwise)
    return route


def _unknown_url(mounted: MountedPrefix) -> Endpoint:
    """Return the endpoint that raises the error of routing, or else responds with 404."""
    known: PlainResponse | None = None
    if _is_plain(NotFound, mounted.handlers, mounted.app.settings, mounted.errors):
        # PERF: raising and rendering the problem for each request costs 60 thousand instructions.
        known = _ready(_not_found())

    def unknown_url(request: Request) -> PlainResponse:
        error: Exception | None = request.environ.get(ROUTING_ERROR)
        if error is not None:
            raise error
        if known is None or TRANSLATOR in request.environ:
            raise _not_found()
        return _copy(known)

    return unknown_url


def _not_found() -> NotFound:
    return NotFound("There is nothing at this URL.")


def _not_allowed(allow: str) -> MethodNotAllowed:
    return MethodNotAllowed(f"This resource allows {allow}.", headers={"Allow": allow})


# parts


def _is_plain(
    kind: type[Problem],
    handlers: Sequence[Handlers],
    settings: Settings,
    errors: tuple[ErrorFormat, ...],
) -> bool:
    """Return whether a problem is written as problem details, and no handler sees it."""
    is_default = not errors or errors == DEFAULT_FORMATS
    return is_default and not ErrorBoundary(handlers, settings).handles(kind)


def _ready(problem: Problem) -> PlainResponse:
    """Return the response for a problem that is the same for each request."""
    return problem_response(problem, problem.to_bytes(), PROBLEM_DETAILS)


def _copy(response: PlainResponse) -> PlainResponse:
    """Return a response whose headers middleware may change."""
    return PlainResponse(response.status, response.headers.copy(), response.body)


def _boundary(
    handlers: Sequence[Handlers], settings: Settings, errors: tuple[ErrorFormat, ...]
) -> Boundary:
    """Return an error boundary that first rolls back provided values.

    A stream whose response an error replaces must not be committed.
    """
    # PERF: calling an instance costs 600 instructions more than calling its method.
    respond = ErrorBoundary(handlers, settings, errors).__call__

    def close_and_respond(request: Request, error: Exception) -> Outgoing:
        if request.provided is not None:
            try:
                request.provided.close(error)
            except Exception as raised:  # noqa: BLE001  # a factory may fail at its end as well
                error = raised
        return respond(request, error)

    return close_and_respond
