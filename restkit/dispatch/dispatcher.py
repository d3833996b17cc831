"""The frozen App: every route composed, from the WSGI environ to the server and nothing decided twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.wrappers import Response as WerkzeugResponse

from ..decorators import plain_function
from ..environ_keys import CONTRACT_CHECK, ROUTING_ERROR
from ..errors import ContractError
from ..middleware import Boundary, Endpoint, compose
from ..operations.collisions import converters_of
from ..operations.registry import Entry, Handlers, Link, MountedPrefix
from ..problems import NotFound
from ..rendering.response_writer import Locate, options_response
from ..request import Request, current_request
from ..resource import FunctionResource
from ..response import STATUS_LINES, Outgoing, PlainResponse, as_sent, is_stream
from ..routing.router import Pattern, Route, Router
from ..settings import Settings
from .error_boundary import ErrorBoundary, problem_response
from .pipeline import Context, compile_operation
from .streaming import Stream

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Dispatcher"]


class _Composed(NamedTuple):
    """Is a router and what it was made of; never changed, so that no request sees one without the other."""

    entries: Sequence[Entry]
    router: Router


class Dispatcher:
    """Answers an App's requests. Made once, when everything is declared."""

    def __init__(
        self,
        app: Any,
        entries: Sequence[Entry],
        scopes: Sequence[MountedPrefix],
        late: Callable[[], Sequence[Entry]],
    ) -> None:
        """Compose the entries.

        Args:
            app: The App, for its settings.
            entries: What is mounted, also by Apps below.
            scopes: What answers URLs that belong to no entry, by their prefixes.
            late: Returns the entries of the documents, for the first URL that is not found otherwise: most workers
                never load them.
        """
        self._app = app
        self._late = late
        self._lock = threading.Lock()
        self._unmatched = [
            _unmatched(scope) for scope in sorted(scopes, key=lambda each: -len(each.prefix))
        ]
        self._composed = _composed(app, entries)
        self._match = self._composed.router.match
        self._statics = self._composed.router.statics
        self._documents: _Composed | None = None

    def url_for(self, target: Any, owner: Any, values: Mapping[str, Any], root: str) -> str | None:
        """Build the URL of a resource class, function or name; the caller's own resources go first."""
        for composed in (self._composed, self._documents):
            found = [
                (
                    entry.owner is not owner,
                    -len(values.keys() & _variables(entry)) if entry.declared else 0,
                    index,
                )
                for index, entry in enumerate(composed.entries if composed is not None else ())
                if target in (entry.name, entry.resource, entry.declared)
                or _is_function(entry, target)
            ]
            for *_, index in sorted(found):
                url = (
                    composed.router.build(str(index), values, root)
                    if composed is not None
                    else None
                )
                if url is not None:
                    return url
        return None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        request = Request(environ)
        token = current_request.set(request)
        try:
            route = self._statics.get(environ.get("PATH_INFO") or "/")
            if route is not None:
                request.path_parameters = {}
            else:
                route = self._find(request)
            method = environ["REQUEST_METHOD"]
            call = route.calls.get(method) or route.otherwise
            try:
                response = call(request)
            except Exception as error:  # noqa: BLE001  # the one place where an exception becomes an answer
                response = route.boundaries.get(method, route.default_boundary)(request, error)
            # PERF: what most answers are goes straight to the server; `_send` looks at what else there may be.
            if (
                type(response) is not PlainResponse
                or type(response.body) is not bytes
                or method == "HEAD"
                or request.provided is not None
                or request.form_parsed
                or CONTRACT_CHECK in environ
            ):
                return self._send(
                    request,
                    response,
                    route.boundaries.get(method, route.default_boundary),
                    start_response,
                )
            start_response(STATUS_LINES[response.status], response.headers)
            return [response.body]
        finally:
            current_request.reset(token)

    def _find(self, request: Request) -> Route:
        """Find what answers a URL with variables, a document's, or none's."""
        try:
            found = self._match(request) or self._match_document(request)
        except Exception as error:  # noqa: BLE001  # whatever routing raises is answered like the rest
            request.environ[ROUTING_ERROR] = error
            found = None
        if found is None:
            request.path_parameters = {}
            return self._unmatched_at(request)
        route, request.path_parameters = found
        return route

    def _match_document(self, request: Request) -> tuple[Route, dict[str, Any]] | None:
        """Look at the documents' routes, which the first such request makes."""
        documents = self._documents
        if documents is None:
            with self._lock:
                documents = self._documents
                if documents is None:
                    documents = self._documents = _composed(self._app, self._late())
        return documents.router.match(request)

    def _unmatched_at(self, request: Request) -> Route:
        """Return what answers a URL of no entry: the innermost App below whose prefix it is."""
        for prefix, route in self._unmatched:
            if not prefix or f"{request.path}/".startswith(f"{prefix}/"):
                return route
        raise LookupError(request.path)  # cannot be: the root's prefix is empty

    # sending

    def _send(
        self,
        request: Request,
        response: Outgoing,
        boundary: Boundary,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        environ = request.environ
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        streams = is_stream(response) and not is_head
        if not streams and (is_head or request.provided is not None):
            try:
                response = _ended(request, response)
            except Exception as error:  # noqa: BLE001  # a factory of `provide` may fail at its end
                response = boundary(request, error)
        check = environ.get(CONTRACT_CHECK)
        if check is not None and request.operation is not None:
            response = self._checked(check, request, response)
        if not streams and request.form_parsed:
            request.close()
        if isinstance(response, WerkzeugResponse):
            body: Iterable[bytes] = response(environ, start_response)
        else:
            start_response(STATUS_LINES[response.status], response.headers)
            if is_head:
                return []
            body = [response.body] if isinstance(response.body, bytes) else response.body
        return Stream(body, request) if streams else body

    def _checked(
        self, check: Callable[..., None], request: Request, response: Outgoing
    ) -> Outgoing:
        """Hold an answer against its Operation's contract."""
        try:
            check(request.operation, request, *as_sent(response))
        except ContractError as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        return response


def _composed(app: Any, entries: Sequence[Entry]) -> _Composed:
    """Compose each entry's operations, and make the router of their URLs."""
    router = Router(converters_of(_owners(app, entries)), app.settings.trailing_slash)
    routes = [
        (entry, router.route(entry.pattern, str(index))) for index, entry in enumerate(entries)
    ]
    checked: set[int] = set()
    for entry, route in routes:
        boundary = _boundary(entry.handlers, entry.owner.settings)
        owner, wrapped = entry.owner, bool(entry.middleware)
        context = Context(owner, owner.settings, owner.media, _locate(router, entry.link), wrapped)
        for operation in entry.operations:
            for schema in operation.schemas:
                if id(schema.schema) not in checked:  # PERF: the verbs of a resource share theirs
                    checked.add(id(schema.schema))
                    schema.check_names(operation.declared_at)
            call = compose(entry.middleware, compile_operation(operation, context), boundary)
            route.add(operation.method, call, operation.declared_at)
            route.boundaries[operation.method] = boundary
        route.default_boundary = boundary
    for entry, route in routes:
        _complete(route, entry)
    router.finish()
    return _Composed(entries, router)


def _unmatched(scope: MountedPrefix) -> tuple[str, Route]:
    """Make what answers the URLs below a prefix that belong to no entry."""
    route = Route(Pattern("", "", ()))
    route.default_boundary = _boundary(scope.handlers, scope.app.settings)
    route.otherwise = compose(scope.middleware, _nowhere(scope), route.default_boundary)
    return scope.prefix, route


def _nowhere(scope: MountedPrefix) -> Endpoint:
    """Make what answers 404, or the error that routing had."""
    known = None
    if not ErrorBoundary(scope.handlers, scope.app.settings).handles(NotFound):
        # PERF: one answer for all; to raise, render and write the problem each time costs 60 thousand instructions.
        known = problem_response(_not_found())

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


def _boundary(handlers: Sequence[Handlers], settings: Settings) -> Boundary:
    """Return an error boundary that first ends what was provided: a stream that an error drops is not committed."""
    response = ErrorBoundary(handlers, settings)

    def end_and_answer(request: Request, error: Exception) -> Outgoing:
        if request.provided is not None:
            try:
                request.provided.close(error)
            except Exception as raised:  # noqa: BLE001  # a factory may fail at its end as well
                error = raised
        return response(request, error)

    return end_and_answer


def _ended(request: Request, response: Outgoing) -> Outgoing:
    """Close a stream that HEAD does not send, and what was provided for one that was dropped on its way."""
    if is_stream(response):
        close = getattr(
            response if isinstance(response, WerkzeugResponse) else response.body, "close", None
        )
        if close is not None:
            close()
    if request.provided is not None:
        request.provided.close()
    return response


def _locate(router: Router, link: Link | None) -> Locate | None:
    """Return what builds the Location of what a POST made, from the answer's content."""
    if link is None:
        return None
    variable, member = link.variable, link.member
    builder: list[Callable[[Mapping[str, Any], str], str | None]] = []

    def locate(request: Request, data: Any) -> str | None:
        if not isinstance(data, dict) or data.get(member) is None:
            return None
        if not builder:
            builder.append(router.builder(link.item))
        value = data[member]
        if isinstance(value, datetime):
            value = value.isoformat()  # what was dumped may have left it to the encoder
        return builder[0]({**request.path_parameters, variable: value}, request.root_path)

    return locate


def _owners(app: Any, entries: Iterable[Entry]) -> list[Any]:
    return list(dict.fromkeys([app, *(entry.owner for entry in entries)]))


def _complete(route: Route, entry: Entry) -> None:
    """Add what comes by itself: HEAD from GET, OPTIONS, and the refusal of every other method (405)."""
    calls = route.calls
    if "GET" in calls:
        calls.setdefault("HEAD", calls["GET"])
        route.boundaries.setdefault("HEAD", route.boundaries["GET"])
    route.allow = ", ".join(sorted({*calls, "OPTIONS"}))
    accept_patch = ", ".join(
        media_type
        for operation in entry.operations
        if operation.method == "PATCH"
        for each in operation.inputs
        for media_type in each.media_types
    )
    if "OPTIONS" not in calls or route.derived_options:
        route.derived_options = True
        if accept_patch:
            route.accept_patch = accept_patch
        calls["OPTIONS"] = compose(
            entry.middleware,
            lambda request: options_response(route.allow, route.accept_patch),
            route.default_boundary,
        )
    route.otherwise = compose(entry.middleware, route.refuse, route.default_boundary)


def _variables(entry: Entry) -> set[str]:
    return {parameter.name for parameter in entry.pattern.parameters}


def _is_function(entry: Entry, target: Any) -> bool:
    return issubclass(entry.resource, FunctionResource) and any(
        plain_function(operation.function) is plain_function(target)
        for operation in entry.operations
    )
