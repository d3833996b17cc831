"""The tables, and the session of a request."""

from __future__ import annotations

import datetime as dt
import enum
import threading
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON, ForeignKey, Numeric, String, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker
from sqlalchemy.pool import StaticPool

from restkit import Request


class Genre(enum.Enum):
    FICTION = "fiction"
    SCIENCE = "science"
    HISTORY = "history"
    POETRY = "poetry"


class Base(DeclarativeBase):
    pass


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    born: Mapped[dt.date | None]
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
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
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Cover(Base):
    __tablename__ = "cover"

    book_id: Mapped[int] = mapped_column(ForeignKey("book.id"), primary_key=True)
    book: Mapped[Book] = relationship(back_populates="cover")
    media_type: Mapped[str] = mapped_column(String(50))
    content: Mapped[bytes]


class Database:
    """Is the engine and its sessions; the tables are made when it is opened."""

    def __init__(self, url: str) -> None:
        options: dict[str, Any] = {}
        if url in ("sqlite://", "sqlite:///:memory:"):
            options = {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        self.engine = create_engine(url, **options)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _configure_sqlite)
        self._sessions = sessionmaker(self.engine)
        Base.metadata.create_all(self.engine)

    def open(self) -> Session:
        return self._sessions()


def _configure_sqlite(connection: Any, record: object) -> None:
    # WAL lets readers go on while one writes; foreign keys are off by default in SQLite.
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}").close()


_opened: dict[str, Database] = {}
_lock = threading.Lock()


def _database(url: str) -> Database:
    with _lock:
        if url not in _opened:
            _opened[url] = Database(url)
        return _opened[url]


def session(request: Request) -> Iterator[Session]:
    """Open a session for one request; it commits before the response starts, or not at all."""
    with _database(request.app.settings.database_url).open() as session, session.begin():
        yield session
