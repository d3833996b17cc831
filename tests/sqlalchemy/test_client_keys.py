"""Keys that clients choose by PUT, beside keys that the database gives."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Counted(Base):
    __tablename__ = "counted"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(9))


class Identified(Base):
    __tablename__ = "identified"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Identity(), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(9))


class Sequenced(Base):
    __tablename__ = "sequenced"

    id: Mapped[int] = mapped_column(sa.Integer, sa.Sequence("sequenced_ids"), primary_key=True)
    text: Mapped[str] = mapped_column(sa.String(9))


class Chosen(Base):
    __tablename__ = "chosen"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    text: Mapped[str] = mapped_column(sa.String(9))


class Country(Base):
    __tablename__ = "country"

    code: Mapped[str] = mapped_column(sa.String(2), primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database_url(request.param, tmp_path) as found:
        yield found


@contextmanager
def served(url: str, model: type, **members: Any) -> Generator[Client]:
    with closing(Database(url, create=Base.metadata)) as database:
        app = App("Keys", contract="raise")
        app.install(database)
        made: Any = type("Items", (CRUDResource,), {"model": model, "upsert": True, **members})
        app.add("/items", made)
        yield Client(app)


@pytest.mark.external
@pytest.mark.postgresql
@pytest.mark.parametrize("model", [Counted, Identified, Sequenced])
def test_clients_and_a_sequence_do_not_choose_the_same_keys(model: type, tmp_path: Path) -> None:
    """A sequence of PostgreSQL does not see keys that clients choose, so that a collection whose
    key comes from one is rejected with upsert and POST.
    """
    says = rf"{model.__name__}.id comes from a sequence.*upsert = False"
    with database_url("postgresql", tmp_path) as url:
        with pytest.raises(DeclarationError, match=says), served(url, model) as client:
            client.get("/items")
        with served(url, model, methods={"GET", "PUT"}) as client:
            assert client.put("/items/2", json={"text": "a"}).status == 201
            assert client.put("/items/2", json={"text": "b"}).json == {"id": 2, "text": "b"}


def test_sqlite_counts_from_the_largest_key(tmp_path: Path) -> None:
    """A key that a client chose does not disturb the keys that SQLite gives."""
    with database_url("sqlite", tmp_path) as url, served(url, Counted) as client:
        assert client.put("/items/2", json={"text": "a"}).status == 201
        made = [client.post("/items", json={"text": "b"}) for _ in range(3)]
        assert [each.status for each in made] == [201, 201, 201]
        assert [each.json["id"] for each in made] == [3, 4, 5]


def test_a_generated_uuid_may_be_chosen_by_clients_as_well(url: str) -> None:
    """A PUT without a key in its body creates the item under the key of the URL."""
    key = str(uuid.uuid4())
    with served(url, Chosen) as client:
        made = client.put(f"/items/{key}", json={"text": "a"})
        assert made.status == 201
        assert made.json == {"id": key, "text": "a"}
        assert client.get(f"/items/{key}").json == made.json
        assert client.post("/items", json={"text": "b"}).status == 201


def test_the_document_requires_the_key_in_a_post_alone(url: str) -> None:
    """PUT has a schema of its own, in which the key of the URL is optional."""
    with served(url, Country) as client:
        schemas = client.get("/openapi.json").json["components"]["schemas"]
        assert schemas["Country"]["required"] == ["code", "name"]
        assert schemas["CountryReplacement"]["required"] == ["name"]
        assert client.put("/items/GB", json={"name": "Britain"}).status == 201
        assert client.put("/items/GB", json={"code": "GB", "name": "UK"}).json["name"] == "UK"
        assert client.put("/items/GB", json={"code": "FR", "name": "UK"}).status == 409
        assert client.post("/items", json={"name": "x"}).problem["errors"][0]["pointer"] == "/code"
