"""Relations that content names by keys or by another attribute, on SQLite and on PostgreSQL."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Request
from restkit.crud import CRUDResource, Related
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, UTCDateTime, Versioned
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


ticket_tag = sa.Table(
    "ticket_tag",
    Base.metadata,
    sa.Column("ticket_id", sa.ForeignKey("ticket.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)
    owner: Mapped[str | None] = mapped_column(sa.String(20))
    removed_at: Mapped[dt.datetime | None] = mapped_column(UTCDateTime())


class Step(Base):
    __tablename__ = "step"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(20))
    ticket_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ticket.id"))


class Ticket(Versioned, Base):
    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(50))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=ticket_tag)
    by_name: Mapped[list[Tag]] = relationship(
        secondary=ticket_tag, order_by=Tag.name.desc(), viewonly=True
    )
    steps: Mapped[list[Step]] = relationship(order_by=Step.text.desc())
    tag_names: AssociationProxy[list[str]] = association_proxy("tags", "name")


class Authors(CRUDResource[Author]):
    model = Author


class Tags(CRUDResource[Tag]):
    model = Tag
    soft_delete = "removed_at"


class Steps(CRUDResource[Step]):
    model = Step


class Keyed(CRUDResource[Ticket]):
    model = Ticket
    relations = ("tags", "author", "steps")
    bulk = True
    upsert = True
    fields = True
    methods = {"GET", "PUT", "PATCH", "DELETE"}


class Named(CRUDResource[Ticket]):
    model = Ticket
    relations = {"tags": Related("name", create=True, max_length=3), "author": "name"}
    bulk = True


class ProxySchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 50))
    tag_names = fields.List(fields.Str(), data_key="labels", required=True)


class Proxied(CRUDResource[Ticket]):
    model = Ticket
    schema = ProxySchema
    relations = ("tag_names",)


def service(url: str) -> tuple[App, Database]:
    database = Database(url, create=Base.metadata)
    app = App("Tickets")
    app.install(database)
    app.add("/tags", Tags)
    app.add("/authors", Authors)
    app.add("/steps", Steps)
    app.add("/keyed", Keyed)
    app.add("/named", Named)
    app.add("/proxied", Proxied)
    return app, database


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[str]:
    with database_url(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def client(database: str) -> Generator[Client]:
    app, found = service(database)
    client = Client(app)
    for name in ("api", "ui", "urgent"):
        assert client.post("/tags", json={"name": name}).status == 201
        assert client.post("/authors", json={"name": name}).status == 201
        assert client.post("/steps", json={"text": name}).status == 201
    yield client
    found.close()


def pairs(response: Any) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in response.problem["errors"]]


def test_rows_are_named_by_keys(client: Client) -> None:
    """PUT and PATCH replace the list, a JSON Patch changes members, GET answers the same."""
    made = client.put("/keyed/1", json={"title": "a", "tags": [3, 1], "author": 2, "steps": [1, 2]})
    assert made.status == 201
    assert made.json["tags"] == [1, 3]
    assert made.json["author"] == 2
    assert made.json["steps"] == [2, 1]  # in the order of the relation
    assert "author_id" not in made.json
    read = client.get("/keyed/1")
    assert read.json == made.json
    assert read.headers["ETag"] == made.headers["ETag"]
    merged = client.patch("/keyed/1", json={"tags": [2], "author": None})
    assert (merged.json["tags"], merged.json["author"]) == ([2], None)
    operations = [{"op": "add", "path": "/tags/-", "value": 1}]
    patched = client.patch("/keyed/1", json=operations, content_type="application/json-patch+json")
    assert patched.json["tags"] == [1, 2]
    replaced = client.put("/keyed/1", json={"title": "b"})
    assert (replaced.json["tags"], replaced.json["steps"]) == ([], [])
    assert client.get("/steps/1").json["ticket_id"] is None


def test_the_length_of_a_list_is_checked_before_its_members(client: Client) -> None:
    """What is too long is one error, and its members are not looked at."""
    for many in (4, 4000):
        refused = client.post("/named", json={"title": "a", "tags": [1] * many})
        assert refused.status == 422
        assert pairs(refused) == [("/tags", "length")]


def test_rows_are_named_by_another_attribute(client: Client) -> None:
    """Missing rows are made where create says so, and else refused with a pointer."""
    made = client.post("/named", json={"title": "a", "tags": ["ui", "new"], "author": "api"})
    assert made.json["tags"] == ["new", "ui"]
    assert made.json["author"] == "api"
    assert client.get(made.headers["Location"]).json == made.json
    assert [each["name"] for each in client.get("/tags").json["items"]] == [
        *("api", "ui", "urgent"),
        "new",
    ]
    nobody = client.post("/named", json={"title": "a", "author": "nobody"})
    assert (nobody.status, pairs(nobody)) == (409, [("/author", "reference")])


def test_an_association_proxy_is_written_by_its_values(client: Client) -> None:
    """A proxy of a relation has the field's name, and pointers too."""
    made = client.post("/proxied", json={"title": "a", "labels": ["ui", "api"]})
    assert made.json == {"id": 1, "title": "a", "labels": ["api", "ui"]}
    assert client.get("/proxied").json["items"] == [made.json]
    lost = client.post("/proxied", json={"title": "a", "labels": ["ui", "lost"]})
    assert (lost.status, pairs(lost)) == (409, [("/labels/1", "reference")])


