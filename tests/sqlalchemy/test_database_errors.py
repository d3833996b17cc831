"""Errors of the database: which are the client's, which the service's, and which nobody knows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from marshmallow import Schema, fields
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App, Resource, ServiceUnavailable, UnprocessableContent, provide, raises
from restkit.sqlalchemy import Database
from restkit.sqlalchemy.errors import problem_of
from restkit.sqlalchemy.store import FAILURES
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Jar(Base):
    __tablename__ = "jar"
    __table_args__ = (sa.CheckConstraint("amount > 0"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(sa.String(20))
    amount: Mapped[int]


class JarSchema(Schema):
    label = fields.Str(allow_none=True)
    amount = fields.Int(allow_none=True)


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    """Serve jars from a resource that checks nothing itself."""
    database = Database(f"sqlite:///{tmp_path / 'jars.db'}", create=Base.metadata)

    class Jars(Resource):
        schema = JarSchema
        session: Any = provide(database.session)

        @raises(UnprocessableContent, ServiceUnavailable)
        def post(self, body: dict[str, Any]) -> Any:
            session: Session = self.session
            session.execute(sa.insert(Jar).values(**body))
            return body

    app = App("Jars")
    app.install(database)
    app.add("/jars", Jars)
    yield Client(app)
    database.close()


@pytest.mark.parametrize(
    "content",
    [{"label": None, "amount": 1}, {"label": "plums", "amount": 0}],
    ids=["null", "check"],
)
def test_what_a_column_forbids_is_a_422(client: Client, content: dict[str, Any]) -> None:
    """NOT NULL and CHECK of SQLite are the client's fault where the schema lets the value
    through.
    """
    assert client.post("/jars", json={"label": "plums", "amount": 1}).status == 201
    response = client.post("/jars", json=content)
    assert response.status == 422
    assert response.media_type == "application/problem+json"
    assert "plums" not in response.text


class Asked:
    """A request, as far as errors of the database look at it."""

    method = "POST"
    path = "/jars"
    environ: dict[str, Any] = {}


class UnknownError(Exception):
    """Raised when a driver says something that restkit does not know."""


@pytest.mark.parametrize("name", [None, "SQLITE_MISUSE", "SQLITE_TOOBIG_OF_TOMORROW"])
def test_an_error_that_nobody_knows_is_raised_again(name: str | None) -> None:
    """An error of the driver that has no meaning here is a 500 with its traceback,
    no 4xx or 503.
    """
    cause: Exception = UnknownError("?") if name is None else sqlite3.DatabaseError("?")
    if name is not None:
        cause.sqlite_errorname = name  # type: ignore[attr-defined]  # as the module sets it
    error = DBAPIError("SELECT 1", {}, cause)
    with pytest.raises(DBAPIError) as raised:
        problem_of(error, Asked())
    assert raised.value is error


def test_failures_say_their_stage() -> None:
    """What may fail in any request on a database names the stage at which it does."""
    found = {(failure.problem.status, failure.stage) for failure in FAILURES}
    assert found == {(503, "database"), (507, "database")}


def test_an_invalidated_connection_goes_back_to_the_pool(tmp_path: Path) -> None:
    """A connection that is given up within a transaction leaves the pool usable."""
    database = Database(f"sqlite:///{tmp_path / 'jars.db'}", create=Base.metadata)
    with database.engine.connect() as connection:
        connection.execute(sa.insert(Jar).values(label="plums", amount=1))
        connection.invalidate()
    with database.engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Jar)) == 0
    database.close()
