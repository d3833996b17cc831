"""Attributes that count or read rows of other models: only rows that the caller may see."""

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
from restkit.crud import CRUDResource, Expand
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client

ME, YOU = {"X-User": "me"}, {"X-User": "you"}


class Base(DeclarativeBase):
    pass


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)
    post_id: Mapped[int] = mapped_column(sa.ForeignKey("post.id"))
    post: Mapped[Post] = relationship(viewonly=True)


class Shelf(Base):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    posts: Mapped[list[Post]] = relationship(viewonly=True)


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.Text)
    shelf_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shelf.id"))
    comments: Mapped[list[Comment]] = relationship(viewonly=True)

    @hybrid_property
    def size(self) -> int:
        return len(self.comments)

    @size.inplace.expression
    @classmethod
    def _size(cls) -> sa.ColumnElement[int]:
        found = sa.select(sa.func.count(Comment.id)).where(Comment.post_id == cls.id)
        return found.correlate(cls).scalar_subquery()


Again = aliased(Comment)
NAMES = ("size", "counted", "rows", "again", "least")
ADDED: dict[str, Any] = {
    "counted": sa.select(sa.func.count(Comment.id)).where(Comment.post_id == Post.id),
    "rows": sa.select(sa.func.count()).select_from(Comment).where(Comment.post_id == Post.id),
    "again": sa.select(sa.func.count(Again.id)).where(Again.post_id == Post.id),
    "least": sa.select(sa.func.count(Comment.owner.distinct())).where(Comment.post_id == Post.id),
}
for _name, _select in ADDED.items():
    _found = _select.correlate_except(Again if _name == "again" else Comment).scalar_subquery()
    setattr(Post, _name, column_property(_found))
setattr(  # noqa: B010  # declared after the model of the comments
    Post,
    "has_foreign",
    column_property(
        sa.exists()
        .where(Comment.post_id == Post.id, Comment.owner == "you")
        .correlate_except(Comment)
    ),
)


class PostSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 50))
    size = fields.Int(dump_only=True)
    counted = fields.Int(dump_only=True)
    rows = fields.Int(dump_only=True)
    again = fields.Int(dump_only=True)
    least = fields.Int(dump_only=True)
    has_foreign = fields.Bool(dump_only=True)


class TitleSchema(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(1, 50))


class Posts(CRUDResource[Post]):
    model = Post
    schema = PostSchema
    filters = (*NAMES, "counted__gte", "has_foreign")
    sorts = NAMES
    groups = ("counted",)
    aggregates = ("count", "counted__sum")
    csv = True
    bulk = True


class Titles(Posts):
    """Posts whose content has no count."""

    schema = TitleSchema


class Comments(CRUDResource[Comment]):
    model = Comment
    expand = {"post": Expand(schema=PostSchema)}


class Shelves(CRUDResource[Shelf]):
    model = Shelf
    expand = {"posts": Expand(schema=PostSchema)}  # not that of Titles, without counts


class Mine(Comments):
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
            database.rows(Comment, read=lambda me: {"owner": me}, caller=user)
            database.rows(Post)
            database.rows(Shelf)
        app = App("Posts")
        app.install(database)
        app.add("/posts", Posts)
        app.add("/titles", Titles)
        app.add("/shelves", Shelves)
        app.add("/comments", Comments if mechanism == "rule" else Mine)
        client = Client(app)
        client.get("/posts")
        with Session(database.engine) as own:
            own.add(Shelf(id=1))
            own.flush()
            own.add_all([Post(id=701, title="a", shelf_id=1), Post(id=702, title="b")])
            own.flush()
            own.add_all([Comment(owner="me", post_id=701)])
            own.add_all([Comment(owner="you", post_id=701) for _ in range(2)])
            own.commit()
        yield client
        database.close()