REFUSED: tuple[tuple[object, int, list[tuple[str, str]]], ...] = (
    ([1, 77, 2, 78], 409, [("/tags/1", "reference"), ("/tags/3", "reference")]),
    ([1, 2, 1], 422, [("/tags/2", "duplicate")]),
    ([1, "2"], 422, [("/tags/1", "invalid")]),
    ([1, 2**40], 422, [("/tags/1", "range")]),
    (list(range(101)), 422, [("/tags", "length")]),
    (None, 422, [("/tags", "null")]),
    (1, 422, [("/tags", "invalid")]),
)


def test_invalid_lists_are_refused_with_pointers(client: Client) -> None:
    """What is missing, repeated or too long is told, and nothing is stored."""
    for tags, status, found in REFUSED:
        refused = client.put("/keyed/1", json={"title": "a", "tags": tags})
        assert refused.status == status
        assert pairs(refused) == found
    assert client.get("/keyed/1").status == 404


def test_rows_that_are_hidden_are_missing_and_stay(client: Client) -> None:
    """A removed row is not answered and not taken, and a write of the rest keeps it."""
    client.put("/keyed/1", json={"title": "a", "tags": [1, 2]})
    before = client.get("/keyed/1").headers["ETag"]
    client.delete("/tags/2")
    after = client.get("/keyed/1")
    assert after.json["tags"] == [1]
    assert after.headers["ETag"] != before
    assert client.patch("/keyed/1", json={"title": "b"}, headers={"If-Match": before}).status == 412
    assert client.delete("/keyed/1", headers={"If-Match": before}).status == 412
    again = client.patch("/keyed/1", json={"tags": [1, 2]})
    assert (again.status, pairs(again)) == (409, [("/tags/1", "reference")])
    tag = {"If-Match": after.headers["ETag"]}
    assert client.patch("/keyed/1", json={"tags": [3]}, headers=tag).json["tags"] == [3]
    assert (
        client.get("/keyed/1?fields=title").headers["ETag"]
        == client.get("/keyed/1").headers["ETag"]
    )
    client.post("/tags/2/restore")
    assert client.get("/keyed/1").json["tags"] == [2, 3]


def test_a_change_of_the_relation_alone_changes_the_version(client: Client) -> None:
    """Whoever has read the item before is told so, and no change leaves the version."""
    made = client.put("/keyed/1", json={"title": "a", "tags": [1]})
    tag = {"If-Match": made.headers["ETag"]}
    changed = client.patch("/keyed/1", json={"tags": [2]}, headers=tag)
    assert changed.json["version"] == made.json["version"] + 1
    assert client.patch("/keyed/1", json={"tags": [3]}, headers=tag).status == 412
    same = client.put("/keyed/1", json={"title": "a", "tags": [2]})
    assert same.json["version"] == changed.json["version"]
    assert same.headers["ETag"] == changed.headers["ETag"]


