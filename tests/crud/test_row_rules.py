"""Row rules and scopes: which rows a caller reads, writes, creates and refers to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields, validate
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    composite,
    mapped_column,
    relationship,
)

from restkit import App, Forbidden, Request, Resource, provide, raises
from restkit.crud import AnyOf, Condition, CRUDResource, MemoryStore
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str | None] = mapped_column(sa.String(9))
    shared: Mapped[bool] = mapped_column(default=False)
    text: Mapped[str] = mapped_column(sa.String(40))


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str | None] = mapped_column(sa.String(9))
    text: Mapped[str] = mapped_column(sa.String(40), default="")
    note_id: Mapped[int] = mapped_column(sa.ForeignKey("note.id"))
    note: Mapped[Note] = relationship()


@dataclass
class MemoryNote:
    text: str
    owner: str | None = None
    shared: bool = False
    id: int = 0


@dataclass
class MemoryComment:
    note_id: int
    owner: str | None = None
    text: str = ""
    id: int = 0


def me(request: Request) -> str | None:
    return request.headers.get("X-User")


def member(name: str) -> dict[str, str]:
    return {"X-User": name}


ANN, BOB = member("ann"), member("bob")
STORES = ("memory", *KINDS)


@pytest.fixture(params=STORES)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Client]:
    """Yield a client: notes are read if they are one's own or shared, and written by the owner."""
    app = App("Notes")
    if request.param == "memory":
        notes: MemoryStore[MemoryNote] = MemoryStore(MemoryNote)
        comments = MemoryStore(MemoryComment, references={"note_id": notes})
        notes.rows(
            MemoryNote,
            read=lambda me: AnyOf({"owner": me}, {"shared": True}),
            write=lambda me: {"owner": me},
            set={"owner": lambda me: me},
            caller=me,
        )
        comments.rows(
            MemoryComment,
            read=lambda me: {"owner": me},
            set={"owner": lambda me: me},
            caller=me,
        )
        app.install(notes)
        app.install(comments)
        _add(app, MemoryNote, MemoryComment)
        yield Client(app)
        return
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        database.rows(
            Note,
            read=lambda me: sa.or_(Note.owner == me, Note.shared),
            write=lambda me: Note.owner == me,
            set={"owner": lambda me: me},
            caller=me,
        )
        database.rows(
            Comment,
            read=lambda me: {"owner": me},
            set={"owner": lambda me: me},
            caller=me,
        )
        app.install(database)
        _add(app, Note, Comment)
        yield Client(app)
        database.close()


def _add(app: App, note: type, comment: type) -> None:
    common: dict[str, Any] = {"bulk": True, "__module__": __name__}
    app.add("/notes", type("Notes", (CRUDResource,), {"model": note, **common}))
    app.add("/comments", type("Comments", (CRUDResource,), {"model": comment, **common}))


def made(client: Client, user: dict[str, str], **values: object) -> str:
    response = client.post("/notes", json={"text": "hello", **values}, headers=user)
    assert response.status == 201, response.text
    return response.headers["Location"]


def test_new_rows_belong_to_their_caller(client: Client) -> None:
    """The rule sets the owner: content may leave it out or repeat it, but not contradict it."""
    url = made(client, ANN)
    assert client.get(url, headers=ANN).json["owner"] == "ann"
    made(client, ANN, owner="ann")
    for send in (
        lambda body: client.post("/notes", json={"text": "x", **body}, headers=ANN),
        lambda body: client.put(url, json={"text": "x", **body}, headers=ANN),
        lambda body: client.patch(url, json=body, headers=ANN),
    ):
        refused = send({"owner": "bob"})
        assert refused.status == 422
        assert refused.problem["errors"][0]["pointer"] == "/owner"
    assert client.put(url, json={"text": "y"}, headers=ANN).json["owner"] == "ann"