def test_rows_that_the_caller_may_not_see_are_not_counted(client: Client) -> None:
    """Neither in items and lists nor in JSON Lines and CSV."""
    for caller, number in ((ME, 1), (YOU, 2), ({"X-User": "nobody"}, 0)):
        item = client.get("/posts/701", headers=caller).json
        assert [item[name] for name in NAMES] == [number] * 4 + [min(number, 1)]
        assert item["has_foreign"] is (caller is YOU)
        listed = client.get("/posts?sort=-counted", headers=caller).json["items"]
        assert item in listed
        lines = client.get("/posts", headers={**caller, "Accept": "application/x-ndjson"})
        assert f'"counted":{number}' in lines.text.replace(" ", "")
        table = client.get("/posts", headers={**caller, "Accept": "text/csv"})
        counted = ",".join([str(number)] * 4)
        assert f"701,a,{counted}" in table.text


def test_expanded_items_count_what_the_caller_may_see(client: Client) -> None:
    """In the statement of the items, and in one of their own."""
    (comment,) = client.get("/comments?expand=post", headers=ME).json["items"]
    (post,) = client.get("/shelves/1?expand=posts", headers=ME).json["posts"]
    for found in (comment["post"], post):
        assert (found["id"], found["counted"], found["has_foreign"]) == (701, 1, False)


@pytest.mark.parametrize("path", ["/posts", "/titles"])
@pytest.mark.parametrize("name", NAMES[:-1])
def test_filters_and_totals_learn_nothing(client: Client, path: str, name: str) -> None:
    """They compare what the caller sees."""
    for value, found in ((1, [701]), (3, []), (2, [])):
        url = f"{path}?{name}={value}&sort=-{name}"
        page = client.get(url, headers={**ME, "Prefer": "count=exact"}).json
        assert [each["id"] for each in page["items"]] == found
        assert page["total"] == len(found)
    assert client.get(f"{path}?counted__gte=2", headers=ME).json["items"] == []
    assert client.get(f"{path}?has_foreign=true", headers=ME).json["items"] == []
    totals = client.get(f"{path}/totals?group=counted", headers=ME).json["items"]
    assert sorted(each["group"]["counted"] for each in totals) == [0, 1]
    assert client.get(f"{path}/totals", headers=ME).json["items"][0]["counted__sum"] == 1


def test_writes_return_what_a_get_returns(client: Client) -> None:
    """What is loaded after a write counts the same rows."""
    made = client.post("/posts", json={"title": "new"}, headers=ME)
    assert made.status == 201, made.text
    assert made.json == client.get(made.headers["Location"], headers=ME).json
    for changed in (
        client.patch("/posts/701", json={"title": "c"}, headers=ME),
        client.put("/posts/701", json={"title": "d"}, headers=ME),
    ):
        assert changed.status == 200, changed.text
        assert [changed.json[name] for name in NAMES] == [1] * 5
        assert changed.headers["ETag"]
    read = client.get("/posts/701", headers=ME)
    assert (read.text, read.headers["ETag"]) == (changed.text, changed.headers["ETag"])
    updated = client.post("/posts/bulk", json={"update": [{"id": 701, "title": "e"}]}, headers=ME)
    assert updated.json["updated"][0] == client.get("/posts/701", headers=ME).json


class Other(DeclarativeBase):
    pass


class Line(Other):
    __tablename__ = "line"

    id: Mapped[int] = mapped_column(primary_key=True)
    text_id: Mapped[int] = mapped_column(sa.ForeignKey("text.id"))


class Text(Other):
    __tablename__ = "text"

    id: Mapped[int] = mapped_column(primary_key=True)


LINES, TEXTS = sa.Table("line", Other.metadata), sa.Table("text", Other.metadata)
setattr(  # noqa: B010  # declared after the table
    Text,
    "size",
    column_property(
        sa.select(sa.func.count(LINES.c.id))
        .where(LINES.c.text_id == TEXTS.c.id)
        .correlate_except(LINES)
        .scalar_subquery()
    ),
)


class Texts(CRUDResource[Text]):
    model = Text
    methods = {"GET"}


def test_subqueries_over_tables_are_refused() -> None:
    """A rule cannot restrict them: the message names the attribute and the remedy."""
    database = Database("sqlite://")
    database.rows(Line, read=lambda me: {"id": me})
    database.rows(Text)
    app = App("Texts")
    app.install(database)
    with pytest.raises(DeclarationError, match=r"Text\.size .* Line\b.*func\.count\(Line\.id\)"):
        app.add("/texts", Texts)
    app = App("Texts")
    app.install(Database("sqlite://"))
    app.add("/texts", Texts)
