"""Two tenants and what lies between rows: expansion, members, references and rules over relations.

Tasks have no tenant: theirs is that of their project. Requests are generated; each is sent for a
hidden row and for a missing one, which must respond alike, byte for byte, in every store.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Request
from restkit.crud import CRUDResource, Expand, MemoryStore, item_action
from restkit.limits import Idempotency, MemoryStorage
from restkit.sqlalchemy import Database, UTCDateTime
from restkit.testing import Client, TestResponse

SECRET = "confidential"
ONE, TWO = {"X-Tenant": "one"}, {"X-Tenant": "two"}
HIDDEN, OWN, MISSING = 701, 702, 703
LINES, CSV = {"Accept": "application/x-ndjson"}, {"Accept": "text/csv"}
JSON_PATCH = "application/json-patch+json"
EXACT = {"Prefer": "count=exact"}


class Base(DeclarativeBase):
    pass


marks = sa.Table(
    "mark",
    Base.metadata,
    sa.Column("task_id", sa.ForeignKey("task.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Team(Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    projects: Mapped[list[Project]] = relationship(back_populates="team", viewonly=True)


class Project(Base):
    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    code: Mapped[str] = mapped_column(sa.Text, unique=True)
    status: Mapped[str] = mapped_column(sa.Text, default="open")
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime())
    team: Mapped[Team | None] = relationship(back_populates="projects", viewonly=True)
    tasks: Mapped[list[Task]] = relationship(back_populates="project", viewonly=True)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text, unique=True)


class Task(Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    project: Mapped[Project] = relationship(back_populates="tasks", viewonly=True)
    comments: Mapped[list[Comment]] = relationship(back_populates="task", viewonly=True)
    tags: Mapped[list[Tag]] = relationship(secondary=marks, order_by=Tag.id)


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.Text)
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("task.id"))
    task: Mapped[Task] = relationship(back_populates="comments", viewonly=True)


@dataclass
class MemoryTeam:
    tenant: str
    name: str
    id: int = 0


@dataclass
class MemoryProject:
    tenant: str
    name: str
    code: str
    status: str = "open"
    team_id: int | None = None
    removed_at: dt.datetime | None = None
    id: int = 0


@dataclass
class MemoryTag:
    tenant: str
    name: str
    id: int = 0


@dataclass
class MemoryTask:
    title: str
    project_id: int
    tags: list[int] = field(default_factory=list)
    id: int = 0


@dataclass
class MemoryComment:
    tenant: str
    text: str
    task_id: int
    id: int = 0


def number(**more: Any) -> fields.Int:
    return fields.Int(validate=validate.Range(1, 2**31 - 1), **more)


def many(schema: type[Schema], **more: Any) -> fields.List:
    return fields.List(fields.Nested(schema), dump_only=True, **more)


class TextSchema(Schema):
    text = fields.Str()


class BriefTask(Schema):
    title = fields.Str()
    comments = many(TextSchema)


class BriefTeam(Schema):
    name = fields.Str()


class BriefProject(Schema):
    name = fields.Str()
    team = fields.Nested(BriefTeam, dump_only=True, allow_none=True)


class DeepTask(Schema):
    title = fields.Str()
    project = fields.Nested(BriefProject, dump_only=True)


class TeamSchema(Schema):
    id = fields.Int(dump_only=True)
    tenant = fields.Str(required=True)
    name = fields.Str(required=True)
    projects = many(BriefProject)


class ProjectSchema(Schema):
    id = fields.Int(dump_only=True)
    tenant = fields.Str(required=True)
    name = fields.Str(required=True)
    code = fields.Str(required=True)
    status = fields.Str()
    team_id = number(allow_none=True)
    team = fields.Nested(BriefTeam, dump_only=True, allow_none=True)
    tasks = many(BriefTask)


class TaskSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True)
    project_id = number(required=True)
    tags = fields.List(number(), validate=validate.Length(max=9))
    project = fields.Nested(BriefProject, dump_only=True)
    comments = many(TextSchema)


class CommentSchema(Schema):
    id = fields.Int(dump_only=True)
    tenant = fields.Str(required=True)
    text = fields.Str(required=True)
    task_id = number(required=True)
    task = fields.Nested(DeepTask, dump_only=True, allow_none=True)


def tenant_of(request: Request) -> str:
    return str(request.headers.get("X-Tenant", ""))


WITHIN = {
    "teams": "tenant",
    "projects": "tenant",
    "tags": "tenant",
    "tasks": "project.tenant",
    "comments": "tenant",
}
"""The attribute of each collection that says the tenant."""


class Plain(CRUDResource[Any]):
    """A collection under the row rule of its model."""

    within = ""


class Scoped(Plain):
    """A collection with a scope of its own."""

    def scope(self) -> Any:
        return {**super().scope(), self.within: tenant_of(self.request)}  # type: ignore[dict-item]


class Closing:
    """An action of projects."""

    @item_action()
    def close(self: Any, item: Any) -> Any:
        return self.update(item, {"status": "closed"})

    @item_action("GET")
    def peek(self: Any, item: Any) -> Any:
        return item


def declarations(models: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the members of each collection, by its URL."""
    once = Idempotency(MemoryStorage(), caller=tenant_of)
    tasks: dict[str, Any] = {
        "model": models["tasks"],
        "schema": TaskSchema,
        "relations": ("tags",),
        "filters": (
            *("id__*", "title__*", "project_id__*", "project__name__*", "project__team__name__*"),
            *("project__team__any", "comments__text__*", "comments__any"),
        ),
        "any_of": {"q": ("title__contains", "project__name__contains", "comments__text")},
        "or_filters": ("title", "q", "project__team__name", "comments__any"),
        "sorts": ("title", "project__name"),
        "expand": {
            "project": Expand(),
            "project.team": Expand(),
            "comments": Expand(order="-text", limit=5),
        },
        "groups": ("title", "project_id"),
        "aggregates": ("count", "id__max"),
        "idempotency": once,
    }
    return {
        "/teams": {
            "model": models["teams"],
            "schema": TeamSchema,
            "expand": ("projects", "projects.team"),
            "filters": ("projects__tasks__title", "projects__code"),
        },
        "/projects": {
            "model": models["projects"],
            "schema": ProjectSchema,
            "filters": (
                *("id__*", "name__*", "code__*", "team__name__*", "team__any"),
                *("tasks__title__*", "tasks__comments__text__*", "tasks__any"),
            ),
            "any_of": {"q": ("name__contains", "team__name__contains", "tasks__comments__text")},
            "or_filters": ("name", "q", "team__name", "tasks__any"),
            "sorts": ("name", "team__name"),
            "expand": {
                "team": Expand(),
                "tasks": Expand(order="-title", limit=5),
                "tasks.comments": Expand(order="text", limit=5),
            },
            "transitions": {"status": {"open": ("closed",), "closed": ()}},
            "soft_delete": "removed_at",
            "bulk_upsert": "code",
            "groups": ("name", "status"),
            "aggregates": ("count", "code__max", "id__sum"),
            "idempotency": once,
        },
        "/tags": {"model": models["tags"], "filters": ("name__*",)},
        "/tasks": tasks,
        "/projects/<int:project_id>/tasks": {
            **tasks,
            "methods": {"GET", "POST"},
            "by_filter": (),
        },
        "/comments": {
            "model": models["comments"],
            "schema": CommentSchema,
            "expand": ("task", "task.project"),
            "filters": ("text__*", "task__title__*", "task__project__name__*"),
            "sorts": ("text", "task__title"),
        },
    }


