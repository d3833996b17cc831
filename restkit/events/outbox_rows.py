"""Rows of the outbox, written in the unit of work of a request or of a session."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..dependencies import obtain
from ..errors import DeclarationError
from ..http.methods import SAFE_METHODS
from ..records import Record
from ..request import Request, current_request
from ..service.correlation import correlation_of
from ..sqlalchemy import Database
from .tables import OUTBOX, database_now, outbox_metadata

__all__ = ["NewRow", "Owner", "add_row", "prepare", "unit_of_work"]

_BACKENDS = ("sqlite", "postgresql")


class Owner(Protocol):
    """The part of an App that extensions of events use."""

    name: str

    @property
    def extensions(self) -> Sequence[object]:
        """The installed extensions."""
        ...


class NewRow(Record):
    """A row to be written.

    Attributes:
        kind: ``"task"``, ``"relay"`` or ``"event"``.
        name: The import path of a function, or the type of an event.
        body: The arguments or the data, as JSON.
        message_id: The id of the message, None for a new one.
        audience: The attributes of the endpoints that get an event, as JSON; None for all.
    """

    kind: str
    name: str
    body: str
    message_id: str | None = None
    audience: str | None = None


def prepare(database: object, declared_at: str) -> Database:
    """Return the database of an extension.

    Raises:
        DeclarationError: It is not a Database, or its rows could not be claimed by workers.
    """
    if not isinstance(database, Database):
        raise DeclarationError(
            f"{declared_at} expects the Database of the App first, got {database!r:.80}."
        )
    if database.backend not in _BACKENDS:
        raise DeclarationError(
            f"{declared_at}: the Database is {database.backend}, but workers claim rows on "
            "PostgreSQL and SQLite only."
        )
    database.create_also(outbox_metadata)
    return database


def unit_of_work(
    database: Database, request: Request | None, session: Session | None, what: str
) -> Session:
    """Return the session whose transaction a row belongs to.

    Args:
        database: The database of the outbox.
        request: The request, None for the current one.
        session: A session of the program's own, None for that of the request.
        what: The call, for messages.

    Raises:
        DeclarationError: There is no transaction, or one that only reads.
    """
    if session is not None:
        if not session.in_transaction():
            raise DeclarationError(
                f"{what} got a session without a transaction, so that nothing would commit its "
                "row. Write `with Session(database.engine) as session, session.begin():` around it."
            )
        return session
    found = current_request.get(None) if request is None else request
    if found is None:
        raise DeclarationError(
            f"{what} is called outside of a unit of work: there is no current request. Call it in "
            "a method, or pass a session with a transaction: session=session."
        )
    if found.method in SAFE_METHODS:
        raise DeclarationError(
            f"{what} is called in a {found.method} request, whose transaction only reads. Call it "
            "where data changes: in POST, PUT, PATCH or DELETE."
        )
    made: Session = obtain(database.session, found)
    return made


def add_row(session: Session, row: NewRow) -> str:
    """Write a row in the transaction of a session.

    Returns:
        The id of the message.
    """
    made = row.message_id or f"msg_{secrets.token_hex(16)}"
    ids = correlation_of()
    values = {
        "kind": row.kind,
        "name": row.name,
        "body": row.body,
        "message_id": made,
        "audience": row.audience,
        "due_at": database_now(),
        "created_at": database_now(),
        "traceparent": None if ids is None else ids.traceparent,
    }
    session.execute(sa.insert(OUTBOX).values(values))
    return made
