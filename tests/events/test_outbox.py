"""Declarations of events and tasks that cannot be meant are refused when the program starts."""

from __future__ import annotations

import functools
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.orm import DeclarativeBase

from restkit import App, CollisionError, DeclarationError
from restkit.events import Event, Outbox, outbox_metadata
from restkit.sqlalchemy import Database, changes_metadata


class Thing(Schema):
    id = fields.Int()


class Made(Event):
    type = "thing.made"
    schema = Thing


class Again(Event):
    type = "thing.made"
    schema = Thing


def event(**members: Any) -> type[Event]:
    return type("Wrong", (Event,), {"type": "a.b", "schema": Thing, **members})


def task() -> None:
    pass


async def later() -> None:
    pass


class Mails:
    def send(self) -> None:
        pass

    @staticmethod
    def post() -> None:
        pass


def database() -> Database:
    return Database("sqlite://")


MISTAKES: dict[str, tuple[Any, str]] = {
    "no database": (lambda: Outbox("sqlite://"), "expects the Database"),
    "mysql": (lambda: Outbox(Database("mysql+pymysql://a/b")), "Database is mysql"),
    "one function": (lambda: Outbox(database(), tasks=task), r"must be a list of functions"),
    "a path": (lambda: Outbox(database(), tasks="a:b"), r"must be a list of functions"),
    "paths": (lambda: Outbox(database(), tasks=["a:b"]), r"must be a list of functions"),
    "lambda": (lambda: Outbox(database(), tasks=[lambda: None]), "cannot import by its name"),
    "method": (lambda: Outbox(database(), tasks=[Mails().send]), "cannot import by its name"),
    "partial": (
        lambda: Outbox(database(), tasks=[functools.partial(task)]),
        "cannot import by its name",
    ),
    "async": (lambda: Outbox(database(), tasks=[later]), "async"),
    "no list": (lambda: Outbox(database(), events=Made), "must be a list of Event classes"),
    "no class": (lambda: Outbox(database(), events=["a"]), "must be a list of Event classes"),
    "a schema": (lambda: Outbox(database(), events=[Thing]), "must be a list of Event classes"),
    "no type": (lambda: Outbox(database(), events=[event(type="")]), "Wrong.type must be names"),
    "a slash": (lambda: Outbox(database(), events=[event(type="a/b")]), "Wrong.type must be"),
    "an end": (lambda: Outbox(database(), events=[event(type="a.b.")]), "Wrong.type must be"),
    "a line": (lambda: Outbox(database(), events=[event(type="a\n")]), "Wrong.type must be"),
    "long": (lambda: Outbox(database(), events=[event(type="a" * 256)]), "Wrong.type must be"),
    "no schema": (lambda: Outbox(database(), events=[event(schema=None)]), "Wrong has no schema"),
    "wrong schema": (lambda: Outbox(database(), events=[event(schema=5)]), "Wrong.schema"),
    "nothing": (lambda: Outbox(database()), "has no tasks and no events"),
    "no relay": (lambda: Outbox(database(), events=[Made]), "needs a function that sends them"),
    "wrong relay": (
        lambda: Outbox(database(), events=[Made], relay=task),
        r"Outbox\(relay=...\) is task\(\)",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name: str) -> None:
    """Each is one sentence that names the declaration."""
    make, message = MISTAKES[name]
    with pytest.raises(DeclarationError, match=message):
        make()


def test_two_events_of_one_type() -> None:
    """Receivers could not tell them apart."""
    with pytest.raises(CollisionError, match=r"two Event classes have the type 'thing.made'"):
        Outbox(database(), events=[Made, Again], relay=print)
    assert len(Outbox(database(), events=[Made, Made], relay=print).events) == 1


def test_two_outboxes_of_one_database() -> None:
    """One Outbox has all functions; another database may have another one."""
    one = database()
    app = App("Shop", extensions=[Outbox(one, tasks=[task])])
    with pytest.raises(DeclarationError, match="has an Outbox of this Database already"):
        app.install(Outbox(one, tasks=[Mails.post]))
    app.install(Outbox(database(), tasks=[task]))
    assert len(app.extensions) == 2


def test_static_methods_have_an_import_path() -> None:
    """They are found by their class."""
    assert [*Outbox(database(), tasks=[Mails.post]).tasks] == [f"{__name__}:Mails.post"]


def test_functions_of_the_program_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """`python app.py` writes the path that `restkit worker app` can import."""
    main = types.ModuleType("__main__")
    main.__file__ = "/srv/app.py"
    exec("def send():\n    pass", main.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", main)
    assert [*Outbox(database(), tasks=[main.send]).tasks] == ["app:send"]


@pytest.mark.parametrize("kind", KINDS)
def test_alembic_sees_the_tables(kind: str, tmp_path: Path) -> None:
    """With their metadata, autogenerate makes the tables, and later changes nothing."""

    class Base(DeclarativeBase):
        pass

    whole = [Base.metadata, outbox_metadata, changes_metadata]
    with database_url(kind, tmp_path) as url:
        made = Database(url)
        with made.migration() as connection, connection.begin():
            found = compare_metadata(MigrationContext.configure(connection), whole)
            assert [each[0] for each in found] == ["add_table", "add_index"] * 2
            for each in whole:
                each.create_all(connection)
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, whole) == []
        made.close()
