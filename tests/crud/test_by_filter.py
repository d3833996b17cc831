"""PATCH and DELETE by filter: what is selected, validated and stamped, in how many statements."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, ValidationError, fields, validate, validates_schema
from shelf import Book as Plain
from shelf import collection, mounted, refused
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Conflict, NotFound
from restkit.crud import CRUDResource, ListQuery, MemoryStore, Page
from restkit.limits import Idempotency, MemoryStorage
from restkit.sqlalchemy import Database, Timestamps, UTCDateTime, Versioned
from restkit.testing import Client, TestResponse

BY_FILTER = ("PATCH", "DELETE")


class Base(DeclarativeBase):
    pass


class Job(Versioned, Timestamps, Base):
    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(sa.Text)
    first: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    last: Mapped[int] = mapped_column(sa.BigInteger, default=9)
    owner: Mapped[str] = mapped_column(sa.String(20), default="")
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime)


class Part(Base):
    """Has a primary key of two columns, and its version is a text."""

    __tablename__ = "part"

    job: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, unique=True, autoincrement=False)
    state: Mapped[str] = mapped_column(sa.Text)
    mark: Mapped[str] = mapped_column(sa.String(40))

    __mapper_args__ = {
        "version_id_col": mark,
        "version_id_generator": lambda version: f"{version or ''}x",
    }


class Team(Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))
    players: Mapped[list[Player]] = relationship(cascade="all, delete-orphan")


class Player(Base):
    __tablename__ = "player"

    id: Mapped[int] = mapped_column(primary_key=True)
    team_id: Mapped[int] = mapped_column(sa.ForeignKey("team.id"))


class JobSchema(Schema):
    id = fields.Int(dump_only=True)
    state = fields.Str(required=True)
    first = fields.Int()
    last = fields.Int()
    updated_at = fields.AwareDateTime(dump_only=True)

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        if data.get("first", 0) > data.get("last", 9):
            raise ValidationError("first is after last", "first")


class Jobs(CRUDResource[Job]):
    model = Job
    schema = JobSchema
    filters = ("state", "first__gte", "id__in")
    by_filter = BY_FILTER
    max_affected = 2000


class Parts(CRUDResource[Part]):
    model = Part
    key = "number"
    filters = ("state",)
    by_filter = BY_FILTER


class Teams(CRUDResource[Team]):
    model = Team
    filters = ("name",)
    by_filter = BY_FILTER


class World:
    """A database with an App over it.

    Attributes:
        client: The client of the App.
        database: The database.
        statements: The statements since `forget`.
    """

    def __init__(self, url: str) -> None:
        self.database = Database(url, create=Base.metadata)
        app = App("Jobs")
        app.install(self.database)
        app.add("/jobs", Jobs)
        app.add("/parts", Parts)
        app.add("/teams", Teams)
        soft = {"model": Job, "filters": ("state",), "by_filter": BY_FILTER}
        app.add("/soft", type("SoftJobs", (CRUDResource,), {**soft, "soft_delete": "removed_at"}))
        self.app = app
        self.client = Client(app)
        self.statements: list[str] = []
        self.client.get("/jobs")
        sa.event.listen(
            self.database.engine, "before_cursor_execute", lambda *given: self._note(given[2])
        )

    def _note(self, statement: str) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN")):
            self.statements.append(statement)

    def forget(self) -> None:
        self.statements.clear()

    def add(self, *rows: object) -> None:
        with self.database.migration() as connection, sa.orm.Session(connection) as session:
            session.add_all(rows)
            session.commit()


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[World]:
    with database_url(request.param, tmp_path) as url:
        made = World(url)
        yield made
        made.database.close()


def jobs(world: World, states: str) -> None:
    for state in states.split():
        response = world.client.post("/jobs", json={"state": state})
        assert response.status == 201


def version(response: TestResponse) -> int:
    return int(response.headers["ETag"].strip('"'))


def states(client: Client, path: str = "/jobs") -> str:
    return " ".join(each["state"] for each in client.get(path).json["items"])


def test_two_statements_whatever_the_number_of_items(world: World) -> None:
    """One statement locks and reads the items, one writes them; versions and stamps are new."""
    jobs(world, "open " * 30 + "done")
    before = world.client.get("/jobs/1")
    world.forget()
    response = world.client.patch("/jobs?state=open", json={"state": "shut"})
    assert response.json == {"affected": 30, "dry_run": False}
    assert [each.split()[0] for each in world.statements] == ["SELECT", "UPDATE"]
    assert states(world.client, "/jobs?limit=100") == "shut " * 30 + "done"
    after = world.client.get("/jobs/1")
    assert version(after) == version(before) + 1
    assert after.json["updated_at"] > before.json["updated_at"]
    world.forget()
    assert world.client.delete("/jobs?state=shut").json["affected"] == 30
    assert [each.split()[0] for each in world.statements] == ["SELECT", "DELETE"]
    assert states(world.client) == "done"


def test_what_does_not_change_keeps_its_version(world: World) -> None:
    """Items that already are as the patch wants them are selected, and not written."""
    jobs(world, "open done")
    before = [version(world.client.get(f"/jobs/{number}")) for number in (1, 2)]
    assert world.client.patch("/jobs?id__in=1,2", json={"state": "done"}).json["affected"] == 2
    after = [version(world.client.get(f"/jobs/{number}")) for number in (1, 2)]
    assert after == [before[0] + 1, before[1]]


def test_each_result_is_validated(world: World) -> None:
    """The validators of the schema see each patched item, and one that fails stops all."""
    jobs(world, "open open open")
    world.client.patch("/jobs/2", json={"last": 3})
    response = world.client.patch("/jobs?state=open", json={"first": 5})
    assert response.status == 422
    assert response.problem["detail"].endswith("for 1 of the selected items, first for 2.")
    assert response.problem["errors"] == [
        {"pointer": "/first", "detail": "first is after last", "code": "invalid"}
    ]
    assert world.client.get("/jobs?first__gte=1").json["items"] == []
    assert world.client.patch("/jobs?state=open", json={"first": 3}).json["affected"] == 3


def test_content_is_checked_before_any_item_is_read(world: World) -> None:
    """Equal errors are found once, without a statement, however many items would be selected."""
    jobs(world, "open")
    for body, where in (
        ({"state": ["x"]}, "/state"),
        ({"first": "x", "last": 2}, "/first"),
        ({"stat": "x"}, "/stat"),
        ({"state": "done", "id": 3}, "/id"),
        ({"stat": None}, "/stat"),
    ):
        world.forget()
        response = world.client.patch("/jobs?state=open", json=body)
        assert response.status == 422
        assert [each["pointer"] for each in response.problem["errors"]] == [where]
        assert world.statements == []


class Counted(Schema):
    """Counts how often texts and results are validated."""

    seen: ClassVar[list[str]] = []
    title = fields.Str(required=True, validate=lambda text: Counted.seen.append("field"))
    genre = fields.Str()
    words = fields.List(fields.Str(validate=validate.Length(max=3)))

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        Counted.seen.append("whole")
        if data.get("genre") == "bad":
            raise ValidationError("bad", "genre")


@dataclass
class Story:
    title: str
    genre: str = "novel"
    words: list[str] = field(default_factory=list)
    id: int = 0


def _stories(**members: Any) -> Client:
    return Client(mounted(**members))


@pytest.mark.parametrize("count", [10, 1000])
def test_the_cost_of_an_invalid_patch_does_not_grow_with_the_items(count: int) -> None:
    """One invalid item of a long list is found once; a rule of the whole schema, a few times."""
    items = [Story(str(number)) for number in range(count)]
    members = {"store": MemoryStore(Story, items=items), "schema": Counted, "max_affected": 5000}
    client = _stories(filters=("genre",), by_filter=("PATCH",), **members)
    Counted.seen.clear()
    words = ["abc"] * 50_000
    response = client.patch("/books?genre=novel", json={"title": "t", "words": [*words, "abcd"]})
    assert response.problem["errors"][0]["pointer"] == "/words/50000"
    assert Counted.seen == ["field"]
    Counted.seen.clear()
    body = {"genre": "bad", "words": words[:1200]}
    response = client.patch("/books?genre=novel", json=body)
    assert response.problem["errors"] == [{"pointer": "/genre", "detail": "bad", "code": "invalid"}]
    assert response.problem["detail"].startswith("Nothing was changed: the patch is invalid for ")
    assert Counted.seen.count("whole") <= 20
    operations = [{"op": "add", "path": "/words/-", "value": "abc"}] * 120
    operations.append({"op": "remove", "path": "/none"})
    content_type = "application/json-patch+json"
    response = client.patch("/books?genre=novel", json=operations, content_type=content_type)
    assert response.status == 422
    counted = re.findall(r"for (?:at least )?(\d+) of", response.problem["detail"])
    assert 1 <= int(counted[0]) <= 20


def test_a_large_patch_is_for_few_items() -> None:
    """The content times the items is bounded, valid or not."""
    items = [Story(str(number)) for number in range(200)]
    store = MemoryStore(Story, items=items)
    client = _stories(filters=("genre", "id__lte"), by_filter=("PATCH",), store=store)
    body = {"words": ["a word"] * 10_000}
    response = client.patch("/books?genre=novel", json=body)
    assert response.status == 413
    assert response.problem["detail"].endswith("Nothing was changed. Narrow the filters.")
    assert all(each.words == [] for each in store.items)
    assert client.patch("/books?id__lte=20", json=body).json["affected"] == 20


def test_items_are_removed_softly(world: World) -> None:
    """A deletion marks the rows in one statement, and their items can be restored."""
    jobs(world, "open open done")
    world.forget()
    assert world.client.delete("/soft?state=open").json["affected"] == 2
    assert [each.split()[0] for each in world.statements] == ["SELECT", "UPDATE"]
    assert states(world.client, "/soft") == "done"
    assert world.client.post("/soft/1/restore").status == 200
    assert states(world.client, "/soft") == "open done"


def test_keys_and_versions_of_other_kinds(world: World) -> None:
    """A primary key of two columns and a version that is no counter are written as well."""
    world.add(*(Part(job=1, number=number, state="open") for number in (1, 2, 3)))
    response = world.client.patch("/parts?state=open", json={"state": "shut"})
    assert response.json["affected"] == 3
    assert [each["mark"] for each in world.client.get("/parts").json["items"]] == ["xx"] * 3
    assert world.client.delete("/parts?state=shut").json["affected"] == 3


def test_relations_follow(world: World) -> None:
    """What the ORM deletes with an item goes here too."""
    world.add(Team(name="red", players=[Player(), Player()]), Team(name="blue", players=[Player()]))
    assert world.client.delete("/teams?name=red").json["affected"] == 1
    with world.database.engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Player)) == 1


def test_rows_of_others_are_not_selected(tmp_path: Path) -> None:
    """Row rules and scopes hide items from requests by filter, and forbid what is only readable."""
    with database_url("sqlite", tmp_path) as url:
        database = Database(url, create=Base.metadata)
        database.rows(
            Job,
            read=lambda me: Job.owner.in_([me, "all"]),
            write=lambda me: Job.owner == me,
            caller=lambda request: request.headers.get("X-Me"),
        )
        for model in (Team, Player, Part):
            database.rows(model)
        app = App("Jobs")
        app.install(database)
        app.add("/jobs", Jobs)
        members = {"scope": lambda self: [Job.state == "open"], "schema": None}
        app.add("/open", type("OpenJobs", (Jobs,), members))
        client = Client(app)
        client.get("/jobs")
        with database.engine.begin() as connection:
            for owner in ("ada", "bob", "ada"):
                row = {"state": "open", "owner": owner, "version": 1}
                connection.execute(sa.insert(Job).values(**row))
        ada = {"X-Me": "ada"}
        response = client.patch("/jobs?first__gte=0", json={"first": 1}, headers=ada)
        assert response.json["affected"] == 2
        dry = client.delete("/jobs?state=open&dry_run=true", headers={"X-Me": "bob"})
        assert dry.json["affected"] == 1
        out = client.patch("/open?first__gte=0", json={"state": "shut"}, headers=ada)
        assert out.status == 422
        assert client.delete("/open?first__gte=0", headers=ada).json["affected"] == 2
        with database.engine.begin() as connection:
            connection.execute(sa.update(Job).values(owner="all"))
        assert client.delete("/jobs?state=open", headers=ada).status == 403
        database.close()


class Recorded(CRUDResource[Plain]):
    """Forbids changes of some books, and hides one."""

    filters = ("genre", "year__gte")
    by_filter = BY_FILTER
    fields = True

    def read(self, key: object) -> Plain:
        if key == 1:
            raise NotFound("hidden")
        return super().read(key)

    def update(self, item: Plain, values: Mapping[str, object]) -> Plain:
        if item.title == "locked":
            raise Conflict("The book is locked.")
        return super().update(item, {**values, "stars": 5})

    def delete(self, item: Plain) -> None:
        super().update(item, {"genre": "waste"})


def test_overridden_actions_are_called_for_each_item() -> None:
    """`read` hides an item, `update` and `delete` do what the class says, all or none."""
    books = [Plain("one"), Plain("two"), Plain("locked", genre="essay")]
    store = MemoryStore(Plain, items=books)
    client = Client(mounted(base=Recorded, store=store))
    assert client.patch("/books?genre=novel", json={"year": 1900}).json["affected"] == 1
    found = {each.title: (each.year, each.stars) for each in store.items}
    assert found == {"one": (None, None), "two": (1900, 5), "locked": (None, None)}
    response = client.patch("/books?genre=essay", json={"year": 1901})
    assert (response.status, response.problem["detail"]) == (409, "The book is locked.")
    assert client.delete("/books?genre=novel").json["affected"] == 1
    genres = {each.title: each.genre for each in store.items}
    assert genres == {"one": "novel", "two": "waste", "locked": "essay"}


def test_items_that_the_caller_may_only_read_are_forbidden() -> None:
    """A selected item outside of `write_scope` is a 403, and nothing is changed."""

    class Owned(CRUDResource[Plain]):
        filters = ("year",)
        by_filter = BY_FILTER

        def write_scope(self) -> dict[str, object]:
            return {"genre": "novel"}

    store = MemoryStore(Plain, items=[Plain("a", 1), Plain("b", 1, "essay"), Plain("c", 2)])
    client = Client(mounted(base=Owned, store=store))
    assert client.patch("/books?year=1", json={"genre": "novel"}).status == 403
    assert client.delete("/books?year=1").status == 403
    assert len(store.items) == 3
    assert client.delete("/books?year=2").json["affected"] == 1


def test_an_overridden_list_selects() -> None:
    """Items that the class leaves out of its list are not selected."""

    class Listed(CRUDResource[Plain]):
        filters = ("genre",)
        by_filter = BY_FILTER

        def list(self, query: ListQuery) -> Page[Plain]:
            page = super().list(query)
            return Page([each for each in page.items if each.title != "one"])

    client = Client(
        mounted(base=Listed, store=MemoryStore(Plain, items=[Plain("one"), Plain("b")]))
    )
    assert client.delete("/books?genre=novel").json["affected"] == 1


def test_a_repeated_request_is_answered_once() -> None:
    """An Idempotency-Key covers a patch by filter."""
    once = Idempotency(MemoryStorage(), caller=lambda request: "me")
    books = [Plain("a"), Plain("b")]
    client = collection(*books, filters=("genre",), by_filter=BY_FILTER, idempotency=once)
    headers = {"Idempotency-Key": "k1"}
    first = client.patch("/books?genre=novel", json={"genre": "essay"}, headers=headers)
    again = client.patch("/books?genre=novel", json={"genre": "essay"}, headers=headers)
    assert first.json == again.json == {"affected": 2, "dry_run": False}
    other = client.patch("/books?genre=essay", json={"genre": "essay"}, headers=headers)
    assert other.status == 422


def test_a_lenient_app_rejects_unknown_parameters() -> None:
    """A misspelt filter is an error here also if the App ignores unknown parameters."""
    store = MemoryStore(Plain, items=[Plain("a"), Plain("b", genre="essay")])
    app = App("Shelf", strict=False)
    members = {"store": store, "filters": ("genre", "year"), "by_filter": BY_FILTER}
    app.add("/books", type("Books", (CRUDResource,), {**members, "__module__": __name__}))
    response = Client(app).delete("/books?genre=novel&jear=1")
    assert response.status == 422
    assert response.problem["errors"][0]["parameter"] == "jear"
    assert len(store.items) == 2


def test_only_the_declared_verbs_are_there() -> None:
    client = collection(Plain("a"), filters=("genre",), by_filter=("DELETE",), methods=("GET",))
    assert client.patch("/books?genre=novel", json={}).status == 405
    assert client.delete("/books?genre=novel").json["affected"] == 1
    document = client.get("/openapi.json").json["paths"]
    assert set(document["/books"]) == {"get", "delete"}
    assert document["/books"]["delete"]["operationId"] == "deleteBooksByFilter"
    assert set(document["/books/{id}"]) - {"parameters"} == {"get"}


def test_mistakes_are_told_at_start_up() -> None:
    refused("no filters to select items by", by_filter=BY_FILTER)
    refused("'PATCH' and 'DELETE', got 'PUT'", by_filter=("PUT",), filters=("genre",))
    refused("at least 1", by_filter=BY_FILTER, filters=("genre",), max_affected=0)
    refused("no entity tags", by_filter=BY_FILTER, filters=("genre",), conditional="required")
