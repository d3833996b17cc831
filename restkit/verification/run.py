"""One run of Schemathesis against an App in this process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, cast

from schemathesis import engine, openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.errors import NoLinksFound
from schemathesis.transport.wsgi import WSGI_TRANSPORT

from ..encoding import dumps_json
from ..errors import RestkitError
from ..media import NDJSON
from ..openapi.document import build
from ..records import Record
from ..response import close_if_open
from ..server_sent_events import EVENT_STREAM
from .findings import Finding, Tally
from .hooks import before_call, filter_case, first_line
from .plan import Plan

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment
    from schemathesis import Case
    from schemathesis.core.failures import Failure
    from schemathesis.core.transport import Response
    from schemathesis.engine.recorder import Interaction, ScenarioRecorder
    from werkzeug import Client

    from ..app import App

__all__ = ["HOOKS", "VerificationError", "verify"]

_Document = Mapping[str, object]
_Rejected = Collection[tuple[str, int]]
HOOKS = before_call, filter_case, first_line
"""What Schemathesis is told of documents; their module registers them."""

_BY_SCHEMA = "response_schema_conformance"
_OF_VALID_DATA = "positive_data_acceptance"
# The codes of rules that no schema can state: how a file begins, and names of another parameter.
_UNSTATED = frozenset({"content", "sort"})
_OF_VALUES = (400, 412, 416, 422)
# The document is built here, so that an App without documents, or with guarded ones, is verified.
_PLACE = "/.restkit-verify/openapi.json"
_OF_CONNECTIONS = ("max_redirects", "verify", "cert", "proxies")
_MCP = "restkit.mcp."
_SAFE = ("GET", "HEAD", "OPTIONS", "QUERY")


class VerificationError(RestkitError):
    """Raised when a run cannot begin: its settings are wrong, or no operation is left."""


def verify(app: App, plan: Plan) -> Tally:
    """Send drawn requests to an App, and compare each response with its document.

    Args:
        app: The App. It serves as it would behind a server: its database is read and written.
        plan: The plan.

    Raises:
        VerificationError: ``schemathesis.toml`` is wrong, or no operation is left.
    """
    config = _config(plan)
    document = build(app)
    chosen = _chosen(document, plan, _other_protocols(app))
    tally = Tally(config.seed, chosen)
    # The document stays whole: methods that it does not have are sent as probes.
    whole = openapi.from_wsgi(_PLACE, _served(app, document), config=config)
    schema = whole.include(lambda context: context.operation.label in chosen)
    began = time.monotonic()
    by_method = _rejected_by_methods(app)
    with _without_connections():
        for event in engine.from_schema(schema).execute():
            _record(tally, event, by_method)
    tally.seconds = time.monotonic() - began
    return tally


@contextmanager
def _without_connections() -> Generator[None]:
    """Leave out the settings of connections while an App is called in process.

    Schemathesis 4.32 hands them to the App where a check repeats a request without its credentials,
    and each such check ends with a TypeError.
    """
    plain = WSGI_TRANSPORT.send

    def send(case: Case, *, session: Client | None = None, **options: object) -> Response:  # type: ignore[type-arg]
        for name in _OF_CONNECTIONS:
            options.pop(name, None)
        return plain(case, session=session, **options)

    # NOTE: no setting of Schemathesis chooses how an App is called.
    WSGI_TRANSPORT.send = send  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del WSGI_TRANSPORT.send


def _config(plan: Plan) -> SchemathesisConfig:
    try:
        config = SchemathesisConfig.discover()
    except Exception as error:  # its classes of errors have no public base
        raise VerificationError(f"schemathesis.toml is wrong: {error}") from error
    config.update(seed=plan.seed, max_failures=None, max_time=plan.seconds)
    override = config.projects.override
    override.generation.update(max_examples=plan.examples, database="none")
    if plan.phases:
        override.phases.update(phases=list(plan.phases))
    if plan.headers:
        override.update(headers=dict(plan.headers))
    return config


def _other_protocols(app: App) -> set[str]:
    """Return the operationIds of endpoints whose rules are not those of OpenAPI.

    MCP is JSON-RPC: it rejects messages that the document allows, such as those of no method.
    """
    return {
        each.operation_id
        for each in app.operations()
        if each.resource.__module__.startswith(_MCP) and each.method == "POST"
    }


def _chosen(document: _Document, plan: Plan, left_out: Collection[str]) -> list[str]:
    """Return the labels of the operations of a plan, such as ``GET /books``.

    Args:
        document: The document.
        plan: The plan.
        left_out: The operations that are verified only if the plan names them.

    Raises:
        VerificationError: An operation of ``only`` does not exist, or no operation is left.
    """
    known = {each.operation_id: each for each in _operations(document)}
    if unknown := set(plan.only).difference(known):
        raise VerificationError(f"No operation has the operationId {min(unknown)!r}.")
    wanted = set(plan.only) or set(known).difference(left_out)
    found = [
        each.label
        for name, each in known.items()
        if name in wanted and (not plan.safe or each.method in _SAFE)
    ]
    if not found:
        raise VerificationError("No operation is left to verify: check --only and --safe.")
    return found


_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace", "query"})


def _paths(document: _Document) -> Mapping[str, Mapping[str, object]]:
    return cast("Mapping[str, Mapping[str, object]]", document["paths"])


class _Operation(Record):
    """An operation of the document."""

    operation_id: str
    method: str
    path: str

    @property
    def label(self) -> str:
        """Its name in Schemathesis: ``GET /books``."""
        return f"{self.method} {self.path}"


def _operations(document: _Document) -> Iterator[_Operation]:
    for path, item in _paths(document).items():
        for method, node in item.items():
            if method in _METHODS:
                operation_id = cast("Mapping[str, str]", node)["operationId"]
                yield _Operation(operation_id, method.upper(), path)


def _served(app: WSGIApplication, document: _Document) -> WSGIApplication:
    """Return an App with its document at a URL of its own.

    Each response is closed, as PEP 3333 asks of a server; Schemathesis leaves it open. Of an event
    stream, which may never end, only the beginning is read.
    """
    content = dumps_json(document)

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Sequence[bytes]:
        if environ["PATH_INFO"] == _PLACE:
            start_response("200 OK", [("Content-Type", "application/json")])
            return [content]
        started: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], *error: object) -> object:
            started.extend(value for name, value in headers if name.lower() == "content-type")
            return cast("Callable[..., object]", start_response)(status, headers, *error)

        response = app(environ, cast("StartResponse", start))
        is_endless = any(each.startswith(EVENT_STREAM) for each in started)
        try:
            return list(islice(response, 1) if is_endless else response)
        finally:
            close_if_open(response)

    return serve


def _rejected_by_methods(app: App) -> set[tuple[str, int]]:
    """Return the operations whose methods declare a rejection of values, with its status.

    No schema can foresee it: a wrong password is a 400 of a token endpoint (RFC 6749, section 5.2),
    and a range that a file does not have a 416.
    """
    return {
        (f"{operation.method} {operation.path}", failure.problem.status)
        for operation in app.operations()
        for failure in operation.failures
        if failure.stage == "method" and failure.problem.status in _OF_VALUES
    }


def _record(tally: Tally, event: events.EngineEvent, by_method: _Rejected) -> None:
    """Add the results in an event of Schemathesis's engine."""
    if isinstance(event, events.ScenarioFinished):
        _record_requests(tally, event.recorder, by_method)
    elif isinstance(event, events.EngineFinished):
        tally.ended = str(event.stop_reason)
        for failure in event.failures:
            _add_failure(tally, failure.operation or "", "", failure, "")
    elif isinstance(event, events.NonFatalError) and not isinstance(event.value, NoLinksFound):
        tally.add(Finding(event.label, "error", type(event.value).__name__, str(event.value)))
    elif isinstance(event, events.FatalError):
        error = event.exception
        tally.add(Finding("", "error", type(error).__name__, str(error)))


