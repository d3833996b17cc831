"""Members of relations at URLs of their own, in memory, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore, Related
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, UTCDateTime, Versioned
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


ticket_tag = sa.Table(
    "ticket_tag",
    Base.metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime())


class Ticket(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    owner: Mapped[str | None] = mapped_column(sa.String(20))
    tags: Mapped[list[Tag]] = relationship(secondary=ticket_tag)


@dataclass
class MemoryTag:
    name: str
    removed_at: dt.datetime | None = None
    id: int = 0


@dataclass
class MemoryTicket:
    title: str
    owner: str | None = None
    tags: list[int] = field(default_factory=list)
    id: int = 0


def resources(ticket: type, tag: type) -> tuple[type[CRUDResource[Any]], ...]:
    """Return the collections of tickets, of those of one owner, and of tags."""

    class Tags(CRUDResource[Any]):
        model = tag
        filters = ("name", "name__contains")
        sorts = ("name",)
        soft_delete = "removed_at"
        page_size = 2

    class Tickets(CRUDResource[Any]):
        model = ticket
        relations = {"tags": Related("name", max_length=4)}
        members = {"tags": Tags}

    class OwnTickets(Tickets):
        members = ("tags",)

        def scope(self) -> dict[str, str]:
            return {"owner": self.request.headers.get("X-User", "")}

    return Tickets, OwnTickets, Tags


@pytest.fixture(params=("memory", *KINDS))
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    app = App("Tickets")
    if request.param == "memory":
        tags: MemoryStore[MemoryTag] = MemoryStore(MemoryTag, unique=("name",))
        app.install(tags)
        app.install(MemoryStore(MemoryTicket, references={"tags": tags}))
        yield filled(app, MemoryTicket, MemoryTag)
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        yield filled(app, Ticket, Tag)
        database.close()


def filled(app: App, ticket: type, tag: type) -> Client:
    tickets, own, tags = resources(ticket, tag)
    app.add("/tickets", tickets)
    app.add("/own", own)
    app.add("/tags", tags)
    client = Client(app)
    for name in ("api", "ui", "urgent", "late", "done"):
        assert client.post("/tags", json={"name": name}).status == 201
    assert client.post("/tickets", json={"title": "a", "tags": ["urgent"]}).status == 201
    return client


def names(response: Any) -> list[str]:
    return [each["name"] for each in response.json["items"]]


def test_members_are_added_removed_and_listed(client: Client) -> None:
    """To add a member twice is no error, to remove it twice is a 404; lists are pages."""
    assert client.put("/tickets/1/tags/1").status == 204
    assert client.put("/tickets/1/tags/1").status == 204
    assert client.put("/tickets/1/tags/2").status == 204
    assert client.get("/tickets/1").json["tags"] == ["api", "ui", "urgent"]
    page = client.get("/tickets/1/tags?sort=-name")
    assert names(page) == ["urgent", "ui"]
    assert names(client.get(page.json["next"])) == ["api"]
    assert names(client.get("/tickets/1/tags?name__contains=u")) == ["ui", "urgent"]
    counted = client.get("/tickets/1/tags?name=late", headers={"Prefer": "count=exact"})
    assert (counted.json["items"], counted.json["total"]) == ([], 0)
    assert client.delete("/tickets/1/tags/1").status == 204
    assert client.delete("/tickets/1/tags/1").status == 404
    assert client.get("/tickets/1").json["tags"] == ["ui", "urgent"]


def test_what_does_not_exist_is_a_404(client: Client) -> None:
    """An item or member that is missing or removed is a 404, and a full list a 409."""
    for method in ("put", "delete"):
        assert getattr(client, method)("/tickets/9/tags/1").status == 404
        assert getattr(client, method)("/tickets/1/tags/9").status == 404
    assert client.get("/tickets/9/tags").status == 404
    client.delete("/tags/3")
    assert client.get("/tickets/1/tags").json["items"] == []
    assert client.put("/tickets/1/tags/3").status == 404
    assert client.delete("/tickets/1/tags/3").status == 404
    client.post("/tags/3/restore")
    assert names(client.get("/tickets/1/tags")) == ["urgent"]
    assert [client.put(f"/tickets/1/tags/{key}").status for key in (1, 2, 4, 5)] == [
        *(204, 204, 204),
        409,
    ]


def test_the_scope_of_the_item_holds(client: Client) -> None:
    """Members of an item that the caller may not see are a 404 under every method."""
    made = client.post("/own", json={"title": "b", "tags": ["ui"]}, headers={"X-User": "ann"})
    url = f"{made.headers['Location']}/tags"
    ann, bob = {"X-User": "ann"}, {"X-User": "bob"}
    assert names(client.get(url, headers=ann)) == ["ui"]
    assert client.get(url, headers=bob).status == 404
    assert client.put(f"{url}/1", headers=bob).status == 404
    assert client.delete(f"{url}/2", headers=bob).status == 404
    assert client.put(f"{url}/1", headers=ann).status == 204
    assert names(client.get(url, headers=ann)) == ["api", "ui"]


def test_preconditions_are_those_of_the_item(client: Client) -> None:
    """If-Match has the entity tag of the item, which a member changes."""
    tag = {"If-Match": client.get("/tickets/1").headers["ETag"]}
    added = client.put("/tickets/1/tags/1", headers=tag)
    assert (added.status, "ETag" in added.headers) == (204, False)
    assert client.put("/tickets/1/tags/2", headers=tag).status == 412
    assert client.delete("/tickets/1/tags/1", headers=tag).status == 412
    assert client.get("/tickets/1").json["tags"] == ["api", "urgent"]


def test_members_at_once(client: Client) -> None:
    """Of several requests at once none is lost, and a removed member is a 404."""
    barrier = Barrier(6)

    def ask(method: str, url: str) -> int:
        barrier.wait(timeout=30)
        return int(getattr(client, method)(url).status)

    asked = [("put", "/tickets/1/tags/1"), ("put", "/tickets/1/tags/1")]
    asked += [("put", "/tickets/1/tags/2"), ("put", "/tickets/1/tags/2")]
    asked += [("put", "/tickets/1/tags/4"), ("delete", "/tags/4")]
    with ThreadPoolExecutor(6) as threads:
        done = list(threads.map(ask, *zip(*asked, strict=True)))
    assert done[:4] == [204] * 4
    assert done[4] in (204, 404)
    assert done[5] == 204
    assert client.get("/tickets/1").json["tags"] == ["api", "ui", "urgent"]


def test_the_document_has_the_operations(client: Client) -> None:
    """Each has an operationId, and the problems that it may answer."""
    paths = client.get("/openapi.json").json["paths"]
    one = paths["/tickets/{id}/tags/{tag_id}"]
    assert one["put"]["operationId"] == "addTicketTag"
    assert one["delete"]["operationId"] == "removeTicketTag"
    assert {"204", "404", "409", "412"} <= one["put"]["responses"].keys()
    listed = paths["/tickets/{id}/tags"]["get"]
    assert listed["operationId"] == "listTicketTags"
    assert "404" in listed["responses"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ("tags", "Give the names of relations"),
        (("nothing",), "has no relation 'nothing'"),
        ({"tags": "Tags"}, "Give the names of relations"),
    ],
)
def test_members_that_cannot_be_meant_are_refused(members: object, message: str) -> None:
    """What is no relation to many is said at start-up."""
    app = App("Tickets")
    app.install(Database("sqlite://"))
    declared = type("Tickets", (CRUDResource,), {"model": Ticket, "members": members})
    with pytest.raises(DeclarationError, match=message):
        app.add("/tickets", declared)
