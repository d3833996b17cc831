"""A shelf of books in memory, for tests of what a CRUDResource declares."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Annotated, Any

import pytest
from marshmallow import Schema, fields, validate

from restkit import App
from restkit.crud import CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.testing import Client

__all__ = ["Book", "BookSchema", "collection", "mounted", "refused"]


@dataclass
class Book:
    title: Annotated[str, validate.Length(1, 50)]
    year: int | None = None
    genre: str = "novel"
    cover: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    sold: dt.date | None = None
    stars: Annotated[int, validate.Range(0, 5)] | None = None
    on: bool = True
    id: int = 0


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 50))
    year = fields.Int(allow_none=True)
    genre = fields.Str()
    cover = fields.Dict(keys=fields.Str())
    tags = fields.List(fields.Str())
    on = fields.Bool()


def mounted(pattern: str = "/books", base: Any = CRUDResource, **members: Any) -> App:
    """Return an App with a collection of books of its own; members are those of its class."""
    own = {"store": MemoryStore(Book), "__module__": __name__, "__qualname__": "Books", **members}
    app = App("Shelf")
    app.add(pattern, type("Books", (base,), own))
    return app


def collection(*books: Book, **members: Any) -> Client:
    """Return a client of a collection with books in it."""
    return Client(mounted(**{"store": MemoryStore(Book, items=books), **members}))


def refused(says: str, **members: Any) -> None:
    """Hold that a class with these members is refused,
    with one sentence that begins with its name or says why.
    """
    with pytest.raises(DeclarationError) as raised:
        mounted(**members)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)
