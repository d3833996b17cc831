"""The frozen App: every route composed, from the WSGI environ to the server and nothing decided twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response as WerkzeugResponse

from .boundary import ErrorBoundary
from .declarations import plain_function
from .errors import ContractError
from .middleware import Endpoint, Middleware, compose
from .mounting import Entry, Link, converters_of
from .outputs import Locate, allow_answer
from .pipeline import Context, compile_operation
from .problems import NotFound
from .request import Request, current_request
from .resource import FunctionResource
from .response import Answer, Outgoing, is_stream, status_line
from .routing import Route, Router

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

__all__ = ["Dispatcher"]


class Dispatcher:
    """Answers an App's requests. Made once, when everything is declared."""

    def __init__(
        self,
        app: Any,
        entries: Sequence[Entry],
        boundary: ErrorBoundary,
        middleware: Sequence[Middleware],
        late: Callable[[], Sequence[Entry]],
    ) -> None:
        """Compose the entries.

        Args:
            app: The App, for its settings.
            entries: What is mounted, also by Apps below.
            boundary: What answers exceptions that belong to no route.
            middleware: The App's, for URLs that nothing answers.
            late: Returns the entries with those of the documents, for the first URL that is not found
                otherwise: most workers never load them.
        """
        self._app = app
        self._boundary = boundary
        self._middleware = middleware
        self._late: Callable[[], Sequence[Entry]] | None = late
        self._lock = threading.Lock()
        self._unmatched = compose(middleware, _raise_routing_error, boundary)
        self._compose(entries)

    def _compose(self, entries: Sequence[Entry]) -> None:
        """Make the router; requests keep to the one before until it is whole."""
        router = Router(converters_of(_owners(self._app, entries)), self._app.settings.trailing_slash)
        routes = [(entry, router.route(entry.pattern, str(index))) for index, entry in enumerate(entries)]
        for entry, route in routes:
            boundary = ErrorBoundary(entry.handlers, entry.owner.settings)
            context = Context(entry.owner, entry.owner.settings, entry.owner.media, _locate(router, entry.link))
            for operation in entry.operations:
                call = compose(entry.middleware, compile_operation(operation, context), boundary)
                route.add(operation.method, call, operation.place)
                route.scopes[operation.method] = boundary
            route.scope = boundary
        for entry, route in routes:
            _complete(route, entry)
        router.finish()
        self._entries, self._router = entries, router

    def url_for(self, target: Any, owner: Any, values: Mapping[str, Any], root: str) -> str | None:
        """Build the URL of a resource class, function or name; the caller's own resources go first."""
        found = [
            (entry.owner is not owner, index)
            for index, entry in enumerate(self._entries)
            if entry.name == target or entry.resource is target or _is_function(entry, target)
        ]
        for _, index in sorted(found):
            url = self._router.build(str(index), values, root)
            if url is not None:
                return url
        return None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        request = Request(environ)
        token = current_request.set(request)
        boundary = self._boundary
        try:
            router = self._router
            try:
                route, request.path_parameters = router.match(request)
            except Exception as error:  # noqa: BLE001  # whatever routing raises is answered like the rest
                environ["restkit.routing_error"] = error
                found = self._late_match(request, router) if isinstance(error, NotFound) else None
                if found is None:
                    request.path_parameters = {}
                    return self._send(request, self._unmatched, boundary, start_response)
                route, request.path_parameters = found
            method = environ["REQUEST_METHOD"]
            boundary = route.scopes.get(method, route.scope)
            call = route.calls.get(method) or route.otherwise
            return self._send(request, call, boundary, start_response)
        finally:
            current_request.reset(token)

    def _guarded(self, call: Endpoint, request: Request, boundary: ErrorBoundary) -> Outgoing:
        try:
            return call(request)
        except Exception as error:  # noqa: BLE001  # the one place where an exception becomes an answer
            return boundary(request, error)

    def _late_match(self, request: Request, seen: Router) -> tuple[Route, dict[str, Any]] | None:
        """Look again with the documents' routes, once they are loaded; another thread may just have done so."""
        if self._late is None and seen is self._router:
            return None
        try:
            with self._lock:
                if self._late is not None:
                    self._compose(self._late())
                    self._late = None
            return self._router.match(request)
        except Exception as error:  # noqa: BLE001  # the boundary answers it
            request.environ["restkit.routing_error"] = error
            return None

    # sending

    def _send(
        self, request: Request, call: Endpoint, boundary: ErrorBoundary, start_response: StartResponse
    ) -> Iterable[bytes]:
        answer = self._guarded(call, request, boundary)
        environ = request.environ
        is_head = environ["REQUEST_METHOD"] == "HEAD"
        streams = is_stream(answer) and not is_head
        if not streams and (is_head or request.provided is not None):
            answer = self._guarded(partial(_ended, answer=answer), request, boundary)
        check = environ.get("restkit.contract")
        if check is not None and request.operation is not None:
            answer = self._checked(check, request, answer)
        if not streams and "files" in request.__dict__:
            request.close()
        if isinstance(answer, WerkzeugResponse):
            body: Iterable[bytes] = answer(environ, start_response)
        else:
            start_response(status_line(answer.status), answer.headers)
            if is_head:
                return []
            body = [answer.body] if isinstance(answer.body, bytes) else answer.body
        return _Stream(body, request) if streams else body

    def _checked(self, check: Callable[..., None], request: Request, answer: Outgoing) -> Outgoing:
        """Hold an answer against its Operation's contract."""
        if isinstance(answer, Answer):
            status, headers = answer.status, answer.headers
            body = answer.body if isinstance(answer.body, bytes) else None
        else:
            status, headers = answer.status_code, list(answer.headers.items())
            body = None if answer.is_streamed or answer.direct_passthrough else answer.get_data()
        try:
            check(request.operation, request, status, headers, body)
        except ContractError as error:
            if request.provided is not None:
                request.provided.close(error)
            raise
        return answer


