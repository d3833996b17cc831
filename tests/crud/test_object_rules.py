"""Permissions that look at the item: every door that changes one, on every store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, DeclarationError, access
from restkit.crud import CRUDResource, MemoryStore, Related, collection_action, item_action
from restkit.security import HTTPBearer, role
from restkit.sqlalchemy import Database
from restkit.testing import Client, TestResponse

STORES = ("memory", *KINDS)
JSON_PATCH = "application/json-patch+json"


@dataclass
class User:
    name: str
    roles: tuple[str, ...] = ()


USERS = {"ann": User("ann"), "bob": User("bob"), "eve": User("eve", ("editor",))}


class Base(DeclarativeBase):
    pass


links = sa.Table(
    "link",
    Base.metadata,
    sa.Column("note_id", sa.ForeignKey("note.id"), primary_key=True),
    sa.Column("tag_id", sa.ForeignKey("tag.id"), primary_key=True),
)


class Tag(Base):
    __tablename__ = "tag"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))


class Note(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(40))
    text: Mapped[str] = mapped_column(sa.String(40))
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    removed: Mapped[bool] = mapped_column(default=False)
    tags: Mapped[list[Tag]] = relationship(secondary=links)


@dataclass
class MemoryTag:
    name: str
    id: int = 0


@dataclass
class MemoryNote:
    owner: str
    text: str
    code: str
    removed: bool = False
    tags: list[int] = field(default_factory=list)
    id: int = 0


def owns(caller: User, note: Any) -> bool:
    """Whether the caller has written the note."""
    return bool(note.owner == caller.name)


def may(of: Any = None) -> Any:
    return access(permission=role("editor") | owns)(of) if of else role("editor") | owns


class Notes(CRUDResource[Any]):
    filters = ("code", "owner", "id__in")
    relations = ("tags",)
    members = ("tags",)
    bulk = True
    bulk_upsert = "code"
    soft_delete = "removed"
    by_filter = ("PATCH", "DELETE")

    @access(permission=may())
    def create(self, item: Any) -> Any:
        return super().create(item)

    @access(permission=may())
    def replace(self, item: Any, values: Any) -> Any:
        return super().replace(item, values)

    @access(permission=may())
    def update(self, item: Any, values: Any) -> Any:
        return super().update(item, values)

    @access(permission=may())
    def delete(self, item: Any) -> None:
        super().delete(item)

    @access(permission=may())
    def restore(self, item: Any) -> Any:
        return super().restore(item)

    @access(permission=may())
    @item_action()
    def shout(self, item: Any) -> Any:
        return self.update(item, {"text": item.text.upper()})

    @access(permission=may())
    @item_action("GET")
    def secret(self, item: Any) -> Any:
        return item

    @access(permission=may())
    @item_action()
    def give(self, item: Any) -> Any:
        item.owner = "zoe"
        return self.update(item, {"text": "given"})


class Plain(Notes):
    """The same with no code of its own, so that stores may write rows as dicts."""

    shout = secret = give = None  # type: ignore[assignment]
    create = access(permission=may())(CRUDResource.create)
    replace = access(permission=may())(CRUDResource.replace)
    update = access(permission=may())(CRUDResource.update)
    delete = access(permission=may())(CRUDResource.delete)
    restore = access(permission=may())(CRUDResource.restore)


def rows() -> list[dict[str, Any]]:
    names = [(1, "ann", False), (2, "bob", False), (3, "ann", True), (4, "bob", True)]
    return [
        {"id": n, "owner": owner, "text": f"text {n}", "code": f"c{n}", "removed": gone}
        for n, owner, gone in names
    ]


World = tuple[Client, Callable[[], list[Any]]]


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[Notes, Plain], ids=["own", "plain"])
def world(
    request: pytest.FixtureRequest, store: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    base = request.param
    app = App("Notes", security=HTTPBearer(USERS.get))
    if store == "memory":
        tags = MemoryStore(MemoryTag, items=[MemoryTag("x")])
        notes = MemoryStore(
            MemoryNote,
            references={"tags": tags},
            unique=("code",),
            items=[MemoryNote(**each) for each in rows()],
        )
        app.install(tags)
        app.install(notes)
        app.add("/notes", type("Notes", (base,), {"model": MemoryNote, "__module__": __name__}))
        yield (
            Client(app),
            lambda: [(n.id, n.owner, n.text, n.removed, list(n.tags)) for n in notes.items],
        )
        return
    with database_url(store, tmp_path_factory.mktemp("rules")) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        app.add("/notes", type("Notes", (base,), {"model": Note, "__module__": __name__}))
        client = Client(app)
        client.get("/notes", headers=as_("ann"))
        with database.engine.begin() as connection:
            connection.execute(sa.insert(Note.__table__), rows())
            connection.execute(sa.insert(Tag.__table__), [{"id": 1, "name": "x"}])
            if store == "postgresql":
                connection.execute(sa.text("SELECT setval('note_id_seq', 50)"))

        def stored() -> list[Any]:
            with database.engine.connect() as connection:
                notes = connection.execute(sa.select(Note.__table__).order_by(Note.id)).all()
                return [*map(tuple, notes), *map(tuple, connection.execute(sa.select(links)))]

        yield client, stored
        database.close()


def as_(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


def body(number: int, owner: str = "bob") -> dict[str, Any]:
    return {"owner": owner, "text": "new", "code": f"c{number}"}


Door = tuple[str, str, str, dict[str, Any]]
FOREIGN: list[Door] = [
    ("PUT", "PUT", "/notes/2", {"json": body(2)}),
    ("PUT to oneself", "PUT", "/notes/2", {"json": body(2, "ann")}),
    ("PATCH", "PATCH", "/notes/2", {"json": {"text": "x"}}),
    ("PATCH to oneself", "PATCH", "/notes/2", {"json": {"owner": "ann"}}),
    ("PATCH of any tag", "PATCH", "/notes/2", {
        "json": {"text": "x"}, "headers": {"If-Match": "*"}
    }),
    ("empty PATCH", "PATCH", "/notes/2", {"json": {}}),
    ("JSON Patch", "PATCH", "/notes/2", {
        "json": [{"op": "replace", "path": "/text", "value": "x"}], "content_type": JSON_PATCH
    }),
    ("tags", "PATCH", "/notes/2", {"json": {"tags": [1]}}),
    ("DELETE", "DELETE", "/notes/2", {}),
    ("restore", "POST", "/notes/4/restore", {}),
    ("member", "PUT", "/notes/2/tags/1", {}),
    ("no member", "DELETE", "/notes/2/tags/1", {}),
    ("PATCH by filter", "PATCH", "/notes?owner=bob", {"json": {"text": "x"}}),
    ("PATCH of both", "PATCH", "/notes?id__in=1,2", {"json": {"text": "x"}}),
    ("DELETE by filter", "DELETE", "/notes?owner=bob", {}),
    ("DELETE of both", "DELETE", "/notes?id__in=1,2", {}),
    ("POST", "POST", "/notes", {"json": body(9)}),
    ("POST minimal", "POST", "/notes", {"json": body(9), "headers": {"Prefer": "return=minimal"}}),
    ("bulk create", "POST", "/notes/bulk", {"json": {"create": [body(9)]}}),
    ("bulk create of both", "POST", "/notes/bulk", {"json": {"create": [body(8, "ann"), body(9)]}}),
    ("bulk update", "POST", "/notes/bulk", {"json": {"update": [{"id": 2, "text": "x"}]}}),
    ("bulk delete", "POST", "/notes/bulk", {"json": {"delete": [2]}}),
    ("bulk of both", "POST", "/notes/bulk", {"json": {"delete": [1, 2]}}),
    ("bulk upsert", "POST", "/notes/bulk", {"json": {"upsert": [body(2)]}}),
    ("bulk upsert to oneself", "POST", "/notes/bulk", {"json": {"upsert": [body(2, "ann")]}}),
    ("bulk upsert of a new one", "POST", "/notes/bulk", {"json": {"upsert": [body(9)]}}),
]  # fmt: skip
OWN: list[Door] = [
    ("PUT", "PUT", "/notes/1", {"json": body(1, "ann")}),
    ("PATCH", "PATCH", "/notes/1", {"json": {"text": "x"}}),
    ("DELETE", "DELETE", "/notes/1", {}),
    ("restore", "POST", "/notes/3/restore", {}),
    ("member", "PUT", "/notes/1/tags/1", {}),
    ("PATCH by filter", "PATCH", "/notes?owner=ann", {"json": {"text": "x"}}),
    ("DELETE by filter", "DELETE", "/notes?owner=ann", {}),
    ("POST", "POST", "/notes", {"json": body(9, "ann")}),
    ("bulk", "POST", "/notes/bulk", {
        "json": {"create": [body(9, "ann")], "update": [{"id": 1, "text": "x"}]}
    }),
    ("bulk upsert", "POST", "/notes/bulk", {"json": {"upsert": [body(1, "ann"), body(9, "ann")]}}),
]  # fmt: skip


def send(client: Client, name: str, door: Door) -> TestResponse:
    _, method, path, sent = door
    headers = {**as_(name), **sent.get("headers", {})}
    return client.request(method, path, **{**sent, "headers": headers})


@pytest.mark.parametrize("door", FOREIGN, ids=[each[0] for each in FOREIGN])
def test_a_foreign_item_stays_as_it_is(world: World, door: Door) -> None:
    """Whatever the request, the item of somebody else is a 403 and does not change."""
    client, stored = world
    before = stored()
    response = send(client, "ann", door)
    assert (response.status, response.json.get("status")) in ((403, 403), (409, 409), (422, 422))
    assert response.status == 403 or '"code":"forbidden"' in response.text.replace(" ", "")
    assert stored() == before


@pytest.mark.parametrize("store", ["memory", "sqlite"], indirect=True)
@pytest.mark.parametrize("door", OWN, ids=[each[0] for each in OWN])
def test_an_own_item_changes(world: World, door: Door) -> None:
    """The same requests succeed for items of the caller."""
    client, stored = world
    before = stored()
    assert send(client, "ann", door).status in (200, 201, 204)
    assert stored() != before


@pytest.mark.parametrize("store", ["memory"], indirect=True)
@pytest.mark.parametrize("door", FOREIGN, ids=[each[0] for each in FOREIGN])
def test_an_editor_may(world: World, door: Door) -> None:
    """Whoever fulfils the other side of ``|`` may do everything."""
    assert send(world[0], "eve", door).status in (200, 201, 204, 404)


def test_own_actions(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Actions of an item are guarded, safe ones too, and may change what the rule looks at."""
    app = App("Notes", security=HTTPBearer(USERS.get))
    tags = MemoryStore(MemoryTag)
    items = [MemoryNote(**each) for each in rows()]
    store = MemoryStore(MemoryNote, references={"tags": tags}, unique=("code",), items=items)
    app.install(tags)
    app.add("/notes", type("Notes", (Notes,), {"store": store, "__module__": __name__}))
    client = Client(app)
    for method, action in (("POST", "shout"), ("GET", "secret"), ("POST", "give")):
        assert client.request(method, f"/notes/2/{action}", headers=as_("ann")).status == 403
        assert client.request(method, f"/notes/1/{action}", headers=as_("ann")).status == 200
    assert client.get("/notes/1", headers=as_("bob")).json["owner"] == "zoe"


