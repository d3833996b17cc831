"""Engines: the limits of connections are added to what the program says of them itself."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from databases import database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import NullPool, QueuePool, StaticPool

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Limits
from restkit.testing import Client

pytestmark = [pytest.mark.filterwarnings("ignore::ResourceWarning")]
postgresql = [pytest.mark.external, pytest.mark.postgresql]
LIMITS = {"statement_timeout": "30s", "lock_timeout": "5s", "TimeZone": "UTC"}


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.Text, default="")


def settings(url: str, *names: str, **options: Any) -> dict[str, object]:
    """Return settings of a connection."""
    database = Database(url, **options)
    with database.engine.connect() as connection:
        found = {name: connection.scalar(sa.text(f"SHOW {name}")) for name in names}
    database.close()
    return found


@pytest.mark.external
@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("more", "options", "shown"),
    [
        ("", {}, {}),
        ("?options=-csearch_path%3Dtenant", {}, {"search_path": "tenant"}),
        (
            "?options=-csearch_path%3Dtenant&options=-cwork_mem%3D8MB",
            {},
            {"search_path": "tenant", "work_mem": "8MB"},
        ),
        ("?application_name=mine", {}, {"application_name": "mine"}),
        (
            "?options=-cwork_mem%3D8MB",
            {"connect_args": {"options": "-csearch_path=tenant", "application_name": "mine"}},
            {"search_path": "tenant", "application_name": "mine", "work_mem": "8MB"},
        ),
        ("?options=-cstatement_timeout%3D7s", {}, {"statement_timeout": "7s"}),
        ("", {"connect_args": {"options": "-c lock_timeout=9s"}}, {"lock_timeout": "9s"}),
        ("?connect_timeout=17&keepalives_idle=99", {}, {}),
        ("", {"poolclass": NullPool}, {}),
    ],
)
def test_own_options_and_limits_hold_together(
    tmp_path: Path, more: str, options: dict[str, Any], shown: dict[str, str]
) -> None:
    """Options in the URL, `connect_args` and other pools keep the limits; a said one wins."""
    wanted = {**LIMITS, **shown}
    with database_url("postgresql", tmp_path) as url:
        assert settings(url + more, *wanted, **options) == wanted


@pytest.mark.external
@pytest.mark.postgresql
def test_options_of_the_environment_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PGOPTIONS, which libpq reads only without other options, holds beside the limits."""
    monkeypatch.setenv("PGOPTIONS", "-c search_path=tenant")
    wanted = {**LIMITS, "search_path": "tenant"}
    with database_url("postgresql", tmp_path) as url:
        assert settings(url, *wanted) == wanted


@pytest.mark.external
@pytest.mark.postgresql
def test_connections_that_the_program_makes_have_the_limits(tmp_path: Path) -> None:
    """With `creator`, which ignores all other arguments, the limits are set on each connection."""
    with database_url("postgresql", tmp_path) as url:
        found = settings(url, *LIMITS, creator=lambda: psycopg.connect(url))
        assert found == LIMITS


@pytest.mark.parametrize(
    "options",
    [{"connect_args": {"uri": True}}, {"poolclass": NullPool}, {"poolclass": QueuePool}],
)
def test_sqlite_keeps_threads_and_waits(tmp_path: Path, options: dict[str, Any]) -> None:
    """Own arguments for SQLite leave other threads and the time for a lock as they are."""
    database = Database(
        f"sqlite:///{tmp_path}/a.db", create=Base.metadata, limits=Limits(lock=3), **options
    )
    app = App("Notes")
    app.install(database)
    app.add("/notes", type("Notes", (CRUDResource,), {"model": Note}))
    client = Client(app)
    assert client.post("/notes", json={}).status == 201
    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(client.get("/notes").status))
    thread.start()
    thread.join()
    assert found == [200]
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("PRAGMA busy_timeout")) == 3000
        assert connection.scalar(sa.text("PRAGMA foreign_keys")) == 1
    database.close()


def test_one_connection_in_memory_may_have_a_static_pool() -> None:
    """A pool without a size takes no arguments of sized ones."""
    database = Database("sqlite://", create=Base.metadata, poolclass=StaticPool)
    with database.engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM note")) == 0
    database.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=postgresql)])
def test_logs_of_failed_statements_show_no_parameters(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected failure is logged without the data of users; the program may ask for it."""
    with database_url(kind, tmp_path) as url:
        for options, shows in (({}, False), ({"hide_parameters": False}, True)):
            database = Database(url, create=Base.metadata, **options)
            caplog.clear()
            caplog.set_level(logging.INFO, "sqlalchemy.engine")
            with (
                pytest.raises(sa.exc.SQLAlchemyError) as raised,
                database.engine.begin() as connection,
            ):
                connection.execute(sa.text("SELECT missing(:x)"), {"x": "confidential"})
            assert ("confidential" in str(raised.value) + caplog.text) is shows
            database.close()


class NotConnectedError(Exception):
    """Raised in place of a connection."""


@pytest.mark.parametrize(
    ("query", "limits", "expected"),
    [
        ("", {}, {}),
        ("?keepalives_count=9&connect_timeout=7", {}, {}),
        ("", {"connect": 1}, {"connect_timeout": 2}),
        ("", {"connect": 9.9}, {"connect_timeout": 9}),
    ],
)
def test_a_lost_server_is_noticed_in_a_minute(
    query: str, limits: dict[str, Any], expected: dict[str, int]
) -> None:
    """What the driver is told, in seconds; words in the URL win."""
    database = Database(f"postgresql://nobody@127.0.0.1:1/none{query}", limits=Limits(**limits))
    told: dict[str, Any] = {}

    def connect(_dialect: object, _record: object, _given: object, named: dict[str, Any]) -> None:
        told.update(named)
        raise NotConnectedError

    sa.event.listen(database.engine, "do_connect", connect)
    with pytest.raises(NotConnectedError):
        database.engine.connect()
    database.close()
    usual: dict[str, object] = {
        "connect_timeout": 5,
        "keepalives": 1,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
    }
    if query:
        usual |= {"keepalives_count": "9", "connect_timeout": "7"}
    assert {name: told[name] for name in usual} == {**usual, **expected}
    assert told["options"] == (
        "-c lock_timeout=5000 -c statement_timeout=30000 "
        "-c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
    )
