"""The tables."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

from sqlalchemy import JSON, Enum, ForeignKey, MetaData, Numeric, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit.sqlalchemy import IdempotencyRecord, Versioned


class Genre(enum.Enum):
    FICTION = "fiction"
    SCIENCE = "science"
    HISTORY = "history"
    POETRY = "poetry"


class Base(DeclarativeBase):
    # A migration drops a constraint by its name, so each has one, and the same on every database.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    # Texts, not types of PostgreSQL's own: another genre is then no change of the tables.
    type_annotation_map = {Genre: Enum(Genre, native_enum=False, length=20)}


class Author(Versioned, Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    born: Mapped[dt.date | None]
    # An author who still has books stays: the database says so, and that is a 409.
    books: Mapped[list[Book]] = relationship(back_populates="author", passive_deletes="all")


class Book(Versioned, Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200), index=True)
    genre: Mapped[Genre] = mapped_column(index=True)
    published: Mapped[dt.date | None] = mapped_column(index=True)
    pages: Mapped[int | None]
    price: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    author_id: Mapped[int] = mapped_column(ForeignKey("author.id"), index=True)
    author: Mapped[Author] = relationship(back_populates="books")
    cover: Mapped[Cover | None] = relationship(back_populates="book", cascade="all, delete-orphan")


class Cover(Base):
    __tablename__ = "cover"

    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"), primary_key=True)
    book: Mapped[Book] = relationship(back_populates="cover")
    media_type: Mapped[str] = mapped_column(String(50))
    content: Mapped[bytes]


class Kept(IdempotencyRecord, Base):
    """Responses by their Idempotency-Key, stored in the transaction of the write."""

    __tablename__ = "kept"
