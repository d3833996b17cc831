"""Rows without the ORM: responses and effects are those of the ORM, byte by byte."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from everything import Colour, Lower
from marshmallow import Schema, fields
from sqlalchemy import event
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    column_property,
    mapped_column,
    validates,
)
from sqlalchemy.orm.attributes import set_committed_value

from restkit import App, provide
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Limits, Timestamps, UTCDateTime, Versioned, session
from restkit.testing import Client

KEY = "a secret for cursors"
UTC = dt.UTC
VALUES: dict[str, tuple[Any, list[Any]]] = {
    "small": (sa.SmallInteger(), [-3, 0, 7]),
    "big": (sa.BigInteger(), [2**40, -(2**62), 5]),
    "short": (sa.String(5), ["", "a%b", "é\"'", "_"]),
    "text": (sa.Text(), ["long " * 40, "\u2028\n", "z"]),
    "colour": (sa.Enum(Colour, name="colour"), list(Colour)),
    "size": (sa.Enum("S", "M", "L", name="size"), ["S", "M", "L"]),
    "flag": (sa.Boolean(), [True, False]),
    "day": (sa.Date(), [dt.date(1, 1, 1), dt.date(2024, 2, 29)]),
    "clock": (sa.Time(), [dt.time(1, 2, 3), dt.time(23, 59, 59, 70054)]),
    "local": (sa.DateTime(), [dt.datetime(2020, 1, 2), dt.datetime(2020, 1, 2, 3, 4, 5, 6)]),
    "moment": (
        UTCDateTime(),
        [dt.datetime(2020, 1, 2, tzinfo=UTC), dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)],
    ),
    "span": (sa.Interval(), [dt.timedelta(days=3, microseconds=5), dt.timedelta(0)]),
    "price": (sa.Numeric(8, 2), [Decimal("1.50"), Decimal("-0.01"), Decimal(7)]),
    "ratio": (sa.Double(), [0.1, -1e300, 3.0]),
    "code": (sa.Uuid(), [uuid.UUID(int=5), uuid.UUID(int=2**100)]),
    "extra": (sa.JSON(), [{"a": [1, None]}, [], "text", 3]),
    "blob": (sa.LargeBinary(), [b"", b"\x00\xff"]),
    "lower": (Lower(), ["abc", "ABC"]),
}
SORTABLE = sorted(VALUES.keys() - {"extra", "blob", "colour", "size", "flag"})


def collection(number: int, *, seen: bool) -> tuple[type[DeclarativeBase], type]:
    """Return the base of a drawn model and its collection, which overrides actions if ``seen``."""
    draw = random.Random(number)
    names = draw.sample(sorted(VALUES), 9)

    class Base(DeclarativeBase):
        pass

    columns: dict[str, Any] = {
        name: mapped_column(VALUES[name][0], nullable=name in names[:6]) for name in names
    }
    columns |= {"__tablename__": "thing", "id": mapped_column(sa.Integer, primary_key=True)}
    if number % 2:
        columns |= {
            "version": mapped_column(sa.Integer, nullable=False, info={"generated": True}),
            "gone": mapped_column(sa.DateTime, nullable=True),
        }
        columns["__mapper_args__"] = {"version_id_col": columns["version"]}
    model = type("Thing", (Base,), columns)
    sorts = tuple(name for name in names if name in SORTABLE)
    members: dict[str, Any] = {
        "model": model,
        "sorts": (*sorts, "id"),
        "order": sorts[: number % 3],
        "filters": tuple(f"{name}__*" for name in sorts),
        "paging": "offset" if number % 5 == 4 else "keyset",
        "fields": number % 3 == 0,
        "soft_delete": "gone" if number % 2 else None,
        "__doc__": "The things.",
    }

    class Seen(CRUDResource[Any]):
        def list(self, query: Any) -> Any:
            return super().list(query)

        def read(self, key: Any) -> Any:
            return super().read(key)

        def create(self, item: Any) -> Any:
            return super().create(item)

    return Base, type("Things", (Seen if seen else CRUDResource,), members)


@contextmanager
def pair(number: int, kind: str, folder: Path) -> Generator[tuple[Client, Client, sa.Engine, Any]]:
    """Provide a client without and one with the ORM, the engine and the model of a drawn one."""
    with database_url(kind, folder) as url:
        databases: list[Database] = []
        clients: list[Client] = []
        found: list[dict[str, str]] = []
        for seen in (False, True):
            base, things = collection(number, seen=seen)
            database = Database(url, create=base.metadata)
            app = App("Things", secret_key=KEY)
            app.install(database)
            app.add("/things", things)
            databases.append(database)
            clients.append(Client(app))
            found.append(paths_of(app))
        assert [each["list"] for each in found] == ["", "the class overrides list()"]
        assert [each["read"] for each in found] == ["", "the class overrides read()"]
        yield clients[0], clients[1], databases[0].engine, things.model  # type: ignore[attr-defined]
        for each in databases:
            each.close()


def paths_of(app: App) -> dict[str, str]:
    """Return why each action of the first collection has objects of the model, "" for dicts."""
    found = (getattr(each.resource, "row_paths", None) for each in app.operations())
    paths: Any = next(each for each in found if each is not None)
    return {action: why if isinstance(why, str) else "" for action, why in paths.found.items()}


def filled(engine: sa.Engine, model: Any, number: int, count: int = 23) -> None:
    """Insert drawn rows."""
    draw = random.Random(-number)
    with Session(engine) as work, work.begin():
        for _ in range(count):
            row = {
                each.key: None
                if each.columns[0].nullable and draw.random() < 0.3
                else draw.choice(VALUES[each.key][1])
                for each in sa.inspect(model).column_attrs
                if each.key in VALUES
            }
            if number % 2 and draw.random() < 0.2:
                row["gone"] = dt.datetime(2020, 1, 1)
            work.add(model(**row))


def same(core: Client, orm: Client, path: str, **options: Any) -> Any:
    """Request a path with and without the ORM, compare the whole responses, and return one."""
    found, expected = (each.get(path, **options) for each in (core, orm))
    assert found.status == expected.status, path
    assert list(found.headers) == list(expected.headers)
    assert found.data == expected.data
    return found


def queries(model: Any, number: int) -> Iterator[str]:
    """Yield queries of a drawn collection: sorts, filters, fields, sizes."""
    draw = random.Random(number * 7)
    names = [name for name in SORTABLE if name in sa.inspect(model).columns]
    yield ""
    for name in names:
        yield f"sort={name}"
        yield f"sort=-{name},id&limit=4"
        if sa.inspect(model).columns[name].nullable:
            yield f"{name}__null=true"
            yield f"{name}__null=false&sort={name}&limit=5"
    if "short" in names:
        yield from (
            "short__contains=%25",
            "short__startswith=a",
            "short__in=a%25b,_",
            "short__ne=_",
        )
    if number % 3 == 0:
        yield from (f"fields={draw.choice(names)}&limit=3", f"fields=id&sort={draw.choice(names)}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(8))
def test_lists_and_items_are_those_of_the_orm(number: int, kind: str, tmp_path: Path) -> None:
    """Pages, there and back, and items have the same bytes and headers in both ways."""
    with pair(number, kind, tmp_path) as (core, orm, engine, model):
        filled(engine, model, number)
        first = same(core, orm, "/things").json["items"]
        assert first[0]["id"] in range(1, 24)
        for query in queries(model, number):
            page = same(core, orm, f"/things?{query}")
            assert page.status == 200, (query, page.json)
            for relation in ("next", "next", "next", "prev"):
                links = _links(page)
                if page.status == 200 and relation in links:
                    page = same(core, orm, links[relation])
        for key in (1, 2, 3, 23, 24, 99):
            found = same(core, orm, f"/things/{key}")
            tag = found.headers.get("ETag", "")
            same(core, orm, f"/things/{key}", headers={"If-None-Match": tag})
        same(core, orm, "/things", headers={"Prefer": "count=exact"})
        same(core, orm, "/things", headers={"Accept": "application/x-ndjson"})


def _links(page: Any) -> dict[str, str]:
    found = {}
    for part in page.headers.get("Link", "").split(", "):
        url, _, relation = part.partition(">; rel=")
        found[relation.strip('"')] = url.lstrip("<")
    return found


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Double(Base):
    """A model with an expression as an attribute."""

    __tablename__ = "double"

    id: Mapped[int] = mapped_column(primary_key=True)
    width: Mapped[int]
    area: Mapped[int] = column_property(sa.column("width") * sa.column("width"))


class Shelves(CRUDResource[Shelf]):
    """Shelves, without an override."""

    model = Shelf
    session = provide(session)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Return a database with two shelves."""
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        with Session(made.engine) as work, work.begin():
            work.add_all([Shelf(name="low"), Shelf(name="high")])
        yield made
        made.close()


