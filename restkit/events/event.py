"""`Event`: a fact that other programs are told, declared with its type and its schema."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from ..errors import CollisionError, DeclarationError
from ..records import Record
from ..schemas.bound import BoundSchema, View, bind

if TYPE_CHECKING:
    from ..schemas.bound import SchemaLike

__all__ = ["DeclaredEvent", "Event", "declared_events"]

# Standard Webhooks 1.0.0: event types are full-stop delimited, of letters, digits and underscores.
_TYPE = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_LONGEST = 255


class Event:
    """A kind of event, declared like an operation: with a type and a schema.

    ::

        class ItemMade(Event):
            \"\"\"An item was created.\"\"\"

            type = "item.created"
            schema = ItemSchema

        emit(ItemMade, item)

    The docstring describes it in the OpenAPI document.

    Attributes:
        type: The type: names of letters, digits and underscores, joined by full stops.
        schema: The schema of the data; its ``load_only`` fields are left out.
    """

    type: ClassVar[str] = ""
    schema: ClassVar[SchemaLike | None] = None


class DeclaredEvent(Record):
    """An event class, checked.

    Attributes:
        event: The class.
        type: Its type.
        schema: Its schema, bound.
        description: The words of its docstring, ``""`` without one.
    """

    event: object
    type: str
    schema: BoundSchema
    description: str

    def json_of(self, value: object) -> str:
        """Return the data of an event as JSON.

        Raises:
            Exception: The schema cannot dump the value.
        """
        writer = self.schema.json_writer
        text = writer.many(value) if self.schema.many else writer.one(value)  # type: ignore[arg-type]
        return text.decode()


def declared_events(events: object, declared_at: str) -> dict[object, DeclaredEvent]:
    """Return event classes, checked.

    Args:
        events: A list of subclasses of `Event`.
        declared_at: The name of the declaration, for messages.

    Raises:
        DeclarationError: One of them is not such a class, or its type or schema cannot be meant.
        CollisionError: Two classes have one type.
    """
    if not isinstance(events, Iterable) or isinstance(events, (str, bytes)):
        raise DeclarationError(
            f"{declared_at} must be a list of Event classes, got {events!r:.80}. Write [ItemMade]."
        )
    found: dict[object, DeclaredEvent] = {}
    types: dict[str, DeclaredEvent] = {}
    for each in events:
        made = _declared(each, declared_at)
        if made.type in types and types[made.type].event is not each:
            raise CollisionError(
                f"{declared_at}: two Event classes have the type {made.type!r}. Give each its own."
            )
        found[each] = types[made.type] = made
    return found


def _declared(event: object, declared_at: str) -> DeclaredEvent:
    if not (isinstance(event, type) and issubclass(event, Event)):
        raise DeclarationError(
            f"{declared_at} must be a list of Event classes, got {event!r:.80}. Write "
            'class ItemMade(Event): type = "item.created"; schema = ItemSchema.'
        )
    name = f"{event.__module__}.{event.__qualname__}"
    kind = event.type
    if not isinstance(kind, str) or len(kind) > _LONGEST or not _TYPE.fullmatch(kind):
        raise DeclarationError(
            f"{name}.type must be names of letters, digits and underscores, joined by full stops, "
            f'got {kind!r:.80}. Write type = "item.created".'
        )
    if event.schema is None:
        raise DeclarationError(f"{name} has no schema. Write schema = ItemSchema.")
    schema = bind(event.schema, View.RESPONSE, declared_at=f"{name}.schema")
    words = vars(event).get("__doc__")
    return DeclaredEvent(event, kind, schema, inspect.cleandoc(words) if words else "")
