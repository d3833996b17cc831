"""Constraint violations point to the attribute, however its column is called and where it lies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column("user_id", primary_key=True)
    email: Mapped[str] = mapped_column("email_address", sa.String(50), unique=True)
    first: Mapped[str | None] = mapped_column("first name", sa.String(9))
    last: Mapped[str | None] = mapped_column("last-name", sa.String(9))
    boss: Mapped[int | None] = mapped_column("boss_id", sa.ForeignKey("users.user_id"))

    __table_args__ = (sa.UniqueConstraint("first name", "last-name"),)


class Node(Base):
    __tablename__ = "node"

    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("node.id"))
    parent: Mapped[Node | None] = relationship("Node", remote_side=lambda: Node.id)


class Person(Base):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(9), default="person")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}


class Worker(Person):
    """A person whose table refers to that of its parent, and to one more."""

    __tablename__ = "worker"

    id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    node_id: Mapped[int] = mapped_column(sa.ForeignKey("node.id"))
    __mapper_args__ = {"polymorphic_identity": "worker"}


class Profile(Base):
    """A row whose key is its only reference."""

    __tablename__ = "profile"

    id: Mapped[int] = mapped_column(sa.ForeignKey("node.id"), primary_key=True)


class Workers(CRUDResource[Worker]):
    model = Worker


class ProfileSchema(Schema):
    id = fields.Int(required=True, validate=validate.Range(1, 99))


class Profiles(CRUDResource[Profile]):
    model = Profile
    schema = ProfileSchema


class Users(CRUDResource[User]):
    model = User


class Nodes(CRUDResource[Node]):
    model = Node


class Noted(CRUDResource[Node]):
    """Nodes whose removal is an action of their own, with an object of the ORM."""

    model = Node

    def delete(self, item: Node) -> None:
        """Remove a node."""
        super().delete(item)


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    """Return a client of both collections."""
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Users", contract="raise")
        app.install(database)
        app.add("/users", Users)
        app.add("/nodes", Nodes)
        app.add("/noted", Noted)
        app.add("/workers", Workers)
        app.add("/profiles", Profiles)
        yield Client(app)


def test_a_renamed_column_is_pointed_to_by_its_attribute(client: Client) -> None:
    """A taken value and a missing target name the member of the body, not the column."""
    assert client.post("/users", json={"email": "a"}).status == 201
    taken = client.post("/users", json={"email": "a"})
    assert taken.status == 409
    assert [each["pointer"] for each in taken.problem["errors"]] == ["/email"]
    nobody = client.post("/users", json={"email": "b", "boss": 99})
    assert nobody.status == 409
    assert [each["pointer"] for each in nobody.problem["errors"]] == ["/boss"]
    assert client.patch("/users/1", json={"boss": 99}).problem["errors"][0]["pointer"] == "/boss"


def test_a_reference_beside_an_inherited_key_is_pointed_to(client: Client) -> None:
    """The key of a subclass refers to its parent's row, which is never what is missing."""
    nobody = client.post("/workers", json={"node_id": 99})
    assert [each["pointer"] for each in nobody.problem["errors"]] == ["/node_id"]


def test_a_key_that_is_the_only_reference_is_pointed_to(client: Client) -> None:
    """A missing row is that of the key."""
    nobody = client.post("/profiles", json={"id": 99})
    assert [each["pointer"] for each in nobody.problem["errors"]] == ["/id"]


def test_each_attribute_of_a_constraint_is_pointed_to(client: Client) -> None:
    """A constraint of several renamed columns points to all of their members."""
    name = {"first": "A", "last": "B"}
    assert client.post("/users", json={"email": "a", **name}).status == 201
    taken = client.post("/users", json={"email": "b", **name})
    assert taken.status == 409
    assert [each["pointer"] for each in taken.problem["errors"]] == ["/first", "/last"]


def test_a_row_that_refers_to_itself_is_no_error_of_the_server(client: Client) -> None:
    """Such a row is removed; where SQLAlchemy orders the statements, after its reference only."""
    for url, removed in (("/nodes", 204), ("/noted", 409)):
        item = client.post(url, json={}).headers["Location"]
        key = client.get(item).json["id"]
        assert client.patch(item, json={"parent_id": key}).status == 200
        assert client.delete(item).status == removed
        if removed == 409:
            assert client.get(item).json == {"id": key, "parent_id": key}
            assert client.patch(item, json={"parent_id": None}).status == 200
            assert client.delete(item).status == 204
        assert client.get(item).status == 404


def test_rows_that_refer_to_each_other_stay(client: Client) -> None:
    """A row that another one refers to is a 409, also where it refers back."""
    assert client.post("/nodes", json={}).status == 201
    assert client.post("/nodes", json={"parent_id": 1}).status == 201
    assert client.patch("/nodes/1", json={"parent_id": 2}).status == 200
    assert client.delete("/nodes/1").status == 409
    assert len(client.get("/nodes").json["items"]) == 2
