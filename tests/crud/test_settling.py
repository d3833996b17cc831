"""Actions that set attributes after the store's part: the response is what a GET returns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Topic(Base):
    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)


class _Columns:
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    slug: Mapped[str] = mapped_column(sa.String(20), default="")
    changed: Mapped[int] = mapped_column(default=0, onupdate=7, info={"generated": True})


class Plain(_Columns, Base):
    __tablename__ = "plain"


class Counted(Versioned, _Columns, Base):
    __tablename__ = "counted"


class Related(_Columns, Base):
    __tablename__ = "related"

    topic_id: Mapped[int | None] = mapped_column(sa.ForeignKey("topic.id"))
    topic: Mapped[Topic | None] = relationship()


class Animal(_Columns, Base):
    __tablename__ = "animal"
    __mapper_args__ = {"polymorphic_on": "kind"}

    kind: Mapped[str] = mapped_column(sa.String(9))


class Cat(Animal):
    __tablename__ = "cat"
    __mapper_args__ = {"polymorphic_identity": "cat"}

    id: Mapped[int] = mapped_column(sa.ForeignKey("animal.id"), primary_key=True)
    lives: Mapped[int] = mapped_column(default=9)


@dataclass
class Note:
    name: str
    slug: str = ""
    id: int = 0


class Setting(CRUDResource[Any]):
    """Sets an attribute in each action that writes, after the store has written the item."""

    bulk = True
    upsert = False

    def create(self, item: Any) -> Any:
        made = super().create(item)
        made.slug = f"new {made.name}"
        return made

    def replace(self, item: Any, values: Mapping[str, object]) -> Any:
        replaced = super().replace(item, values)
        replaced.slug = f"put {replaced.name}"
        return replaced

    def update(self, item: Any, values: Mapping[str, object]) -> Any:
        updated = super().update(item, values)
        updated.slug = f"changed {updated.name}"
        if "lives" in vars(type(updated)):
            updated.lives -= 1
        return updated


@contextmanager
def served(kind: str, folder: Path, model: type, **members: Any) -> Iterator[Client]:
    if model is Note:
        app = App("Notes", contract="raise")
        app.add("/items", type("Notes", (Setting,), {"store": MemoryStore(Note), **members}))
        yield Client(app)
        return
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Items", contract="raise")
        app.install(database)
        app.add("/items", type(f"{model.__name__}s", (Setting,), {"model": model, **members}))
        app.add("/topics", type("Topics", (CRUDResource,), {"model": Topic}))
        yield Client(app)


def check_same(client: Client, write: Any, url: str = "/items/1") -> None:
    """Compare a response with that of GET, and use its ETag."""
    read = client.get(url)
    assert write.json == read.json
    assert write.headers["ETag"] == read.headers["ETag"]


CASES = [pytest.param("sqlite", Note, id="memory")]
for each in (Plain, Counted, Related, Animal):
    CASES += [
        pytest.param("sqlite", each, id=f"sqlite-{each.__name__}"),
        pytest.param("postgresql", each, id=f"postgresql-{each.__name__}", marks=KINDS[1].marks),
    ]


@pytest.mark.parametrize(("kind", "model"), CASES)
def test_a_write_is_answered_as_it_is_read(kind: str, model: type, tmp_path: Path) -> None:
    """What the action has set is stored and answered, and the ETag of each response is current."""
    more = {"kind": "cat"} if model is Animal else {}
    with served(kind, tmp_path, model) as client:
        made = client.post("/items", json={"name": "a", **more})
        assert made.json["slug"] == "new a"
        check_same(client, made)
        headers = {"If-Match": made.headers["ETag"]}
        patched = client.patch("/items/1", json={"name": "b"}, headers=headers)
        assert patched.json["slug"] == "changed b"
        check_same(client, patched)
        headers = {"If-Match": patched.headers["ETag"]}
        put = client.put("/items/1", json={"name": "c", **more}, headers=headers)
        assert put.json["slug"] == "put c"
        check_same(client, put)
        assert client.put("/items/1", json={"name": "d", **more}, headers=headers).status == 412
        headers = {"If-Match": put.headers["ETag"]}
        assert client.delete("/items/1", headers=headers).status == 204


@pytest.mark.parametrize(("kind", "model"), CASES)
def test_a_bulk_request_stores_what_its_actions_set(kind: str, model: type, tmp_path: Path) -> None:
    more = {"kind": "cat"} if model is Animal else {}
    with served(kind, tmp_path, model) as client:
        done = client.post("/items/bulk", json={"create": [{"name": "a", **more}]})
        assert done.json["created"] == [client.get("/items/1").json]
        done = client.post("/items/bulk", json={"update": [{"id": 1, "name": "b"}]})
        assert done.json["updated"] == [client.get("/items/1").json]
        assert done.json["updated"][0]["slug"] == "changed b"


@pytest.mark.parametrize("kind", KINDS)
def test_a_reference_that_an_action_sets_is_checked_and_shown(kind: str, tmp_path: Path) -> None:
    """A conflict of it is that of the write, and its related row is the new one."""

    def create(self: Any, item: Any) -> Any:
        made = super(Setting, self).create(item)
        made.topic_id = 1
        return made

    members = {"create": create, "expand": ("topic",)}
    with served(kind, tmp_path, Related, **members) as client:
        assert client.post("/items", json={"name": "a"}).status == 409
        client.post("/topics", json={"name": "t"})
        made = client.post("/items", json={"name": "a"})
        assert made.json["topic_id"] == 1
        shown = client.get(f"{made.headers['Location']}?expand=topic").json
        assert shown["topic"] == {"id": 1, "name": "t"}
