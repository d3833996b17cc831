"""A library for tests of collections:
authors, books with chapters, and tags, on whatever database.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import Date, ForeignKey, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Timestamps, UTCDateTime, Versioned

__all__ = [
    "Author",
    "AuthorBooks",
    "Authors",
    "Base",
    "Book",
    "Books",
    "Genre",
    "Shelf",
    "Shelves",
    "library",
]


class Genre(enum.Enum):
    FICTION = "fiction"
    SCIENCE = "science"


class Base(DeclarativeBase):
    pass


class Author(Versioned, Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    born: Mapped[dt.date | None] = mapped_column(Date)
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Versioned, Timestamps, Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    isbn: Mapped[str | None] = mapped_column(String(13), unique=True)
    year: Mapped[int | None]
    genre: Mapped[Genre] = mapped_column(default=Genre.FICTION)
    price: Mapped[Decimal | None] = mapped_column(Numeric(8, 2))
    rating: Mapped[float | None]
    code: Mapped[uuid.UUID | None]
    author_id: Mapped[int | None] = mapped_column(ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship(back_populates="books")
    chapters: Mapped[list[Chapter]] = relationship(
        cascade="all, delete-orphan", order_by="Chapter.id"
    )
    deleted_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class Chapter(Base):
    __tablename__ = "chapter"

    id: Mapped[int] = mapped_column(primary_key=True)
    heading: Mapped[str] = mapped_column(String(100))
    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"))


class Shelf(Versioned, Base):
    __tablename__ = "shelf"

    slug: Mapped[str] = mapped_column(String(50), primary_key=True)
    label: Mapped[str] = mapped_column(String(50))


class AuthorNameSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(dump_only=True)


INT32 = validate.Range(-(2**31), 2**31 - 1)


class ChapterSchema(Schema):
    id = fields.Int(validate=INT32)
    heading = fields.Str(required=True, validate=validate.Length(1, 100))


class BookSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 200))
    isbn = fields.Str(allow_none=True, validate=validate.Length(max=13))
    year = fields.Int(allow_none=True, validate=validate.Range(-3000, 2100))
    genre = fields.Enum(Genre, by_value=True)
    price = fields.Decimal(places=2, allow_none=True, validate=validate.Range(0, 999_999))
    rating = fields.Float(allow_none=True)
    code = fields.UUID(allow_none=True)
    author_id = fields.Int(allow_none=True, validate=INT32)
    author = fields.Nested(AuthorNameSchema, dump_only=True)
    chapters = fields.List(fields.Nested(ChapterSchema))


class Authors(CRUDResource[Author]):
    """People who wrote books."""

    model = Author
    filters = ("name__*", "born__*")
    sorts = ("name", "born")


class Books(CRUDResource[Book]):
    """What is on the shelves."""

    model = Book
    schema = BookSchema
    filters = (
        "title__*",
        "year__*",
        "genre__*",
        "price__*",
        "id__in",
        "author_id",
        "code",
        "rating__gte",
    )
    sorts = ("title", "year", "price", "id")
    expand = ("author",)
    fields = True
    soft_delete = "deleted_at"
    page_size = 5


class AuthorBooks(Books):
    """The books of one author."""


class Shelves(CRUDResource[Shelf]):
    """Shelves, named by their slugs."""

    model = Shelf
    upsert = True


@contextmanager
def library(url: str, **settings: Any) -> Generator[App]:
    """Make the App of a library in an empty database, and close it afterwards."""
    database = Database(url, create=Base.metadata)
    try:
        yield _library(database, **settings)
    finally:
        database.close()


def _library(database: Database, **settings: Any) -> App:
    app = App("Library", **settings)
    app.install(database)
    app.add("/authors", Authors)
    app.add("/books", Books)
    app.add("/authors/<int:author_id>/books", AuthorBooks)
    app.add("/shelves", Shelves)
    return app