class _Stream:
    """Is the body of an answer that is still being made: the request stays current, what was provided open."""

    def __init__(self, body: Iterable[bytes], request: Request) -> None:
        self._body = body
        self._chunks: Iterator[bytes] = iter(body)
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        token = current_request.set(self._request)
        try:
            return next(self._chunks)
        except StopIteration:
            self._close_provided(None)
            raise
        except BaseException as error:
            self._close_provided(error)
            raise
        finally:
            current_request.reset(token)

    def _close_provided(self, error: BaseException | None) -> None:
        if self._request.provided is not None:
            self._request.provided.close(error)

    def close(self) -> None:
        """Close the body; a client that went away ends what was provided like an error."""
        token = current_request.set(self._request)
        try:
            close = getattr(self._body, "close", None)
            if close is not None:
                close()
        finally:
            try:
                self._close_provided(GeneratorExit())
            finally:
                self._request.close()
                current_request.reset(token)


def _ended(request: Request, answer: Outgoing) -> Outgoing:
    """Close a stream that HEAD does not send, and what was provided for one that was dropped on its way."""
    if is_stream(answer):
        close = getattr(answer if isinstance(answer, WerkzeugResponse) else answer.body, "close", None)
        if close is not None:
            close()
    if request.provided is not None:
        request.provided.close()
    return answer


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
        return builder[0]({**request.path_parameters, variable: data[member]}, request.root_path)

    return locate


def _owners(app: Any, entries: Iterable[Entry]) -> list[Any]:
    return list(dict.fromkeys([app, *(entry.owner for entry in entries)]))


def _complete(route: Route, entry: Entry) -> None:
    """Add what comes by itself: HEAD from GET, OPTIONS, and the refusal of every other method (405)."""
    calls = route.calls
    if "GET" in calls:
        calls.setdefault("HEAD", calls["GET"])
        route.scopes.setdefault("HEAD", route.scopes["GET"])
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
            entry.middleware, lambda request: allow_answer(route.allow, route.accept_patch), route.scope
        )
    route.otherwise = compose(entry.middleware, route.refuse, route.scope)


def _is_function(entry: Entry, target: Any) -> bool:
    return issubclass(entry.resource, FunctionResource) and any(
        plain_function(operation.function) is plain_function(target) for operation in entry.operations
    )


def _raise_routing_error(request: Request) -> Answer:
    error: Exception = request.environ["restkit.routing_error"]
    raise error