class World:
    """An App on one store, under one mechanism."""

    def __init__(self, app: App, models: dict[str, Any], mechanism: str) -> None:
        self.mechanism = mechanism
        base = Plain if mechanism == "rule" else Scoped
        common = {"bulk": True, "csv": True, "fields": True, "by_filter": ("PATCH", "DELETE")}
        for at, (url, members) in enumerate(declarations(models).items()):
            name = url.rpartition("/")[2]
            bases = (Closing, base) if url == "/projects" else (base,)
            own = {**common, "within": WITHIN[name], **members, "__module__": __name__}
            if WITHIN[name] == "tenant":
                own["scoped"] = ("tenant",)
            declared = type(f"{name.title()}{at}", bases, own)
            if url == "/tags":
                listed = declared
            elif url == "/tasks":
                declared.members = {"tags": listed}
            app.add(url, declared)
        self.client = Client(app)

    def send(self, method: str, path: str, **sent: Any) -> TestResponse:
        headers = {**TWO, **sent.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **sent)


def rows() -> dict[str, list[dict[str, Any]]]:
    """Return rows of both tenants; another program let rows of tenant two name those of one."""
    pairs = (("one", HIDDEN, SECRET), ("two", OWN, "plain"))
    return {
        "teams": [
            {"id": n, "tenant": t, "name": f"{text} team"}
            for t, n, text in (*pairs, ("one", 706, SECRET))
        ],
        "projects": [
            {"id": n, "tenant": t, "name": f"{text} name", "code": f"{text}-{n}", "team_id": team}
            for (t, n, text), team in zip(pairs, (HIDDEN, 706), strict=True)
        ],
        "tags": [{"id": n, "tenant": t, "name": f"{text} tag"} for t, n, text in pairs],
        "tasks": [{"id": n, "title": f"{text} task", "project_id": n} for t, n, text in pairs],
        "comments": [
            {"id": HIDDEN, "tenant": "one", "text": f"{SECRET} words", "task_id": HIDDEN},
            {"id": OWN, "tenant": "two", "text": "plain words", "task_id": OWN},
            {"id": 704, "tenant": "two", "text": "stray words", "task_id": HIDDEN},
            {"id": 705, "tenant": "one", "text": f"{SECRET} answer", "task_id": OWN},
        ],
        "marks": [
            {"task_id": HIDDEN, "tag_id": HIDDEN},
            {"task_id": OWN, "tag_id": HIDDEN},
            {"task_id": OWN, "tag_id": OWN},
        ],
    }


