"""New rows without the ORM: many at once, and below a parent; statements and sessions counted."""

from __future__ import annotations

import uuid
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import KINDS, database_url
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Timestamps, Versioned
from restkit.testing import Client

MANY = 200


class Base(DeclarativeBase):
    pass


class Shop(Base):
    __tablename__ = "shop"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(20))


class Product(Versioned, Timestamps, Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(sa.String(20), unique=True)
    state: Mapped[str] = mapped_column(sa.String(20), server_default="open")
    price: Mapped[float | None]
    shop_id: Mapped[int | None] = mapped_column(sa.ForeignKey("shop.id"))


class Token(Base):
    __tablename__ = "token"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid.uuid4)
    name: Mapped[str] = mapped_column(sa.String(20))


class Shops(CRUDResource[Shop]):
    model = Shop


class Products(CRUDResource[Product]):
    model = Product
    bulk = True


class Tokens(CRUDResource[Token]):
    model = Token
    bulk = True


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Database]:
    with database_url(request.param, tmp_path) as url:
        made = Database(url, create=Base.metadata)
        yield made
        made.close()


@pytest.fixture
def client(database: Database) -> Client:
    app = App("Shops")
    app.install(database)
    app.add("/shops", Shops)
    app.add("/products", Products)
    app.add("/shops/<int:shop_id>/products", Products, name="ShopProducts")
    app.add("/tokens", Tokens)
    client = Client(app)
    assert client.post("/shops", json={"name": "corner"}).status == 201
    return client


@pytest.fixture
def sessions(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the sessions that are opened from now on."""
    opened: list[object] = []
    begin = Session.__init__

    def counted(self: Session, *arguments: Any, **options: Any) -> None:
        opened.append(self)
        begin(self, *arguments, **options)

    monkeypatch.setattr(Session, "__init__", counted)
    return opened


def products(count: int) -> list[dict[str, object]]:
    return [{"sku": f"s{number}", "price": number / 2} for number in range(count)]


def statements(database: Database) -> list[str]:
    """Return the statements of the database from now on."""
    found: list[str] = []

    def executed(_connection: object, _cursor: object, text: str, *_: object) -> None:
        found.append(text.split()[0])

    event.listen(database.engine, "before_cursor_execute", executed)
    return found


def bulk(client: Client, path: str = "/products", **lists: list[Any]) -> Any:
    return client.post(f"{path}/bulk", json=lists)


def test_many_items_need_no_session(
    client: Client, database: Database, sessions: list[object]
) -> None:
    """Items come back in their order, as GET returns them, with versions, stamps and defaults.

    PostgreSQL inserts them by one statement; SQLite, which has no network, by one for each.
    """
    client.post("/products", json={"sku": "first"})
    sessions.clear()
    found = statements(database)
    made = bulk(client, create=products(MANY)).json["created"]
    assert found.count("INSERT") == (1 if database.engine.dialect.name == "postgresql" else MANY)
    assert sessions == []
    assert [each["sku"] for each in made] == [f"s{number}" for number in range(MANY)]
    assert len({each["id"] for each in made}) == MANY
    for each in (made[0], made[MANY // 2], made[-1]):
        assert each == client.get(f"/products/{each['id']}").json
        assert each["state"] == "open"


def test_items_with_other_members_keep_their_order(client: Client) -> None:
    """Items that leave members out get the defaults of the columns, each in its place."""
    given = [{"sku": "a"}, {"sku": "b", "price": 2.5}, {"sku": "c"}, {"sku": "d", "state": "shut"}]
    made = bulk(client, create=given).json["created"]
    shown = [(each["sku"], each["price"], each["state"]) for each in made]
    assert shown == [
        *(("a", None, "open"), ("b", 2.5, "open")),
        *(("c", None, "open"), ("d", None, "shut")),
    ]


def test_keys_that_python_makes_come_in_order(client: Client) -> None:
    """A key with a default in Python belongs to the item that it is returned with."""
    names = [f"n{number}" for number in range(50)]
    made = bulk(client, "/tokens", create=[{"name": name} for name in names]).json["created"]
    assert [each["name"] for each in made] == names
    assert client.get(f"/tokens/{made[7]['id']}").json == made[7]


def test_the_item_that_conflicts_is_named(client: Client) -> None:
    """A violated constraint points to its item, and nothing is stored."""
    assert client.post("/products", json={"sku": "s3"}).status == 201
    response = bulk(client, create=products(5))
    assert response.status == 409
    assert [each["pointer"] for each in response.problem["errors"]] == ["/create/3/sku"]
    assert len(client.get("/products").json["items"]) == 1


def test_an_invalid_reference_is_named(client: Client) -> None:
    """A reference to a missing row is the error of its item."""
    response = bulk(client, create=[{"sku": "a"}, {"sku": "b", "shop_id": 99}])
    assert response.status == 409
    assert response.problem["errors"][0]["pointer"].startswith("/create/1")
    assert client.get("/products").json["items"] == []


def test_a_post_below_a_parent_needs_no_session(
    client: Client, database: Database, sessions: list[object]
) -> None:
    """One statement looks for the parent and one inserts; every verb on the item has no session."""
    client.post("/shops/1/products", json={"sku": "warm"})
    sessions.clear()
    found = statements(database)
    made = client.post("/shops/1/products", json={"sku": "a", "price": 1.5})
    assert made.status == 201
    assert found == ["SELECT", "INSERT"]
    url = made.headers["Location"]
    assert client.get(url).json == made.json
    assert client.patch(url, json={"price": 2.5}).status == 200
    assert client.put(url, json={"sku": "b"}).status == 200
    assert [each["sku"] for each in client.get("/shops/1/products").json["items"]] == ["warm", "b"]
    assert client.delete(url).status == 204
    assert bulk(client, "/shops/1/products", create=products(3)).status == 200
    assert sessions == []


def test_a_missing_parent_is_a_404(client: Client) -> None:
    """Nothing is stored below a parent that does not exist, alone or with others."""
    assert client.post("/shops/2/products", json={"sku": "a"}).status == 404
    assert bulk(client, "/shops/2/products", create=products(2)).status == 404
    assert client.get("/shops/2/products").status == 404
    assert client.get("/shops/2/products/1").status == 404
    assert client.get("/products").json["items"] == []


def test_a_parent_that_is_hidden_is_a_404(database: Database) -> None:
    """A collection that hides parents is asked, whichever way rows are written."""

    class OwnShops(CRUDResource[Shop]):
        model = Shop

        def scope(self) -> dict[str, str]:
            return {"name": self.request.headers.get("X-Shop", "")}

    app = App("Shops")
    app.install(database)
    app.add("/shops", OwnShops)
    app.add("/shops/<int:shop_id>/products", Products)
    client = Client(app)
    own = {"X-Shop": "corner"}
    key = client.post("/shops", json={}, headers=own).json["id"]
    path = f"/shops/{key}/products"
    assert client.post(path, json={"sku": "a"}, headers={"X-Shop": "other"}).status == 404
    assert client.post(path, json={"sku": "a"}, headers=own).status == 201
    assert client.get(path, headers={"X-Shop": "other"}).status == 404
