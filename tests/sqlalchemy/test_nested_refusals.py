"""Nested content: what a column rejects is a 422, a default that fails is a 500."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Checked(sa.TypeDecorator[str]):
    """A text that does not begin with "no"."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        if value is not None and value.startswith("no"):
            raise ValueError("It begins with no.")
        return value


def made() -> str:
    """Return the default of a column, which a mistake of the program makes fail."""
    if FAILS:
        raise ValueError("a mistake of the program")
    return "made"


FAILS: list[bool] = []


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Checked)
    part_id: Mapped[int] = mapped_column(sa.ForeignKey("part.id"))
    part: Mapped[Part] = relationship(back_populates="notes")


class Part(Base):
    __tablename__ = "part"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Checked)
    code: Mapped[str] = mapped_column(sa.Text, default=made)
    line_id: Mapped[int] = mapped_column(sa.ForeignKey("line.id"))
    line: Mapped[Line] = relationship(back_populates="parts")  # before the others
    notes: Mapped[list[Note]] = relationship(cascade="all, delete-orphan", back_populates="part")


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Checked)
    code: Mapped[str] = mapped_column(sa.Text, default=made)
    bill_id: Mapped[int] = mapped_column(sa.ForeignKey("bill.id"))
    bill: Mapped[Bill] = relationship(back_populates="lines")
    parts: Mapped[list[Part]] = relationship(cascade="all, delete-orphan", back_populates="line")


class Bill(Base):
    __tablename__ = "bill"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Checked)
    lines: Mapped[list[Line]] = relationship(cascade="all, delete-orphan", back_populates="bill")


class NoteSchema(Schema):
    text = fields.Str(required=True)


class PartSchema(Schema):
    text = fields.Str(required=True)
    notes = fields.List(fields.Nested(NoteSchema))


class LineSchema(Schema):
    text = fields.Str(required=True)
    parts = fields.List(fields.Nested(PartSchema))


class BillSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)
    lines = fields.List(fields.Nested(LineSchema))


class Bills(CRUDResource[Bill]):
    model = Bill
    schema = BillSchema


@pytest.fixture(params=KINDS)
def client(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Client]:
    monkeypatch.setattr(f"{__name__}.FAILS", [])
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Bills")
        app.install(database)
        app.add("/bills", Bills)
        client = Client(app, raise_errors=False)
        assert client.post("/bills", json={"name": "x", "lines": []}).status == 201
        yield client
        database.close()


def bodies(text: str, deep: str, deepest: str = "x") -> list[tuple[str, str, dict[str, Any]]]:
    parts = [{"text": deep, "notes": [{"text": deepest}]}]
    lines = [{"text": text, "parts": parts}]
    return [
        ("POST", "/bills", {"name": "x", "lines": lines}),
        ("PUT", "/bills/1", {"name": "x", "lines": lines}),
        ("PATCH", "/bills/1", {"lines": lines}),
    ]


@pytest.mark.parametrize("texts", [("no", "x", "x"), ("x", "no", "x"), ("x", "x", "no")])
def test_what_a_nested_column_rejects_is_a_422(client: Client, texts: tuple[str, str, str]) -> None:
    """At each depth and by each verb; nothing is written."""
    statuses = [
        client.request(method, url, json=body).status for method, url, body in bodies(*texts)
    ]
    assert statuses == [422, 422, 422]
    assert client.get("/bills").json["items"] == [{"id": 1, "name": "x", "lines": []}]


@pytest.mark.parametrize("parts", [[], [{"text": "x", "notes": [{"text": "x"}]}]])
def test_a_default_that_fails_is_a_500(client: Client, parts: list[dict[str, Any]]) -> None:
    """The client has sent nothing wrong, so that it is not told to change something."""
    line = {"text": "x", "parts": parts}
    FAILS.append(True)
    statuses = [
        client.request(method, url, json={**body, "lines": [line]}).status
        for method, url, body in bodies("x", "x")
    ]
    assert statuses == [500, 500, 500]
    FAILS.clear()
    patched = client.patch("/bills/1", json={"lines": [line]})
    assert patched.json["lines"] == [line]
