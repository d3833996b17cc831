"""The rule of a collection for writes holds where another one's content changes its rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, item_action
from restkit.sqlalchemy import Database, session
from restkit.testing import Client

ANN = {"X-User": "ann"}


class Base(DeclarativeBase):
    pass


marks = sa.Table(
    "mark",
    Base.metadata,
    sa.Column("project_id", sa.ForeignKey("project.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Project(Base):
    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(9), default="")
    tasks: Mapped[list[Task]] = relationship(back_populates="project")
    lines: Mapped[list[Line]] = relationship(cascade="all, delete-orphan")
    tags: Mapped[list[Tag]] = relationship(secondary=marks, back_populates="projects")


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(9))
    project_id: Mapped[int | None] = mapped_column(sa.ForeignKey("project.id"))
    project: Mapped[Project | None] = relationship(back_populates="tasks")


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(9))
    text: Mapped[str] = mapped_column(sa.String(9), default="")
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(9))
    name: Mapped[str] = mapped_column(sa.String(9), unique=True)
    projects: Mapped[list[Project]] = relationship(secondary=marks, back_populates="tags")


class LineSchema(Schema):
    id = fields.Int()
    owner = fields.Str(required=True, validate=validate.Length(1, 9))
    text = fields.Str(validate=validate.Length(max=9))


class FormSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(validate=validate.Length(max=9))
    lines = fields.List(fields.Nested(LineSchema))


class Owned(CRUDResource[Any]):
    """Items that everybody reads, and their owner writes."""

    def write_scope(self) -> object:
        return {"owner": self.request.headers.get("X-User", "")}


class Tasks(Owned):
    model = Task


class Lines(Owned):
    model = Line


class Tags(Owned):
    model = Tag


class Projects(CRUDResource[Project]):
    model = Project
    relations = ("tasks", "tags")
    members = ("tasks", "tags")

    @item_action("POST")
    def close(self, item: Project) -> Project:
        work = session(self.request)
        for task in work.scalars(sa.select(Task).where(Task.project_id == item.id)):
            task.owner = "closed"
        item.name = "closed"
        return item


class Forms(CRUDResource[Project]):
    model = Project
    schema = FormSchema


def reset(database: Database) -> None:
    """Store projects with a row of each of two owners."""
    with Session(database.engine) as work, work.begin():
        work.execute(sa.delete(marks))
        for model in (Line, Task, Tag, Project):
            work.execute(sa.delete(model))
        work.add_all([Project(id=2), Project(id=3)])
        work.flush()
        work.add_all([Task(id=1, owner="bob", project_id=2), Task(id=2, owner="ann")])
        work.add_all([Line(id=1, owner="bob", project_id=2), Line(id=2, owner="ann", project_id=3)])
        work.add_all([Tag(id=1, owner="bob", name="a"), Tag(id=2, owner="ann", name="b")])
        if database.engine.name == "postgresql":
            for table in ("project", "line"):
                work.execute(sa.text(f"SELECT setval('{table}_id_seq', 100)"))


@pytest.fixture(scope="module", params=KINDS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, Database]]:
    with (
        database_url(request.param, tmp_path_factory.mktemp("guards")) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Projects")
        app.install(database)
        app.add("/projects", Projects)
        app.add("/forms", Forms)
        for name, resource in {"tasks": Tasks, "lines": Lines, "tags": Tags}.items():
            app.add(f"/{name}", resource)
        yield Client(app), database


def rows_of_bob(database: Database) -> list[tuple[Any, ...]]:
    with Session(database.engine) as work:
        tasks = work.execute(sa.select(Task.id, Task.project_id).where(Task.owner == "bob"))
        lines = work.execute(sa.select(Line.id, Line.text).where(Line.owner == "bob"))
        return [tuple(each) for each in (*tasks, *lines)]


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PATCH", "/projects/2", {"tasks": []}),
        ("PUT", "/projects/2", {"name": "x", "tasks": [2], "tags": []}),
        ("PATCH", "/projects/3", {"tasks": [1]}),
        ("POST", "/projects", {"tasks": [1]}),
        ("POST", "/projects", {"tasks": [1, 2]}),
        ("PUT", "/projects/3/tasks/1", None),
        ("DELETE", "/projects/2/tasks/1", None),
        ("DELETE", "/projects/2", None),
        ("PATCH", "/forms/2", {"lines": []}),
        ("PATCH", "/forms/2", {"lines": [{"id": 1, "owner": "bob", "text": "x"}]}),
        ("PATCH", "/forms/2", {"lines": [{"id": 1, "owner": "ann"}]}),
        ("PATCH", "/forms/3", {"lines": [{"id": 2, "owner": "bob"}]}),
        ("PUT", "/forms/3", {"name": "", "lines": [{"owner": "bob"}]}),
        ("POST", "/forms", {"lines": [{"owner": "bob"}]}),
        ("DELETE", "/forms/2", None),
    ],
)
def test_content_changes_no_row_that_its_collection_protects(
    served: tuple[Client, Database], method: str, path: str, content: Any
) -> None:
    """Lists of keys, members, nested content and deletions of a parent are a 409."""
    client, database = served
    reset(database)
    before = rows_of_bob(database)
    sent = {} if content is None else {"json": content}
    response = client.request(method, path, headers=ANN, **sent)
    assert response.status == 409, response.text
    assert response.json["detail"] == (
        "The request would change a related item that the caller may not write."
    )
    assert rows_of_bob(database) == before == [(1, 2), (1, "")]


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PATCH", "/projects/2", {"name": "new"}),
        ("PATCH", "/projects/3", {"tasks": [2]}),
        ("POST", "/projects", {"tasks": [2]}),
        ("PUT", "/projects/3/tasks/2", None),
        ("PATCH", "/projects/3", {"tags": [1, 2]}),
        ("PUT", "/projects/3/tags/1", None),
        ("DELETE", "/projects/3", None),
        ("PATCH", "/forms/2", {"lines": [{"id": 1, "owner": "bob"}, {"owner": "ann"}]}),
        ("PATCH", "/forms/3", {"lines": [{"id": 2, "owner": "ann", "text": "x"}]}),
        ("POST", "/forms", {"lines": [{"owner": "ann"}]}),
        ("POST", "/projects/2/close", None),
    ],
)
def test_rows_that_stay_as_they_are_and_own_ones_are_no_obstacle(
    served: tuple[Client, Database], method: str, path: str, content: Any
) -> None:
    """A table between two models is no row of a member; an action of the program is its own."""
    client, database = served
    reset(database)
    sent = {} if content is None else {"json": content}
    response = client.request(method, path, headers=ANN, **sent)
    assert response.status < 300, response.text


def test_a_class_that_takes_existing_rows_is_not_guarded(
    served: tuple[Client, Database],
) -> None:
    """``related = "existing"`` is the word that lets a collection change rows of another one."""
    _, database = served
    reset(database)
    app = App("Projects")
    app.install(database)
    app.add("/tasks", Tasks)
    app.add("/projects", type("Free", (Projects,), {"related": "existing", "members": ()}))
    assert Client(app).patch("/projects/2", json={"tasks": []}, headers=ANN).status == 200
