"""Masked fields through every door: nothing that a clerk gets depends on what is hidden from it.

Two Apps have the same data but for the hidden values. Each request is sent to both; the responses
must be the same, byte for byte, and the hidden values must stay as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, returns
from restkit.crud import CRUDResource, ListQuery, MemoryStore, Order, collection_action, item_action
from restkit.limits import Idempotency, MemoryStorage
from restkit.security import NOBODY, HTTPBearer, Mask, role
from restkit.sqlalchemy import Database, FullText
from restkit.testing import Client, TestResponse

STORES = ("memory", *KINDS)
STAFF, CLERK = {"Authorization": "Bearer staff"}, {"Authorization": "Bearer clerk"}
JSON_PATCH, MERGE_PATCH = "application/json-patch+json", "application/merge-patch+json"
SECRETS = ((1111, "alpha"), (9222, "omega"))


@dataclass
class User:
    name: str
    roles: tuple[str, ...]


USERS = {"staff": User("staff", ("staff",)), "clerk": User("clerk", ())}


class Base(DeclarativeBase):
    pass


links = sa.Table(
    "link",
    Base.metadata,
    sa.Column("part_id", sa.ForeignKey("part.id"), primary_key=True),
    sa.Column("label_id", sa.ForeignKey("label.id"), primary_key=True),
)


class Maker(Base):
    __tablename__ = "maker"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(40))
    margin: Mapped[int] = mapped_column(default=0)
    parts: Mapped[list[Part]] = relationship(back_populates="maker", order_by="Part.id")


class Label(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.String(40), unique=True)
    rank: Mapped[int] = mapped_column(default=0)


class Part(Base):
    __tablename__ = "part"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sku: Mapped[str] = mapped_column(sa.String(40), unique=True)
    title: Mapped[str] = mapped_column(sa.String(40))
    status: Mapped[str] = mapped_column(sa.String(20), default="open")
    cost: Mapped[int] = mapped_column(default=7)
    memo: Mapped[str] = mapped_column(sa.String(40), default="none")
    owner: Mapped[str] = mapped_column(sa.String(40), default="house")
    removed: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    maker_id: Mapped[int | None] = mapped_column(sa.ForeignKey("maker.id"))
    maker: Mapped[Maker | None] = relationship(back_populates="parts")
    labels: Mapped[list[Label]] = relationship(secondary=links, order_by=Label.id)
    search = FullText("title", "memo")
    titles = FullText("title")

    __mapper_args__ = {"version_id_col": version}


@dataclass
class MemoryMaker:
    name: str
    margin: int = 0
    id: int = 0


@dataclass
class MemoryLabel:
    name: str
    rank: int = 0
    id: int = 0


@dataclass
class MemoryPart:
    sku: str
    title: str
    status: str = "open"
    cost: int = 7
    memo: str = "none"
    owner: str = "house"
    removed: bool = False
    maker_id: int | None = None
    labels: list[int] = field(default_factory=list)
    id: int = 0


class MadePartSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str()
    cost = fields.Int()
    memo = fields.Str()


class MakerSchema(Schema):
    id = fields.Int(dump_only=True)
    name = fields.Str(required=True)
    margin = fields.Int()
    parts = fields.List(fields.Nested(MadePartSchema), dump_only=True)


class PartSchema(Schema):
    id = fields.Int(dump_only=True)
    sku = fields.Str(required=True)
    title = fields.Str(required=True)
    status = fields.Str(load_default="open")
    cost = fields.Int(load_default=7)
    memo = fields.Str(load_default="none")
    owner = fields.Str(load_default="house")
    labels = fields.List(fields.Int())
    maker = fields.Nested(MakerSchema, dump_only=True)


class CostSchema(Schema):
    id = fields.Int()
    cost = fields.Int()
    label = fields.Str(attribute="memo")


class Makers(CRUDResource[Any]):
    filters = ("name", "margin__*", "parts__cost__gte", "parts__memo__contains", "parts__title")
    sorts = ("name", "margin")
    order = ("-margin",)
    expand = ("parts",)
    fields = True
    bulk = True
    csv = True
    masks = {"margin": role("staff")}


class Labels(CRUDResource[Any]):
    filters = ("name", "rank__gte")
    sorts = ("rank",)
    masks = {"rank": role("staff")}


def parts(models: dict[str, type], *, is_sql: bool) -> type[CRUDResource[Any]]:
    """Return the collection with everything switched on."""

    class Parts(CRUDResource[Any]):
        model = models["parts"]
        schema = None if is_sql else PartSchema
        filters = (
            *("title__*", "cost__*", "memo__*", "owner", "status", "id__in"),
            *("maker__margin__gte", "maker__name"),
            *(("labels__rank__gte", "labels__name", "search", "titles") if is_sql else ()),
        )
        any_of = {"q": ("title__contains", "memo__contains"), "m": ("memo__contains", "owner")}
        or_filters = ("title", "memo", "cost", "status")
        sorts = ("title", "cost", "memo", *(("maker__margin",) if is_sql else ()))
        order = ("cost", "title")
        groups = ("status", "cost", "memo")
        aggregates = ("count", "cost__sum", "cost__max", "memo__min", "title__max")
        expand = ("maker", "maker.parts")
        relations = {"labels": "name"} if is_sql else ("labels",)
        members = {"labels": Labels}
        fields = True
        bulk = True
        bulk_upsert = "sku"
        upsert = is_sql
        csv = True
        by_filter = ("PATCH", "DELETE")
        soft_delete = "removed"
        transitions = {"status": {None: ("open",), "open": ("shut",), "shut": ("open",)}}
        idempotency = Idempotency(MemoryStorage(), caller=lambda request: request.caller.name)
        masks = {
            "cost": role("staff"),
            "memo": Mask(read=role("staff"), write=role("staff", "boss")),
            "owner": Mask(write=NOBODY),
            **({"version": role("staff")} if is_sql else {}),
        }

        @item_action()
        def shut(self, item: Any) -> Any:
            return self.update(item, {"status": "shut"})

        @item_action("GET")
        def peek(self, item: Any) -> Any:
            return item

        @item_action("GET")
        @returns(CostSchema)
        def costs(self, item: Any) -> Any:
            return item

        @collection_action("GET")
        def mine(self) -> list[Any]:
            query = ListQuery(order=(Order("id"),), scope=self.scope(), limit=9)  # type: ignore[arg-type]
            return [*self.rows.list(query).items]

    return Parts


class World:
    """An App whose hidden values are those of one secret."""

    def __init__(self, app: App, models: dict[str, type], *, is_sql: bool) -> None:
        for name, base in (("makers", Makers), ("labels", Labels)):
            own = {"model": models[name], "__module__": __name__}
            if name == "makers" and not is_sql:
                own["schema"] = MakerSchema
            app.add(f"/{name}", type(base.__name__, (base,), own))
        made = parts(models, is_sql=is_sql)
        made.members = {"labels": app_class(app, "labels")}
        app.add("/parts", made)
        self.client = Client(app)
        self.is_sql = is_sql

    def send(self, method: str, path: str, **sent: Any) -> TestResponse:
        headers = {**CLERK, **sent.pop("headers", {})}
        if method == "POST" and not self.is_sql and "json" in sent:
            sent["json"] = without_keys(sent["json"])
        return self.client.request(method, path, headers=headers, **sent)


def without_keys(content: dict[str, Any]) -> dict[str, Any]:
    """Return content for a store that numbers its items itself."""
    made = [
        {name: value for name, value in each.items() if name != "id"}
        for each in content.get("create", ())
    ]
    more = {"create": made} if made else {}
    return {**{name: value for name, value in content.items() if name != "id"}, **more}


def app_class(app: App, name: str) -> type:
    return next(e.declared for e in app._registry.entries if e.pattern.rule == f"/{name}")


def rows(secret: tuple[int, str]) -> dict[str, list[dict[str, Any]]]:
    number, text = secret
    makers = [{"id": n, "name": f"maker {n}", "margin": number * n} for n in (1, 2)]
    labels = [{"id": n, "name": f"label {n}", "rank": number + n * (-1) ** number} for n in (1, 2)]
    sign = -1 if number % 2 else 1
    found = [
        {
            "id": n,
            "sku": f"s{n}",
            "title": f"part {n}",
            "status": "open",
            "cost": number + sign * n,
            "memo": f"{text} {n}",
            "owner": "house",
            "removed": n == 9,
            "maker_id": 1 + n % 2,
        }
        for n in (1, 2, 3, 4, 5, 9)
    ]
    return {"makers": makers, "labels": labels, "parts": found}


def memory_world(secret: tuple[int, str]) -> tuple[World, Any]:
    app = App("Parts", secret_key="s" * 32, security=HTTPBearer(USERS.get))
    given = rows(secret)
    makers = MemoryStore(MemoryMaker, items=[MemoryMaker(**each) for each in given["makers"]])
    labels = MemoryStore(MemoryLabel, items=[MemoryLabel(**each) for each in given["labels"]])
    store = MemoryStore(
        MemoryPart,
        unique=("sku",),
        references={"maker_id": makers, "labels": labels},
        items=[MemoryPart(**each, labels=[1]) for each in given["parts"]],
    )
    store.relate("maker", "maker_id", back="parts")
    for each in (makers, labels, store):
        app.install(each)
    models: dict[str, type] = {
        "makers": MemoryMaker,
        "labels": MemoryLabel,
        "parts": MemoryPart,
    }

    def hidden() -> list[Any]:
        kept = [(each.id, each.cost, each.memo) for each in store.items]
        return [kept, [each.margin for each in makers.items], [each.rank for each in labels.items]]

    return World(app, models, is_sql=False), hidden


def sql_world(url: str, secret: tuple[int, str]) -> tuple[World, Any, Database]:
    app = App("Parts", secret_key="s" * 32, security=HTTPBearer(USERS.get))
    database = Database(url, create=Base.metadata)
    app.install(database)
    models: dict[str, type] = {"makers": Maker, "labels": Label, "parts": Part}
    world = World(app, models, is_sql=True)
    assert world.client.get("/labels", headers=STAFF).status == 200
    with database.engine.begin() as connection:
        for name, model in models.items():
            more = {"version": secret[0]} if name == "parts" else {}
            table = sa.inspect(model).local_table
            connection.execute(sa.insert(table), [{**each, **more} for each in rows(secret)[name]])
        connection.execute(sa.insert(links), [{"part_id": n, "label_id": 1} for n in (1, 2, 3)])

    def hidden() -> list[Any]:
        with database.engine.connect() as connection:
            return [
                [
                    tuple(each)
                    for each in connection.execute(
                        sa.select(Part.id, Part.cost, Part.memo).order_by(Part.id)
                    )
                ],
                [*connection.scalars(sa.select(Maker.margin).order_by(Maker.id))],
                [*connection.scalars(sa.select(Label.rank).order_by(Label.id))],
            ]

    return world, hidden, database


Pair = list[tuple[World, Any]]


@pytest.fixture(scope="module", params=STORES)
def worlds(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    if request.param == "memory":
        yield [memory_world(each) for each in SECRETS]
        return
    folders = [tmp_path_factory.mktemp("masks") for _ in SECRETS]
    with (
        database_url(request.param, folders[0]) as first,
        database_url(request.param, folders[1]) as second,
    ):
        made = [sql_world(url, each) for url, each in zip((first, second), SECRETS, strict=True)]
        yield [(world, hidden) for world, hidden, _ in made]
        for _, _, database in made:
            database.close()


NEW = {"sku": "n1", "title": "new", "status": "open"}
GUESSES: dict[str, Any] = {"cost": 1110, "memo": "alpha 1"}


def lists(path: str) -> Iterator[tuple[str, str]]:
    """Yield queries of a list that name hidden fields, and ones that do not."""
    for query in (
        *("", "cost=1110", "cost__gte=2000", "cost__lt=2000", "cost__ne=1", "cost__in=1110,1"),
        *("cost__null=true", "memo=alpha%201", "memo__contains=alpha", "memo__startswith=o"),
        *("memo__search=alpha", "search=alpha", "titles=part", "q=alpha", "q=part", "m=alpha"),
        *("m=house", "or=cost,title&cost=1110&title=x", "or=title,status&title=x&status=open"),
        *("or=memo,title&memo=alpha%201&title=x", "sort=cost", "sort=-cost", "sort=memo"),
        *("sort=title", "sort=maker__margin", "fields=id,cost", "fields=memo", "fields=id,title"),
        *(
            "expand=maker",
            "expand=maker.parts",
            "expand=maker&fields=id",
            "maker__margin__gte=2000",
        ),
        *("maker__name=maker%201", "labels__rank__gte=2000", "labels__name=label%201"),
        *("owner=house", "limit=2", "limit=2&sort=cost", "limit=2&sort=title"),
        *("cursor=x", "limit=2&cost__gte=1", "after=cost", "version=1111", "removed=true"),
    ):
        yield query, f"{path}?{query}"


def doors() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Yield (name, method, path, what is sent)."""
    for query, path in lists("/parts"):
        yield f"GET list {query}", "GET", path, {}
    for kind in ("text/csv", "application/x-ndjson"):
        for query in ("", "fields=cost", "fields=id,title", "expand=maker", "sort=cost", "q=alpha"):
            yield f"{kind} {query}", "GET", f"/parts?{query}", {"headers": {"Accept": kind}}
    for query in (
        *("", "group=cost", "group=status", "group=memo", "aggregates=cost__sum", "sort=cost__sum"),
        *("aggregates=memo__min", "aggregates=title__max", "cost__gte=2000", "q=alpha"),
        *("group=status&sort=-cost__max", "aggregates=count"),
    ):
        yield f"GET totals {query}", "GET", f"/parts/totals?{query}", {}
    for query in ("", "fields=cost", "fields=id", "expand=maker", "expand=maker.parts"):
        yield f"GET item {query}", "GET", f"/parts/1?{query}", {}
    for name, value in (("HEAD", "/parts/1"), ("HEAD", "/parts"), ("OPTIONS", "/parts/1")):
        yield f"{name} {value}", name, value, {}
    for path in ("/parts/1/peek", "/parts/mine", "/parts/1/costs", "/parts/1/labels"):
        yield f"GET {path}", "GET", path, {}
    for query in ("rank__gte=2000", "sort=rank", "name=label%201"):
        yield f"GET members {query}", "GET", f"/parts/1/labels?{query}", {}
    for query in (
        *("", "margin__gte=2000", "sort=margin", "expand=parts", "parts__cost__gte=2000"),
        *("parts__memo__contains=alpha", "parts__title=part%201", "fields=margin", "limit=1"),
    ):
        yield f"GET makers {query}", "GET", f"/makers?{query}", {}
    yield "GET maker", "GET", "/makers/1", {}
    yield "GET maker with parts", "GET", "/makers/1?expand=parts", {}
    yield "conditional GET", "GET", "/parts/1", {"headers": {"If-None-Match": '"1111"'}}
    yield from patches()
    yield from writes()


