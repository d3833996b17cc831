"""Each way to map a column or a class: written, read, listed in both directions, filtered, patched
and deleted, on both databases.
"""

from __future__ import annotations

import datetime as dt
import enum
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    column_property,
    composite,
    deferred,
    mapped_column,
    registry,
    relationship,
    synonym,
    validates,
)

from restkit import App, DeclarationError
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client

POSTGRESQL = [each for each in KINDS if each != "sqlite"]


class Colour(enum.Enum):
    RED = "r"
    BLUE = "b"


@dataclass
class Case:
    """A model and what is asked of its collection.

    Attributes:
        model: The model.
        values: The values of the attribute that requests write, in ascending order.
        name: The attribute.
        filters: Whether it can be filtered for equality.
        sorts: Whether it can be sorted by.
        more: Further members of every body.
        members: Further members of the class.
        shown: The members that responses have besides, with their values; by the value written.
        prepare: A function that changes the metadata before tables are made.
    """

    model: type
    values: list[Any]
    name: str = "value"
    filters: bool = True
    sorts: bool = True
    more: dict[str, Any] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    shown: Callable[[Any], dict[str, Any]] = lambda value: {}


def _base() -> Any:
    return type("Base", (DeclarativeBase,), {})


def _column(kind: Any, values: list[Any], **options: Any) -> Callable[[], Case]:
    """Return the maker of a model with one column of a type."""

    def make() -> Case:
        members = {
            "__tablename__": "item",
            "id": mapped_column(sa.Integer, primary_key=True),
            "value": mapped_column(kind, nullable=options.get("nullable", False)),
        }
        case = Case(type("Item", (_base(),), members), values)
        case.filters = options.get("filters", True)
        case.sorts = options.get("sorts", True)
        return case

    return make


def _members(**members: Any) -> type:
    own = {"__tablename__": "item", "id": mapped_column(sa.Integer, primary_key=True)}
    return type("Item", (_base(),), {**own, **members})


def _text(*more: Any, **options: Any) -> Any:
    return mapped_column(sa.String(40), *more, **options)


TEXTS = ["a", "b", "c", "d", "e"]


def hybrid_read() -> Case:
    def shout(self: Any) -> str:
        return str(self.value) + "!"

    class ItemSchema(Schema):
        id = fields.Int(dump_only=True)
        value = fields.Str(required=True, validate=validate.Length(max=40))
        shout = fields.Str(dump_only=True)

    model = _members(value=_text(), shout=hybrid_property(shout))
    case = Case(model, TEXTS, members={"schema": ItemSchema})
    case.shown = lambda value: {"shout": f"{value}!"}
    return case


def hybrid_with_setter() -> Case:
    def value(self: Any) -> Any:
        return self.stored

    def set_value(self: Any, given: Any) -> None:
        self.stored = given

    class ItemSchema(Schema):
        id = fields.Int(dump_only=True)
        value = fields.Str(required=True, validate=validate.Length(max=40))

    model = _members(stored=_text(), value=hybrid_property(value, set_value))
    return Case(model, TEXTS, filters=False, sorts=False, members={"schema": ItemSchema})


def with_column_property() -> Case:
    text = _text()
    model = _members(value=text, double=column_property(text.column + text.column))
    case = Case(model, TEXTS)
    case.shown = lambda value: {"double": value * 2}
    return case


def with_synonym() -> Case:
    class ItemSchema(Schema):
        id = fields.Int(dump_only=True)
        value = fields.Str(required=True, validate=validate.Length(max=40))

    model = _members(stored=mapped_column("value", sa.String(40)), value=synonym("stored"))
    return Case(model, TEXTS, filters=False, sorts=False, members={"schema": ItemSchema})


@dataclass
class Point:
    x: int
    y: int


def with_composite() -> Case:
    class Base(DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = "item"

        id: Mapped[int] = mapped_column(primary_key=True)
        x: Mapped[int]
        y: Mapped[int]
        point: Mapped[Point] = composite("x", "y")

    return Case(Item, [1, 2, 3, 4, 5], name="x", more={"y": 7})


def imperative() -> Case:
    class Item:
        def __init__(self, **values: Any) -> None:
            for name, value in values.items():
                setattr(self, name, value)

    known = registry()
    columns = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("value", sa.String(40)))
    table = sa.Table("item", known.metadata, *columns)
    known.map_imperatively(Item, table)
    return Case(Item, TEXTS)


