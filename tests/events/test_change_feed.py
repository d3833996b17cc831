"""GET .../changes: the changes of a collection as its caller may see them, and none is missed."""

from __future__ import annotations

import base64
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
)

from restkit import App, DeclarationError, Resource
from restkit.crud import Changes, CRUDResource, MemoryStore
from restkit.openapi.document import build
from restkit.permissions import role
from restkit.security import HTTPBasic
from restkit.sqlalchemy import Database, changes_metadata
from restkit.testing import Client

CHANGES = changes_metadata.tables["restkit_changes"]
QUICK = Changes(poll=0.02)


class Base(DeclarativeBase):
    pass


class Team(Base):
    __tablename__ = "team"

    id: Mapped[int] = mapped_column(primary_key=True)
    members: Mapped[list[Note]] = relationship(back_populates="team")


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(100))
    owner: Mapped[str] = mapped_column(sa.String(20), default="")
    removed: Mapped[bool] = mapped_column(default=False)
    team_id: Mapped[int | None] = mapped_column(sa.ForeignKey("team.id"))
    team: Mapped[Team | None] = relationship(back_populates="members")


class Word(Base):
    __tablename__ = "word"

    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    size: Mapped[int] = mapped_column(default=0)


class Cell(Base):
    __tablename__ = "cell"

    row: Mapped[int] = mapped_column(primary_key=True)
    column: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class Animal(Base):
    __tablename__ = "animal"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}


class Dog(Animal):
    __mapper_args__ = {"polymorphic_identity": "dog"}


class Letter(Base):
    """Only collections with a ``scope`` follow it: what is kept of a row, all Apps share."""

    __tablename__ = "letter"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.String(20))


class Letters(CRUDResource[Letter]):
    model = Letter

    def scope(self) -> Any:
        return {"owner": self.request.caller}


class Notes(CRUDResource[Note]):
    model = Note


@pytest.fixture(autouse=True)
def _in_time() -> Iterator[None]:
    """End a test whose stream has not the expected events."""

    def late(number: int, frame: object) -> None:
        raise TimeoutError("the stream has no further event")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(30)
    yield
    signal.alarm(0)


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'a.db'}", create=Base.metadata)
    yield made
    made.close()


def notes(database: Database, resource: Any = Notes, **options: Any) -> Client:
    app = App("Notes", extensions=[database])
    app.add("/notes", resource, **{"changes": QUICK, **options})
    return Client(app)


class Reader:
    """Reads a stream.

    Attributes:
        last: The last id.
    """

    def __init__(self, events: Iterator[Any], last: str | None) -> None:
        self._events = events
        self.last = last

    def read(self, count: int = 1) -> list[Any]:
        """Return (event type, data) of the next events."""
        found = []
        while len(found) < count:
            event = next(self._events)
            self.last = event.id or self.last
            found.append((event.event, event.json))
        return found


@contextmanager
def following(
    client: Client, last: str | None = None, path: str = "/notes/changes", **options: Any
) -> Iterator[Reader]:
    """Open a stream, at its beginning without a last id."""
    headers = {**({} if last is None else {"Last-Event-ID": last}), **options.pop("headers", {})}
    with client.get(path, stream=True, headers=headers, **options) as response:
        assert response.status == 200
        assert response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        yield Reader(response.iter_events(), last)


def test_changes_are_followed(database: Database) -> None:
    """`ready` says from where on, and each change has the item as it is."""
    client = notes(database)
    client.post("/notes", json={"text": "before"})
    with following(client) as reader:
        assert reader.read() == [("ready", {})]
        client.post("/notes", json={"text": "a"})
        item = {"id": 2, "text": "a", "owner": "", "removed": False, "team_id": None}
        assert reader.read() == [("created", item)]
        client.patch("/notes/2", json={"text": "b"})
        assert reader.read() == [("updated", {**item, "text": "b"})]
        client.put("/notes/2", json={"text": "b"})  # changes nothing
        client.delete("/notes/2")
        assert reader.read() == [("deleted", {"id": 2})]
        client.post("/notes", json={"text": "c"})
        assert [kind for kind, _ in reader.read()] == ["created"]


