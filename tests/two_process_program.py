"""A program that several processes serve together: one PostgreSQL, one Redis.

``PROGRAM_DATABASE`` and ``PROGRAM_REDIS`` are their URLs, ``PROGRAM_PREFIX`` that of the keys in
Redis, ``PROGRAM_MARKS`` a file that gets a line for each task that has run.
"""

from __future__ import annotations

import os

from marshmallow import Schema, fields, validate
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, Resource, enqueue
from restkit.caching import Cache
from restkit.caching.redis import RedisCache
from restkit.crud import Changes, CRUDResource
from restkit.events import EndpointRecord, Event, Outbox, Webhooks, emit
from restkit.html import Session, Sessions
from restkit.html.redis import RedisStore
from restkit.limits import Idempotency, Rate
from restkit.limits.redis import RedisStorage
from restkit.limits.redis_counters import RedisCounters
from restkit.mcp import MCP
from restkit.sqlalchemy import Database, SQLAlchemyStorage


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(100))


class Endpoint(EndpointRecord, Base):
    __tablename__ = "endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)


class NoteSchema(Schema):
    id = fields.Int(dump_only=True)
    text = fields.Str(required=True, validate=validate.Length(1, 100))


class NoteMade(Event):
    """A note was made."""

    type = "note.made"
    schema = NoteSchema


def mark(note_id: int) -> None:
    """Note that a task ran; a line this short is written whole."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    descriptor = os.open(os.environ["PROGRAM_MARKS"], flags, 0o600)
    try:
        os.write(descriptor, f"{note_id}\n".encode())
    finally:
        os.close(descriptor)


_redis, _prefix = os.environ["PROGRAM_REDIS"], os.environ["PROGRAM_PREFIX"]


class Notes(CRUDResource[Note]):
    """Notes whose keys are in the database."""

    model = Note
    schema = NoteSchema
    idempotency = Idempotency(SQLAlchemyStorage(Base))

    def create(self, item: Note) -> Note:
        made = super().create(item)
        enqueue(mark, made.id)
        emit(NoteMade, made)
        return made


class NotesByRedis(CRUDResource[Note]):
    """Notes whose keys are in Redis."""

    model = Note
    schema = NoteSchema
    methods = {"POST"}
    idempotency = Idempotency(RedisStorage(_redis, prefix=f"{_prefix}keys:"))


database = Database(os.environ["PROGRAM_DATABASE"], create=Base.metadata)
app = App(
    "Notes",
    extensions=[
        database,
        Outbox(database, tasks=[mark]),
        Webhooks(database, events=[NoteMade], endpoints=Endpoint, private_networks=["127.0.0.0/8"]),
    ],
)
app.add("/notes", Notes, changes=Changes(poll=0.1))
app.add("/redis-notes", NotesByRedis, name="RedisNotes")
app.install(MCP(tools=["getNote"], writes=["createNote"]))
_counters = RedisCounters(_redis, prefix=f"{_prefix}limits:")


app.install(
    Sessions(["0123456789abcdef" * 2], store=RedisStore(_redis, prefix=f"{_prefix}sessions:"))
)


class Basket(Resource):
    """The things that a visitor has put into a basket."""

    def get(self, session: Session) -> list[str]:
        """Read the basket."""
        things: list[str] = session.get("things", [])
        return things

    def post(self, session: Session) -> list[str]:
        """Put one more thing into the basket."""
        session["things"] = [*session.get("things", []), "book"]
        return self.get(session)

    def delete(self, session: Session) -> None:
        """Throw the basket away."""
        session.logout()


class StoredNotes(CRUDResource[Note]):
    """Notes whose responses are stored for both processes."""

    model = Note
    schema = NoteSchema
    cache = Cache(600, storage=RedisCache(_redis, prefix=f"{_prefix}responses:", timeout=5))


app.add("/basket", Basket)
app.add("/stored-notes", StoredNotes, name="StoredNotes")


@app.get("/limited", limits=[Rate(20, per="hour", counters=_counters)])
def limited() -> str:
    """Take one of twenty."""
    return "taken"