def imperative_without_a_constructor() -> Case:
    class Item:
        pass

    known = registry()
    columns = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("value", sa.String(40)))
    known.map_imperatively(Item, sa.Table("item", known.metadata, *columns))
    return Case(Item, TEXTS)


def mapped_dataclass() -> Case:
    class Base(MappedAsDataclass, DeclarativeBase):
        pass

    class Item(Base):
        __tablename__ = "item"

        id: Mapped[int] = mapped_column(primary_key=True, init=False)
        value: Mapped[str] = mapped_column(sa.String(40), kw_only=True)

    return Case(Item, TEXTS)


def own_dataclass() -> Case:
    """A dataclass that a registry maps with a table of its own."""
    known = registry()
    columns = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("value", sa.String(40)))
    table = sa.Table("item", known.metadata, *columns)

    @dataclass
    class Item:
        value: str = ""
        id: int | None = None

    known.map_imperatively(Item, table)
    return Case(Item, TEXTS)


def in_a_schema() -> Case:
    return Case(_members(__table_args__={"schema": "other"}, value=_text()), TEXTS)


def odd_names() -> Case:
    members = {
        "__tablename__": 'Odd "table" name%',
        "id": mapped_column("Key of it", sa.Integer, primary_key=True),
        "value": mapped_column('va"l:u(e)%s', sa.String(40)),
        "order": mapped_column("select", sa.Integer, default=1),
    }
    return Case(type("Item", (_base(),), members), TEXTS)


def server_defaults() -> Case:
    made = mapped_column(sa.DateTime, server_default=sa.func.now())
    state = mapped_column(sa.String(9), server_default="new")
    count = mapped_column(sa.Integer, server_default=sa.text("7"))
    case = Case(_members(value=_text(), made=made, state=state, count=count), TEXTS)
    case.shown = lambda value: {"state": "new", "count": 7}
    return case


def computed() -> Case:
    double = mapped_column(sa.Integer, sa.Computed("value * 2", persisted=True))
    case = Case(_members(value=mapped_column(sa.Integer), double=double), [1, 2, 3, 4, 5])
    case.shown = lambda value: {"double": 2 * value}
    return case


def identity() -> Case:
    members = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, sa.Identity(start=5), primary_key=True),
        "value": _text(),
    }
    return Case(type("Item", (_base(),), members), TEXTS)


def _versioned(column: Any, **options: Any) -> Case:
    members = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "version": column,
        "value": _text(),
        "__mapper_args__": {"version_id_col": column, **options},
    }
    return Case(type("Item", (_base(),), members), TEXTS)


def version_number() -> Case:
    return _versioned(mapped_column(sa.Integer, nullable=False))


def version_moment() -> Case:
    def now(before: Any) -> dt.datetime:
        return dt.datetime.now()

    return _versioned(mapped_column(sa.DateTime, nullable=False), version_id_generator=now)


def version_uuid() -> Case:
    def make(before: Any) -> uuid.UUID:
        return uuid.uuid4()

    return _versioned(mapped_column(sa.Uuid, nullable=False), version_id_generator=make)


def version_text() -> Case:
    def make(before: Any) -> str:
        return uuid.uuid4().hex

    return _versioned(mapped_column(sa.String(32), nullable=False), version_id_generator=make)


def self_reference() -> Case:
    members = {
        "parent_id": mapped_column(sa.ForeignKey("item.id"), nullable=True),
        "value": _text(),
    }
    model: Any = _members(**members)
    model.parent = relationship(model, remote_side=[model.id], backref="children")
    return Case(model, TEXTS)


def deferred_column() -> Case:
    return Case(_members(value=deferred(sa.Column(sa.String(40)))), TEXTS)


def validated() -> Case:
    def check(self: Any, key: str, value: str) -> str:
        if value == "no":
            raise ValueError("must not be no")
        return value

    return Case(_members(value=_text(), check=validates("value")(check)), TEXTS)


def proxied() -> Case:
    """A list of texts that are rows of another table."""
    base = _base()
    tag = type(
        "Tag",
        (base,),
        {
            "__tablename__": "tag",
            "id": mapped_column(sa.Integer, primary_key=True),
            "item_id": mapped_column(sa.ForeignKey("item.id")),
            "name": mapped_column(sa.String(9)),
        },
    )

    class ItemSchema(Schema):
        id = fields.Int(dump_only=True)
        value = fields.Str(required=True, validate=validate.Length(max=40))
        names = fields.List(fields.Str(), dump_only=True)

    members = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "value": _text(),
        "tags": relationship(tag),
        "names": association_proxy("tags", "name"),
    }
    case = Case(type("Item", (base,), members), TEXTS, members={"schema": ItemSchema})
    case.shown = lambda value: {"names": []}
    return case


