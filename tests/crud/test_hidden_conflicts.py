"""Conflicts with rows that the caller may not see: they are told, and nothing of the row is."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Request
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database
from restkit.testing import Client

SECRET = {"slug": "hidden-key", "name": "hidden-name", "note": "hidden-note"}
ANN, BOB = {"X-User": "ann"}, {"X-User": "bob-the-owner"}


class Base(DeclarativeBase):
    pass


class Page(Base):
    __tablename__ = "page"

    slug: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)
    note: Mapped[str] = mapped_column(sa.String(20), default="")
    owner: Mapped[str | None] = mapped_column(sa.String(20))


@dataclass
class MemoryPage:
    slug: Annotated[str, validate.Length(1, 20)]
    name: Annotated[str, validate.Length(max=20)]
    note: str = ""
    owner: str | None = None


def caller(request: Request) -> str:
    return request.headers.get("X-User", "")


@pytest.fixture(params=("memory", *KINDS))
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    app = App("Pages")
    members = {"upsert": True, "bulk": True}
    owned = {"read": lambda me: {"owner": me}, "set": {"owner": lambda me: me}, "caller": caller}
    if request.param == "memory":
        store: MemoryStore[MemoryPage] = MemoryStore(MemoryPage, key="slug", unique=("name",))
        store.rows(MemoryPage, **owned)
        app.add("/pages", type("Pages", (CRUDResource,), {**members, "store": store}))
        yield Client(app)
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        database.rows(Page, **owned)
        app.install(database)
        app.add("/pages", type("Pages", (CRUDResource,), {**members, "model": Page}))
        yield Client(app)
        database.close()


def test_conflicts_with_hidden_rows_reveal_nothing_of_them(client: Client) -> None:
    """A taken value is a 409 with its pointer, a taken key a 404 under all methods of its URL."""
    assert client.post("/pages", json=SECRET, headers=BOB).status == 201
    mine = {"slug": "mine", "name": "mine"}
    assert client.post("/pages", json=mine, headers=ANN).status == 201
    of_name = {"name": "hidden-name"}
    taken = [
        client.post("/pages", json={**mine, "slug": "other", **of_name}, headers=ANN),
        client.patch("/pages/mine", json=of_name, headers=ANN),
        client.put("/pages/mine", json=of_name, headers=ANN),
    ]
    assert [each.status for each in taken] == [409] * 3
    assert [each.problem["errors"][0]["pointer"] for each in taken] == ["/name"] * 3
    key = client.post("/pages", json={**mine, "slug": "hidden-key", "name": "x"}, headers=ANN)
    assert (key.status, key.problem["errors"][0]["pointer"]) == (409, "/slug")
    url = "/pages/hidden-key"
    gone = [
        client.get(url, headers=ANN),
        client.put(url, json={"name": "x"}, headers=ANN),
        client.put(url, json={"name": "x"}, headers={**ANN, "If-None-Match": "*"}),
        client.patch(url, json={"name": "x"}, headers=ANN),
        client.delete(url, headers=ANN),
    ]
    assert [each.status for each in gone] == [404] * 5
    for each in (*taken, key, *gone):
        assert "Location" not in each.headers
        assert "ETag" not in each.headers
        assert "hidden-n" not in each.text
        assert "bob" not in each.text
    assert client.get(url, headers=BOB).json["name"] == "hidden-name"
