"""What every new item needs: a schema that leaves it out is refused when the class is mounted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import INCLUDE, Schema, fields, post_load, validate
from sqlalchemy import ForeignKey, String, event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    mapped_column,
    relationship,
)

from restkit import App, DeclarationError
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database, UTCDateTime, Versioned


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))


class Filled(sa.TypeDecorator[str]):
    """Stores a text where there is none."""

    impl = String(50)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str:
        return value or "nothing"


class Book(Versioned, Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    owner: Mapped[str] = mapped_column(String(50))
    note: Mapped[str | None] = mapped_column(String(50))
    language: Mapped[str] = mapped_column(String(2), default="en")
    made: Mapped[dt.datetime] = mapped_column(UTCDateTime, server_default=sa.func.now())
    filled: Mapped[str] = mapped_column(Filled)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))


class Chapter(Base):
    __tablename__ = "chapter"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author] = relationship()


class Tag(Base):
    __tablename__ = "tag"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    text: Mapped[str | None] = mapped_column(String(50))


class Filling(MappedAsDataclass, Base):
    __tablename__ = "filling"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    title: Mapped[str] = mapped_column(String(50), default="untitled")
    text: Mapped[str | None] = mapped_column(String(50), default=None)


class Heard(Base):
    __tablename__ = "heard"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(50))
    text: Mapped[str | None] = mapped_column(String(50))


@event.listens_for(Heard, "before_insert")
def _name(mapper: Any, connection: Any, target: Heard) -> None:
    target.title = "heard"


class NoteSchema(Schema):
    note = fields.Str(allow_none=True, validate=validate.Length(max=50))


class TextSchema(Schema):
    text = fields.Str(allow_none=True, validate=validate.Length(max=50))


class NestedAuthorSchema(Schema):
    name = fields.Str(required=True, validate=validate.Length(max=50))


class ChapterSchema(Schema):
    author = fields.Nested(NestedAuthorSchema, required=True)


class KeylessSchema(Schema):
    name = fields.Str(dump_only=True)
    text = fields.Str(validate=validate.Length(max=50))


class OpenSchema(NoteSchema):
    class Meta:
        unknown = INCLUDE


class HookedSchema(NoteSchema):
    @post_load
    def fill(self, data: dict[str, Any], **_: object) -> dict[str, Any]:
        return {**data, "title": "made", "owner": "me"}


@pytest.fixture
def app() -> Iterator[App]:
    database = Database("sqlite://")
    app = App("Shelf")
    app.install(database)
    yield app
    database.close()


def add(app: App, model: Any, schema: Any, pattern: str = "/items", **members: Any) -> None:
    own = {"model": model, "schema": schema, "__module__": __name__, "__qualname__": "Items"}
    app.add(pattern, type("Items", (CRUDResource,), {**own, **members}))


@pytest.mark.parametrize(
    ("model", "schema", "members", "says"),
    [
        (Book, NoteSchema, {}, "NoteSchema leaves out 'title', 'owner', which may not be null"),
        (Book, NoteSchema, {"scoped": ("owner",)}, "leaves out 'title', which"),
        (Tag, KeylessSchema, {}, "leaves out 'name', which may not be null"),
        (Tag, KeylessSchema, {"bulk": True}, "every POST of a new item would fail"),
        (Chapter, Schema.from_dict({}), {}, "leaves out 'author_id'"),
    ],
)
def test_a_column_that_no_post_could_fill_is_told(
    app: App, model: Any, schema: Any, members: Any, says: str
) -> None:
    """One sentence names the class, the schema and the columns."""
    with pytest.raises(DeclarationError) as raised:
        add(app, model, schema, **members)
    assert str(raised.value).startswith(f"{__name__}.Items: ")
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_upsert_without_post_is_told_too(app: App) -> None:
    """A PUT that makes items has the key from the URL, and nothing else."""
    with pytest.raises(DeclarationError, match=r"leaves out 'title', 'owner'.* every PUT of a new"):
        add(app, Book, NoteSchema, upsert=True, methods={"GET", "PUT"})


def _own_create(self: Any, item: Any) -> Any:
    item.title, item.owner = "made", "me"
    return CRUDResource.create(self, item)


def _own_scope(self: Any) -> Any:
    return {"owner": "me", "title": "mine"}


@pytest.mark.parametrize(
    ("model", "schema", "members"),
    [
        (Book, NoteSchema, {"methods": {"GET", "PUT", "PATCH", "DELETE"}}),
        (Book, NoteSchema, {"create": _own_create}),
        (Book, NoteSchema, {"scope": _own_scope}),
        (Book, NoteSchema, {"scoped": ("owner", "title")}),
        (Book, NoteSchema, {"pattern": "/<owner>/<title>/items"}),
        (Book, OpenSchema, {}),
        (Book, HookedSchema, {}),
        (Chapter, ChapterSchema, {}),
        (Tag, KeylessSchema, {"upsert": True, "methods": {"GET", "PUT"}}),
        (Filling, TextSchema, {}),
        (Heard, TextSchema, {}),
        (Book, None, {}),
    ],
)
def test_what_something_may_fill_in_is_not(app: App, model: Any, schema: Any, members: Any) -> None:
    """A class without POST, a scope, a URL, an action, a hook, a constructor, a listener."""
    add(app, model, schema, **members)
    assert app.operations()


def test_a_row_rule_fills_in(app: App) -> None:
    """The attributes that a rule sets are not lacking."""
    database = app.extensions[0]
    database.rows(Book, set={"owner": lambda me: "me", "title": lambda me: "mine"})
    add(app, Book, NoteSchema)
    assert app.operations()


@dataclass
class Plain:
    title: str
    note: str | None
    tags: list[str] = field(default_factory=list)
    id: int = 0


@dataclass
class Prepared:
    title: str
    note: str | None = None
    id: int = 0

    def __post_init__(self) -> None:
        self.title = self.title or "untitled"


def test_a_store_in_memory_tells_the_same() -> None:
    """An argument without a default that may not be None is needed, whatever the store."""
    says = "NoteSchema leaves out 'title', which may not be null and has no default in Plain"
    with pytest.raises(DeclarationError, match=says):
        add(App("Shelf"), None, NoteSchema, store=MemoryStore(Plain))
    add(App("Shelf"), None, NoteSchema, store=MemoryStore(Prepared))
    add(App("Shelf"), None, NoteSchema, store=MemoryStore(Plain), methods={"GET"})


def _order_models() -> Any:
    class Base(DeclarativeBase):
        pass

    base = Base
    line = type(
        "Line",
        (base,),
        {
            "__tablename__": "line",
            "id": mapped_column(sa.Integer, primary_key=True),
            "order_id": mapped_column(sa.ForeignKey("orders.id"), nullable=False),
            "place_id": mapped_column(sa.ForeignKey("place.id"), nullable=True),
            "sku": mapped_column(sa.String(10), nullable=False),
            "count": mapped_column(sa.Integer, nullable=False),
            "state": mapped_column(sa.String(10), nullable=False, server_default="new"),
            "place": relationship("Place"),
        },
    )
    place = type(
        "Place",
        (base,),
        {
            "__tablename__": "place",
            "id": mapped_column(sa.Integer, primary_key=True),
            "shelf": mapped_column(sa.String(10), nullable=False),
            "floor": mapped_column(sa.Integer, nullable=False),
        },
    )
    assert {line.__name__, place.__name__} == {"Line", "Place"}
    order = type(
        "Order",
        (base,),
        {
            "__tablename__": "orders",
            "id": mapped_column(sa.Integer, primary_key=True),
            "lines": relationship("Line", cascade="all, delete-orphan"),
        },
    )
    # Names of other classes are looked up now: a class that nothing else holds may be gone later.
    base.registry.configure()
    return order


_SKU = fields.Str(required=True, validate=validate.Length(max=10))
_INT = fields.Int(required=True, validate=validate.Range(-(2**31), 2**31 - 1))


def _order_schema(place: dict[str, Any] | None = None, **lines: Any) -> type[Schema]:
    if place is not None:
        lines["place"] = fields.Nested(Schema.from_dict(place, name="PlaceSchema"))
    line = Schema.from_dict(lines, name="LineSchema")
    nested = fields.List(fields.Nested(line), validate=validate.Length(max=9))
    return Schema.from_dict({"id": fields.Int(dump_only=True), "lines": nested}, name="OrderSchema")


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        (_order_schema(sku=_SKU), "LineSchema leaves out 'count'.*the model of 'lines'"),
        (_order_schema(), "LineSchema leaves out 'sku', 'count'"),
        (
            _order_schema(place={"shelf": _SKU}, sku=_SKU, count=_INT),
            "PlaceSchema leaves out 'floor'.*the model of 'lines.place'",
        ),
    ],
)
def test_a_nested_schema_that_no_post_could_fill_is_told(schema: Any, says: str) -> None:
    """At any depth; the foreign key to the item around is set by the relation."""
    app = App("Orders")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match=says):
        add(app, _order_models(), schema)


@pytest.mark.parametrize(
    ("schema", "members"),
    [
        (_order_schema(sku=_SKU, count=_INT), {}),
        (_order_schema(id=fields.Int(), sku=_SKU), {}),
        (_order_schema(sku=_SKU), {"create": lambda self, item: item}),
        (_order_schema(sku=_SKU), {"methods": {"GET", "PATCH"}}),
        (
            _order_schema(place={"id": fields.Int(), "shelf": _SKU}, sku=_SKU, count=_INT),
            {},
        ),
        (
            Schema.from_dict(
                {
                    "id": fields.Int(dump_only=True),
                    "lines": fields.List(
                        fields.Nested(Schema.from_dict({"sku": _SKU})), dump_only=True
                    ),
                }
            ),
            {},
        ),
    ],
)
def test_a_nested_schema_that_something_fills_is_not(schema: Any, members: Any) -> None:
    """A key that names objects that exist, an own create, no POST, content for reading."""
    app = App("Orders")
    app.install(Database("sqlite://"))
    add(app, _order_models(), schema, **members)
    assert app.operations()


class Vehicle(Base):
    __tablename__ = "vehicle"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    plate: Mapped[str] = mapped_column(String(20))

    __mapper_args__ = {"polymorphic_on": "kind"}


class Car(Vehicle):
    __tablename__ = "car"

    id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), primary_key=True)
    doors: Mapped[int]

    __mapper_args__ = {"polymorphic_identity": "car"}


_PLATE = fields.Str(required=True, validate=validate.Length(max=20))


def test_a_column_of_a_subclass_is_told(app: App) -> None:
    """The key and the discriminator come from the mapping, the other columns from content."""
    with pytest.raises(DeclarationError, match="leaves out 'doors', which may not be null"):
        add(app, Car, Schema.from_dict({"plate": _PLATE}))
    with pytest.raises(DeclarationError, match="leaves out 'plate', which may not be null"):
        add(app, Car, Schema.from_dict({"doors": _INT}))
    add(app, Car, Schema.from_dict({"plate": _PLATE, "doors": _INT}))
    assert app.operations()