def test_a_caller_reads_own_and_shared_rows(client: Client) -> None:
    """Rows of others are missing unless they are shared."""
    hidden, shared = made(client, ANN), made(client, ANN, shared=True)
    assert client.get(hidden, headers=BOB).status == 404
    assert client.get(shared, headers=BOB).status == 200
    listed = client.get("/notes", headers={**BOB, "Prefer": "count=exact"}).json
    assert [each["shared"] for each in listed["items"]] == [True]
    assert listed["total"] == 1


def test_a_row_that_the_caller_may_only_read_is_a_403(client: Client) -> None:
    """Every write of a shared note of somebody else is forbidden, and changes nothing."""
    url = made(client, ANN, shared=True)
    number = int(url.rpartition("/")[2])
    refused = [
        client.put(url, json={"text": "x"}, headers=BOB),
        client.patch(url, json={"text": "x"}, headers=BOB),
        client.delete(url, headers=BOB),
        client.post("/notes/bulk", json={"update": [{"id": number, "text": "x"}]}, headers=BOB),
        client.post("/notes/bulk", json={"delete": [number]}, headers=BOB),
    ]
    assert [each.status for each in refused] == [403] * 5
    assert client.get(url, headers=ANN).json["text"] == "hello"
    assert client.delete(url, headers=ANN).status == 204


def test_references_to_hidden_rows_are_refused_as_missing_ones(client: Client) -> None:
    """A comment on a hidden note is the same 409 as one on a missing note."""
    hidden, shared = made(client, ANN), made(client, ANN, shared=True)
    numbers = [int(url.rpartition("/")[2]) for url in (hidden, shared)]
    foreign = client.post("/comments", json={"note_id": numbers[0]}, headers=BOB)
    missing = client.post("/comments", json={"note_id": 987}, headers=BOB)
    assert foreign.status == missing.status == 409
    assert foreign.content == missing.content
    own = client.post("/comments", json={"note_id": numbers[1]}, headers=BOB)
    assert own.status == 201
    url = own.headers["Location"]
    assert client.patch(url, json={"note_id": numbers[0]}, headers=BOB).status == 409
    client.patch(shared, json={"shared": False}, headers=ANN)
    assert client.patch(url, json={"text": "kept"}, headers=BOB).json["note_id"] == numbers[1]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_the_new_state_of_a_row_must_fulfil_the_rule(kind: str) -> None:
    """No write creates or leaves a row that its caller could not write."""
    app = App("Notes")
    model: type = Note
    if kind == "memory":
        store: MemoryStore[MemoryNote] = MemoryStore(MemoryNote)
        store.rows(MemoryNote, read=lambda me: {"shared": False})
        app.install(store)
        model = MemoryNote
    else:
        database = Database("sqlite://", create=Base.metadata)
        database.rows(Note, read=lambda me: {"shared": False})
        database.rows(Comment)
        app.install(database)
    own: dict[str, Any] = {"model": model, "bulk": True, "__module__": __name__}
    app.add("/notes", type("Notes", (CRUDResource,), own))
    client = Client(app)
    outside = {"text": "x", "shared": True}
    assert client.post("/notes", json={"text": "x"}).status == 201
    refused = [
        client.post("/notes", json=outside),
        client.put("/notes/1", json=outside),
        client.patch("/notes/1", json={"shared": True}),
        client.post("/notes/bulk", json={"create": [outside]}),
        client.post("/notes/bulk", json={"update": [{"id": 1, "shared": True}]}),
    ]
    assert [each.status for each in refused] == [403] * 5
    assert [each["shared"] for each in client.get("/notes").json["items"]] == [False]


