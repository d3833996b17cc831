"""StoreConformance: memory, SQLite and PostgreSQL do the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import pytest
from databases import KINDS, database_url
from marshmallow import Schema, validate
from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import MemoryStore, Page
from restkit.crud.memory_store import MemoryTransaction
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, UTCDateTime, Versioned
from restkit.testing import StoreConformance
from restkit.testing.conformance.kinds import KindConformance


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


@dataclass
class Vehicle:
    plate: Annotated[str, validate.Length(1, 20)]
    note: str | None = None
    removed_at: dt.datetime | None = None
    id: int = 0


@dataclass
class Car(Vehicle):
    doors: int | None = None


@dataclass
class Truck(Vehicle):
    payload: int | None = None


class PlainVehicle:
    """Is not a dataclass."""

    def __init__(
        self,
        plate: Annotated[str, validate.Length(1, 20)],
        note: str | None = None,
        removed_at: dt.datetime | None = None,
        id: int = 0,
    ) -> None:
        self.plate, self.note, self.removed_at, self.id = plate, note, removed_at, id


class PlainCar(PlainVehicle):
    def __init__(
        self,
        plate: Annotated[str, validate.Length(1, 20)],
        note: str | None = None,
        removed_at: dt.datetime | None = None,
        id: int = 0,
        doors: int | None = None,
    ) -> None:
        super().__init__(plate, note, removed_at, id)
        self.doors = doors


class PlainTruck(PlainVehicle):
    def __init__(
        self,
        plate: Annotated[str, validate.Length(1, 20)],
        note: str | None = None,
        removed_at: dt.datetime | None = None,
        id: int = 0,
        payload: int | None = None,
    ) -> None:
        super().__init__(plate, note, removed_at, id)
        self.payload = payload


@dataclass
class Membership:
    user_id: int
    group_id: Annotated[str, validate.Length(1, 20)]
    role: str | None = None


class TestMemoryStore(StoreConformance):
    """The store in memory passes the suite."""

    note = Note
    topic = Topic
    relations = ("topic", "notes")
    ticket = Ticket
    label = Label
    vehicle = Vehicle
    car = Car
    membership = Membership

    @pytest.fixture
    def app(self) -> App:
        app = App("Notes")
        labels: MemoryStore[Label] = MemoryStore(Label, unique=("name",))
        app.install(labels)
        app.install(MemoryStore(Ticket, references={"labels": labels}))
        topics = MemoryStore(Topic, key="slug", unique=("name",))
        app.install(topics)
        notes = MemoryStore(Note, unique=("code",), references={"topic_id": topics})
        notes.relate("topic", "topic_id", back="notes")
        app.install(notes)
        kinds = {"car": Car, "truck": Truck}
        app.install(MemoryStore(Vehicle, kinds=kinds, unique=("plate",)))
        app.install(MemoryStore(Membership, key=("user_id", "group_id")))
        return app


class TestPlainKinds(KindConformance):
    """Kinds that are no dataclasses pass that part of the suite."""

    vehicle = PlainVehicle
    car = PlainCar

    @pytest.fixture
    def app(self) -> App:
        app = App("Notes")
        kinds = {"car": PlainCar, "truck": PlainTruck}
        app.install(MemoryStore(PlainVehicle, kinds=kinds, unique=("plate",)))
        return app


class Base(DeclarativeBase):
    pass


class TopicRow(Versioned, Base):
    __tablename__ = "topic"

    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    notes: Mapped[list[NoteRow]] = relationship(back_populates="topic", viewonly=True)


class NoteRow(Versioned, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(100))
    code: Mapped[str | None] = mapped_column(String(20), unique=True)
    number: Mapped[int | None]
    topic_id: Mapped[str | None] = mapped_column(ForeignKey("topic.slug"), type_=String(20))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)
    topic: Mapped[TopicRow | None] = relationship(back_populates="notes", viewonly=True)


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


class VehicleRow(Versioned, Base):
    """Has cars in a table of their own, and trucks in its own table."""

    __tablename__ = "vehicle"
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    plate: Mapped[str] = mapped_column(String(20), unique=True)
    note: Mapped[str | None] = mapped_column(String(20))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class CarRow(VehicleRow):
    __tablename__ = "car"
    __mapper_args__ = {"polymorphic_identity": "car"}

    id: Mapped[int] = mapped_column(ForeignKey("vehicle.id"), primary_key=True)
    doors: Mapped[int | None]


class TruckRow(VehicleRow):
    __mapper_args__ = {"polymorphic_identity": "truck"}

    payload: Mapped[int | None]


class MembershipRow(Base):
    __tablename__ = "membership"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    group_id: Mapped[str] = mapped_column(String(20), primary_key=True)
    role: Mapped[str | None] = mapped_column(String(20))


class TestSQLAlchemyStore(StoreConformance):
    """The store over SQLAlchemy passes the suite on both databases."""

    note = NoteRow
    topic = TopicRow
    relations = ("topic", "notes")
    ticket = TicketRow
    label = LabelRow
    vehicle = VehicleRow
    car = CarRow
    membership = MembershipRow

    def rule(self, app: App, model: type[object], **rule: Any) -> None:
        """Declare the rule on the database of the App."""
        self.database.rows(model, **rule)

    @pytest.fixture(params=KINDS)
    def app(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[App]:
        with database_url(request.param, tmp_path) as url:
            self.database = database = Database(url, create=Base.metadata)
            app = App("Notes")
            app.install(database)
            yield app
            database.close()


@dataclass
class LooseNote(Note):
    """Is a note whose store does not know what its topic is."""


class WithoutAlternatives(MemoryStore[Any]):
    """A store that knows no alternatives."""

    has_alternatives = False


class TestWithoutReferences(StoreConformance):
    """A store that knows no references passes what is left of the suite."""

    note = LooseNote
    topic = Topic
    lacks = (
        *("references", "relations", "related keys", "kinds", "composite keys"),
        "alternatives",
    )
    rounds = 1

    @pytest.fixture
    def app(self) -> App:
        app = App("Notes")
        app.install(MemoryStore(Topic, key="slug", unique=("name",)))
        app.install(WithoutAlternatives(LooseNote, unique=("code",)))
        return app


class Minimal:
    """Has the members of the Store protocol alone."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.model, self.key = inner.model, inner.key
        self.attributes, self.failures = inner.attributes, inner.failures

    def install(self, app: App, /) -> None:
        app.stores.append(lambda model: self if model is self.model else None)

    def configured(
        self, *, key: str, soft_delete: str | None, scope: Sequence[str] = ()
    ) -> Minimal:
        if soft_delete is not None:
            raise DeclarationError(f"{self.model.__qualname__}: no soft deletion.")
        return Minimal(self._inner.configured(key=key, soft_delete=None, scope=scope))

    def schema(self, expand: Sequence[str] = ()) -> type[Schema]:
        found: type[Schema] = self._inner.schema(expand)
        return found

    def open(self, request: Any, app: Any, /) -> MinimalTransaction:
        return MinimalTransaction(self._inner.open(request, app))

    def version(self, item: Any, /) -> int | None:
        found: int | None = self._inner.version(item)
        return found

    def value(self, item: Any, name: str, /) -> Any:
        return getattr(item, name)


