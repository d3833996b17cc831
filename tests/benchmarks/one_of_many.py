"""Instructions of a request for one item among many: a member of a list, an item below a parent.

``python -m tests.benchmarks.one_of_many`` sends each kind of request under callgrind, on SQLite,
to an item whose lists have 10 and 1,000 members, and prints both counts; ``--record`` writes
results/one_of_many.json, from which the page is made. Needs valgrind.
"""

from __future__ import annotations

import gc
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, Related
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client

from .instructions import counts
from .record import database_about, save
from .switch import Switch

__all__ = ["KINDS", "RECORD", "SIZES", "main", "program"]

RECORD = Path(__file__).parent / "results" / "one_of_many.json"
SIZES = (10, 1_000)
_REQUESTS = 20


class Base(DeclarativeBase):
    pass


ticket_tag = sa.Table(
    "ticket_tag",
    Base.metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Ticket(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    tags: Mapped[list[Tag]] = relationship(secondary=ticket_tag)


class Note(Versioned, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(50))
    ticket_id: Mapped[int] = mapped_column(sa.ForeignKey("ticket.id"), index=True)


class Tickets(CRUDResource[Ticket]):
    model = Ticket
    relations = {"tags": Related(max_length=2 * SIZES[-1])}
    members = ("tags",)


class Notes(CRUDResource[Note]):
    model = Note


class TicketNotes(CRUDResource[Note]):
    model = Note


def _send(client: Client, method: str, path: str, content: object = None) -> None:
    response = client.request(method, path, json=content)
    assert response.status < 300, response.text


def _put(client: Client, tag: int) -> None:
    _send(client, "PUT", f"/tickets/1/tags/{tag}")


def _delete(client: Client, tag: int) -> None:
    _send(client, "DELETE", f"/tickets/1/tags/{tag}")


def _below(client: Client, _tag: int) -> None:
    _send(client, "POST", "/tickets/1/notes", {"text": "a note"})


def _plain(client: Client, _tag: int) -> None:
    _send(client, "POST", "/notes", {"text": "a note", "ticket_id": 1})


KINDS: dict[str, Callable[[Client, int], None]] = {
    "PUT of a member": _put,
    "DELETE of a member": _delete,
    "POST below a parent": _below,
    "the same POST, the parent in its content": _plain,
}
"""The kinds of requests, each with the key of a tag of its own."""


def program(path: Path, size: int) -> Client:
    """Return a client of the App over a database with a ticket that has so many tags and notes."""
    database = Database(f"sqlite:///{path}", create=Base.metadata)
    app = App("Tickets")
    app.install(database)
    app.add("/tickets", Tickets)
    app.add("/notes", Notes)
    app.add("/tickets/<int:ticket_id>/notes", TicketNotes)
    with Session(database.engine) as session, session.begin():
        ticket = Ticket(id=1, title="many")
        ticket.tags = [Tag(id=key, name="tag") for key in range(1, size + 1)]
        session.add(ticket)
        session.flush()
        others = range(size + 1, size + 2 * _REQUESTS + 1)
        session.add_all(Tag(id=key, name="tag") for key in others)
        session.add_all(Note(text="a note", ticket_id=1) for _ in range(size))
    return Client(app, contract=False)


def count(kind: str, folder: Path) -> None:
    """Send each kind of request to both tickets under callgrind."""
    switch, send = Switch(), KINDS[kind]
    clients = [(size, program(folder / f"{size}.db", size)) for size in SIZES]
    for size, client in clients:
        tags = range(size + 1, size + 2 * _REQUESTS + 1)
        for tag in tags if send is _delete else ():
            _put(client, tag)
        for tag in tags[_REQUESTS:]:  # so that the App is warm
            send(client, tag)
    gc.collect()
    gc.freeze()  # so that no full collection falls into a count by chance
    switch.on()
    for size, client in clients:
        switch.zero()
        for tag in range(size + 1, size + _REQUESTS + 1):
            send(client, tag)
        switch.dump()


def main(arguments: list[str]) -> None:
    """Print the table, and perhaps record it; or send the requests of one kind."""
    if len(arguments) == 2:
        count(arguments[0], Path(arguments[1]))
        return
    figures: dict[str, Any] = {"about": database_about(), "instructions": {}}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            made = counts("tests.benchmarks.one_of_many", kind, folder)
        found = [each // _REQUESTS for each in made]
        figures["instructions"][kind] = dict(zip(map(str, SIZES), found, strict=True))
        print(f"{kind}: {', '.join(f'{each:,}' for each in found)}", flush=True)
    if "--record" in arguments:
        save(RECORD, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
