"""Relations that clients include over two levels, with an order and a limit, in all stores."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource, Expand, MemoryStore
from restkit.errors import DeclarationError
from restkit.openapi.shared_components import expanded
from restkit.sqlalchemy import Database
from restkit.testing import Client

POSTS = 12
COMMENTS = 5


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user_"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    removed: Mapped[bool] = mapped_column(default=False)
    comments: Mapped[list[Comment]] = relationship(back_populates="author")


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text)
    rank: Mapped[int | None]
    is_shown: Mapped[bool] = mapped_column(default=True)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_.id"))
    author: Mapped[User | None] = relationship(back_populates="comments")
    post: Mapped[Post] = relationship(back_populates="comments")


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_.id"))
    author: Mapped[User | None] = relationship()
    comments: Mapped[list[Comment]] = relationship(back_populates="post", lazy="joined")


@dataclass
class MemoryUser:
    name: str
    removed: bool = False
    id: int = 0


@dataclass
class MemoryComment:
    text: str
    post_id: int
    rank: int | None = None
    is_shown: bool = True
    author_id: int | None = None
    id: int = 0


@dataclass
class MemoryPost:
    title: str
    author_id: int | None = None
    id: int = 0


class NameSchema(Schema):
    name = fields.Str()


class BriefSchema(Schema):
    text = fields.Str()
    rank = fields.Int(data_key="place", allow_none=True)


class TextSchema(BriefSchema):
    author = fields.Nested(NameSchema, data_key="by")


class UserSchema(Schema):
    name = fields.Str()
    comments = fields.List(fields.Nested(BriefSchema))


class PostSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(dump_only=True)
    comments = fields.List(fields.Nested(TextSchema), dump_only=True, data_key="remarks")
    author = fields.Nested(UserSchema, dump_only=True)


class Posts(CRUDResource[Any]):
    """Posts with their comments."""

    schema = PostSchema
    methods = {"GET"}
    csv = True
    fields = True
    sorts = ("title",)
    page_size = 100
    expand = {
        "comments": Expand(order="-rank", limit=3),
        "comments.author": Expand(),
        "author.comments": Expand(order=("rank", "-id"), limit=2),
    }


class Users(CRUDResource[Any]):
    soft_delete = "removed"


class Comments(CRUDResource[Any]):
    def scope(self) -> Any:
        return {"is_shown": True}


class World(NamedTuple):
    """A service with posts, and the statements of its database."""

    client: Client
    statements: list[str]
    app: App


def rows(make: Any) -> Iterator[Any]:
    """Yield users, posts and comments: ranks that are equal, and one that is None."""
    post, comment, user = make
    yield user(name="ann")
    yield user(name="bob")
    for number in range(1, POSTS + 1):
        yield post(title=f"post {number}", author_id=1 + number % 2)
    for number in range(1, POSTS + 1):
        for place in range(COMMENTS):
            yield comment(
                text=f"{number}.{place}",
                post_id=number,
                rank=(None, 1, 2, 2, 3)[place],
                author_id=1 + place % 2,
                is_shown=(number, place) != (2, 4),
            )


def of(every: list[Any], model: type) -> list[Any]:
    return [each for each in every if isinstance(each, model)]


@pytest.fixture(params=["memory", *KINDS])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    app = App("Blog", contract="raise")
    statements: list[str] = []
    if request.param == "memory":
        every = list(rows((MemoryPost, MemoryComment, MemoryUser)))
        users = MemoryStore(MemoryUser, items=of(every, MemoryUser))
        posts = MemoryStore(
            MemoryPost, references={"author_id": users}, items=of(every, MemoryPost)
        )
        comments = MemoryStore(
            MemoryComment,
            references={"author_id": users, "post_id": posts},
            items=of(every, MemoryComment),
        )
        posts.relate("author", "author_id")
        comments.relate("author", "author_id", back="comments")
        comments.relate("post", "post_id", back="comments")
        app.add("/posts", type("Posts", (Posts,), {"store": posts}))
        app.add("/comments", type("Comments", (Comments,), {"store": comments}))
        app.add("/users", type("Users", (Users,), {"store": users}))
        yield World(Client(app), statements, app)
        return
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        with Session(database.engine) as session:
            for each in rows((Post, Comment, User)):
                session.add(each)
                session.flush()
            session.commit()
        app.install(database)
        app.add("/posts", type("Posts", (Posts,), {"model": Post}))
        app.add("/comments", type("Comments", (Comments,), {"model": Comment}))
        app.add("/users", type("Users", (Users,), {"model": User}))
        sa.event.listen(
            database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
        )
        yield World(Client(app), statements, app)


def test_two_levels(world: World) -> None:
    """A path includes the relation that it begins with; without it the second level is absent."""
    plain = world.client.get("/posts/1").json
    assert plain == {"id": 1, "title": "post 1"}
    one = world.client.get("/posts/1?expand=remarks").json
    assert [each["text"] for each in one["remarks"]] == ["1.0", "1.4", "1.2"]
    assert not any("by" in each for each in one["remarks"])
    two = world.client.get("/posts/1?expand=remarks.by").json
    assert [each["by"]["name"] for each in two["remarks"]] == ["ann", "ann", "ann"]
    author = world.client.get("/posts/1?expand=author").json["author"]
    assert author == {"name": "bob"}
    below = world.client.get("/posts/1?expand=author.comments,remarks").json
    assert below["author"] == {
        "name": "bob",
        "comments": [{"text": f"{POSTS}.1", "place": 1}, {"text": f"{POSTS - 1}.1", "place": 1}],
    }
    assert below["remarks"] == one["remarks"]
    assert world.client.get("/posts/1?expand=by").status == 422
    assert world.client.get("/posts/1?expand=comments").status == 422


def test_lists_lines_and_csv_have_the_same(world: World) -> None:
    """Each page, each line of JSON Lines and each row of CSV follow the expansion."""
    query = "expand=remarks.by,author.comments&fields=id&sort=-title"
    listed = world.client.get(f"/posts?{query}").json["items"]
    assert len(listed) == POSTS
    for each in listed:
        single = world.client.get(
            f"/posts/{each['id']}?expand=remarks.by,author.comments&fields=id"
        )
        assert each == single.json
    lines = world.client.get(f"/posts?{query}", headers={"Accept": "application/x-ndjson"})
    assert [json.loads(each) for each in lines.text.splitlines()] == listed
    table = world.client.get("/posts?expand=author&sort=title", headers={"Accept": "text/csv"})
    found = list(csv.DictReader(io.StringIO(table.text)))
    assert len(found) == POSTS
    assert {each["author.name"] for each in found} == {"ann", "bob"}


@pytest.mark.parametrize("query", ["", "&expand=remarks", "&expand=remarks.by,author.comments"])
def test_the_number_of_statements_is_constant(world: World, query: str) -> None:
    """A page of any length costs one statement, and one for each list that is included."""
    counts = {}
    for limit in (1, 5, POSTS):
        world.statements.clear()
        response = world.client.get(f"/posts?limit={limit}{query}")
        assert len(response.json["items"]) == limit
        counts[limit] = len([each for each in world.statements if each.startswith("SELECT")])
    assert len({*counts.values()}) == 1, counts
    assert counts[1] <= 1 + query.count("remarks") + query.count("author.")


def test_hidden_and_removed_rows_are_left_out(world: World) -> None:
    """The scope of another collection and soft removal hold on both levels, before the limit."""
    shown = world.client.get("/posts/2?expand=remarks").json["remarks"]
    assert [each["text"] for each in shown] == ["2.0", "2.2", "2.3"]
    assert world.client.delete("/users/1").status == 204
    two = world.client.get("/posts/1?expand=remarks.by").json["remarks"]
    assert [each["by"] for each in two] == [None, None, None]
    listed = world.client.get("/posts?expand=author.comments").json["items"]
    assert {None} == {each["author"] for each in listed if each["id"] % 2 == 0}


def test_the_document_says_what_may_be_included(world: World) -> None:
    """The parameter has an enum, and the schemas of the included members their bounds."""
    document = expanded(world.client.get("/openapi.json").json)
    parameters = document["paths"]["/posts"]["get"]["parameters"]
    expand = next(each for each in parameters if each["name"] == "expand")
    names = ["remarks", "author", "remarks.by", "author.comments"]
    assert expand["schema"]["items"]["enum"] == names
    schemas = document["components"]["schemas"]
    view = schemas["PostView"]["properties"]
    assert view["remarks"]["maxItems"] == 3
    assert view["remarks"]["description"].startswith("The first 3 items by -rank")
    text = schemas["TextWithAuthor"]
    assert "by" in text["properties"]
    assert "by" not in text.get("required", [])
    assert schemas["UserWithComments"]["properties"]["comments"]["maxItems"] == 2


def test_the_entity_tag_covers_what_is_included(world: World) -> None:
    """A change of a row on the second level changes the tag of the response."""
    url = "/posts/1?expand=remarks.by"
    tag = {"If-None-Match": world.client.get(url).headers["ETag"]}
    assert world.client.get(url, headers=tag).status == 304
    assert world.client.patch("/users/1", json={"name": "eve"}).status == 200
    changed = world.client.get(url, headers=tag)
    assert changed.status == 200
    assert changed.json["remarks"][0]["by"] == {"name": "eve"}


def test_a_shared_list_is_bounded_for_each_item(world: World) -> None:
    """The limit is that of each parent, not that of the statement."""
    listed = world.client.get("/posts?expand=remarks").json["items"]
    assert [len(each["remarks"]) for each in listed] == [3] * POSTS


class Region(Base):
    __tablename__ = "region"

    country: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    code: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(sa.Text)
    cities: Mapped[list[City]] = relationship(back_populates="region")


class City(Base):
    __tablename__ = "city"
    __table_args__ = (
        sa.ForeignKeyConstraint(["country", "region_code"], ["region.country", "region.code"]),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.Text)
    country: Mapped[str | None] = mapped_column(sa.String(2))
    region_code: Mapped[int | None]
    region: Mapped[Region | None] = relationship(back_populates="cities")


class Cities(CRUDResource[City]):
    model = City
    expand = {"region": Expand(), "region.cities": Expand(order="-name", limit=2)}


class Regions(CRUDResource[Region]):
    model = Region
    expand = ("cities", "cities.region")


@pytest.mark.parametrize("kind", KINDS)
def test_composite_foreign_keys(kind: str, tmp_path: Path) -> None:
    """Relations over two columns are included from both ends, also where one column is null."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Places", contract="raise")
        app.install(database)
        app.add("/cities", Cities)
        app.add("/regions", Regions)
        client = Client(app)
        for country, code in (("at", 1), ("at", 2), ("de", 1)):
            region = {"country": country, "code": code, "name": f"{country}{code}"}
            assert client.post("/regions", json=region).status == 201
        for name, country, code in (
            ("a", "at", 1),
            ("b", "at", 1),
            ("c", "at", 1),
            ("d", "de", 1),
            ("e", "at", None),
        ):
            city = {"name": name, "country": country, "region_code": code}
            assert client.post("/cities", json=city).status == 201
        listed = client.get("/cities?expand=region.cities").json["items"]
        found = {
            each["name"]: each["region"] and [one["name"] for one in each["region"]["cities"]]
            for each in listed
        }
        assert found == {"a": ["c", "b"], "b": ["c", "b"], "c": ["c", "b"], "d": ["d"], "e": None}
        assert client.get("/cities/4?expand=region").json["region"]["name"] == "de1"
        regions = client.get("/regions?expand=cities.region").json["items"]
        assert [[one["name"] for one in each["cities"]] for each in regions] == [
            ["a", "b", "c"],
            [],
            ["d"],
        ]
        assert regions[0]["cities"][0]["region"]["name"] == "at1"