def anonymous(kind: str) -> Client:
    app = App("Notes")
    if kind == "memory":
        store: MemoryStore[MemoryNote] = MemoryStore(MemoryNote, items=[MemoryNote("x", "ann")])
        store.rows(
            MemoryNote, read=lambda me: {"owner": me.name}, set={"owner": lambda me: me.name}
        )
        app.install(store)
        model: type = MemoryNote
    else:
        database = Database("sqlite://", create=Base.metadata)
        database.rows(
            Note, read=lambda me: Note.owner == me.name, set={"owner": lambda me: me.name}
        )
        database.rows(Comment)
        app.install(database)
        model = Note
    app.add("/notes", type("Notes", (CRUDResource,), {"model": model, "__module__": __name__}))
    return Client(app)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_rule_that_needs_a_caller_hides_everything_without_one(kind: str) -> None:
    """If nobody is logged in, a rule such as `Note.owner == me.name` holds for no row."""
    client = anonymous(kind)
    assert client.get("/notes").json["items"] == []
    assert client.get("/notes/1").status == 404
    assert client.post("/notes", json={"text": "x"}).status == 403
    assert "403" in client.get("/openapi.json").json["paths"]["/notes"]["post"]["responses"]


def test_a_resource_of_the_program_follows_the_rules(tmp_path: Path) -> None:
    """Rules hold for the session of a plain Resource: queries, joins, updates and references."""

    class Counts(Resource):
        session = provide(session)

        def get(self) -> dict[str, int]:
            joined = sa.select(sa.func.count(Comment.id)).join(Comment.note)
            return {
                "notes": len(self.session.scalars(sa.select(Note)).all()),
                "count": self.session.scalar(sa.select(sa.func.count()).select_from(Note)) or 0,
                "one": int(self.session.get(Note, 1) is not None),
                "joined": self.session.scalar(joined) or 0,
            }

        @raises(Forbidden)
        def post(self) -> dict[str, int]:
            statement = sa.update(Note).values(text="changed")
            found: Any = self.session.execute(statement)
            return {"changed": found.rowcount}

        @raises(Forbidden)
        def put(self) -> None:
            self.session.add(Comment(note_id=1))

    database = Database(f"sqlite:///{tmp_path}/notes.db", create=Base.metadata)
    database.rows(Note, read=lambda me: Note.owner == me, caller=me)
    database.rows(Comment)
    app = App("Counts")
    app.install(database)
    app.add("/counts", Counts)
    with Session(database.engine) as own:
        own.add_all([Note(id=1, owner="ann", text="a"), Comment(note_id=1)])
        own.commit()
    client = Client(app)
    nothing = {"notes": 0, "count": 0, "one": 0, "joined": 0}
    assert client.get("/counts", headers=ANN).json == dict.fromkeys(nothing, 1)
    assert client.get("/counts", headers=BOB).json == nothing
    assert client.post("/counts", headers=BOB).json == {"changed": 0}
    assert client.put("/counts", headers=BOB).status == 409
    assert client.put("/counts", headers=ANN).status == 204
    database.close()


def test_the_session_of_a_test_follows_the_rules() -> None:
    """A session that replaces that of the Database has the rules of each request's caller."""
    database = Database("sqlite://", create=Base.metadata)
    database.rows(Note, read=lambda me: Note.owner == me, set={"owner": lambda me: me}, caller=me)
    database.rows(Comment)
    app = App("Notes")
    app.install(database)
    app.add("/notes", type("Notes", (CRUDResource,), {"model": Note, "__module__": __name__}))
    client = Client(app)
    with (
        Session(database.engine) as own,
        app.override(database.session, lambda request: own),
    ):
        url = client.post("/notes", json={"text": "x"}, headers=ANN).headers["Location"]
        assert client.get(url, headers=ANN).json["owner"] == "ann"
        own.expunge_all()
        assert client.get(url, headers=BOB).status == 404
        assert client.get("/notes", headers=BOB).json["items"] == []
        assert client.patch(url, json={"text": "y"}, headers=ANN).status == 200
        own.rollback()