def proxied_and_written() -> Case:
    """A list of texts that clients write, which the proxy makes rows of."""
    base = _base()

    def init(self: Any, name: str) -> None:
        self.name = name

    tag = type(
        "Tag",
        (base,),
        {
            "__tablename__": "tag",
            "id": mapped_column(sa.Integer, primary_key=True),
            "item_id": mapped_column(sa.ForeignKey("item.id")),
            "name": mapped_column(sa.String(9)),
            "__init__": init,
        },
    )

    class ItemSchema(Schema):
        id = fields.Int(dump_only=True)
        value = fields.Str(required=True, validate=validate.Length(max=40))
        names = fields.List(fields.Str())

    members = {
        "__tablename__": "item",
        "id": mapped_column(sa.Integer, primary_key=True),
        "value": _text(),
        "tags": relationship(tag, cascade="all, delete-orphan", order_by=tag.id),  # type: ignore[attr-defined]
        "names": association_proxy("tags", "name"),
    }
    case = Case(type("Item", (base,), members), TEXTS, members={"schema": ItemSchema})
    case.more = {"names": ["x", "y"]}
    case.shown = lambda value: {"names": ["x", "y"]}
    return case


MAPPED: dict[str, Callable[[], Case]] = {
    each.__name__: each
    for each in (
        hybrid_read,
        hybrid_with_setter,
        with_column_property,
        with_synonym,
        with_composite,
        imperative,
        imperative_without_a_constructor,
        mapped_dataclass,
        own_dataclass,
        odd_names,
        server_defaults,
        computed,
        identity,
        version_number,
        version_moment,
        version_uuid,
        version_text,
        self_reference,
        deferred_column,
        validated,
        proxied,
        proxied_and_written,
    )
}
TYPES: dict[str, Callable[[], Case]] = {
    "Uuid": _column(sa.Uuid(), [str(uuid.UUID(int=each)) for each in range(1, 6)]),
    "Interval": _column(sa.Interval(), [1, 2, 3, 4, 5], filters=False),
    "LargeBinary": _column(
        sa.LargeBinary(), ["YQ==", "Yg==", "Yw==", "ZA==", "ZQ=="], filters=False, sorts=False
    ),
    "Enum": _column(sa.Enum(Colour), ["RED", "BLUE", "RED", "BLUE", "RED"], sorts=False),
    "Enum not native": _column(
        sa.Enum(Colour, native_enum=False), ["RED", "BLUE", "RED", "BLUE", "RED"], sorts=False
    ),
    "Enum of texts": _column(sa.Enum("x", "y", name="xy"), ["x", "y", "x", "y", "x"], sorts=False),
    "Numeric": _column(sa.Numeric(9, 2), ["-1.50", "0.00", "0.10", "2.25", "10.00"]),
    "Boolean": _column(sa.Boolean(), [True, False, True, False, True], sorts=False),
    "JSON": _column(sa.JSON(), [{"a": 1}, [1], "x", 5, True], filters=False, sorts=False),
    "Date": _column(sa.Date(), [f"2024-01-0{each}" for each in range(1, 6)]),
    "Time": _column(sa.Time(), [f"10:00:0{each}" for each in range(1, 6)]),
    "DateTime": _column(
        sa.DateTime(), [f"2024-01-01T10:00:0{each}.500000" for each in range(1, 6)]
    ),
    "SmallInteger": _column(sa.SmallInteger(), [-3, -1, 0, 1, 32767]),
    "BigInteger": _column(sa.BigInteger(), [-(2**62), -1, 0, 1, 2**62]),
    "Float": _column(sa.Double(), [-1.5, 0.1, 0.25, 1.0, 1e300]),
    "Text": _column(sa.Text(), TEXTS),
}
NATIVE: dict[str, Callable[[], Case]] = {
    "in_a_schema": in_a_schema,
    "ARRAY": _column(pg.ARRAY(sa.Integer), [[1], [2, 3], [], [4], [5]], filters=False, sorts=False),
    "ARRAY of texts": _column(
        sa.ARRAY(sa.String(5)), [["a"], ["b", "c"], [], ["d"], ["e"]], filters=False, sorts=False
    ),
    "JSONB": _column(pg.JSONB(), [{"a": 1}, [1], "x", 5, True], filters=False, sorts=False),
    "INET": _column(
        pg.INET(), [f"10.0.0.{each}" for each in range(1, 6)], filters=False, sorts=False
    ),
    "CIDR": _column(
        pg.CIDR(), [f"10.0.{each}.0/24" for each in range(1, 6)], filters=False, sorts=False
    ),
    "MACADDR": _column(
        pg.MACADDR(),
        [f"08:00:2b:01:02:0{each}" for each in range(1, 6)],
        filters=False,
        sorts=False,
    ),
    "native UUID": _column(pg.UUID(), [str(uuid.UUID(int=each)) for each in range(1, 6)]),
    "UUID as text": _column(
        pg.UUID(as_uuid=False), [str(uuid.UUID(int=each)) for each in range(1, 6)]
    ),
    "DOUBLE_PRECISION": _column(pg.DOUBLE_PRECISION(), [-1.5, 0.1, 0.25, 1.0, 1e300]),
    "native INTERVAL": _column(pg.INTERVAL(), [1, 2, 3, 4, 5], filters=False),
    "native ENUM": _column(
        pg.ENUM(Colour, name="colour"), ["RED", "BLUE", "RED", "BLUE", "RED"], sorts=False
    ),
    "HSTORE": _column(
        pg.HSTORE(),
        [{"a": "1"}, {"a": "2"}, {"a": None}, {}, {"d": "3"}],
        filters=False,
        sorts=False,
    ),
}


