"""Bulk upserts through the actions of a class: other requests at the same time, hidden items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from databases import database_url
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App, NotFound
from restkit.crud import CRUDResource, MemoryStore
from restkit.sqlalchemy import Database
from restkit.testing import Client


class Base(DeclarativeBase):
    pass


class Product(Base):
    __tablename__ = "upserted_product"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(sa.String(20), unique=True)
    label: Mapped[str | None] = mapped_column(sa.String(20), unique=True)
    name: Mapped[str] = mapped_column(sa.String(50))


@dataclass
class Thing:
    sku: str
    name: str
    label: str | None = None
    id: int = 0


@contextmanager
def racing(folder: Path, other: Mapping[str, object]) -> Iterator[Client]:
    """Yield a client whose first creation comes after that of another request."""
    with database_url("postgresql", folder) as url:
        database = Database(url, create=Base.metadata)
        late: list[bool] = []

        class Products(CRUDResource[Product]):
            model = Product
            bulk = True
            bulk_upsert = "sku"

            def create(self, item: Product) -> Product:
                if not late:
                    late.append(True)
                    with database.engine.begin() as connection:
                        connection.execute(sa.insert(Product), [dict(other)])
                return super().create(item)

        app = App("Products")
        app.install(database)
        app.add("/products", Products)
        try:
            yield Client(app)
        finally:
            database.engine.dispose()


def _upsert(client: Client, **item: object) -> Any:
    return client.post("/products/bulk", json={"upsert": [item]})


@pytest.mark.external
@pytest.mark.postgresql
def test_an_item_that_another_request_has_just_created_is_replaced(tmp_path: Path) -> None:
    """The value was free when the request looked, and is taken when it creates the item."""
    with racing(tmp_path, {"sku": "a", "name": "first"}) as client:
        response = _upsert(client, sku="a", name="second")
        assert response.status == 200
        (made,) = response.json["upserted"]
        assert made["created"] is False
        assert made["item"]["name"] == "second"
        assert len(client.get("/products").json["items"]) == 1


@pytest.mark.external
@pytest.mark.postgresql
def test_another_value_that_another_request_has_just_taken_is_a_conflict(tmp_path: Path) -> None:
    """The item is not the one with that value, so nothing is replaced."""
    with racing(tmp_path, {"sku": "b", "label": "x", "name": "first"}) as client:
        response = _upsert(client, sku="a", label="x", name="second")
        assert response.status == 409
        (error,) = response.problem["errors"]
        assert (error["pointer"], error["code"]) == ("/upsert/0/label", "unique")
        (item,) = client.get("/products").json["items"]
        assert item["name"] == "first"


def _hiding(*hidden: str) -> Client:
    class Things(CRUDResource[Thing]):
        store = MemoryStore(Thing, unique=("sku",))
        bulk = True
        bulk_upsert = "sku"

        def read(self, key: object) -> Thing:
            item = super().read(key)
            if item.sku in hidden:
                raise NotFound("Not for you.")
            return item

    app = App("Things")
    app.add("/products", Things)
    return Client(app)


def test_an_item_that_read_hides_is_not_replaced() -> None:
    """Its value is taken, as for a POST."""
    client = _hiding("a")
    for sku in ("a", "b"):
        assert client.post("/products", json={"sku": sku, "name": "first"}).status == 201
    response = _upsert(client, sku="a", name="second")
    assert response.status == 409
    assert response.problem["errors"][0]["pointer"] == "/upsert/0/sku"
    assert _upsert(client, sku="b", name="second").status == 200
    names = {each["sku"]: each["name"] for each in client.get("/products").json["items"]}
    assert names == {"a": "first", "b": "second"}


@pytest.mark.parametrize(("sku", "status"), [("a.b", 200), ("a/b", 422), ("..", 422)])
def test_keys_that_a_url_cannot_contain(sku: str, status: int) -> None:
    """An upsert creates no item that has no URL."""

    class Things(CRUDResource[Thing]):
        store = MemoryStore(Thing, key="sku")
        bulk = True
        bulk_upsert = "sku"

    app = App("Things")
    app.add("/things", Things)
    response = Client(app).post("/things/bulk", json={"upsert": [{"sku": sku, "name": "x"}]})
    assert response.status == status
    if status == 422:
        (error,) = response.problem["errors"]
        assert (error["pointer"], error["code"]) == ("/upsert/0/sku", "key")
