"""Models whose constructors take arguments."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Data(MappedAsDataclass, DeclarativeBase):
    pass


class Wheel(Data):
    __tablename__ = "wheel"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    size: Mapped[int]
    car_id: Mapped[int | None] = mapped_column(sa.ForeignKey("car.id"), init=False)


class Car(Data, kw_only=True):
    __tablename__ = "car"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(sa.String(20))
    colour: Mapped[str | None] = mapped_column(sa.String(20))
    doors: Mapped[int] = mapped_column(default=4)
    note: Mapped[str | None] = mapped_column(sa.String(20), default=None, init=False)
    wheels: Mapped[list[Wheel]] = relationship(cascade="all, delete-orphan")


class WheelSchema(Schema):
    size = fields.Int(required=True, validate=validate.Range(1, 99))


class CarSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True, validate=validate.Length(1, 20))
    colour = fields.Str(allow_none=True, validate=validate.Length(1, 20))
    doors = fields.Int(validate=validate.Range(1, 9))
    note = fields.Str(allow_none=True, validate=validate.Length(1, 20))
    wheels = fields.List(fields.Nested(WheelSchema))


class Base(DeclarativeBase):
    pass


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    note: Mapped[str | None] = mapped_column(sa.String(20))

    def __init__(self, name: str) -> None:
        self.name = name.upper()


class Label(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    length: Mapped[int | None]

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.length = len(values["name"])


class Secret(Base):
    __tablename__ = "secret"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(20))

    def __init__(self, plain: str) -> None:
        self.digest = plain[::-1]


@contextmanager
def served(url: str, base: type[DeclarativeBase], **members: Any) -> Generator[Client]:
    with closing(Database(url, create=base.metadata)) as database:
        app = App("Models", contract="raise")
        app.install(database)
        app.add("/items", type("Items", (CRUDResource,), members))
        yield Client(app)


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_url(request.param, tmp_path) as found:
        yield found


def test_a_dataclass_gets_the_arguments_that_it_requires(url: str) -> None:
    """A mapped dataclass gets the values of the body; missing required ones are None."""
    with served(url, Data, model=Car, schema=CarSchema) as client:
        made = client.post("/items", json={"name": "a", "note": "x", "wheels": [{"size": 9}]})
        assert made.status == 201
        assert made.json == {
            "id": 1,
            "name": "a",
            "colour": None,
            "doors": 4,
            "note": "x",
            "wheels": [{"size": 9}],
        }
        assert client.get("/items/1").json == made.json
        replaced = client.put("/items/1", json={"name": "b", "wheels": []})
        assert replaced.json["name"] == "b"
        assert replaced.json["doors"] == 4
        assert replaced.json["wheels"] == []


@pytest.mark.parametrize("body", [{"name": "a"}, {"name": "a", "note": "x"}])
def test_an_own_constructor_decides_the_attributes_of_its_arguments(
    url: str, body: dict[str, str]
) -> None:
    """A value that a constructor changes stays changed; other attributes are set afterwards."""
    with served(url, Base, model=Task) as client:
        made = client.post("/items", json=body)
        assert made.status == 201
        assert made.json == {"id": 1, "name": "A", "note": body.get("note")}


def test_a_constructor_with_open_keywords_gets_every_column(url: str) -> None:
    """A constructor that takes any keyword gets the values of the body."""
    with served(url, Base, model=Label) as client:
        assert client.post("/items", json={"name": "abc"}).json["length"] == 3


def test_a_constructor_with_an_unknown_argument_is_rejected_unless_nothing_is_created(
    url: str,
) -> None:
    """A required argument that is not an attribute is an error at start-up, for POST and upsert."""
    for members in ({}, {"methods": {"GET", "PUT"}, "upsert": True}):
        with (
            pytest.raises(DeclarationError, match=r"Secret.__init__ requires 'plain'.*methods"),
            served(url, Base, model=Secret, **members),
        ):
            pass
    with served(url, Base, model=Secret, methods={"GET", "PATCH"}) as client:
        assert client.get("/items").json["items"] == []