def rejected(**members: Any) -> str:
    app = App("Notes", security=HTTPBearer(USERS.get))
    store = MemoryStore(MemoryNote, unique=("code",))
    made = type("Notes", (CRUDResource,), {"store": store, "__module__": __name__, **members})
    app.add("/notes", made)
    with pytest.raises(DeclarationError) as refused:
        app.freeze()
    return str(refused.value)


def test_reading_is_for_row_rules() -> None:
    """A rule of one item over a list is an error that names the remedy."""
    assert "row rule or scope()" in rejected(permission=owns)
    read = access(permission=owns)(CRUDResource.read)
    assert "GET /notes/<" in rejected(read=read)
    listing = access(permission=owns)(CRUDResource.list)
    assert "GET /notes " in rejected(list=listing, aggregates=("count",), methods={"GET"})


def test_collection_actions_have_no_item() -> None:
    """An action of the collection cannot have such a rule."""

    @access(permission=owns)
    @collection_action()
    def clear(self: Any) -> None:
        return None

    assert "looks at one item" in rejected(clear=clear)


def test_nested_content_would_pass_by() -> None:
    """A collection whose bodies nest guarded items is an error."""

    @dataclass
    class Page:
        title: str
        book_id: int | None = None
        id: int = 0

    @dataclass
    class Book:
        title: str
        id: int = 0

    class PageSchema(Schema):
        title = fields.Str()

    class BookSchema(Schema):
        id = fields.Int(dump_only=True)
        title = fields.Str()
        pages = fields.List(fields.Nested(PageSchema))

    books = MemoryStore(Book)
    pages = MemoryStore(Page, references={"book_id": books})
    pages.relate("book", "book_id", back="pages")
    app = App("Books", security=HTTPBearer(USERS.get))

    class Pages(CRUDResource[Page]):
        store = pages
        update = access(permission=lambda caller, page: True)(CRUDResource.update)

    class Books(CRUDResource[Book]):
        store = books
        schema = BookSchema

    app.add("/pages", Pages)
    with pytest.raises(DeclarationError, match=r"requests change Page objects by 'pages'"):
        app.add("/books", Books)

    class PlainPages(CRUDResource[Page]):
        store = pages

    app = App("Books", security=HTTPBearer(USERS.get))
    app.add("/pages", PlainPages, methods={"PUT"}, permission=lambda caller, page: True)
    app.add("/books", Books)
    with pytest.raises(DeclarationError, match=r"requests change Page objects by 'pages'"):
        app.freeze()