@pytest.mark.parametrize("kind", KINDS)
def test_row_rules_hold_before_the_limit(kind: str, tmp_path: Path) -> None:
    """A row that the caller may not read takes no place among the first ones."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        for model in (Post, User, Comment):
            own = {"rank": 2} if model is Comment else True
            database.rows(model, read=lambda me, own=own: own, write=lambda me: True)
        with Session(database.engine) as session:
            for each in rows((Post, Comment, User)):
                session.add(each)
                session.flush()
            session.commit()
        app = App("Blog", contract="raise")
        app.install(database)
        app.add("/posts", type("Posts", (Posts,), {"model": Post}))
        client = Client(app)
        found = client.get("/posts/1?expand=remarks.by").json["remarks"]
        assert [each["text"] for each in found] == ["1.2", "1.3"]
        written = client.get("/posts/1?expand=author.comments").json["author"]["comments"]
        assert [each["text"] for each in written] == [f"{POSTS}.3", f"{POSTS - 1}.3"]


REFUSED: dict[str, tuple[Any, str]] = {
    "order of one": ({"author": Expand(order="name")}, "leads to one"),
    "unknown attribute": ({"comments": Expand(order="size")}, "cannot be ordered by 'size'"),
    "limit": ({"comments": Expand(limit=-1)}, "limit must be at least 1"),
    "no relation": ({"likes": Expand()}, "'likes' is not a nested dump-only field"),
    "no relation below": (("comments.likes",), "'comments.likes' is not a nested dump-only"),
    "three levels": (("comments.author.comments",), "more than 2 relations"),
    "another value": ({"comments": 5}, "Give the names of relations"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_declarations_that_cannot_be_meant(name: str) -> None:
    """Each is one sentence at start-up."""
    expand, message = REFUSED[name]
    app = App("Blog")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match=message):
        app.add("/posts", type("Posts", (Posts,), {"model": Post, "expand": expand}))


picture_user = sa.Table(
    "picture_user",
    Base.metadata,
    sa.Column("picture_id", sa.ForeignKey("picture.id"), primary_key=True),
    sa.Column("user_id", sa.ForeignKey("user_.id"), primary_key=True),
)


class Picture(Base):
    __tablename__ = "picture"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user_.id"))
    author: Mapped[User | None] = relationship()
    seen_by: Mapped[list[User]] = relationship(secondary=picture_user)


class KeysAndRows(Schema):
    id = fields.Int(dump_only=True)
    author = fields.Int(allow_none=True)
    author_row = fields.Nested(NameSchema, attribute="author", dump_only=True)
    seen_by = fields.List(fields.Int())
    seers = fields.List(fields.Nested(NameSchema), attribute="seen_by", dump_only=True)


class Related(CRUDResource[Picture]):
    model = Picture
    schema = KeysAndRows
    relations = ("author", "seen_by")
    expand = ("author_row", "seers")


@pytest.mark.parametrize("kind", KINDS)
def test_keys_and_rows_of_a_relation(kind: str, tmp_path: Path) -> None:
    """Content names rows by keys; a field of another name includes the rows."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Blog", contract="raise")
        app.install(database)
        app.add("/pictures", Related)
        app.add("/users", type("Users", (CRUDResource,), {"model": User}))
        client = Client(app)
        for name in ("ann", "bob"):
            assert client.post("/users", json={"name": name}).status == 201
        made = client.post("/pictures", json={"author": 1, "seen_by": [2, 1]})
        assert made.json == {"id": 1, "author": 1, "seen_by": [1, 2]}
        read = client.get("/pictures/1?expand=author_row,seers").json
        assert read["author_row"] == {"name": "ann"}
        assert [each["name"] for each in read["seers"]] == ["ann", "bob"]
        assert read["seen_by"] == [1, 2]
        assert client.get("/pictures/1").json == made.json


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"expand": ("seen_by",)}, "Give the rows a field of their own"),
        ({"expand": ("author",), "schema": None}, "One member cannot hold both"),
        (
            {"expand": {"seers": Expand(limit=5)}},
            "'seen_by' shows the same relation, so that order and limit",
        ),
    ],
)
def test_relations_that_are_named_and_included(members: dict[str, Any], message: str) -> None:
    """One member cannot be both, and an order cannot apply to both."""
    app = App("Blog")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match=message):
        app.add("/posts", type("Posts", (Related,), members))
