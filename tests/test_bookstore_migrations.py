"""The bookstore's migrations: they make what the models say, and take it back,
on SQLite and PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url

from restkit.sqlalchemy import Database
from restkit.testing import Client

ROOT = Path(__file__).parents[1]
BOOKSTORE = ROOT / "examples" / "bookstore"


@dataclass
class Place:
    """Is an empty database, and Alembic as one types it there.

    Attributes:
        url: Of the database.
        alembic: Runs a command, and returns what it printed.
    """

    url: str
    alembic: Callable[..., str]

    def tables(self) -> set[str]:
        """Return the names of the tables that are there."""
        database = Database(self.url)
        try:
            return set(sa.inspect(database.engine).get_table_names()) - {"alembic_version"}
        finally:
            database.close()


def typed(url: str, folder: Path = BOOKSTORE) -> Callable[..., str]:
    """Return what runs Alembic with the ini file of a folder."""

    def alembic(*words: str) -> str:
        command = [sys.executable, "-m", "alembic", "-c", str(folder / "alembic.ini"), *words]
        environment = {**os.environ, "RESTKIT_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return alembic


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with database_url(request.param, tmp_path) as url:
        yield Place(url, typed(url))


@pytest.fixture
def bookstore(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the example's module of models, and what makes its App."""
    monkeypatch.syspath_prepend(str(ROOT))
    from examples.bookstore import create_app, models

    return models, create_app


def test_migrations_make_what_the_models_say(place: Place, bookstore: Any) -> None:
    """After an upgrade of an empty database Alembic finds no difference between it and the
    models.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    place.alembic("upgrade", "head")
    assert "No new upgrade operations detected" in place.alembic("check")
    with Database(place.url).migration() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, bookstore[0].Base.metadata) == []


def test_a_difference_would_be_found(place: Place, bookstore: Any) -> None:
    """The comparison is a net with meshes:
    a column that is shorter, nullable, or without its index is found.
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    place.alembic("upgrade", "head")
    metadata = sa.MetaData(naming_convention=bookstore[0].Base.metadata.naming_convention)
    for table in bookstore[0].Base.metadata.tables.values():
        table.to_metadata(metadata)
    book = metadata.tables["book"]
    book.c.title.type = sa.String(100)
    book.c.genre.nullable = True
    book.indexes.clear()
    with Database(place.url).migration() as connection:
        found = compare_metadata(MigrationContext.configure(connection), metadata)
    assert {each[0] if isinstance(each, tuple) else each[0][0] for each in found} == {
        "modify_type",
        "modify_nullable",
        "remove_index",
    }


def test_the_bookstore_runs_on_what_was_migrated(place: Place, bookstore: Any) -> None:
    """The service does its work on the tables that Alembic has made:
    items, rules, repeated requests, covers.
    """
    place.alembic("upgrade", "head")
    database = Database(place.url)
    try:
        client = Client(bookstore[1](database))
        author = client.post("/authors", json={"name": "Jane Austen"}).json["id"]
        taken = client.post("/authors", json={"name": "Jane Austen"})
        assert taken.status == 409
        assert taken.problem["errors"][0]["pointer"] == "/name"
        book = {
            "title": "Emma",
            "genre": "fiction",
            "author_id": author,
            "price": "7.5",
            "tags": ["novel"],
        }
        key = {"Idempotency-Key": "emma"}
        first, again = (client.post("/books", json=book, headers=key) for _ in range(2))
        assert first.json == again.json
        assert first.json["price"] == "7.50"
        nobody = client.post("/books", json={**book, "author_id": 999})
        assert nobody.status == 409
        assert nobody.problem["errors"][0]["pointer"] == "/author_id"
        cover = {"cover": ("emma.png", b"png", "image/png")}
        assert client.put(f"/books/{first.json['id']}/cover", files=cover).status == 204
        assert (
            client.get(f"/authors/{author}/books?tags__has=novel").json["items"][0]["title"]
            == "Emma"
        )
        assert client.delete(f"/authors/{author}").status == 409
    finally:
        database.close()


def test_migrations_are_taken_back(place: Place) -> None:
    """A downgrade leaves nothing behind, and an upgrade after it makes all of it again."""
    place.alembic("upgrade", "head")
    assert place.tables() == {"author", "book", "cover", "kept"}
    place.alembic("downgrade", "base")
    assert place.tables() == set()
    place.alembic("upgrade", "head")
    assert place.tables() == {"author", "book", "cover", "kept"}


def test_migrations_as_a_script(place: Place) -> None:
    """`--sql` prints the statements for somebody else to run, and touches no database."""
    printed = place.alembic("upgrade", "head", "--sql")
    assert "CREATE TABLE author" in printed
    assert place.tables() == set()


THINGS = """
import datetime as dt
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from restkit.sqlalchemy import IdempotencyRecord, Timestamps, UTCDateTime, Versioned

class Base(DeclarativeBase): ...

class Thing(Versioned, Timestamps, Base):
    __tablename__ = "thing"
    id: Mapped[int] = mapped_column(primary_key=True)
    period: Mapped[dt.timedelta | None]
    seen: Mapped[dt.datetime | None] = mapped_column(UTCDateTime())

class Kept(IdempotencyRecord, Base):
    __tablename__ = "kept"
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_revision_has_types_of_sqlalchemy_only(kind: str, tmp_path: Path) -> None:
    """What autogenerate writes of other models by our files runs,
    and names no class of restkit's.
    """
    copy = tmp_path / "things" / "service"
    shutil.copytree(BOOKSTORE, copy, ignore=shutil.ignore_patterns("__pycache__", "r0001*"))
    (tmp_path / "models.py").write_text(THINGS, "utf-8")
    env = copy / "migrations" / "env.py"
    env.write_text(env.read_text("utf-8").replace("examples.bookstore.models", "models"), "utf-8")
    with database_url(kind, tmp_path) as url:
        alembic = typed(url, copy)
        alembic("revision", "--autogenerate", "-m", "Make the tables")
        (made,) = (copy / "migrations" / "versions").glob("r*.py")
        written = made.read_text("utf-8")
        assert written.startswith('"""Make the tables.\n')
        assert "sa.Column('seen', sa.DateTime(timezone=True)" in written
        assert "sa.Column('period', sa.Interval()" in written
        assert "restkit" not in written
        alembic("upgrade", "head")
        assert "No new upgrade operations detected" in alembic("check")


def test_instances_that_start_at_once_migrate_once(place: Place) -> None:
    """Three upgrades at the same time take turns:
    one makes the tables, the others find nothing to do.
    """
    with ThreadPoolExecutor(3) as threads:
        printed = [
            each.result()
            for each in [threads.submit(place.alembic, "upgrade", "head") for _ in range(3)]
        ]
    assert sum("Running upgrade  -> 0001" in each for each in printed) == 1
    assert place.tables() == {"author", "book", "cover", "kept"}