@pytest.mark.parametrize(
    ("declare", "says"),
    [
        (lambda d: d.rows(Note, read={"owner": 1}), "read must be a function of the caller"),
        (lambda d: d.rows(Note, read=lambda: True), r"read of rows\(Note, ...\)"),
        (lambda d: d.rows(int), "must be an SQLAlchemy model"),
        (lambda d: d.rows(Note, set={"nobody": lambda me: me}), "'nobody', which the model lacks"),
        (lambda d: [d.rows(Note), d.rows(Note)], "was called before"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(declare: Callable[[Any], Any], says: str) -> None:
    """A rule that is no function of the caller, or of no model, is one clear sentence."""
    with pytest.raises(DeclarationError, match=says):
        declare(Database("sqlite://"))


def test_rules_come_before_collections() -> None:
    """A rule that is declared after the first collection would not hold for all requests."""
    database = Database("sqlite://", create=Base.metadata)
    app = App("Notes")
    app.install(database)
    app.add("/notes", type("Notes", (CRUDResource,), {"model": Note}))
    with pytest.raises(DeclarationError, match="before the first collection"):
        database.rows(Note, read=lambda me: True)
    store: MemoryStore[MemoryNote] = MemoryStore(MemoryNote)
    app.add("/memory", type("Memory", (CRUDResource,), {"store": store}))
    with pytest.raises(DeclarationError, match="before the first collection"):
        store.rows(MemoryNote, read=lambda me: True)
    with pytest.raises(DeclarationError, match="holds MemoryNote, not"):
        MemoryStore(MemoryNote).rows(MemoryComment)  # type: ignore[arg-type]  # that is the test


def test_a_connected_model_without_a_rule_is_refused() -> None:
    """If notes have a rule, so must the comments that refer to them; an empty one is a rule."""
    database = Database("sqlite://", create=Base.metadata)
    database.rows(Note, read=lambda me: Note.owner == me)
    app = App("Notes")
    app.install(database)
    with pytest.raises(DeclarationError, match=r"Note has a row rule, but Comment.*rows\(Comment"):
        app.add("/comments", type("Comments", (CRUDResource,), {"model": Comment}))
    notes: MemoryStore[MemoryNote] = MemoryStore(MemoryNote)
    comments = MemoryStore(MemoryComment, references={"note_id": notes})
    notes.rows(MemoryNote, read=lambda me: {"owner": me})
    with pytest.raises(DeclarationError, match="MemoryNote has a row rule, but MemoryComment"):
        app.add("/memory", type("Memory", (CRUDResource,), {"store": comments}))


# scopes


def scoped(scope: Callable[[Any], Any], *, memory: bool, **members: Any) -> Client:
    """Return a client of notes with a scope."""
    app = App("Notes")
    own: dict[str, Any] = {"scope": scope, "bulk": True, "__module__": __name__, **members}
    if memory:
        own = {"store": MemoryStore(MemoryNote), **own}
    else:
        app.install(Database("sqlite://", create=Base.metadata))
        own["model"] = Note
    app.add("/notes", type("Notes", (CRUDResource,), own))
    return Client(app)


def mine(self: Any) -> object:
    return AnyOf({"owner": me(self.request)}, {"owner": None})


def mine_in_sql(self: Any) -> object:
    return [sa.or_(Note.owner == me(self.request), Note.owner.is_(None)), {}]


def mine_by_conditions(self: Any) -> object:
    return AnyOf(
        Condition("owner", "in", [me(self.request)]), [Condition("owner", "null", True), True]
    )


@pytest.mark.parametrize(
    ("scope", "memory"),
    [
        (mine, True),
        (mine, False),
        (mine_in_sql, False),
        (mine_by_conditions, True),
        (mine_by_conditions, False),
    ],
)
def test_a_scope_may_be_an_alternative(scope: Callable[[Any], Any], memory: bool) -> None:
    """Mine or unassigned: other items are hidden, and no write moves an item out of the scope."""
    client = scoped(scope, memory=memory)
    assert client.post("/notes", json={"text": "x", "owner": "ann"}, headers=ANN).status == 201
    free = client.post("/notes", json={"text": "x"}, headers=ANN).headers["Location"]
    for foreign in (
        client.post("/notes", json={"text": "x", "owner": "bob"}, headers=ANN),
        client.patch(free, json={"owner": "bob"}, headers=ANN),
        client.put(free, json={"text": "x", "owner": "bob"}, headers=ANN),
        client.post("/notes/bulk", json={"create": [{"text": "x", "owner": "bob"}]}, headers=ANN),
        client.post("/notes/bulk", json={"update": [{"id": 2, "owner": "bob"}]}, headers=ANN),
    ):
        assert foreign.status == 422
        assert foreign.problem["errors"][0]["code"] == "scope"
    assert [each["id"] for each in client.get("/notes", headers=BOB).json["items"]] == [2]
    assert client.patch(free, json={"owner": "bob"}, headers=BOB).status == 200
    assert client.get(free, headers=ANN).status == 404


class OwnedSchema(Schema):
    id = fields.Int(dump_only=True)
    owner = fields.Str(required=True, validate=validate.Length(1, 9))
    text = fields.Str(required=True, validate=validate.Length(1, 40))


@pytest.mark.parametrize("memory", [True, False])
def test_what_a_scope_decides_is_not_demanded(memory: bool) -> None:
    """A required field that the scope decides may be left out, also in the document."""

    def own(self: Any) -> object:
        return {"owner": me(self.request)} if me(self.request) else {}

    client = scoped(own, memory=memory, schema=OwnedSchema)
    assert client.post("/notes", json={"text": "x"}, headers=ANN).json["owner"] == "ann"
    assert client.put("/notes/1", json={"text": "y"}, headers=ANN).json["owner"] == "ann"
    bulk = client.post("/notes/bulk", json={"create": [{"text": "x"}]}, headers=ANN)
    assert bulk.json["created"][0]["owner"] == "ann"
    undecided = client.post("/notes", json={"text": "x"})
    assert undecided.status == 422
    assert undecided.problem["errors"] == [
        {"pointer": "/owner", "detail": "Missing data for required field.", "code": "required"}
    ]
    document = client.get("/openapi.json").json
    body = document["paths"]["/notes"]["post"]["requestBody"]["content"]["application/json"]
    name = body["schema"]["$ref"].rpartition("/")[2]
    assert "owner" not in document["components"]["schemas"][name]["required"]


def test_names_that_scope_computes_are_declared() -> None:
    """`scoped` names the attributes of a scope whose code does not show them."""

    def own(self: Any) -> object:
        return {"ow" + "ner"[: len(str(self.request.method))]: "ann"}

    client = scoped(own, memory=True, schema=OwnedSchema, scoped=("owner",))
    assert client.post("/notes", json={"text": "x"}).json["owner"] == "ann"


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        (lambda self: object(), "A MemoryStore cannot evaluate object"),
        (lambda self: None, "scope returned None"),
    ],
)
def test_a_scope_that_cannot_be_meant_is_an_error(scope: Any, says: str) -> None:
    """A forgotten return, or a value of another type, does not show all items."""
    notes: Any = MemoryStore(MemoryNote, items=[MemoryNote("x")])
    client = scoped(scope, memory=True, store=notes)
    with pytest.raises(DeclarationError, match=says):
        client.get("/notes")


@pytest.mark.parametrize("scope", [lambda self: 7, lambda self: {"nobody": 1}])
def test_a_scope_that_sql_cannot_express_is_an_error(scope: Any) -> None:
    """A value that is no expression, or another model's attribute, is one clear sentence."""
    with pytest.raises(DeclarationError, match="scope"):
        scoped(scope, memory=False).get("/notes")


# soft deletion


class Author(Base):
    __tablename__ = "author"

    id: Mapped[int] = mapped_column(primary_key=True)
    gone: Mapped[bool | None] = mapped_column(sa.Boolean, default=False)
    books: Mapped[list[Book]] = relationship(back_populates="author")


class Book(Base):
    __tablename__ = "book"

    id: Mapped[int] = mapped_column(primary_key=True)
    removed_at: Mapped[dt.datetime | None]
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("author.id"))
    author: Mapped[Author] = relationship(back_populates="books")


