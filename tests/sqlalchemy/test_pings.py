"""`Database.ping`: whether the database responds, whatever its pool does."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from restkit import App
from restkit.service import Service
from restkit.sqlalchemy import Database, Limits
from restkit.testing import Client


def test_a_database_that_responds(tmp_path: Path) -> None:
    """The connection stays open; a closed Database opens a new one."""
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    for _ in range(3):
        database.ping()
    database.close()
    database.ping()
    database.close()


def test_a_database_that_is_away(tmp_path: Path) -> None:
    """The driver's exception says why, for the log."""
    database = Database(f"sqlite:///{tmp_path / 'missing' / 'a.db'}")
    with pytest.raises(Exception, match="unable to open database file"):
        database.ping()


def test_a_server_that_nobody_runs() -> None:
    """A ping of PostgreSQL fails in the time to connect, and makes the service unready."""
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none", limits=Limits(connect=2))
    app = App(
        "Shop", extensions=[Service(checks={"database": database.ping}, critical=["database"])]
    )
    response = Client(app).get("/readyz")
    assert response.status == 503
    assert response.json["checks"] == {"database": "failed"}


def test_a_pool_in_use_is_no_failure(tmp_path: Path) -> None:
    """A busy service is ready: the ping does not wait for a connection of the pool."""
    limits = Limits(connections=1, overflow=0, pool=0.1)
    database = Database(f"sqlite:///{tmp_path / 'a.db'}", limits=limits)
    with database.engine.connect() as taken:
        taken.execute(text("SELECT 1"))
        database.ping()
    database.close()
