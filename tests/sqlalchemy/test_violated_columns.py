"""Violated constraints in resources of the program: the problem names the member or the column."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App, Resource, provide, takes
from restkit.sqlalchemy import Database, session
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Shelf(Base):
    __tablename__ = "shelf"

    id: Mapped[int] = mapped_column(primary_key=True)


class Jar(Base):
    __tablename__ = "jar"
    __table_args__ = (
        sa.CheckConstraint("amount > 0", name="some_amount"),
        sa.UniqueConstraint("label", "amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(20), unique=True)
    amount: Mapped[int]
    shelf_id: Mapped[int | None] = mapped_column(ForeignKey("shelf.id"))


class JarSchema(Schema):
    label = fields.Str(allow_none=True)
    code = fields.Str(data_key="jarCode")
    number = fields.Int(attribute="amount")
    shelf_id = fields.Int(data_key="shelf")


class Jars(Resource):
    schema = JarSchema
    session = provide(session)

    def post(self, body: dict[str, Any]) -> None:
        self.session.add(Jar(**body))

    def put(self, body: dict[str, Any]) -> None:
        self.session.execute(sa.insert(Jar).values(**{"label": "x", **body}))


class Fixed(Resource):
    """Takes no content."""

    session = provide(session)

    def post(self) -> None:
        self.session.add(Jar(label="fixed", amount=1))

    def put(self) -> None:
        self.session.add(Jar(label="fixed", amount=1, code="one"))


class Form(Resource):
    session = provide(session)

    @takes(form=JarSchema)
    def post(self, form: dict[str, Any]) -> None:
        self.session.add(Jar(**form))


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Jars")
        app.install(database)
        app.add("/jars", Jars)
        app.add("/fixed", Fixed)
        app.add("/form", Form)
        with Session(database.engine) as own:
            own.add(Jar(label="plums", code="one", amount=5))
            own.commit()
        yield Client(app)
        database.close()


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("changed", "status", "errors"),
    [
        ({"label": None}, 422, {"/label": "null"}),
        ({"jarCode": "one"}, 409, {"/jarCode": "unique"}),
        ({"label": "plums", "number": 5}, 409, {"/label": "unique", "/number": "unique"}),
        ({"number": 0}, 422, {}),
    ],
)
def test_each_constraint_has_the_members_of_the_content(
    client: Client, method: str, changed: dict[str, Any], status: int, errors: dict[str, str]
) -> None:
    """By attributes of objects at the commit, and by a statement at once."""
    content = {"label": "pears", "jarCode": "two", "number": 1, **changed}
    response = client.request(method, "/jars", json=content)
    assert response.status == status, response.text
    found = response.problem.get("errors", [])
    assert {each["pointer"]: each["code"] for each in found} == errors
    assert "pears" not in response.text
    assert client.request(method, "/jars", json={**content, **_GOOD}).status == 204


_GOOD = {"label": "pears", "jarCode": "two", "number": 1}


def test_a_foreign_key_is_a_409(client: Client) -> None:
    """PostgreSQL names its column, SQLite does not."""
    response = client.post("/jars", json={**_GOOD, "shelf": 9})
    assert response.status == 409
    pointers = [each["pointer"] for each in response.problem.get("errors", [])]
    assert pointers in ([], ["/shelf"])


def test_a_column_outside_of_the_content_is_named_in_words(client: Client) -> None:
    """A client that cannot point at it can tell the owner of the service."""
    response = client.post("/fixed")
    assert response.status == 422
    assert response.problem["detail"] == "The database requires a value for 'code'."
    response = client.put("/fixed")
    assert response.status == 409
    assert response.problem["detail"] == "Another item has this value of 'code'."


def test_a_constraint_has_the_field_of_a_form(client: Client) -> None:
    response = client.post("/form", data={"label": "pears", "jarCode": "one", "number": "1"})
    assert response.status == 409
    assert [each["pointer"] for each in response.problem["errors"]] == ["/jarCode"]
