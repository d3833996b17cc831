"""Nested writes, and the columns of the mixins, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databases import KINDS, database_url
from library import library
from marshmallow import Schema, fields, validate
from sqlalchemy import ForeignKey, ForeignKeyConstraint, String, UniqueConstraint, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Timestamps, Versioned
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Label(Base):
    __tablename__ = "label"

    code: Mapped[str] = mapped_column(String(10), primary_key=True)
    text: Mapped[str] = mapped_column(String(50))
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcel.id"))


class Receiver(Base):
    __tablename__ = "receiver"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50))
    parcel_id: Mapped[int] = mapped_column(ForeignKey("parcel.id"))


class Parcel(Versioned, Timestamps, Base):
    __tablename__ = "parcel"

    id: Mapped[int] = mapped_column(primary_key=True)
    weight: Mapped[int]
    receiver: Mapped[Receiver | None] = relationship(cascade="all, delete-orphan")
    labels: Mapped[list[Label]] = relationship(cascade="all, delete-orphan", order_by="Label.code")


class ReceiverSchema(Schema):
    name = fields.Str(required=True, validate=validate.Length(1, 50))


class LabelSchema(Schema):
    code = fields.Str(required=True, validate=validate.Length(1, 10))
    text = fields.Str(required=True, validate=validate.Length(max=50))


class ParcelSchema(Schema):
    id = fields.Int(dump_only=True)
    weight = fields.Int(required=True, validate=validate.Range(0, 1000))
    receiver = fields.Nested(ReceiverSchema, allow_none=True)
    labels = fields.List(fields.Nested(LabelSchema))
    created_at = fields.AwareDateTime(dump_only=True)
    updated_at = fields.AwareDateTime(dump_only=True)


class Parcels(CRUDResource[Parcel]):
    model = Parcel
    schema = ParcelSchema


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Parcels")
        app.install(database)
        app.add("/parcels", Parcels)
        yield Client(app)
        database.close()


@pytest.fixture(params=KINDS)
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    with database_url(request.param, tmp_path) as url, library(url) as app:
        yield Client(app)


def book(client: Client, title: str, *headings: str) -> tuple[str, list[dict[str, Any]]]:
    response = client.post(
        "/books", json={"title": title, "chapters": [{"heading": each} for each in headings]}
    )
    assert response.status == 201, response.text
    return response.headers["Location"], response.json["chapters"]


def test_nested_items_are_made_changed_and_removed(books: Client) -> None:
    """Those that are named by their ids are changed and keep them, new ones are made,
    the others are deleted.
    """
    url, (one, two) = book(books, "Emma", "one", "two")
    chapters = [{"id": two["id"], "heading": "2"}, {"heading": "three"}]
    response = books.patch(url, json={"chapters": chapters})
    assert response.status == 200
    assert [each["heading"] for each in response.json["chapters"]] == ["2", "three"]
    assert response.json["chapters"][0]["id"] == two["id"]
    assert books.get(url).json["chapters"] == response.json["chapters"]
    again = books.patch(url, json={"chapters": [{"id": one["id"], "heading": "one"}]})
    assert again.status == 409  # it was deleted
    assert books.put(url, json={"title": "Emma", "chapters": []}).json["chapters"] == []


def test_what_is_not_named_stays(books: Client) -> None:
    """A patch that says nothing of a relation leaves it alone."""
    url, chapters = book(books, "Emma", "one")
    assert books.patch(url, json={"year": 1815}).json["chapters"] == chapters


def test_an_item_of_another_parent_is_not_taken(books: Client) -> None:
    """The id of another parent's child is a 409 that points to the relation,
    and changes neither parent.
    """
    mine, own = book(books, "Mine", "one")
    other, (theirs,) = book(books, "Theirs", "their first")
    for given in ([theirs], [*own, {"id": theirs["id"], "heading": "mine now"}]):
        for response in (
            books.patch(mine, json={"chapters": given}),
            books.put(mine, json={"title": "x", "chapters": given}),
            books.post("/books", json={"title": "y", "chapters": given}),
        ):
            assert response.status == 409
            assert response.problem["errors"][0]["pointer"] == "/chapters"
    assert books.get(mine).json["chapters"] == own
    assert books.get(other).json["chapters"] == [theirs]


def test_ids_are_not_made_up_and_not_named_twice(books: Client) -> None:
    """An id that nothing has, or that stands twice, is a 409: ids are the database's to give."""
    url, (one,) = book(books, "Emma", "one")
    assert books.patch(url, json={"chapters": [{"id": 4711, "heading": "x"}]}).status == 409
    assert books.patch(url, json={"chapters": [one, one]}).status == 409
    assert books.get(url).json["chapters"] == [one]