def test_a_stream_resumes(database: Database) -> None:
    """Behind the last event that the client has, in another process too."""
    client = notes(database)
    with following(client) as reader:
        reader.read()
        for text in "abc":
            client.post("/notes", json={"text": text})
        assert reader.read()[0][1]["text"] == "a"
        last = reader.last
    other = notes(database)
    with following(other, last) as reader:
        assert [data["text"] for _, data in reader.read(2)] == ["b", "c"]
        client.delete("/notes/1")
        assert reader.read() == [("deleted", {"id": 1})]


def test_a_write_that_is_rolled_back_is_no_change(database: Database) -> None:
    """The change is noted in the transaction that makes it."""

    class Refusing(Notes):
        def create(self, item: Note) -> Note:
            made = super().create(item)
            if made.text == "refused":
                raise LookupError
            return made

    client = notes(database, Refusing)
    with following(client) as reader:
        reader.read()
        with pytest.raises(LookupError):
            client.post("/notes", json={"text": "refused"})
        client.post("/notes", json={"text": "kept"})
        assert [data["text"] for _, data in reader.read()] == ["kept"]


def test_every_way_to_write_is_followed(database: Database) -> None:
    """Bulk requests, changes by filter, upserts, and sessions of the program's own."""

    class Words(CRUDResource[Word]):
        model = Word
        bulk = True
        bulk_upsert = "name"
        upsert = True
        filters = ("size",)
        by_filter = ("PATCH", "DELETE")

    app = App("Words", extensions=[database])
    app.add("/words", Words, changes=QUICK)
    client = Client(app)
    with following(client, path="/words/changes") as reader:
        reader.read()
        sent = {"create": [{"name": "a", "size": 1}, {"name": "b", "size": 1}]}
        assert client.post("/words/bulk", json=sent).status == 200
        assert [data["name"] for _, data in reader.read(2)] == ["a", "b"]
        assert client.patch("/words?size=1", json={"size": 2}).status == 200
        found = [("updated", {"name": each, "size": 2}) for each in "ab"]
        assert sorted(reader.read(2), key=str) == found
        assert client.put("/words/c", json={"size": 3}).status == 201
        assert reader.read() == [("created", {"name": "c", "size": 3})]
        upserted = {"upsert": [{"name": "c", "size": 4}, {"name": "d", "size": 4}]}
        assert client.post("/words/bulk", json=upserted).status == 200
        assert sorted(kind for kind, _ in reader.read(2)) == ["created", "updated"]
        assert client.delete("/words?size=2").status in (200, 204)
        assert sorted(data["name"] for _, data in reader.read(2)) == ["a", "b"]
        with Session(database.engine) as session, session.begin():
            session.add(Word(name="e", size=5))
            session.get_one(Word, "c").size = 6
        found = [("created", {"name": "e", "size": 5}), ("updated", {"name": "c", "size": 6})]
        assert sorted(reader.read(2)) == found
        # A key cannot be the word of a URL of the collection.
        assert client.post("/words", json={"name": "changes"}).status == 422


def test_a_key_that_changes(database: Database) -> None:
    """The old key is gone, and the new one was created."""

    class Words(CRUDResource[Word]):
        model = Word

    app = App("Words", extensions=[database])
    app.add("/words", Words, changes=QUICK)
    client = Client(app)
    client.post("/words", json={"name": "old"})
    with following(client, path="/words/changes") as reader:
        reader.read()
        with Session(database.engine) as session, session.begin():
            session.get_one(Word, "old").name = "new"
        assert reader.read(2) == [
            ("deleted", {"name": "old"}),
            ("created", {"name": "new", "size": 0}),
        ]


def test_composite_keys(database: Database) -> None:
    """A deleted item has all attributes of its key."""

    class Cells(CRUDResource[Cell]):
        model = Cell

    app = App("Cells", extensions=[database])
    app.add("/cells", Cells, changes=QUICK)
    client = Client(app)
    with following(client, path="/cells/changes") as reader:
        reader.read()
        client.post("/cells", json={"row": 1, "column": 2, "value": 3})
        assert reader.read() == [("created", {"row": 1, "column": 2, "value": 3})]
        client.delete("/cells/1/2")
        assert reader.read() == [("deleted", {"row": 1, "column": 2})]


