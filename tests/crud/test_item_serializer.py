"""Items are read from what is loaded of them where nothing can tell the difference,
and as ever where something can.
"""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, fields, pre_dump
from shelf import Book
from sqlalchemy import String
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    WriteOnlyMapped,
    deferred,
    mapped_column,
    relationship,
)
from sqlalchemy.schema import ForeignKey

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.crud.item_serializer import AttributeSource, json_data
from restkit.encoding import dumps_json
from restkit.schemas.bound import View, bind
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Animal(Base):
    __tablename__ = "animal"
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default="animal")
    name: Mapped[str] = mapped_column(String(20))
    born: Mapped[dt.date | None] = mapped_column(default=None)
    story: Mapped[str] = deferred(mapped_column(String(200), default="once"))
    keeper_id: Mapped[int | None] = mapped_column(ForeignKey("animal.id"), default=None)
    kept: WriteOnlyMapped[Animal] = relationship(foreign_keys=[keeper_id])

    @hybrid_property
    def loud(self) -> str:
        return self.name.upper()


class Cat(Animal):
    __mapper_args__ = {"polymorphic_identity": "cat"}

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        return f"{value} the cat" if name == "name" else value


class Listed(Animal):
    __mapper_args__ = {"polymorphic_identity": "listed"}

    def __getitem__(self, name: str) -> Any:
        return f"item {self.name}" if name == "name" else getattr(self, name)


class Plain(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(dump_only=True)
    born = fields.Date(dump_only=True)


class Whole(Plain):
    story = fields.Str(dump_only=True)
    loud = fields.Str(dump_only=True)
    about = fields.Method("tell", dump_only=True)

    def tell(self, animal: Any) -> str:
        return f"{type(animal).__name__} {animal.name}"


class Hooked(Plain):
    @pre_dump
    def see(self, animal: Any, **_: Any) -> Any:
        return {"id": animal.id, "name": type(animal).__name__, "born": animal.born}


@pytest.fixture
def database() -> Iterator[Database]:
    made = Database("sqlite://", create=Base.metadata)
    with made.engine.begin() as connection:
        for kind in ("animal", "cat", "listed"):
            values = {"kind": kind, "name": kind[:3], "story": "once", "born": dt.date(2020, 1, 2)}
            connection.execute(Animal.metadata.tables["animal"].insert().values(values))
    yield made
    made.close()


def listed(
    database: Database, declared: type[Schema], asked: str = "", **members: Any
) -> list[dict[str, Any]]:
    app = App("Zoo")
    app.install(database)
    given = {"model": Animal, "schema": declared, "methods": {"GET"}, **members}
    app.add("/animals", type("Animals", (CRUDResource,), given))
    client = Client(app)
    items: list[dict[str, Any]] = client.get(f"/animals{asked}").json["items"]
    lines = client.get(f"/animals{asked}", headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line) for line in lines.text.splitlines()] == items
    if not asked:
        assert [client.get(f"/animals/{each['id']}").json for each in items] == items
    return items


def test_what_is_loaded_is_read_at_once(database: Database) -> None:
    """The attributes of a mapped class are in its objects' dicts:
    these are dumped, where all of them are there.
    """
    store = database.store(Animal)
    assert isinstance(store, AttributeSource)
    source = store.loaded(frozenset({"id", "name"}))
    assert source is not None
    animal = Animal(id=1, name="Tom")
    assert source(animal) is animal.__dict__
    unloaded = Animal(id=1)
    assert source(unloaded) is unloaded
    cat = Cat(id=1, name="Tom")
    assert source(cat) is cat


@pytest.mark.parametrize("name", ["loud", "nothing"])
def test_what_is_no_value_of_the_object_is_not(database: Database, name: str) -> None:
    """What a class works out, or asks the database for, is in no dict."""
    store = database.store(Animal)
    assert store is not None
    assert store.loaded(frozenset({"id", name})) is None


@pytest.mark.parametrize("model", [Cat, Listed])
def test_classes_that_read_their_own_way_are_asked(database: Database, model: type) -> None:
    """A class with a way of its own to attributes or items is read through it."""
    store = database.store(model)
    assert store is not None
    assert store.loaded(frozenset({"id", "name"})) is None


def test_objects_answer_as_their_classes_have_it(database: Database) -> None:
    """A subclass, a deferred column,
    a hybrid property and a method of the schema say what they always say.
    """
    names = ["ani", "cat the cat", "item lis"]
    assert [each["name"] for each in listed(database, Plain)] == names
    found = listed(database, Whole)
    assert [each["name"] for each in found] == names
    assert [each["loud"] for each in found] == ["ANI", "CAT THE CAT", "LIS"]
    assert [each["about"] for each in found] == ["Animal ani", "Cat cat the cat", "Listed lis"]
    assert found[0]["story"] == "once"
    assert found[0]["born"] == "2020-01-02"


def test_hooks_see_the_object(database: Database) -> None:
    """A pre_dump hook is given the item."""
    assert [each["name"] for each in listed(database, Hooked)] == ["Animal", "Cat", "Listed"]


def test_part_of_an_item(database: Database) -> None:
    """Where a client chooses fields, only these are loaded, and only these are read."""
    assert listed(database, Plain, "?fields=id", fields=True) == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_reads() -> None:
    """A schema says which attributes it reads, where it does nothing else with an object."""

    class Other(Plain):
        born = fields.Date(attribute="birthday")
        parts = fields.List(fields.Nested(Plain))
        price = fields.Decimal()

    def reads(declared: type[Schema], **options: Any) -> frozenset[str] | None:
        return bind(declared, View.RESPONSE, declared_at="here", **options).reads

    assert reads(Plain) == {"id", "name", "born"}
    assert reads(Other) == {"id", "name", "birthday", "parts", "price"}
    assert reads(Plain, compiled=False) is None
    assert reads(Whole) is None
    assert reads(Hooked) is None
    assert reads(Schema.from_dict({"town": fields.Str(attribute="address.town")})) is None
    assert reads(Schema.from_dict({"made": fields.Function(repr)})) is None
    assert reads(Schema.from_dict({"made": fields.Constant(1)})) is None


def test_stores_need_not_offer_it() -> None:
    """A store in memory has plain objects, whose attributes are read as they are."""
    assert not isinstance(MemoryStore(Book), AttributeSource)


class Suit(enum.StrEnum):
    HEARTS = "hearts"


@pytest.mark.parametrize(
    ("dumped", "data"),
    [
        ({"a": "x", "b": 1, "c": True, "d": None, "e": -0.25}, None),
        ({"big": 2**70, "small": 1e-300}, None),
        ({"nan": float("nan"), "inf": float("inf"), "a": 1.5}, {"nan": None, "inf": None}),
        ({"a": decimal.Decimal("1.50")}, {"a": "1.50"}),
        ({"a": dt.date(2024, 1, 2), "b": Suit.HEARTS}, {"a": "2024-01-02", "b": "hearts"}),
        ({"a": {"b": [1, (2, 3)]}}, {"a": {"b": [1, [2, 3]]}}),
        ({5: "number"}, {"5": "number"}),
        ({}, {}),
    ],
)
def test_dumped_data_become_those_of_their_json(dumped: Any, data: Any) -> None:
    """What is JSON already stays as it is; everything else takes the form of its JSON."""
    found = json_data(dumped)
    wanted = json.loads(dumps_json(dumped)) if data is None else {**dumped, **data}
    wanted = {name: each for name, each in wanted.items() if isinstance(name, str)}
    assert found == wanted
    assert [type(each) for each in found.values()] == [type(each) for each in wanted.values()]