@contextmanager
def twins(number: int, kind: str, folder: Path) -> Generator[tuple[Client, Client]]:
    """Provide a client without and one with the ORM, each on a database with the same rows."""
    with ExitStack() as stack:
        clients: list[Client] = []
        for seen in (False, True):
            place = folder / str(seen)
            place.mkdir()
            base, things = collection(number, seen=seen)
            url = stack.enter_context(database_url(kind, place))
            database = Database(url, create=base.metadata)
            stack.callback(database.close)
            app = App("Things", secret_key=KEY)
            app.install(database)
            app.add("/things", things)
            filled(database.engine, things.model, number, 9)  # type: ignore[attr-defined]
            clients.append(Client(app))
            ways = {paths_of(app)[name] for name in ("create", "update", "replace", "delete")}
            assert ("" in ways) is not seen
        yield clients[0], clients[1]


def both(clients: tuple[Client, Client], method: str, path: str, **options: Any) -> Any:
    """Send a request to both, compare the responses, and return the one without the ORM."""
    found, expected = (each.request(method, path, **options) for each in clients)
    assert (found.status, found.data) == (expected.status, expected.data), (method, path, options)
    assert list(found.headers) == list(expected.headers)
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(8))
def test_writes_are_those_of_the_orm(number: int, kind: str, tmp_path: Path) -> None:
    """POST, PUT, PATCH and DELETE respond and store alike in both ways."""
    with twins(number, kind, tmp_path) as clients:
        bodies = []
        assert both(clients, "POST", "/things", json={"nothing": 1}).status == 422
        for each in both(clients, "GET", "/things").json["items"]:
            body = {name: value for name, value in each.items() if name in VALUES}
            bodies.append(body)
            made = both(clients, "POST", "/things", json=body)
            assert made.status == 201, made.json
            read = both(clients, "GET", f"/things/{made.json['id']}")
            assert read.data == made.data
            assert read.headers["ETag"] == made.headers["ETag"]
        for key, body in enumerate(bodies, 1):
            path, other = f"/things/{key}", bodies[key % len(bodies)]
            for name, value in other.items():
                both(clients, "PATCH", path, json={name: value})
                both(clients, "PATCH", path, json={name: None})
            tag = both(clients, "GET", path).headers.get("ETag", '""')
            stale = both(clients, "PUT", path, json=body, headers={"If-Match": '"stale"'})
            assert stale.status in (404, 412)
            both(clients, "PUT", path, json=body, headers={"If-Match": tag})
            both(clients, "PUT", path, json={})
            if key % 2:
                both(clients, "DELETE", path)
                both(clients, "PATCH", path, json=other)
                both(clients, "POST", f"{path}/restore")
        both(clients, "PATCH", "/things/99", json=bodies[0])
        both(clients, "GET", "/things", headers={"Prefer": "count=exact"})