def library(url: str, **members: Any) -> tuple[Client, Database]:
    database = Database(url, create=Base.metadata)
    app = App("Library")
    app.install(database)
    authors = {"model": Author, "soft_delete": "gone", "expand": ("books",)}
    books = {"model": Book, "soft_delete": "removed_at", "expand": ("author",), **members}
    own: dict[str, Any] = {"__module__": __name__}
    app.add("/books", type("Books", (CRUDResource,), {**books, **own}))
    app.add("/authors", type("Authors", (CRUDResource,), {**authors, **own}))
    below = {"model": Book, **members, **own}
    app.add("/authors/<int:author_id>/books", type("AuthorBooks", (CRUDResource,), below))
    return Client(app), database


@pytest.mark.parametrize("kind", KINDS)
def test_removed_rows_are_hidden_from_relations(kind: str, tmp_path: Path) -> None:
    """Expansions leave out removed rows, new references to them are refused, old ones stay."""
    with database_url(kind, tmp_path) as url:
        client, database = library(url)
        client.post("/authors", json={})
        for _ in range(2):
            client.post("/books", json={"author_id": 1})
        client.delete("/books/1")
        shown = client.get("/authors/1?expand=books").json["books"]
        assert [each["id"] for each in shown] == [2]
        assert [
            each["id"] for each in client.get("/authors?expand=books").json["items"][0]["books"]
        ]
        client.delete("/authors/1")
        assert client.get("/books/2?expand=author").json["author"] is None
        assert client.post("/books", json={"author_id": 1}).status == 409
        missing = client.post("/books", json={"author_id": 9})
        assert client.post("/books", json={"author_id": 1}).content == missing.content
        assert client.patch("/books/2", json={"author_id": 1}).status == 200
        assert client.get("/authors/1/books").status == 404
        assert client.post("/authors/1/books", json={}).status == 404
        client.post("/authors/1/restore")
        assert client.get("/books/2?expand=author").json["author"]["id"] == 1
        assert client.post("/authors/1/books", json={}).status == 201
        database.close()