# slow transactions


@pytest.mark.external
@pytest.mark.postgresql
def test_the_row_of_a_slow_transaction_is_not_missed(tmp_path: Path) -> None:
    """A change that got its number first and is committed last comes before the others."""
    with database_url("postgresql", tmp_path) as url:
        database = Database(url, create=Base.metadata)
        client = notes(database)
        with following(client) as reader, Session(database.engine) as slow:
            reader.read()
            slow.add(Note(text="slow"))
            slow.flush()
            assert client.post("/notes", json={"text": "quick"}).status == 201
            got: list[Any] = []
            thread = threading.Thread(target=lambda: got.extend(reader.read(2)))
            thread.start()
            time.sleep(0.5)
            assert got == []  # it waits for the slow one
            slow.commit()
            thread.join(20)
            assert [data["text"] for _, data in got] == ["slow", "quick"]
        with database.engine.connect() as connection:
            statement = sa.select(CHANGES.c.id, CHANGES.c.transaction_id).order_by(CHANGES.c.id)
            (first, one), (second, other) = connection.execute(statement)
        assert first < second
        assert one < other
        database.close()


def test_nothing_is_missed_beside_slow_writers(database: Database) -> None:
    """Writers at the same time, of which some are slow: each change arrives, once."""
    client = notes(database)

    def write(writer: int) -> None:
        for number in range(20):
            with Session(database.engine) as session, session.begin():
                session.add(Note(text=f"{writer}.{number}"))
                session.flush()
                if writer == 0:
                    time.sleep(0.03)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(4)]
    with following(client) as reader:
        reader.read()
        for thread in threads:
            thread.start()
        found = [data["text"] for _, data in reader.read(80)]
        for thread in threads:
            thread.join(30)
    assert sorted(found) == sorted(f"{each}.{number}" for each in range(4) for number in range(20))


# who may see what


USERS = {"ann": "a", "bob": "b", "eve": "e", "lister": "l"}


def signed_in(database: Database, resource: Any = Notes, **options: Any) -> App:
    security = HTTPBasic(lambda name, word: name if USERS.get(name) == word else None)
    app = App("Notes", extensions=[database], security=security)
    app.add("/notes", resource, changes=QUICK, **options)
    return app


def basic(name: str) -> Any:
    token = base64.b64encode(f"{name}:{USERS[name]}".encode()).decode()
    return {"headers": {"Authorization": f"Basic {token}"}}


@pytest.mark.parametrize("way", ["rule", "scope", "related rule"])
def test_row_rules_hold(way: str, database: Database) -> None:
    """Nobody hears of the items of others, of those that are gone neither."""
    if way != "scope":
        database.rows(Team)
    if way == "rule":
        database.rows(Note, read=lambda me: Note.owner == me)
    elif way == "related rule":
        database.rows(
            Note, read=lambda me: sa.and_(Note.owner == me, ~Note.team.has(Team.id == 99))
        )

    class Own(Notes):
        def scope(self) -> Any:
            return Note.owner == self.request.caller

    app = signed_in(database, Own if way == "scope" else Notes)
    client = Client(app)
    with (
        following(client, **basic("ann")) as ann,
        following(client, **basic("bob")) as bob,
        following(client, **basic("eve")) as eve,
    ):
        for each in (ann, bob, eve):
            each.read()

        def write(**values: Any) -> None:
            with Session(database.engine) as session, session.begin():
                note = session.get(Note, 1)
                if note is None:
                    session.add(Note(id=1, **values))
                elif values:
                    for name, value in values.items():
                        setattr(note, name, value)
                else:
                    session.delete(note)

        write(text="a", owner="ann")
        assert ann.read()[0][0] == "created"
        write(text="b")
        assert ann.read()[0][0] == "updated"
        write(owner="bob")
        assert ann.read() == [("deleted", {"id": 1})]
        kind, data = bob.read()[0]
        assert (kind, data["text"]) == ("created", "b")
        write()
        assert bob.read() == [("deleted", {"id": 1})]
        write(text="for eve", owner="eve")
        kind, data = eve.read()[0]
        assert (kind, data["text"]) == ("created", "for eve")
        with Session(database.engine) as session, session.begin():
            for number, name in ((2, "ann"), (3, "bob")):
                session.add(Note(id=number, text=f"end of {name}", owner=name))
        # Nothing of Eve's note was in between.
        assert ann.read()[0][1]["text"] == "end of ann"
        assert bob.read()[0][1]["text"] == "end of bob"


