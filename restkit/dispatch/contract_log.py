"""The contract check in production: undeclared statuses and media types are logged."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from fnmatch import fnmatchcase

from werkzeug.wrappers import Response as WerkzeugResponse

from ..contract import Header, Operation
from ..environ_keys import RAISED_BY, RESPONDED_BY
from ..errors import ContractError
from ..problems import problem_class
from ..response import Outgoing

__all__ = ["inner_contract", "observe"]

_log = logging.getLogger("restkit")
# A program's own responses may have any number of media types, so the memory is bounded.
_MAX_DECLARED = 64


def observe(
    operation: Operation,
    response: Outgoing,
    contract: str,
    environ: Mapping[str, object],
    declared: set[tuple[int, str]],
) -> None:
    """Log a response whose status or media type its Operation does not declare.

    The test client and the development server check the content as well, and do not call it.

    Args:
        operation: The record.
        response: The response as it leaves.
        contract: The setting of that name: ``"log"``, ``"raise"`` or ``"off"``.
        environ: The WSGI environ, which has the names of the parts that made the response.
        declared: The declared (status, media type) pairs of earlier responses of the Operation,
            which need no second check; that of this response is added.

    Raises:
        ContractError: The setting is ``"raise"``.
    """
    if contract == "off":
        return
    status, media_type = described = _described(response)
    if described in declared:
        return
    message = _undeclared(operation, status, media_type, environ)
    if message and contract == "raise":
        raise ContractError(message)
    if message:
        _log.warning(message)
    elif len(declared) < _MAX_DECLARED:
        declared.add(described)


def _described(response: Outgoing) -> tuple[int, str]:
    """Return a response's status, and its media type in lower case."""
    if isinstance(response, WerkzeugResponse):
        return response.status_code, (response.mimetype or "").lower()
    if response.body == b"":
        return response.status, ""  # there is no content that could have a media type
    types = (text for name, text in response.headers if name.lower() == "content-type")
    return response.status, next(types, "").partition(";")[0].strip().lower()


def _undeclared(
    operation: Operation, status: int, media_type: str, environ: Mapping[str, object]
) -> str:
    """Return the message about an undeclared response, "" about a declared one."""
    if status == 500:
        return ""
    declared_at = operation.declared_at
    if status not in operation.statuses:
        remedy = _remedy(operation, status, environ)
        return f"{declared_at} responded with status {status}, which it does not declare: {remedy}."
    declared = _media_types(operation, status, media_type)
    if not declared or not media_type or any(fnmatchcase(media_type, each) for each in declared):
        return ""
    hint = "add it to media_types"
    if _is_failure(operation, status):
        hint = f"raise {problem_class(status).__name__}"
    return f"{declared_at} responded with {media_type}, which it does not declare: {hint}."


def _remedy(operation: Operation, status: int, environ: Mapping[str, object]) -> str:
    """Return where to declare a status: at the verb, or at another part that made the response."""
    missing = f"@returns(..., status={status})"
    if status >= 400:
        name = problem_class(status).__name__
        known = name if name != f"Problem{status}" else f"a Problem of {status}"
        missing = f"@raises({known})"
    if middleware := environ.get(RESPONDED_BY):
        return f"the middleware {middleware} made the response. Put {missing} on it"
    raised_by = str(environ.get(RAISED_BY, ""))
    verb: object = getattr(operation.function, "__qualname__", "")
    if raised_by != verb and not operation.declared_at.endswith(raised_by):
        return f"{raised_by} raised the problem. Put {missing} on it"
    return f"add {missing}"


def _media_types(operation: Operation, status: int, media_type: str) -> tuple[str, ...]:
    """Return the media types that a status may have."""
    output = operation.output(status, media_type)
    declared = output.media_types if output is not None else ()
    if _is_failure(operation, status):
        declared = (*declared, *(each.media_type for each in operation.errors))
    return declared


def _is_failure(operation: Operation, status: int) -> bool:
    return any(failure.problem.status == status for failure in operation.failures)


def inner_contract(operation: Operation) -> Operation:
    """Return the contract of responses to which surrounding parts have not added headers yet."""
    around = {each.name.lower() for each in operation.surrounding_headers if each.required}
    if not around:
        return operation

    def without(headers: tuple[Header, ...]) -> tuple[Header, ...]:
        return tuple(each for each in headers if each.name.lower() not in around)

    outputs = [each._replace(headers=without(each.headers)) for each in operation.outputs]
    failures = [each._replace(headers=without(each.headers)) for each in operation.failures]
    return operation._replace(outputs=tuple(outputs), failures=tuple(failures))
