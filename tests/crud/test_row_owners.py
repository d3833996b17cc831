"""Row rules by the attribute that has the id of a row's owner."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

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


@dataclass
class MemoryNote:
    text: str
    owner: str = ""
    id: int = 0


@dataclass
class User:
    id: str | None


def who(request: Request) -> object:
    """Return the caller in one of the forms that schemes return."""
    form, _, name = request.headers.get("X-User", "").partition(" ")
    found: dict[str, object] = {"text": name, "claims": {"sub": name}, "user": User(name)}
    return {**found, "nobody": User(None)}.get(form)


RULE: dict[str, Any] = {"write": "owner", "set": "owner", "caller": who}


@pytest.fixture(params=("memory", *KINDS))
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    """Yield a client: everybody reads all notes, and only their owner writes them."""
    app = App("Notes")
    if request.param == "memory":
        notes: MemoryStore[MemoryNote] = MemoryStore(MemoryNote)
        notes.rows(MemoryNote, **RULE)
        app.install(notes)
        app.add("/notes", type("Notes", (CRUDResource,), {"model": MemoryNote}))
        yield Client(app)
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        database.rows(Note, **RULE)
        app.install(database)
        app.add("/notes", type("Notes", (CRUDResource,), {"model": Note}))
        yield Client(app)
        database.close()


@pytest.mark.parametrize("form", ["text", "claims", "user"])
def test_rows_belong_to_their_owner(client: Client, form: str) -> None:
    ann, bob = {"X-User": f"{form} ann"}, {"X-User": f"{form} bob"}
    made = client.post("/notes", json={"text": "mine"}, headers=ann)
    assert made.json["owner"] == "ann"
    url = made.headers["Location"]
    assert client.get(url, headers=bob).status == 200
    assert client.patch(url, json={"text": "his"}, headers=bob).status == 403
    assert client.delete(url, headers=bob).status == 403
    assert client.delete(url, headers={}).status == 403, "nobody is logged in"
    assert client.patch(url, json={"text": "hers"}, headers=ann).status == 200
    assert client.post("/notes", json={"text": "x", "owner": "ann"}, headers=bob).status == 422


def test_a_caller_without_an_id(client: Client) -> None:
    """It is a mistake of the program, which the message names."""
    with pytest.raises(DeclarationError, match="of type User, has none"):
        client.post("/notes", json={"text": "x"}, headers={"X-User": "nobody"})


def test_unknown_attributes() -> None:
    database = Database("sqlite://")
    with pytest.raises(DeclarationError, match="'ownr'"):
        database.rows(Note, read="ownr")
    with pytest.raises(DeclarationError, match="'ownr'"):
        MemoryStore(MemoryNote).rows(MemoryNote, write="ownr")
