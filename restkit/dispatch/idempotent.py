"""Idempotency keys: a repeated request gets the stored response of the first one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..contract import Attempt, IdempotencyRule
from ..records import Record
from ..rendering.response_writer import Writer
from ..request import Request
from ..resource import Resource
from ..response import Outgoing
from .preconditions import Finish

__all__ = ["Invoke", "respond_once"]

Invoke = Callable[[Request, Mapping[str, object]], "tuple[Resource | None, object]"]


class _Attempted(Record):
    """The value of a method for a request with an Idempotency-Key; None if it was not called."""

    attempt: Attempt
    value: object = None


def respond_once(
    rule: IdempotencyRule, invoke: Invoke, finish: Finish | None
) -> tuple[Invoke, Finish]:
    """Wrap a method and its finisher, so that a repeated request gets the stored response.

    Args:
        rule: The rule for repeated requests.
        invoke: A function that calls the method.
        finish: The writer of conditional responses, None without conditions.
    """

    def invoke_once(
        request: Request, arguments: Mapping[str, object]
    ) -> tuple[Resource | None, object]:
        attempt = rule.begin(request)
        if attempt is None:
            return invoke(request, arguments)
        if attempt.kept is not None:
            return None, _Attempted(attempt)
        resource, value = invoke(request, arguments)
        return resource, _Attempted(attempt, value)

    def finish_once(
        request: Request, made: tuple[Resource | None, object], chosen: str, write: Writer
    ) -> Outgoing:
        resource, value = made
        attempt: Attempt | None = None
        if isinstance(value, _Attempted):
            attempt, value = value
            if attempt.kept is not None:
                return attempt.kept
        response = (
            write(request, value, chosen)
            if finish is None
            else finish(request, (resource, value), chosen, write)
        )
        return response if attempt is None else attempt.keep(response)

    return invoke_once, finish_once
