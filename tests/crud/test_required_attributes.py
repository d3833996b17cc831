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
