"""Deletions with which the database deletes or changes other rows itself, by ON DELETE."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from restkit import App, NotFound, Request, Resource, provide, raises
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, session
from restkit.testing import Client

ME = {"X-User": "me"}


class Base(DeclarativeBase):
    pass


class Album(Base):
    __tablename__ = "album"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)


class Photo(Base):
    __tablename__ = "photo"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)
    album_id: Mapped[int] = mapped_column(sa.ForeignKey("album.id", ondelete="CASCADE"))
    comments: Mapped[list[Comment]] = relationship(passive_deletes=True, cascade="all")


class Comment(Base):
    __tablename__ = "comment"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)
    photo_id: Mapped[int] = mapped_column(sa.ForeignKey("photo.id", ondelete="CASCADE"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id", ondelete="CASCADE"))


class Pin(Base):
    __tablename__ = "pin"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(sa.Text)
    album_id: Mapped[int | None] = mapped_column(sa.ForeignKey("album.id", ondelete="SET NULL"))


MODELS: tuple[Any, ...] = (Album, Photo, Comment, Pin)


def user(request: Request) -> str:
    return str(request.headers.get("X-User", ""))


class Albums(CRUDResource[Album]):
    model = Album
    bulk = True
    by_filter = ("DELETE",)
    filters = ("id",)


class Photos(CRUDResource[Photo]):
    model = Photo


class Comments(CRUDResource[Comment]):
    model = Comment


class Pins(CRUDResource[Pin]):
    model = Pin


class Own(Resource):
    """A deletion by a resource of the program."""

    session = provide(session)

    @raises(NotFound)
    def delete(self, album_id: int) -> None:
        """Delete an album."""
        album = self.session.get(Album, album_id)
        if album is None:
            raise NotFound
        self.session.delete(album)


class Mine(CRUDResource[Any]):
    def scope(self) -> Any:
        return {"owner": user(self.request)}


class Writable(CRUDResource[Any]):
    def write_scope(self) -> Any:
        return {"owner": user(self.request)}


def rule(database: Database, mechanism: str) -> dict[type, type]:
    """Declare who may change rows, and return the collections of the models."""
    found: dict[type, type] = {Album: Albums, Photo: Photos, Comment: Comments, Pin: Pins}
    if mechanism in ("read", "write"):
        for model in MODELS:
            database.rows(
                model, **{mechanism: lambda me, model=model: model.owner == me}, caller=user
            )
        return found
    base = Mine if mechanism == "scope" else Writable
    for model in (Photo, Comment, Pin):
        found[model] = type(f"{model.__name__}s", (base,), {"model": model, "scoped": ("owner",)})
    return found


@contextmanager
def opened(kind: str, mechanism: str, folder: Path) -> Iterator[tuple[Client, Database]]:
    with database_url(kind, folder) as url:
        database = Database(url, create=Base.metadata)
        app = App("Albums")
        app.install(database)
        for model, declared in rule(database, mechanism).items():
            app.add(f"/{model.__name__.lower()}s", declared)
        app.add("/own/<int:album_id>", Own)
        client = Client(app)
        client.get("/albums", headers=ME)
        yield client, database
        database.close()


def fill(database: Database, *more: object) -> None:
    """Store an album of one's own with rows of one's own, and others."""
    with Session(database.engine) as own:
        own.add_all([Album(id=n, owner="me") for n in (1, 2)])
        own.flush()
        own.add_all([Photo(id=1, owner="me", album_id=1), Photo(id=2, owner="me", album_id=2)])
        own.add_all([Pin(id=1, owner="me", album_id=1)])
        own.flush()
        own.add(Comment(id=1, owner="me", photo_id=1))
        own.flush()
        own.add(Comment(id=2, owner="me", photo_id=1, parent_id=1))
        own.flush()
        own.add_all(more)
        own.commit()


def counts(database: Database) -> dict[str, int]:
    with Session(database.engine) as own:
        return {each.__name__: len(own.scalars(sa.select(each)).all()) for each in MODELS} | {
            "pinned": len(own.scalars(sa.select(Pin).where(Pin.album_id.is_not(None))).all())
        }


FOREIGN: dict[str, Any] = {
    "child": lambda: Photo(id=9, owner="you", album_id=1),
    "grandchild": lambda: Comment(id=9, owner="you", photo_id=1),
    "below itself": lambda: Comment(id=9, owner="you", photo_id=2, parent_id=2),
    "set to null": lambda: Pin(id=9, owner="you", album_id=1),
}
MECHANISMS = ("read", "write", "scope", "write_scope")


def deletions() -> dict[str, Any]:
    return {
        "item": lambda client: client.delete("/albums/1", headers=ME),
        "bulk": lambda client: client.post("/albums/bulk", json={"delete": [1]}, headers=ME),
        "by filter": lambda client: client.delete("/albums?id=1", headers=ME),
    }


@pytest.mark.parametrize("foreign", FOREIGN)
@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_the_caller_may_not_change_stay(
    kind: str, mechanism: str, foreign: str, tmp_path: Path
) -> None:
    """A deletion that would change such a row, at any depth, is a 409 and changes nothing."""
    with opened(kind, mechanism, tmp_path) as (client, database):
        fill(database, FOREIGN[foreign]())
        before = counts(database)
        for send in deletions().values():
            refused = send(client)
            assert refused.status == 409, refused.text
            assert "you" not in refused.text
            assert counts(database) == before
        own = client.delete("/own/1", headers=ME)
        # Code of the program follows the rules of models; scopes are those of collections.
        assert own.status == (409 if mechanism in ("read", "write") else 204)
        assert (counts(database) == before) is (own.status == 409)


@pytest.mark.parametrize("way", [*deletions(), "own"])
@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_rows_of_the_caller_are_deleted(
    kind: str, mechanism: str, way: str, tmp_path: Path
) -> None:
    """They go with their parent, and what is detached stays."""
    with opened(kind, mechanism, tmp_path) as (client, database):
        fill(database, Photo(id=9, owner="you", album_id=2))
        send = deletions().get(way, lambda client: client.delete("/own/1", headers=ME))
        done = send(client)
        assert done.status in (200, 204), done.text
        assert counts(database) == {"Album": 1, "Photo": 2, "Comment": 0, "Pin": 1, "pinned": 0}


@pytest.mark.parametrize("kind", KINDS)
def test_relations_that_leave_deletions_to_the_database(kind: str, tmp_path: Path) -> None:
    """The rows of a list with ``passive_deletes`` are protected too."""
    with opened(kind, "read", tmp_path) as (client, database):
        fill(database, Comment(id=9, owner="you", photo_id=2))
        assert client.delete("/photos/2", headers=ME).status == 409
        assert client.delete("/photos/1", headers=ME).status == 204
        assert counts(database)["Comment"] == 1


@pytest.mark.parametrize("kind", KINDS)
def test_without_rules_the_database_deletes_what_it_wants(kind: str, tmp_path: Path) -> None:
    """Nothing is looked at if nobody says who may change rows."""
    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Albums")
        app.install(database)
        app.add("/albums", Albums)
        client = Client(app)
        client.get("/albums")
        fill(database, *(FOREIGN[name]() for name in ("child", "grandchild", "set to null")))
        statements: list[str] = []
        sa.event.listen(
            database.engine, "before_cursor_execute", lambda *given: statements.append(given[2])
        )
        assert client.delete("/albums/1").status == 204
        assert not [each for each in statements if "photo" in each]
        assert counts(database)["Photo"] == 1
        database.close()
