"""Values that a model, a column's type or JSON refuses: a 422, a 404 or null, never a 500."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, validates

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Guid(sa.TypeDecorator[str]):
    """A UUID as text, in any spelling that uuid.UUID knows."""

    impl = sa.CHAR(36)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else str(uuid.UUID(value))


class Member(Base):
    __tablename__ = "member"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(sa.String(50))
    name: Mapped[str | None] = mapped_column(sa.String(50))

    @validates("email")
    def check_email(self, key: str, value: str) -> str:
        if "@" not in value:
            raise ValueError("An address has an @.")
        return value


class Thing(Base):
    __tablename__ = "thing"

    id: Mapped[str] = mapped_column(Guid, primary_key=True)
    other: Mapped[str | None] = mapped_column(Guid)


class Reading(Base):
    __tablename__ = "reading"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float | None] = mapped_column(sa.Double)


class Members(CRUDResource[Member]):
    model = Member
    bulk = True


class Things(CRUDResource[Thing]):
    model = Thing
    filters = ("other",)


class Readings(CRUDResource[Reading]):
    model = Reading
    sorts = ("value",)


@pytest.fixture(params=KINDS)
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Client, Database]]:
    """Return a client of the collections, and their database."""
    with (
        database_url(request.param, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Members")
        app.install(database)
        app.add("/members", Members)
        app.add("/things", Things)
        app.add("/readings", Readings)
        yield Client(app), database


def test_a_value_that_the_model_refuses_is_a_422(served: tuple[Client, Database]) -> None:
    """A ValueError of ``validates`` points to the member, by every way to write."""
    client, _ = served
    assert client.post("/members", json={"email": "a@b"}).status == 201
    bad = {"email": "x"}
    patch = [{"op": "replace", "path": "/email", "value": "x"}]
    for response in (
        client.post("/members", json=bad),
        client.put("/members/1", json=bad),
        client.patch("/members/1", json=bad),
        client.patch("/members/1", json=patch, content_type="application/json-patch+json"),
    ):
        assert response.status == 422
        assert [each["pointer"] for each in response.problem["errors"]] == ["/email"]
        assert "x" not in [each["detail"] for each in response.problem["errors"]]
    bulk = client.post("/members/bulk", json={"create": [{"email": "c@d"}, bad]})
    assert bulk.status == 422
    assert [each["pointer"] for each in bulk.problem["errors"]] == ["/create/1/email"]
    assert [each["email"] for each in client.get("/members").json["items"]] == ["a@b"]


def test_a_value_that_a_type_refuses_is_a_422(served: tuple[Client, Database]) -> None:
    """A ValueError of a TypeDecorator is the client's mistake: a 422, or a 404 in a URL."""
    client, _ = served
    key = str(uuid.UUID(int=5))
    assert client.post("/things", json={"id": key}).status == 201
    made = client.post("/things", json={"id": "zz"})
    assert made.status == 422
    assert [each["pointer"] for each in made.problem["errors"]] == ["/id"]
    changed = client.patch(f"/things/{key}", json={"other": "zz"})
    assert changed.status == 422
    assert [each["pointer"] for each in changed.problem["errors"]] == ["/other"]
    assert client.get("/things/zz").status == 404
    assert client.delete("/things/zz").status == 404
    assert client.get("/things?other=zz").status == 422
    assert client.get(f"/things/{key}").json == {"id": key, "other": None}


def test_a_number_that_json_lacks_is_null(
    served: tuple[Client, Database], caplog: pytest.LogCaptureFixture
) -> None:
    """NaN and infinities in one row do not take the list away; the log says so."""
    client, database = served
    postgresql = database.engine.dialect.name == "postgresql"
    values = ["'NaN'", "'Infinity'", "'-Infinity'"] if postgresql else ["9e999", "-9e999"]
    assert client.post("/readings", json={"value": 1.5}).status == 201
    with database.engine.begin() as connection:
        for number, value in enumerate(values, 7):
            statement = f"INSERT INTO reading (id, value) VALUES ({number}, {value})"
            connection.execute(sa.text(statement))
    caplog.set_level(logging.WARNING, "restkit")
    shown = [each["value"] for each in client.get("/readings").json["items"]]
    assert shown == [1.5, *[None] * len(values)]
    assert client.get("/readings/7").json == {"id": 7, "value": None}
    lines = client.get("/readings", headers={"Accept": "application/x-ndjson"}).content
    assert lines.count(b"null") == len(values)
    assert "JSON cannot hold" in caplog.text
