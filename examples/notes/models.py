"""The tables, and which of their rows a caller may read and write."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, or_
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit.sqlalchemy import Database, IdempotencyRecord, Versioned


class Base(DeclarativeBase):
    pass


class Note(Versioned, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(50), index=True)
    title: Mapped[str] = mapped_column(String(200), index=True)
    text: Mapped[str] = mapped_column(String(10_000), default="")
    shared: Mapped[bool] = mapped_column(default=False)
    rating: Mapped[int | None]
    removed_at: Mapped[dt.datetime | None]
    comments: Mapped[list[Comment]] = relationship(
        back_populates="note", cascade="all, delete-orphan"
    )


class Comment(Versioned, Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(50), index=True)
    text: Mapped[str] = mapped_column(String(1_000))
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"), index=True)
    note: Mapped[Note] = relationship(back_populates="comments")


class Kept(IdempotencyRecord, Base):
    """Responses by their Idempotency-Key."""

    __tablename__ = "kept"


def database_of(url: str) -> Database:
    """Return the database, whose rows only their owners write."""
    database = Database(url, create=Base.metadata)
    database.rows(
        Note, read=lambda me: or_(Note.owner == me.id, Note.shared), write="owner", set="owner"
    )
    database.rows(
        Comment,
        read=lambda me: or_(Comment.owner == me.id, Comment.note.has(Note.owner == me.id)),
        write="owner",
        set="owner",
    )
    return database