def test_items_leave_a_scope(sqlite: Database) -> None:
    """Who could see an item that is removed, or given away, hears of it; nobody else does."""
    client = Client(signed_in(sqlite, Letters))
    with Session(sqlite.engine) as session, session.begin():
        session.add_all(Letter(id=number, owner="ann") for number in (1, 2))
    with following(client, **basic("ann")) as ann, following(client, **basic("bob")) as bob:
        assert [*ann.read(), *bob.read()] == [("ready", {}), ("ready", {})]
        assert client.delete("/notes/1", **basic("ann")).status == 204
        assert ann.read() == [("deleted", {"id": 1})]
        with Session(sqlite.engine) as session, session.begin():
            session.get_one(Letter, 2).owner = "bob"
        assert ann.read() == [("deleted", {"id": 2})]
        assert bob.read() == [("created", {"id": 2, "owner": "bob"})]


def test_permissions_hold(sqlite: Database) -> None:
    """Whoever may list the collection may follow it."""

    class Guarded(Notes):
        permission = {"read": role("reader")}

    users = {"ann": ["reader"], "bob": []}
    security = HTTPBasic(lambda name, word: {"name": name, "roles": users.get(name, [])})
    app = App("Notes", extensions=[sqlite], security=security)
    app.add("/notes", Guarded, changes=QUICK)
    client = Client(app)
    assert client.get("/notes/changes").status == 401
    assert client.get("/notes/changes", **basic("bob")).status == 403
    assert client.get("/notes", **basic("bob")).status == 403
    with following(client, **basic("ann")) as reader:
        assert reader.read() == [("ready", {})]


def test_access_of_the_list_holds(sqlite: Database) -> None:
    """Mappings by the names of methods say it for the list, and so for the feed."""

    class Guarded(Notes):
        permission = {"list": role("lister")}

    security = HTTPBasic(lambda name, word: {"name": name, "roles": [name]})
    app = App("Notes", extensions=[sqlite], security=security)
    app.add("/notes", Guarded, changes=QUICK)
    client = Client(app)
    assert client.get("/notes/changes", **basic("bob")).status == 403
    with following(client, **basic("lister")) as reader:
        assert reader.read() == [("ready", {})]


def test_collections_below_an_item(database: Database) -> None:
    """The variables of the URL choose the items, and a missing parent is a 404."""
    app = App("Teams", extensions=[database])
    app.add("/teams/<int:team_id>/notes", Notes, changes=QUICK)
    client = Client(app)
    with Session(database.engine) as session, session.begin():
        session.add_all([Team(id=1), Team(id=2)])
    assert client.get("/teams/3/notes/changes").status == 404
    with (
        following(client, path="/teams/1/notes/changes") as one,
        following(client, path="/teams/2/notes/changes") as two,
    ):
        one.read()
        two.read()
        client.post("/teams/1/notes", json={"text": "a"})
        assert one.read()[0][1]["text"] == "a"
        with Session(database.engine) as session, session.begin():
            session.get_one(Note, 1).team_id = 2
        assert one.read() == [("deleted", {"id": 1})]
        assert two.read()[0][0] == "created"


def test_soft_deletion(database: Database) -> None:
    """A removed item is deleted for readers, and created when it is restored."""

    class Soft(Notes):
        soft_delete = "removed"

    client = notes(database, Soft)
    with following(client) as reader:
        reader.read()
        client.post("/notes", json={"text": "a"})
        assert reader.read()[0][0] == "created"
        client.delete("/notes/1")
        assert reader.read() == [("deleted", {"id": 1})]
        client.post("/notes/1/restore")
        assert reader.read()[0][0] == "created"


