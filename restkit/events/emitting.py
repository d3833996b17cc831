"""`emit`: an event, written in the unit of work that causes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import ClassVar

from sqlalchemy.orm import Session

from ..environ_keys import CONTRACT_CHECK
from ..errors import DeclarationError
from ..request import Request, current_request
from ..sqlalchemy import Database
from .event import DeclaredEvent, Event
from .outbox_rows import NewRow, Owner, add_row, unit_of_work

__all__ = ["Emitter", "emit"]


class Emitter:
    """The base of extensions that send events.

    Attributes:
        kind: The kind of the rows of its events.
        database: The database.
        events: The events, checked, by their classes.
    """

    kind: ClassVar[str]
    database: Database
    events: Mapping[object, DeclaredEvent]

    def emit(
        self,
        event: type[Event],
        payload: object,
        /,
        *,
        where: Mapping[str, object] | None = None,
        session: Session | None = None,
        request: Request | None = None,
    ) -> str:
        """Write an event in the transaction of a request, or of a session of your own.

        Args:
            event: The class of the event.
            payload: The value that its schema dumps.
            where: The attributes of the endpoints that get it, None for all of them.
            session: A session with a transaction, in programs without a request.
            request: The request; the current one by default.

        Returns:
            The id of the message.

        Raises:
            ContractError: The data does not have the event's schema, in a request of the test
                client or the development server.
            DeclarationError: The event is not declared, or there is no transaction.
        """
        return self._emit(event, payload, where, session, request, None)

    def _emit(
        self,
        event: type[Event],
        payload: object,
        where: Mapping[str, object] | None,
        session: Session | None,
        request: Request | None,
        message_id: str | None,
    ) -> str:
        declared = self.events.get(event)
        if declared is None:
            raise _undeclared(event, type(self).__name__)
        audience = self._audience(where, event)
        unit = unit_of_work(self.database, request, session, f"emit({event.__qualname__})")
        unit.flush()  # new rows get their keys
        body = declared.json_of(payload)
        _check_contract(request, event, declared, body)
        return add_row(unit, NewRow(self.kind, declared.type, body, message_id, audience))

    def _audience(self, where: Mapping[str, object] | None, event: type[Event]) -> str | None:
        """Return the attributes of endpoints as JSON.

        Raises:
            DeclarationError: The extension has no endpoints.
        """
        if where is None:
            return None
        raise DeclarationError(
            f"emit({event.__qualname__}, where=...) chooses among the endpoints of Webhooks, but "
            f"the event is declared in {type(self).__name__}. Leave `where` out."
        )


def _check_contract(
    request: Request | None, event: type[Event], declared: DeclaredEvent, body: str
) -> None:
    """Check the data of an event where responses are checked.

    Raises:
        ContractError: The data does not have the schema of the event.
    """
    found = current_request.get(None) if request is None else request
    if found is None:
        return
    check_data = getattr(found.environ.get(CONTRACT_CHECK), "check_data", None)
    if check_data is not None:
        name = event.__qualname__
        way = f"correct {name}.schema"
        check_data(f"emit({name}) got a value", declared.schema, json.loads(body), way)


def _undeclared(event: object, place: str) -> DeclarationError:
    name = getattr(event, "__qualname__", repr(event))
    return DeclarationError(
        f"emit({name}): the event is not declared. Write {place}(database, events=[{name}], ...)."
    )


def emit(
    event: type[Event], payload: object, /, *, where: Mapping[str, object] | None = None
) -> str:
    """Write an event in the unit of work of the current request.

    ::

        emit(ItemMade, item)

    The row is committed with the data, or rolled back with it. New rows of the request's session
    are flushed first, so that the data has their keys. A worker sends the event later. In a program
    without a request, call the method of the extension: ``webhooks.emit(ItemMade, item,
    session=session)``.

    Args:
        event: The class of the event, declared in `Webhooks` or `Outbox` of the App.
        payload: The value that its schema dumps.
        where: The attributes of the endpoints that get it, such as ``{"tenant_id": 7}``; None for
            all that subscribe to the event.

    Returns:
        The id of the message, which receivers get as ``webhook-id``.

    Raises:
        ContractError: The data does not have the event's schema, in a request of the test client or
            the development server.
        DeclarationError: The event is not declared, or there is no request whose transaction
            writes.
    """
    request = current_request.get(None)
    if request is None:
        raise DeclarationError(
            f"emit({getattr(event, '__qualname__', event)!s}) is called outside of a unit of work: "
            "there is no current request. Call it in a method; elsewhere call "
            "webhooks.emit(..., session=session) within a transaction."
        )
    made: str | None = None
    for each in _emitters(request.app, event):
        made = each._emit(event, payload, where, None, request, made)
    if made is None:
        raise _undeclared(event, "Webhooks")
    return made


def _emitters(app: Owner, event: object) -> list[Emitter]:
    emitters = (each for each in app.extensions if isinstance(each, Emitter))
    return [each for each in emitters if event in each.events]