def app_of(database: Database, declared: type[CRUDResource[Any]]) -> App:
    app = App("Shelves", secret_key=KEY)
    app.install(database)
    app.add("/shelves", declared)
    return app


def test_a_listener_that_comes_late_sees_objects(database: Database) -> None:
    """From the first listener on, rows are objects, and what it changes is in the response."""
    client = Client(app_of(database, Shelves))
    assert client.get("/shelves/1").json["name"] == "low"

    def shout(shelf: Shelf, context: object) -> None:
        set_committed_value(shelf, "name", shelf.name.upper())

    event.listen(Shelf, "load", shout)
    try:
        assert client.get("/shelves/1").json["name"] == "LOW"
        assert [each["name"] for each in client.get("/shelves").json["items"]] == ["LOW", "HIGH"]
    finally:
        event.remove(Shelf, "load", shout)
    assert client.get("/shelves/1").json["name"] == "low"


def test_criteria_of_all_sessions_hold(database: Database) -> None:
    """A listener that adds a condition to all statements of sessions is not passed by."""
    client = Client(app_of(database, Shelves))

    def restrict(state: Any) -> None:
        state.statement = state.statement.where(Shelf.name == "high")

    event.listen(Session, "do_orm_execute", restrict)
    try:
        assert [each["id"] for each in client.get("/shelves").json["items"]] == [2]
        assert client.get("/shelves/1").status == 404
    finally:
        event.remove(Session, "do_orm_execute", restrict)
    assert client.get("/shelves/1").status == 200


