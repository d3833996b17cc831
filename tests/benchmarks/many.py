"""Instructions of one item in requests that write many, start-up and the request itself excluded.

``python -m tests.benchmarks.many`` runs each kind of request with 100 and with 1,000 items under
callgrind, on SQLite, and prints the difference divided by 900; ``--record`` writes
results/many.json, from which the page is made. Needs valgrind.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from restkit import App
from restkit.crud import CRUDResource
from restkit.sqlalchemy import Database, Timestamps, Versioned
from restkit.testing import Client

from .instructions import counts
from .record import database_about, save
from .switch import Switch

RECORD = Path(__file__).parent / "results" / "many.json"
FEW, MANY = 100, 1000


class Base(DeclarativeBase):
    pass


class Product(Versioned, Timestamps, Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default="open")
    stock: Mapped[int | None] = mapped_column(BigInteger)


class Products(CRUDResource[Product]):
    model = Product
    filters = ("state",)
    groups = ("state", "stock")
    aggregates = ("count", "stock__sum")
    by_filter = ("PATCH", "DELETE")
    bulk = True
    bulk_upsert = "sku"


def products(count: int, name: str = "a product") -> list[dict[str, object]]:
    return [{"sku": f"s{number}", "name": name, "stock": number} for number in range(count)]


def bulk(client: Client, **lists: list[dict[str, object]]) -> None:
    assert client.post("/products/bulk", json=lists).status == 200


def patched(client: Client, count: int) -> None:
    found = client.patch("/products?state=open", json={"state": "shut"}).json
    assert found["affected"] == count


def renamed(client: Client, count: int) -> None:
    bulk(client, upsert=products(count, "another name"))


def deleted(client: Client, count: int) -> None:
    assert client.delete("/products?state=open").json["affected"] == count


KINDS: dict[str, tuple[bool, Callable[[Client, int], None]]] = {
    "bulk create": (False, lambda client, count: bulk(client, create=products(count))),
    "bulk upsert, all new": (False, lambda client, count: bulk(client, upsert=products(count))),
    "bulk upsert, none new": (
        True,
        lambda client, count: bulk(client, upsert=products(count, "b")),
    ),
    "PATCH by filter": (True, patched),
    "DELETE by filter": (True, deleted),
}
"""The kinds of requests: whether the items exist before, and the request."""


def program(path: Path) -> Client:
    """Return a client of the App over a database."""
    app = App("Products")
    app.install(Database(f"sqlite:///{path}", create=Base.metadata))
    app.add("/products", Products)
    return Client(app, contract=False)


def count(kind: str, folder: Path) -> None:
    """Send each of both requests under callgrind."""
    switch, exists = Switch(), KINDS[kind][0]
    clients = [(each, program(folder / f"{kind} {each}.db")) for each in (FEW, MANY)]
    for number, client in clients:
        client.get("/products")
        if exists:
            bulk(client, create=products(number))
        KINDS[kind][1](program(folder / f"warm {kind} {number}.db"), 0 if exists else 2)
    switch.on()  # once: to switch off and on again loses what was counted
    for number, client in clients:
        switch.zero()
        KINDS[kind][1](client, number)
        switch.dump()


def main(arguments: list[str]) -> None:
    """Print the table, and perhaps record it; or send the requests of one kind."""
    if len(arguments) == 2:
        count(arguments[0], Path(arguments[1]))
        return
    figures: dict[str, Any] = {"about": database_about(), "instructions": {}}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as folder:
            few, many = counts("tests.benchmarks.many", kind, folder)
        each = (many - few) // (MANY - FEW)
        figures["instructions"][kind] = each
        print(f"{kind}: {each / 1000:.0f} thousand instructions an item", flush=True)
    if "--record" in arguments:
        save(RECORD, figures)


if __name__ == "__main__":
    main(sys.argv[1:])
