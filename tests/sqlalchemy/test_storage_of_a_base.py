"""Idempotency keys in a table that restkit adds to a declarative base."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from databases import KINDS, database_url
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, DeclarationError
from restkit.crud import CRUDResource
from restkit.limits import Idempotency
from restkit.sqlalchemy import Database, IdempotencyRecord, SQLAlchemyStorage
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "note"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(20))


class Notes(CRUDResource[Note]):
    model = Note
    idempotency = Idempotency(SQLAlchemyStorage(Base))


@pytest.mark.parametrize("kind", KINDS)
def test_a_retry_gets_the_stored_response(kind: str, tmp_path: Path) -> None:
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Notes", extensions=[database])
        app.add("/notes", Notes)
        with app:
            client = Client(app)
            key = {"Idempotency-Key": "one"}
            first = client.post("/notes", json={"text": "a"}, headers=key)
            again = client.post("/notes", json={"text": "a"}, headers=key)
            assert first.status == again.status == 201
            assert again.headers["Idempotent-Replayed"] == "true"
            assert len(client.get("/notes").json["items"]) == 1


def test_the_table_is_among_those_of_the_base() -> None:
    """Migrations find it, and two storages share it."""
    assert "idempotency" in Base.metadata.tables
    assert SQLAlchemyStorage(Base)._model is SQLAlchemyStorage(Base)._model


def test_mistakes() -> None:
    class Other(DeclarativeBase):
        pass

    class Mine(Other):
        __tablename__ = "idempotency"

        id: Mapped[int] = mapped_column(primary_key=True)

    with pytest.raises(DeclarationError, match="adds the table 'idempotency', which exists alr"):
        SQLAlchemyStorage(Other)
    with pytest.raises(DeclarationError, match=r"expects a declarative base, or a model .*Mine"):
        SQLAlchemyStorage(Mine)
    for wrong in (5, IdempotencyRecord, dict):
        with pytest.raises(DeclarationError, match="expects a declarative base, or a model with"):
            SQLAlchemyStorage(wrong)  # type: ignore[arg-type]  # the mistake
