"""Related rows that content creates by name, with the attributes that the server decides."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App, Request
from restkit.crud import CRUDResource, MemoryStore, Related
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client

ONE, TWO = {"X-Tenant": "one"}, {"X-Tenant": "two"}


class Base(DeclarativeBase):
    pass


post_tag = sa.Table(
    "post_tag",
    Base.metadata,
    sa.Column("post_id", sa.ForeignKey("post.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(9), unique=True)
    tenant: Mapped[str] = mapped_column(sa.String(9))


class Post(Base):
    __tablename__ = "post"

    id: Mapped[int] = mapped_column(primary_key=True)
    main_id: Mapped[int | None] = mapped_column(sa.ForeignKey("tag.id"))
    main: Mapped[Tag | None] = relationship()
    tags: Mapped[list[Tag]] = relationship(secondary=post_tag)


@dataclass
class MemoryTag:
    name: str
    tenant: str
    id: int = 0


@dataclass
class MemoryPost:
    tags: list[int] = field(default_factory=list)
    main: int | None = None
    id: int = 0


class TenantTags:
    """The collection whose scope decides the tenant."""

    def scope(self: Any) -> dict[str, object]:
        name = tenant_of(self.request)
        return {"tenant": name} if name else {}


class MainTags:
    """A collection whose scope decides the name, too."""

    def scope(self: Any) -> dict[str, object]:
        return {"tenant": tenant_of(self.request), "name": "main"}


def tenant_of(request: Request) -> str:
    return str(request.headers.get("X-Tenant", ""))


def of_tenant(me: str) -> dict[str, object]:
    return {"tenant": me}


def own_tenant(me: str) -> str:
    return me.removeprefix("-")


@contextmanager
def stores(kind: str, folder: Path, *, is_ruled: bool) -> Generator[tuple[App, type, type]]:
    """Yield an App with its models of posts and tags, perhaps under row rules."""
    app = App("Posts")
    rule: dict[str, Any] = {"read": of_tenant, "set": {"tenant": own_tenant}, "caller": tenant_of}
    if kind == "memory":
        tags = MemoryStore(MemoryTag, unique=("name",))
        posts: MemoryStore[Any] = MemoryStore(MemoryPost, references={"tags": tags, "main": tags})
        for store in (tags, posts):
            app.install(store)
        if is_ruled:
            tags.rows(MemoryTag, **rule)
            posts.rows(MemoryPost)
        yield app, MemoryTag, MemoryPost
        return
    with database_url(kind, folder) as url:
        database = Database(url, create=Base.metadata)
        if is_ruled:
            database.rows(Tag, **rule)
            database.rows(Post)
        app.install(database)
        yield app, Tag, Post
        database.close()


def collection(model: type, *bases: type, **members: object) -> type:
    return type(f"{model.__name__}s", (*bases, CRUDResource), {"model": model, **members})


def posts_of(model: type, **members: object) -> type:
    related = Related("name", create=True)
    relations = {"tags": related, "main": related}
    return collection(model, relations=relations, bulk=True, **members)


@pytest.fixture(params=["rule", "scope"])
def is_ruled(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "rule")


@pytest.fixture(params=["memory", *KINDS])
def client(request: pytest.FixtureRequest, is_ruled: bool, tmp_path: Path) -> Generator[Client]:
    with stores(request.param, tmp_path, is_ruled=is_ruled) as (app, tag, post):
        app.add("/tags", collection(tag, *([] if is_ruled else [TenantTags])))
        app.add("/posts", posts_of(post))
        yield Client(app)


def tags(client: Client, headers: dict[str, str]) -> list[tuple[str, str]]:
    response = client.get("/tags", headers=headers)
    assert response.status == 200, response.text
    return [(each["name"], each["tenant"]) for each in response.json["items"]]


def test_a_created_row_has_what_the_server_decides(client: Client) -> None:
    """By whatever request: content names the row alone, and does not say the tenant."""
    made = client.post("/posts", json={"tags": ["a"], "main": "b"}, headers=ONE)
    assert made.status == 201, made.text
    assert (made.json["tags"], made.json["main"]) == (["a"], "b")
    patched = client.patch("/posts/1", json={"tags": ["c", "a"]}, headers=ONE)
    assert (patched.status, patched.json["tags"]) == (200, ["a", "c"])
    put = client.put("/posts/1", json={"tags": ["d"], "main": None}, headers=ONE)
    assert (put.status, put.json["tags"]) == (200, ["d"])
    bulk = client.post("/posts/bulk", json={"create": [{"tags": ["e"]}]}, headers=ONE)
    assert bulk.status == 200, bulk.text
    assert tags(client, ONE) == [(name, "one") for name in ("a", "b", "c", "d", "e")]
    taken = client.post("/posts", json={"tags": ["a"]}, headers=TWO)
    assert (taken.status, taken.problem["errors"][0]["code"]) == (409, "reference")
    assert tags(client, TWO) == []


def test_without_a_value_nothing_is_created(client: Client, is_ruled: bool) -> None:
    """A request whose scope decides less, or whose rule would refuse the row, is no 500."""
    refused = client.post(
        "/posts", json={"tags": ["a"]}, headers={"X-Tenant": "-x"} if is_ruled else {}
    )
    assert refused.status in (403, 409), refused.text
    assert tags(client, ONE) == []


@pytest.mark.parametrize("is_ruled", [False])
@pytest.mark.parametrize("kind", ["memory", *KINDS])
def test_a_name_does_not_contradict_the_scope(kind: str, is_ruled: bool, tmp_path: Path) -> None:
    """A row outside the scope is not created."""
    with stores(kind, tmp_path, is_ruled=is_ruled) as (app, tag, post):
        app.add("/tags", collection(tag, MainTags))
        app.add("/posts", posts_of(post))
        client = Client(app)
        other = client.post("/posts", json={"tags": ["a"]}, headers=ONE)
        assert (other.status, other.problem["errors"][0]["pointer"]) == (409, "/tags/0")
        made = client.post("/posts", json={"tags": ["main"]}, headers=ONE)
        assert made.status == 201, made.text
        assert tags(client, ONE) == [("main", "one")]


@pytest.mark.parametrize("kind", ["memory", *KINDS])
def test_what_nothing_decides_is_refused_at_start_up(kind: str, tmp_path: Path) -> None:
    """Without a scope or rule, with one added too late, and for rows that have several scopes."""
    match = r"cannot create rows of \w*Tag: 'tenant' is required\. .* add that collection"
    for index, order in enumerate(("posts", "posts tags", "tags existing", "tags tags posts")):
        folder = tmp_path / str(index)
        folder.mkdir()
        with stores(kind, folder, is_ruled=False) as (app, tag, post):
            made: dict[str, Callable[[], type]] = {
                "posts": partial(posts_of, post),
                "existing": partial(posts_of, post, related="existing"),
                "tags": partial(collection, tag, TenantTags),
            }
            with pytest.raises(DeclarationError, match=match):
                mount(app, [made[name]() for name in order.split()])


def mount(app: App, collections: list[type]) -> None:
    for number, each in enumerate(collections):
        app.add(f"/{number}", each)


class NamedPost(Schema):
    id = fields.Int(dump_only=True)
    tags = fields.List(fields.Str())


def test_a_filter_has_the_name_of_the_attribute_that_names_related_rows(tmp_path: Path) -> None:
    """Also if a schema of one's own has a field for the relation."""

    class Posts(CRUDResource[Post]):
        model = Post
        schema = NamedPost
        relations = {"tags": "name"}
        filters = ("tags__name",)

    database = Database(f"sqlite:///{tmp_path / 'posts.db'}", create=Base.metadata)
    app = App("Posts", extensions=[database])
    app.add("/posts", Posts)
    with Session(database.engine) as opened, opened.begin():
        opened.add(Tag(name="home", tenant="one"))
    client = Client(app)
    assert client.post("/posts", json={"tags": ["home"]}).status == 201

    assert len(client.get("/posts?tags__name=home").json["items"]) == 1
    assert client.get("/posts?tags__name=work").json["items"] == []
    database.close()