@pytest.mark.parametrize("value", [Author(id=1), None, 1])
@pytest.mark.parametrize("wrap", [dict, AnyOf])
def test_a_scope_that_names_a_relationship_is_an_error(value: Any, wrap: Any) -> None:
    """The sentence names the foreign key, whether the value is an object, null or a key."""
    client, _ = library("sqlite://", scope=lambda self: wrap({"author": value}))
    for path in ("/books", "/books/1"):
        with pytest.raises(DeclarationError, match=r"'author', a relationship of B.*'author_id'"):
            client.get(path)


class Point(NamedTuple):
    x: int | None
    y: int | None


class Pin(Base):
    __tablename__ = "pin"
    kind = "pin"

    id: Mapped[int] = mapped_column(primary_key=True)
    x: Mapped[int | None]
    y: Mapped[int | None]
    at: Mapped[Point] = composite("x", "y")


NO_COLUMNS: list[tuple[str, Any]] = [
    *(("at", Point(1, 2)), ("at", None), ("kind", "pin"), ("__tablename__", "pin")),
    *(("metadata", 1), ("label", None)),
]


@pytest.mark.parametrize(("name", "value"), NO_COLUMNS)
@pytest.mark.parametrize("wrap", [dict, AnyOf])
def test_a_scope_that_names_no_column_shows_nothing(wrap: Any, name: str, value: Any) -> None:
    """An attribute that Python compares, and not SQL, is one sentence, never all rows."""
    app = App("Pins", contract="off")
    app.install(Database("sqlite://", create=Base.metadata))
    members = {"model": Pin, "scope": lambda self: wrap({name: value})}
    app.add("/pins", type("Pins", (CRUDResource,), members))
    for path in ("/pins", "/pins/1"):
        with pytest.raises(DeclarationError, match=f"names '{name}', which"):
            Client(app).get(path)


class WriterSchema(Schema):
    id = fields.Int(dump_only=True)


