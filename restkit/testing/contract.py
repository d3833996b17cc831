"""The contract check: is an answer one that its Operation declares?"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Protocol

from werkzeug.http import parse_options_header

from ..contract import Failure, Header, Operation, Output
from ..errors import ContractError
from ..problems import problem_class
from ..schemas.bound import BoundSchema
from .conformity import Checker, make_checker

__all__ = ["ContractCheck"]

_PROBLEM = "application/problem+json"
_MAX_TEXT = 300


class _Request(Protocol):
    @property
    def method(self) -> str: ...


class ContractCheck:
    """A check of responses against their Operations; the App calls it before a response leaves.

    The status must be declared; media type, headers and content must be those of that status; a problem
    must have the shape of RFC 9457. Two things need no declaration: a 500 for an exception that nobody
    expected, and the content that HEAD leaves out.
    """

    def __init__(self) -> None:
        self._checkers: dict[BoundSchema, Checker] = {}

    def __call__(
        self,
        operation: Operation,
        request: _Request,
        status: int,
        headers: Iterable[tuple[str, str]],
        body: bytes | None,
    ) -> None:
        """Check one answer.

        Args:
            operation: The declaration.
            request: What is answered.
            status: The answer's status.
            headers: The answer's headers.
            body: The answer's content, None where it is a stream, which is not looked into.

        Raises:
            ContractError: The answer is outside the declaration.
        """
        fields = {name.lower(): value for name, value in headers}
        if request.method == "HEAD":
            body = None
        media_type = parse_options_header(fields.get("content-type"))[0].lower()
        who = f"{operation.declared_at} answered status {status}"
        output = operation.output(status, media_type)
        failures = [failure for failure in operation.failures if failure.problem.status == status]
        if media_type == _PROBLEM and (failures or status == 500):
            _check_problem(who, status, body)
            _check_headers(who, fields, failures)
        elif output is not None:
            self._check_output(who, output, media_type, fields, body)
        elif failures:
            raise ContractError(
                f"{who} as {media_type or 'an answer without a Content-Type'}; a problem is {_PROBLEM}: "
                f"answer it by raising {failures[0].problem.__name__}."
            )
        elif status != 500:
            raise ContractError(f"{who}, which it does not declare: add {_missing(status)}.")

    def _check_output(
        self,
        who: str,
        output: Output,
        media_type: str,
        fields: Mapping[str, str],
        body: bytes | None,
    ) -> None:
        _check_headers(who, fields, [output])
        if not output.has_content:
            _check_empty(who, output, media_type, body)
            return
        if output.schema is None and body == b"":
            return  # the method said explicitly that there is no content: return None, 201
        declared = " or ".join(output.media_types)
        if not media_type:
            raise ContractError(f"{who} without a Content-Type; it declares {declared}.")
        if not any(fnmatchcase(media_type, _essence(each)) for each in output.media_types):
            raise ContractError(
                f"{who} as {media_type}; it declares {declared}: add @returns(..., status={output.status}, "
                f"media_types=...)."
            )
        if body is not None and (media_type == "application/json" or media_type.endswith("+json")):
            self._check_body(who, output.schema, _decode(who, body, media_type))

    def _check_body(self, who: str, schema: BoundSchema | None, data: Any) -> None:
        if schema is None:
            return
        checker = self._checkers.get(schema)
        if checker is None:
            checker = self._checkers[schema] = make_checker(schema)
        fault = checker(data)
        if fault is not None:
            where, what = fault
            many = "a list of " if schema.many else ""
            raise ContractError(
                f"{who} with a body that is not {many}{schema.declared.__name__}: at {where or 'the top'}, "
                f"{_clip(what)}. Correct the value, or declare what is answered with @returns(...)."
            )


def _missing(status: int) -> str:
    if status < 400:
        return f"@returns(..., status={status})"
    name = problem_class(status).__name__
    return f"@raises({name})" if name != f"Problem{status}" else f"@raises(a Problem of {status})"


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _clip(text: str) -> str:
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}..."


def _decode(who: str, body: bytes, media_type: str) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise ContractError(
            f"{who} as {media_type} with a body that is not JSON: {error}."
        ) from None


def _check_empty(who: str, output: Output, media_type: str, body: bytes | None) -> None:
    """Check that no content is sent where none is declared or allowed (RFC 9110, section 15.3.5)."""
    if body:
        raise ContractError(
            f"{who} with {len(body)} bytes of content, where "
            + (
                "such an answer has none."
                if output.media_types
                else "it declares none: give @returns a schema."
            )
        )
    if media_type and output.status == 204:
        raise ContractError(
            f"{who} with the Content-Type {media_type}; there is no content for it to speak of."
        )


def _check_headers(
    who: str, fields: Mapping[str, str], declared: Iterable[Output | Failure]
) -> None:
    headers = [header for each in declared for header in each.headers]
    for header in headers:
        value = fields.get(header.name.lower())
        if value is None and header.required:
            raise ContractError(
                f"{who} without the header {header.name}, which it declares as required."
            )
        if value is not None and not _is_of(header, value):
            raise ContractError(
                f"{who} with the header {header.name}: {_clip(value)}; declared is {header.schema.get('type')}."
            )


def _is_of(header: Header, value: str) -> bool:
    """Whether a header's text is of the simple type that its schema names."""
    kind = header.schema.get("type")
    try:
        if kind == "integer":
            int(value)
        elif kind == "number":
            float(value)
    except ValueError:
        return False
    return kind != "boolean" or value in ("true", "false")


_MEMBERS: dict[str, type] = {
    "type": str,
    "title": str,
    "status": int,
    "detail": str,
    "instance": str,
    "errors": list,
}


def _check_problem(who: str, status: int, body: bytes | None) -> None:
    """Check the shape of a problem (RFC 9457, section 3.1)."""
    if body is None:
        return
    problem = _decode(who, body, _PROBLEM)
    if not isinstance(problem, dict):
        raise ContractError(f"{who} with a problem that is not a JSON object.")
    for name, kind in _MEMBERS.items():
        if name in problem and not isinstance(problem[name], kind):
            raise ContractError(
                f"{who} with a problem whose {name} is {problem[name]!r}, not a {kind.__name__}."
            )
    if problem.get("status", status) != status:
        raise ContractError(f"{who} with a problem that says status {problem['status']}.")
