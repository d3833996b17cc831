"""The endpoints that webhooks are sent to: rows of a model of the program."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Protocol, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Mapper, Session, mapped_column

from ..errors import DeclarationError
from ..records import Record
from ..sqlalchemy import UTCDateTime

__all__ = ["EndpointRecord", "EndpointRow", "Endpoints"]

_NEEDED = ("url", "secrets", "events", "disabled_at")
_KEYS = (int, str, UUID)
ALL_EVENTS = "*"


class EndpointRecord:
    """A mixin with the columns of the endpoints of webhooks.

    ::

        class Endpoint(EndpointRecord, Base):
            __tablename__ = "endpoint"

            id: Mapped[int] = mapped_column(primary_key=True)

    Attributes:
        url: The URL that gets the POST: https, with a public address.
        secrets: The secrets that sign, the newest first; see `new_secret`.
        events: The types of the events that it gets; ``["*"]`` for all.
        disabled_at: The time since which it gets nothing, None while it is in use. A response 410
            sets it.
    """

    url: Mapped[str] = mapped_column(sa.Text)
    secrets: Mapped[list[str]] = mapped_column(sa.JSON)
    events: Mapped[list[str]] = mapped_column(sa.JSON)
    disabled_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime(), default=None)


class EndpointRow(Protocol):
    """A row of a model of endpoints."""

    url: str
    secrets: list[str]
    events: list[str]
    disabled_at: dt.datetime | None


class _Columns(Protocol):
    """A model of endpoints, whose attributes are columns."""

    __qualname__: str
    url: Mapped[str]
    secrets: Mapped[list[str]]
    events: Mapped[list[str]]
    disabled_at: Mapped[dt.datetime | None]


class Endpoint(Record):
    """One endpoint, as a delivery needs it.

    Attributes:
        url: The URL.
        secrets: The secrets.
    """

    url: str
    secrets: list[str]


class Endpoints:
    """The endpoints of one model.

    Attributes:
        names: The attributes of the model.
    """

    def __init__(self, model: object, where: str) -> None:
        """Check the model.

        Args:
            model: A mapped class.
            where: The name of the declaration, for messages.

        Raises:
            DeclarationError: It is not mapped, lacks an attribute, or has another kind of key.
        """
        mapper: Mapper[object] | None = None
        if isinstance(model, type):
            mapper = cast("Mapper[object] | None", sa.inspect(model, raiseerr=False))
        if mapper is None:
            raise DeclarationError(
                f"{where} expects a mapped class, got {model!r:.80}. Write class "
                "Endpoint(EndpointRecord, Base) with a primary key."
            )
        self._model = cast("type[_Columns]", mapper.class_)
        self.names = frozenset(each.key for each in mapper.column_attrs)
        name = self._model.__qualname__
        if missing := [each for each in _NEEDED if each not in self.names]:
            raise DeclarationError(
                f"{where}: {name} has no attribute {missing[0]!r}. Write class {name}"
                "(EndpointRecord, Base), which has url, secrets, events and disabled_at."
            )
        keys = mapper.primary_key
        self._kind = keys[0].type.python_type
        if len(keys) != 1 or self._kind not in _KEYS:
            raise DeclarationError(
                f"{where}: {name} needs a primary key of one column: an integer, a text or a UUID."
            )
        self._key = mapper.get_property_by_column(keys[0]).key
        self._prefix = f"{getattr(mapper.local_table, 'name', name)}:"

    def receivers(
        self, session: Session, kind: str, audience: Mapping[str, object]
    ) -> Iterator[str]:
        """Yield the receivers of an event: a text for each endpoint.

        Args:
            session: A session.
            kind: The type of the event.
            audience: The attributes that they must have.
        """
        model = self._model
        statement = (
            sa.select(getattr(model, self._key), model.events)
            .where(model.disabled_at.is_(None))
            .filter_by(**audience)
            .order_by(getattr(model, self._key))
        )
        for key, events in session.execute(statement):
            # SECURITY: whatever one row has, others must get their events.
            if isinstance(events, list) and any(each in (kind, ALL_EVENTS) for each in events):
                yield f"{self._prefix}{key}"

    def of(self, session: Session, receiver: str) -> Endpoint | None:
        """Return an endpoint that is in use, None if it is gone or disabled."""
        row = cast("EndpointRow | None", session.get(self._model, self._key_of(receiver)))
        if row is None or row.disabled_at is not None:
            return None
        return Endpoint(row.url, row.secrets)

    def disable(self, session: Session, receiver: str) -> None:
        """Set the time since which an endpoint gets nothing."""
        model = self._model
        statement = (
            sa.update(model)
            .where(getattr(model, self._key) == self._key_of(receiver))
            .where(model.disabled_at.is_(None))
            .values(disabled_at=dt.datetime.now(dt.UTC))
        )
        session.execute(statement, execution_options={"synchronize_session": False})

    def _key_of(self, receiver: str) -> object:
        return self._kind(receiver.removeprefix(self._prefix))
