"""Entity tags of items whose content has more than their own row: every tag is true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, post_dump, validate
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

from restkit import App, returns
from restkit.crud import CRUDResource, MemoryStore, Related
from restkit.sqlalchemy import Database, Versioned
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Press(Versioned, Base):
    __tablename__ = "press"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Author(Versioned, Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20), unique=True)
    press_id: Mapped[int | None] = mapped_column(sa.ForeignKey("press.id"))
    press: Mapped[Press | None] = relationship()


class Chapter(Versioned, Base):
    __tablename__ = "chapter"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(20), unique=True)
    bound_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bound.id"))
    loose_id: Mapped[int | None] = mapped_column(sa.ForeignKey("loose.id"))


class _Book:
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(20))
    notes: Mapped[dict[str, str] | None] = mapped_column(sa.JSON)

    @property
    def by(self) -> str:
        author: Author | None = self.author  # type: ignore[attr-defined]  # in each subclass
        return "" if author is None else author.name

    @hybrid_property
    def writer(self) -> str:
        return self.by

    @writer.inplace.setter
    def _set_writer(self, name: str) -> None:
        self.author.name = name  # type: ignore[attr-defined]  # in each subclass


class Bound(Versioned, _Book, Base):
    """A book with a version."""

    __tablename__ = "bound"

    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()
    chapters: Mapped[list[Chapter]] = relationship(order_by=Chapter.id)
    texts: AssociationProxy[list[str]] = association_proxy("chapters", "text")


class Loose(_Book, Base):
    """A book without a version."""

    __tablename__ = "loose"

    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author | None] = relationship()
    chapters: Mapped[list[Chapter]] = relationship(order_by=Chapter.id)
    texts: AssociationProxy[list[str]] = association_proxy("chapters", "text")


for each in (Bound, Loose):
    each.pages = column_property(  # type: ignore[union-attr]
        sa.select(sa.func.max(Chapter.__table__.c.text))
        .where(Chapter.__table__.c[f"{each.__tablename__}_id"] == each.__table__.c.id)
        .correlate_except(Chapter)
        .scalar_subquery()
    )


@dataclass
class MemoryPress:
    name: str
    id: int = 0


@dataclass
class MemoryAuthor:
    name: str
    press_id: int | None = None
    id: int = 0

    @property
    def press(self) -> MemoryPress | None:
        return next((each for each in PRESSES.items if each.id == self.press_id), None)


@dataclass
class MemoryChapter:
    text: str
    bound_id: int | None = None
    id: int = 0


@dataclass
class MemoryBook:
    title: str
    notes: dict[str, str] | None = None
    author_id: int | None = None
    id: int = 0

    @property
    def author(self) -> MemoryAuthor | None:
        return next((each for each in AUTHORS.items if each.id == self.author_id), None)

    @property
    def chapters(self) -> list[MemoryChapter]:
        return [each for each in CHAPTERS.items if each.bound_id == self.id]

    @property
    def by(self) -> str:
        return "" if self.author is None else self.author.name


PRESSES: MemoryStore[MemoryPress]
AUTHORS: MemoryStore[MemoryAuthor]
CHAPTERS: MemoryStore[MemoryChapter]


class PressSchema(Schema):
    name = fields.Str()


class AuthorSchema(Schema):
    name = fields.Str()


class SignedSchema(Schema):
    press = fields.Nested(PressSchema)


class ChapterSchema(Schema):
    text = fields.Str(validate=validate.Length(max=20))


class Plain(Schema):
    id = fields.Int(dump_only=True)
    title = fields.Str(required=True, validate=validate.Length(max=20))
    notes = fields.Dict(fields.Str(), fields.Str(), allow_none=True)
    author_id = fields.Int(allow_none=True, validate=validate.Range(0, 2**31 - 1))


class Upper(fields.String):
    def _serialize(self, value: Any, attr: Any, obj: Any, **rest: Any) -> str:
        return obj.author.name.upper()  # type: ignore[no-any-return]


class Hooked(Plain):
    @post_dump(pass_original=True)
    def sign(self, data: dict[str, Any], original: Any, **rest: Any) -> dict[str, Any]:
        shown = "id" in data  # not in the content that a patch is applied to
        return {**data, "by": original.author.name} if shown else data


class Case(NamedTuple):
    """A kind of nesting: the schema, the related row that changes, further declarations.

    Attributes:
        schema: The schema of the items.
        url: The URL of the related row that changes.
        patch: The change.
        members: Further declarations.
        query: The query of the item.
        in_memory: Whether a MemoryStore has such attributes.
        base: The base of the collection's class.
    """

    schema: type[Schema]
    url: str
    patch: dict[str, str]
    members: dict[str, object] = {}
    query: str = ""
    in_memory: bool = True
    base: type[CRUDResource[Any]] = CRUDResource


def shows(**members: Any) -> type[Schema]:
    return type("ShownSchema", (Plain,), members)


class Reading(CRUDResource[Any]):
    @returns(type("ReadSchema", (Plain,), {"author": fields.Nested(AuthorSchema, dump_only=True)}))
    def read(self, key: object) -> Any:
        return super().read(key)


NAME = ("/authors/1", {"name": "changed"})
TEXT = ("/chapters/1", {"text": "changed"})
one = partial(fields.Nested, AuthorSchema, dump_only=True)
many = partial(fields.List, fields.Nested(ChapterSchema), dump_only=True)
CASES = {
    "to one": Case(shows(author=one()), *NAME),
    "to many": Case(shows(chapters=many()), *TEXT),
    "two levels": Case(
        shows(author=fields.Nested(SignedSchema, dump_only=True)),
        "/presses/1",
        {"name": "changed"},
    ),
    "renamed": Case(shows(wrote=one(attribute="author")), *NAME),
    "pluck": Case(shows(author=fields.Pluck(AuthorSchema, "name", dump_only=True)), *NAME),
    "method": Case(
        shows(
            by=fields.Method("signed"),
            signed=lambda schema, item: item.author.name,
        ),
        *NAME,
    ),
    "function": Case(shows(by=fields.Function(lambda item: item.author.name)), *NAME),
    "field of its own": Case(shows(by=Upper(dump_only=True)), *NAME),
    "dotted": Case(shows(by=fields.Str(attribute="author.name", dump_only=True)), *NAME),
    "property": Case(shows(by=fields.Str(dump_only=True)), *NAME),
    "hook": Case(Hooked, *NAME),
    "hybrid": Case(shows(writer=fields.Str(dump_only=True)), *NAME, in_memory=False),
    "expression": Case(
        shows(pages=fields.Str(dump_only=True, allow_none=True)), *TEXT, in_memory=False
    ),
    "proxy": Case(shows(texts=fields.List(fields.Str(), dump_only=True)), *TEXT, in_memory=False),
    "written": Case(
        shows(chapters=fields.List(fields.Nested(ChapterSchema))), *TEXT, in_memory=False
    ),
    "by name": Case(
        shows(author=fields.Str(allow_none=True)),
        *NAME,
        {"relations": {"author": Related("name")}},
        in_memory=False,
    ),
    "list by name": Case(
        shows(chapters=fields.List(fields.Str())),
        *TEXT,
        {"relations": {"chapters": Related("text")}},
        in_memory=False,
    ),
    "expanded": Case(shows(author=one()), *NAME, {"expand": ("author",)}, "?expand=author"),
    "read": Case(Plain, *NAME, base=Reading),
    "some fields": Case(shows(author=one()), *NAME, {"fields": True}, "?fields=id,author"),
}


def collection(case: Case, name: str = "Books", **members: Any) -> Any:
    return type(name, (case.base,), {"schema": case.schema, **case.members, **members})


@contextmanager
def served(store: str, folder: Path, case: Case) -> Iterator[Client]:
    """Serve a collection of books with the row that each of them is related to."""
    if store == "memory":
        global PRESSES, AUTHORS, CHAPTERS
        PRESSES = MemoryStore(MemoryPress)
        AUTHORS = MemoryStore(MemoryAuthor)
        CHAPTERS = MemoryStore(MemoryChapter)
        app = App("Books", contract="raise")
        for url, found in (("presses", PRESSES), ("authors", AUTHORS), ("chapters", CHAPTERS)):
            app.add(f"/{url}", type(url.title(), (CRUDResource,), {"store": found}))
        app.add("/books", collection(case, store=MemoryStore(MemoryBook)))
        yield filled(Client(app), "bound_id")
        return
    kind, _, model = store.partition(" ")
    with (
        database_url(kind, folder) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Books", contract="raise")
        app.install(database)
        for url, each in (("presses", Press), ("authors", Author), ("chapters", Chapter)):
            app.add(f"/{url}", type(url.title(), (CRUDResource,), {"model": each}))
        app.add("/books", collection(case, model=Bound if model == "bound" else Loose))
        yield filled(Client(app), f"{model}_id")


def filled(client: Client, refers: str) -> Client:
    assert client.post("/presses", json={"name": "old"}).status == 201
    assert client.post("/authors", json={"name": "old", "press_id": 1}).status == 201
    for title in ("a", "b"):
        body: dict[str, object] = {"title": title, "author_id": 1}
        made = client.post("/books", json=body)
        if made.status == 422:  # the content names the author or the chapters
            body = {"title": title, "author": "old"}
            made = client.post("/books", json=body)
        assert made.status == 201, made.text
    assert client.post("/chapters", json={"text": "old", refers: 1}).status == 201
    return client


STORES = [
    "memory",
    *("sqlite bound", "sqlite loose"),
    *(pytest.param(f"postgresql {each}", marks=KINDS[1].marks) for each in ("bound", "loose")),
]


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("store", STORES)
def test_a_change_elsewhere_changes_the_tag(store: str, name: str, tmp_path: Path) -> None:
    """After a change of a related row, no tag from before matches, and the new one does."""
    case = CASES[name]
    if store == "memory" and not case.in_memory:
        pytest.skip("The attribute is one of SQLAlchemy's.")
    url = f"/books/1{case.query}"
    with served(store, tmp_path, case) as client:
        before = client.get(url)
        assert before.status == 200, before.text
        tag = before.headers["ETag"]
        assert client.get(url, headers={"If-None-Match": tag}).status == 304
        other = client.get(f"/books/2{case.query}").headers["ETag"]
        assert client.patch(case.url, json=case.patch).status == 200
        after = client.get(url, headers={"If-None-Match": tag})
        assert after.status == 200
        assert after.json != before.json
        assert "changed" in after.text.lower()
        assert client.head(url, headers={"If-None-Match": tag}).status == 200
        if not case.query.startswith("?expand"):
            check_writes(client, tag, after.headers["ETag"])
        if case.url.startswith("/chapters"):  # of the first book alone
            again = client.get(f"/books/2{case.query}", headers={"If-None-Match": other})
            assert again.status == 304


def check_writes(client: Client, old: str, new: str) -> None:
    """Write with the tag of the content before and after the change."""
    stale = client.patch("/books/1", json={"notes": {"a": "b"}}, headers={"If-Match": old})
    assert stale.status == 412
    assert client.delete("/books/1", headers={"If-Match": old}).status == 412
    patched = client.patch("/books/1", json={"notes": {"a": "b"}}, headers={"If-Match": new})
    assert patched.status == 200, patched.text
    read = client.get("/books/1")
    assert read.json.items() >= patched.json.items()  # `read` may declare a schema of its own
    assert patched.headers["ETag"] == read.headers["ETag"] != new
    assert client.delete("/books/1", headers={"If-Match": read.headers["ETag"]}).status in (
        204,
        409,
    )