def test_statements_are_seen_by_listeners_and_logs(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever listens to the statements of the engine, or logs them, sees all of them."""
    client = Client(app_of(database, Shelves))
    client.get("/shelves")
    seen: list[str] = []

    def see(connection: object, cursor: object, statement: str, *rest: object) -> None:
        if not statement.startswith("PRAGMA"):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", see)
    assert len(client.get("/shelves").json["items"]) == 2
    assert client.get("/shelves/2").json == {"id": 2, "name": "high"}
    event.remove(database.engine, "before_cursor_execute", see)
    assert [each.startswith("SELECT shelf.") for each in seen] == [True, True]
    with caplog.at_level("INFO", "sqlalchemy.engine"):
        assert client.get("/shelves/2").json == {"id": 2, "name": "high"}
    assert any("SELECT shelf." in each.message for each in caplog.records)


def test_a_session_of_the_request_shares_the_connection(database: Database, tmp_path: Path) -> None:
    """A session that opens before or after rows are read needs no second connection."""
    limits = Limits(connections=1, overflow=0, pool=0.5)
    single = Database(database.engine.url, limits=limits)

    class Scoped(Shelves):
        def scope(self) -> dict[str, Any]:
            self.session.scalar(sa.select(Shelf.name))
            return super().scope()  # type: ignore[return-value]  # a mapping here

    class Below(CRUDResource[Shelf]):
        model = Shelf

    app = app_of(single, Scoped)
    app.add("/named/<string:name>", Below)
    client = Client(app)
    for _ in range(3):
        assert client.get("/shelves/1").json["name"] == "low"
        assert len(client.get("/shelves").json["items"]) == 2
        assert client.get("/named/none").json["items"] == []
        assert client.get("/named/low").json["items"][0]["id"] == 1
    single.close()


class Kept(Shelves):
    """Shelves, with an override."""

    def read(self, key: Any) -> Shelf:
        return super().read(key)


class AreaSchema(Schema):
    id = fields.Int(dump_only=True)
    area = fields.Int(dump_only=True)


class Doubles(CRUDResource[Double]):
    model = Double
    schema = AreaSchema
    methods = {"GET"}


def test_which_way_is_taken_is_explained(database: Database) -> None:
    """The reasons name the class, the action or the attribute."""
    assert set(paths_of(app_of(database, Shelves)).values()) == {""}
    assert paths_of(app_of(database, Kept))["read"] == "the class overrides read()"
    assert (
        paths_of(app_of(database, Doubles))["list"] == "Double.area is not one column of the table"
    )


class Stamped(Versioned, Timestamps, Base):
    """A model whose values come from Python, from the database, and from a validator."""

    __tablename__ = "stamped"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)
    state: Mapped[str] = mapped_column(sa.String(10), server_default="new")
    level: Mapped[int] = mapped_column(default=3)
    shelf_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shelf.id"))


class Checked(Base):
    __tablename__ = "checked"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))

    @validates("name")
    def shout(self, name: str, value: str) -> str:
        return value.upper()


class StampedThings(CRUDResource[Stamped]):
    model = Stamped


class CheckedThings(CRUDResource[Checked]):
    model = Checked


@pytest.fixture
def stamped(database: Database) -> Client:
    """Return a client of stamped things."""
    app = App("Stamped", secret_key=KEY)
    app.install(database)
    app.add("/stamped", StampedThings)
    app.add("/checked", CheckedThings)
    assert set(paths_of(app).values()) == {""}
    return Client(app)


def test_defaults_stamps_and_versions_are_those_of_the_columns(stamped: Client) -> None:
    """Defaults of Python and of the database, context defaults and versions are in responses."""
    made = stamped.post("/stamped", json={"name": "one"})
    assert made.status == 201, made.json
    assert (made.json["state"], made.json["level"]) == ("new", 3)
    assert made.json["created_at"] == made.json["updated_at"]
    assert stamped.get("/stamped/1").data == made.data
    changed = stamped.patch(
        "/stamped/1", json={"level": 4}, headers={"If-Match": made.headers["ETag"]}
    )
    assert changed.json["updated_at"] > changed.json["created_at"] == made.json["created_at"]
    assert changed.headers["ETag"] != made.headers["ETag"]
    assert stamped.get("/stamped/1").data == changed.data
    same_again = stamped.patch("/stamped/1", json={"level": 4})
    assert same_again.headers["ETag"] == changed.headers["ETag"]
    assert (
        stamped.patch("/stamped/1", json={}, headers={"If-Match": made.headers["ETag"]}).status
        == 412
    )
    assert stamped.delete("/stamped/1", headers={"If-Match": made.headers["ETag"]}).status == 412
    assert stamped.delete("/stamped/1", headers={"If-Match": changed.headers["ETag"]}).status == 204
    assert stamped.get("/stamped/1").status == 404


def test_violations_point_to_the_member(stamped: Client) -> None:
    """Unique values and references are conflicts with pointers, and nothing is stored."""
    for name in ("one", "two"):
        assert stamped.post("/stamped", json={"name": name, "shelf_id": 1}).status == 201
    for refused in (
        stamped.post("/stamped", json={"name": "one"}),
        stamped.patch("/stamped/2", json={"name": "one"}),
        stamped.put("/stamped/2", json={"name": "one"}),
    ):
        assert refused.status == 409
        assert refused.json["errors"][0]["pointer"] == "/name"
    assert stamped.patch("/stamped/2", json={"shelf_id": 99}).status == 409
    assert [each["name"] for each in stamped.get("/stamped").json["items"]] == ["one", "two"]


def test_validators_and_flush_listeners_see_objects(stamped: Client) -> None:
    """What a validator, or a listener that comes late, changes is stored."""
    assert stamped.post("/checked", json={"name": "low"}).json["name"] == "LOW"
    assert stamped.patch("/checked/1", json={"name": "high"}).json["name"] == "HIGH"

    def lift(mapper: object, connection: object, thing: Stamped) -> None:
        thing.level = 77

    event.listen(Stamped, "before_insert", lift)
    try:
        assert stamped.post("/stamped", json={"name": "one"}).json["level"] == 77
    finally:
        event.remove(Stamped, "before_insert", lift)
    assert stamped.post("/stamped", json={"name": "two"}).json["level"] == 3


def test_a_write_shares_the_transaction_of_the_session(database: Database) -> None:
    """What a session of the request wrote before is seen, and rolled back together."""

    class Counted(Shelves):
        def scope(self) -> dict[str, Any]:
            if self.request.method == "POST":
                self.session.add(Shelf(name="extra"))
            return super().scope()  # type: ignore[return-value]  # a mapping here

    app = app_of(database, Counted)
    assert paths_of(app)["create"] == ""
    client = Client(app)
    assert client.post("/shelves", json={"name": "third"}).status == 201
    names = [each["name"] for each in client.get("/shelves").json["items"]]
    assert sorted(names) == ["extra", "high", "low", "third"]
    assert client.post("/shelves", json={"id": 1, "name": "x"}).status == 422
    with Session(database.engine) as work, work.begin():
        work.execute(sa.text("CREATE UNIQUE INDEX unique_name ON shelf (name)"))
    assert client.post("/shelves", json={"name": "fifth"}).status == 409  # of the extra one
    assert len(client.get("/shelves").json["items"]) == 4


def test_no_verb_opens_a_session(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session costs a quarter of a POST: rows as dicts need only the connection."""
    client = Client(app_of(database, Shelves))
    client.get("/shelves")
    client.post("/shelves", json={"name": "warm"})
    opened: list[object] = []
    begin = Session.__init__

    def counted(self: Session, *arguments: Any, **options: Any) -> None:
        opened.append(self)
        begin(self, *arguments, **options)

    monkeypatch.setattr(Session, "__init__", counted)
    assert client.post("/shelves", json={"name": "third"}).status == 201
    assert client.get("/shelves/1").status == 200
    assert client.get("/shelves").status == 200
    assert client.patch("/shelves/1", json={"name": "other"}).status == 200
    assert client.put("/shelves/1", json={"name": "another"}).status == 200
    assert client.delete("/shelves/2").status == 204
    assert opened == []
    with Session(database.engine):
        assert len(opened) == 1  # so that the count counts


def test_the_entity_tag_is_computed_where_something_depends_on_it(database: Database) -> None:
    """Without preconditions the tag of the old state is not needed; with one it decides."""
    client = Client(app_of(database, Shelves))
    before = client.get("/shelves/1").headers["ETag"]
    changed = client.patch("/shelves/1", json={"name": "other"})
    assert changed.headers["ETag"] == client.get("/shelves/1").headers["ETag"] != before
    for method in ("patch", "put"):
        send = getattr(client, method)
        stale = send("/shelves/1", json={"name": "x"}, headers={"If-Match": before})
        assert stale.status == 412
        fresh = {"If-Match": client.get("/shelves/1").headers["ETag"]}
        written = send("/shelves/1", json={"name": method}, headers=fresh)
        assert written.headers["ETag"] == client.get("/shelves/1").headers["ETag"]
    assert client.delete("/shelves/1", headers={"If-Match": before}).status == 412
    assert client.delete("/shelves/1", headers={"If-None-Match": "*"}).status == 412
    assert client.get("/shelves/1").json["name"] == "put"
    assert client.delete("/shelves/1").status == 204
