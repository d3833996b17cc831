"""Statements: a page costs as many for a hundred items as for one, whatever its model is."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    column_property,
    deferred,
    mapped_column,
    relationship,
)

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

ITEMS = 10


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)


class Person(Base):
    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    first: Mapped[str] = mapped_column(sa.Text)
    last: Mapped[str] = mapped_column(sa.Text)
    story: Mapped[str] = mapped_column(sa.Text, deferred=True)
    note: Mapped[str] = deferred(mapped_column(sa.Text, deferred_group="texts"))
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))
    team: Mapped[Team] = relationship()
    shout: Mapped[str] = column_property(sa.func.upper(first))

    @hybrid_property
    def full(self) -> str:
        return f"{self.first} {self.last}"

    @property
    def initials(self) -> str:
        return self.first[0] + self.last[0]


class TeamSchema(Schema):
    name = fields.Str(dump_only=True)


class NameSchema(Schema):
    id = fields.Int(dump_only=True)
    first = fields.Str(dump_only=True)
    full = fields.Str(dump_only=True)
    initials = fields.Str(dump_only=True)
    shout = fields.Str(dump_only=True)
    biography = fields.Str(dump_only=True, attribute="story")
    team = fields.Nested(TeamSchema, dump_only=True)


class People(CRUDResource[Person]):
    model = Person
    methods = {"GET"}


class Names(CRUDResource[Person]):
    model = Person
    schema = NameSchema
    fields = True
    expand = ("team",)
    methods = {"GET"}


class Short(Schema):
    id = fields.Int(dump_only=True)
    first = fields.Str(dump_only=True)


class Shorts(CRUDResource[Person]):
    model = Person
    schema = Short
    methods = {"GET"}


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    with database_url(request.param, tmp_path) as url:
        found = Database(url, create=Base.metadata)
        with sa.orm.Session(found.engine) as session:
            team = Team(name="a")
            session.add_all(
                Person(first="a", last="b", story="c", note="d", team=team) for _ in range(ITEMS)
            )
            session.commit()
        yield found
        found.close()


@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("/people", 1),
        ("/people?limit=5", 1),
        ("/names", 1),
        ("/names?fields=full", 1),
        ("/names?fields=initials,shout", 1),
        ("/names?fields=biography", 1),
        ("/names?fields=full&expand=team", 1),
        ("/names?expand=team", 1),
        ("/names/1", 2),
        ("/people/1", 3),
    ],
)
@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_statements_of_a_page(database: Database, url: str, most: int, accept: str) -> None:
    """Deferred columns, hybrids, properties and expressions are read with the page."""
    app = App("People")
    app.install(database)
    app.add("/people", People)
    app.add("/names", Names)
    client = Client(app)
    if url.endswith("/1"):
        accept = "application/json"
    count: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *given: count.append(given[2]))
    response = client.get(url, headers={"Accept": accept})
    assert response.status == 200
    assert response.text.count("{") >= (ITEMS if url.count("/") == 1 and "limit" not in url else 1)
    reads = [each for each in count if each.startswith("SELECT")]
    assert len(reads) <= most, reads


def test_deferred_columns_that_no_response_has_stay_deferred(database: Database) -> None:
    """A column that the schema leaves out is not read for it."""
    app = App("People")
    app.install(database)
    app.add("/shorts", Shorts)
    seen: list[str] = []
    sa.event.listen(database.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert len(Client(app).get("/shorts").json["items"]) == ITEMS
    assert not [each for each in seen if "story" in each or "note" in each]