class Stored(NamedTuple):
    """A world, what its store has, and a context after which it has the first rows again."""

    world: World
    stored: Callable[[], str]
    trial: Callable[[], AbstractContextManager[object]]


def rule_of(name: str) -> dict[str, Any]:
    """Return the row rule of a model; the tenant of a task is not its own attribute."""
    within = WITHIN[name]
    given: dict[str, Any] = {"read": lambda me: {within: me}, "caller": tenant_of}
    return given if "." in within else {**given, "set": {"tenant": lambda me: me}}


def in_memory(mechanism: str) -> Stored:
    models = {
        "teams": MemoryTeam,
        "projects": MemoryProject,
        "tags": MemoryTag,
        "tasks": MemoryTask,
        "comments": MemoryComment,
    }
    given = rows()
    for each in given["tasks"]:
        each["tags"] = [one["tag_id"] for one in given["marks"] if one["task_id"] == each["id"]]
    items: dict[str, list[Any]] = {
        name: [model(**each) for each in given[name]]
        for name, model in models.items()  # type: ignore[operator]
    }
    teams = MemoryStore(MemoryTeam, items=items["teams"])
    projects = MemoryStore(
        MemoryProject, references={"team_id": teams}, unique=("code",), items=items["projects"]
    )
    tags = MemoryStore(MemoryTag, unique=("name",), items=items["tags"])
    tasks = MemoryStore(
        MemoryTask, references={"project_id": projects, "tags": tags}, items=items["tasks"]
    )
    comments = MemoryStore(MemoryComment, references={"task_id": tasks}, items=items["comments"])
    projects.relate("team", "team_id", back="projects")
    tasks.relate("project", "project_id", back="tasks")
    comments.relate("task", "task_id", back="comments")
    stores: dict[str, MemoryStore[Any]] = {
        "teams": teams,
        "projects": projects,
        "tags": tags,
        "tasks": tasks,
        "comments": comments,
    }
    app = App("Tenants", secret_key="s" * 32)
    for name, store in stores.items():
        if mechanism == "rule":
            store.rows(store.model, **rule_of(name))
        app.install(store)
    world = World(app, dict(models), mechanism)
    # The stores share one memory: to roll back one of them is to roll back all.
    return Stored(world, lambda: repr([each.items for each in stores.values()]), tasks.rolled_back)


SQL: dict[str, Any] = {
    "teams": Team,
    "projects": Project,
    "tags": Tag,
    "tasks": Task,
    "comments": Comment,
}


def in_database(url: str, mechanism: str) -> tuple[Database, Stored]:
    database = Database(url, create=Base.metadata)
    if mechanism == "rule":
        for name, model in SQL.items():
            database.rows(model, **rule_of(name))
    app = App("Tenants", secret_key="s" * 32)
    app.install(database)
    world = World(app, SQL, mechanism)
    tables = [*(model.__table__ for model in SQL.values()), marks]

    def stored() -> str:
        with database.engine.connect() as connection:
            found = [each.select().order_by(*each.c) for each in tables]
            return repr([connection.execute(each).all() for each in found])

    def reset() -> None:
        given = rows()
        with database.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            for name, table in zip((*SQL, "marks"), tables, strict=True):
                more = {"status": "open"} if name == "projects" else {}
                connection.execute(table.insert(), [{**each, **more} for each in given[name]])

    world.client.get("/teams")
    reset()

    @contextmanager
    def trial() -> Generator[None]:
        yield
        reset()

    return database, Stored(world, stored, trial)


