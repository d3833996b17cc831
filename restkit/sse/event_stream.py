"""`EventStream`: a resource whose methods return events."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Protocol

from ..errors import DeclarationError
from ..resource import Resource
from ..server_sent_events import EventTypes
from ..stream_shutdown import wait
from .last_event_id import last_event_id

if TYPE_CHECKING:
    from ..schemas.bound import BoundSchema, SchemaLike

    class _Bind(Protocol):
        def __call__(self, schema: SchemaLike, *, is_only: bool) -> BoundSchema: ...


__all__ = ["EventStream"]

_MESSAGE = "message"
_OWN = ("error", "open")  # events that EventSource fires itself (section 9.2.3)
_HOUR = 3600


class EventStream(Resource):
    """A Resource that sends server-sent events (WHATWG HTML, section 9.2).

    ::

        class Ticks(EventStream):
            schema = TickSchema

            def get(self, last_event_id: str | None) -> Iterator[Event[Tick] | None]:
                for tick in ticks.after(last_event_id, wait=15):
                    yield tick and Event(tick, id=tick.id)

    A method returns an iterator. None is a heartbeat: a comment, by which the server notices that
    a client has gone. The parameter ``last_event_id`` gets the Last-Event-ID of a client that
    reconnects, None from a new one. Values that `restkit.provide` made are closed, and
    transactions committed, before the first byte and after each event.

    Attributes:
        schema: The schema of the data of events without a type. Without `schema` and `events` the
            data is text.
        events: The schema of the data by event type; None for text.
        retry: The milliseconds after which a client reconnects, None for the client's own time.
        max_age: The seconds after which a stream ends, so that the client reconnects and its
            credentials are checked anew; None for streams without an end.
    """

    events: ClassVar[Mapping[str, SchemaLike | None]] = MappingProxyType({})
    retry: ClassVar[int | None] = None
    max_age: ClassVar[float | None] = _HOUR

    _injected: ClassVar[Mapping[str, object]] = MappingProxyType({"last_event_id": last_event_id})

    def wait(self, seconds: float) -> bool:
        """End the unit of work and wait, at most until the server stops.

        ::

            while self.wait(1):
                yield from self.new_events()

        Args:
            seconds: The longest time.

        Returns:
            Whether the stream may go on.
        """
        if self.request.provided is not None:
            self.request.provided.close()
        return wait(seconds)

    @classmethod
    def _event_types(cls, bind: _Bind) -> EventTypes:
        """Return the event types with bound schemas.

        Args:
            bind: A function that binds a schema. ``is_only`` says that no other type has a schema,
                so that the return annotation belongs to it.

        Raises:
            DeclarationError: The attributes of the class do not fit together.
        """
        where = f"{cls.__module__}.{cls.__qualname__}"
        declared = _declared(cls, where)
        _check_seconds(cls.retry, f"{where}.retry", "milliseconds: 3000")
        _check_seconds(cls.max_age, f"{where}.max_age", "seconds: 3600")
        schemas: dict[str, BoundSchema | None] = dict.fromkeys(declared)
        for name, schema in declared.items():
            if schema is not None:
                schemas[name] = bind(schema, is_only=len(declared) == 1)
        return EventTypes(schemas, cls.retry, cls.max_age)


def _declared(cls: type[EventStream], where: str) -> dict[str, SchemaLike | None]:
    """Return the declared schema of each event type."""
    if not isinstance(cls.events, Mapping):
        raise DeclarationError(
            f"{where}.events must be a mapping of event types to schemas, got {cls.events!r:.80}."
        )
    for name in cls.events:
        if not isinstance(name, str) or not name.isprintable() or not name or name in _OWN:
            raise DeclarationError(
                f"{where}.events has the event type {name!r}. Give it a name that is printable "
                "text, and neither 'error' nor 'open', which EventSource fires itself."
            )
    if cls.schema is None:
        return dict(cls.events) or {_MESSAGE: None}
    if _MESSAGE in cls.events:
        raise DeclarationError(
            f"{where} has both `schema` and events['message'], the schema of the same events. "
            "Remove one of them."
        )
    return {_MESSAGE: cls.schema, **cls.events}  # type: ignore[dict-item]


def _check_seconds(value: object, where: str, example: str) -> None:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if value is not None and not (is_number and value >= 0):  # type: ignore[operator]
        raise DeclarationError(f"{where} must be a number or None, got {value!r}. Give {example}.")
