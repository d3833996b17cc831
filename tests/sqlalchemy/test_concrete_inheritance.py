"""Models with concrete inheritance, abstract bases, and bases without a discriminator."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.ext.declarative import AbstractConcreteBase, ConcreteBase
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Person(ConcreteBase, Base):
    """Has a table of its own, and so has its subclass; both count their keys."""

    __tablename__ = "person"
    __mapper_args__ = {"polymorphic_identity": "person", "concrete": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Manager(Person):
    __tablename__ = "manager"
    __mapper_args__ = {"polymorphic_identity": "manager", "concrete": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    level: Mapped[int]


class Thing(ConcreteBase, Base):
    """Has keys that are unique in all tables."""

    __tablename__ = "thing"
    __mapper_args__ = {"polymorphic_identity": "thing", "concrete": True}

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(sa.String(20))


class Tool(Thing):
    __tablename__ = "tool"
    __mapper_args__ = {"polymorphic_identity": "tool", "concrete": True}

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(sa.String(20))
    level: Mapped[int]


class Employee(AbstractConcreteBase, Base):
    strict_attrs = True


class Engineer(Employee):
    __tablename__ = "engineer"
    __mapper_args__ = {"polymorphic_identity": "engineer", "concrete": True}

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    level: Mapped[int]


class Abstract(Base):
    __abstract__ = True

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Real(Abstract):
    __tablename__ = "real"

    level: Mapped[int]


class Plain(Base):
    """Has no discriminator, so that its rows are what they are read as."""

    __tablename__ = "plain"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Extended(Plain):
    __tablename__ = "extended"

    id: Mapped[int] = mapped_column(sa.ForeignKey("plain.id"), primary_key=True)
    level: Mapped[int]


@contextmanager
def _served(kind: str, folder: Path, **models: type) -> Generator[Client]:
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Inheritance", contract="raise")
        app.install(database)
        for name, model in models.items():
            members: dict[str, Any] = {"model": model, "filters": ("name",), "sorts": ("name",)}
            app.add(f"/{name}", type(name.title(), (CRUDResource,), members))
        yield Client(app)


@pytest.mark.parametrize("model", [Manager, Engineer, Real, Extended])
@pytest.mark.parametrize("kind", KINDS)
def test_collections_of_subclasses(kind: str, model: type, tmp_path: Path) -> None:
    """Every verb works, and content has the columns of the class alone."""
    with _served(kind, tmp_path, items=model) as client:
        made = client.post("/items", json={"name": "a", "level": 1})
        assert made.status == 201
        assert made.json == {"id": 1, "name": "a", "level": 1}
        assert client.patch("/items/1", json={"level": 2}).json["level"] == 2
        assert client.get("/items?name=a&sort=-name").json["items"] == [client.get("/items/1").json]
        assert client.delete("/items/1").status == 204
        assert client.get("/items").json["items"] == []


def test_a_collection_over_several_tables(tmp_path: Path) -> None:
    """Keys that are unique in all tables make the base a collection of its kinds."""
    with _served("sqlite", tmp_path, things=Thing) as client:
        tool = client.post("/things", json={"type": "tool", "name": "b", "level": 1})
        thing = client.post("/things", json={"type": "thing", "name": "a"})
        assert (tool.status, thing.status) == (201, 201)
        url = tool.headers["Location"]
        assert client.get("/things?sort=name").json["items"] == [thing.json, tool.json]
        assert client.get("/things?name=b").json["items"] == [tool.json]
        assert client.patch(url, json={"level": 4}).json == {**tool.json, "level": 4}
        assert client.get(url).json["level"] == 4
        assert client.put(url, json={"type": "thing", "name": "x"}).status == 422
        assert client.delete(url).status == 204
        assert client.get(url).status == 404
        assert client.get("/things", headers={"Prefer": "count=exact"}).json["total"] == 1


@pytest.mark.parametrize("kind", KINDS[1:])
def test_several_tables_can_only_be_read_where_rows_are_locked(kind: str, tmp_path: Path) -> None:
    """PostgreSQL cannot lock a row of a UNION; each table has a collection for writes."""
    message = r"Thing are in several tables .*PostgreSQL cannot lock.*methods = \{\"GET\"\}"
    with pytest.raises(DeclarationError, match=message), _served(kind, tmp_path, things=Thing):
        pass
    read_only = {"model": Thing, "methods": {"GET"}, "sorts": ("name",)}
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Inheritance", contract="raise")
        app.install(database)
        app.add("/things", type("Things", (CRUDResource,), read_only))
        app.add("/tools", type("Tools", (CRUDResource,), {"model": Tool}))
        client = Client(app)
        made = client.post("/tools", json={"name": "a", "level": 1}).json
        assert client.patch(f"/tools/{made['id']}", json={"level": 2}).status == 200
        (item,) = client.get("/things").json["items"]
        assert item == {**made, "level": 2, "type": "tool"}
        assert client.get(f"/things/{made['id']}").json == item


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Person, r"rows of Person are in several tables .* Person.id does not name one row"),
        (Employee, "Employee has no table|rows of Employee are in several tables"),
        (Abstract, "Abstract has no table: it is abstract"),
    ],
)
def test_bases_that_cannot_be_a_collection_are_refused(
    model: type, message: str, tmp_path: Path
) -> None:
    """One sentence says why."""
    with pytest.raises(DeclarationError, match=message), _served("sqlite", tmp_path, items=model):
        pass


def test_rows_without_a_discriminator_are_of_the_class_that_is_read(tmp_path: Path) -> None:
    """A row of the subclass is in the collection of the base, as an item of the base."""
    with _served("sqlite", tmp_path, plain=Plain, extended=Extended) as client:
        client.post("/extended", json={"name": "a", "level": 1})
        client.post("/plain", json={"name": "b"})
        items = client.get("/plain").json["items"]
        assert items == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]
        assert len(client.get("/extended").json["items"]) == 1
