"""Rows of other callers, reached through the relations of one's own: lists, actions, deletions."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App, Request, Scheme
from restkit.crud import CRUDResource, ListQuery, Order, collection_action
from restkit.sqlalchemy import Database, session
from restkit.testing import Client

TWO = {"X-Tenant": "two"}


class Base(DeclarativeBase):
    pass


class Project(Base):
    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    tasks: Mapped[list[Task]] = relationship(order_by="Task.id")
    lines: Mapped[list[Line]] = relationship(cascade="all, delete-orphan")


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    title: Mapped[str] = mapped_column(sa.String(9))
    removed: Mapped[bool] = mapped_column(default=False)
    project_id: Mapped[int | None] = mapped_column(sa.ForeignKey("project.id"))


class Line(Base):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9), default="")
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))


class LineSchema(Schema):
    id = fields.Int()


class FormSchema(Schema):
    id = fields.Int(dump_only=True)
    lines = fields.List(fields.Nested(LineSchema))


def tenant(request: Request) -> str:
    """Return the tenant of a request."""
    return request.headers.get("X-Tenant", "")


class Scoped(CRUDResource[Any]):
    """Items of one tenant."""

    def scope(self) -> Any:
        return {"tenant": tenant(self.request)}


def reset(database: Database) -> None:
    """Store two projects of `two`, of which the first has rows of both tenants."""
    with Session(database.engine) as work, work.begin():
        for model in (Line, Task, Project):
            work.execute(sa.delete(model))
        work.add_all([Project(id=2, tenant="two"), Project(id=3, tenant="two")])
        work.flush()
        work.add(Task(id=1, tenant="one", title="secret", project_id=2))
        work.add(Task(id=2, tenant="two", title="mine", project_id=2))
        work.add(Task(id=3, tenant="two", title="gone", project_id=2, removed=True))
        work.add(Line(id=1, tenant="one", project_id=2))


@contextmanager
def served(kind: str, folder: Path, *, ruled: bool) -> Generator[tuple[Client, Database]]:
    """Serve projects, by scopes or by rules under which everybody reads and the owner writes."""
    base = CRUDResource if ruled else Scoped

    class Tasks(base):  # type: ignore[valid-type,misc]  # either
        model = Task
        soft_delete = "removed"

    class Lines(base):  # type: ignore[valid-type,misc]  # either
        model = Line

    class Projects(base):  # type: ignore[valid-type,misc]  # either
        model = Project
        relations = ("tasks",)
        members = ("tasks",)

        @collection_action("GET")
        def top(self) -> list[Project]:
            query = ListQuery(order=(Order("id"),), scope=self.scope(), limit=9)
            return [*self.rows.list(query).items]

        @collection_action("GET")
        def every(self) -> list[Project]:
            return list(self.rows.stream(ListQuery(order=(Order("id"),), scope=self.scope())))

    class Forms(CRUDResource[Project]):
        model = Project
        schema = FormSchema

    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        if ruled:
            database.rows(Project)
            for model in (Task, Line):
                database.rows(model, write=lambda me: {"tenant": me}, caller=tenant)
        app = App("Projects")
        app.install(database)
        app.add("/tasks", Tasks)
        app.add("/lines", Lines)
        app.add("/projects", Projects)
        app.add("/forms", type("Forms", (Forms,), {"methods": ("GET", "PATCH", "DELETE")}))
        reset(database)
        yield Client(app), database


def rows(database: Database) -> list[tuple[Any, ...]]:
    """Return the rows of the other tenant, with their project."""
    found: list[tuple[Any, ...]] = []
    with Session(database.engine) as work:
        for model in (Task, Line):
            statement = sa.select(model.id, model.project_id).where(model.tenant == "one")
            found += [tuple(each) for each in work.execute(statement)]
    return found


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def scoped(kind: str, tmp_path: Path) -> Iterator[tuple[Client, Database]]:
    with served(kind, tmp_path, ruled=False) as found:
        yield found


@pytest.fixture
def ruled(kind: str, tmp_path: Path) -> Iterator[tuple[Client, Database]]:
    with served(kind, tmp_path, ruled=True) as found:
        yield found


def test_members_without_a_class_are_those_of_their_collection(
    scoped: tuple[Client, Database],
) -> None:
    """The scope and the soft deletion of the tasks hold for the members of a project too."""
    client, _ = scoped
    found = client.get("/projects/2/tasks", headers=TWO)
    assert [each["title"] for each in found.json["items"]] == ["mine"]
    lines = client.get("/projects/2/tasks", headers={**TWO, "Accept": "application/x-ndjson"})
    assert lines.text.count("\n") == 1
    total = client.get("/projects/2/tasks", headers={**TWO, "Prefer": "count=exact"})
    assert total.json.get("total", 1) == 1


@pytest.mark.parametrize("path", ["/projects", "/projects/top", "/projects/every", "/projects/2"])
def test_keys_of_hidden_rows_are_in_no_response(path: str, scoped: tuple[Client, Database]) -> None:
    """Also not where an action reads items by a query of its own, and SQLAlchemy loads lists."""
    found = scoped[0].get(path, headers=TWO).json
    items = found.get("items", [found]) if isinstance(found, dict) else found
    assert items[0]["tasks"] == [2]


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("PATCH", "/tasks/1", {"project_id": None}),
        ("PATCH", "/projects/2", {"tasks": []}),
        ("PUT", "/projects/2", {"tenant": "two", "tasks": [2]}),
        ("PATCH", "/projects/3", {"tasks": [1]}),
        ("PUT", "/projects/3/tasks/1", None),
        ("DELETE", "/projects/2/tasks/1", None),
        ("POST", "/projects", {"tenant": "two", "tasks": [1]}),
        ("DELETE", "/projects/2", None),
        ("PATCH", "/forms/2", {"lines": []}),
        ("DELETE", "/forms/2", None),
    ],
)
def test_rows_that_the_caller_may_only_read_stay_where_they_are(
    method: str, path: str, content: Any, ruled: tuple[Client, Database]
) -> None:
    """A list of the parent changes or deletes rows, which the rule on writes forbids."""
    client, database = ruled
    before = rows(database)
    sent = {} if content is None else {"json": content}
    assert client.request(method, path, headers=TWO, **sent).status == 403
    assert rows(database) == before == [(1, 2), (1, 2)]


@pytest.mark.parametrize("path", ["/projects/2", "/forms/2"])
def test_a_parent_of_hidden_rows_is_not_deleted(path: str, scoped: tuple[Client, Database]) -> None:
    """It would delete or detach the rows of another tenant; a removed row is no obstacle."""
    client, database = scoped
    assert client.delete(path, headers=TWO).status == 409
    assert rows(database) == [(1, 2), (1, 2)]
    with Session(database.engine) as work, work.begin():
        work.execute(sa.delete(Task).where(Task.tenant == "one"))
        work.execute(sa.delete(Line))
    assert client.delete(path, headers=TWO).status == 204


def test_a_scheme_may_read_its_user_in_the_session_of_the_request(
    kind: str, tmp_path: Path
) -> None:
    """Rules that statements of the scheme have asked for are asked again for its caller."""

    class User(Scheme):
        name = "user"

        def document(self) -> dict[str, Any]:
            return {"type": "apiKey", "in": "header", "name": "X-Tenant"}

        def authenticate(self, request: Request, scopes: Any) -> object:
            found = session(request).scalar(sa.select(Project.tenant).where(Project.id == 2))
            return found if tenant(request) else None

    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        database.rows(Project)
        database.rows(Line)
        database.rows(Task, read=lambda me: Task.tenant == me.lower())
        app = App("Tasks", security=User())
        app.install(database)
        app.add("/tasks", type("Tasks", (CRUDResource,), {"model": Task}))
        reset(database)
        found = Client(app).get("/tasks", headers=TWO).json
        assert [each["title"] for each in found["items"]] == ["mine", "gone"]
