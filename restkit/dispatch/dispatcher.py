"""The frozen App as a WSGI callable: routes a request, calls its handler, sends the response."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response as WerkzeugResponse

from ..environ_keys import CONTRACT_CHECK, ROUTING_ERROR
from ..errors import ContractError
from ..http.redirects import is_redirect
from ..http.request_target import VALID_HOSTS, clean_script_name, host_error, near_url
from ..operations.edge_part import is_called_by_address
from ..operations.entries import Entry
from ..operations.registry import MountedPrefix
from ..problems import BadRequest
from ..request import Request, current_request
from ..response import STATUS_LINES, Outgoing, PlainResponse, as_sent, close_if_open, is_stream
from ..routing.handlers import Handler
from ..routing.router import Match, Route
from .composition import Composed, compose_entries, compose_server, compose_unmatched
from .contract_log import observe
from .streaming import Stream

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..request import AppLike
    from .url_targets import UrlTargets

__all__ = ["Dispatcher"]

# PERF: to look both methods up for each request costs a thousand instructions.
_set_current, _reset_current = current_request.set, current_request.reset


class Dispatcher:
    """The WSGI callable of an App, made once when everything is declared.

    Attributes:
        probe_paths: The paths of probes, which edge parts serve for every host and scheme.
    """

    def __init__(
        self,
        app: AppLike,
        entries: Sequence[Entry],
        prefixes: Sequence[MountedPrefix],
        load_documents: Callable[[], Sequence[Entry]],
    ) -> None:
        """Compose the entries.

        Args:
            app: The App, for its settings.
            entries: The mounted resources, those of Apps below included.
            prefixes: The Apps by their prefixes, for URLs that belong to no entry.
            load_documents: A callable that returns the entries of the OpenAPI documents and their
                pages. It is called for the first URL that nothing else matches.
        """
        self._app = app
        self._load_documents = load_documents
        self._lock = threading.Lock()
        self._unmatched = compose_unmatched(prefixes)
        self._server = compose_server(prefixes, entries)
        self.probe_paths = frozenset(
            each.path
            for entry in entries
            for each in entry.operations
            if is_called_by_address(each)
        )
        self._composed = compose_entries(app, entries)
        self._match = self._composed.router.match
        # The documents take precedence over patterns that match every path.
        prefixed = tuple(f"{each.at.rule}/<path:" for each in prefixes)
        rules = {entry.pattern.rule for entry in entries}
        self._catch_alls = {each for each in rules if each.startswith(prefixed)}
        self._statics = self._composed.router.statics
        self._documents: Composed | None = None
        self._match_document: Callable[[Request], Match | None] = self._match_first
        self._targets: dict[int, UrlTargets] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Respond to a request (PEP 3333)."""
        request, handler = self._route(environ)
        token = _set_current(request)
        try:
            try:
                response = handler.call(request)
            except Exception as error:  # noqa: BLE001  # the one place where it becomes a response
                response = handler.boundary(request, error)
            # PERF: most responses need nothing else; `_send` handles all other cases.
            if (
                type(response) is not PlainResponse
                or type(response.body) is not bytes
                or response.status not in handler.statuses
                or request.provided is not None
                or request.form_parsed
                or CONTRACT_CHECK in environ
            ):
                return self._send(request, response, handler, start_response)
            start_response(STATUS_LINES[response.status], response.headers)
            return [response.body]
        finally:
            _reset_current(token)

    # routing

    def _route(self, environ: WSGIEnvironment) -> tuple[Request, Handler]:
        """Return the request, with its Operation and App, and its handler."""
        request = Request(environ)
        if environ.get("HTTP_HOST") in VALID_HOSTS and not environ.get("SCRIPT_NAME"):
            route = self._statics.get(environ.get("PATH_INFO", "")) or self._find(request)
        else:
            route = self._find_checked(request)
        method = environ["REQUEST_METHOD"]
        handler = route.handlers.get(method) or self._other_handler(request, route, method)
        request.operation = handler.operation
        request.app = handler.app
        return request, handler

    def _find_checked(self, request: Request) -> Route:
        """Return the Route of a request whose Host or SCRIPT_NAME must be checked first."""
        environ = request.environ
        if environ.get("SCRIPT_NAME"):
            environ["SCRIPT_NAME"] = clean_script_name(environ["SCRIPT_NAME"])
        if error := host_error(environ):
            environ[ROUTING_ERROR] = BadRequest(error)
            return self._unmatched.find(request)
        return self._statics.get(environ.get("PATH_INFO", "")) or self._find(request)

    def _find(self, request: Request) -> Route:
        """Return the Route of a URL with variables, of a document, or of an unknown URL."""
        try:
            found = self._match(request)
            if found is None or (self._catch_alls and found[0].pattern.rule in self._catch_alls):
                found = self._match_document(request) or found
        except Exception as error:  # noqa: BLE001  # raised again inside middleware
            request.environ[ROUTING_ERROR] = error
            found = None
            if is_redirect(error):
                # A pattern without the method must not redirect away from a pattern that has it.
                method = request.environ["REQUEST_METHOD"]
                found = self._match_method(request, method)
        if found is None:
            is_options = request.environ["REQUEST_METHOD"] == "OPTIONS"
            if is_options and _names_server(request.environ):
                return self._server
            return self._unmatched.find(request)
        route, request.path_parameters = found  # PERF: as `_chosen`, without its call
        return route if not route.outer else self._chosen(request, found)

    def _other_handler(self, request: Request, route: Route, method: str) -> Handler:
        """Return the handler of a method that a URL's first Route does not have."""
        # PERF: the Route of an unknown URL has no pattern, and no other Route has the method.
        found = route.pattern.rule and self._match_method(request, method)
        if found:
            return self._chosen(request, found).handlers[method]
        if ROUTING_ERROR in request.environ:
            route = self._unmatched.find(request)
        if method == "OPTIONS" and route.options is not None:
            return route.options
        return route.otherwise.without_content() if method == "HEAD" else route.otherwise

    def _match_method(self, request: Request, method: str) -> Match | None:
        """Return the first other Route that has a method; None also if a converter fails."""
        try:
            return self._composed.router.match_method(request, method)
        except Exception as error:  # noqa: BLE001  # raised again inside middleware
            request.environ[ROUTING_ERROR] = error
            return None

    @staticmethod
    def _chosen(request: Request, found: Match) -> Route:
        """Return the Route that was found, and give its variables to the request."""
        route, values = found
        if route.outer:
            request.mount_parameters = {name: values.pop(name) for name in route.outer}
        request.path_parameters = values
        return route

    def _match_first(self, request: Request) -> Match | None:
        """Compose the documents' routes, and match the first request that may be for them."""
        with self._lock:
            documents = self._documents
            if documents is None:
                documents = self._documents = compose_entries(self._app, self._load_documents())
                self._match_document = documents.router.match
        return documents.router.match(request)

    # sending

    def _send(
        self, request: Request, response: Outgoing, handler: Handler, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Send a response that is not plain, or must be checked, closed or sent without content."""
        is_head = request.environ["REQUEST_METHOD"] == "HEAD"
        streams = is_stream(response) and not is_head
        if not streams and (is_head or request.provided is not None):
            try:
                _close(request, response)
            except Exception as error:  # noqa: BLE001  # a factory of `provide` may fail at its end
                response = handler.boundary(request, error)
        if handler.operation is not None:
            self._check(request, response, handler)
        if not streams and request.form_parsed:
            request.close()
        body = _start(request, response, start_response)
        if streams:
            body = _streamed(body, request, response)
        return body if request.provided is None else _finished(body, request)

    def _check(self, request: Request, response: Outgoing, handler: Handler) -> None:
        """Compare a response with its Operation, wherever the response was made."""
        operation = request.operation  # that of the caller, if there are field masks
        check = request.environ.get(CONTRACT_CHECK)
        try:
            if check is not None:
                check(operation, request, *as_sent(response))
            elif operation is not None:
                contract = handler.app.settings.contract
                observe(operation, response, contract, request.environ, handler.declared)
        except ContractError as error:
            if request.provided is not None:
                request.provided.close(error)
            raise

    def url_for(
        self,
        target: object,
        owner: object,
        values: Mapping[str, object],
        request: Request | None,
    ) -> str | None:
        """Build the URL of a resource class, function or name.

        Args:
            target: The class, the function, a name or an operationId.
            owner: The App that calls. Its own resources take precedence.
            values: The variables of the URL pattern.
            request: The current request: its SCRIPT_NAME, its values of the variables of mounts,
                which `values` may leave out, and its host.

        Returns:
            The URL, None if no pattern of the target has exactly these variables.

        Raises:
            LookupError: A pattern has these variables, but rejects one of the values.
        """
        # cold start: the first response needs no URL
        from .url_targets import rejected_value, with_outer_values

        root, outer = ("", {}) if request is None else (request.root_path, request.mount_parameters)
        rejected = ""
        for composed in (self._composed, self._documents):
            if composed is None:
                continue
            for index in self._targets_of(composed).find(target, owner, values):
                entry = composed.entries[index]
                whole = with_outer_values(entry, values, outer) if entry.pattern.outer else values
                url, variable = composed.router.checked(str(index), whole, root)
                if url is not None:
                    return near_url(url, request) if entry.pattern.host else url
                if variable is not None:
                    rule = entry.pattern.rule
                    rejected = rejected or rejected_value(rule, variable, whole[variable])
        if rejected:
            raise LookupError(rejected)
        return None

    def _targets_of(self, composed: Composed) -> UrlTargets:
        """Return the index of entries by the targets of `url_for`, made for the first URL."""
        found = self._targets.get(id(composed))
        if found is None:
            from .url_targets import UrlTargets  # cold start, as above

            found = self._targets[id(composed)] = UrlTargets(composed.entries)
        return found


def _close(request: Request, response: Outgoing) -> None:
    """Close a stream that HEAD does not send, and the values provided for a dropped stream."""
    if is_stream(response):
        close_if_open(response if isinstance(response, WerkzeugResponse) else response.body)
    if request.provided is not None:
        request.provided.close()


def _streamed(body: Iterable[bytes], request: Request, response: Outgoing) -> Iterable[bytes]:
    """Return the body of a stream; the request stays current until its end.

    A file that the server sends by itself (``wsgi.file_wrapper``) is returned as it is.
    """
    # PEP 3333: the server recognizes only the object that its own wrapper returned.
    is_file = type(body) is request.environ.get("wsgi.file_wrapper")
    if is_file and request.provided is None and not request.form_parsed:
        return body
    return Stream(_watched(body, request, response), request)


def _watched(body: Iterable[bytes], request: Request, response: Outgoing) -> Iterable[bytes]:
    """Return the body of a stream, whose records are checked if the contract check does so."""
    watch = getattr(request.environ.get(CONTRACT_CHECK), "watch", None)
    if watch is None or request.operation is None:
        return body
    status, headers, _ = as_sent(response)
    watched: Iterable[bytes] = watch(request.operation, status, headers, body)
    return watched


def _start(request: Request, response: Outgoing, start_response: StartResponse) -> Iterable[bytes]:
    """Start a response and return its body."""
    if isinstance(response, WerkzeugResponse):
        return response(request.environ, start_response)
    start_response(STATUS_LINES[response.status], response.headers)
    if request.environ["REQUEST_METHOD"] == "HEAD":
        return []
    return [response.body] if isinstance(response.body, bytes) else response.body


def _finished(body: Iterable[bytes], request: Request) -> Iterable[bytes]:
    """Return a body, with the functions of `after_response` after it."""
    if not request.provided.last:
        return body
    from ..response_callbacks import FinishedBody  # cold start: few programs have such functions

    return FinishedBody(body, request)


def _names_server(environ: WSGIEnvironment) -> bool:
    """Return whether OPTIONS asks about the server as a whole (RFC 9110, section 9.3.7)."""
    return any(environ.get(name) == "*" for name in ("PATH_INFO", "REQUEST_URI", "RAW_URI"))