def test_bulk_requests_name_rows(client: Client) -> None:
    """Each item of a bulk names rows, and its errors point into it."""
    done = client.post(
        "/named/bulk",
        json={"create": [{"title": "a", "tags": ["x", "ui"]}, {"title": "b", "tags": ["x"]}]},
    )
    assert [each["tags"] for each in done.json["created"]] == [["ui", "x"], ["x"]]
    keyed = client.post(
        "/keyed/bulk", json={"update": [{"id": 1, "tags": [1]}, {"id": 2, "tags": [1, 2, 9]}]}
    )
    assert (keyed.status, pairs(keyed)) == (409, [("/update/1/tags/2", "reference")])
    assert client.get("/keyed/1").json["tags"] == [2, 4]


def test_statements(client: Client, database: str) -> None:
    """A list is two statements for all items; a write looks all keys up by one."""
    app, found = service(database)
    counted: list[str] = []

    def count(*given: Any) -> None:
        if "SELECT" in given[2]:
            counted.append(given[2])

    sa.event.listen(found.engine, "before_cursor_execute", count)
    client = Client(app)
    client.post(
        "/named/bulk",
        json={"create": [{"title": "a", "tags": ["ui", "api"]} for _ in range(20)]},
    )
    assert len([each for each in counted if "FROM tag" in each]) == 1
    counted.clear()
    assert len(client.get("/proxied?limit=20").json["items"]) == 20
    assert len(counted) == 2
    counted.clear()
    assert client.get("/named?limit=20").json["items"][0]["tags"] == ["api", "ui"]
    assert len(counted) == 2  # the author is joined
    found.close()


def test_requests_at_once_make_one_row(client: Client) -> None:
    """Of eight requests that make the same new rows, all are done, and each row is there once."""
    barrier = Barrier(8)

    def post(number: int) -> Any:
        barrier.wait(timeout=30)
        names = ["one", "two", "three"]
        return client.post("/named", json={"title": str(number), "tags": names[:: (-1) ** number]})

    with ThreadPoolExecutor(8) as threads:
        done = list(threads.map(post, range(8)))
    assert [each.status for each in done] == [201] * 8
    assert [each.json["tags"] for each in done] == [["one", "three", "two"]] * 8
    assert len(client.get("/tags").json["items"]) == 6


class Owned(CRUDResource[Tag]):
    model = Tag

    def scope(self) -> dict[str, str]:
        return {"owner": self.request.headers.get("X-User", "")}


def test_the_scope_of_related_rows_holds(database: str) -> None:
    """What another caller's scope has is missing, and a new row belongs to the caller's scope."""
    app, found = App("Tickets"), Database(database, create=Base.metadata)
    app.install(found)
    app.add("/tags", Owned)
    app.add("/named", Named)
    client = Client(app)
    ann, bob = {"X-User": "ann"}, {"X-User": "bob"}
    assert client.post("/tags", json={"name": "secret"}, headers=bob).status == 201
    taken = client.post("/named", json={"title": "a", "tags": ["mine", "secret"]}, headers=ann)
    assert (taken.status, pairs(taken)) == (409, [("/tags/1", "reference")])
    assert client.get("/tags", headers=ann).json["items"] == []
    made = client.post("/named", json={"title": "a", "tags": ["mine"]}, headers=ann)
    assert made.json["tags"] == ["mine"]
    assert [each["name"] for each in client.get("/tags", headers=ann).json["items"]] == ["mine"]
    seen = client.get(made.headers["Location"], headers=bob)
    assert seen.json["tags"] == []
    found.close()


def test_row_rules_of_related_rows_hold(database: str) -> None:
    """A row that a rule hides is missing, and stays in the relation."""
    app, found = App("Tickets"), Database(database, create=Base.metadata)

    def caller(request: Request) -> str:
        return request.headers.get("X-User", "")

    found.rows(Tag, read=lambda me: {"owner": me}, set={"owner": lambda me: me}, caller=caller)
    for model in (Ticket, Author, Step):
        found.rows(model, caller=caller)
    app.install(found)
    app.add("/tags", Tags)
    app.add("/named", Named)
    client = Client(app)
    ann, bob = {"X-User": "ann"}, {"X-User": "bob"}
    made = client.post("/named", json={"title": "a", "tags": ["x"]}, headers=ann)
    assert made.json["tags"] == ["x"]
    url = made.headers["Location"]
    assert client.get(url, headers=bob).json["tags"] == []
    assert pairs(client.patch(url, json={"tags": ["x"]}, headers=bob)) == [("/tags/0", "reference")]
    assert client.patch(url, json={"tags": ["y"]}, headers=bob).json["tags"] == ["y"]
    assert client.get(url, headers=ann).json["tags"] == ["x"]
    found.close()