@contextmanager
def served(case: Case, kind: str, folder: Path) -> Iterator[Client]:
    """Serve the collection of a case."""
    metadata: sa.MetaData = sa.inspect(case.model).local_table.metadata
    sa.event.listen(metadata, "before_create", _prepare)
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=metadata)) as database,
    ):
        app = App("Trips", contract="raise")
        app.install(database)
        named = {
            "filters": (case.name,) if case.filters else (),
            "sorts": (case.name,) if case.sorts else (),
        }
        members = {"model": case.model, **named, **case.members}
        app.add("/items", type("Items", (CRUDResource,), members))
        yield Client(app)


def _prepare(metadata: Any, connection: sa.Connection, **options: Any) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS hstore"))
        connection.execute(sa.text("CREATE SCHEMA IF NOT EXISTS other"))


def _pages(client: Client, url: str) -> tuple[list[Any], str]:
    """Return the keys of all pages, and the URL of the last one."""
    found: list[Any] = []
    following: str | None = url
    last = url
    while following:
        page = client.get(following)
        assert page.status == 200, page.text
        found += [each["id"] for each in page.json["items"]]
        last, following = following, page.json.get("next")
    return found, last


def _check(case: Case, client: Client) -> None:
    """Ask everything of a collection of five items."""
    made = []
    for value in case.values:
        posted = client.post("/items", json={case.name: value, **case.more})
        assert posted.status == 201, posted.text
        read = client.get(posted.headers["Location"])
        assert read.content == posted.content
        assert read.headers["ETag"] == posted.headers["ETag"]
        assert posted.json[case.name] == value
        shown = case.shown(value)
        assert {name: posted.json[name] for name in shown} == shown
        made.append(posted.json)
    keys = [each["id"] for each in made]
    assert client.get("/items?limit=100").json["items"] == made
    for sort in ("", f"&sort={case.name}", f"&sort=-{case.name}")[: 3 if case.sorts else 1]:
        found, last = _pages(client, f"/items?limit=2{sort}")
        assert found == (keys[::-1] if "-" in sort else keys)
        back = re.findall(r'<([^>]*)>; rel="prev"', client.get(last).headers["Link"])[0]
        assert [each["id"] for each in client.get(back).json["items"]] == found[2:4]
    if case.filters:
        value = case.values[1]
        shown_as = str(value).lower() if isinstance(value, bool) else str(value)
        answer = client.get("/items", query={case.name: shown_as})
        assert answer.status == 200, answer.text
        wanted = [each for each in made if each[case.name] == value]
        assert answer.json["items"] == wanted
    item = f"/items/{keys[0]}"
    tag = client.get(item).headers["ETag"]
    patch = {case.name: case.values[1]}
    patched = client.patch(item, json=patch, headers={"If-Match": tag})
    assert patched.status == 200, patched.text
    assert patched.json[case.name] == case.values[1]
    assert patched.content == client.get(item).content
    assert patched.headers["ETag"] == client.get(item).headers["ETag"]
    assert (
        client.patch(item, json={case.name: case.values[2]}, headers={"If-Match": tag}).status
        == 412
    )
    put = client.put(item, json={case.name: case.values[2], **case.more})
    assert put.status == 200, put.text
    assert put.content == client.get(item).content
    assert client.delete(item).status == 204
    assert client.get(item).status == 404
    assert client.get("/openapi.json").status == 200


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [*MAPPED, *TYPES])
def test_round_trips(name: str, kind: str, tmp_path: Path) -> None:
    """Whatever way a column is mapped, the answers of writes are those of reads."""
    case = {**MAPPED, **TYPES}[name]()
    with served(case, kind, tmp_path) as client:
        _check(case, client)