def test_a_change_of_what_is_nested_changes_the_entity_tag(books: Client) -> None:
    """The tag speaks for the whole: who has seen other chapters is refused."""
    url, (one,) = book(books, "Emma", "one")
    seen = books.get(url).headers["ETag"]
    changed = books.patch(
        url, json={"chapters": [{**one, "heading": "1"}]}, headers={"If-Match": seen}
    )
    assert changed.status == 200
    assert changed.headers["ETag"] == books.get(url).headers["ETag"] != seen
    lost = books.patch(
        url, json={"chapters": [{**one, "heading": "one!"}]}, headers={"If-Match": seen}
    )
    assert lost.status == 412


def test_one_nested_item_is_replaced_and_removed(client: Client) -> None:
    """A relation to one item is made, replaced by another one, and removed by null."""
    response = client.post("/parcels", json={"weight": 1, "receiver": {"name": "Jo"}})
    assert response.status == 201
    assert response.json["receiver"] == {"name": "Jo"}
    url = response.headers["Location"]
    assert client.patch(url, json={"receiver": {"name": "Ann"}}).json["receiver"] == {"name": "Ann"}
    assert client.patch(url, json={"receiver": None}).json["receiver"] is None
    assert client.get(url).json["receiver"] is None
    assert client.put(url, json={"weight": 2, "receiver": {"name": "Jo"}}).json["receiver"] == {
        "name": "Jo"
    }
    assert client.put(url, json={"weight": 2}).json["receiver"] is None


def test_keys_of_their_own_are_the_clients_to_choose(client: Client) -> None:
    """Where the key is no number of the database's, new items bring theirs;
    one that is taken is a 409.
    """
    labels = [{"code": "a", "text": "A"}, {"code": "b", "text": "B"}]
    url = client.post("/parcels", json={"weight": 1, "labels": labels}).headers["Location"]
    changed = [{"code": "b", "text": "b"}, {"code": "c", "text": "C"}]
    assert client.patch(url, json={"labels": changed}).json["labels"] == changed
    assert (
        client.post(
            "/parcels", json={"weight": 2, "labels": [{"code": "b", "text": "mine"}]}
        ).status
        == 409
    )
    assert client.get(url).json["labels"] == changed


def test_timestamps_are_the_databases_to_write(client: Client) -> None:
    """`created_at` stays, `updated_at` follows each change, both in UTC; no client writes them."""
    made = client.post("/parcels", json={"weight": 1})
    url, created = made.headers["Location"], made.json["created_at"]
    assert created.endswith("+00:00")
    assert made.json["updated_at"] == created
    patched = client.patch(url, json={"weight": 2})
    assert patched.json["created_at"] == created
    assert patched.json["updated_at"] > made.json["updated_at"]
    nested = client.patch(url, json={"labels": [{"code": "a", "text": "A"}]})
    assert nested.json["updated_at"] > patched.json["updated_at"]
    assert client.get(url).json == nested.json
    assert client.patch(url, json={"created_at": created}).status == 422
    assert client.post("/parcels", json={"weight": 1, "updated_at": created}).status == 422


class Shelfmark(Base):
    __tablename__ = "shelfmark"

    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[int]
    shelf: Mapped[int]
    name: Mapped[str] = mapped_column(String(50))
    __table_args__ = (UniqueConstraint("room", "shelf"),)


class Folio(Versioned, Base):
    __tablename__ = "folio"

    id: Mapped[int] = mapped_column(primary_key=True)
    room: Mapped[int]
    shelf: Mapped[int]
    mark: Mapped[Shelfmark] = relationship(viewonly=True)
    __table_args__ = (
        ForeignKeyConstraint(["room", "shelf"], ["shelfmark.room", "shelfmark.shelf"]),
    )


class ShelfmarkSchema(Schema):
    name = fields.Str()


INTEGER = validate.Range(-(2**31), 2**31 - 1)


class FolioSchema(Schema):
    id = fields.Int(dump_only=True)
    room = fields.Int(required=True, validate=INTEGER)
    shelf = fields.Int(required=True, validate=INTEGER)
    mark = fields.Nested(ShelfmarkSchema, dump_only=True)


class Folios(CRUDResource[Folio]):
    model = Folio
    schema = FolioSchema


def test_one_column_of_a_composite_key_changes_the_relation(tmp_path: Path) -> None:
    """If a patch changes one column of a foreign key of two, the response has the new relation."""
    with database_url("sqlite", tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app = App("Folios")
        app.install(database)
        app.add("/folios", Folios)
        marks = [{"room": 1, "shelf": shelf, "name": f"1/{shelf}"} for shelf in (1, 2)]
        with database.engine.begin() as connection:
            connection.execute(insert(Shelfmark), marks)
        client = Client(app)
        made = client.post("/folios", json={"room": 1, "shelf": 1})
        assert made.json["mark"] == {"name": "1/1"}
        changed = client.patch("/folios/1", json={"shelf": 2})
        assert changed.json["mark"] == {"name": "1/2"}
        database.close()