def patches() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for name, guess in GUESSES.items():
        for op in ("test", "replace", "add", "remove", "copy", "move"):
            change: dict[str, Any] = {"op": op, "path": f"/{name}"}
            if op in ("copy", "move"):
                change = {"op": op, "from": f"/{name}", "path": "/title"}
            elif op != "remove":
                change["value"] = guess
            document = [change, {"op": "replace", "path": "/title", "value": "part 1"}]
            sent = {"json": document, "content_type": JSON_PATCH}
            yield f"JSON Patch {op} {name}", "PATCH", "/parts/1", sent
            yield f"JSON Patch by filter {op} {name}", "PATCH", "/parts?title=part 1", sent
        sent = {"json": {name: guess}, "content_type": MERGE_PATCH}
        yield f"merge patch {name}", "PATCH", "/parts/1", sent
        yield f"merge patch {name} null", "PATCH", "/parts/1", {"json": {name: None}}
        yield (
            f"merge patch {name} and title",
            "PATCH",
            "/parts/1",
            {"json": {name: guess, "title": "part 1"}},
        )
        yield f"PATCH by filter {name}", "PATCH", "/parts?title=part 1", {"json": {name: guess}}
        yield (
            f"PATCH by hidden filter {name}",
            "PATCH",
            f"/parts?{name}={guess}",
            {"json": {"title": "part 1"}},
        )
        yield (
            f"dry PATCH by {name}",
            "PATCH",
            f"/parts?{name}={guess}&dry_run=true",
            {"json": {"title": "part 1"}},
        )
        yield f"DELETE by {name}", "DELETE", f"/parts?{name}={guess}", {}
        yield f"dry DELETE by {name}", "DELETE", f"/parts?{name}={guess}&dry_run=true", {}
    yield "PATCH owner", "PATCH", "/parts/1", {"json": {"owner": "clerk"}}
    yield "PATCH owner unchanged", "PATCH", "/parts/1", {"json": {"owner": "house"}}
    for tag in ('"1111"', '"9222"', "*", '"1"'):
        headers = {"If-Match": tag}
        yield (
            f"PATCH if {tag}",
            "PATCH",
            "/parts/1",
            {"json": {"title": "part 1"}, "headers": headers},
        )
    yield "PATCH title", "PATCH", "/parts/2", {"json": {"title": "part 2b"}}
    yield "PATCH status", "PATCH", "/parts/2", {"json": {"status": "odd"}}


