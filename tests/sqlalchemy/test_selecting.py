"""Selecting: what is loaded along with the items, by kind of relation and not by item."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

INT4 = validate.Range(-(2**31), 2**31 - 1)


class Base(DeclarativeBase):
    pass


class House(Base):
    __tablename__ = "house"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Prize(Base):
    __tablename__ = "prize"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    writer_id: Mapped[int] = mapped_column(ForeignKey("writer.id"))


class Writer(Base):
    __tablename__ = "writer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    house_id: Mapped[int] = mapped_column(ForeignKey("house.id"))
    house: Mapped[House] = relationship()
    prizes: Mapped[list[Prize]] = relationship(order_by=Prize.id)


class Novel(Base):
    __tablename__ = "novel"

    id: Mapped[int] = mapped_column(primary_key=True)
    removed: Mapped[bool] = mapped_column(default=False)
    writer_id: Mapped[int] = mapped_column(ForeignKey("writer.id"))
    writer: Mapped[Writer] = relationship()


class NameSchema(Schema):
    name = fields.Str()


class WriterSchema(Schema):
    name = fields.Str()
    house = fields.Nested(NameSchema)
    prizes = fields.List(fields.Nested(NameSchema))


class NovelSchema(Schema):
    id = fields.Int(dump_only=True)
    writer_id = fields.Int(required=True, validate=INT4)
    writer = fields.Nested(WriterSchema, dump_only=True)


class Novels(CRUDResource[Novel]):
    model = Novel
    schema = NovelSchema
    expand = ("writer",)
    soft_delete = "removed"


@pytest.fixture(params=KINDS)
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Client, list[str]]]:
    """Fill a database with 30 novels of 10 writers, and return what asks it,
    with the statements that read.
    """
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Novels")
        app.install(database)
        app.add("/novels", Novels)
        engine = database.engine
        with engine.begin() as connection:
            connection.execute(sa.insert(House), [{"id": 1, "name": "House"}])
            writers = [
                {"id": number, "name": f"Writer {number}", "house_id": 1} for number in range(1, 11)
            ]
            connection.execute(sa.insert(Writer), writers)
            prizes = [
                {"name": f"Prize {number}", "writer_id": number % 10 + 1} for number in range(20)
            ]
            connection.execute(sa.insert(Prize), prizes)
            connection.execute(
                sa.insert(Novel), [{"writer_id": number % 10 + 1} for number in range(30)]
            )
        statements: list[str] = []

        def note(connection: Any, cursor: Any, statement: str, *more: object) -> None:
            if statement.startswith("SELECT"):
                statements.append(statement)

        sa.event.listen(engine, "before_cursor_execute", note)
        yield Client(app), statements
        database.close()


def test_relations_of_relations_cost_statements_by_kind(shelf: tuple[Client, list[str]]) -> None:
    """One to one is joined and one to many is one statement more,
    for a page of 30 as for an item.
    """
    client, statements = shelf
    response = client.get("/novels?expand=writer&limit=30")
    assert len(response.json["items"]) == 30
    assert response.json["items"][0]["writer"] == {
        "name": "Writer 1",
        "house": {"name": "House"},
        "prizes": [{"name": "Prize 0"}, {"name": "Prize 10"}],
    }
    assert len(statements) == 2
    statements.clear()
    assert client.get("/novels/30?expand=writer").json["writer"]["name"] == "Writer 10"
    assert len(statements) == 2
    statements.clear()
    assert "writer" not in client.get("/novels/30").json
    assert len(statements) == 1


def test_a_boolean_says_that_an_item_was_removed(shelf: tuple[Client, list[str]]) -> None:
    """Soft deletion by a truth: gone from its URL and from lists, until it is restored."""
    client, _ = shelf
    assert client.delete("/novels/1").status == 204
    assert client.get("/novels/1").status == 404
    assert client.get("/novels?limit=1").json["items"][0]["id"] == 2
    assert client.delete("/novels/1").status == 404
    assert client.post("/novels/1/restore").json == {"id": 1, "writer_id": 1}
    assert client.get("/novels?limit=1").json["items"][0]["id"] == 1


class Atlas(Base):
    __tablename__ = "atlas"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    size: Mapped[dict[str, Any]] = mapped_column(sa.JSON)


class SizeSchema(Schema):
    height = fields.Int()


class AtlasSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(validate=validate.Length(max=50))
    size = fields.Nested(SizeSchema, dump_only=True)


class Atlases(CRUDResource[Atlas]):
    model = Atlas
    schema = AtlasSchema
    expand = ("size",)
    methods = {"GET", "PATCH"}


def test_a_nested_field_that_is_no_relationship_is_expanded(tmp_path: Path) -> None:
    """A schema may nest a mapping of a column: nothing is loaded along, and it is written."""
    with database_url("sqlite", tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Atlases")
        app.install(database)
        app.add("/atlases", Atlases)
        with database.engine.begin() as connection:
            connection.execute(sa.insert(Atlas), [{"title": "Sky", "size": {"height": 30}}])
        client = Client(app)
        assert client.get("/atlases/1?expand=size").json["size"] == {"height": 30}
        assert client.get("/atlases?expand=size").json["items"][0]["size"] == {"height": 30}
        assert "size" not in client.get("/atlases/1").json
        database.close()
