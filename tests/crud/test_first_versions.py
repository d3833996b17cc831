"""The versions of new items: short, and never those of a deleted item with the same key."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Versioned, Base):
    __tablename__ = "note"

    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    text: Mapped[str] = mapped_column(String(20))


@dataclasses.dataclass
class Card:
    slug: str
    text: str


def _served(store: Any, model: type) -> Client:
    app = App("Notes")
    app.install(store)
    members = {"model": model, "upsert": True, "bulk": True, "bulk_upsert": "slug"}
    app.add("/notes", type("Notes", (CRUDResource,), members))
    return Client(app)


@pytest.fixture(params=["memory", *KINDS])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Serve notes whose clients choose the keys."""
    if request.param == "memory":
        yield _served(MemoryStore(Card, key="slug"), Card)
        return
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        yield _served(database, Note)


def _number(client: Client, slug: str) -> int:
    return int(client.get(f"/notes/{slug}").headers["ETag"].strip('"'))


def test_new_items_have_versions_of_at_most_ten_digits(client: Client) -> None:
    """Whatever creates them: POST, PUT, a bulk request or a bulk upsert."""
    client.post("/notes", json={"slug": "post", "text": "a"})
    client.put("/notes/put", json={"text": "a"})
    body = {
        "create": [{"slug": "create", "text": "a"}],
        "upsert": [{"slug": "upsert", "text": "a"}],
    }
    assert client.post("/notes/bulk", json=body).status == 200
    first = {slug: _number(client, slug) for slug in ("post", "put", "create", "upsert")}
    assert len(set(first.values())) == 4
    assert all(0 < number <= 2**30 for number in first.values())
    client.patch("/notes/post", json={"text": "b"})
    assert _number(client, "post") == first["post"] + 1


@pytest.mark.parametrize("again", ["post", "put", "create", "upsert"])
def test_an_old_tag_does_not_hold_for_an_item_that_is_created_again(
    client: Client, again: str
) -> None:
    """A client that has read the deleted item cannot overwrite the new one, nor gets a 304."""
    body = {"slug": "a", "text": "x"}
    old = client.post("/notes", json=body).headers["ETag"]
    assert client.delete("/notes/a").status == 204
    if again == "put":
        assert client.put("/notes/a", json=body).status == 201
    elif again == "post":
        assert client.post("/notes", json=body).status == 201
    else:
        assert client.post("/notes/bulk", json={again: [body]}).status == 200
    assert client.put("/notes/a", json=body, headers={"If-Match": old}).status == 412
    assert client.patch("/notes/a", json={"text": "y"}, headers={"If-Match": old}).status == 412
    assert client.delete("/notes/a", headers={"If-Match": old}).status == 412
    assert client.get("/notes/a", headers={"If-None-Match": old}).status == 200