@pytest.mark.parametrize("seed", range(3))
def test_a_copy_becomes_equal(seed: int, database: Database) -> None:
    """A client that applies the events, and loses its connection at any of them, has the items."""
    chance = random.Random(seed)
    database.rows(Team)
    database.rows(Note, read=lambda me: Note.owner == me)
    client = Client(signed_in(database))
    copy: dict[int, Any] = {}
    with following(client, **basic("ann")) as reader:
        reader.read()
    last = reader.last
    for number in range(12):
        for _ in range(chance.randrange(1, 12)):
            _change(database, chance)
        with Session(database.engine) as session, session.begin():
            session.add(Note(id=1000 + number, text="mark", owner="ann"))
        with following(client, last, **basic("ann")) as reader:
            for _ in range(chance.choice([1, 2, 3, 100])):
                ((kind, data),) = reader.read()
                copy.pop(data["id"], None)
                if kind != "deleted":
                    copy[data["id"]] = data
                if data["id"] == 1000 + number:
                    break
        last = reader.last
    with following(client, last, **basic("ann")) as reader:
        while 1011 not in copy or _visible(client) != copy:
            ((kind, data),) = reader.read()
            copy.pop(data["id"], None)
            if kind != "deleted":
                copy[data["id"]] = data
    assert _visible(client) == copy


def _visible(client: Client) -> dict[int, Any]:
    found = client.get("/notes?limit=100", **basic("ann")).json["items"]
    return {each["id"]: each for each in found}


def _change(database: Database, chance: random.Random) -> None:
    """Create, change, hand over or delete one of a few items."""
    with Session(database.engine) as session, session.begin():
        key = chance.randrange(1, 5)
        note = session.get(Note, key)
        if note is None:
            owner = chance.choice(["ann", "bob"])
            session.add(Note(id=key, text=str(chance.random()), owner=owner))
        elif chance.random() < 0.3:
            session.delete(note)
        elif chance.random() < 0.5:
            note.owner = chance.choice(["ann", "bob"])
        else:
            note.text = str(chance.random())


# lost places


@pytest.mark.parametrize("last", ["nonsense", "1", "99999999999999.1", "-1.0", "1.1.1"])
def test_an_unknown_place_is_a_reset(last: str, database: Database) -> None:
    """The client loads everything again, and follows from there."""
    client = notes(database)
    client.post("/notes", json={"text": "a"})
    with following(client, last) as reader:
        assert reader.read() == [("reset", {})]
        client.post("/notes", json={"text": "b"})
        assert [data["text"] for _, data in reader.read()] == ["b"]


def test_old_changes_are_removed(database: Database) -> None:
    """A client that was away for longer is told so, and one that was not goes on."""
    client = notes(database)
    with following(client) as reader:
        reader.read()
        start = reader.last
        for text in "abcd":
            client.post("/notes", json={"text": text})
        reader.read(2)
        middle = reader.last
        reader.read(2)
        end = reader.last
    with database.engine.begin() as connection:
        connection.execute(sa.update(CHANGES).where(CHANGES.c.id <= 3).values(created_at=0))
    again = notes(database)  # whose first client makes it look for old changes
    with following(again, end) as reader:
        client.post("/notes", json={"text": "e"})
        assert [data["text"] for _, data in reader.read()] == ["e"]
    with database.engine.connect() as connection:
        left = [*connection.execute(sa.select(CHANGES.c.id, CHANGES.c.is_floor))]
    assert sorted(tuple(each) for each in left) == [(3, True), (4, False), (5, False)]
    for last in (start, middle):
        with following(again, last) as reader:
            assert reader.read() == [("reset", {})]
    with following(again, end) as reader:
        assert [data["text"] for _, data in reader.read()] == ["e"]


def test_a_limit_of_streams(sqlite: Database) -> None:
    """Each has a thread: one more is a 503, until another one ends."""
    client = notes(sqlite, changes=Changes(streams=2, poll=0.02))
    with following(client):
        with following(client):
            response = client.get("/notes/changes")
            assert response.status == 503
            assert response.headers["Retry-After"]
            assert client.get("/notes").status == 200
        with following(client) as reader:
            assert reader.read() == [("ready", {})]