needed_tag = sa.Table(
    "needed_tag",
    Base.metadata,
    sa.Column("holder_id", sa.ForeignKey("holder.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
    sa.Column("position", sa.Integer, nullable=False),
)


class Part(Base):
    __tablename__ = "part"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(5), unique=True)
    text: Mapped[str] = mapped_column(sa.String(5))
    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"))


class Membership(Base):
    __tablename__ = "membership"

    holder_id: Mapped[int] = mapped_column(sa.ForeignKey("holder.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(sa.ForeignKey("tag.id"), primary_key=True)


holder_part = sa.Table(
    "holder_part",
    Base.metadata,
    sa.Column("holder_id", sa.ForeignKey("holder.id"), primary_key=True),
    sa.Column("part_id", sa.ForeignKey("part.id"), primary_key=True),
)


class Holder(Base):
    __tablename__ = "holder"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()
    parts: Mapped[list[Part]] = relationship()
    needed: Mapped[list[Tag]] = relationship(secondary=needed_tag)
    shown: Mapped[list[Tag]] = relationship(secondary=needed_tag, viewonly=True)
    memberships: Mapped[list[Membership]] = relationship()
    others: Mapped[list[Part]] = relationship(secondary=holder_part)


@pytest.mark.parametrize(
    ("relations", "message"),
    [
        ("tags", "Give the names of relations"),
        ({"parts": 3}, "Give the names of relations"),
        ({"others": Related(max_length=0)}, "max_length must be at least 1"),
        (("nothing",), "has no relation 'nothing'; it has author, "),
        (("parts",), "do not exist without their item"),
        (("needed",), "requires 'position' as well"),
        (("shown",), "is viewonly"),
        (("memberships",), "a primary key of several columns"),
        ({"others": "nothing"}, "has no attribute 'nothing'"),
        ({"others": "text"}, "does not name one row"),
        ({"others": Related("code", create=True)}, "'holder_id' is required|'text' is required"),
    ],
)
def test_relations_that_cannot_be_written_are_refused(relations: object, message: str) -> None:
    """What content cannot write is said at start-up, with the way to write it."""
    app = App("Holders")
    app.install(Database("sqlite://"))
    declared = type("Holders", (CRUDResource,), {"model": Holder, "relations": relations})
    with pytest.raises(DeclarationError, match=message):
        app.add("/holders", declared)


class TagsSchema(Schema):
    id = fields.Int(dump_only=True)
    tags = fields.List(fields.Nested(ProxySchema))


class NoTagsSchema(Schema):
    id = fields.Int(dump_only=True)


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (TagsSchema, "TagsSchema.tags must hold what names the rows of the relation 'tags'"),
        (NoTagsSchema, "relations has 'tags', which the schema lacks"),
    ],
)
def test_a_schema_of_ones_own_has_the_relation(schema: type[Schema], message: str) -> None:
    """A field that nests objects, or none at all, contradicts the declaration."""
    app = App("Tickets")
    app.install(Database("sqlite://"))
    members = {"model": Ticket, "schema": schema, "relations": ("tags",)}
    with pytest.raises(DeclarationError, match=message):
        app.add("/tickets", type("Tickets", (CRUDResource,), members))


def test_the_url_decides_a_relation(database: str) -> None:
    """A relation whose foreign key the URL decides is refused."""
    app = App("Tickets")
    app.install(Database("sqlite://"))
    members = {"model": Ticket, "relations": ("author",)}
    with pytest.raises(DeclarationError, match="decides 'author_id'"):
        app.add("/authors/<int:author_id>/tickets", type("Tickets", (CRUDResource,), members))


def test_the_document_says_what_is_taken(client: Client) -> None:
    """The list is bounded, its values are those of the attribute, and a conflict is documented."""
    document = client.get("/openapi.json").json
    body = document["paths"]["/named"]["post"]["requestBody"]["content"]["application/json"]
    name = body["schema"]["$ref"].rpartition("/")[2]
    tags = document["components"]["schemas"][name]["properties"]["tags"]
    assert (tags["maxItems"], tags["uniqueItems"]) == (3, True)
    assert tags["items"]["maxLength"] == 20
    assert "author_id" not in document["components"]["schemas"][name]["properties"]