class Shelved(DeclarativeBase):
    pass


class Shelf(Shelved):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)
    books: Mapped[list[Volume]] = relationship()


class Volume(Shelved):
    __tablename__ = "volume"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(sa.String(9), unique=True)
    shelf_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shelf.id"))


class Copy(Shelved):
    __tablename__ = "copy"

    id: Mapped[int] = mapped_column(primary_key=True)
    volume_id: Mapped[int | None] = mapped_column(sa.ForeignKey("volume.id"))
    volume: Mapped[Volume | None] = relationship()


class Volumes(CRUDResource[Volume]):
    model = Volume
    update = access(permission=lambda caller, volume: True)(CRUDResource.update)


@pytest.mark.parametrize(
    ("model", "members", "is_refused"),
    [
        (Shelf, {"relations": ("books",)}, True),
        (Shelf, {"members": ("books",)}, True),
        (Copy, {"relations": {"volume": Related("code", create=True)}}, True),
        (Copy, {"relations": {"volume": "code"}}, False),
        (Shelf, {}, False),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_keys_would_pass_by(
    model: type, members: dict[str, object], is_refused: bool, is_first: bool
) -> None:
    """A collection that moves or creates guarded items by keys is an error, in any order."""
    app = App("Shelves", security=HTTPBearer(USERS.get))
    database = Database("sqlite://")
    app.install(database)
    other = type("Others", (CRUDResource,), {"model": model, **members})
    first, second = (Volumes, other) if is_first else (other, Volumes)
    app.add("/first", first)
    match = r"requests change Volume objects by '\w+'"
    with pytest.raises(DeclarationError, match=match) if is_refused else nullcontext():
        app.add("/second", second)
    database.close()