class VolumeSchema(Schema):
    id = fields.Int(dump_only=True)
    author_id = fields.Int(required=True, validate=validate.Range(1, 2**31 - 1))
    author = fields.Nested(WriterSchema, dump_only=True)


@pytest.mark.parametrize("sparse", [True, False])
def test_a_hidden_relation_is_null_also_in_an_own_schema(sparse: bool) -> None:
    """A nested field without null is null if the related item is hidden, as the document says."""
    client, _ = library("sqlite://", schema=VolumeSchema, fields=sparse)
    client.post("/authors", json={})
    client.post("/books", json={"author_id": 1})
    client.delete("/authors/1")
    assert client.get("/books/1?expand=author").json["author"] is None
    assert client.get("/books?expand=author").json["items"][0]["author"] is None
    assert '"null"' in client.get("/openapi.json").text


def test_a_word_in_the_class_shows_removed_rows() -> None:
    """With `related = "existing"`, items show and refer to removed rows."""
    client, _ = library("sqlite://", related="existing")
    client.post("/authors", json={})
    client.post("/books", json={"author_id": 1})
    client.delete("/authors/1")
    assert client.get("/books/1?expand=author").json["author"]["id"] == 1
    assert client.post("/books", json={"author_id": 1}).status == 201
    assert client.get("/authors/1/books").json["items"]


def test_null_is_not_removed() -> None:
    """A row that another program made, with null in the boolean, is not removed."""
    client, database = library("sqlite://")
    client.get("/authors")
    with database.engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO author (id) VALUES (7)"))
    assert client.get("/authors/7").status == 200
    assert client.delete("/authors/7").status == 204
    assert client.get("/authors/7").status == 404
    assert client.post("/authors/7/restore").status == 200


def _use_nothing(database: Database) -> None:
    pass


def _use_the_engine(database: Database) -> None:
    Base.metadata.create_all(database.engine)


def _use_a_connection(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.insert(Note).values(owner="ann", text="early"))


def _use_a_session(database: Database) -> None:
    with Session(database.engine) as own, own.begin():
        own.add(Note(owner="ann", text="early"))


def _ping(database: Database) -> None:
    database.ping()


def _roll_back(database: Database) -> None:
    with database.rolled_back() as own:
        own.add(Note(owner="ann", text="undone"))
        own.commit()


_EARLY = [
    _use_nothing,
    _use_the_engine,
    _use_a_connection,
    _use_a_session,
    _ping,
    _roll_back,
]


@pytest.mark.parametrize("use", _EARLY)
@pytest.mark.parametrize("is_within", [False, True])
def test_a_rule_holds_however_the_database_was_used_before(
    use: Callable[[Database], None], is_within: bool, tmp_path: Path
) -> None:
    """A test that inserts rows and then makes its App must not open them to everybody."""

    class Everything(Resource):
        db = provide(session)

        def get(self) -> list[str]:
            return [each.text for each in self.db.scalars(sa.select(Note))]

    class Notes(CRUDResource[Note]):
        model = Note

    database = Database(f"sqlite:///{tmp_path / 'early.db'}", create=Base.metadata)
    use(database)
    with database.rolled_back() if is_within else nullcontext():
        database.rows(Note, owner="owner", caller=me)
        database.rows(Comment, caller=me)
        app = App("Notes", extensions=[database])
        app.add("/notes", Notes)
        app.add("/everything", Everything)
        client = Client(app)
        made = client.post("/notes", json={"text": "ann's"}, headers=member("ann"))
        assert made.status == 201
        url = made.headers["Location"]

        assert client.get("/notes", headers=member("bob")).json["items"] == []
        assert client.get("/everything", headers=member("bob")).json == []
        assert client.get(url, headers=member("bob")).status == 404
        assert client.patch(url, json={"text": "x"}, headers=member("bob")).status == 404
        assert client.delete(url, headers=member("bob")).status == 404
        assert "ann's" in client.get("/everything", headers=member("ann")).json
    database.close()
