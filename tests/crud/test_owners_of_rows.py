"""Row rules by ``owner``: rows of the caller, and further ones that ``read`` and ``write`` name."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, DeclarationError, Request
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(9))
    text: Mapped[str] = mapped_column(sa.String(40))
    shared: Mapped[bool] = mapped_column(default=False)
    editor: Mapped[str | None] = mapped_column(sa.String(9))


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(9))
    text: Mapped[str] = mapped_column(sa.String(40))
    note_id: Mapped[int] = mapped_column(sa.ForeignKey("note.id"))
    note: Mapped[Note] = relationship()


@dataclass
class MemoryNote:
    text: str
    shared: bool = False
    editor: str | None = None
    owner: str = ""
    id: int = 0


@dataclass
class User:
    id: str


def who(request: Request) -> User | None:
    name = request.headers.get("X-User")
    return User(name) if name else None


NOTES: dict[str, Any] = {
    "owner": "owner",
    "read": lambda me: {"shared": True},
    "write": "editor",
    "caller": who,
}


def collection(model: type) -> type[CRUDResource[Any]]:
    return type(f"{model.__name__}s", (CRUDResource,), {"model": model, "bulk": True})


@pytest.fixture(params=("memory", *KINDS))
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    """Yield a client of notes that ann has written; the third one has an editor, bob."""
    app = App("Notes")
    if request.param == "memory":
        notes: MemoryStore[MemoryNote] = MemoryStore(MemoryNote)
        notes.rows(MemoryNote, **NOTES)
        app.install(notes)
        app.add("/notes", collection(MemoryNote), name="Notes")
        yield filled(Client(app))
        return
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        database.rows(Note, **NOTES)
        database.rows(Comment, owner="owner", read="note.owner", caller=who)
        app.install(database)
        app.add("/notes", collection(Note), name="Notes")
        app.add("/comments", collection(Comment))
        with app:
            yield filled(Client(app))


ANN, BOB = {"X-User": "ann"}, {"X-User": "bob"}


def filled(client: Client) -> Client:
    for note in (
        {"text": "private"},
        {"text": "shared", "shared": True},
        {"text": "edited", "shared": True, "editor": "bob"},
    ):
        made = client.post("/notes", json=note, headers=ANN)
        assert made.status == 201
        assert made.json["owner"] == "ann"
    return client


def texts(client: Client, url: str, headers: dict[str, str]) -> list[str]:
    return sorted(each["text"] for each in client.get(url, headers=headers).json["items"])


def test_owners_read_and_write(client: Client) -> None:
    assert texts(client, "/notes", ANN) == ["edited", "private", "shared"]
    assert client.patch("/notes/1", json={"text": "x"}, headers=ANN).status == 200
    assert client.delete("/notes/1", headers=ANN).status == 204


def test_others_read_what_read_names(client: Client) -> None:
    assert texts(client, "/notes", BOB) == ["edited", "shared"]
    assert client.get("/notes/1", headers=BOB).status == 404
    assert client.patch("/notes/2", json={"text": "x"}, headers=BOB).status == 403
    assert client.delete("/notes/2", headers=BOB).status == 403
    assert client.post("/notes/bulk", json={"delete": [2]}, headers=BOB).status in (403, 409)


def test_others_write_what_write_names(client: Client) -> None:
    assert client.patch("/notes/3", json={"text": "x"}, headers=BOB).status == 200
    assert client.patch("/notes/3", json={"editor": None}, headers=BOB).status == 403
    assert client.get("/notes/3", headers=BOB).json["text"] == "x"


def test_nobody_chooses_another_owner(client: Client) -> None:
    assert client.post("/notes", json={"text": "x", "owner": "ann"}, headers=BOB).status == 422
    assert client.patch("/notes/1", json={"owner": "bob"}, headers=ANN).status in (403, 422)
    own = client.post("/notes", json={"text": "x"}, headers=BOB).json
    assert own["owner"] == "bob"
    assert client.get(f"/notes/{own['id']}", headers=ANN).status == 404


def test_callers_who_are_not_logged_in(client: Client) -> None:
    """Nobody owns rows that have no caller, and ``read`` holds for everybody."""
    assert texts(client, "/notes", {}) == ["edited", "shared"]
    assert client.patch("/notes/2", json={"text": "x"}).status == 403
    assert client.delete("/notes/3").status == 403


@pytest.mark.parametrize("client", KINDS, indirect=True)
def test_the_owner_of_a_related_row_reads(client: Client) -> None:
    """``read="note.owner"`` shows a comment to whoever owns its note."""
    comment = {"text": "hm", "note_id": 2}
    assert client.post("/comments", json=comment, headers=BOB).status == 201
    assert client.post("/comments", json={**comment, "text": "ok"}, headers=ANN).status == 201
    assert texts(client, "/comments", ANN) == ["hm", "ok"]
    assert texts(client, "/comments", BOB) == ["hm"]
    assert texts(client, "/comments", {"X-User": "eve"}) == []
    assert client.patch("/comments/1", json={"text": "x"}, headers=ANN).status == 403


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"owner": "writer"}, r"rows\(Note, ...\) names 'writer', which the model lacks"),
        ({"owner": "note.owner"}, "owner must be the name of an attribute of the model, got 'not"),
        ({"owner": lambda me: me}, "owner must be the name of an attribute of the model, got <"),
        ({"owner": ""}, "owner must be the name of an attribute of the model, got ''"),
        ({"owner": "owner", "set": "owner"}, "owner sets 'owner', and so does set. Remove it"),
        ({"owner": "owner", "read": lambda: True}, "cannot be called as a function of"),
        ({"read": "owner.name"}, "names 'owner.name', which the model lacks"),
        ({"read": "note.owner"}, "names 'note.owner', which the model lacks"),
    ],
)
def test_mistakes(rule: Any, says: str) -> None:
    with pytest.raises(DeclarationError, match=says):
        Database("sqlite://").rows(Note, **rule)


def test_unknown_attributes_of_related_rows() -> None:
    with pytest.raises(DeclarationError, match=r"names 'note.writer', which the model lacks"):
        Database("sqlite://").rows(Comment, read="note.writer")


def test_an_unknown_owner_in_memory() -> None:
    with pytest.raises(DeclarationError, match="MemoryNote has no attribute 'writer'"):
        MemoryStore(MemoryNote).rows(MemoryNote, owner="writer")


def test_a_rule_that_forgets_to_return(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/x.db", create=Base.metadata)
    database.rows(Note, owner="owner", read=lambda me: None, caller=who)
    database.rows(Comment, owner="owner", caller=who)
    app = App("Notes")
    app.install(database)
    app.add("/notes", collection(Note), name="Notes")
    with app, pytest.raises(DeclarationError, match=r"returned None. Return a condition"):
        Client(app).get("/notes", headers=ANN)
