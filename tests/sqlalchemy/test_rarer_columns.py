"""Columns of rarer types: what they cannot store is a 422, and what has no form is refused."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from marshmallow import Schema, fields
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.errors import DeclarationError
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Token(Base):
    __tablename__ = "token"

    id: Mapped[str] = mapped_column(sa.Uuid(as_uuid=False), primary_key=True)
    other: Mapped[str | None] = mapped_column(sa.Uuid(as_uuid=False))


class Tokens(CRUDResource[Token]):
    model = Token
    filters = ("id", "other__gt", "id__in")
    bulk = True


KEY = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


@pytest.mark.parametrize("kind", KINDS)
def test_a_text_that_is_no_uuid(kind: str, tmp_path: Path) -> None:
    """It names no item, and is a 422 in content and filters; another spelling is stored."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Tokens")
        app.install(database)
        app.add("/tokens", Tokens)
        client = Client(app)
        for wrong in ("x", "", KEY[:-1], KEY + "\n", KEY + "0", f"{{{KEY}}}", "g" + KEY[1:]):
            for body in ({"id": wrong}, {"id": KEY, "other": wrong}):
                refused = client.post("/tokens", json=body)
                assert refused.status == 422, refused.text
                assert refused.problem["errors"][0]["pointer"] == f"/{list(body)[-1]}"
            bulk = client.post("/tokens/bulk", json={"create": [{"id": wrong}]})
            assert bulk.status == 422, bulk.text
        for query in ("id=x", "other__gt=x", f"id__in=x,{KEY}"):
            assert client.get(f"/tokens?{query}").status == 422
        assert client.get("/tokens/x").status == 404
        assert client.get("/tokens").json["items"] == []
        made = client.post("/tokens", json={"id": KEY.upper().replace("-", ""), "other": KEY})
        assert (made.status, made.json) == (201, {"id": KEY, "other": KEY})
        assert client.get(f"/tokens/{KEY.upper()}").json == made.json
        assert client.get(f"/tokens?id={KEY.upper()}").json["items"] == [made.json]


class Other(DeclarativeBase):
    pass


class Span(Other):
    __tablename__ = "span"

    id: Mapped[int] = mapped_column(primary_key=True)
    days: Mapped[pg.Range[int] | None] = mapped_column(pg.INT4RANGE)


class Opening(Other):
    __tablename__ = "opening"

    id: Mapped[int] = mapped_column(primary_key=True)
    at = mapped_column(sa.Time(timezone=True))


class Price(Other):
    __tablename__ = "price"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount = mapped_column(pg.MONEY)


class Words(Other):
    __tablename__ = "words"

    id: Mapped[int] = mapped_column(primary_key=True)
    vector = mapped_column(pg.TSVECTOR)


class Secret(Other):
    __tablename__ = "secret"

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str | None] = mapped_column(sa.Text, deferred=True, deferred_raiseload=True)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (Span, "days has the type INT4RANGE, which has ranges, which have no form in JSON"),
        (Opening, "at has the type Time, which has times with an offset"),
        (Price, "amount has the type MONEY, which has amounts as the database writes them"),
        (Words, "vector has the type TSVECTOR, which has the words of a full-text search"),
        (Secret, "text has deferred_raiseload=True, so that an item does not load it"),
    ],
)
def test_values_without_a_form_are_refused(model: type, message: str) -> None:
    """The sentence at start-up names the attribute and what to do."""
    with closing(Database("sqlite://")) as database:
        app = App("Odd")
        app.install(database)
        with pytest.raises(DeclarationError, match=message):
            app.add("/odd", type("Odds", (CRUDResource,), {"model": model}))


class IdSchema(Schema):
    id = fields.Int(dump_only=True)


class Bounds(fields.Field[Any]):
    """A field for ranges as lists of two bounds."""

    def _serialize(self, value: Any, *given: Any, **more: Any) -> Any:
        return None if value is None else [value.lower, value.upper]

    def _deserialize(self, value: Any, *given: Any, **more: Any) -> Any:
        return pg.Range(*value)


class SpanSchema(IdSchema):
    days = Bounds(allow_none=True)


def test_an_own_field_or_none_serves_them(tmp_path: Path) -> None:
    """A schema has a field of its own for the attribute, or leaves it out."""
    tables = [Span.__table__, Secret.__table__]
    with (
        database_url("postgresql", tmp_path) as url,
        closing(Database(url)) as database,
    ):
        Other.metadata.create_all(database.engine, tables=tables)  # type: ignore[arg-type]  # tables
        app = App("Odd")
        app.install(database)
        for name, model, schema in (("spans", Span, SpanSchema), ("secrets", Secret, IdSchema)):
            app.add(f"/{name}", type(name, (CRUDResource,), {"model": model, "schema": schema}))
        client = Client(app)
        assert client.post("/spans", json={"days": [1, 5]}).json == {"id": 1, "days": [1, 5]}
        assert client.get("/spans").json["items"] == [{"id": 1, "days": [1, 5]}]
        assert client.post("/secrets", json={}).json == {"id": 1}
        assert client.get("/secrets/1").json == {"id": 1}


class Labelled(DeclarativeBase):
    pass


class Parcel(Labelled):
    __tablename__ = "parcel"

    id: Mapped[int] = mapped_column(primary_key=True)
    labels: Mapped[dict[str, str | None]] = mapped_column(pg.HSTORE)
    weight = mapped_column(pg.DOMAIN("weight", sa.Integer, check="VALUE > 0"), default=1)


@sa.event.listens_for(Labelled.metadata, "before_create")
def _prepare(target: object, connection: sa.Connection, **_: object) -> None:
    connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS hstore"))


def test_texts_by_name_and_domains(tmp_path: Path) -> None:
    """HSTORE has texts by name, and a domain the values of its type."""
    with (
        database_url("postgresql", tmp_path) as url,
        closing(Database(url, create=Labelled.metadata)) as database,
    ):
        app = App("Parcels")
        app.install(database)
        app.add(
            "/parcels",
            type("Parcels", (CRUDResource,), {"model": Parcel}),
        )
        client = Client(app)
        for wrong in ({"a": 1}, {"a": ["b"]}, ["a"], "a"):
            refused = client.post("/parcels", json={"labels": wrong})
            assert refused.status == 422, refused.text
            assert refused.problem["errors"][0]["pointer"].startswith("/labels")
        made = client.post("/parcels", json={"labels": {"a": "b", "c": None}})
        assert (made.status, made.json["labels"]) == (201, {"a": "b", "c": None})
        for weight in ("x", {"a": 1}, 2**31, 0):
            refused = client.post("/parcels", json={"labels": {}, "weight": weight})
            assert refused.status == 422, refused.text
        heavy = client.post("/parcels", json={"labels": {}, "weight": 7})
        assert (heavy.status, heavy.json["weight"]) == (201, 7)
        assert client.get(heavy.headers["Location"]).json == heavy.json
