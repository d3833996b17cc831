"""StoreConformance: memory, SQLite and PostgreSQL do the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from databases import KINDS, database_url
from marshmallow import validate
from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import MemoryStore, Page
from restkit.crud.memory_store import MemoryTransaction
from restkit.sqlalchemy import Database, UTCDateTime, Versioned
from restkit.testing import StoreConformance
from restkit.testing.conformance.relations import RelationConformance


@dataclass
class Topic:
    slug: Annotated[str, validate.Length(1, 20)]
    name: Annotated[str, validate.Length(max=50)]


@dataclass
class Note:
    title: Annotated[str, validate.Length(1, 100)]
    code: Annotated[str, validate.Length(max=20)] | None = None
    number: int | None = None
    topic_id: Annotated[str, validate.Length(max=20)] | None = None
    removed_at: dt.datetime | None = None
    id: int = 0


@dataclass
class Label:
    name: Annotated[str, validate.Length(1, 20)]
    removed_at: dt.datetime | None = None
    id: int = 0


@dataclass
class Ticket:
    title: str
    labels: list[int] = field(default_factory=list)
    id: int = 0


class TestMemoryStore(StoreConformance):
    """The store in memory passes the suite."""

    note = Note
    topic = Topic
    ticket = Ticket
    label = Label

    @pytest.fixture
    def app(self) -> App:
        app = App("Notes")
        labels: MemoryStore[Label] = MemoryStore(Label, unique=("name",))
        app.install(labels)
        app.install(MemoryStore(Ticket, references={"labels": labels}))
        topics = MemoryStore(Topic, key="slug", unique=("name",))
        app.install(topics)
        app.install(MemoryStore(Note, unique=("code",), references={"topic_id": topics}))
        return app


class Base(DeclarativeBase):
    pass


class TopicRow(Versioned, Base):
    __tablename__ = "topic"

    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)


class NoteRow(Versioned, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    number: Mapped[int | None]
    topic_id: Mapped[str | None] = mapped_column(ForeignKey("topic.slug"), type_=String(20))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


ticket_label = Table(
    "ticket_label",
    Base.metadata,
    Column("ticket_id", ForeignKey("ticket.id"), primary_key=True),
    Column("label_id", ForeignKey("label.id"), primary_key=True),
)


class LabelRow(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class TicketRow(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    labels: Mapped[list[LabelRow]] = relationship(secondary=ticket_label)


class TestSQLAlchemyStore(StoreConformance):
    """The store over SQLAlchemy passes the suite on both databases."""

    note = NoteRow
    topic = TopicRow
    ticket = TicketRow
    label = LabelRow

    @pytest.fixture(params=KINDS)
    def app(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
        with database_url(request.param, tmp_path) as url:
            database = Database(url, create=Base.metadata)
            app = App("Notes")
            app.install(database)
            yield app
            database.close()


class RelatedBase(DeclarativeBase):
    pass


class RelatedTopic(Versioned, RelatedBase):
    __tablename__ = "topic"

    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    notes: Mapped[list[RelatedNote]] = relationship(back_populates="topic", viewonly=True)


class RelatedNote(Versioned, RelatedBase):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    number: Mapped[int | None]
    topic_id: Mapped[str | None] = mapped_column(ForeignKey("topic.slug"), type_=String(20))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    topic: Mapped[RelatedTopic | None] = relationship(back_populates="notes", viewonly=True)


class TestRelations(RelationConformance):
    """The stores of models with relations pass that part of the suite."""

    relations = ("topic", "notes")

    @pytest.fixture(params=["memory", *KINDS])
    def app(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
        app = App("Notes")
        if request.param == "memory":
            topics = MemoryStore(Topic, key="slug", unique=("name",))
            notes = MemoryStore(Note, references={"topic_id": topics})
            notes.relate("topic", "topic_id", back="notes")
            self.note, self.topic = Note, Topic
            app.install(topics)
            app.install(notes)
            yield app
            return
        self.note, self.topic = RelatedNote, RelatedTopic
        with database_url(request.param, tmp_path) as url:
            database = Database(url, create=RelatedBase.metadata)
            app.install(database)
            yield app
            database.close()


@dataclass
class LooseNote(Note):
    """Is a note whose store does not know what its topic is."""


class TestWithoutReferences(StoreConformance):
    """A store that knows no references passes what is left of the suite."""

    note = LooseNote
    topic = Topic
    references = False
    rounds = 1

    @pytest.fixture
    def app(self) -> App:
        app = App("Notes")
        app.install(MemoryStore(Topic, key="slug", unique=("name",)))
        app.install(MemoryStore(LooseNote, unique=("code",)))
        return app


class Forgetful(MemoryStore[Any]):
    """Gives every item the same version."""

    def version(self, item: Any, /) -> int | None:
        return 1


class _Hasty(MemoryTransaction[Any]):
    def add(self, item: Any, /) -> None:
        super().add(item)
        self._work.keep()


class Hasty(MemoryStore[Any]):
    """Keeps what a request writes before it ends."""

    def open(self, request: Any, app: Any, /) -> Any:
        opened: Any = super().open(request, app)
        return _Hasty(self, opened._work)


class _Short(MemoryTransaction[Any]):
    def list(self, query: Any, /) -> Page[Any]:
        page = super().list(query)
        return Page(
            page.items[1:] if query.after else page.items,
            page.has_next,
            page.has_previous,
            page.total,
        )


class Skipping(MemoryStore[Any]):
    """Leaves the first item of a page out."""

    def open(self, request: Any, app: Any, /) -> Any:
        opened: Any = super().open(request, app)
        return _Short(self, opened._work)


@pytest.mark.parametrize(
    ("kind", "test"),
    [
        (Forgetful, "test_items"),
        (Forgetful, "test_preconditions"),
        (Hasty, "test_a_request_that_fails_leaves_nothing"),
        (Skipping, "test_pages_there_and_back"),
        (Skipping, "test_pages_stay_where_they_are"),
    ],
)
def test_a_store_that_is_wrong_fails(kind: Any, test: str) -> None:
    """A store that forgets, hurries or skips something does not pass."""
    suite = TestMemoryStore()
    app = App("Notes")
    topics = kind(Topic, key="slug", unique=("name",))
    app.install(topics)
    app.install(kind(Note, unique=("code",), references={"topic_id": topics}))
    with pytest.raises(AssertionError):
        getattr(suite, test)(app)