def _record_requests(tally: Tally, recorder: ScenarioRecorder, by_method: _Rejected) -> None:
    for case_id, interaction in recorder.interactions.items():
        tally.requests += 1
        if interaction.response is not None and case_id in recorder.cases:
            operation = recorder.cases[case_id].value.operation
            # Other methods are probes: whether a 405 says what is allowed.
            if interaction.request.method == operation.method.upper():
                tally.statuses[operation.label][interaction.response.status_code] += 1
    for case_id, nodes in recorder.checks.items():
        case = recorder.cases[case_id].value
        left_out = _left_out(recorder.interactions.get(case_id), case.operation.label, by_method)
        for node in nodes:
            tally.checks[node.name] += 1
            if node.failure_info is not None and node.name not in left_out:
                failure = node.failure_info.failure
                _add_failure(
                    tally, case.operation.label, node.name, failure, case.as_curl_command()
                )


def _left_out(interaction: Interaction | None, label: str, by_method: _Rejected) -> set[str]:
    """Return the checks that say nothing about a response."""
    found: set[str] = set()
    if interaction is None or interaction.response is None:
        return found
    if _is_empty_stream(interaction):
        found.add(_BY_SCHEMA)
    response = interaction.response
    if (label, response.status_code) in by_method or _codes(response.content) <= _UNSTATED:
        found.add(_OF_VALID_DATA)
    return found


def _codes(content: bytes) -> set[object]:
    """Return the codes of the errors of a problem; of other content, a set with None.

    An App may have a format of errors of its own, and a method any content.
    """
    try:
        problem: object = json.loads(content)
    except (ValueError, RecursionError):
        return {None}
    errors = problem.get("errors") if isinstance(problem, dict) else None
    if not isinstance(errors, list) or not errors:
        return {None}
    return set(map(_code, errors))


def _code(error: object) -> object:
    return str(error.get("code")) if isinstance(error, dict) else None


def _is_empty_stream(interaction: Interaction | None) -> bool:
    """Return whether a response is JSON Lines without a line, for which no schema can hold."""
    response = None if interaction is None else interaction.response
    if response is None or response.content:
        return False
    return any(each.startswith(NDJSON) for each in response.headers.get("content-type", []))


def _add_failure(tally: Tally, operation: str, check: str, failure: Failure, curl: str) -> None:
    tally.add(Finding(operation, check, str(failure.title), str(failure.message), curl))
