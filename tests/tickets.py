"""Tickets on each store, for tests of what holds on all of them alike."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from databases import KINDS, database_url
from marshmallow import validate
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Request
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, UTCDateTime, Versioned

__all__ = ["STORES", "desk", "tickets"]

STORES = ("memory", *KINDS)


@dataclass
class Ticket:
    title: Annotated[str, validate.Length(1, 50)]
    status: Annotated[str, validate.Length(max=20)] = "open"
    owner: Annotated[str, validate.Length(max=20)] = ""
    removed_at: dt.datetime | None = None
    id: int = 0


class Base(DeclarativeBase):
    pass


class TicketRow(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(20), default="open")
    owner: Mapped[str] = mapped_column(String(20), default="")
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


def user(request: Request) -> str:
    return request.headers.get("X-User", "")


@contextmanager
def desk(kind: str, folder: Path, **rule: Any) -> Iterator[tuple[App, type]]:
    """Make an App with a store of tickets, and with a row rule if one is given.

    Yields:
        The App, and the model.
    """
    app = App("Desk")
    if kind == "memory":
        memory = MemoryStore(Ticket)
        if rule:
            memory.rows(Ticket, **rule)
        app.install(memory)
        yield app, Ticket
        return
    with database_url(kind, folder) as url:
        database = Database(url, create=Base.metadata)
        if rule:
            database.rows(TicketRow, **rule)
        app.install(database)
        yield app, TicketRow
        database.close()


def tickets(model: type, base: type = CRUDResource, **members: Any) -> type:
    """Return a collection of tickets."""
    own = {"model": model, "__module__": __name__, "__qualname__": "Tickets", **members}
    return type("Tickets", (base,), own)