@pytest.fixture(scope="module", params=["memory", *KINDS])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["rule", "scope"])
def filled(
    request: pytest.FixtureRequest, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    mechanism = str(request.param)
    if kind == "memory":
        yield in_memory(mechanism)
        return
    with database_url(kind, tmp_path_factory.mktemp("relations")) as url:
        database, found = in_database(url, mechanism)
        yield found
        database.close()


class Door(NamedTuple):
    """A request that names a row by its number, ``"N"`` in the path and in content."""

    method: str
    path: str
    content: Any = None
    headers: dict[str, str] = {}
    media_type: str = "application/json"

    def send(self, world: World, number: int) -> TestResponse:
        sent: dict[str, Any] = {"headers": self.headers}
        if self.content is not None:
            sent |= {"json": filled_in(self.content, number), "content_type": self.media_type}
        return world.send(self.method, self.path.replace("{N}", str(number)), **sent)


def filled_in(value: Any, number: int) -> Any:
    """Return content with a number in place of ``"N"``."""
    if isinstance(value, dict):
        return {name: filled_in(each, number) for name, each in value.items()}
    if isinstance(value, list):
        return [filled_in(each, number) for each in value]
    return number if value == "N" else value


EXPANDED = {
    "teams": ("projects", "projects.team"),
    "projects": ("team", "tasks", "tasks.comments", "team,tasks.comments"),
    "tasks": ("project", "project.team", "comments", "project.team,comments"),
    "comments": ("task", "task.project"),
}


def doors() -> Iterator[tuple[str, Door]]:
    """Yield requests for a row, or whose content refers to one."""
    for name, paths in EXPANDED.items():
        for path in paths:
            for method in ("GET", "HEAD"):
                yield f"{method} {name} with {path}", Door(method, f"/{name}/{{N}}?expand={path}")
            yield (
                f"tag of {name} with {path}",
                Door("GET", f"/{name}/{{N}}?expand={path}", None, {"If-None-Match": "*"}),
            )
    references: dict[str, tuple[str, str, dict[str, Any]]] = {
        "team_id": ("/projects", str(OWN), {"name": "n", "code": "n", "team_id": "N"}),
        "project_id": ("/tasks", str(OWN), {"title": "n", "project_id": "N"}),
        "tags": ("/tasks", str(OWN), {"title": "n", "project_id": OWN, "tags": ["N"]}),
        "task_id": ("/comments", str(OWN), {"text": "n", "task_id": "N"}),
    }
    for name, (url, own, body) in references.items():
        new = body
        patch = [{"op": "add", "path": f"/{name}", "value": body[name]}]
        update = {"id": OWN, name: body[name]}
        yield f"POST {name}", Door("POST", url, new)
        yield f"POST {name} minimal", Door("POST", url, new, {"Prefer": "return=minimal"})
        yield f"PUT {name}", Door("PUT", f"{url}/{own}", body)
        yield f"PATCH {name}", Door("PATCH", f"{url}/{own}", {name: body[name]})
        yield f"JSON Patch {name}", Door("PATCH", f"{url}/{own}", patch, {}, JSON_PATCH)
        yield f"bulk create {name}", Door("POST", f"{url}/bulk", {"create": [new]})
        yield f"bulk update {name}", Door("POST", f"{url}/bulk", {"update": [update]})
        if name != "tags":
            by_filter = f"{url}?{'text' if url == '/comments' else 'id'}"
            value = "plain words" if url == "/comments" else str(OWN)
            yield (
                f"PATCH by filter {name}",
                Door("PATCH", f"{by_filter}={value}", {name: body[name]}),
            )
    keyed = {"Idempotency-Key": '"key-{N}"'}
    task = {"title": "n", "project_id": "N"}
    yield "POST with a key", Door("POST", "/tasks", task, keyed)
    below = "/projects/{N}/tasks"
    yield "POST below", Door("POST", below, {"title": "n"})
    yield "bulk below", Door("POST", f"{below}/bulk", {"create": [{"title": "n"}]})
    yield "list below", Door("GET", below)
    yield "lines below", Door("GET", below, None, LINES)
    yield "CSV below", Door("GET", below, None, CSV)
    yield "HEAD below", Door("HEAD", below, None, EXACT)
    yield "totals below", Door("GET", f"{below}/totals?group=title")
    yield "expanded below", Door("GET", f"{below}?expand=project.team,comments")
    upserted = {"name": "n", "code": f"plain-{OWN}"}
    yield (
        "upsert of a reference",
        Door("POST", "/projects/bulk", {"upsert": [{**upserted, "team_id": "N"}]}),
    )
    yield (
        "second upsert",
        Door(
            "POST",
            "/projects/bulk",
            {"upsert": [upserted, {**upserted, "code": "new", "team_id": "N"}]},
        ),
    )
    yield "close", Door("POST", "/projects/{N}/close")
    yield "peek", Door("GET", "/projects/{N}/peek")
    yield "restore", Door("POST", "/projects/{N}/restore")
    yield "members", Door("GET", "/tasks/{N}/tags")
    yield "lines of members", Door("GET", "/tasks/{N}/tags", None, LINES)
    yield "HEAD of members", Door("HEAD", "/tasks/{N}/tags", None, EXACT)
    yield "member of a task", Door("PUT", f"/tasks/{{N}}/tags/{OWN}")
    yield "no member of a task", Door("DELETE", f"/tasks/{{N}}/tags/{OWN}")
    yield "member", Door("PUT", f"/tasks/{OWN}/tags/{{N}}")
    yield "member of any tag", Door("PUT", f"/tasks/{OWN}/tags/{{N}}", None, {"If-Match": "*"})
    yield "no member", Door("DELETE", f"/tasks/{OWN}/tags/{{N}}")
    remove = [{"op": "test", "path": "/tags/0", "value": "N"}]
    yield "test of a member", Door("PATCH", f"/tasks/{OWN}", remove, {}, JSON_PATCH)
    replace = {"If-Match": "*"}
    yield "DELETE of any tag", Door("DELETE", "/tasks/{N}", None, replace)
    yield "transition", Door("PATCH", "/projects/{N}", {"status": "closed"})
    yield "moved", Door("PUT", "/tasks/{N}", {"title": "n", "project_id": OWN})
    yield "moved by PATCH", Door("PATCH", "/tasks/{N}", {"project_id": OWN})
    yield "moved in bulk", Door("POST", "/tasks/bulk", {"update": [{"id": "N", "project_id": OWN}]})


DOORS = dict(doors())


def shown(response: TestResponse, number: int) -> str:
    headers = sorted((name.lower(), value) for name, value in response.headers.items())
    return f"{response.status} {headers} {response.text}".replace(str(number), "N")


@pytest.mark.parametrize("name", DOORS)
def test_a_hidden_row_responds_as_a_missing_one(filled: Stored, name: str) -> None:
    """The same status, headers and bytes; and nothing has changed."""
    before = filled.stored()
    hidden = DOORS[name].send(filled.world, HIDDEN)
    assert filled.stored() == before
    missing = DOORS[name].send(filled.world, MISSING)
    assert filled.stored() == before
    assert hidden.status >= 400, hidden.text
    assert shown(hidden, HIDDEN) == shown(missing, MISSING)
    assert SECRET not in hidden.text


PROBES = (
    ("/projects?team__name={}", f"{SECRET} team"),
    ("/projects?team__name__contains={}", SECRET),
    ("/projects?team__name__in={}", f"{SECRET} team"),
    ("/projects?tasks__comments__text={}", f"{SECRET} answer"),
    ("/projects?tasks__comments__text__startswith={}", SECRET),
    ("/projects?tasks__title={}", f"{SECRET} task"),
    ("/projects?q={}", f"{SECRET} answer"),
    ("/projects?q={}", SECRET),
    ("/projects?or=name,team__name&name=x&team__name={}", f"{SECRET} team"),
    ("/projects?or=q,tasks__any&tasks__any=false&q={}", SECRET),
    ("/projects?code__not_in={}", f"{SECRET}-701"),
    ("/tasks?project__name={}", f"{SECRET} name"),
    ("/tasks?project__team__name={}", f"{SECRET} team"),
    ("/tasks?project__team__name__contains={}", SECRET),
    ("/tasks?comments__text={}", f"{SECRET} answer"),
    ("/tasks?comments__text__contains={}", SECRET),
    ("/tasks?q={}", SECRET),
    ("/tasks?or=title,project__team__name&title=x&project__team__name={}", f"{SECRET} team"),
    ("/tasks?project_id__in=1,{}", str(HIDDEN)),
    ("/projects/702/tasks?comments__text={}", f"{SECRET} answer"),
    ("/projects/702/tasks?project__team__name__contains={}", SECRET),
    ("/comments?task__title={}", f"{SECRET} task"),
    ("/comments?task__project__name={}", f"{SECRET} name"),
    ("/comments?task__title__contains={}&sort=task__title", SECRET),
    ("/teams?projects__tasks__title={}", f"{SECRET} task"),
    ("/teams?projects__code={}", f"{SECRET}-701"),
    ("/tags?name={}", f"{SECRET} tag"),
    (f"/tasks/{OWN}/tags?name={{}}", f"{SECRET} tag"),
)
"""Queries whose value a hidden row has, which must respond as for a value that no row has."""


@pytest.mark.parametrize(("query", "secret"), PROBES)
def test_filters_learn_nothing(filled: Stored, query: str, secret: str) -> None:
    """Pages, totals, streams and dry runs are those of a value that no row has."""
    world, found = filled.world, []
    for value in (secret, str(MISSING) if secret.isdigit() else "nowhere"):
        url = query.format(value)
        page = world.send("GET", url, headers=EXACT)
        assert page.status == 200, page.text
        learnt = [page.json["items"], page.json["total"]]
        streams = (LINES, CSV, {**LINES, **EXACT})
        learnt += [world.send("GET", url, headers=each).text for each in streams]
        learnt.append(world.send("HEAD", url, headers=EXACT).headers["Total-Count"])
        path, _, rest = url.partition("?")
        if path in ("/projects", "/tasks"):
            learnt.append(world.send("GET", f"{path}/totals?{rest}").text)
            learnt.append(world.send("DELETE", f"{url}&dry_run=true").text)
            learnt.append(world.send("PATCH", f"{url}&dry_run=true", json={}).text)
        found.append(learnt)
    assert found[0] == found[1]


LISTS = (
    *(f"/{name}?expand={path}" for name, paths in EXPANDED.items() for path in paths),
    *(f"/{name}/{OWN}?expand={path}" for name, paths in EXPANDED.items() for path in paths),
    *("/projects?sort=team__name", "/tasks?sort=project__name", "/comments?sort=task__title"),
    "/projects?sort=team__name&limit=1&expand=team",
    "/projects?expand=tasks.comments&fields=name",
    "/comments/704?expand=task.project",
    f"/tasks/{OWN}/tags",
    f"/projects/{OWN}/tasks?expand=project.team,comments",
    *("/projects/totals?group=name", "/tasks/totals?group=project_id", "/tasks/totals"),
)


@pytest.mark.parametrize("url", LISTS)
def test_what_is_read_has_no_trace(filled: Stored, url: str) -> None:
    """Included rows of another tenant are null, or take no place in a list, at each level."""
    for headers in ({}, EXACT, LINES, CSV):
        response = filled.world.send("GET", url, headers=headers)
        if response.status == 406:  # an item, or totals
            continue
        assert response.status == 200, response.text
        assert SECRET not in response.text


UNMEANT = ("DELETE of any tag", "restore", "tag of", "own")
"""Rows that others need, no row to restore, preconditions."""


@pytest.mark.parametrize("name", [name for name in DOORS if not name.startswith(UNMEANT)])
def test_own_rows_are_reached_by_the_same_requests(filled: Stored, name: str) -> None:
    """The requests are meant: for rows of the caller they succeed."""
    with filled.trial():
        response = DOORS[name].send(filled.world, OWN)
    assert response.status < 400, response.text


def test_there_are_enough_combinations() -> None:
    """Three stores and two mechanisms, for each request."""
    assert 3 * 2 * (len(DOORS) + len(PROBES) + len(LISTS)) >= 700


def test_included_rows_are_those_of_the_tenant(filled: Stored) -> None:
    """What may be seen is there, so that the tests above do not pass because all is empty."""
    task = filled.world.send("GET", f"/tasks/{OWN}?expand=project.team,comments").json
    assert task["project"] == {"name": "plain name", "team": None}
    assert task["comments"] == [{"text": "plain words"}]
    assert task["tags"] == [OWN]
    project = filled.world.send("GET", f"/projects/{OWN}?expand=tasks.comments").json
    assert project["tasks"] == [{"title": "plain task", "comments": [{"text": "plain words"}]}]
    owner = filled.world.client.get(f"/projects/{HIDDEN}?expand=team,tasks.comments", headers=ONE)
    assert owner.json["team"] == {"name": f"{SECRET} team"}
    assert json.dumps(owner.json).count(SECRET) == 5
