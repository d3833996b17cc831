"""Scopes and row rules on attributes of related items: `{"project.tenant": me}`, on every store."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Request
from restkit.crud import AnyOf, Condition, CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Project(Base):
    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    tasks: Mapped[list[Task]] = relationship(back_populates="project", viewonly=True)


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(40))
    project_id: Mapped[int | None] = mapped_column(sa.ForeignKey("project.id"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("task.id"))
    project: Mapped[Project | None] = relationship(back_populates="tasks", viewonly=True)
    parent: Mapped[Task | None] = relationship(remote_side=[id], viewonly=True)


@dataclass
class MemoryProject:
    tenant: str
    id: int = 0


@dataclass
class MemoryTask:
    title: str
    project_id: int | None = None
    parent_id: int | None = None
    id: int = 0


STORES = ("memory", *KINDS)
ONE, TWO = {"X-Tenant": "one"}, {"X-Tenant": "two"}


def tenant_of(request: Request) -> str:
    return str(request.headers.get("X-Tenant", ""))


@contextmanager
def stores(
    kind: str, folder: Path, rules: Callable[[Any, type, type], None] | None = None
) -> Generator[tuple[App, type, type]]:
    """Yield an App with its models of projects and tasks, under row rules."""
    app = App("Tasks")
    if kind == "memory":
        projects = MemoryStore(MemoryProject)
        tasks: MemoryStore[Any] = MemoryStore(MemoryTask, references={"project_id": projects})
        tasks.relate("project", "project_id", back="tasks")
        tasks.relate("parent", "parent_id", to=tasks)
        for store in (projects, tasks):
            app.install(store)
        if rules is not None:
            rules({MemoryProject: projects, MemoryTask: tasks}, MemoryProject, MemoryTask)
        yield app, MemoryProject, MemoryTask
        return
    with database_url(kind, folder) as url:
        database = Database(url, create=Base.metadata)
        if rules is not None:
            rules({Project: database, Task: database}, Project, Task)
        app.install(database)
        yield app, Project, Task
        database.close()


def mounted(app: App, project: type, task: type, **scopes: object) -> Client:
    """Add collections of projects and tasks, and one of tasks for each scope."""
    members: dict[str, Any] = {
        "model": task,
        "bulk": True,
        "by_filter": ("PATCH", "DELETE"),
        "filters": ("title", "title__ne"),
        "aggregates": ("count",),
        "related": "existing",
        "__module__": __name__,
    }
    projects = {**members, "model": project, "filters": ("id",)}
    app.add("/projects", type("Projects", (CRUDResource,), projects))
    for name, scope in {"tasks": None, **scopes}.items():
        own = {} if scope is None else {"scope": scope}
        app.add(f"/{name}", type(name.title(), (CRUDResource,), {**members, **own}))
    return Client(app)


def by_project(resource: Any) -> object:
    return {"project.tenant": tenant_of(resource.request)}


def by_either(resource: Any) -> object:
    """Own tasks, those of no project, and those whose parent is titled "open"."""
    return AnyOf(
        by_project(resource),
        Condition("project", "any", False),
        {"parent.title": "open"},
    )


def by_expression_of_names(resource: Any) -> object:
    return [Condition("project.tenant", "in", [tenant_of(resource.request), "three"]), {}]


def fill(client: Client) -> None:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("projects", {"tenant": "one"}),
        ("projects", {"tenant": "two"}),
        ("tasks", {"title": "secret", "project_id": 1}),
        ("tasks", {"title": "open", "project_id": 2}),
        ("tasks", {"title": "child", "project_id": 1, "parent_id": 2}),
        ("tasks", {"title": "free"}),
    ]
    for name, values in rows:
        response = client.post(f"/{name}", json=values)
        assert response.status == 201, response.text


def titles(client: Client, url: str, headers: dict[str, str]) -> str:
    response = client.get(url, headers={**headers, "Prefer": "count=exact"})
    assert response.status == 200, response.text
    found = [each["title"] for each in response.json["items"]]
    assert response.json["total"] == len(found)
    lines = client.get(url, headers={**headers, "Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == len(found)
    totals = client.get(f"{url}/totals", headers=headers)
    assert totals.json["items"][0]["count"] == len(found)
    return " ".join(found)


@pytest.mark.parametrize("kind", STORES)
def test_a_scope_names_attributes_of_related_items(kind: str, tmp_path: Path) -> None:
    """It selects items for every verb; no write moves an item out of it."""
    with stores(kind, tmp_path) as (app, project, task):
        client = mounted(
            app, project, task, own=by_project, either=by_either, some=by_expression_of_names
        )
        fill(client)
        assert titles(client, "/own", TWO) == "open"
        assert titles(client, "/own", ONE) == "secret child"
        assert titles(client, "/some", TWO) == "open"
        assert titles(client, "/either", TWO) == "open child free"
        assert client.get("/own/1", headers=TWO).text == client.get("/own/77", headers=TWO).text
        for number in (1, 3, 4):
            for send in (client.get, client.delete):
                assert send(f"/own/{number}", headers=TWO).status == 404
            assert client.patch(f"/own/{number}", json={"title": "x"}, headers=TWO).status == 404
        assert client.patch("/own/2", json={"title": "open"}, headers=TWO).status == 200
        refused = [
            client.post("/own", json={"title": "x", "project_id": 1}, headers=TWO),
            client.post("/own", json={"title": "x"}, headers=TWO),
            client.patch("/own/2", json={"project_id": 1}, headers=TWO),
            client.put("/own/2", json={"title": "x"}, headers=TWO),
            client.post(
                "/own/bulk", json={"create": [{"title": "x", "project_id": 1}]}, headers=TWO
            ),
            client.patch("/own?title=open", json={"project_id": 1}, headers=TWO),
        ]
        assert [each.status for each in refused] == [422] * 6
        assert {each.problem["errors"][0]["code"] for each in refused} == {"scope"}
        made = client.post("/own", json={"title": "mine", "project_id": 2}, headers=TWO)
        assert made.status == 201
        changed = client.patch("/own?title__ne=open", json={"title": "new"}, headers=TWO)
        assert changed.json["affected"] == 1
        assert client.delete("/own?title=new", headers=TWO).json["affected"] == 1
        assert titles(client, "/tasks", TWO) == "secret open child free"


def rules_by_project(owners: Any, project: type, task: type) -> None:
    owners[project].rows(
        project,
        read=lambda me: {"tenant": me},
        set={"tenant": lambda me: me},
        caller=tenant_of,
    )
    owners[task].rows(task, read=lambda me: {"project.tenant": me}, caller=tenant_of)


@pytest.mark.parametrize("kind", STORES)
def test_a_row_rule_names_attributes_of_related_items(kind: str, tmp_path: Path) -> None:
    """A task belongs to the tenant of its project, for reads and writes of every collection."""
    with stores(kind, tmp_path, rules_by_project) as (app, project, task):
        client = mounted(app, project, task)
        for headers in (ONE, TWO):
            made = client.post("/projects", json={}, headers=headers)
            assert made.status == 201, made.text
        for number, headers in ((1, ONE), (2, TWO)):
            body = {"title": f"task {number}", "project_id": number}
            made = client.post("/tasks", json=body, headers=headers)
            assert made.status == 201, made.text
        assert titles(client, "/tasks", TWO) == "task 2"
        assert titles(client, "/tasks", ONE) == "task 1"
        hidden = client.get("/tasks/1", headers=TWO)
        assert hidden.status == 404
        assert hidden.text == client.get("/tasks/77", headers=TWO).text
        foreign = client.post("/tasks", json={"title": "x", "project_id": 1}, headers=TWO)
        missing = client.post("/tasks", json={"title": "x", "project_id": 77}, headers=TWO)
        assert foreign.status == 409
        assert foreign.text == missing.text
        assert client.post("/tasks", json={"title": "x"}, headers=TWO).status == 403
        assert client.patch("/tasks/2", json={"project_id": None}, headers=TWO).status == 403
        assert client.patch("/tasks/2", json={"project_id": 1}, headers=TWO).status == 409
        assert client.patch("/tasks/2", json={"title": "y"}, headers=TWO).status == 200
        assert client.delete("/tasks?title__ne=x", headers=TWO).json["affected"] == 1
        assert titles(client, "/tasks", ONE) == "task 1"


@pytest.mark.parametrize("kind", STORES)
def test_rules_that_refer_to_each_other_end(kind: str, tmp_path: Path) -> None:
    """A project is visible by its tasks, a task by its project: each rule holds once."""

    def rules(owners: Any, project: type, task: type) -> None:
        title = Condition("tasks.title", "contains", "task")
        owners[project].rows(project, read=lambda me: [title, {"tenant": me}], caller=tenant_of)
        owners[task].rows(task, read=lambda me: {"project.tenant": me}, caller=tenant_of)

    with stores(kind, tmp_path, rules) as (app, project, task):
        client = mounted(app, project, task)
        assert titles(client, "/tasks", ONE) == ""
        assert client.get("/projects", headers=ONE).json["items"] == []
        # Its own rule hides a project without tasks, also from the caller that makes it.
        assert client.post("/projects", json={"tenant": "one"}, headers=ONE).status == 403


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize(
    "name", ["projekt.tenant", "project.tenantt", "project.tasks.nothing", "tenant.x"]
)
def test_a_path_that_cannot_be_is_one_sentence(kind: str, name: str, tmp_path: Path) -> None:
    """A name that no related model has is a mistake of the program, and shows nothing."""
    with stores(kind, tmp_path) as (app, project, task):
        client = mounted(app, project, task, wrong=lambda resource: {name: "x"})
        assert client.post("/projects", json={"tenant": "one"}).status == 201
        assert client.post("/tasks", json={"title": "x", "project_id": 1}).status == 201
        with pytest.raises(DeclarationError, match="A scope or row rule names"):
            client.get("/wrong")


def test_the_spelling_of_filters_is_explained(tmp_path: Path) -> None:
    """Filters have double underscores, which are no attribute of the model."""
    with stores("sqlite", tmp_path) as (app, project, task):
        client = mounted(app, project, task, wrong=lambda resource: {"project__tenant": "x"})
        with pytest.raises(DeclarationError, match=r"Write 'project\.tenant' for related rows"):
            client.get("/wrong")


@pytest.mark.parametrize("kind", STORES)
def test_attributes_of_related_items_are_not_set(kind: str, tmp_path: Path) -> None:
    """A rule cannot decide the attribute of another row."""

    def rules(owners: Any, project: type, task: type) -> None:
        owners[task].rows(task, set={"project.tenant": lambda me: me}, caller=tenant_of)

    with (
        pytest.raises(DeclarationError, match=r"'project\.tenant'"),
        stores(kind, tmp_path, rules) as (app, project, task),
    ):
        mounted(app, project, task)
