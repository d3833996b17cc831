"""The contract in production: what a response shows without its content, as a line of the log."""

from __future__ import annotations

import logging
from fnmatch import fnmatchcase

from werkzeug.wrappers import Response as WerkzeugResponse

from ..contract import Operation
from ..errors import ContractError
from ..problems import problem_class
from ..response import Outgoing

__all__ = ["observe"]

_log = logging.getLogger("restkit")


def observe(operation: Operation, response: Outgoing, contract: str) -> None:
    """Log a response whose status or media type its Operation does not declare.

    The test client and the development server check the content too, in place of this.

    Args:
        operation: The record.
        response: The response as it leaves.
        contract: The setting of that name: ``"log"``, ``"raise"`` or ``"off"``.

    Raises:
        ContractError: The setting is ``"raise"``.
    """
    if contract == "off":
        return
    status, media_type = _described(response)
    message = _undeclared(operation, status, media_type)
    if message and contract == "raise":
        raise ContractError(message)
    if message:
        _log.warning(message)


def _described(response: Outgoing) -> tuple[int, str]:
    """Return a response's status, and its media type in lower case."""
    if isinstance(response, WerkzeugResponse):
        return response.status_code, (response.mimetype or "").lower()
    if response.body == b"":
        return response.status, ""  # there is no content that could have a media type
    texts = [text for name, text in response.headers if name.lower() == "content-type"]
    return response.status, texts[0].partition(";")[0].strip().lower() if texts else ""


def _undeclared(operation: Operation, status: int, media_type: str) -> str:
    """Return the message about an undeclared response, "" about a declared one."""
    if status == 500:
        return ""
    place = operation.declared_at
    if status not in operation.statuses:
        hint = f"@returns(..., status={status})"
        if status >= 400:
            hint = f"@raises({problem_class(status).__name__})"
        return f"{place} responded with status {status}, which it does not declare: add {hint}."
    declared = _media_types(operation, status, media_type)
    if not declared or not media_type or any(fnmatchcase(media_type, each) for each in declared):
        return ""
    hint = "add it to media_types"
    if status >= 400 and any(each.media_type in declared for each in operation.errors):
        hint = f"raise {problem_class(status).__name__}"
    return f"{place} responded with {media_type}, which it does not declare: {hint}."


def _media_types(operation: Operation, status: int, media_type: str) -> tuple[str, ...]:
    """Return the media types that a status may have."""
    output = operation.output(status, media_type)
    declared = output.media_types if output is not None else ()
    if any(failure.problem.status == status for failure in operation.failures):
        declared = (*declared, *(each.media_type for each in operation.errors))
    return declared
