"""An explicit null is null, on every store and by every way to write it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, post_dump
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database
from restkit.testing import Client

STORES = ("memory", *KINDS)


class Base(DeclarativeBase):
    pass


def broken() -> str:
    raise KeyError("a mistake of the program")


class Ticket(Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str | None] = mapped_column(sa.Text, default="open")
    owner: Mapped[str | None] = mapped_column(sa.Text, server_default="nobody")
    kind: Mapped[str] = mapped_column(sa.Text, default="bug")
    notes: Mapped[list[Note]] = relationship()


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(sa.Text, default="empty")
    ticket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"))


class Stamped(Base):
    __tablename__ = "stamped"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    stamp: Mapped[str | None] = mapped_column(sa.Text, onupdate=broken)


@dataclass
class MemoryTicket:
    title: str
    status: str | None = "open"
    owner: str | None = "nobody"
    kind: str = "bug"
    id: int = 0


class TicketSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    status = fields.Str(allow_none=True)
    owner = fields.Str(allow_none=True)
    kind = fields.Str(allow_none=True)

    @post_dump
    def add_label(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**data, "label": f"{data['title']}!"}


class NoteSchema(Schema):
    id = fields.Int()
    text = fields.Str(allow_none=True)


class NestingSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    notes = fields.List(fields.Nested(NoteSchema))


class Tickets(CRUDResource[Any]):
    schema = TicketSchema
    bulk = True


class Overriding(Tickets):
    """A collection whose items are objects of the model."""

    def create(self, item: Any) -> Any:
        made = super().create(item)
        assert made.status in (None, "open")
        return made


@contextmanager
def served(kind: str, folder: Path) -> Generator[Client]:
    app = App("Tickets")
    if kind == "memory":
        app.install(MemoryStore(MemoryTicket))
        for name, base in {"tickets": Tickets, "overriding": Overriding}.items():
            app.add(f"/{name}", type(name.title(), (base,), {"model": MemoryTicket}))
        yield Client(app)
        return
    with database_url(kind, folder) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        for name, base in {"tickets": Tickets, "overriding": Overriding}.items():
            app.add(f"/{name}", type(name.title(), (base,), {"model": Ticket}))
        nesting = {"model": Ticket, "schema": NestingSchema, "bulk": False}
        app.add("/nesting", type("Nesting", (Tickets,), nesting))
        app.add("/stamped", type("Stampeds", (CRUDResource,), {"model": Stamped}))
        yield Client(app, raise_errors=False)
        database.close()


@pytest.mark.parametrize("url", ["/tickets", "/overriding"])
@pytest.mark.parametrize("kind", STORES)
def test_an_explicit_null_is_stored(kind: str, url: str, tmp_path: Path) -> None:
    """A default is for what content leaves out: of the program and of the database alike."""
    with served(kind, tmp_path) as client:
        for content, found in (
            ({"status": None}, (None, "nobody")),
            ({"owner": None}, ("open", None)),
            ({}, ("open", "nobody")),
        ):
            made = client.post(url, json={"title": "a", **content})
            assert (made.json["status"], made.json["owner"]) == found
            assert client.get(made.headers["Location"]).json == made.json
            bulk = client.post(f"{url}/bulk", json={"create": [{"title": "a", **content}]})
            each = bulk.json["created"][0]
            assert (each["status"], each["owner"]) == found
        put = client.put(f"{url}/1", json={"title": "a", "owner": None})
        assert (put.json["status"], put.json["owner"]) == ("open", None)


@pytest.mark.parametrize("url", ["/tickets", "/overriding"])
@pytest.mark.parametrize("kind", STORES)
def test_a_null_that_cannot_be_stored_is_a_422(kind: str, url: str, tmp_path: Path) -> None:
    """Also where the column has a default, which is for a member that is left out."""
    with served(kind, tmp_path) as client:
        assert client.post(url, json={"title": "a", "kind": None}).status == 422
        made = client.post(url, json={"title": "a"})
        assert made.json["kind"] == "bug"
        place = made.headers["Location"]
        assert client.patch(place, json=[
            {"op": "replace", "path": "/kind", "value": None}
        ], content_type="application/json-patch+json").status == 422  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_null_in_nested_content_is_stored(kind: str, tmp_path: Path) -> None:
    """New nested objects keep it too, in a new item and in one that changes."""
    with served(kind, tmp_path) as client:
        notes = [{"text": None}, {}]
        made = client.post("/nesting", json={"title": "a", "notes": notes}).json
        assert [each["text"] for each in made["notes"]] == [None, "empty"]
        changed = client.patch("/nesting/1", json={"notes": notes}).json
        assert [each["text"] for each in changed["notes"]] == [None, "empty"]


@pytest.mark.parametrize("kind", STORES)
def test_members_that_only_dumps_add_do_not_stop_a_patch(kind: str, tmp_path: Path) -> None:
    """A client that changes such a member is told; one that leaves it alone is not."""
    json_patch = "application/json-patch+json"
    with served(kind, tmp_path) as client:
        client.post("/tickets", json={"title": "a"})
        assert client.patch("/tickets/1", json={"title": "b"}).json["label"] == "b!"
        operation = {"op": "replace", "path": "/title", "value": "c"}
        changed = client.patch("/tickets/1", json=[operation], content_type=json_patch)
        assert changed.json["label"] == "c!"
        refused = client.patch("/tickets/1", json={"label": "x"})
        assert refused.status == 422
        assert refused.json["errors"][0]["pointer"] == "/label"


@pytest.mark.parametrize("kind", KINDS)
def test_a_mistake_in_onupdate_is_a_500(kind: str, tmp_path: Path) -> None:
    """The value is not one of the request."""
    with served(kind, tmp_path) as client:
        assert client.post("/stamped", json={"title": "a"}).status == 201
        assert client.patch("/stamped/1", json={"title": "b"}).status == 500