def writes() -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    for name, guess in {**GUESSES, "owner": "clerk"}.items():
        more = {name: guess}
        yield f"POST {name}", "POST", "/parts", {"json": {"id": 20, **NEW, **more}}
        yield f"PUT {name}", "PUT", "/parts/1", {"json": {"sku": "s1", "title": "part 1", **more}}
        yield f"upsert {name}", "PUT", "/parts/21", {"json": {**NEW, **more}}
        for kind, part in {
            "create": {"create": [{"id": 22, **NEW, **more}]},
            "update": {"update": [{"id": 1, **more}]},
            "upsert": {"upsert": [{"sku": "s1", "title": "part 1", **more}]},
        }.items():
            yield f"bulk {kind} {name}", "POST", "/parts/bulk", {"json": part}
    yield "PUT", "PUT", "/parts/3", {"json": {"sku": "s3", "title": "part 3b"}}
    yield "bulk", "POST", "/parts/bulk", {"json": {"update": [{"id": 4, "title": "part 4b"}]}}
    yield (
        "bulk upsert",
        "POST",
        "/parts/bulk",
        {"json": {"upsert": [{"sku": "s4", "title": "part 4c", "status": "open"}]}},
    )
    yield "action", "POST", "/parts/5/shut", {}
    yield "bad action", "POST", "/parts/5/shut", {}
    yield "restore", "POST", "/parts/9/restore", {}
    yield "member", "PUT", "/parts/1/labels/2", {}
    yield "no member", "DELETE", "/parts/1/labels/2", {}
    yield "labels", "PATCH", "/parts/2", {"json": {"labels": ["label 2"]}}
    yield "POST maker", "POST", "/makers", {"json": {"id": 7, "name": "new", "margin": 2222}}
    yield "PATCH maker", "PATCH", "/makers/1", {"json": {"margin": 1111}}
    yield "rename maker", "PATCH", "/makers/1", {"json": {"name": "maker 1"}}
    yield "PATCH rank", "PATCH", "/labels/1", {"json": {"rank": 1}}
    yield (
        "POST minimal",
        "POST",
        "/parts",
        {
            "json": {"id": 30, **NEW, "sku": "n30"},
            "headers": {"Prefer": "return=minimal"},
        },
    )
    once = {"headers": {"Idempotency-Key": '"k1"'}, "json": {"id": 31, **NEW, "sku": "n31"}}
    yield "POST with a key", "POST", "/parts", once
    yield "POST replayed", "POST", "/parts", once


