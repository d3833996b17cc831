"""A scope over a variable of its URL, where another collection refers to its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App
from restkit.crud import AnyOf, CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Note(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    hidden: Mapped[bool] = mapped_column(default=False)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))


class Link(Base):
    __tablename__ = "link"
    id: Mapped[int] = mapped_column(primary_key=True)
    note_id: Mapped[int] = mapped_column(sa.ForeignKey("note.id"))
    note: Mapped[Note] = relationship()


Scope = Callable[[object], object]
SCOPES: dict[str, Scope] = {
    "equal": lambda team: sa.and_(Note.team_id == team, Note.hidden.is_(False)),
    "in": lambda team: sa.and_(Note.team_id.in_([team]), Note.hidden.is_(False)),
    "either": lambda team: sa.and_(~Note.hidden, sa.or_(Note.team_id == team, Note.id < 0)),
    "exists": lambda team: sa.and_(
        ~Note.hidden, sa.exists().where(Team.id == Note.team_id, Team.id == team)
    ),
    "list": lambda team: [Note.team_id == team, {"hidden": False}],
    "any-of": lambda team: [AnyOf(Note.team_id == team, {"id": 0}), Note.hidden.is_(False)],
}


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        yield database
        database.close()


@pytest.mark.parametrize("scope", SCOPES.values(), ids=list(SCOPES))
def test_a_reference_meets_the_rest_of_the_scope(database: Database, scope: Scope) -> None:
    """The team of another URL may be any; what else hides a note holds for references too."""

    class Notes(CRUDResource[Note]):
        model = Note

        def scope(self) -> object:
            return scope(self.request.path_parameters["team_id"])

    class Links(CRUDResource[Link]):
        model = Link
        expand = ("note",)

    with Session(database.engine) as session:
        session.add_all([Team(id=1, name="a"), Team(id=2, name="b")])
        session.flush()
        session.add_all([Note(id=1, team_id=1), Note(id=2, team_id=2, hidden=True)])
        session.commit()
    app = App("Notes")
    app.install(database)
    app.add("/teams/<int:team_id>/notes", Notes)
    app.add("/links", Links)
    client = Client(app)
    assert [each["id"] for each in client.get("/teams/1/notes").json["items"]] == [1]
    assert client.get("/teams/2/notes").json["items"] == []
    assert client.post("/links", json={"note_id": 1}).status == 201
    hidden, missing = (client.post("/links", json={"note_id": key}) for key in (2, 999))
    assert (hidden.status, hidden.json) == (missing.status, missing.json)
    assert hidden.status == 409
    (link,) = client.get("/links?expand=note").json["items"]
    assert link["note"]["id"] == 1