@pytest.mark.parametrize("kind", POSTGRESQL)
@pytest.mark.parametrize("name", NATIVE)
def test_round_trips_of_postgresql(name: str, kind: str, tmp_path: Path) -> None:
    """The types that only PostgreSQL has are written, read and listed as well."""
    case = NATIVE[name]()
    with served(case, kind, tmp_path) as client:
        _check(case, client)


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_validates_rejects_have_a_pointer(kind: str, tmp_path: Path) -> None:
    """A ValueError of ``validates`` is a 422 that points to the member, in each verb."""
    case = validated()
    with served(case, kind, tmp_path) as client:
        assert client.post("/items", json={"value": "yes"}).status == 201
        for write in (
            client.post("/items", json={"value": "no"}),
            client.put("/items/1", json={"value": "no"}),
            client.patch("/items/1", json={"value": "no"}),
        ):
            assert write.status == 422
            assert [each["pointer"] for each in write.json["errors"]] == ["/value"]
        assert client.get("/items/1").json["value"] == "yes"


@pytest.mark.parametrize("make", [hybrid_with_setter, with_synonym, with_column_property])
def test_what_is_no_column_is_no_key(make: Callable[[], Case]) -> None:
    """The URL of an item needs a column: one sentence at start-up."""
    case = make()
    app = App("Trips")
    app.install(Database("sqlite://"))
    key = "double" if make is with_column_property else "value"
    items = type("Items", (CRUDResource,), {"model": case.model, "key": key})
    with pytest.raises(DeclarationError, match=f"The key '{key}' of Item is not a column"):
        app.add("/items", items)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ["subquery", "view"])
def test_queries_and_views_are_read(way: str, kind: str, tmp_path: Path) -> None:
    """A model over a subquery or a view is listed and read; a view is a table of its own."""
    base = _base()
    members = {
        "__tablename__": "source",
        "id": mapped_column(sa.Integer, primary_key=True),
        "value": _text(),
    }
    source: Any = type("Source", (base,), members)
    if way == "subquery":
        query = sa.select(source.id, (source.value + source.value).label("value")).subquery()
        mapped: dict[str, Any] = {
            "__table__": query,
            "__mapper_args__": {"primary_key": [query.c.id]},
        }
        shown = type("Shown", (base,), mapped)
    else:
        metadata = sa.MetaData()
        columns = (sa.Column("id", sa.Integer, primary_key=True), sa.Column("value", sa.String(80)))
        shown = type("Shown", (base,), {"__table__": sa.Table("shown", metadata, *columns)})
        view = sa.DDL("CREATE VIEW shown AS SELECT id, value || value AS value FROM source")
        sa.event.listen(base.metadata, "after_create", view)
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=base.metadata)) as database,
    ):
        app = App("Trips", contract="raise")
        app.install(database)
        app.add("/sources", type("Sources", (CRUDResource,), {"model": source}))
        only = {"model": shown, "methods": {"GET"}, "filters": ("value",), "sorts": ("value",)}
        app.add("/shown", type("AllShown", (CRUDResource,), only))
        client = Client(app)
        for text in TEXTS:
            assert client.post("/sources", json={"value": text}).status == 201
        assert client.get("/shown/2").json == {"id": 2, "value": "bb"}
        assert [each["id"] for each in client.get("/shown?value=cc").json["items"]] == [3]
        assert _pages(client, "/shown?limit=2&sort=-value")[0] == [5, 4, 3, 2, 1]
