"""`Webhooks`: events that are sent to the endpoints of other programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from ..errors import CollisionError, DeclarationError
from ..openapi.webhooks import Webhook
from .addresses import networks_of
from .emitting import Emitter
from .endpoints import Endpoints
from .event import Event, declared_events
from .outbox_rows import Owner, prepare
from .tasks import is_json

__all__ = ["Webhooks"]

_LONGEST_TIMEOUT = 3600


class Webhooks(Emitter):
    """The events that are sent as webhooks (Standard Webhooks 1.0.0).

    ::

        app.install(Webhooks(database, events=[ItemMade], endpoints=Endpoint))

    `emit` writes a row in the transaction of the request. ``restkit worker app:app`` sends it to
    each endpoint that subscribes to the type: at least once, signed with each secret of the
    endpoint, and again for three days until the response is 200 to 299. The webhooks stand in the
    OpenAPI document.

    Attributes:
        kind: The kind of the rows of its events.
        database: The database.
        events: The events, checked, by their classes.
        endpoints: The endpoints.
        opened: Networks that are not public, and may be sent to.
        timeout: The seconds of one request.
        concurrency: The most requests of one worker process to one endpoint at once.
    """

    kind: ClassVar[str] = "event"

    def __init__(
        self,
        database: object,
        *,
        events: Iterable[type[Event]],
        endpoints: type,
        private_networks: Iterable[str] = (),
        timeout: float = 15,
        concurrency: int = 4,
    ) -> None:
        """Check and keep the declarations.

        Args:
            database: The `restkit.sqlalchemy.Database` of the App. With ``create=``, it creates the
                table of the outbox too.
            events: The event classes.
            endpoints: A mapped class with the attributes of `EndpointRecord`.
            private_networks: Networks that are not public and may be sent to, also by http:
                ``["127.0.0.0/8"]`` in tests and development.
            timeout: The seconds of one request, the connection included.
            concurrency: The most requests of one worker process to one endpoint at once.

        Raises:
            DeclarationError: An argument cannot be meant.
        """
        self.database = prepare(database, "Webhooks(...)")
        self.events = declared_events(events, "Webhooks(events=...)")
        if not self.events:
            raise DeclarationError(
                "Webhooks(events=...) has no events, so that nothing can be emitted. Declare the "
                "Event classes: Webhooks(database, events=[ItemMade], endpoints=Endpoint)."
            )
        self.endpoints = Endpoints(endpoints, "Webhooks(endpoints=...)")
        self.opened = networks_of(private_networks, "Webhooks(private_networks=...)")
        if (
            isinstance(timeout, bool)
            or not isinstance(timeout, (int, float))
            or not 0 < timeout <= _LONGEST_TIMEOUT
        ):
            raise DeclarationError(
                f"Webhooks(timeout=...) must be a number of seconds up to {_LONGEST_TIMEOUT}, got "
                f"{timeout!r}."
            )
        if type(concurrency) is not int or concurrency < 1:
            raise DeclarationError(
                f"Webhooks(concurrency=...) must be a number from 1, got {concurrency!r}."
            )
        self.timeout = timeout
        self.concurrency = concurrency

    @property
    def webhooks(self) -> Sequence[Webhook]:
        """The webhooks in the document."""
        return [Webhook(each.type, each.schema, each.description) for each in self.events.values()]

    def install(self, app: Owner, /) -> None:
        """Check that no other Webhooks of the App send the same events.

        Raises:
            CollisionError: Others do.
        """
        own = {each.type for each in self.events.values()}
        for each in app.extensions:
            if isinstance(each, Webhooks):
                shared = own & {other.type for other in each.events.values()}
                if shared:
                    raise CollisionError(
                        f"The App {app.name!r} has Webhooks for {min(shared)!r} already. Name each "
                        "event in one Webhooks(database, events=[...])."
                    )

    def _audience(self, where: Mapping[str, object] | None, event: type[Event]) -> str | None:
        if where is None:
            return None
        called = f"emit({event.__qualname__}, where=...)"
        if not isinstance(where, Mapping) or not where:
            raise DeclarationError(
                f'{called} must be attributes of endpoints such as {{"tenant_id": 7}}, got '
                f"{where!r:.80}."
            )
        for name, value in where.items():
            if name not in self.endpoints.names:
                known = ", ".join(sorted(self.endpoints.names))
                raise DeclarationError(
                    f"{called} has {name!r}, which is not an attribute of the endpoints: {known}."
                )
            if isinstance(value, (list, dict)) or not is_json(value):
                raise DeclarationError(
                    f"{called}: the value of {name!r} must be a text, a number, a boolean or None, "
                    f"got {type(value).__name__}."
                )
        return json.dumps(dict(where))
