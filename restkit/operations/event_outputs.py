"""The response of a verb that is an event stream."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from ..contract import Header, Output
from ..declarations import plain_function
from ..errors import DeclarationError
from .signatures import item_of, without_none
from .verb import Verb

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema, SchemaLike
    from ..server_sent_events import EventTypes

    class _Bind(Protocol):
        def __call__(self, schema: SchemaLike, *, is_only: bool) -> BoundSchema: ...

    class _Stream(Protocol):
        @classmethod
        def _event_types(cls, bind: _Bind) -> EventTypes: ...


__all__ = ["event_output"]

_METHODS = ("GET", "POST", "QUERY", "HEAD", "OPTIONS")
_HEADERS = (
    Header("Cache-Control", "`no-store`: no cache keeps events.", required=True),
    Header("X-Accel-Buffering", "`no`: no proxy in front collects events.", required=True),
)


def event_output(verb: Verb, headers: tuple[Header, ...]) -> Output:
    """Return the response of a verb that is an event stream.

    Args:
        verb: The verb; its class has event types.
        headers: The headers of all responses below status 400.

    Raises:
        DeclarationError: The verb cannot be an event stream.
    """
    _check(verb)
    declare = cast("type[_Stream]", verb.resource)._event_types
    annotated = _annotated_value(verb)

    def bind(schema: SchemaLike, *, is_only: bool) -> BoundSchema:
        annotation = annotated if is_only else None
        return verb.bindings.response(schema, verb.declared_at, many=False, annotation=annotation)

    types = declare(bind)
    return Output(
        200,
        None,
        ("text/event-stream",),
        (*_HEADERS, *headers),
        _description(types.schemas),
        events=types,
    )


def _description(schemas: Mapping[str, BoundSchema | None]) -> str:
    named = ", ".join(f"`{name}`" for name in schemas)
    return f"Server-sent events (WHATWG HTML, section 9.2) of these types: {named}."


def _check(verb: Verb) -> None:
    """Reject verbs and declarations that an event stream cannot have."""
    where = verb.declared_at
    if verb.method not in _METHODS:
        raise DeclarationError(
            f"{where}: an EventStream responds to GET, POST and QUERY. Write {verb.method} in a "
            "Resource on the same URL."
        )
    if any(each.status == 200 for each in verb.declared.returns):
        raise DeclarationError(
            f"{where} has @returns with the status 200, which is the event stream. Declare the "
            "schemas of its events with `schema` and `events` of the class."
        )
    if verb.resource.conditional or verb.idempotency is not None:
        raise DeclarationError(
            f"{where}: an event stream has no entity tag and cannot be stored. Remove "
            "`conditional` and `idempotency` from the class."
        )
    if verb.declared.raises and inspect.isgeneratorfunction(plain_function(verb.function)):
        raise DeclarationError(
            f"{where} is a generator function with @raises, but its code runs after the status 200 "
            "was sent. Check in a plain method, and return the iterator of another one."
        )
    if verb.kind not in ("absent", "many"):
        raise DeclarationError(
            f"{where} must return an iterator of events. Annotate it with "
            "Iterator[Event[Tick] | None]."
        )


def _annotated_value(verb: Verb) -> object:
    """Return ``Tick`` for ``Iterator[Event[Tick] | None]``, None for other annotations."""
    event = without_none(item_of(verb.signature.returns))
    members = typing.get_args(event)
    return members[0] if len(members) == 1 else None