DOORS = list(doors())
_CURSOR = re.compile(rb"(?:cursor|after|before)=[\w%.-]+|\"next\":\"[^\"]+\"|\"prev\":\"[^\"]+\"")


def seen(response: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    """Return what a client sees of a response, without cursors, which are random."""
    headers = [(name, value) for name, value in response.headers.items() if name != "Link"]
    return response.status, headers, _CURSOR.sub(b"", response.content)


def visible(text: bytes) -> list[str]:
    secrets = ("alpha", "omega", "1111", "2222", "1110", "9222", "9223", "9224", "18444")
    return [each for each in secrets if each.encode() in text]


@pytest.mark.parametrize(("name", "method", "path", "sent"), DOORS, ids=[each[0] for each in DOORS])
def test_no_response_depends_on_what_is_hidden(
    worlds: Pair, name: str, method: str, path: str, sent: dict[str, Any]
) -> None:
    """A clerk cannot tell the two worlds apart, and changes no hidden value."""
    before = [hidden() for _, hidden in worlds]
    first, second = (world.send(method, path, **sent) for world, _ in worlds)
    assert seen(first) == seen(second)
    assert first.status < 500
    assert visible(first.content) == visible(second.content) == []
    kept = [[row for row in each[0] if row in old[0]] for (_, hidden), old in
            zip(worlds, before, strict=True) if (each := hidden())]  # fmt: skip
    assert [len(each) for each in kept] == [len(old[0]) for old in before]
    assert [hidden()[2] for _, hidden in worlds] == [old[2] for old in before]
    margins = [hidden()[1][:2] for _, hidden in worlds]
    assert margins == [old[1][:2] for old in before]


def test_the_doors_tell_staff_apart(worlds: Pair) -> None:
    """The same requests of staff differ: the doors are open, and lead to what is hidden."""
    statuses: dict[int, int] = {}
    differ = 0
    for _, method, path, sent in DOORS:
        found = [
            world.send(method, path, **{**sent, "headers": {**sent.get("headers", {}), **STAFF}})
            for world, _ in worlds
        ]
        statuses[found[0].status // 100] = statuses.get(found[0].status // 100, 0) + 1
        differ += seen(found[0]) != seen(found[1])
    assert statuses[2] > 90
    assert differ > 60
