"""The webhooks of an App: requests that the service sends (OpenAPI 3.1.1, section 4.8.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from ..operations.registry import Registry
from ..records import Record
from ..schemas.bound import BoundSchema
from ..schemas.json_values import text_value
from .conversion import SchemaCollector
from .dialects import lower
from .metadata import Keywords

__all__ = ["Sending", "Webhook", "add_webhooks", "printed_webhooks", "webhooks_of"]

_HEADERS = {
    "webhook-id": "The id of the message, the same one if it is sent again.",
    "webhook-timestamp": "The seconds since 1970 at which it was sent.",
    "webhook-signature": "Signatures of version v1, one for each secret, separated by spaces "
    "(Standard Webhooks 1.0.0).",
}


class Webhook(Record):
    """A webhook in the document.

    Attributes:
        type: The type of its event.
        schema: The schema of its data.
        description: Its description, ``""`` for none.
    """

    type: str
    schema: BoundSchema
    description: str


@runtime_checkable
class Sending(Protocol):
    """An extension that sends webhooks."""

    @property
    def webhooks(self) -> Sequence[Webhook]:
        """Its webhooks."""
        ...


def webhooks_of(app: object) -> list[Webhook]:
    """Return the webhooks of an App and of the documented Apps mounted on it, by their types."""
    registry = getattr(app, "_registry", None)
    extensions = _extensions(registry) if isinstance(registry, Registry) else ()
    found: dict[str, Webhook] = {}
    for extension in extensions:
        if isinstance(extension, Sending):
            found.update((each.type, each) for each in extension.webhooks)
    return [found[kind] for kind in sorted(found)]


def _extensions(registry: Registry) -> Iterator[object]:
    yield from registry.app.extensions
    for mounted in registry.mounts:
        if mounted.documented:
            yield from _extensions(mounted.registry)


def add_webhooks(document: Keywords, printed: Mapping[str, Keywords], dialect: str) -> Keywords:
    """Return a document with webhooks, besides those that its App declares."""
    if not printed:
        return document
    name = "x-webhooks" if dialect.startswith("3.0") else "webhooks"  # which 3.0 does not have
    declared = document.get(name)
    more = declared if isinstance(declared, Mapping) else {}
    return {**document, name: {**printed, **more}}


def printed_webhooks(
    webhooks: Sequence[Webhook], collector: SchemaCollector, dialect: str
) -> dict[str, Keywords]:
    """Return a Path Item Object for each webhook.

    Args:
        webhooks: The webhooks.
        collector: Takes their schemas.
        dialect: The version of OpenAPI.
    """
    return {each.type: {"post": _operation(each, collector, dialect)} for each in webhooks}


def _operation(webhook: Webhook, collector: SchemaCollector, dialect: str) -> Keywords:
    content: Keywords = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": webhook.type},
            "timestamp": {"type": "string", "format": "date-time"},
        },
    }
    if dialect.startswith("3.0"):
        content = lower(content)
    content["properties"]["data"] = collector.schema(webhook.schema)
    words = text_value(webhook.description)
    summary = words.partition("\n")[0] or f"The event {webhook.type}."
    described = {"description": words} if words else {}
    headers = [_header(name, says) for name, says in _HEADERS.items()]
    return {
        "operationId": f"{_camel(webhook.type)}Webhook",
        "summary": summary,
        **described,
        "parameters": headers,
        "requestBody": {"required": True, "content": {"application/json": {"schema": content}}},
        "responses": {
            "200": {"description": "Received, as every status from 200 to 299 says."},
            "410": {"description": "Gone: the endpoint wants no more webhooks, and is disabled."},
            "default": {"description": "Not received: the message is sent again later."},
        },
        "security": [],
    }


def _header(name: str, says: str) -> Keywords:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": True, "description": says, "schema": schema}


def _camel(kind: str) -> str:
    first, *words = kind.replace("_", ".").split(".")
    return first + "".join(word[:1].upper() + word[1:] for word in words)
