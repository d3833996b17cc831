"""Facts for Schemathesis that a document cannot state.

The module is also for Schemathesis's own command:
``SCHEMATHESIS_HOOKS=restkit.verification.hooks``.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import schemathesis

from ..limits.caller_deadline import OF_DEADLINES

if TYPE_CHECKING:
    from schemathesis import Case, HookContext, Response
    from schemathesis.core.deserialization import DeserializationContext

__all__ = ["before_call", "filter_case", "first_line"]

_KEY = "Idempotency-Key"


@schemathesis.deserializer("application/x-ndjson")
def first_line(context: DeserializationContext, response: Response) -> object:
    """Read the first line of JSON Lines, if there is one: the document describes one line."""
    lines = response.content.splitlines()
    return json.loads(lines[0]) if lines else None


@schemathesis.hook
def filter_case(context: HookContext, case: Case) -> bool:  # type: ignore[type-arg]
    """Leave out parts of a multipart body that have no form on the wire, such as an empty list.

    A body that is wrong for nothing else is sent as a valid one.
    """
    if case.media_type != "multipart/form-data" or not isinstance(case.body, dict):
        return True
    return all(value not in ([], {}) for value in case.body.values())


@schemathesis.hook
def before_call(
    context: HookContext,
    case: Case,  # type: ignore[type-arg]
    **options: object,
) -> None:
    """Give each valid request an Idempotency-Key of its own, and no deadline.

    A key that was drawn twice stands for one request, so that the second one, with another body, is
    a 422. A deadline of a few milliseconds that was drawn is a 504. Neither is a fault.
    """
    # A value of another response that a link puts into a header may be a number.
    for name, value in [*case.headers.items()]:
        case.headers[name] = value if isinstance(value, bytes) else str(value)
    if case.meta is not None and case.meta.generation.mode.is_negative:
        return
    if _KEY in case.headers:
        case.headers[_KEY] = str(uuid.uuid4())
    for parameter in case.operation.headers:
        if parameter.definition.get("description") == OF_DEADLINES:
            case.headers.pop(parameter.name, None)
