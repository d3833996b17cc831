"""Attributes that count rows of their own model: only rows that the caller may see."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    aliased,
    column_property,
    mapped_column,
    relationship,
)

from restkit import App, Request
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client

ME, YOU = {"X-User": "me"}, {"X-User": "you"}
NAMES = ("size", "counted")


class Base(DeclarativeBase):
    pass


class Node(Base):
    __tablename__ = "node"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)
    title: Mapped[str | None] = mapped_column(sa.Text)
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("node.id"))
    parent: Mapped[Node | None] = relationship(remote_side=[id], viewonly=True)
    children: Mapped[list[Node]] = relationship(viewonly=True, order_by=id)

    @hybrid_property
    def size(self) -> int:
        return len(self.children)

    @size.inplace.expression
    @classmethod
    def _size(cls) -> sa.ColumnElement[int]:
        other = aliased(Node)
        return sa.select(sa.func.count(other.id)).where(other.parent_id == cls.id).scalar_subquery()


Other = aliased(Node)
setattr(  # noqa: B010  # declared after the alias
    Node,
    "counted",
    column_property(
        sa.select(sa.func.count(Other.id))
        .where(Other.parent_id == Node.id)
        .correlate_except(Other)
        .scalar_subquery()
    ),
)
setattr(  # noqa: B010
    Node, "total", column_property(sa.select(sa.func.count(Other.id)).scalar_subquery())
)


class Brief(Schema):
    id = fields.Int(dump_only=True)
    size = fields.Int(dump_only=True)
    counted = fields.Int(dump_only=True)


class NodeSchema(Brief):
    total = fields.Int(dump_only=True)
    owner = fields.Str(required=True)
    title = fields.Str(allow_none=True)
    parent_id = fields.Int(allow_none=True, validate=validate.Range(1, 2147483647))
    parent = fields.Nested(Brief, dump_only=True)
    children = fields.List(fields.Nested(Brief), dump_only=True)


class Everything(CRUDResource[Node]):
    model = Node
    schema = NodeSchema
    filters = NAMES
    sorts = NAMES
    expand = ("parent", "children")
    aggregates = ("count", "counted__sum")
    csv = True


class Own(Everything):
    scoped = ("owner",)

    def scope(self) -> Any:
        return {"owner": user(self.request)}


def user(request: Request) -> str:
    return str(request.headers.get("X-User", ""))


@pytest.fixture(params=["rule", "scope"])
def mechanism(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, mechanism: str, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        if mechanism == "rule":
            database.rows(Node, read=lambda me: {"owner": me}, caller=user)
        app = App("Nodes")
        app.install(database)
        app.add("/nodes", Everything if mechanism == "rule" else Own)
        if mechanism == "scope":
            app.add("/everything", Everything)
        client = Client(app)
        client.get("/nodes")
        with Session(database.engine) as own:
            own.add_all([Node(id=701, owner="me"), Node(id=702, owner="me", parent_id=701)])
            own.flush()
            own.add_all([Node(owner="you", parent_id=each) for each in (701, 701, 702)])
            own.commit()
        yield client
        database.close()


def test_rows_that_the_caller_may_not_see_are_not_counted(client: Client) -> None:
    """Neither in items, lists and expansions nor in JSON Lines and CSV."""
    item = client.get("/nodes/701?expand=children", headers=ME).json
    assert [item[name] for name in NAMES] == [1, 1]
    assert item["children"] == [{"id": 702, "size": 0, "counted": 0}]
    below = client.get("/nodes/702?expand=parent", headers=ME).json
    assert below["parent"] == {"id": 701, "size": 1, "counted": 1}
    listed = client.get("/nodes?sort=-size&expand=parent", headers=ME).json["items"]
    assert [(each["id"], each["size"], each["counted"]) for each in listed] == [
        (701, 1, 1),
        (702, 0, 0),
    ]
    lines = client.get("/nodes", headers={**ME, "Accept": "application/x-ndjson"})
    assert lines.text.replace(" ", "").count('"counted":1') == 1
    assert "2" not in {line.split(",")[1] for line in csv_rows(client)}


def csv_rows(client: Client) -> list[str]:
    response = client.get("/nodes", headers={**ME, "Accept": "text/csv"})
    assert response.status == 200, response.text
    return response.text.splitlines()[1:]


@pytest.mark.parametrize("name", NAMES)
def test_filters_and_totals_learn_nothing(client: Client, name: str) -> None:
    """They compare what the caller sees."""
    for value, found in ((1, [701]), (3, []), (0, [702])):
        page = client.get(f"/nodes?{name}={value}", headers={**ME, "Prefer": "count=exact"}).json
        assert [each["id"] for each in page["items"]] == found
        assert page["total"] == len(found)
    totals = client.get("/nodes/totals", headers=ME).json["items"][0]
    assert totals["counted__sum"] == 1


def test_writes_return_what_a_get_returns(client: Client) -> None:
    """What is loaded after a write counts the same rows."""
    for write, body in ((client.patch, {}), (client.put, {"owner": "me"})):
        changed = write("/nodes/701", json={**body, "title": "a"}, headers=ME)
        assert changed.status == 200, changed.text
        assert [changed.json[name] for name in NAMES] == [1, 1]
        assert changed.text == client.get("/nodes/701", headers=ME).text
    made = client.post("/nodes", json={"owner": "me"}, headers=ME)
    assert made.status == 201, made.text
    assert made.json["total"] == 3
    assert made.json == client.get(made.headers["Location"], headers=ME).json


@pytest.mark.parametrize("mechanism", ["scope"])
def test_a_collection_without_a_scope_keeps_its_items(client: Client, mechanism: str) -> None:
    """The condition holds for the rows that are counted, and not for the items."""
    page = client.get("/everything?sort=-size", headers={**ME, "Prefer": "count=exact"}).json
    assert page["total"] == 5
    assert [each["size"] for each in page["items"]] == [1, 0, 0, 0, 0]
    assert client.get("/everything/701?expand=children", headers=YOU).json["size"] == 2


class Tables(DeclarativeBase):
    pass


class Line(Tables):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    text_id: Mapped[int | None] = mapped_column(sa.ForeignKey("line.id"))


LINES = sa.Table("line", Tables.metadata).alias()


class Counted(Line):
    """A class of the same table, whose attribute names the table."""

    size: Mapped[int] = column_property(
        sa.select(sa.func.count(LINES.c.id))
        .where(LINES.c.text_id == Line.id)
        .correlate_except(LINES)
        .scalar_subquery()
    )


class Total(Line):
    """A class whose attribute counts all of its rows."""

    total: Mapped[int] = column_property(
        sa.select(sa.func.count(Line.id)).correlate(None).scalar_subquery()
    )


class CountedLines(CRUDResource[Counted]):
    model = Counted
    methods = {"GET"}


class TotalLines(CRUDResource[Total]):
    model = Total
    methods = {"GET"}


class ExistingLines(CountedLines):
    related = "existing"


class OwnLines(CRUDResource[Line]):
    model = Line
    methods = {"GET"}

    def scope(self) -> Any:
        return Line.id == 1


@pytest.mark.parametrize("collection", [CountedLines, TotalLines])
def test_a_table_cannot_be_restricted(collection: type[CRUDResource[Any]]) -> None:
    """The message names the attribute and the remedy, under a rule and under a scope."""
    match = r"\.(size|total) has a subquery over the table of .* row rule .* aliased\("
    app = App("Lines")
    database = Database("sqlite://")
    database.rows(Line, read=lambda me: {"id": me})
    app.install(database)
    with pytest.raises(DeclarationError, match=match):
        app.add("/lines", collection)
    database.close()
    for order in ((collection, OwnLines), (OwnLines, collection)):
        app = App("Lines")
        app.install(Database("sqlite://"))
        app.add("/first", order[0])
        with pytest.raises(DeclarationError, match=match.replace("row rule", r"scope\(\)")):
            app.add("/second", order[1])


def test_existing_rows_may_be_counted() -> None:
    """A class that shows all related rows says so."""
    app = App("Lines")
    app.install(Database("sqlite://"))
    app.add("/own", OwnLines)
    app.add("/lines", ExistingLines)
    app.freeze()
