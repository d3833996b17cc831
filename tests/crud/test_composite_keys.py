"""Items whose key has several attributes: ``/memberships/<user_id>/<group_id>``, on each store."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest
from databases import KINDS, database_url
from marshmallow import validate
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from restkit import App, DeclarationError
from restkit.crud import AnyOf, CRUDResource, MemoryStore, item_action
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Membership(Base):
    __tablename__ = "membership"

    user_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    group_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(String(9), default="member")
    gone: Mapped[bool] = mapped_column(default=False)


badge_label = Table(
    "badge_label",
    Base.metadata,
    Column("owner", Uuid, primary_key=True),
    Column("name", String(2000), primary_key=True),
    Column("label_id", ForeignKey("label.id"), primary_key=True),
    ForeignKeyConstraint(["owner", "name"], ["badge.owner", "badge.name"]),
)


class Label(Base):
    __tablename__ = "label"

    id: Mapped[int] = mapped_column(primary_key=True)


class Badge(Base):
    """Has a key of a UUID and a text, a text that is too long for a cursor, and labels."""

    __tablename__ = "badge"

    owner: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(2000), primary_key=True)
    motto: Mapped[str | None] = mapped_column(String(2000))
    labels: Mapped[list[Label]] = relationship(secondary=badge_label, order_by=Label.id)


class Seat(Base):
    """Has a key of three columns, the first of which is that of its hall."""

    __tablename__ = "seat"

    hall: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    row: Mapped[str] = mapped_column(String(3), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    note: Mapped[str | None] = mapped_column(String(9))


class Price(Base):
    """Is identified by two columns that are unique together, besides its primary key."""

    __tablename__ = "price"
    __table_args__ = (UniqueConstraint("shop", "article"), UniqueConstraint("shop", "code"))

    id: Mapped[int] = mapped_column(primary_key=True)
    shop: Mapped[str] = mapped_column(String(9))
    article: Mapped[str] = mapped_column(String(9))
    code: Mapped[str | None] = mapped_column(String(9))
    cents: Mapped[int]


@dataclass
class Member:
    user_id: int
    group_id: int
    role: Annotated[str, validate.Length(max=9)] = "member"
    gone: bool = False


STORES = ("memory", *KINDS)
NAMES = ("user_id", "group_id")


@pytest.fixture(params=STORES)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def app(kind: str, tmp_path: Path) -> Iterator[App]:
    """Return an App whose collections of memberships are in a store of the kind."""
    app = App("Memberships")
    if kind == "memory":
        app.install(MemoryStore(Member, key=NAMES))
        yield app
        return
    with database_url(kind, tmp_path) as url:
        database = Database(url, create=Base.metadata)
        app.install(database)
        yield app
        database.close()


def _mounted(app: App, kind: str, at: str = "/memberships", **members: Any) -> Client:
    model: Any = Member if kind == "memory" else Membership
    named = {"model": model, "order": (), **members}
    app.add(at, type("Memberships", (CRUDResource,), named))
    return Client(app)


def _fill(client: Client, *pairs: tuple[int, int]) -> None:
    for user, group in pairs:
        made = client.post("/memberships", json={"user_id": user, "group_id": group})
        assert made.status == 201
        assert made.headers["Location"] == f"/memberships/{user}/{group}"
        assert client.get(made.headers["Location"]).json == made.json


def test_the_verbs_of_an_item(app: App, kind: str) -> None:
    """GET, PUT, PATCH and DELETE are at the URL of both values, with entity tags."""
    client = _mounted(app, kind)
    _fill(client, (1, 1), (1, 2), (2, 1))
    item = "/memberships/1/2"
    tag = client.get(item).headers["ETag"]
    patched = client.patch(item, json={"role": "owner"}, headers={"If-Match": tag})
    assert patched.status == 200
    assert patched.json["role"] == "owner"
    assert client.get(item).json == patched.json
    assert client.get(item).headers["ETag"] == patched.headers["ETag"]
    assert client.put(item, json={"role": "x"}, headers={"If-Match": tag}).status == 412
    assert client.put(item, json={"role": "x"}).json == {**patched.json, "role": "x"}
    assert client.put(item, json={"user_id": 1, "group_id": 2, "role": "y"}).status == 200
    assert client.put(item, json={"user_id": 1, "group_id": 3, "role": "y"}).status == 409
    assert client.get("/memberships/1/1").json["role"] == "member"
    assert client.get("/memberships/2/2").status == 404
    assert client.get("/memberships/1").status == 404
    assert client.post("/memberships", json={"user_id": 1, "group_id": 2}).status == 409
    assert client.post("/memberships", json={"group_id": 2}).status == 422
    assert client.delete(item).status == 204
    assert client.get(item).status == 404
    assert [
        tuple(each[name] for name in NAMES) for each in client.get("/memberships").json["items"]
    ] == [
        (1, 1),
        (2, 1),
    ]


def test_keys_that_no_item_can_have(app: App, kind: str) -> None:
    """A value outside the type or the range of a column is a 404."""
    client = _mounted(app, kind)
    for path in ("/x/1", "/1/x", f"/1/{2**70}", f"/{2**70}/1", "/1/-1", "/1/1/1"):
        assert client.get("/memberships" + path).status == 404, path


@pytest.mark.parametrize("sort", ["", "role", "-role", "group_id", "-group_id", "-user_id"])
def test_pages_by_cursor(app: App, kind: str, sort: str) -> None:
    """Every item is on one page, forwards and backwards, also if only the key is in a cursor."""
    client = _mounted(app, kind, sorts=("role", "group_id", "user_id"))
    pairs = [(user, group) for user in (3, 1, 2) for group in (2, 1, 3)]
    _fill(client, *pairs)
    url: str | None = f"/memberships?limit=2{f'&sort={sort}' if sort else ''}"
    seen: list[tuple[int, int]] = []
    last = ""
    while url:
        page = client.get(url)
        seen += [(each["user_id"], each["group_id"]) for each in page.json["items"]]
        last, url = url, page.json.get("next")
    assert sorted(seen) == sorted(pairs)
    link = client.get(last).headers["Link"]
    before = re.findall(r'<([^>]*)>; rel="prev"', link)[0]
    shown = client.get(before).json["items"]
    assert [(each["user_id"], each["group_id"]) for each in shown] == seen[-3:-1]


def test_put_creates_with_upsert(app: App, kind: str) -> None:
    """The URL says both values of a new item."""
    client = _mounted(app, kind, upsert=True)
    made = client.put("/memberships/7/8", json={"role": "new"})
    assert made.status == 201
    assert (made.json["user_id"], made.json["group_id"]) == (7, 8)
    assert client.put("/memberships/7/8", json={"role": "old"}).status == 200
    other = client.put("/memberships/7/9", json={"user_id": 1, "role": "old"})
    assert other.status == 409
    guarded = client.put("/memberships/7/8", json={"role": "z"}, headers={"If-None-Match": "*"})
    assert guarded.status == 412


def test_bulk(app: App, kind: str) -> None:
    """Changes have both values as members, and deletions name objects of them."""
    client = _mounted(app, kind, bulk=True)
    _fill(client, (1, 1), (1, 2), (2, 1))
    tag = client.get("/memberships/1/1").headers["ETag"]
    done = client.post(
        "/memberships/bulk",
        json={
            "create": [{"user_id": 5, "group_id": 5}],
            "update": [{"user_id": 1, "group_id": 1, "if_match": tag, "role": "owner"}],
            "delete": [{"user_id": 1, "group_id": 2}],
        },
    )
    assert done.status == 200
    assert done.json["deleted"] == [{"user_id": 1, "group_id": 2}]
    assert done.json["updated"][0]["role"] == "owner"
    assert client.get("/memberships/1/2").status == 404
    assert client.get("/memberships/5/5").json == done.json["created"][0]
    twice = [{"user_id": 2, "group_id": 1}] * 2
    lost = client.post("/memberships/bulk", json={"delete": twice})
    assert lost.status == 422
    assert lost.json["errors"][0]["pointer"] == "/delete/1"
    absent = client.post("/memberships/bulk", json={"delete": [{"user_id": 2, "group_id": 9}]})
    assert absent.json["errors"][0]["pointer"] == "/delete/0"
    bare = client.post("/memberships/bulk", json={"update": [{"user_id": 2, "role": "x"}]})
    assert bare.json["errors"][0]["pointer"] == "/update/0/group_id"


def test_soft_deletion(app: App, kind: str) -> None:
    """A removed item is restored below its URL, and its key stays taken."""
    client = _mounted(app, kind, soft_delete="gone")
    _fill(client, (1, 1), (1, 2))
    assert client.delete("/memberships/1/2").status == 204
    assert client.get("/memberships/1/2").status == 404
    assert client.post("/memberships", json={"user_id": 1, "group_id": 2}).status == 409
    assert client.post("/memberships/1/2/restore").status == 200
    assert client.get("/memberships/1/2").status == 200


def test_by_filter_and_lines(app: App, kind: str) -> None:
    """Filters select items to change, and JSON Lines have all of them."""
    client = _mounted(app, kind, filters=("user_id",), by_filter=("PATCH", "DELETE"))
    _fill(client, (1, 1), (1, 2), (2, 1))
    changed = client.patch("/memberships?user_id=1", json={"role": "x"})
    assert changed.json["affected"] == 2
    assert client.delete("/memberships?user_id=2").json["affected"] == 1
    lines = client.get("/memberships", headers={"Accept": "application/x-ndjson"})
    assert len(lines.text.splitlines()) == 2


@pytest.mark.parametrize("own_read", [False, True])
def test_scopes(app: App, kind: str, own_read: bool) -> None:
    """A scope that decides a part of the key, or that is an expression, hides other items."""

    class Mine(CRUDResource[Any]):
        model = Member if kind == "memory" else Membership

        def scope(self) -> Any:
            return [{"user_id": 1}, AnyOf({"role": "member"}, {"role": "owner"})]

        if own_read:

            def read(self, key: object) -> Any:
                assert isinstance(key, tuple)
                return super().read(key)

    app.add("/mine", Mine)
    client = _mounted(app, kind)
    _fill(client, (1, 1), (1, 2), (2, 1))
    client.patch("/memberships/1/2", json={"role": "guest"})
    assert client.get("/mine/1/1").status == 200
    assert client.get("/mine/2/1").status == 404
    assert client.get("/mine/1/2").status == 404
    made = client.post("/mine", json={"group_id": 9})
    assert made.status == 201
    assert made.headers["Location"] == "/mine/1/9"
    assert client.patch("/mine/1/9", json={"role": "guest"}).status == 422


def test_minimal_responses_have_a_location(app: App, kind: str) -> None:
    """A 204 to a POST names the new item, also if only another collection shows it."""
    model: Any = Member if kind == "memory" else Membership
    app.add("/joined", type("Joined", (CRUDResource,), {"model": model, "methods": {"POST"}}))
    client = _mounted(app, kind)
    minimal = {"Prefer": "return=minimal"}
    body = {"user_id": 1, "group_id": 2}
    assert (
        client.post("/memberships", json=body, headers=minimal).headers["Location"]
        == "/memberships/1/2"
    )
    body["group_id"] = 3
    assert (
        client.post("/joined", json=body, headers=minimal).headers["Location"] == "/memberships/1/3"
    )
    body["group_id"] = 4
    assert client.post("/joined", json=body).headers["Location"] == "/memberships/1/4"


def test_an_order_of_ones_own_and_urls(app: App, kind: str) -> None:
    """``key`` says the order of the URL; ``url_for`` and actions have both values."""

    @item_action("POST")
    def promote(self: Any, item: Any) -> Any:
        return self.update(item, {"role": "chief"})

    client = _mounted(app, kind, key=("group_id", "user_id"), promote=promote)
    made = client.post("/memberships", json={"user_id": 1, "group_id": 2})
    assert made.headers["Location"] == "/memberships/2/1"
    assert client.post("/memberships/2/1/promote").json["role"] == "chief"
    assert app.url_for("MembershipsItem", group_id=2, user_id=1) == "/memberships/2/1"


def test_the_document(app: App, kind: str) -> None:
    """The item has two parameters, and the POST links to it."""
    _mounted(app, kind, bulk=True)
    document = Client(app).get("/openapi.json").json
    item = document["paths"]["/memberships/{user_id}/{group_id}"]
    parameters = item.get("parameters", item["get"].get("parameters"))
    assert [each["name"] for each in parameters if each["in"] == "path"] == ["user_id", "group_id"]
    created = document["paths"]["/memberships"]["post"]["responses"]["201"]
    assert "Location" in created["headers"]
    link = created["links"][item["get"]["operationId"]]
    assert link["parameters"] == {
        "user_id": "$response.body#/user_id",
        "group_id": "$response.body#/group_id",
    }


def test_below_a_parent(app: App, kind: str) -> None:
    """The variables of the URL pattern leave the rest of the key for items."""
    client = _mounted(app, kind, "/users/<int:user_id>/memberships")
    made = client.post("/users/1/memberships", json={"group_id": 5})
    assert made.status == 201
    assert made.headers["Location"] == "/users/1/memberships/5"
    assert client.get("/users/1/memberships/5").json["group_id"] == 5
    assert client.get("/users/2/memberships/5").status == 404


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_keys_of_three_columns_below_a_parent(app: App) -> None:
    """An item has a URL of two variables below that of its parent, and of three without one."""

    class HallSeats(CRUDResource[Seat]):
        model = Seat
        bulk = True

    class Seats(CRUDResource[Seat]):
        model = Seat

    app.add("/halls/<int:hall>/seats", HallSeats)
    app.add("/seats", Seats)
    client = Client(app)
    made = client.post("/halls/1/seats", json={"row": "A", "number": 4})
    assert made.status == 201
    assert made.headers["Location"] == "/halls/1/seats/A/4"
    assert client.get("/halls/2/seats/A/4").status == 404
    assert client.get("/seats/1/A/4").json == client.get("/halls/1/seats/A/4").json
    assert client.post("/seats", json={"hall": 2, "row": "A", "number": 4}).status == 201
    assert client.patch("/halls/2/seats/A/4", json={"note": "x"}).json["note"] == "x"
    assert client.get("/seats/1/A/4").json["note"] is None
    removed = client.post("/halls/2/seats/bulk", json={"delete": [{"row": "A", "number": 4}]})
    assert removed.json["deleted"] == [{"row": "A", "number": 4}]
    assert [each["hall"] for each in client.get("/seats").json["items"]] == [1]
    for row in ("", ".", "..", "a/b"):
        wrong = client.post("/seats", json={"hall": 2, "row": row, "number": 4})
        assert wrong.json["errors"][0]["pointer"] == "/row", row


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_texts_and_uuids_in_keys(app: App) -> None:
    """Values are quoted in URLs, cursors hold whole keys, and members are below both values."""

    class Badges(CRUDResource[Badge]):
        model = Badge
        sorts = ("motto",)
        members = ("labels",)

    class Labels(CRUDResource[Label]):
        model = Label

    app.add("/badges", Badges)
    app.add("/labels", Labels)
    client = Client(app)
    owner = str(uuid.uuid4())
    for motto, name in (("1", "a b"), (None, "é%?#"), ("2" * 2000, "x" * 600), ("2" * 2000, "y")):
        made = client.post("/badges", json={"owner": owner, "name": name, "motto": motto})
        assert made.status == 201
        assert client.get(made.headers["Location"]).json == made.json
    names, url = [], "/badges?limit=1&sort=motto"
    while url:
        page = client.get(url)
        names += [each["name"] for each in page.json["items"]]
        url = page.json.get("next")
    assert names == ["a b", "x" * 600, "y", "é%?#"]
    label = client.post("/labels", json={}).json["id"]
    member = f"/badges/{owner}/a%20b/labels/{label}"
    assert client.put(member).status == 204
    assert len(client.get(f"/badges/{owner}/a%20b/labels").json["items"]) == 1
    assert client.get(f"/badges/{owner}/nobody/labels").status == 404
    assert client.delete(member).status == 204
    assert client.get(f"/badges/{owner}/a%20b/labels").json["items"] == []


@pytest.mark.parametrize("kind", KINDS, indirect=True)
def test_attributes_that_are_unique_together(app: App) -> None:
    """``key`` may name the columns of a unique constraint in place of the primary key."""

    class Prices(CRUDResource[Price]):
        model = Price
        key = ("shop", "article")

    app.add("/prices", Prices)
    client = Client(app)
    made = client.post("/prices", json={"shop": "s", "article": "a", "cents": 5})
    assert made.headers["Location"] == "/prices/s/a"
    assert client.patch("/prices/s/a", json={"cents": 6}).json["cents"] == 6
    taken = client.post("/prices", json={"shop": "s", "article": "a", "cents": 5})
    assert taken.status == 409


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (("shop", "code"), "code.*may be null"),
        (("shop", "cents"), "does not name one row"),
        (("shop", "shop"), "names of attributes"),
        ((), "names of attributes"),
        (("shop", 5), "names of attributes"),
        (("shop", "wrong"), "no attribute 'wrong'"),
    ],
)
def test_keys_that_cannot_be_meant(key: Any, told: str) -> None:
    """Attributes that identify no single row, or are none, are one sentence at start-up."""
    app = App("Prices")
    app.install(Database("sqlite://"))
    prices = type("Prices", (CRUDResource,), {"model": Price, "key": key})
    with pytest.raises(DeclarationError, match=told):
        app.add("/prices", prices)


def test_references_to_composite_keys_in_memory() -> None:
    """One attribute cannot refer to an item whose key has two."""

    @dataclass
    class Note:
        member: int
        id: int = 0

    with pytest.raises(DeclarationError, match=r"Note\.member names .* user_id, group_id"):
        MemoryStore(Note, references={"member": MemoryStore(Member, key=NAMES)})
