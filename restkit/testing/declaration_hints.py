"""The line to write so that a response is declared."""

from __future__ import annotations

from collections.abc import Mapping

from ..contract import Operation
from ..environ_keys import RAISED_BY, RESPONDED_BY
from ..problems import problem_class

__all__ = ["remedy"]


def remedy(operation: Operation, status: int, environ: Mapping[str, object]) -> str:
    """Return the line to write, and its place: a function that made the response declares it."""
    missing = _missing(status)
    if name := environ.get(RESPONDED_BY):
        return f"put {missing} on the middleware {name}, which made the response"
    raised_by = str(environ.get(RAISED_BY, ""))
    verb = getattr(operation.function, "__qualname__", "")
    if (
        raised_by == verb
        or status < 400
        or not raised_by
        or operation.declared_at.endswith(raised_by)
    ):
        return f"add {missing}"
    return f"put {missing} on {raised_by}, which raised the problem"


def _missing(status: int) -> str:
    if status < 400:
        return f"@returns(..., status={status})"
    name = problem_class(status).__name__
    return f"@raises({name})" if name != f"Problem{status}" else f"@raises(a Problem of {status})"
