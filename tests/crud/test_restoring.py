"""Who may only read an item does not learn that it was removed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Request
from restkit.crud import AnyOf, CRUDResource, MemoryStore
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "row"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str]
    shared: Mapped[bool] = mapped_column(default=False)
    removed: Mapped[bool] = mapped_column(default=False)


@dataclass
class Item:
    owner: str = ""
    shared: bool = False
    removed: bool = False
    id: int = 0


def _caller(request: Request) -> str:
    return request.headers.get("X-User", "")


@pytest.fixture(params=["memory", *KINDS])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Return a client of rows that everybody reads if they are shared, and their owner writes."""
    app = App("Rows")
    if request.param == "memory":
        store = MemoryStore(Item)
        store.rows(
            Item,
            read=lambda me: AnyOf({"owner": me}, {"shared": True}),
            write=lambda me: {"owner": me},
            caller=_caller,
        )

        class Items(CRUDResource[Item]):
            soft_delete = "removed"

        Items.store = store
        app.add("/rows", Items)
        yield Client(app)
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        database.rows(
            Row,
            read=lambda me: sa.or_(Row.owner == me, Row.shared),
            write=lambda me: Row.owner == me,
            caller=_caller,
        )

        class Rows(CRUDResource[Row]):
            model = Row
            soft_delete = "removed"

        app.install(database)
        app.add("/rows", Rows)
        yield Client(app)
        database.close()


def test_a_removed_item_of_others_is_as_one_that_is_not_there(client: Client) -> None:
    ada, bob = {"X-User": "ada"}, {"X-User": "bob"}
    made = client.post("/rows", json={"owner": "ada", "shared": True}, headers=ada)
    url = made.headers["Location"]
    assert client.get(url, headers=bob).status == 200
    assert client.delete(url, headers=bob).status == 403
    assert client.delete(url, headers=ada).status == 204
    assert client.get(url, headers=bob).status == 404
    removed = client.post(f"{url}/restore", headers=bob)
    missing = client.post("/rows/999/restore", headers=bob)
    assert (removed.status, removed.json) == (missing.status, missing.json)
    assert removed.status == 404
    assert client.post(f"{url}/restore", headers=ada).status == 200
    assert client.get(url, headers=bob).status == 200
