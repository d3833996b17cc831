"""Two tenants on one database: no request of one of them shows or changes rows of the other.

The requests are generated: each is sent for a hidden row, for a missing row and, if it lists, for
everything. Hidden rows must respond as missing ones do, byte for byte.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Request
from restkit.crud import CRUDResource, Expand, PageNumbers
from restkit.limits import Idempotency, MemoryStorage
from restkit.sqlalchemy import Database, FullText, UTCDateTime, Versioned
from restkit.testing import Client, TestResponse

SECRET = "confidential"
MECHANISMS = ("rule", "scope", "expression", "predicate")


class Base(DeclarativeBase):
    pass


class Project(Versioned, Base):
    __tablename__ = "project"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    name: Mapped[str] = mapped_column(sa.String(40))
    code: Mapped[str] = mapped_column(sa.String(20), unique=True)
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime())
    tasks: Mapped[list[Task]] = relationship(back_populates="project")
    search = FullText("name")


class Task(Versioned, Base):
    __tablename__ = "task"

    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    title: Mapped[str] = mapped_column(sa.String(40))
    project_id: Mapped[int] = mapped_column(sa.ForeignKey("project.id"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("task.id"))
    parent: Mapped[Task | None] = relationship(remote_side=[id], viewonly=True)
    project: Mapped[Project] = relationship(back_populates="tasks")


class Label(Base):
    __tablename__ = "label"

    slug: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))
    text: Mapped[str] = mapped_column(sa.String(40))


class LabelSchema(Schema):
    slug = fields.Str(required=True, validate=validate.Length(1, 20))
    tenant = fields.Str(required=True, validate=validate.Length(1, 9))
    text = fields.Str(required=True, validate=validate.Length(1, 40))


class PartSchema(Schema):
    id = fields.Int(validate=validate.Range(1, 2**31 - 1))
    tenant = fields.Str(validate=validate.Length(1, 9))
    title = fields.Str(required=True, validate=validate.Length(1, 40))


class BoardSchema(Schema):
    id = fields.Int(dump_only=True)
    tenant = fields.Str(required=True, validate=validate.Length(1, 9))
    name = fields.Str(required=True, validate=validate.Length(1, 40))
    code = fields.Str(required=True, validate=validate.Length(1, 20))
    tasks = fields.List(fields.Nested(PartSchema), validate=validate.Length(max=9))


def tenant_of(request: Request) -> str:
    return str(request.headers.get("X-Tenant", ""))


class Plain(CRUDResource[Any]):
    """A collection without a scope of its own."""


class ByMapping(CRUDResource[Any]):
    """A collection whose scope is a mapping."""

    def scope(self) -> Mapping[str, Any]:
        return {**super().scope(), "tenant": tenant_of(self.request)}  # type: ignore[dict-item]


class ByExpression(CRUDResource[Any]):
    """A collection whose scope is an SQLAlchemy expression."""

    def scope(self) -> object:
        return [super().scope(), self.model.tenant == tenant_of(self.request)]


class ByPredicate(CRUDResource[Any]):
    """A collection whose scope is an alternative of expressions."""

    def scope(self) -> object:
        tenant = self.model.tenant
        return [super().scope(), sa.or_(tenant == tenant_of(self.request), sa.false())]


BASES: dict[str, type[CRUDResource[Any]]] = {
    "rule": Plain,
    "scope": ByMapping,
    "expression": ByExpression,
    "predicate": ByPredicate,
}


class World:
    """An App with two tenants: tenant one has a hidden row of each model, tenant two a visible one.

    Attributes:
        hidden: The id of the rows of tenant one.
        visible: The id of the rows of tenant two.
    """

    hidden, visible, missing = 701, 702, 703

    def __init__(self, url: str, mechanism: str) -> None:
        self.database = Database(url, create=Base.metadata)
        self.explicit = mechanism != "scope" and mechanism != "rule"
        if mechanism == "rule":
            for model in (Project, Task, Label):
                self.database.rows(
                    model,
                    read=lambda me, model=model: model.tenant == me,
                    set={"tenant": lambda me: me},
                    caller=tenant_of,
                )
        app = App("Tenants", secret_key="s" * 32)
        app.install(self.database)
        base = BASES[mechanism]
        common: dict[str, Any] = {"bulk": True, "fields": True, "max_page_size": 1000, "csv": True}
        once = Idempotency(MemoryStorage(), caller=tenant_of)
        every: dict[str, Any] = {
            "/projects": {
                "model": Project,
                "filters": (
                    *("id__*", "name__*", "code__*", "search"),
                    *("tasks__title__*", "tasks__any", "tasks__project__code__*"),
                ),
                "any_of": {"q": ("name__contains", "code__contains", "tasks__title__contains")},
                "or_filters": ("name", "code", "id", "q", "tasks__title__contains"),
                "by_filter": ("PATCH", "DELETE"),
                "sorts": ("id", "name", "code"),
                "expand": ("tasks",),
                "soft_delete": "removed_at",
                "groups": ("name", "tenant"),
                "aggregates": ("count", "code__min", "code__max", "id__sum"),
                "idempotency": once,
            },
            "/counted": {"model": Project, "paging": "offset", "sorts": ("name",)},
            "/numbered": {"model": Project, "paging": PageNumbers(), "expand": ("tasks",)},
            "/tasks": {
                "model": Task,
                "filters": (
                    *("project_id__*", "parent_id__*", "title__*", "parent__title__*"),
                    *("project__name__*", "project__code__*", "project__any"),
                ),
                "any_of": {"q": ("title__contains", "project__name__contains")},
                "or_filters": ("title", "project__code", "project__any", "q"),
                "by_filter": ("PATCH", "DELETE"),
                "sorts": ("title", "project_id", "project__name", "parent__title"),
                "expand": {"project": Expand(schema="derived")},  # not that of /boards
                "groups": ("title", "project_id"),
                "idempotency": once,
            },
            "/projects/<int:project_id>/tasks": {
                "model": Task,
                "expand": {"project": Expand(schema="derived")},  # not that of /boards
                "groups": ("title", "tenant"),
            },
            "/labels": {"model": Label, "schema": LabelSchema, "upsert": True},
            "/boards": {"model": Project, "schema": BoardSchema},
        }
        for number, (pattern, members) in enumerate(every.items()):
            name = f"Collection{number}"
            app.add(pattern, type(name, (base,), {**common, **members, "__module__": __name__}))
        self.client = Client(app)
        self.client.get("/projects")
        self.reset()

    def reset(self) -> None:
        """Store the rows anew: those of tenant one hold the secret."""
        rows = {
            Project: [
                {"id": 701, "tenant": "one", "name": f"{SECRET} plan", "code": f"{SECRET}-1"},
                {"id": 702, "tenant": "two", "name": "open plan", "code": "open-2"},
            ],
            Task: [
                {"id": 701, "tenant": "one", "title": f"{SECRET} task", "project_id": 701},
                # Another program let a row of tenant two refer to a row of tenant one.
                {"id": 702, "tenant": "two", "title": "open task", "project_id": 701},
                {"id": 704, "tenant": "two", "title": "other task", "project_id": 702},
            ],
        }
        labels = [
            {"slug": "one", "tenant": "one", "text": SECRET},
            {"slug": "two", "tenant": "two", "text": "open"},
        ]
        with self.database.engine.begin() as connection:
            for table in reversed(Base.metadata.sorted_tables):
                connection.execute(table.delete())
            for model, found in rows.items():
                for each in found:
                    connection.execute(sa.insert(model).values(version=1, **each))
            connection.execute(sa.insert(Label), labels)
            if connection.dialect.name == "postgresql":
                for table in ("project", "task"):
                    connection.execute(sa.text(f"SELECT setval('{table}_id_seq', 1000)"))

    def stored(self) -> str:
        """Return all rows of tenant one."""
        with self.database.engine.connect() as connection:
            found = [
                connection.execute(
                    sa.select(model.__table__).where(model.__table__.c.tenant == "one")
                ).all()
                for model in (Project, Task, Label)
            ]
        return repr(found)

    def body(self, **values: object) -> dict[str, object]:
        """Return a body; expressions do not decide the tenant, so that content says it."""
        return {**values, "tenant": "two"} if self.explicit else values


class Door(NamedTuple):
    """A request that names a row by its number."""

    name: str
    send: Callable[[World, int], TestResponse]


TWO = {"X-Tenant": "two"}
PATCH = "application/json-patch+json"
LINES = {"Accept": "application/x-ndjson"}
CSV = {"Accept": "text/csv"}


def slug(number: int) -> str:
    return {701: "one", 702: "two"}.get(number, "six")


def own(number: int) -> int:
    """Return the number of a task: that of tenant two belongs to its project."""
    return 704 if number == World.visible else number


def items() -> Iterator[Door]:
    """Yield requests for an item."""
    urls: dict[str, Callable[[int], str]] = {
        "project": lambda n: f"/projects/{n}",
        "counted": lambda n: f"/counted/{n}",
        "task": lambda n: f"/tasks/{own(n)}",
        "board": lambda n: f"/boards/{n}",
        "label": lambda n: f"/labels/{slug(n)}",
        "nested": lambda n: f"/projects/{n}/tasks/{own(n)}",
        "foreign below own": lambda n: f"/projects/702/tasks/{own(n)}",
    }
    bodies: dict[str, dict[str, object]] = {
        "project": {"name": "x", "code": "x"},
        "counted": {"name": "x", "code": "x"},
        "task": {"title": "x", "project_id": 702},
        "board": {"name": "x", "code": "x", "tasks": []},
        "label": {"text": "x", "slug": "zzz"},
        "nested": {"title": "x"},
        "foreign below own": {"title": "x"},
    }
    for name, url in urls.items():
        full = bodies[name]
        small = {next(iter(full)): "x"}
        patch = [{"op": "replace", "path": f"/{next(iter(full))}", "value": "x"}]
        test = [{"op": "test", "path": f"/{next(iter(full))}", "value": f"{SECRET} plan"}]
        sends: dict[str, Callable[[World, str], TestResponse]] = {
            "GET": lambda w, u: w.client.get(u, headers=TWO),
            "HEAD": lambda w, u: w.client.head(u, headers=TWO),
            "GET fields": lambda w, u: w.client.get(f"{u}?fields=tenant", headers=TWO),
            "GET If-None-Match": lambda w, u: w.client.get(
                u, headers={**TWO, "If-None-Match": "*"}
            ),
            "PATCH": lambda w, u, b=small: w.client.patch(u, json=b, headers=TWO),
            "PATCH If-Match": lambda w, u, b=small: w.client.patch(
                u, json=b, headers={**TWO, "If-Match": '"1"'}
            ),
            "PATCH minimal": lambda w, u, b=small: w.client.patch(
                u, json=b, headers={**TWO, "Prefer": "return=minimal"}
            ),
            "JSON Patch": lambda w, u, b=patch: w.client.patch(
                u, json=b, headers=TWO, content_type=PATCH
            ),
            "JSON Patch test": lambda w, u, b=test: w.client.patch(
                u, json=b, headers=TWO, content_type=PATCH
            ),
            "DELETE": lambda w, u: w.client.delete(u, headers=TWO),
            "DELETE If-Match": lambda w, u: w.client.delete(u, headers={**TWO, "If-Match": '"1"'}),
        }
        if name != "label":
            sends["PUT"] = lambda w, u, b=full: w.client.put(u, json=w.body(**b), headers=TWO)
        if name == "project":
            sends["restore"] = lambda w, u: w.client.post(f"{u}/restore", headers=TWO)
            sends["expand"] = lambda w, u: w.client.get(f"{u}?expand=tasks", headers=TWO)
        if name in ("task", "nested"):
            sends["expand"] = lambda w, u: w.client.get(f"{u}?expand=project", headers=TWO)
        for verb, send in sends.items():
            yield Door(f"{verb} {name}", lambda w, n, send=send, url=url: send(w, url(n)))


def references() -> Iterator[Door]:
    """Yield requests whose content refers to a row."""
    post: dict[str, Callable[[World, dict[str, object]], TestResponse]] = {
        "POST": lambda w, b: w.client.post("/tasks", json=w.body(title="n", **b), headers=TWO),
        "POST minimal": lambda w, b: w.client.post(
            "/tasks", json=w.body(title="n", **b), headers={**TWO, "Prefer": "return=minimal"}
        ),
        "PUT": lambda w, b: w.client.put("/tasks/704", json=w.body(title="n", **b), headers=TWO),
        "bulk create": lambda w, b: w.client.post(
            "/tasks/bulk", json={"create": [w.body(title="n", **b)]}, headers=TWO
        ),
        "second of bulk": lambda w, b: w.client.post(
            "/tasks/bulk",
            json={
                "create": [w.body(title="m", project_id=702), w.body(title="n", **b)],
            },
            headers=TWO,
        ),
    }
    patch: dict[str, Callable[[World, dict[str, object]], TestResponse]] = {
        "PATCH": lambda w, b: w.client.patch("/tasks/704", json=b, headers=TWO),
        "JSON Patch": lambda w, b: w.client.patch(
            "/tasks/704",
            json=[{"op": "add", "path": f"/{name}", "value": b[name]} for name in b],
            headers=TWO,
            content_type=PATCH,
        ),
        "bulk update": lambda w, b: w.client.post(
            "/tasks/bulk", json={"update": [{"id": 704, **b}]}, headers=TWO
        ),
    }
    for verb, send in {**post, **patch}.items():
        yield Door(f"{verb} project_id", lambda w, n, send=send: send(w, {"project_id": n}))
        more = {} if verb in patch else {"project_id": 702}
        yield Door(
            f"{verb} parent_id",
            lambda w, n, send=send, more=more: send(w, {**more, "parent_id": own(n)}),
        )
    for name in ("POST", "bulk create"):
        send = {
            "POST": lambda w, n: w.client.post(
                f"/projects/{n}/tasks", json=w.body(title="n"), headers=TWO
            ),
            "bulk create": lambda w, n: w.client.post(
                f"/projects/{n}/tasks/bulk", json={"create": [w.body(title="n")]}, headers=TWO
            ),
        }[name]
        yield Door(f"{name} below a project", send)
    for name, kind in {"update": {"name": "x"}, "delete": None}.items():
        for url in ("/projects/bulk", "/counted/bulk"):
            yield Door(
                f"bulk {name} of {url}",
                lambda w, n, name=name, kind=kind, url=url: w.client.post(
                    url,
                    json={name: [n if kind is None else {"id": n, **kind}]},
                    headers=TWO,
                ),
            )
    yield Door(
        "nested write",
        lambda w, n: w.client.put(
            "/boards/702",
            json=w.body(
                name="x",
                code="x",
                tasks=[{"id": own(n), "title": "taken", "tenant": "two"}],
            ),
            headers=TWO,
        ),
    )
    yield Door(
        "nested patch",
        lambda w, n: w.client.patch(
            "/boards/702",
            json={"tasks": [{"id": own(n), "title": "taken", "tenant": "two"}]},
            headers=TWO,
        ),
    )


def lists() -> Iterator[str]:
    """Yield URLs that list rows."""
    for url in ("/projects", "/counted", "/tasks", "/labels", "/boards"):
        yield url
        yield f"{url}?limit=1"
        yield f"{url}?fields=tenant"
    for name in ("name", "code"):
        for sign in ("", "-"):
            yield f"/projects?sort={sign}{name}"
            yield f"/projects?sort={sign}{name}&limit=1"
        for operator in ("", "__contains", "__startswith", "__in", "__gte", "__lte", "__ne"):
            yield f"/projects?{name}{operator}={SECRET}"
            yield f"/projects?{name}{operator}={SECRET}-1,{SECRET} plan"
    for operator in ("", "__in", "__gte", "__lte", "__ne"):
        yield f"/tasks?project_id{operator}=701&expand=project"
        yield f"/projects?id{operator}=701"
    yield from ("/projects?search=confidential", "/projects?search=plan")
    yield from ("/projects?expand=tasks", "/projects?expand=tasks&fields=name")
    yield from ("/tasks?expand=project", "/tasks?expand=project&sort=-title")
    yield from ("/tasks?parent_id__null=true", f"/tasks?title__contains={SECRET}")
    yield from ("/numbered", "/numbered?page=2&per_page=1", "/numbered?expand=tasks")
    yield from ("/counted?offset=1", "/counted?offset=0&limit=1&sort=-name")
    yield from ("/projects/702/tasks", "/projects/701/tasks", "/projects/701/tasks?expand=project")


ITEMS = (*items(), *references())
LISTS = tuple(lists())
PREFERENCES: tuple[dict[str, str], ...] = (
    {},
    {"Prefer": "count=exact"},
    {"Prefer": "count=estimated"},
    LINES,
    CSV,
)


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=MECHANISMS)
def world(
    request: pytest.FixtureRequest, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> Generator[World]:
    with database_url(kind, tmp_path_factory.mktemp("tenants")) as url:
        found = World(url, request.param)
        yield found
        found.database.close()


def shown(response: TestResponse, number: int) -> str:
    """Return everything that a client sees of a response, without the number that it sent."""
    headers = sorted((name.lower(), value) for name, value in response.headers.items())
    text = f"{response.status} {headers} {response.text}"
    return text.replace(slug(number), "SLUG").replace(str(number), "N")


def test_there_are_enough_combinations() -> None:
    """The two backends, the mechanisms and the requests are at least 500 combinations."""
    reads = len(LISTS) * len(PREFERENCES) + len(PROBES)
    combinations = 2 * len(MECHANISMS) * (len(ITEMS) + reads)
    assert combinations >= 500


def test_a_hidden_row_responds_as_a_missing_one(world: World) -> None:
    """Every request for a hidden row has the bytes of a missing one, and changes nothing."""
    before, wrong = world.stored(), []
    for door in ITEMS:
        hidden = door.send(world, world.hidden)
        world.reset()
        missing = door.send(world, world.missing)
        if hidden.status < 400 or shown(hidden, 701) != shown(missing, 703):
            wrong.append((door.name, shown(hidden, 701), shown(missing, 703)))
        if SECRET in hidden.text or world.stored() != before:
            wrong.append((door.name, "leaked or changed", hidden.text))
            world.reset()
    assert not wrong, f"{len(wrong)} leaks: {wrong[:6]}"


_NESTING = "PATCH If-Match board"  # its tag is not the version alone, since its content nests tasks


def test_own_rows_are_reached_by_the_same_requests(world: World) -> None:
    """The requests are meant: for rows of the caller nearly all of them succeed."""
    failed = []
    for door in ITEMS:
        world.reset()
        response = door.send(world, world.visible)
        if response.status >= 400:
            failed.append((door.name, response.status))
    world.reset()
    # A test that fails, no row to restore, rows that others need, a tag of another kind.
    expected = ("JSON Patch test", "restore", "DELETE", "bulk delete", "PUT board", _NESTING)
    unmeant = [each for each in failed if not each[0].startswith(expected)]
    assert unmeant == [("PATCH If-Match label", 412)]


def test_lists_do_not_show_hidden_rows(world: World) -> None:
    """No page, total, cursor, expansion, search or stream has a trace of the other tenant."""
    wrong = []
    for url, headers in itertools.product(LISTS, PREFERENCES):
        response = world.client.get(url, headers={**TWO, **headers})
        if response.status >= 400:
            continue
        is_lines = headers in (LINES, CSV)
        # Links repeat the query, which may have the word that the client looks for.
        text = response.text if is_lines else json.dumps(response.json["items"])
        if SECRET in text or ",one" in text or '"one"' in text or '"tenant": "one"' in text:
            wrong.append((url, headers, text))
        if not is_lines and response.json.get("total", 0) > 2:
            wrong.append((url, headers, response.text))
    assert not wrong, f"{len(wrong)} leaks: {wrong[:6]}"


PROBES = (
    ("/projects?q={}", SECRET),
    ("/projects?name__contains={}", SECRET),
    ("/projects?tasks__title__contains={}", SECRET),
    ("/projects?tasks__title={}", f"{SECRET} task"),
    ("/projects?tasks__project__code={}", f"{SECRET}-1"),
    ("/projects?or=name,code&name=x&code={}", f"{SECRET}-1"),
    ("/projects?or=q,id&q={}&id=702", SECRET),
    ("/projects?or=tasks__title__contains,name&tasks__title__contains={}&name=open plan", SECRET),
    ("/projects?code__not_in=x&code__not_in={}", f"{SECRET}-1"),
    ("/projects?id__not_in=1,{}", "701"),
    ("/tasks?q={}", SECRET),
    ("/tasks?project__name__contains={}", SECRET),
    ("/tasks?project__name__startswith={}", SECRET),
    ("/tasks?project__code={}", f"{SECRET}-1"),
    ("/tasks?project__code__in=x&project__code__in={}", f"{SECRET}-1"),
    ("/tasks?project__code__not_in=open-2&project__code__not_in={}", f"{SECRET}-1"),
    ("/tasks?project__code__ne={}", f"{SECRET}-1"),
    ("/tasks?project__code__gte={}", "confid"),
    ("/tasks?or=title,project__code&title=x&project__code={}", f"{SECRET}-1"),
    ("/tasks?or=q,title&q={}&title=other task", SECRET),
    ("/tasks?or=project__any,project__code&project__any=false&project__code={}", f"{SECRET}-1"),
    ("/tasks?parent__title__contains={}", SECRET),
    ("/tasks?project__name__contains={}&sort=project__name", SECRET),
)
"""Queries whose value a hidden row has. The answer must be that of a value which no row has."""

_NEVER = {"701": "999", "confid": "zzz"}


def probed(world: World, query: str, value: str) -> list[object]:
    """Return what a client learns from a query, by each way to read and to change items."""
    url = query.format(value)
    page = world.client.get(url, headers={**TWO, "Prefer": "count=exact"})
    assert page.status == 200, page.text
    found: list[object] = [page.json["items"], page.json["total"]]
    found += [world.client.get(url, headers={**TWO, **each}).text for each in (LINES, CSV)]
    head = world.client.head(url, headers={**TWO, "Prefer": "count=exact"})
    found.append(head.headers["Total-Count"])
    path, _, rest = url.partition("?")
    if "sort=" not in rest:
        totals = world.client.get(f"{path}/totals?group=tenant&{rest}", headers=TWO)
        grouped = world.client.get(f"{path}/totals?{rest}", headers=TWO)
        found += [totals.status, grouped.status, grouped.text]
        dry = world.client.delete(f"{url}&dry_run=true", headers=TWO)
        patch = world.client.patch(f"{url}&dry_run=true", json={}, headers=TWO)
        found += [dry.text, patch.text]
    return found


@pytest.mark.parametrize(("query", "secret"), PROBES)
def test_filters_learn_nothing_of_hidden_rows(world: World, query: str, secret: str) -> None:
    """Alternatives, exclusions and filters across relations match no hidden row."""
    never = _NEVER.get(secret, "nothing has this")
    if "__ne=" in query or "__gte=" in query:
        # Own rows are on the same side of both values.
        assert probed(world, query, secret)[0] == probed(world, query, "abc")[0]
        return
    assert probed(world, query, secret) == probed(world, query, never)


def test_hidden_related_rows_sort_as_missing_ones(world: World) -> None:
    """The order of tasks does not depend on the name of a hidden project."""
    for sort, wanted in (("project__name", [704, 702]), ("-project__name", [702, 704])):
        page = world.client.get(f"/tasks?sort={sort}", headers=TWO)
        assert [each["id"] for each in page.json["items"]] == wanted
        first = world.client.get(f"/tasks?sort={sort}&limit=1", headers=TWO).json
        second = world.client.get(first["next"], headers=TWO).json
        assert [each["id"] for each in (*first["items"], *second["items"])] == wanted


@pytest.mark.parametrize(
    "query",
    [
        "id=701",
        "id__in=701,702",
        "code__not_in=nothing",
        f"q={SECRET}",
        "q=plan",
        "or=id,code&id=702&code=confidential-1",
        "tasks__any=false",
        "search=plan",
    ],
)
def test_changes_by_filter_reach_own_rows_alone(world: World, query: str) -> None:
    """PATCH and DELETE count and change no hidden row, also beside own ones."""
    before = world.stored()
    for headers in ({}, {"Prefer": "return=minimal"}):
        changed = world.client.patch(
            f"/projects?{query}", json={"name": "new"}, headers={**TWO, **headers}
        )
        assert changed.status == 200, changed.text
        assert changed.json["affected"] <= 1
    removed = world.client.delete(f"/projects?{query}", headers=TWO)
    assert removed.status in (200, 409), removed.text
    assert SECRET not in removed.text
    assert world.stored() == before
    world.reset()


def test_cursors_of_another_tenant_show_own_rows_alone(world: World) -> None:
    """A cursor is a place in an order; it carries no rows and no tenant."""
    one = {"X-Tenant": "one"}
    body = {"title": "second", "project_id": 701}
    more = {"tenant": "one"} if world.explicit else {}
    assert world.client.post("/tasks", json={**body, **more}, headers=one).status == 201
    for sort in ("title", "-project__name", "-project_id"):
        page = world.client.get(f"/tasks?limit=1&sort={sort}", headers=one).json
        other = world.client.get(page["next"], headers=TWO)
        assert other.status == 200
        assert SECRET not in json.dumps(other.json["items"])
        assert {each["id"] for each in other.json["items"]} <= {702, 704}
    world.reset()


def test_totals_count_visible_rows(world: World) -> None:
    """Exact and estimated totals are those of the rows that the caller sees."""
    for kind in ("exact", "estimated"):
        headers = {**TWO, "Prefer": f"count={kind}"}
        urls = ("/projects", "/counted", "/tasks", "/labels", f"/projects?name={SECRET}%20plan")
        totals = [world.client.get(url, headers=headers).json["total"] for url in urls]
        assert totals == [1, 1, 2, 1, 0]
        for more in ({}, CSV):
            heads = [world.client.head(url, headers={**headers, **more}) for url in urls]
            assert [each.headers["Total-Count"] for each in heads] == ["1", "1", "2", "1", "0"]
    assert world.client.head("/numbered", headers=TWO).headers["Total-Count"] == "1"
    assert world.client.get("/numbered", headers=TWO).json["pages"] == 1


def test_groups_have_no_trace_of_hidden_rows(world: World) -> None:
    """Groups, counts, sums and bounds are those of the rows that the caller sees."""

    def totals(url: str) -> list[tuple[object, ...]]:
        response = world.client.get(url, headers=TWO)
        assert response.status == 200, response.text
        return [
            (*each["group"].values(), *list(each.values())[1:]) for each in response.json["items"]
        ]

    assert totals("/projects/totals") == [(1, "open-2", "open-2", 702)]
    plans = [("open plan", 1, "open-2", "open-2", 702)]
    assert totals("/projects/totals?group=name&sort=-count") == plans
    assert totals("/projects/totals?group=tenant&aggregates=count") == [("two", 1)]
    assert totals(f"/projects/totals?group=name&name__contains={SECRET}") == []
    assert totals("/projects/totals?search=confidential&aggregates=count") == [(0,)]
    assert totals("/projects/totals?id=701&aggregates=count") == [(0,)]
    assert totals("/tasks/totals?group=title") == [("open task", 1), ("other task", 1)]
    assert totals("/projects/702/tasks/totals?group=title") == [("other task", 1)]
    for number in (world.hidden, world.missing):
        url = f"/projects/{number}/tasks/totals"
        hidden = world.client.get(url, headers=TWO)
        grouped = world.client.get(f"{url}?group=title", headers=TWO)
        missing = world.client.get(url.replace(str(number), "703"), headers=TWO)
        assert hidden.status == grouped.status == missing.status
