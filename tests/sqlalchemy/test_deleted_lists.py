"""Deleted items with several lists of rows, of which other callers may have some."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "shared_note"

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("listed_project.id"))


class Task(Base):
    __tablename__ = "owned_task"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str | None] = mapped_column(sa.String(9))
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("listed_project.id"))


class Project(Base):
    __tablename__ = "listed_project"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The lists without a scope stand around the one with a scope.
    notes: Mapped[list[Note]] = relationship(cascade="all, delete-orphan")
    tasks: Mapped[list[Task]] = relationship(cascade="all, delete-orphan")
    others: Mapped[list[Note]] = relationship(viewonly=True)


class Tasks(CRUDResource[Task]):
    model = Task

    def scope(self) -> object:
        if "X-Text" in self.request.headers:
            return sa.text("owned_task.owner = 'ada'")
        return {"owner": self.request.headers.get("X-Owner", "")}


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as found,
    ):
        yield found


@pytest.mark.parametrize("more", [{}, {"X-Text": "1"}], ids=str)
@pytest.mark.parametrize(
    ("owners", "status"),
    [
        ((), 204),
        (("ada",), 204),
        (("tom",), 409),
        (("ada", "tom"), 409),
        ((None,), 409),
    ],
)
def test_rows_of_others_in_the_second_list_keep_an_item(
    database: Database, owners: tuple[str | None, ...], status: int, more: dict[str, str]
) -> None:
    """A list that nobody's scope restricts, and that comes first, does not end the search."""
    app = App("Projects")
    app.install(database)
    app.add("/tasks", Tasks)
    app.add("/notes", type("Notes", (CRUDResource,), {"model": Note}))
    app.add("/projects", type("Projects", (CRUDResource,), {"model": Project}))
    client = Client(app)
    assert client.post("/projects", json={}).status == 201
    with Session(database.engine) as session, session.begin():
        session.add_all([Note(project_id=1), *(Task(project_id=1, owner=each) for each in owners)])
    headers = {"X-Owner": "ada", **more}
    assert client.delete("/projects/1", headers=headers).status == status
    with Session(database.engine) as session:
        left = [
            session.scalar(sa.select(sa.func.count()).select_from(each)) for each in (Note, Task)
        ]
    assert left == ([0, 0] if status == 204 else [1, len(owners)])
