"""Keys and marks of removal: which columns can be one,
and tables whose primary key takes several.
"""

from __future__ import annotations

import datetime as dt
from contextlib import closing
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


class Seat(Base):
    __tablename__ = "seat"

    row: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[int] = mapped_column(unique=True)
    note: Mapped[str | None]
    gone: Mapped[dt.datetime]


class Seats(CRUDResource[Seat]):
    model = Seat
    key = "code"


@pytest.mark.parametrize("kind", KINDS)
def test_a_table_of_several_primary_keys_has_one_in_its_urls(kind: str, tmp_path: Path) -> None:
    """`key` names an attribute that is unique, where the primary key is no key of a URL."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Seats")
        app.install(database)
        app.add("/seats", Seats)
        client = Client(app)
        seat = {"row": 1, "number": 2, "code": 12, "note": None, "gone": "2024-01-01T00:00:00"}
        made = client.post("/seats", json=seat)
        assert made.status == 201
        assert made.headers["Location"] == "/seats/12"
        assert made.json == seat
        assert client.post("/seats", json={**seat, "code": 13}).status == 409
        assert client.post("/seats", json={**seat, "row": 2}).status == 409
        assert client.patch("/seats/12", json={"note": "x"}).json["note"] == "x"
        assert client.get("/seats").json["items"][0]["code"] == 12
        assert client.delete("/seats/12").status == 204


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"key": "row"}, "The key 'row' of Seat does not name one row"),
        ({"key": "none"}, "Seat has no attribute 'none'"),
        ({"soft_delete": "note"}, "Seat.note does not say when an item was removed"),
        ({"soft_delete": "gone"}, "Seat.gone does not say when an item was removed"),
        ({"soft_delete": "none"}, "Seat has no attribute 'none'"),
    ],
)
def test_what_is_no_key_or_no_mark_is_refused(members: dict[str, Any], says: str) -> None:
    """One sentence at start-up says which attribute cannot be what it is declared to be."""
    app = App("Seats")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError) as raised:
        app.add("/seats", type("Seats", (Seats,), members))
    assert says in str(raised.value)


def test_a_model_without_a_table_is_refused() -> None:
    """An abstract model and the base itself have no rows to answer with."""
    app = App("Seats")
    app.install(Database("sqlite://"))
    for model in (Base, type("Abstract", (Base,), {"__abstract__": True})):
        with pytest.raises(
            DeclarationError,
            match=f"{model.__name__} has no table: it is abstract or the declarative base",
        ):
            app.add("/seats", type("Seats", (CRUDResource,), {"model": model}))


@pytest.mark.parametrize("url", ["", "nonsense", "postgresql://u:secret@:port/x", None, 5])
def test_a_url_that_is_none_is_refused_without_being_told(url: Any) -> None:
    """The sentence does not repeat the URL, which may have a password in it."""
    with pytest.raises(
        DeclarationError, match="The URL of a Database is not an SQLAlchemy URL"
    ) as raised:
        Database(url)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            "postgres://u:secret@host/x",
            "begins with postgres://, which SQLAlchemy no longer accepts. Write postgresql://.",
        ),
        (
            "postgresql+asyncpg://u:secret@host/x",
            "the asynchronous driver asyncpg, .* Write postgresql://.",
        ),
        (
            "sqlite+aiosqlite:///secret.db",
            "the asynchronous driver aiosqlite, .* Write sqlite://.",
        ),
    ],
)
def test_a_url_of_another_framework_is_refused_with_the_one_to_write(url: str, says: str) -> None:
    """What cannot serve WSGI is told at start-up, not by the first request."""
    with pytest.raises(DeclarationError, match=says) as raised:
        Database(url)
    assert "secret" not in str(raised.value)


def test_a_driver_that_is_not_installed_is_named() -> None:
    """No extra of restkit is advised that would not bring it."""
    with pytest.raises(
        DeclarationError,
        match="package psycopg2, which is not installed: install it, or name no driver",
    ):
        _ = Database("postgresql+psycopg2://host/x").engine


class Membership(Base):
    __tablename__ = "membership"

    group_id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(primary_key=True)
    role: Mapped[str]


class Memberships(CRUDResource[Membership]):
    model = Membership
    key = "user_id"
    upsert = True


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_may_be_unique_only_below_its_parent(kind: str, tmp_path: Path) -> None:
    """The variables of the URL pattern are the other columns of the primary key."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Groups", contract="raise")
        app.install(database)
        app.add("/groups/<int:group_id>/members", Memberships)
        client = Client(app)
        body = {"user_id": 2, "role": "x"}
        made = client.post("/groups/1/members", json=body)
        assert made.status == 201
        assert made.headers["Location"] == "/groups/1/members/2"
        assert client.post("/groups/1/members", json=body).status == 409
        assert client.post("/groups/2/members", json={**body, "role": "y"}).status == 201
        assert client.get("/groups/1/members/2").json["role"] == "x"
        assert client.get("/groups/2/members/2").json["role"] == "y"
        assert client.get("/groups/3/members/2").status == 404
        assert client.put("/groups/3/members/2", json=body).status == 201
        assert client.patch("/groups/1/members/2", json={"role": "z"}).json["role"] == "z"
        assert client.delete("/groups/1/members/2").status == 204
        assert client.get("/groups/2/members/2").json["role"] == "y"


def test_a_key_of_a_part_of_the_primary_key_needs_the_rest_in_its_url() -> None:
    """Without the parent in the pattern, the key names several rows."""
    app = App("Groups")
    app.install(Database("sqlite://"))
    with pytest.raises(DeclarationError, match="variables of the URL pattern"):
        app.add("/members", Memberships)


class Viewed(Base):
    __table__ = sa.select(Membership.group_id, Membership.role).distinct().subquery("viewed")
    __mapper_args__ = {"primary_key": [__table__.c.group_id]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_of_a_query_is_read_only(kind: str, tmp_path: Path) -> None:
    """Its collection is served with GET, and refused with any other method."""
    with (
        database_url(kind, tmp_path) as url,
        closing(Database(url, create=Base.metadata)) as database,
    ):
        app = App("Groups", contract="raise")
        app.install(database)
        app.add("/groups/<int:group_id>/members", Memberships)
        app.add("/roles", type("Roles", (CRUDResource,), {"model": Viewed, "methods": {"GET"}}))
        client = Client(app)
        assert client.post("/groups/4/members", json={"user_id": 1, "role": "x"}).status == 201
        assert client.get("/roles").json["items"] == [{"group_id": 4, "role": "x"}]
        assert client.get("/roles/4").json["role"] == "x"
        assert client.get("/roles/5").status == 404
        app = App("Groups")
        app.install(database)
        with pytest.raises(DeclarationError, match=r'mapped to a query.*methods = \{"GET"\}'):
            app.add("/writable", type("Writable", (CRUDResource,), {"model": Viewed}))