def test_another_database_is_left_alone(sqlite: Database, tmp_path: Path) -> None:
    """One App follows a model, another one with its own database does not have the table."""
    notes(sqlite)
    plain = Database(f"sqlite:///{tmp_path / 'plain.db'}", create=Base.metadata)
    app = App("Plain", extensions=[plain])
    app.add("/notes", Notes)
    assert Client(app).post("/notes", json={"text": "a"}).status == 201
    assert "restkit_changes" not in sa.inspect(plain.engine).get_table_names()
    assert Client(app).get("/notes/changes").status == 404
    plain.close()


def test_the_document(sqlite: Database) -> None:
    """The feed is an operation with the schemas of its events."""
    app = App("Notes", extensions=[sqlite])
    app.add("/notes", Notes, changes=True)
    document = build(app, version="3.2.0")
    get = document["paths"]["/notes/changes"]["get"]
    assert get["operationId"] == "followNotes"
    assert [each["name"] for each in get["parameters"]] == ["Last-Event-ID"]
    item = get["responses"]["200"]["content"]["text/event-stream"]["itemSchema"]
    kinds = {each["properties"]["event"]["const"]: each for each in item["oneOf"]}
    assert [*kinds] == ["ready", "created", "updated", "deleted", "reset"]
    reference = {"$ref": "#/components/schemas/Note"}
    assert kinds["created"]["properties"]["data"]["contentSchema"] == reference
    deleted = kinds["deleted"]["properties"]["data"]["contentSchema"]
    assert [*deleted["properties"]] == ["id"]
    assert "503" in get["responses"]


class Thing:
    def __init__(self, id: int = 0) -> None:
        self.id = id


def _collection(**members: Any) -> type[CRUDResource[Any]]:
    return type("Wrong", (Notes,), members)


def _own(self: Any, *given: Any) -> Any:
    return None


class ItemSchema(Schema):
    id = fields.Int(dump_only=True)


class Plain(Resource):
    def get(self) -> str:
        return ""


MISTAKES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no collection": (Plain, {}, "is not a CRUDResource"),
    "no class": (5, {}, "changes needs a Resource class"),
    "memory": (
        type("InMemory", (CRUDResource,), {"store": MemoryStore(Thing), "schema": ItemSchema}),
        {},
        "needs a Database on PostgreSQL or SQLite",
    ),
    "list": (_collection(list=_own), {}, "overrides list and has `changes`"),
    "read": (_collection(read=_own), {}, "overrides read and has `changes`"),
    "kinds": (type("Animals", (CRUDResource,), {"model": Animal}), {}, "part in inheritance"),
    "no get": (Notes, {"methods": {"POST"}}, "changes needs GET"),
    "a number": (Notes, {"changes": 5}, r"must be True, False or Changes\(...\), got 5"),
    "no streams": (Notes, {"changes": Changes(streams=0)}, "streams=0"),
    "no poll": (Notes, {"changes": Changes(poll=0)}, "poll=0"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str, sqlite: Database) -> None:
    """Each is one sentence when the class is added."""
    resource, options, message = MISTAKES[name]
    app = App("Wrong", extensions=[sqlite])
    with pytest.raises(DeclarationError, match=message):
        app.add("/wrong", resource, **{"changes": True, **options})


def test_masks_and_permissions_on_items(sqlite: Database) -> None:
    """What the feed could not hold to is refused before the first request."""
    security = HTTPBasic(lambda name, word: name)
    app = App("Masked", extensions=[sqlite], security=security)
    app.add("/notes", _collection(masks={"text": role("staff")}), changes=True)
    with pytest.raises(DeclarationError, match="fields with masks"):
        app.freeze()

    def is_mine(caller: str, note: Note) -> bool:
        return note.owner == caller

    other = App("Ruled", extensions=[sqlite], security=security)
    other.add("/notes", _collection(permission={"list": is_mine}), changes=True)
    with pytest.raises(DeclarationError, match="looks at one item"):
        other.freeze()


def test_a_class_says_it_too(sqlite: Database) -> None:
    """As an attribute; a mount without GET has no feed then."""
    resource = _collection(changes=True)
    app = App("Notes", extensions=[sqlite])
    app.add("/notes", resource)
    app.add("/more", resource, name="More", methods={"POST"})
    paths = build(app)["paths"]
    assert [*paths] == ["/notes", "/notes/{id}", "/notes/changes", "/more"]
