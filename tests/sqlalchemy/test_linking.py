"""Single members of lists: their cost does not grow with the list, and everybody still sees it."""

from __future__ import annotations

import re
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    validates,
)

from restkit import App
from restkit.crud import CRUDResource, Related
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client

MANY = 1_000


class Base(DeclarativeBase):
    pass


ticket_tag = sa.Table(
    "ticket_tag",
    Base.metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
    sa.Column("weight", sa.Integer, nullable=False, default=7),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    tickets: Mapped[list[Ticket]] = relationship(secondary=ticket_tag, back_populates="tags")


class Note(Versioned, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"))
    ticket: Mapped[Ticket | None] = relationship(back_populates="notes")


class Ticket(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    tags: Mapped[list[Tag]] = relationship(secondary=ticket_tag, back_populates="tickets")
    notes: Mapped[list[Note]] = relationship(back_populates="ticket")


MODELS: dict[str, type[Any]] = {"tags": Tag, "notes": Note}


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


def resource(ticket: type = Ticket) -> type[CRUDResource[Any]]:
    """Return the collection of tickets, whose members may be many."""

    class Tickets(CRUDResource[Any]):
        model = ticket
        relations = {name: Related(max_length=2 * MANY) for name in MODELS}
        members = ("tags", "notes")

    return Tickets


def client_of(database: Database, declared: type[CRUDResource[Any]]) -> Client:
    app = App("Tickets")
    app.install(database)
    app.add("/tickets", declared)
    with Session(database.engine) as session, session.begin():
        session.add_all([Ticket(id=1, title="one"), Ticket(id=2, title="many")])
        for model in MODELS.values():
            session.add_all([model(id=key) for key in range(1, MANY + 3)])
        session.flush()
        rows = [{"ticket_id": 1, "tag_id": 1}]
        rows += [{"ticket_id": 2, "tag_id": key} for key in range(1, MANY + 1)]
        session.execute(sa.insert(ticket_tag), rows)
        session.execute(sa.update(Note).where(Note.id == MANY + 1).values(ticket_id=1))
        session.execute(sa.update(Note).where(Note.id <= MANY).values(ticket_id=2))
    return Client(app)


class Observed:
    """The statements of requests, and the objects that they load."""

    def __init__(self, database: Database) -> None:
        self.statements: list[str] = []
        self.loaded: list[object] = []
        event.listen(database.engine, "before_cursor_execute", self._executed)
        for each in MODELS.values():
            event.listen(each, "load", self._load)

    def _executed(self, _connection: object, _cursor: object, text: str, *_: object) -> None:
        self.statements.append(re.sub(r"\s+", " ", text))

    def _load(self, item: object, _context: object) -> None:
        self.loaded.append(item)

    def close(self) -> None:
        for each in MODELS.values():
            event.remove(each, "load", self._load)

    def of(self, ask: Any, url: str) -> tuple[list[str], int]:
        """Return the statements of a successful request, and how many objects it loaded."""
        self.statements.clear()
        self.loaded.clear()
        assert ask(url).status == 204
        return list(self.statements), len(self.loaded)


@pytest.mark.parametrize("name", MODELS)
def test_the_cost_of_a_member_does_not_depend_on_the_list(database: Database, name: str) -> None:
    """A thousand members cost the statements and objects of one, for PUT and DELETE."""
    client = client_of(database, resource())
    observed = Observed(database)
    try:
        added, loaded = observed.of(client.put, f"/tickets/1/{name}/{MANY + 2}")
        assert loaded == 1
        assert observed.of(client.delete, f"/tickets/1/{name}/{MANY + 2}")[1] == 1
        removed = [*observed.statements]
        assert observed.of(client.put, f"/tickets/2/{name}/{MANY + 2}") == (added, 1)
        assert observed.of(client.delete, f"/tickets/2/{name}/{MANY + 2}") == (removed, 1)
    finally:
        observed.close()
    assert 5 <= len(removed) <= len(added) <= 7
    assert client.delete(f"/tickets/2/{name}/{MANY + 2}").status == 404


def test_columns_of_the_table_between_get_their_defaults(database: Database) -> None:
    """The row of a member is the one that SQLAlchemy inserts."""
    client = client_of(database, resource())
    assert client.put("/tickets/1/tags/5").status == 204
    assert client.put("/tickets/1/tags/5").status == 204
    with Session(database.engine) as session:
        rows = session.execute(sa.select(ticket_tag).where(ticket_tag.c.ticket_id == 1)).all()
    assert sorted(tuple(row) for row in rows) == [(1, 1, 7), (1, 5, 7)]


@pytest.mark.parametrize("name", MODELS)
def test_a_member_changes_the_version_of_its_item(database: Database, name: str) -> None:
    """PUT and DELETE of a member give the item a version, and a repeated PUT does not."""
    client = client_of(database, resource())
    tags = [client.get("/tickets/1").headers["ETag"]]
    client.put(f"/tickets/1/{name}/9")
    tags.append(client.get("/tickets/1").headers["ETag"])
    client.put(f"/tickets/1/{name}/9")
    assert client.get("/tickets/1").headers["ETag"] == tags[-1]
    client.delete(f"/tickets/1/{name}/9")
    tags.append(client.get("/tickets/1").headers["ETag"])
    assert len({*tags}) == 3


def test_a_list_is_not_longer_than_declared(database: Database) -> None:
    """A member more than max_length is a 409."""

    class Tickets(CRUDResource[Any]):
        model = Ticket
        relations = {"tags": Related(max_length=2)}
        members = ("tags",)

    client = client_of(database, Tickets)
    assert client.put("/tickets/1/tags/2").status == 204
    assert client.put("/tickets/1/tags/3").status == 409
    assert client.put("/tickets/1/tags/1").status == 204
    assert client.delete("/tickets/1/tags/2").status == 204
    assert client.put("/tickets/1/tags/3").status == 204


def test_an_overridden_action_gets_the_whole_list(database: Database) -> None:
    """A class that overrides ``update`` sees the list as it will be."""
    seen: list[list[int]] = []

    class Tickets(resource()):  # type: ignore[misc]  # made by a function
        def update(self, item: Any, values: Any) -> Any:
            seen.append([each.id for each in values["tags"]])
            return super().update(item, values)

    client = client_of(database, Tickets)
    assert client.put("/tickets/1/tags/3").status == 204
    assert client.delete("/tickets/1/tags/1").status == 204
    assert seen == [[1, 3], [3]]


@pytest.mark.parametrize("name", MODELS)
def test_listeners_of_a_list_see_its_members(database: Database, name: str) -> None:
    """Listeners of the relation, and of the one back, are called as for a PATCH of the list."""
    client = client_of(database, resource())
    heard: list[tuple[str, object]] = []

    def added(item: Any, value: Any, _initiator: object) -> None:
        heard.append(("added", value.id))

    def removed(item: Any, value: Any, _initiator: object) -> None:
        heard.append(("removed", value.id))

    relation = getattr(Ticket, name)
    event.listen(relation, "append", added)
    event.listen(relation, "remove", removed)
    try:
        assert client.put(f"/tickets/1/{name}/4").status == 204
        assert client.delete(f"/tickets/1/{name}/4").status == 204
    finally:
        event.remove(relation, "append", added)
        event.remove(relation, "remove", removed)
    assert [*dict.fromkeys(heard)] == [("added", 4), ("removed", 4)]


def test_listeners_of_a_flush_see_the_new_list(database: Database) -> None:
    """A listener of the session's flush finds the member in the history of the list."""
    client = client_of(database, resource())
    seen: list[list[int]] = []

    def flushing(session: Any, _context: object, _instances: object) -> None:
        for item in (each for each in session.dirty if isinstance(each, Ticket)):
            added = sa.inspect(item).attrs["tags"].history.added or ()
            seen.append([each.id for each in added])

    event.listen(Session, "before_flush", flushing)
    try:
        assert client.put("/tickets/1/tags/4").status == 204
    finally:
        event.remove(Session, "before_flush", flushing)
    assert [4] in seen


def test_validators_of_a_list_may_reject_a_member(database: Database) -> None:
    """A model's ``validates`` of the relation is called for a member."""

    class Other(DeclarativeBase):
        pass

    between = sa.Table(
        "other_tag",
        Other.metadata,
        sa.Column("ticket_id", sa.ForeignKey("other.id"), primary_key=True),
        sa.Column("tag_id", sa.ForeignKey("label.id"), primary_key=True),
    )

    class Label(Other):
        __tablename__ = "label"

        id: Mapped[int] = mapped_column(primary_key=True)

    class Strict(Other):
        __tablename__ = "other"

        id: Mapped[int] = mapped_column(primary_key=True)
        labels: Mapped[list[Any]] = relationship(Label, secondary=between)

        @validates("labels")
        def checked(self, _name: str, value: Any) -> Any:
            if value.id == 2:
                raise ValueError("not this one")
            return value

    Other.metadata.create_all(database.engine)
    declared = type("Stricts", (CRUDResource,), {"model": Strict, "members": ("labels",)})
    app = App("Labels")
    app.install(database)
    app.add("/stricts", declared)
    client = Client(app)
    with Session(database.engine) as session, session.begin():
        session.add_all([Strict(id=1), Label(id=1), Label(id=2)])
    assert client.put("/stricts/1/labels/1").status == 204
    assert client.put("/stricts/1/labels/2").status == 422
    Other.metadata.drop_all(database.engine)


class Eager(Base):
    __tablename__ = "eager"

    id: Mapped[int] = mapped_column(primary_key=True)
    marks: Mapped[list[Mark]] = relationship(lazy="selectin", back_populates="eager")


class Mark(Base):
    __tablename__ = "mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    eager_id: Mapped[int | None] = mapped_column(sa.ForeignKey("eager.id"))
    eager: Mapped[Eager | None] = relationship(back_populates="marks")

    @validates("eager")
    def kept(self, _name: str, value: Any) -> Any:
        return value


def explained(declared: type[CRUDResource[Any]], name: str) -> str:
    """Return what ``restkit explain`` says of the PUT of a member."""
    app = App("Tickets")
    app.install(Database("sqlite://"))
    app.add("/tickets", declared)
    made = [each for each in app.operations() if f"/{name}/<" in each.rule and each.method == "PUT"]
    paths: Any = getattr(made[0].resource, "row_paths")  # noqa: B009
    return str(paths.explained("update"))


def test_which_way_is_taken_is_explained() -> None:
    """The reason for reading a whole list names the class, the relation or the database."""

    class Own(resource()):  # type: ignore[misc]  # made by a function
        def change(self, item: Any, values: Any) -> Any:
            return super().change(item, values)

    eager = type("Eagers", (CRUDResource,), {"model": Eager, "members": ("marks",)})
    assert explained(resource(), "tags") == "one member, without the rest of its list"
    assert explained(resource(), "notes") == "one member, without the rest of its list"
    assert explained(Own, "tags") == "the whole list of tags: the class overrides change()"
    says = "the whole list of marks: Eager.marks is loaded with each item (lazy='selectin')"
    assert explained(eager, "marks") == says


def test_validators_of_the_relation_back_are_called(database: Database) -> None:
    """A model whose relation back has ``validates`` sets whole lists."""
    declared = type("Eagers", (CRUDResource,), {"model": Eager, "members": ("marks",)})
    app = App("Eagers")
    app.install(database)
    app.add("/eagers", declared)
    client = Client(app)
    with Session(database.engine) as session, session.begin():
        session.add_all([Eager(id=1), Mark(id=1), Mark(id=2)])
    assert client.put("/eagers/1/marks/2").status == 204
    assert [each["id"] for each in client.get("/eagers/1/marks").json["items"]] == [2]
    assert client.delete("/eagers/1/marks/2").status == 204
    assert client.get("/eagers/1/marks").json["items"] == []