class MinimalTransaction:
    """Has the members of the Transaction protocol alone."""

    def __init__(self, inner: Any) -> None:
        self.list, self.stream, self.get = inner.list, inner.stream, inner.get
        self.has_parents, self.build, self.add = inner.has_parents, inner.build, inner.add
        self.change, self.remove, self.restore = inner.change, inner.remove, inner.restore
        self.attempt = inner.attempt


class TestMinimalStore(StoreConformance):
    """A store with the members of the protocols alone passes what is left of the suite."""

    note = LooseNote
    topic = Topic
    lacks = (
        "references",
        "relations",
        "related keys",
        "totals",
        "kinds",
        "composite keys",
        "soft delete",
        "row rules",
        "alternatives",
    )
    rounds = 1

    @pytest.fixture
    def app(self) -> App:
        app = App("Notes")
        app.install(Minimal(MemoryStore(Topic, key="slug", unique=("name",))))
        app.install(Minimal(MemoryStore(LooseNote, unique=("code",))))
        return app


def test_a_feature_that_works_is_not_lacking() -> None:
    """A store that has totals cannot say that it has none."""

    class Suite(TestWithoutReferences):
        lacks = ("totals",)

    suite = Suite()
    app = App("Notes")
    app.install(MemoryStore(Topic, key="slug", unique=("name",)))
    app.install(MemoryStore(LooseNote, unique=("code",)))
    with pytest.raises(AssertionError, match="LooseNote with totals was not refused"):
        suite.test_missing_features_are_refused(app)


@pytest.mark.parametrize(
    ("lacks", "test", "message"),
    [
        (("total",), "test_missing_features_are_refused", r"lacks has \['total'\]"),
        ((), "test_totals_of_kinds", "does not set vehicle, car"),
        ((), "test_bulk_requests_name_both", "does not set membership"),
        ((), "test_lists_of_keys", "does not set ticket, label"),
    ],
)
def test_what_a_suite_does_not_declare_fails(
    lacks: tuple[str, ...], test: str, message: str
) -> None:
    """A misspelt feature, and one whose models are missing, are not skipped in silence."""
    suite = type("Suite", (StoreConformance,), {"note": Note, "topic": Topic, "lacks": lacks})()
    with pytest.raises(AssertionError, match=message):
        getattr(suite, test)(App("Notes"))


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
