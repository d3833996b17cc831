"""Problems of collections that only some requests meet: they are documented all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Request, TooManyRequests, raises
from restkit.crud import CRUDResource, ListQuery, MemoryStore, Page
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Label(Base):
    __tablename__ = "label"

    slug: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(20), default="me")
    text: Mapped[str] = mapped_column(sa.String(20))


@dataclass
class MemoryLabel:
    slug: Annotated[str, validate.Length(1, 20)]
    text: Annotated[str, validate.Length(max=20)]
    owner: Annotated[str, validate.Length(max=20)] = "me"


def user(request: Request) -> str:
    return str(request.headers.get("X-User", ""))


class Labels(CRUDResource[Any]):
    """Labels whose list may be refused."""

    upsert = True
    filters = ("text",)
    by_filter = ("PATCH", "DELETE")

    def scope(self) -> Any:
        return {"owner": user(self.request)}

    @raises(TooManyRequests)
    def list(self, query: ListQuery) -> Page[Any]:
        """List the labels, unless the caller asks too often."""
        if user(self.request) == "busy":
            raise TooManyRequests
        return super().list(query)


@pytest.fixture(params=["memory", *KINDS])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    app = App("Labels")
    if request.param == "memory":
        store: Any = MemoryStore(MemoryLabel, key="slug")
        app.add("/labels", type("Labels", (Labels,), {"store": store}))
        yield Client(app)
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        app.add("/labels", type("Labels", (Labels,), {"model": Label}))
        yield Client(app)
        database.close()


def test_an_upsert_of_an_item_that_is_hidden(client: Client) -> None:
    """It cannot be created and is not there: a documented 404, which says nothing of the item."""
    one, two = {"X-User": "one"}, {"X-User": "two"}
    assert client.put("/labels/a", json={"text": "x"}, headers=one).status == 201
    refused = client.put("/labels/a", json={"text": "y"}, headers=two)
    assert refused.status == 404
    assert refused.text == client.get("/labels/b", headers=two).text
    assert client.get("/labels/a", headers=one).json["text"] == "x"
    operations = client.get("/openapi.json").json["paths"]["/labels/{slug}"]
    assert "404" in operations["put"]["responses"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_requests_by_filter_have_the_problems_of_the_list(client: Client, method: str) -> None:
    """They select items by an overridden ``list``, whose problems are theirs."""
    sent: dict[str, Any] = {"json": {"text": "y"}} if method == "PATCH" else {}
    refused = client.request(method, "/labels?text=x", headers={"X-User": "busy"}, **sent)
    assert refused.status == 429
    operations = client.get("/openapi.json").json["paths"]["/labels"]
    assert "429" in operations[method.lower()]["responses"]
