"""Violated constraints of other tables: that of a parent class, and those of nested rows."""

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


class Device(Base):
    __tablename__ = "device"
    __table_args__ = (sa.UniqueConstraint("serial", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    serial: Mapped[str | None] = mapped_column(sa.String(20))
    place: Mapped[str | None] = mapped_column(sa.String(20))


class Printer(Device):
    """A device with columns that are called like those of its parent's table."""

    __tablename__ = "printer"

    id: Mapped[int] = mapped_column(sa.ForeignKey("device.id"), primary_key=True)
    own_code: Mapped[str | None] = mapped_column("code", sa.String(20), unique=True)
    own_place: Mapped[str | None] = mapped_column("place", sa.String(20))


class Part(Base):
    __tablename__ = "case_part"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    case_id: Mapped[int] = mapped_column(sa.ForeignKey("case.id"))


class Case(Base):
    __tablename__ = "case"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    parts: Mapped[list[Part]] = relationship(cascade="all, delete-orphan")


class PartSchema(Schema):
    code = fields.Str(required=True, validate=validate.Length(max=20))


class CaseSchema(Schema):
    id = fields.Int(dump_only=True)
    code = fields.Str(required=True, validate=validate.Length(max=20))
    parts = fields.List(fields.Nested(PartSchema))


class Printers(CRUDResource[Printer]):
    model = Printer


class Cases(CRUDResource[Case]):
    model = Case
    schema = CaseSchema


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Devices")
        app.install(database)
        app.add("/printers", Printers)
        app.add("/cases", Cases)
        yield Client(app)


@pytest.mark.parametrize(
    ("second", "pointers"),
    [
        ({"code": "a", "own_code": "c"}, ["/code"]),
        ({"code": "b", "own_code": "a"}, ["/own_code"]),
        ({"code": "b", "serial": "s", "place": "p"}, ["/serial", "/place"]),
        ({"code": "b", "serial": "s", "own_place": "p"}, []),
    ],
)
def test_columns_of_one_name_in_two_tables(
    client: Client, second: dict[str, str], pointers: list[str]
) -> None:
    """The problem points to the attribute of the table whose constraint is violated."""
    first = {"code": "a", "own_code": "a", "serial": "s", "place": "p", "own_place": "p"}
    assert client.post("/printers", json=first).status == 201
    response = client.post("/printers", json=second)
    assert response.status == (409 if pointers else 201)
    if pointers:
        found = [each["pointer"] for each in response.problem["errors"]]
        assert sorted(found) == sorted(pointers)


def test_a_constraint_of_a_nested_row_is_none_of_the_item(client: Client) -> None:
    """A value of a part that is taken does not point to the member of the case."""
    parts = [{"code": "a"}]
    assert client.post("/cases", json={"code": "x", "parts": parts}).status == 201
    taken = client.post("/cases", json={"code": "y", "parts": parts})
    assert taken.status == 409
    assert "/code" not in [each.get("pointer") for each in taken.problem.get("errors", [])]
    taken = client.post("/cases", json={"code": "x", "parts": []})
    assert [each["pointer"] for each in taken.problem["errors"]] == ["/code"]
