"""The contract check: whether a response is one that its Operation declares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Protocol

from werkzeug.http import parse_options_header

from ..contract import Failure, Operation, Output
from ..error_formats import PROBLEM_DETAILS, ErrorFormat
from ..errors import ContractError
from ..media import NDJSON
from ..problems import Problem
from ..records import Record
from ..schemas.bound import BoundSchema
from ..server_sent_events import EVENT_STREAM, EventTypes
from .checked_events import CheckedEvents
from .conformity import Checker, checker_of, make_checker
from .declaration_hints import remedy
from .event_parser import EventParser, ReceivedEvent
from .json_lines import CheckedLines
from .response_heads import check_empty, check_headers, clip

__all__ = ["ContractCheck"]


class _Request(Protocol):
    @property
    def method(self) -> str: ...

    @property
    def environ(self) -> Mapping[str, object]: ...


class _Sent(Record):
    """A response as the check reads it; ``who`` begins the message about it."""

    who: str
    status: int
    media_type: str
    fields: Mapping[str, str]
    body: bytes | None


class ContractCheck:
    """A check of responses against their Operations; the App calls it before a response leaves.

    The status must be declared; media type, headers and content must be those of that status; a
    problem must have the shape of RFC 9457. Two things need no declaration: a 500 for an exception
    that nobody expected, and the content that HEAD leaves out.
    """

    def __init__(self) -> None:
        self._checkers: dict[BoundSchema, Checker] = {}
        self._record_schemas: dict[BoundSchema, BoundSchema] = {}
        self._problem_checkers: dict[tuple[object, ...], Checker] = {}

    def __call__(
        self,
        operation: Operation,
        request: _Request,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: bytes | None,
    ) -> None:
        """Check one response.

        Args:
            operation: The declaration.
            request: The request.
            status: The response's status.
            headers: The response's headers.
            body: The response's content, None for a stream; see `watch`.

        Raises:
            ContractError: The response is outside the declaration.
        """
        if request.method == "HEAD":
            body = None
        sent = _sent(operation, status, headers, body)
        output = operation.output(status, sent.media_type)
        failures = [failure for failure in operation.failures if failure.problem.status == status]
        used = _format_of(operation, sent.media_type)
        if used is not None and (failures or status == 500):
            self._check_error(sent, used, failures, output)
        elif output is not None:
            self._check_output(sent, output)
        elif failures:
            raise _wrong_format(sent, operation, failures[0])
        elif status != 500:
            missing = remedy(operation, status, request.environ)
            raise ContractError(f"{sent.who}, which it does not declare: {missing}.")

    def watch(
        self,
        operation: Operation,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: Iterable[bytes],
    ) -> Iterable[bytes]:
        """Check the records of JSON Lines, or the events of a stream, while it is sent.

        Args:
            operation: The declaration.
            status: The response's status.
            headers: The response's headers.
            body: The response's content.

        Returns:
            The content, whose iterator raises a ContractError in place of a chunk that ends a
            record or event outside the declared schema. Other content is returned as it is.
        """
        sent = _sent(operation, status, headers, None)
        output = operation.output(status, sent.media_type)
        if output is None:
            return body
        if (types := output.events) is not None and sent.media_type == EVENT_STREAM:
            return CheckedEvents(body, lambda event: self._check_event(sent, types, event))
        if not _has_records(sent, output):
            return body
        return CheckedLines(body, lambda line: self._check_record(sent, output, line))

    def _check_record(self, sent: _Sent, output: Output, line: bytes) -> None:
        """Check one line of JSON Lines."""
        schema = output.schema
        if schema is None or not line.strip():
            return
        if schema not in self._record_schemas:
            self._record_schemas[schema] = schema.used(schema.view, many=False)
        record = _decode(sent.who, line, sent.media_type, "record")
        self._check_body(sent.who, self._record_schemas[schema], record, "record")

    def _check_event(self, sent: _Sent, types: EventTypes, event: ReceivedEvent) -> None:
        """Check one event of a stream."""
        if event.event not in types.schemas:
            raise ContractError(
                f"{sent.who} with an event of the type {clip(event.event)}; it declares "
                f"{', '.join(types.schemas)}: add its schema to `events` of the class."
            )
        schema = types.schemas[event.event]
        if schema is not None:
            data = _decode(sent.who, event.data.encode(), "application/json", "event")
            self._check_body(sent.who, schema, data, "event")

    def _check_error(
        self, sent: _Sent, used: ErrorFormat, failures: Sequence[Failure], output: Output | None
    ) -> None:
        """Check an error response; an output of its status and media type may declare it too."""
        try:
            self._check_problem(sent.who, used, failures, sent.status, sent.body)
            check_headers(sent.who, sent.fields, failures)
        except ContractError:
            if output is None or sent.media_type not in output.media_types:
                raise
            self._check_output(sent, output)

    def check_problem(
        self, who: str, used: ErrorFormat, kind: type[Problem], status: int, body: bytes
    ) -> None:
        """Check an error response that no Operation declares, at an unknown URL for example.

        Args:
            who: The response, as the beginning of a sentence.
            used: The format of the content.
            kind: The class of the problem.
            status: The status of the response.
            body: The content.

        Raises:
            ContractError: The content does not have the schema of the format.
        """
        self._check_problem(who, used, [Failure(kind, "routing")], status, body)

    def _check_output(self, sent: _Sent, output: Output) -> None:
        who, media_type, body = sent.who, sent.media_type, sent.body
        check_headers(who, sent.fields, [output])
        if not output.has_content:
            check_empty(who, output, media_type, body)
            return
        if output.schema is None and body == b"":
            return  # the method said explicitly that there is no content: return None, 201
        declared = " or ".join(output.media_types)
        if not media_type:
            raise ContractError(f"{who} without a Content-Type; it declares {declared}.")
        if not any(fnmatchcase(media_type, _essence(each)) for each in output.media_types):
            raise ContractError(
                f"{who} as {media_type}; it declares {declared}: add @returns(..., "
                f"status={output.status}, media_types=...)."
            )
        if body is not None:
            self._check_content(sent, output, body)

    def _check_content(self, sent: _Sent, output: Output, body: bytes) -> None:
        """Check JSON, and the records of JSON Lines, against the schema of an output."""
        media_type = sent.media_type
        if media_type == "application/json" or media_type.endswith("+json"):
            self._check_body(sent.who, output.schema, _decode(sent.who, body, media_type))
        elif output.events is not None and media_type == EVENT_STREAM:
            for event in EventParser().feed(body):
                self._check_event(sent, output.events, event)
        elif _has_records(sent, output):
            for line in body.split(b"\n"):
                self._check_record(sent, output, line)

    def _check_problem(
        self,
        who: str,
        used: ErrorFormat,
        failures: Sequence[Failure],
        status: int,
        body: bytes | None,
    ) -> None:
        """Check the content of an error response against the schema that the document prints."""
        if body is None or not used.is_json:
            return
        problem = _decode(who, body, used.media_type)
        if used is PROBLEM_DETAILS:
            _check_type(who, problem, failures)
        key = (status, used, *(each.problem for each in failures))
        check = self._problem_checkers.get(key)
        if check is None:
            from ..openapi.problem_responses import error_schema  # PERF: loads apispec

            check = checker_of(error_schema(status, failures, used))
            self._problem_checkers[key] = check
        fault = check(problem)
        if fault is not None:
            where, what = fault
            raise ContractError(
                f"{who} with a problem outside its schema: at {where or 'the top'}, {clip(what)}."
            )

    def _check_body(
        self, who: str, schema: BoundSchema | None, data: object, part: str = "body"
    ) -> None:
        if schema is not None:
            way = "declare its schema with @returns(...)"
            self.check_data(f"{who} with a {part}", schema, data, way)

    def check_data(self, who: str, schema: BoundSchema, data: object, remedy: str) -> None:
        """Check data that leaves the program, such as that of an event.

        Args:
            who: What has the data, as the beginning of a sentence.
            schema: Its schema.
            data: The data, as JSON values.
            remedy: What to do if the data is as it is meant.

        Raises:
            ContractError: The data does not have the schema.
        """
        checker = self._checkers.get(schema)
        if checker is None:
            checker = self._checkers[schema] = make_checker(schema)
        fault = checker(data)
        if fault is not None:
            where, what = fault
            many = "a list of " if schema.many else ""
            raise ContractError(
                f"{who} that is not {many}{schema.declared.__name__}: at {where or 'the top'}, "
                f"{clip(what)}. Correct the value, or {remedy}."
            )


def _sent(
    operation: Operation, status: int, headers: Iterable[tuple[str, str]], body: bytes | None
) -> _Sent:
    fields = {name.lower(): value for name, value in headers}
    media_type = parse_options_header(fields.get("content-type"))[0].lower()
    who = f"{operation.declared_at} responded with status {status}"
    return _Sent(who, status, media_type, fields, body)


def _has_records(sent: _Sent, output: Output) -> bool:
    """Return whether content is JSON Lines whose records have a schema."""
    is_plain = sent.fields.get("content-encoding", "identity") == "identity"
    return sent.media_type == NDJSON and output.schema is not None and is_plain


def _format_of(operation: Operation, media_type: str) -> ErrorFormat | None:
    """Return the error format of a media type, None if no format has it."""
    return next((each for each in operation.errors if each.media_type == media_type), None)


def _wrong_format(sent: _Sent, operation: Operation, failure: Failure) -> ContractError:
    """Return the error for a declared problem in a media type that is no error format."""
    declared = " or ".join(each.media_type for each in operation.errors)
    return ContractError(
        f"{sent.who} as {sent.media_type or 'a response without a Content-Type'}; a problem is "
        f"{declared}: raise {failure.problem.__name__}."
    )


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _decode(who: str, body: bytes, media_type: str, part: str = "body") -> object:
    try:
        value: object = json.loads(body)
    except ValueError as error:
        raise ContractError(
            f"{who} as {media_type} with a {part} that is not JSON: {error}."
        ) from None
    return value


def _check_type(who: str, problem: object, failures: Sequence[Failure]) -> None:
    """Check that a problem's type is declared, if the declared problems have types of their own."""
    types = {each.problem.type for each in failures}
    if not isinstance(problem, dict) or types <= {"about:blank"}:
        return
    found = problem.get("type", "about:blank")
    if found not in types:
        raise ContractError(
            f"{who} with a problem of type {clip(str(found))}; it declares "
            f"{', '.join(sorted(types))}: add the class with @raises(...)."
        )
