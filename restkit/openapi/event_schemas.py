"""The schema of the events of a stream, as OpenAPI 3.2 describes them (section 4.14.4)."""

from __future__ import annotations

from ..schemas.bound import BoundSchema
from ..server_sent_events import EventTypes
from .conversion import SchemaCollector
from .metadata import Keywords

__all__ = ["event_schema"]

_MESSAGE = "message"


def event_schema(types: EventTypes, collector: SchemaCollector) -> Keywords:
    """Return the JSON Schema of one event, whose fields are the members of an object.

    Args:
        types: The event types.
        collector: Takes the schemas.
    """
    found = [_of_type(name, bound, collector) for name, bound in types.schemas.items()]
    return found[0] if len(found) == 1 else {"oneOf": found}


def _of_type(name: str, bound: BoundSchema | None, collector: SchemaCollector) -> Keywords:
    data: Keywords = {"type": "string"}
    if bound is not None:
        data["contentMediaType"] = "application/json"
        data["contentSchema"] = collector.schema(bound)
    return {
        "type": "object",
        # The field is absent from an event of the type `message`.
        "required": ["data"] if name == _MESSAGE else ["data", "event"],
        "properties": {
            "data": data,
            "event": {"const": name},
            "id": {"type": "string"},
            "retry": {"type": "integer", "minimum": 0},
        },
    }
