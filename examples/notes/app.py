"""The tables, the collections, and the App with its guards."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass, field

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, Settings
from restkit.caching import Cache
from restkit.crud import CRUDResource
from restkit.limits import Concurrency, Deadline, Failures, Idempotency, Rate, Sizes, principal
from restkit.security import (
    CORS,
    NOBODY,
    APIKey,
    Caller,
    Hosts,
    JWTBearer,
    Mask,
    SecretsFilter,
    SecurityHeaders,
    role,
    scope,
)
from restkit.sqlalchemy import Database, SQLAlchemyStorage, Versioned


class Base(DeclarativeBase):
    pass


class Note(Versioned, Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(50), index=True)
    title: Mapped[str] = mapped_column(String(200), index=True)
    text: Mapped[str] = mapped_column(String(10_000), default="")
    shared: Mapped[bool] = mapped_column(default=False)
    rating: Mapped[int | None]
    removed_at: Mapped[dt.datetime | None]
    comments: Mapped[list[Comment]] = relationship(back_populates="note")


class Comment(Versioned, Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(50), index=True)
    text: Mapped[str] = mapped_column(String(1_000))
    note_id: Mapped[int] = mapped_column(ForeignKey("note.id"), index=True)
    note: Mapped[Note] = relationship(back_populates="comments")


class Notes(CRUDResource[Note]):
    """Notes: the caller's own, and those that others share."""

    model = Note
    filters = ("title__contains", "owner", "shared", "rating__gte", "comments__text__contains")
    sorts = ("title", "rating")
    expand = ("comments",)
    aggregates = ("count", "rating__max")
    fields = csv = bulk = True
    by_filter = ("PATCH", "DELETE")
    soft_delete = "removed_at"
    masks = {"rating": role("staff"), "owner": Mask(write=NOBODY)}
    permission = {"restore": scope("notes:write") & role("staff")}
    idempotency = Idempotency(SQLAlchemyStorage(Base))


class Comments(CRUDResource[Comment]):
    """Comments on notes that the caller may read."""

    model = Comment
    filters = ("note_id", "note__title__contains")
    expand = ("note",)
    methods = {"GET", "POST", "DELETE"}
    masks = {"owner": Mask(write=NOBODY)}
    idempotency = Idempotency(SQLAlchemyStorage(Base))
    tags = ("Comments",)


@dataclass(frozen=True, kw_only=True)
class NotesSettings(Settings):
    database_url: str = "sqlite:///notes.db"
    jwt_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    jwt_algorithm: str = "HS256"  # if RS256, jwt_key is the public key in PEM
    archive_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    requests_per_minute: int = 600
    failures_per_minute: int = 10


def create_app(settings: NotesSettings | None = None) -> App:
    """Make the App; the database is opened when the first request comes."""
    to = settings or NotesSettings.load()
    database = Database(to.database_url, create=Base.metadata)
    database.rows(Note, owner="owner", read=lambda me: Note.shared)
    database.rows(Comment, owner="owner", read="note.owner")
    people = JWTBearer(
        issuer="https://id.example",
        audience="notes",
        algorithms=[to.jwt_algorithm],
        key=to.jwt_key,
        load=Caller.of,
    )
    archive = Caller("archive", scopes=frozenset({"notes:read"}))
    hosts = Hosts(["notes.example", "127.0.0.1", "localhost"], exempt=["/health"])
    app = App(
        "Notes",
        version="1.0.0",
        description="Notes of many people, with every guard on.",
        contact={"name": "The restkit developers", "url": "https://github.com/restkit/restkit"},
        license={"name": "MIT", "identifier": "MIT"},
        settings=to,
        security=people | APIKey(header="X-API-Key", keys={to.archive_key: archive}),
        permission={"read": scope("notes:read"), "write": scope("notes:write")},
        cors=CORS(["https://notes.example"]),
        limits=[
            Sizes(target=4096, headers=16_384, header=10_240),
            Failures(to.failures_per_minute, per="minute"),
            Rate(to.requests_per_minute, per="minute", key=principal),
            Concurrency(64),
            Deadline(10),
        ],
        cache=Cache(30, client=0),
        extensions=[database, hosts, SecurityHeaders(), SecretsFilter()],
    )
    app.add("/notes", Notes)
    app.add("/notes/<int:note_id>/comments", Comments, name="NoteComments", methods={"GET"})
    app.add("/comments", Comments)

    @app.get("/health", public=True, limits=[], cache=False)
    def health() -> dict[str, str]:
        """Say that the service is there."""
        return {"status": "ok"}

    return app
