"""What ``restkit explain`` says of the items of a collection: dicts, or objects, and why."""

from __future__ import annotations

from pathlib import Path

import pytest

import restkit.sqlalchemy  # noqa: F401  # the fixture forgets what a test imports first

from .shops import invoke

PROGRAM = """
import sqlalchemy as sa
from marshmallow import Schema, fields, post_dump, pre_load, validate
from sqlalchemy import event
from sqlalchemy.orm import (
    DeclarativeBase, Mapped, column_property, deferred, mapped_column, relationship, validates,
)
from restkit import App, takes
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database

class Base(DeclarativeBase):
    pass

class Shelf(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
{members}

{before}

class Shelves(CRUDResource[Shelf]):
    model = Shelf
{declared}

database = Database("sqlite://", create=Base.metadata)
{after}
app = App("Shelves")
app.install(database)
app.add("/shelves", Shelves)
"""
GET, ITEM = ("GET", "/shelves"), ("GET", "/shelves/1")
POST, PATCH, DELETE = ("POST", "/shelves"), ("PATCH", "/shelves/1"), ("DELETE", "/shelves/1")
PUT = ("PUT", "/shelves/1")
DICTS = "dicts, without the model"
BOXES = """
class Box(Base):
    __tablename__ = "box"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(sa.ForeignKey("shelf.id"))
"""


def _items(operation: tuple[str, str], folder: Path, **parts: str) -> str:
    """Return what the command says of the items of an operation."""
    parts = {"members": "", "before": "", "declared": "", "after": "", **parts}
    source = PROGRAM
    for name, text in parts.items():
        if name in ("members", "declared"):
            text = "\n".join(f"    {line}" for line in text.splitlines())
        source = source.replace(f"{{{name}}}", text)
    (folder / "shelves.py").write_text(source, "utf-8")
    result = invoke("explain", "shelves", *operation)
    assert result.exit_code == 0, result.output
    lines = [line.strip() for line in result.output.splitlines()]
    return lines[lines.index("items") + 1]


@pytest.mark.parametrize("operation", [GET, ITEM, POST, PUT, PATCH, DELETE])
def test_plain_models(operation: tuple[str, str], shop: Path) -> None:
    """A model without anything that sees objects is read and written as dicts."""
    assert _items(operation, shop) == DICTS


@pytest.mark.parametrize(
    ("operation", "says", "parts"),
    [
        (
            GET,
            "Shelf has its own access to attributes",
            {"members": "def __getitem__(self, name): ..."},
        ),
        (
            GET,
            "Shelf has its own access to attributes",
            {"members": "def __getattribute__(self, name): return super().__getattribute__(name)"},
        ),
        (
            GET,
            "Shelf.twice is not one column of the table",
            {"members": "twice = column_property(sa.literal(2))"},
        ),
        (
            GET,
            "Shelf.notes is deferred",
            {"members": "notes: Mapped[str | None] = deferred(mapped_column(sa.String(9)))"},
        ),
        (
            GET,
            "Shelf takes part in inheritance",
            {
                "before": "class Wide(Shelf):\n    __tablename__ = 'wide'\n    id: Mapped[int] = "
                "mapped_column(sa.ForeignKey('shelf.id'), primary_key=True)"
            },
        ),
        (
            GET,
            "the class overrides list()",
            {"declared": "def list(self, query): return super().list(query)"},
        ),
        (
            ITEM,
            "the class overrides read()",
            {"declared": "def read(self, key): return super().read(key)"},
        ),
        (
            PATCH,
            "the class overrides read()",
            {"declared": "def read(self, key): return super().read(key)"},
        ),
        (
            PUT,
            "the class overrides create()",
            {
                "declared": "upsert = True\nmethods = ('GET', 'PUT')\n"
                "def create(self, item): return super().create(item)"
            },
        ),
        (PUT, DICTS, {"declared": "def create(self, item): return super().create(item)"}),
        (PATCH, "the class has transitions", {"declared": "transitions = {'name': {'a': ['b']}}"}),
        (DELETE, DICTS, {"declared": "transitions = {'name': {'a': ['b']}}"}),
        (
            POST,
            "Shelf has validators",
            {"members": "@validates('name')\ndef check(self, key, value): return value"},
        ),
        (
            POST,
            "Shelf has its own __setattr__",
            {"members": "def __setattr__(self, name, value): super().__setattr__(name, value)"},
        ),
        (
            POST,
            "Shelf.name has listeners",
            {"before": "event.listen(Shelf.name, 'set', lambda *_: None)"},
        ),
        (
            POST,
            "Shelf has its own __init__ or __new__",
            {"members": "def __init__(self, **own): super().__init__(**own)"},
        ),
        (PATCH, DICTS, {"members": "def __init__(self, **own): super().__init__(**own)"}),
        (
            POST,
            "Shelf has listeners of init",
            {"before": "event.listen(Shelf, 'init', lambda *_: None)"},
        ),
        (PATCH, DICTS, {"before": "event.listen(Shelf, 'init', lambda *_: None)"}),
        (
            PATCH,
            "Shelf has a relation with passive_updates=False",
            {"before": BOXES + "\nShelf.boxes = relationship(Box, passive_updates=False)"},
        ),
        (
            DELETE,
            "the relation Shelf.boxes may change other rows",
            {"before": BOXES + "\nShelf.boxes = relationship(Box)"},
        ),
        (
            DELETE,
            DICTS,
            {
                "before": "class Room(Base):\n    __tablename__ = 'room'\n    id: Mapped[int] = "
                "mapped_column(primary_key=True)\n\n"
                "Shelf.room_id = mapped_column(sa.ForeignKey('room.id'))"
                "\nShelf.room = relationship(Room)"
            },
        ),
        (
            GET,
            "the database has row rules",
            {"after": "database.rows(Shelf, read=lambda caller: True)"},
        ),
        (
            GET,
            "ShelfSchema has hooks or fields that read whole items",
            {
                "before": "class ShelfSchema(Schema):\n"
                "    name = fields.Str(validate=validate.Length(max=20))\n"
                "    size = fields.Method('sized')\n    def sized(self, item): return 1",
                "declared": "schema = ShelfSchema",
            },
        ),
    ],
)
def test_what_needs_objects(
    operation: tuple[str, str], says: str, parts: dict[str, str], shop: Path
) -> None:
    """The command names what would not see the rows as dicts."""
    said = _items(operation, shop, **parts)
    assert said == says or said == f"objects of Shelf: {says}"
